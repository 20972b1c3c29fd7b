/// What happened, as a hash, and as its last lines where somebody asks for them.
struct SimulatedTrace: Sendable {
    /// FNV-1a over all that was noted.
    private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    private(set) var lines: [String] = []
    /// Lines kept; 0: none.
    var kept = 0

    mutating func note(_ time: Int64, _ numbers: Int..., line: () -> String) {
        mix(UInt64(bitPattern: time))
        for number in numbers { mix(UInt64(bitPattern: Int64(number))) }
        guard kept > 0 else { return }
        if lines.count >= 2 * kept { lines.removeFirst(kept) }
        lines.append("\(clock(time)) \(line())")
    }

    private mutating func mix(_ number: UInt64) {
        var rest = number
        for _ in 0..<8 {
            hash = (hash ^ (rest & 0xff)) &* 0x100_0000_01b3
            rest >>= 8
        }
    }

    private func clock(_ time: Int64) -> String {
        let seconds = time / 1000
        let two = { (number: Int64) in (number < 10 ? "0" : "") + String(number) }
        return "\(seconds / 86_400)d \(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }
}

/// What is to come, the soonest first, and of one moment what was planned first.
struct EventQueue<Event> {
    private struct Entry {
        var time: Int64
        var order: Int
        var event: Event

        func isBefore(_ other: Entry) -> Bool { time == other.time ? order < other.order : time < other.time }
    }

    /// A binary heap.
    private var heap: [Entry] = []
    private var order = 0

    var isEmpty: Bool { heap.isEmpty }
    /// When the next one is.
    var next: Int64? { heap.first?.time }

    mutating func add(_ event: Event, at time: Int64) {
        order += 1
        heap.append(Entry(time: time, order: order, event: event))
        var place = heap.count - 1
        while place > 0, heap[place].isBefore(heap[(place - 1) / 2]) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func take() -> (time: Int64, event: Event)? {
        guard let first = heap.first else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != place else { break }
            heap.swapAt(place, least)
            place = least
        }
        return (first.time, first.event)
    }
}
