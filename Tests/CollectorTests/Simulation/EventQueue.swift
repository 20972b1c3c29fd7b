/// What is to come, the soonest first, and of one moment what was planned first.
///
/// Of one type, and with the events beside the heap: what moves in it is three numbers, and a simulation moves them a million
/// times.
struct EventQueue {
    typealias Event = SimulatedWorld.Event

    private struct Entry {
        var time: Int64
        var order: Int
        /// Of its event.
        var place: Int

        func isBefore(_ other: Entry) -> Bool { time == other.time ? order < other.order : time < other.time }
    }

    /// A binary heap.
    private var heap: [Entry] = []
    private var events: [Event?] = []
    /// Places of `events` that hold none.
    private var free: [Int] = []
    private var order = 0

    var isEmpty: Bool { heap.isEmpty }
    /// When the next one is.
    var next: Int64? { heap.first?.time }

    mutating func add(_ event: Event, at time: Int64) {
        order += 1
        let entry = Entry(time: time, order: order, place: free.popLast() ?? events.count)
        if entry.place == events.count { events.append(event) } else { events[entry.place] = event }
        heap.append(entry)
        var place = heap.count - 1
        while place > 0, entry.isBefore(heap[(place - 1) / 2]) {
            heap[place] = heap[(place - 1) / 2]
            place = (place - 1) / 2
        }
        heap[place] = entry
    }

    mutating func take() -> (time: Int64, event: Event)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty { sink(last) }
        free.append(first.place)
        return events[first.place].take().map { (first.time, $0) }
    }

    /// Puts an entry in at the top, which is free, and lets it go down to where it belongs.
    private mutating func sink(_ entry: Entry) {
        var place = 0
        while true {
            var child = 2 * place + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
            guard heap[child].isBefore(entry) else { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = entry
    }
}
