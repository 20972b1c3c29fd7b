import Reports

/// One test inside a pattern: series of values, and what must come of them.
///
/// A series is a row of samples, one an interval: `5` once, `5x3` three times, `1+2x4` is 1 3 5 7, `10-1x3` is 10 9 8.
/// `_` is a sample that did not come, `unavailable` one that said so, with `x3` as well. States are written as their
/// words; for an event, `event` is one event (`eventx3` is one in each of three intervals). Samples count from 1.
public struct PatternTest: Sendable {
    enum Sample: Hashable, Sendable {
        case value(Measurement)
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

    public let name: String
    let location: SourceLocation
    /// Milliseconds.
    let interval: Int64
    let series: [(signal: Signal, samples: [Sample])]
    let expectation: Expectation

    init(reading node: SourceNode, of compiled: CompiledPattern, tables: ProgramTables) throws(PatternProblem) {
        var fields = try MappingReader(node, what: "a test")
        location = node.location
        name = try fields.text("name")
        interval =
            try fields.optional("interval").map { (node) throws(PatternProblem) in try node.span(of: "interval") }
            ?? 60_000
        let rows = try MappingReader(try fields.required("series"), what: "`series`").rest
        var series: [(signal: Signal, samples: [Sample])] = []
        for row in rows {
            let signal = try PatternTest.signal(row, of: compiled.pattern)
            guard tables.signalNumbers[signal] != nil else {
                throw PatternProblem(row.location, "the pattern does not look at \(signal); take the series out")
            }
            series.append((signal, try PatternTest.samples(row.value, of: signal)))
        }
        guard !series.isEmpty else { throw PatternProblem(location, "the test has no series") }
        self.series = series
        let length = series.map(\.samples.count).max() ?? 0
        expectation = try PatternTest.expectation(try fields.required("expect"), length: length, of: compiled.pattern)
        try fields.refuseRest()
    }

    /// True where a sample is missing or said to be unavailable.
    var hasGaps: Bool {
        series.contains { row in
            row.samples.contains { sample in
                switch sample {
                case .missing, .value(.unavailable): true
                case .value: false
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

    private static func signal(_ row: SourceNode.Entry, of pattern: Pattern) throws(PatternProblem) -> Signal {
        if let signal = Signal(parsing: row.key), row.key.contains(".") { return signal }
        guard let definition = pattern.definitions.first(where: { $0.name == row.key }),
            case .signal(let signal) = definition.expression.kind
        else {
            throw PatternProblem(
                row.location, "`\(row.key.prefix(80))` is neither a signal nor a name of `let` that is one")
        }
        return signal
    }

    private static func samples(_ node: SourceNode, of signal: Signal) throws(PatternProblem) -> [Sample] {
        guard case .scalar(let text) = node.content else {
            throw PatternProblem(node.location, "a series is one line of samples: \"0x3 20x3\"")
        }
        var samples: [Sample] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            samples += try PatternTest.samples(String(word), of: signal, at: node.location)
            guard samples.count <= PatternLimits.testSamples else {
                throw PatternProblem(node.location, "a series of more than \(PatternLimits.testSamples) samples")
            }
        }
        return samples
    }

    private static func samples(
        _ word: String, of signal: Signal, at place: SourceLocation
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
        let kind = SignalCatalogue.entry(named: signal.name)?.kind
        if kind == .state { return Array(repeating: .value(.state(String(head))), count: count) }
        if kind == .event, head == "event" {
            // Each event is one of its own, as two lines of a log are.
            return (0..<count).map { .value(.event("event \($0)")) }
        }
        guard kind != .event, let (first, step) = ramp(head) else {
            throw PatternProblem(place, "`\(word.prefix(40))` is no sample of a \(kind?.rawValue ?? "signal")")
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
        var fields = try MappingReader(node, what: "`expect`")
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
