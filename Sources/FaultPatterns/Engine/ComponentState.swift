public import FoundationEssentials
public import Reports

/// What must survive a restart, of one component. The caller stores it as it is, in one transaction with the changes.
public struct ComponentState: Sendable, Codable, Hashable {
    public var component: ComponentID
    /// JSON: open faults, conditions on their way, events counted, the serial. Small, and stored at once.
    public var latches: Data
    /// JSON: newest values and windows. Nil: leave the stored ones as they are.
    public var windows: Data?

    public init(component: ComponentID, latches: Data, windows: Data?) {
        self.component = component
        self.latches = latches
        self.windows = windows
    }
}

/// How far a condition has come on its way to open a fault, or its end on the way to clear it.
///
/// Time runs only while it is watched: not while the condition is unknown, and not while a signal that it rests on was
/// not read for longer than its samples keep. Then the clock is held, from that signal's last sample on; nothing is lost.
struct Progress: Hashable, Codable, Sendable {
    /// Since when it has held.
    var since: Timestamp
    /// Samples counted, up to what is needed.
    var samples: Int
    var newest: Timestamp?
    /// Since when it has been unknown.
    var heldAt: Timestamp?
    /// Milliseconds since `since` that do not count; nil: none.
    private var held: Int64?
    /// The newest span that does not count.
    private var heldFrom: Timestamp?
    private var heldUntil: Timestamp?

    init(since: Timestamp, samples: Int) {
        self.since = since
        self.samples = samples
    }

    /// Takes out a span that ends now. Of spans of several signals each moment is taken out once.
    mutating func hold(from: Timestamp, until now: Timestamp) {
        let from = max(from, since)
        guard from < now else { return }
        var span: Int64
        if let heldFrom, let heldUntil, from < heldUntil {
            span = max(0, now.milliseconds(since: heldUntil)) + max(0, heldFrom.milliseconds(since: from))
            self.heldFrom = min(heldFrom, from)
        } else {
            span = now.milliseconds(since: from)
            heldFrom = from
        }
        heldUntil = max(heldUntil ?? now, now)
        span += held ?? 0
        held = span > 0 ? span : nil
    }

    /// Milliseconds for which it has held and been watched, until a time.
    func watched(until time: Timestamp) -> Int64 {
        max(0, time.milliseconds(since: since) - (held ?? 0))
    }
}

/// A newest value.
struct Latest: Hashable, Codable, Sendable {
    var measurement: Measurement
    var time: Timestamp
    /// When the first number was read.
    var first: Timestamp?
    /// Of what is unavailable: when the last number was read, and which.
    var read: Timestamp?
    var kept: Measurement?
    /// For how long it stands for what is, in milliseconds; nil of what was stored before that was told.
    var keep: Int32?
}

struct StoredLatches: Codable {
    var asOf: Timestamp
    var serial: String?
    /// What was known of it, so that an exchange during a restart is noticed.
    var component: Component?
    var faults: [String: Fault]
    var progress: [String: Progress]
    /// Events counted.
    var memories: [String: SignalMemory]
    /// Faults reported otherwise than they stand above: with the signs that they explain, or as another episode.
    var told: [String: Fault]?
    /// Editions of the patterns that have a condition on its way or follow a sequence, by id; nil where there are none, and of
    /// what was stored before they were told.
    var editions: [String: String]?
    /// Faults that are not reported, and what explains them.
    var causes: [String: StoredCause]?
    /// Patterns that keep quiet up to an urgency, by id; nil where there are none.
    var acquittals: [String: Urgency]?
    /// By fault class; nil where there are none.
    var mends: [String: Mend]?
    /// Nil where nobody has declared the part replaced.
    var declaredReplaced: PartIdentity?
    /// By signal, the sources that events of it came from; nil where there are none.
    var heard: [String: [String]]?
}

struct StoredCause: Codable, Hashable {
    var component: ComponentID
    var pattern: String
}

struct StoredWindows: Codable {
    var latest: [String: Latest]
    var memories: [String: SignalMemory]
    var sequences: [String: SequenceMemory]
    var hours: UInt64?
    var asOf: Timestamp?
}
