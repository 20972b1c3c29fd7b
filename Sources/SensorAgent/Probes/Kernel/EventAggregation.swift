import Reports

/// Makes observations of endless events: of each kind of event of a part so many are reported one by one, and the rest
/// as a number.
struct EventAggregation {
    /// Events of one recogniser, part and signal name that one look reports one by one. Patterns count up to 50 within
    /// minutes; of those that count more, each look adds so many.
    static let eventsOfOneKind = 128
    /// Kinds of event that one look distinguishes; beyond them, only the total grows.
    static let kinds = 1_024
    /// Characters of an event's text on the wire.
    static let textLength = 400

    private struct Key: Hashable {
        var recogniser: String
        var component: ComponentID
        var signal: String
    }

    private struct Kind {
        var observations: [Observation] = []
        var folded: UInt64 = 0
    }

    private var order: [Key] = []
    private var folds: [Key: Kind] = [:]
    private(set) var components: [ComponentID: Component] = [:]
    /// Events of more kinds than can be distinguished.
    private(set) var untold: UInt64 = 0

    mutating func add(_ fact: KernelFact, of component: Component, at time: Timestamp) {
        let key = Key(recogniser: fact.recogniser, component: component.id, signal: fact.signal.name)
        guard folds[key] != nil || folds.count < EventAggregation.kinds else {
            untold += fact.count
            return
        }
        if folds[key] == nil { order.append(key) }
        components[component.id] = component
        let text = String(fact.text.prefix(EventAggregation.textLength))
        let observation = Observation(
            component: component.id, signal: fact.signal, measurement: fact.state.map { .state($0) } ?? .event(text),
            time: time)
        var fold = folds[key] ?? Kind()
        if fact.state != nil {
            // A state that is reported again adds nothing.
            if !fold.observations.contains(where: { $0.signal == fact.signal }) {
                fold.observations.append(observation)
            }
        } else {
            let room = UInt64(EventAggregation.eventsOfOneKind - fold.observations.count)
            let told = min(fact.count, room)
            for _ in 0..<told { fold.observations.append(observation) }
            fold.folded += fact.count - told
        }
        folds[key] = fold
    }

    /// Those of one kind together, in the order in which the kinds were met; the last of each gives how many more there
    /// were.
    var observations: [Observation] {
        order.flatMap { key -> [Observation] in
            guard let fold = folds[key], fold.folded > 0, var last = fold.observations.last else {
                return folds[key]?.observations ?? []
            }
            last.measurement = .event("\(fold.folded) more like this: \(last.measurement.eventText)")
            return fold.observations.dropLast() + [last]
        }
    }
}

extension Measurement {
    fileprivate var eventText: String { if case .event(let text) = self { String(text.prefix(340)) } else { "" } }
}
