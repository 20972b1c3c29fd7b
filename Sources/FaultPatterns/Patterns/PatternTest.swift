import Reports

/// One test inside a pattern: series of values, and what must come of them.
///
/// A series is a row of samples, one an interval: `5` once, `5x3` three times, `1+2x4` is 1 3 5 7, `10-1x3` is 10 9 8.
/// `_` is a sample that did not come, `unavailable` one reported so, with `x3` as well. States are written as their
/// words; for an event, `event` is one event (`eventx3` is one in each of three intervals), and `event*50` one that stands
/// for 50. Samples count from 1.
public struct PatternTest: Sendable {
    enum Sample: Hashable, Sendable {
        case value(Measurement)
        /// An event that stands for several.
        case events(String, count: Int)
        case missing
    }

    struct Expectation: Sendable {
        var fires = false
        /// The sample at which the fault opens.
        var at: Int?
        var urgency: Urgency?
        var because: String?
        /// The sample at which the fault clears; nil: it stays open to the end.
        var clearedAt: Int?
        /// The urgency at the end, where it rises.
        var finalUrgency: Urgency?
    }

    /// Another component of the test's machine, or `self`, the tested one.
    struct Other: Sendable {
        var name: String
        var kind: ComponentKind
        /// The name of its parent among the others, or `self`.
        var parent: String?
        var attributes: [String: String]
        var location: SourceLocation
    }

    enum Target: Hashable, Sendable {
        case signal(Signal)
        /// What is otherwise read from other components, by its key: `active/disk.ata.link-crc under self`.
        case remote(String)
    }

    struct Row: Sendable {
        /// Nil: the tested component.
        var component: Other?
        var target: Target
        var samples: [Sample]
    }

    public let name: String
    let location: SourceLocation
    /// Milliseconds.
    let interval: Int64
    /// Attributes of the tested component, `maker`, `model` and `firmware` included.
    let attributes: [String: String]
    let others: [Other]
    let series: [Row]
    let expectation: Expectation

    init(reading node: SourceNode, of pattern: Pattern, tables: ProgramTables) throws(PatternProblem) {
        var fields = try MappingReader(
            node, what: "a test", keys: ["name", "interval", "attributes", "components", "series", "expect"])
        location = node.location
        name = try fields.text("name")
        interval =
            try fields.optional("interval").map { (node) throws(PatternProblem) in try node.span(of: "interval") }
            ?? 60_000
        var attributes: [String: String] = [:]
        if let list = fields.optional("attributes") {
            for entry in try MappingReader(list, what: "`attributes`").rest {
                attributes[entry.key] = try entry.value.text(of: entry.key)
            }
        }
        self.attributes = attributes
        let others = try PatternTest.others(fields.optional("components"))
        self.others = others
        let rows = try MappingReader(try fields.required("series"), what: "`series`").rest
        var series: [Row] = []
        for row in rows { series.append(try PatternTest.row(row, of: pattern, others: others, tables: tables)) }
        guard !series.isEmpty else { throw PatternProblem(location, "the test has no series") }
        self.series = series
        let length = series.map(\.samples.count).max() ?? 0
        expectation = try PatternTest.expectation(try fields.required("expect"), length: length, of: pattern)
        try fields.refuseRest()
    }

    private static func others(_ node: SourceNode?) throws(PatternProblem) -> [Other] {
        guard let node else { return [] }
        var others: [Other] = []
        for entry in try MappingReader(node, what: "`components`").rest {
            var fields = try MappingReader(entry.value, what: "the component \(entry.key.prefix(40))")
            let kind = try fields.optionalText("kind") ?? (entry.key == "self" ? "self" : nil)
            guard let kind else {
                throw PatternProblem(entry.location, "the component \(entry.key.prefix(40)) needs its `kind`")
            }
            var attributes: [String: String] = [:]
            let parent = try fields.optionalText("parent")
            if let list = fields.optional("attributes") {
                for attribute in try MappingReader(list, what: "`attributes`").rest {
                    attributes[attribute.key] = try attribute.value.text(of: attribute.key)
                }
            }
            try fields.refuseRest()
            others.append(
                Other(
                    name: entry.key, kind: ComponentKind(rawValue: kind), parent: parent, attributes: attributes,
                    location: entry.location))
        }
        let names = Set(others.map(\.name)).union(["self"])
        for other in others {
            guard let parent = other.parent, !names.contains(parent) else { continue }
            throw PatternProblem(other.location, "there is no component \(parent.prefix(40)) in the test")
        }
        return others
    }

    private static func row(
        _ row: SourceNode.Entry, of pattern: Pattern, others: [Other], tables: ProgramTables
    ) throws(PatternProblem) -> Row {
        // What faults of others a pattern sees, set by hand: `active/CLASS SCOPE`, the scope as it is written there.
        if row.key.hasPrefix("active/") {
            let keys = tables.signalKeys.filter { $0 == row.key || $0.hasPrefix("\(row.key) ") }
            guard keys.count == 1 else {
                let all = tables.signalKeys.filter { $0.hasPrefix("active/") }.sorted().joined(separator: ", ")
                throw PatternProblem(
                    row.location,
                    "`\(row.key.prefix(80))` is \(keys.isEmpty ? "not" : "more than one") of what the pattern looks for with "
                        + "active(…); " + (all.isEmpty ? "take the series out" : "write one of: \(all)"))
            }
            return Row(
                target: .remote(keys[0]), samples: try samples(row.value, kind: .gauge, of: row.key))
        }
        var key = row.key
        var component: Other?
        if let slash = key.firstIndex(of: "/"), let other = others.first(where: { $0.name == key[..<slash] }) {
            if other.name != "self" { component = other }
            key = String(key[key.index(after: slash)...])
        }
        let (signal, isOpen) = try signal(key, at: row.location, of: pattern)
        let isLookedAt =
            tables.signalNumbers[signal] != nil || isOpen
            || tables.openEvents[signal.name] != nil
        guard isLookedAt else {
            throw PatternProblem(row.location, "the pattern does not look at \(signal); take the series out")
        }
        guard let kind = SignalCatalogue.entry(named: signal.name)?.kind else {
            throw PatternProblem(row.location, ExpressionChecker.unknown(signal.name))
        }
        return Row(
            component: component, target: .signal(signal), samples: try samples(row.value, kind: kind, of: row.key))
    }

    /// True where a sample is missing or reported as unavailable.
    var hasGaps: Bool {
        series.contains { row in
            row.samples.contains { sample in
                switch sample {
                case .missing, .value(.unavailable): true
                case .value, .events: false
                }
            }
        }
    }

    /// True where a counter falls.
    var hasReset: Bool {
        series.contains { row in
            let values = row.samples.compactMap { if case .value(.counter(let value)) = $0 { value } else { nil } }
            return zip(values, values.dropFirst()).contains { $0 > $1 }
        }
    }

    // MARK: Reading

    /// A signal, a name of `let` that is one, or such a name with the labels that it leaves open.
    private static func signal(
        _ key: String, at place: SourceLocation, of pattern: Pattern
    ) throws(PatternProblem) -> (Signal, isOpen: Bool) {
        if let signal = Signal(parsing: key), key.prefix(while: { $0 != "{" }).contains(".") { return (signal, false) }
        let name = String(key.prefix { $0 != "{" })
        for definition in pattern.definitions + pattern.variants.flatMap({ $0.pattern?.definitions ?? [] })
        where definition.name == name {
            guard case .signal(let signal) = definition.expression.kind else { continue }
            guard name.count < key.count else { return (signal, false) }
            guard let own = Signal(parsing: signal.name + key.dropFirst(name.count)) else { break }
            let labels = Dictionary(
                (signal.labels + own.labels).map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
            return (Signal(signal.name, labels), true)
        }
        throw PatternProblem(place, "`\(key.prefix(80))` is neither a signal nor a name of `let` that is one")
    }

    private static func samples(
        _ node: SourceNode, kind: SignalCatalogue.Kind, of key: String
    ) throws(PatternProblem) -> [Sample] {
        guard case .scalar(let text) = node.content else {
            throw PatternProblem(node.location, "a series is one line of samples in quotes: \"0x3 20x3\"")
        }
        var samples: [Sample] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            samples += try PatternTest.samples(String(word), kind: kind, of: key, at: node.location)
            guard samples.count <= PatternLimits.testSamples else {
                throw PatternProblem(
                    node.location,
                    "a series of more than \(PatternLimits.testSamples) samples; make `interval` longer, or the test shorter"
                )
            }
        }
        return samples
    }

    private static func samples(
        _ word: String, kind: SignalCatalogue.Kind, of key: String, at place: SourceLocation
    ) throws(PatternProblem) -> [Sample] {
        var head = word[...]
        var count = 1
        if let cross = word.lastIndex(of: "x"), cross > word.startIndex,
            let times = Int(word[word.index(after: cross)...])
        {
            guard (1...PatternLimits.testSamples).contains(times) else {
                throw PatternProblem(place, "`\(word)`: a sample is repeated 1 to \(PatternLimits.testSamples) times")
            }
            head = word[..<cross]
            count = times
        }
        if head == "_" { return Array(repeating: .missing, count: count) }
        if head == "unavailable" { return Array(repeating: .value(.unavailable(.readError)), count: count) }
        if kind == .state { return Array(repeating: .value(.state(String(head))), count: count) }
        if kind == .event, head == "event" {
            // Each event is one of its own, as two lines of a log are.
            return (0..<count).map { .value(.event("\(key) \($0)")) }
        }
        if kind == .event, head.hasPrefix("event*"), let times = Int(head.dropFirst(6)) {
            guard (1...WireLimits.eventsPerObservation).contains(times) else {
                let limit = WireLimits.eventsPerObservation
                throw PatternProblem(place, "`\(word.prefix(40))`: an event stands for 1 to \(limit) of them")
            }
            return (0..<count).map { .events("\(key) \($0)", count: times) }
        }
        guard kind != .event, let (first, step) = ramp(head) else {
            let samples = kind == .event ? "event, eventx3, event*50" : "5, 5x3, 1+2x4"
            throw PatternProblem(
                place,
                "`\(word.prefix(40))` is no sample of a\(kind == .event ? "n" : "") \(kind.rawValue); samples are \(samples), "
                    + "_ for none and unavailable")
        }
        var samples: [Sample] = []
        for index in 0..<count {
            let value = first + step * Double(index)
            if kind == .counter {
                guard let whole = UInt64(exactly: value) else {
                    throw PatternProblem(place, "`\(word.prefix(40))`: a counter is a whole number, not \(value)")
                }
                samples.append(.value(.counter(whole)))
            } else {
                samples.append(.value(.gauge(value)))
            }
        }
        return samples
    }

    /// `5`, `-2.5`, `1+2`, `10-1`.
    private static func ramp(_ text: Substring) -> (first: Double, step: Double)? {
        if let value = Double(text), value.isFinite { return (value, 0) }
        guard let sign = text.dropFirst().firstIndex(where: { $0 == "+" || $0 == "-" }),
            let first = Double(text[..<sign]), let step = Double(text[sign...]), first.isFinite, step.isFinite
        else { return nil }
        return (first, step)
    }

    private static func expectation(
        _ node: SourceNode, length: Int, of pattern: Pattern
    ) throws(PatternProblem) -> Expectation {
        if case .scalar(let text) = node.content {
            guard text.trimmed == "none" else {
                throw PatternProblem(node.location, "`expect` is `none` or { at: 5, urgency: plan }")
            }
            return Expectation()
        }
        var fields = try MappingReader(
            node, what: "`expect`", keys: ["at", "class", "urgency", "rises_to", "because", "cleared"])
        var expectation = Expectation(fires: true)
        expectation.at = try fields.required("at").integer(of: "at", in: 1...max(1, length))
        if let wanted = try fields.optionalText("class"), wanted != pattern.faultClass {
            throw PatternProblem(node.location, "the pattern's class is \(pattern.faultClass), not \(wanted)")
        }
        expectation.urgency = try fields.optional("urgency").map { (node) throws(PatternProblem) in
            try node.word(of: "urgency", as: Urgency.self)
        }
        expectation.finalUrgency = try fields.optional("rises_to").map { (node) throws(PatternProblem) in
            try node.word(of: "rises_to", as: Urgency.self)
        }
        expectation.because = try fields.optionalText("because")
        expectation.clearedAt = try fields.optional("cleared").map { (node) throws(PatternProblem) in
            try node.integer(of: "cleared", in: 1...max(1, length))
        }
        try fields.refuseRest()
        return expectation
    }
}
