import Reports

/// Writes down what the engine is told, as changes: which signals are otherwise than at the look before of the same probe.
///
/// A value that holds costs nothing: what was told again is known by the look. A signal that a look leaves out is absent
/// from that look on, so that nothing is taken for read that was not.
struct HistoryRecorder: Sendable {
    /// Signals that are followed; more are counted in `ignored`.
    static let seriesLimit = 20_000
    /// Points and events after which a batch is to be taken before its time.
    static let batchLimit = 60_000
    /// Bytes of texts of events of one batch; more are counted in `lostEvents`.
    static let eventBytes = 2 << 20

    private struct Name: Hashable, Sendable {
        var component: ComponentID
        var signal: Signal
    }

    /// What a signal was at the last look of its probe.
    private struct Standing: Sendable {
        var value: HistoryValue
        var measuredAt: Timestamp?
        /// The look that told it last.
        var look: Int
    }

    private var standing: [String: [Name: Standing]] = [:]
    private var seriesCount = 0
    private var lookNumber = 0
    /// Probes whose components were written down since it began.
    private var inventoried: Set<String> = []
    private var batch = HistoryBatch()
    private var pointCount = 0
    private var textBytes = 0
    /// Observations of signals that there was no room for.
    private(set) var ignored = 0
    /// Events that came faster than they are kept.
    private(set) var lostEvents = 0

    /// - Parameter last: what each signal was when it was written down last.
    init(resuming last: [(series: HistorySeries, point: HistoryPoint)] = []) {
        for (series, point) in last.prefix(HistoryRecorder.seriesLimit) {
            standing[series.source, default: [:]][Name(component: series.component, signal: series.signal)] =
                Standing(value: point.value, measuredAt: point.measuredAt, look: 0)
            seriesCount += 1
        }
    }

    /// Whether the batch is to be taken before its time.
    var isFull: Bool {
        pointCount + batch.events.count >= HistoryRecorder.batchLimit || textBytes >= HistoryRecorder.eventBytes
    }

    /// Takes what one look told the engine.
    /// - Parameters:
    ///   - observations: with the engine's times.
    ///   - look: when it was, by the engine's time.
    ///   - components: all that the probe sees.
    ///   - isNews: whether that is other than at its look before.
    mutating func record(
        _ observations: [Observation], of look: HistoryLook, components: [Component], isNews: Bool
    ) {
        lookNumber += 1
        let index = batch.looks.count
        batch.looks.append(HistoryRecorder.rounded(look))
        if inventoried.insert(look.source).inserted || isNews {
            batch.components.append(
                HistoryBatch.Components(look: index, source: look.source, components: components))
        }
        var told = standing.removeValue(forKey: look.source) ?? [:]
        var heard = 0
        for observation in observations {
            if case .event(let text) = observation.measurement {
                record(text, of: observation, look: index)
                continue
            }
            guard let value = HistoryValue(observation.measurement) else { continue }
            let name = Name(component: observation.component, signal: observation.signal)
            let measuredAt = observation.time == look.start ? nil : observation.time
            if let last = told[name] {
                // Told twice in one look: both are written down, whatever they are.
                if last.look == lookNumber {
                    note(last, name, look)
                    add(HistoryPoint(time: look.start, value: value, measuredAt: measuredAt), to: name, look.source)
                } else {
                    heard += 1
                    if last.value != value || last.measuredAt != measuredAt {
                        add(HistoryPoint(time: look.start, value: value, measuredAt: measuredAt), to: name, look.source)
                    }
                }
            } else if seriesCount < HistoryRecorder.seriesLimit {
                seriesCount += 1
                heard += 1
                add(HistoryPoint(time: look.start, value: value, measuredAt: measuredAt), to: name, look.source)
            } else {
                ignored += 1
                continue
            }
            told[name] = Standing(value: value, measuredAt: measuredAt, look: lookNumber)
        }
        if heard < told.count { noteAbsent(&told, look) }
        standing[look.source] = told
    }

    /// How long a look took is written down in steps of so many milliseconds, upwards: what a probe takes differs by less from
    /// look to look, which costs a third of all bytes to write down and changes no fault but by these.
    static let step: Int64 = 16

    private static func rounded(_ look: HistoryLook) -> HistoryLook {
        let took = (look.told - look.start).inMilliseconds
        guard took >= 0, took < .max - step else { return look }
        var rounded = look
        rounded.told = look.start + .milliseconds((took + step - 1) / step * step)
        return rounded
    }

    /// Of the first value of a look, which is not in the batch where it is the same as before.
    private mutating func note(_ last: Standing, _ name: Name, _ look: HistoryLook) {
        let series = HistorySeries(source: look.source, component: name.component, signal: name.signal)
        guard batch.points[series]?.last?.time != look.start else { return }
        add(HistoryPoint(time: look.start, value: last.value, measuredAt: last.measuredAt), to: name, look.source)
    }

    private mutating func noteAbsent(_ told: inout [Name: Standing], _ look: HistoryLook) {
        for (name, last) in told where last.look != lookNumber {
            if last.value == .absent { continue }
            add(HistoryPoint(time: look.start, value: .absent), to: name, look.source)
            told[name] = Standing(value: .absent, measuredAt: nil, look: last.look)
        }
    }

    private mutating func add(_ point: HistoryPoint, to name: Name, _ source: String) {
        let series = HistorySeries(source: source, component: name.component, signal: name.signal)
        batch.points[series, default: []].append(point)
        pointCount += 1
    }

    private mutating func record(_ text: String, of event: Observation, look: Int) {
        guard !isFull else {
            lostEvents += event.count
            return
        }
        textBytes += text.utf8.count + event.signal.name.utf8.count + event.component.rawValue.utf8.count
        batch.events.append(
            HistoryBatch.Event(
                look: look, component: event.component, signal: event.signal, text: text, time: event.time,
                count: event.count))
    }

    /// What a person declared of a part.
    mutating func record(_ declaration: PartDeclaration, at time: Timestamp) {
        batch.declared.append(
            HistoryBatch.Declared(looks: batch.looks.count, time: time, declaration: declaration))
    }

    /// What was told since the last call.
    /// - Parameter state: the engine's after it.
    mutating func take(state: HistoryState? = nil) -> HistoryBatch {
        var taken = batch
        taken.state = state
        batch = HistoryBatch()
        pointCount = 0
        textBytes = 0
        return taken
    }
}
