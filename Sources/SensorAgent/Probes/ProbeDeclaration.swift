public import Reports

/// What a probe reads, and every signal that it reports, of which kinds of parts.
///
/// `Reports/SignalSources+generated.swift`, the README's table of probes and docs/signals.md are written from these
/// (`make declarations`); tests hold that they agree, and that no recording shows an undeclared signal.
public struct ProbeDeclaration: Sendable {
    /// What it reads, as the README states it.
    public var reads: String
    /// The interface of the kernel, the tool or the library that it reads through.
    public var through: String
    /// What `--input FILE` takes: the output of a tool, or a file of the kernel; nil: it reads no recorded output.
    public var recordedOutput: String?
    /// Parts that every server has and that this probe finds, so that none of them known means that it did not look.
    public var finds: [ComponentKind: SignalDeclaration.Likelihood]
    public var signals: [SignalDeclaration]

    public init(
        reads: String, through: String, recordedOutput: String? = nil,
        finds: [ComponentKind: SignalDeclaration.Likelihood] = [:], signals: [SignalDeclaration]
    ) {
        self.reads = reads
        self.through = through
        self.recordedOutput = recordedOutput
        self.finds = finds
        self.signals = signals
    }
}

/// Signals that a probe takes from one source, each of all these kinds of parts. Units are the catalogue's.
public struct SignalDeclaration: Sendable {
    /// Where several probes report a signal of a part: which one a server most likely has it from. Among equals the
    /// order of `AllProbes` counts.
    public enum Likelihood: Int, Comparable, Sendable {
        case first, usual, last
        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// Names of the catalogue.
    public var names: [String]
    public var kinds: [ComponentKind]
    /// By label the only values that this probe reports, where the catalogue allows more.
    public var labels: [String: [String]]
    /// Labels that it can tell only where the kernel's driver for the memory does (`MemoryDriver`).
    public var labelsOfDriver: Set<String>
    /// The kernel's documentation, the tool or the standard that describes what is read.
    public var source: String
    public var likelihood: Likelihood
    /// Why no recording and no made-up input shows these signals; nil where one does.
    public var unshown: String?

    public init(
        _ names: String..., of kinds: ComponentKind..., labels: [String: [String]] = [:],
        labelsOfDriver: Set<String> = [], source: String, likelihood: Likelihood = .usual, unshown: String? = nil
    ) {
        self.names = names
        self.kinds = kinds
        self.labels = labels
        self.labelsOfDriver = labelsOfDriver
        self.source = source
        self.likelihood = likelihood
        self.unshown = unshown
    }
}
