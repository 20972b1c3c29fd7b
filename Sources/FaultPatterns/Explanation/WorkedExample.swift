import Reports

/// What a pattern does, shown by a test of its own: the samples, and the moments at which something came of them.
public struct WorkedExample: Sendable, Encodable {
    /// Samples in a row that are all alike.
    public struct Row: Sendable, Encodable {
        /// From 1, both included.
        public var first: Int
        public var last: Int
        /// In the order of `series`.
        public var values: [String]
        /// What came of the first of them.
        public var event: String?
    }

    public var name: String
    /// Milliseconds between two samples.
    public var intervalMilliseconds: Int64
    public var series: [String]
    public var rows: [Row]
    /// Rows that were left out.
    public var rowsLeftOut: Int
    /// The sentence of the fault.
    public var because: String

    /// Rows that are shown.
    static let rowLimit = 24

    /// The first test that fires; nil where the pack of one cannot be built.
    public init?(_ file: PatternFile) {
        guard let test = file.tests.first(where: \.expectation.fires), let pack = try? PatternPack(alone: file)
        else { return nil }
        let changes = test.run(pack, file.pattern)
        guard let opening = changes.first(where: { $0.change.kind == .opened }) else { return nil }
        name = test.name
        intervalMilliseconds = test.interval
        because = opening.change.fault.because
        series = test.series.map(WorkedExample.name)
        let length = test.series.map(\.samples.count).max() ?? 0
        var events: [Int: String] = [:]
        for (sample, change) in changes {
            let text =
                switch change.kind {
                case .opened: "the fault opens: \(change.fault.urgency.rawValue)"
                case .updated: "the fault rises: \(change.fault.urgency.rawValue)"
                case .cleared: "the fault clears"
                }
            events[sample, default: ""] += events[sample] == nil ? text : "; \(text)"
        }
        var all: [Row] = []
        for index in 0..<length {
            let values = test.series.map { row in
                index < row.samples.count ? WorkedExample.words(row.samples[index], of: row) : ""
            }
            let event = events[index + 1]
            if event == nil, let last = all.last, last.event == nil, last.values == values {
                all[all.count - 1].last = index + 1
            } else {
                all.append(Row(first: index + 1, last: index + 1, values: values, event: event))
            }
        }
        // Around the opening: what was before it shows why, what is long after it little.
        let opened = all.firstIndex { $0.first == opening.sample } ?? 0
        let start = max(0, min(opened - WorkedExample.rowLimit * 2 / 3, all.count - WorkedExample.rowLimit))
        rows = Array(all[start..<min(all.count, start + WorkedExample.rowLimit)])
        rowsLeftOut = all.count - rows.count
    }

    private static func name(of row: PatternTest.Row) -> String {
        let whose = row.component.map { "\($0.name): " } ?? ""
        return switch row.target {
        case .signal(let signal): "\(whose)\(Quantity.label(of: signal))"
        case .remote(let key): "\(whose)\(key)"
        }
    }

    private static func words(_ sample: PatternTest.Sample, of row: PatternTest.Row) -> String {
        if case .events(_, let count) = sample { return "\(count) events" }
        guard case .value(let measurement) = sample else { return "-" }
        switch (measurement, row.target) {
        case (.event, _): return "event"
        case (.unavailable, _): return "not read"
        case (_, .signal(let signal)): return Quantity.words(measurement, of: signal)
        case (_, .remote): return measurement.number.map(Quantity.digits) ?? ""
        }
    }
}
