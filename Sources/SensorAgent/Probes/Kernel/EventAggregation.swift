import Reports

/// Makes observations of endless events: of each kind of event of a part so many are reported one by one, and the rest
/// as one that stands for them.
///
/// What is folded keeps its labels: a thousand errors of a memory are not put down to the page or cell of the last one.
struct EventAggregation {
    /// Events of one recogniser, part and signal name that one look reports one by one.
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

    /// What makes two events the same: then their counts are added.
    fileprivate struct Event: Hashable {
        var signal: Signal
        var text: String
        var time: Timestamp
    }

    fileprivate struct Kind {
        var events: [Event] = []
        var counts: [Event: UInt64] = [:]
        /// By the whole signal, the last of those that are not reported one by one.
        var rest: [Signal: (last: Event, count: UInt64)] = [:]
        var states: [Observation] = []
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
        var fold = folds[key] ?? Kind()
        if let state = fact.state {
            // A state that is reported again adds nothing.
            if !fold.states.contains(where: { $0.signal == fact.signal }) {
                fold.states.append(
                    Observation(
                        component: component.id, signal: fact.signal, measurement: .state(state), time: time))
            }
        } else {
            let text = String(fact.text.prefix(EventAggregation.textLength))
            untold += fold.add(Event(signal: fact.signal, text: text, time: time), fact.count)
        }
        folds[key] = fold
    }

    /// Those of one kind together, in the order in which the kinds were met.
    var observations: [Observation] {
        order.flatMap { key -> [Observation] in
            guard let fold = folds[key] else { return [] }
            let told = fold.events.map { event in
                EventAggregation.observation(of: key.component, event, event.text, fold.counts[event] ?? 1)
            }
            let rest = fold.rest.values.sorted { $0.last.signal.description < $1.last.signal.description }.map {
                EventAggregation.observation(
                    of: key.component, $0.last, "\($0.count) more like this: \($0.last.text.prefix(340))", $0.count)
            }
            return fold.states + told + rest
        }
    }

    private static func observation(
        of component: ComponentID, _ event: Event, _ text: String, _ count: UInt64
    ) -> Observation {
        Observation(
            component: component, signal: event.signal, measurement: .event(text), time: event.time,
            count: Int(clamping: count))
    }
}

extension EventAggregation.Kind {
    /// - Returns: how many events are not reported, since too many have labels of their own.
    fileprivate mutating func add(_ event: EventAggregation.Event, _ count: UInt64) -> UInt64 {
        if let known = counts[event] {
            counts[event] = known + count
        } else if events.count < EventAggregation.eventsOfOneKind {
            events.append(event)
            counts[event] = count
        } else if rest[event.signal] != nil || events.contains(where: { $0.signal == event.signal }) {
            rest[event.signal] = (event, (rest[event.signal]?.count ?? 0) + count)
        } else {
            return count
        }
        return 0
    }
}
