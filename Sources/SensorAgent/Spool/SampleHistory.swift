import Reports

/// Gathers observations into one aggregate per signal and span: what is kept in the file, and sent as telemetry.
struct SampleHistory {
    private struct Series: Hashable {
        var component: ComponentID
        var signal: Signal
    }

    private struct Gathered {
        var count = 0
        var minimum = Double.infinity
        var maximum = -Double.infinity
        var sum = 0.0
        var last: Double?
        var state: String?
        var unavailable: String?

        mutating func add(_ measurement: Measurement) {
            switch measurement {
            case .reading, .counter:
                guard let value = measurement.number else { return }
                count += 1
                minimum = Swift.min(minimum, value)
                maximum = Swift.max(maximum, value)
                sum += value
                last = value
            case .state(let word):
                count += 1
                state = word
            case .unavailable(let reason): unavailable = reason.rawValue
            case .event: break
            }
        }
    }

    /// What was reported last about a limit, and when.
    private struct Said {
        var value: Double
        var at: Timestamp
    }

    /// Signals of one machine that are followed; more are counted in `ignored` and left out.
    static let seriesLimit = 20_000
    /// A limit of a device hardly ever changes: the same value is reported once in this time.
    static let unchangedLimitRepeat = Duration.seconds(3600)

    private var gathered: [Series: Gathered] = [:]
    private var saidLimits: [Series: Said] = [:]
    /// Observations that were left out because of `seriesLimit`.
    private(set) var ignored = 0

    init() {}

    var isEmpty: Bool { gathered.isEmpty }

    /// Events are no samples: they go to the patterns alone.
    mutating func record(_ observations: some Sequence<Observation>) {
        for observation in observations {
            if case .event = observation.measurement { continue }
            let series = Series(component: observation.component, signal: observation.signal)
            guard gathered[series] != nil || gathered.count < SampleHistory.seriesLimit else {
                ignored += 1
                continue
            }
            gathered[series, default: Gathered()].add(observation.measurement)
        }
    }

    /// The aggregates of the span that ends, in a stable order; the next span begins empty.
    mutating func take(from: Timestamp, through: Timestamp) -> [SampleAggregate] {
        var aggregates: [SampleAggregate] = []
        for (series, values) in gathered where !isOldNews(series, values, at: through) {
            let read = values.last != nil
            aggregates.append(
                SampleAggregate(
                    component: series.component, signal: series.signal, from: from, through: through,
                    count: values.count,
                    minimum: read ? values.minimum : nil, maximum: read ? values.maximum : nil,
                    mean: read ? values.sum / Double(values.count) : nil, last: values.last, state: values.state,
                    unavailable: values.unavailable))
        }
        // Of parts that are gone; the others are reported once more at worst.
        if saidLimits.count > SampleHistory.seriesLimit { saidLimits = saidLimits.filter { gathered[$0.key] != nil } }
        gathered.removeAll(keepingCapacity: true)
        return aggregates.sorted {
            ($0.component.rawValue, $0.signal.description) < ($1.component.rawValue, $1.signal.description)
        }
    }

    /// All limits are to be reported again: another collector listens.
    mutating func forgetWhatWasSaid() { saidLimits.removeAll() }

    private mutating func isOldNews(_ series: Series, _ values: Gathered, at time: Timestamp) -> Bool {
        guard series.signal.name.hasSuffix(".limit"), values.unavailable == nil, let value = values.last,
            values.minimum == values.maximum
        else { return false }
        if let said = saidLimits[series], said.value == value, time >= said.at,
            time - said.at < SampleHistory.unchangedLimitRepeat
        {
            return true
        }
        saidLimits[series] = Said(value: value, at: time)
        return false
    }
}
