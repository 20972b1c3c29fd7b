/// Why something cannot be seen, and what a person can do about it: a code with values, which whoever shows it puts in
/// its own language (`AdviceTexts`).
public struct Advice: Hashable, Sendable, Codable {
    /// One of `AdviceTexts`; from a newer agent it may be unknown here.
    public var code: String
    /// What the texts name: a probe, a signal, a program.
    public var values: [String]

    public init(_ code: String, _ values: String...) {
        self.code = code
        self.values = values
    }

    /// Why; nil for a code that this version does not know.
    public func because(in language: Language) -> String? {
        AdviceTexts.text(code).map { filled($0.because(in: language)) }
    }

    /// What to do, from the first step on; nil where nothing needs to be done, or nothing can.
    public func step(in language: Language) -> String? {
        AdviceTexts.text(code)?.step(in: language).map { filled($0) }
    }

    /// Whether a person can do something about it.
    public var hasStep: Bool { step(in: .english) != nil }

    /// `{0}` is the first value. One pass, so that a value with braces stays as it is.
    private func filled(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            guard let close = rest[open...].firstIndex(of: "}"),
                let number = Int(rest[rest.index(after: open)..<close])
            else {
                result.append("{")
                rest = rest[rest.index(after: open)...]
                continue
            }
            result += values.indices.contains(number) ? values[number] : "?"
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    /// What a probe's state means by itself, with nothing known of the machine around it; nil for one that reads.
    public init?(_ probe: Heartbeat.Coverage) {
        switch probe.state {
        case "ok": return nil
        case "partly":
            self =
                probe.advice.flatMap { AdviceTexts.text($0.code) == nil ? nil : $0 }
                ?? Advice("probe.partly", probe.probe, probe.because)
        case "starting", "disabled": self.init("probe.\(probe.state)", probe.probe)
        case "denied", "failing", "hanging": self.init("probe.\(probe.state)", probe.probe, probe.because)
        case "absent":
            let own = "absent.\(probe.probe)"
            self.init(AdviceTexts.text(own) == nil ? "absent" : own, probe.probe, probe.because)
        default: self.init("probe.other", probe.probe, probe.state, probe.because)
        }
    }
}
