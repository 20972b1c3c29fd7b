/// One thing that somebody did about a case, at whichever collector: an acknowledgement, a close, a note.
///
/// Steps are only ever added. All steps of a case are its *work*: each collector joins what it hears of to what it has, and
/// folds the same steps to the same state. What the machine shows (faults, urgency) is no step: only the collector that the
/// agent reports to writes that.
public struct WorkStep: Hashable, Sendable, Codable {
    /// What was done. A word that a collector does not know is kept, and shown as not applied.
    public struct Kind: RawRepresentable, Hashable, Sendable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Somebody is looking after it.
        public static let acknowledged = Kind(rawValue: "acknowledged")
        /// It is over.
        public static let closed = Kind(rawValue: "closed")
        /// Words that change nothing.
        public static let note = Kind(rawValue: "note")
    }

    /// Which step it is, wherever it is read.
    public struct ID: Hashable, Sendable, Comparable {
        public var collector: String
        public var counter: Int64
        public init(collector: String, counter: Int64) {
            self.collector = collector
            self.counter = counter
        }

        public static func < (left: ID, right: ID) -> Bool {
            (left.collector, left.counter) < (right.collector, right.counter)
        }
    }

    /// The own id of the collector at which it was done.
    public var collector: String
    /// Each one's of a collector is higher than all before it, over restores of its database too.
    public var counter: Int64
    /// For each collector the highest counter that stood in this case's work when the step was made: these it knew of.
    public var causes: [String: Int64]
    /// By the clock of that collector. It orders nothing.
    public var time: Timestamp
    public var kind: Kind
    /// The login that did it.
    public var who: String
    /// What people call that collector.
    public var place: String
    public var why: String
    /// How often the case had got worse, as far as was known there: `Ticket.worsened`.
    public var seen: Int

    public init(
        collector: String, counter: Int64, causes: [String: Int64], time: Timestamp, kind: Kind, who: String,
        place: String, why: String, seen: Int
    ) {
        self.collector = collector
        self.counter = counter
        self.causes = causes
        self.time = time
        self.kind = kind
        self.who = who
        self.place = place
        self.why = why
        self.seen = seen
    }

    public var id: ID { ID(collector: collector, counter: counter) }

    /// Whether whoever made it had seen `other`.
    public func knows(_ other: WorkStep) -> Bool {
        if other.collector == collector { return other.counter < counter }
        return causes[other.collector].map { other.counter <= $0 } ?? false
    }

    /// What is wrong with its size or numbers; nil where nothing is. It is refused whole: it is signed, and cannot be cut.
    public var objection: String? {
        let texts = [
            ("collector", collector, WorkLimits.nameBytes), ("kind", kind.rawValue, WorkLimits.nameBytes),
            ("who", who, WorkLimits.whoBytes), ("place", place, WorkLimits.whoBytes), ("why", why, WorkLimits.whyBytes),
        ]
        for (name, text, limit) in texts where text.utf8.count > limit { return "its \(name) is over \(limit) bytes" }
        if collector.isEmpty { return "it names no collector" }
        guard WorkLimits.counters.contains(counter), causes.values.allSatisfy(WorkLimits.counters.contains) else {
            return "its counters are not from 1 to 2^53"
        }
        guard CountBounds.range.contains(seen) else { return "it has seen \(seen) changes" }
        guard causes.count <= WorkLimits.causes, causes.keys.allSatisfy({ $0.utf8.count <= WorkLimits.nameBytes })
        else {
            return "it names more than \(WorkLimits.causes) causes, or longer ones than \(WorkLimits.nameBytes) bytes"
        }
        return nil
    }
}

/// Limits of work, each with its unit.
public enum WorkLimits {
    /// Steps of one case that came from one other collector, and from all others together.
    public static let stepsOfOne = 64
    public static let stepsOfOthers = 256
    /// Own steps of one case. A close may go over it: no crowd of steps keeps a case open.
    public static let ownSteps = 64
    /// Steps in one message.
    public static let stepsPerMessage = 64
    /// Bytes of all steps of one message in their envelopes: signed once more, an answer with them stays below 64 KiB.
    public static let bytesPerMessage = 36 << 10
    /// Bytes that an envelope adds to the base64 of a step: its signature, its names, the number of the case.
    public static let envelopeBytes = 400
    /// Bytes of one signed step.
    public static let stepBytes = 8 << 10
    /// Bytes of a collector's id or of a word.
    public static let nameBytes = 64
    /// Bytes of a login's or a collector's name.
    public static let whoBytes = 400
    /// Bytes of a reason.
    public static let whyBytes = 2_000
    /// Collectors that one step names as known.
    public static let causes = 32
    public static let counters: ClosedRange<Int64> = 1...(1 << 53)
    /// Tickets in one page of what a partner holds.
    public static let heldPerMessage = 100
}

/// A step on its way between two collectors.
public struct SharedStep: Hashable, Sendable, Codable {
    /// The case, as all in the chain call it.
    public var origin: Ticket.Origin
    /// A `WorkStep`, signed by the collector that made it.
    public var step: Envelope
    public init(origin: Ticket.Origin, step: Envelope) {
        self.origin = origin
        self.step = step
    }
}

/// What two paired collectors tell each other of their work, in heartbeats and in the answers to them.
///
/// Each keeps its steps in the order in which it heard of them, its *log*. The receiver says how far it has the sender's log,
/// and gets what follows: whoever was restored from a backup asks from there, and gets its own lost steps back as well.
public struct WorkExchange: Hashable, Sendable, Codable {
    /// Through which place of the receiver's log the sender has its steps; 0 before the first.
    public var have: Int64
    /// The steps are those of the sender's log after this place …
    public var after: Int64
    /// … and up to this one, as far as the receiver shares their cases.
    public var through: Int64
    /// Whether more waits than one message holds.
    public var more: Bool
    public var steps: [SharedStep]

    public init(have: Int64, after: Int64, through: Int64, more: Bool, steps: [SharedStep]) {
        self.have = have
        self.after = after
        self.through = through
        self.more = more
        self.steps = steps
    }
}
