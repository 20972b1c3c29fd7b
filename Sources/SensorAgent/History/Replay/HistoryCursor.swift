import FoundationEssentials
import Reports

/// The points of one signal, unpacked one row at a time.
struct HistoryCursor {
    let component: ComponentID
    let signal: Signal
    private var bodies: ArraySlice<Data>
    private var points: ArraySlice<HistoryPoint> = []
    private var standing: HistoryPoint?

    init(_ series: HistorySeries, _ bodies: [Data]) {
        component = series.component
        signal = series.signal
        self.bodies = bodies[...]
    }

    /// What a look told of the signal.
    mutating func told(at time: Timestamp) throws(HistoryChunkError) -> ArraySlice<HistoryPoint> {
        while try fill(), let next = points.first, next.time < time { standing = points.popFirst() }
        guard try fill(), points.first?.time == time else {
            return standing.map { [$0] } ?? []
        }
        let now = points.prefix { $0.time == time }
        points = points.dropFirst(now.count)
        standing = now.last
        return now
    }

    private mutating func fill() throws(HistoryChunkError) -> Bool {
        while points.isEmpty {
            guard let body = bodies.popFirst() else { return false }
            points = try HistoryPoints.points(body)[...]
        }
        return true
    }
}
