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
struct Progress: Hashable, Codable, Sendable {
    /// Since when it has held, moved on by the times in which it was unknown.
    var since: Timestamp
    /// Samples counted, up to what is needed.
    var samples: Int
    var newest: Timestamp?
    /// Since when it has been unknown.
    var heldAt: Timestamp?

    mutating func shift(by step: Duration) {
        since = since + step
        newest = newest.map { $0 + step }
        heldAt = heldAt.map { $0 + step }
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
    /// Faults that are not reported, and what explains them.
    var causes: [String: StoredCause]?
    /// Patterns that keep quiet up to an urgency, by id; nil where there are none.
    var acquittals: [String: Urgency]?
    /// By fault class; nil where there are none.
    var mends: [String: Mend]?
}

struct StoredCause: Codable, Hashable {
    var component: ComponentID
    var pattern: String
}

struct StoredWindows: Codable {
    var latest: [String: Latest]
    var memories: [String: SignalMemory]
    var sequences: [String: SequenceMemory]
}
