import Crypto
import FoundationEssentials

/// Which faults stand at an agent, in short: with each report of faults and each heartbeat, so that a collector can tell
/// whether it holds the same.
public struct StandingFaults: Hashable, Sendable, Codable {
    /// In which it was written. A report that waits is numbered anew in a later epoch, and then this says that its numbers are
    /// of another.
    @Bounded<SequenceBounds> public var epoch: Int64
    /// The last sequence of the faults stream that was given out: in a report of faults its own.
    @Bounded<SequenceBounds> public var through: Int64
    @Bounded<CountBounds> public var count: Int
    /// See `digest(of:)`.
    public var digest: String

    /// Faults of one agent that are kept account of.
    public static let limit = 4_096

    public init(epoch: Int64, through: Int64, stamps: [FaultID: Int64]) {
        self.epoch = epoch
        self.through = through
        count = stamps.count
        digest = StandingFaults.digest(of: stamps)
    }

    /// The first 16 bytes of SHA-256 over the lines `fault SP stamp LF`, sorted by their bytes: 32 hexadecimal digits.
    public static func digest(of stamps: [FaultID: Int64]) -> String {
        let lines = stamps.map { Array("\($0.key) \($0.value)\n".utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        var hash = SHA256()
        for line in lines { hash.update(data: line) }
        return Array(hash.finalize().prefix(16)).hexadecimal
    }
}

/// Every fault that stands at an agent: what a collector asked for, or what an epoch begins with. It travels in parts, one
/// after the other in the faults stream.
public struct FaultStatement: Hashable, Sendable, Codable {
    public struct Standing: Hashable, Sendable, Codable {
        /// Of its last change.
        @Bounded<SequenceBounds> public var stamp: Int64
        public var fault: Fault
        /// Why it was changed last, in one sentence.
        public var because: String

        public init(stamp: Int64, fault: Fault, because: String) {
            self.stamp = stamp
            self.fault = fault
            self.because = because
        }
    }

    /// Id of the collector's question; nil: an epoch begins.
    public var answers: String?
    /// From 1 to `of`.
    @Bounded<CountBounds> public var part: Int
    @Bounded<CountBounds> public var of: Int
    public var faults: [Standing]

    public init(answers: String?, part: Int, of: Int, faults: [Standing]) {
        self.answers = answers
        self.part = part
        self.of = of
        self.faults = faults
    }
}
