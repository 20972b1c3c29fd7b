import Crypto
import Foundation
import Reports
import Testing

@Suite("Chunks of history")
struct HistoryChunkTests {
    /// The same numbers for the same seed (SplitMix64).
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
        mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
    }

    private static let wildGauges: [Double] = [
        0, -0.0, .nan, -.nan, Double(nan: 7, signaling: false), .infinity, -.infinity, .leastNonzeroMagnitude,
        -.leastNonzeroMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0x1p53, 0x1p53 + 2, 0.1, 12.096,
    ]
    private static let wildNumbers: [UInt64] = [0, 1, .max, .max - 1, 1 << 63, (1 << 63) - 1, 1 << 53]
    private static let wildTimes: [Int64] = [0, .min, .max, -1, 1, 1_000, 1_795_000_000_000, .min + 1, -999]
    private static let words = ["ok", "", "failed", "überhitzt", "a\"b\\c", String(repeating: "x", count: 5_000)]

    private func value(_ dice: inout Dice) -> HistoryValue {
        switch dice.below(9) {
        case 0: .reading(Double(bitPattern: dice.next()))
        case 1: .reading(Self.wildGauges[dice.below(Self.wildGauges.count)])
        case 2: .reading(Double(dice.below(2_000)) / 10)
        case 3: .counter(Self.wildNumbers[dice.below(Self.wildNumbers.count)])
        case 4: .counter(dice.next())
        case 5: .state(Self.words[dice.below(Self.words.count)])
        case 6: .unavailable(Unavailable(rawValue: Self.words[dice.below(Self.words.count)]))
        case 7: .between(Double(bitPattern: dice.next()), Double(dice.below(100)))
        default: .absent
        }
    }

    /// Of one kind mostly, or of all; in any order of time.
    private func points(_ dice: inout Dice) -> [HistoryPoint] {
        var time = Self.wildTimes[dice.below(Self.wildTimes.count)]
        let isWild = dice.below(3) == 0
        let mostly = value(&dice)
        return (0..<dice.below(200)).map { _ in
            time =
                switch dice.below(isWild ? 5 : 20) {
                case 0: Self.wildTimes[dice.below(Self.wildTimes.count)]
                case 1: time &- Int64(dice.below(100_000))
                default: time &+ 60_000 &+ Int64(dice.below(dice.below(2) == 0 ? 1 : 30))
                }
            var next = isWild ? value(&dice) : mostly
            if !isWild, case .reading(let last) = mostly, last.isFinite {
                next = .reading(last + Double(dice.below(9)) / 8)
            }
            let measured: Int64? = dice.below(8) == 0 ? (dice.below(4) == 0 ? .min : time &- 1_234) : nil
            return HistoryPoint(
                time: Timestamp(milliseconds: time), value: next,
                measuredAt: measured.map(Timestamp.init(milliseconds:)))
        }
    }

    @Test(
        "What is unpacked is what was packed, to the last bit: not-a-numbers, infinities, extremes, time that goes back"
    )
    func identity() throws {
        for seed in UInt64(0)..<2_000 {
            var dice = Dice(state: seed)
            let points = points(&dice)
            let chunk = HistoryChunk(
                source: "disk-health", component: ComponentID(.disk, "wwn-0x5000c500"),
                signal: Signal("hw.physical_disk.smart", ["attribute": "197.raw"]), points: points)
            #expect(try HistoryPoints.points(HistoryPoints.packed(points)) == points, "seed \(seed)")
            #expect(try HistoryChunk(packed: chunk.packed) == chunk, "seed \(seed)")
        }
    }

    @Test("Each wild value comes back beside each other one")
    func pairs() throws {
        let values =
            Self.wildGauges.map(HistoryValue.reading) + Self.wildNumbers.map(HistoryValue.counter)
            + Self.words.map(HistoryValue.state) + [.absent, .between(.nan, .infinity), .between(1, 2)]
        for first in values {
            for second in values {
                let points = [first, second, first].map { HistoryPoint(time: Timestamp(milliseconds: .max), value: $0) }
                #expect(try HistoryPoints.points(HistoryPoints.packed(points)) == points)
            }
        }
    }

    @Test("A look that is even costs two bits, a temperature that moves by a degree less than a byte")
    func small() {
        func bytes(_ count: Int, _ value: (Int) -> HistoryValue) -> Int {
            HistoryPoints.packed(
                (0..<count).map {
                    HistoryPoint(time: Timestamp(seconds: 1_795_000_000 + Int64($0) * 60), value: value($0))
                }
            ).count
        }
        #expect(bytes(8_000) { _ in .absent } < 2_060)
        #expect(bytes(8_000) { .reading(40 + Double($0 % 2)) } < 5_100)
        #expect(bytes(8_000) { .counter(UInt64($0)) } < 5_100)
    }

    @Test("Looks come back as they were, whoever looked in whatever order")
    func looks() throws {
        for seed in UInt64(0)..<500 {
            var dice = Dice(state: seed)
            var time = Self.wildTimes[dice.below(Self.wildTimes.count)]
            let looks = (0..<dice.below(300)).map { index in
                if dice.below(30) == 0 { time = Self.wildTimes[dice.below(Self.wildTimes.count)] }
                if index % 5 == 0 { time = time &+ 60_000 }
                let told =
                    dice.below(40) == 0
                    ? Self.wildTimes[dice.below(Self.wildTimes.count)] : time &+ Int64(dice.below(9))
                return HistoryLook(
                    source: "probe-\(dice.below(9) == 0 ? dice.below(40) : index % 5)",
                    start: Timestamp(milliseconds: time), told: Timestamp(milliseconds: told),
                    interval: [nil, 60_000, 0, .max, .min][dice.below(20) == 0 ? dice.below(5) : 1])
            }
            #expect(try HistoryLooks.looks(HistoryLooks.packed(looks)) == looks, "seed \(seed)")
        }
    }

    // MARK: Hostile bytes

    /// With a checksum that is right again.
    private func sealed(_ bytes: Data) -> Data {
        let body = bytes.dropLast(4)
        return Data(body) + Data(SHA256.hash(data: body).prefix(4))
    }

    @Test("A bit that flips and an end that is missing are noticed")
    func damage() throws {
        var dice = Dice(state: 7)
        for _ in 0..<200 {
            let packed = HistoryPoints.packed(points(&dice))
            var flipped = packed
            flipped[dice.below(flipped.count)] ^= 1 << UInt8(dice.below(8))
            #expect(throws: HistoryChunkError.self) { try HistoryPoints.points(flipped) }
            #expect(throws: HistoryChunkError.self) {
                try HistoryPoints.points(packed.prefix(dice.below(packed.count)))
            }
        }
    }

    @Test("Bytes that lie under a right checksum are read or refused, and never more than the limit")
    func hostile() {
        for seed in UInt64(0)..<6_000 {
            var dice = Dice(state: seed)
            var bytes: Data
            switch dice.below(4) {
            case 0: bytes = Data((0..<dice.below(120)).map { _ in UInt8(truncatingIfNeeded: dice.next()) })
            case 1:
                bytes =
                    Data([1, UInt8(truncatingIfNeeded: dice.next() & 0x3F), 0xFF, 0xFF, 0x03, 0])
                    + Data((0..<dice.below(400)).map { _ in UInt8(truncatingIfNeeded: dice.next()) })
            default:
                bytes = HistoryPoints.packed(points(&dice))
                for _ in 0...dice.below(4) { bytes[dice.below(bytes.count)] = UInt8(truncatingIfNeeded: dice.next()) }
            }
            let sealed = sealed(bytes)
            if let points = try? HistoryPoints.points(sealed, limit: 150) { #expect(points.count <= 150) }
            if let looks = try? HistoryLooks.looks(sealed, limit: 150) { #expect(looks.count <= 150) }
            _ = try? HistoryChunk(packed: sealed)
            _ = try? HistoryChunk(packed: bytes)
        }
    }

    @Test("A count that its bytes cannot hold is refused before anything is reserved for it")
    func counts() {
        let claims = Data([1, 0, 0x80, 0x80, 0x04, 0]) + Data(count: 16)
        #expect(throws: HistoryChunkError.truncated) { try HistoryPoints.points(sealed(claims + Data(count: 4))) }
        let wild = Data([1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0]) + Data(count: 16)
        #expect(throws: HistoryChunkError.tooMany(limit: HistoryPoints.limit)) {
            try HistoryPoints.points(sealed(wild + Data(count: 4)))
        }
        #expect(throws: HistoryChunkError.version(2)) {
            try HistoryPoints.points(sealed(Data([2, 0, 0, 0]) + Data(count: 4)))
        }
    }
}
