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
