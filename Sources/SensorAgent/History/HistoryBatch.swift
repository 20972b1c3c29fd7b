import FaultPatterns
import Reports

/// One signal of one component as one probe tells it. Two probes may tell the same one, each in its own rhythm.
struct HistorySeries: Hashable, Sendable {
    var source: String
    var component: ComponentID
    var signal: Signal
}

/// What the engine was told since the last batch, in the order of looks.
struct HistoryBatch: Sendable {
    /// An event, with the look that brought it, counted from the first of the batch.
    struct Event: Hashable, Sendable, Codable {
        var look: Int
        var component: ComponentID
        var signal: Signal
        var text: String
        var time: Timestamp
        var count: Int
    }

    /// All that a probe sees from a look on.
    struct Components: Sendable {
        var look: Int
        var source: String
        var components: [Component]
    }

    /// What a person declared, after so many looks of the batch.
    struct Declared: Sendable {
        var looks: Int
        var time: Timestamp
        var declaration: PartDeclaration
    }

    var looks: [HistoryLook] = []
    var points: [HistorySeries: [HistoryPoint]] = [:]
    var events: [Event] = []
    var components: [Components] = []
    var declared: [Declared] = []
    /// The engine's state after all of this; nil: not this time.
    var state: HistoryState?

    var isEmpty: Bool { looks.isEmpty && declared.isEmpty && state == nil }
}

/// What another engine can begin from.
struct HistoryState: Sendable, Codable {
    /// The engine's time.
    var time: Timestamp
    var states: [ComponentState]
    /// When each source of events was last read.
    var eventSourcesRead: [String: Timestamp]
    /// The pack that had been run, as its identity.
    var patternPack: String
}
