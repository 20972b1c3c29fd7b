import Foundation
import Reports
import TestSupport
import Testing

@testable import FaultPatterns

@Suite("Learned baseline")
struct LearnedBaselineTests {
    private typealias F = MemoryFixtures
    private static let day: Int64 = 86_400_000
    private static let month = 30 * day

    /// A signal read every quarter of an hour.
    private struct Sensor {
        var baseline = LearnedBaseline()
        var now: Int64 = 0

        mutating func read(_ value: Double, bin: Int = 0, allowance: Double = 0.5, isFrozen: Bool = false) {
            now += 900
            baseline.take(
                value, bin: bin, at: F.time(now), window: LearnedBaselineTests.month, allowance: allowance,
                isFrozen: isFrozen)
        }

        mutating func read(_ count: Int, bin: Int = 0, _ value: (Int) -> Double) {
            for number in 0..<count { read(value(number), bin: bin) }
        }

        func z(_ value: Double, bin: Int = 0) -> Double { baseline.z(of: value, bin: bin).low }
        var high: Bounds { baseline.cusumHigh(at: F.time(now)) }
        var low: Bounds { baseline.cusumLow(at: F.time(now)) }
    }

    /// 40 ± 2, of standard deviation 1.414…
    private static func wave(_ number: Int) -> Double { [40, 41, 42, 41, 40, 39, 38, 39][number % 8] }

    @Test("Nothing is known before 100 readings over a day; then it is their plain mean and deviation")
    func warmUp() {
        var sensor = Sensor()
        sensor.read(96) { Self.wave($0) }
        #expect(sensor.baseline.mean(bin: 0) == .unknown)
        #expect(sensor.baseline.z(of: 40, bin: 0) == .unknown)
        #expect(sensor.high == .unknown && sensor.low == .unknown)
        sensor.read(8) { Self.wave($0) }
        #expect(sensor.baseline.mean(bin: 0).isNear(Bounds(40), within: 1e-2))
        #expect(abs(sensor.z(43) - 3 / 1.5.squareRoot()) < 0.1)
        #expect(sensor.baseline.mean(bin: 1) == .unknown)
        // A hundred readings in less than a day are none.
        var brief = LearnedBaseline()
        for number in 0..<500 {
            brief.take(
                40, bin: 0, at: F.time(Int64(number) * 60), window: Self.month, allowance: 0.5, isFrozen: false)
        }
        #expect(brief.mean(bin: 0) == .unknown)
    }

    @Test("A slow change is half learned after one half-life")
    func halfLife() {
        var sensor = Sensor()
        sensor.read(104) { Self.wave($0) }
        sensor.read(30 * 96) { Self.wave($0) + 1 }
        #expect(sensor.baseline.mean(bin: 0).isNear(Bounds(40.5), within: 2e-3))
    }

    @Test("Outliers are not learned, and a lasting shift without a fault is the new usual after a whole window")
    func freeze() {
        var sensor = Sensor()
        sensor.read(200) { Self.wave($0) }
        let before = sensor.baseline.mean(bin: 0)
        sensor.read(30 * 96) { Self.wave($0) + 20 }
        #expect(sensor.baseline.mean(bin: 0) == before)
        #expect(sensor.z(60) > 10)
        sensor.read(1) { Self.wave($0) + 20 }
        #expect(sensor.baseline.mean(bin: 0) == .unknown)
        sensor.read(120) { Self.wave($0) + 20 }
        #expect(sensor.baseline.mean(bin: 0).isNear(Bounds(60), within: 1e-2))
    }

    @Test("A reading as usual in between says that the shift does not last")
    func interrupted() {
        var sensor = Sensor()
        sensor.read(200) { Self.wave($0) }
        for _ in 0..<4 {
            sensor.read(20 * 96) { Self.wave($0) + 20 }
            sensor.read(40)
        }
        #expect(sensor.baseline.mean(bin: 0).isNear(Bounds(40), within: 1e-2))
    }

    @Test("While a fault is open nothing is learned, for ever")
    func open() {
        var sensor = Sensor()
        sensor.read(200) { Self.wave($0) }
        let before = sensor.baseline.mean(bin: 0)
        for number in 0..<(90 * 96) { sensor.read(Self.wave(number) + (number % 2 == 0 ? 20 : 1), isFrozen: true) }
        #expect(sensor.baseline.mean(bin: 0) == before)
        sensor.read(7, bin: 9, isFrozen: true)
        #expect(sensor.baseline.mean(bin: 9) == .unknown)
    }

    @Test("One step of a sensor that stood still is not off, two are", arguments: [1, 0.06, 25.0])
    func resolution(step: Double) {
        var sensor = Sensor()
        sensor.read(200) { $0 == 50 ? 40 * step + step : 40 * step }
        #expect(abs(sensor.z(41 * step)) < 3)
        #expect(abs(sensor.z(42 * step)) > 3)
    }

    @Test("A sensor that never moved has an assumed resolution: one for whole numbers, else a 128th")
    func constant() {
        var degrees = Sensor()
        degrees.read(200) { _ in 40 }
        #expect(abs(degrees.z(41) - 2) < 1e-9)
        #expect(degrees.z(45) > 9)
        var volts = Sensor()
        volts.read(200) { _ in 12.06 }
        #expect(abs(volts.z(12.12)) < 3)
        #expect(volts.z(11.4) < -9)
        var zero = Sensor()
        zero.read(200) { _ in 0 }
        #expect(zero.z(0) == 0 && zero.z(1_000) == 2_000)
    }

    @Test("Each bin of the covariate has its own usual; the least used of more than 16 goes")
    func bins() {
        var sensor = Sensor()
        for round in 0..<120 {
            for bin in 0..<16 { sensor.read(Double(bin) * 100 + Self.wave(round), bin: bin) }
        }
        for bin in 0..<16 {
            #expect(sensor.baseline.mean(bin: bin).isNear(Bounds(Double(bin) * 100 + 40), within: 1e-2))
        }
        sensor.read(40, bin: 3)
        sensor.read(1, bin: 77)
        let known = (0..<16).count { sensor.baseline.mean(bin: $0) != .unknown }
        #expect(known == 15 && sensor.baseline.mean(bin: 3) != .unknown)
        // The rare ones take each other's place, not that of the others.
        for bin in 100..<200 { sensor.read(1, bin: bin) }
        #expect((0..<16).count { sensor.baseline.mean(bin: $0) != .unknown } == 15)
    }

    @Test("A covariate falls into the bin below it; one that is no number into none")
    func keys() {
        #expect(LearnedBaseline.bin(of: 25, width: 10) == 2)
        #expect(LearnedBaseline.bin(of: -0.1, width: 10) == -1)
        for covariate in [Double.nan, .infinity, 1e300] { #expect(LearnedBaseline.bin(of: covariate, width: 1) == nil) }
        #expect(LearnedBaseline.bin(of: 1, width: 0) == nil)
    }

    @Test("A small lasting shift adds up; noise and one wild reading do not")
    func cusum() {
        var sensor = Sensor()
        sensor.read(400) { Self.wave($0) }
        #expect(sensor.high.high < 5 && sensor.low.high < 5)
        let before = sensor.high.low
        sensor.read(4_000)
        #expect(sensor.high.low <= before + 2.5)
        sensor.read(40) { Self.wave($0) }
        let settled = sensor.high.low
        for number in 0..<24 { sensor.read(Self.wave(number) + 1.6) }
        #expect(sensor.high.low > settled + 8)
        #expect(sensor.low.high < 5)
    }

    @Test("A cumulative sum stops at its limit, and comes down again")
    func clamp() {
        var sensor = Sensor()
        sensor.read(200) { Self.wave($0) }
        sensor.read(500) { _ in -1_000 }
        #expect(sensor.low == Bounds(PatternLimits.cumulativeSum) && sensor.high == Bounds(0))
        sensor.read(220) { Self.wave($0) }
        #expect(sensor.low.high < 5)
    }

    @Test("A cumulative sum is unknown when stale")
    func stale() {
        var sensor = Sensor()
        sensor.read(200) { Self.wave($0) }
        let limit = F.time(sensor.now).plus(PatternLimits.staleAfter)
        #expect(sensor.baseline.cusumHigh(at: limit) != .unknown)
        #expect(sensor.baseline.cusumHigh(at: limit.plus(1)) == .unknown)
        #expect(sensor.baseline.changesAt(after: F.time(sensor.now)) == limit.plus(1))
        #expect(sensor.baseline.changesAt(after: limit.plus(1)) == nil)
    }

    @Test("Mean, deviation and sums are those of the plain formulas", arguments: 1...6)
    func reference(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var baseline = LearnedBaseline()
        var (mean, variance, above, below) = (0.0, 0.0, 0.0, 0.0)
        var warm: [Double] = []
        var (first, now): (Int64, Int64) = (0, 0)
        for step in 0..<1_500 {
            let elapsed = Int64.random(in: 600...1_200, using: &random)
            now += elapsed
            var value = (0..<6).reduce(0.0) { sum, _ in sum + Double.random(in: -1...1, using: &random) }
            if step % 50 == 49 { value *= 20 }
            baseline.take(value, bin: 0, at: F.time(now), window: Self.month, allowance: 0.5, isFrozen: false)
            if step % 100 == 0 { baseline = try F.stored(baseline) }
            if variance == 0 {
                warm.append(value)
                if step == 0 { first = now }
                guard warm.count >= 100, now - first >= 86_400 else { continue }
                mean = warm.reduce(0, +) / Double(warm.count)
                variance = warm.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(warm.count - 1)
            } else {
                let score = (value - mean) / variance.squareRoot()
                above = max(0, above + min(max(score, -3), 3) - 0.5)
                below = max(0, below - min(max(score, -3), 3) - 0.5)
                if abs(score) <= 3 {
                    let weight = 1 - exp2(-Double(elapsed) / (30 * 86_400))
                    let distance = value - mean
                    mean += weight * distance
                    variance = (1 - weight) * (variance + weight * distance * distance)
                }
            }
            #expect(baseline.mean(bin: 0).isNear(Bounds(mean), within: 1e-4))
            #expect(baseline.z(of: 5, bin: 0).isNear(Bounds((5 - mean) / variance.squareRoot()), within: 1e-3))
            if above + below > 0 {
                #expect(baseline.cusumHigh(at: F.time(now)).isNear(Bounds(above), within: 1e-2))
                #expect(baseline.cusumLow(at: F.time(now)).isNear(Bounds(below), within: 1e-2))
            }
        }
        #expect(variance > 0)
    }

    @Test("Late, repeated and impossible readings are passed over")
    func passed() {
        var sensor = Sensor()
        sensor.read(150) { Self.wave($0) }
        let before = sensor.baseline
        for (value, seconds) in [(99.0, sensor.now), (99, 5), (.nan, sensor.now + 9), (1e101, sensor.now + 10)] {
            sensor.baseline.take(
                value, bin: 0, at: F.time(seconds), window: Self.month, allowance: 0.5, isFrozen: false)
        }
        #expect(sensor.baseline == before)
    }

    @Test(
        "No reading, time or window traps, and what is stored can be read again",
        arguments: MemoryFixtures.HostileTimes.allCases)
    func hostile(times: MemoryFixtures.HostileTimes) throws {
        for window in F.hostileWindows + [0, -1] {
            var baseline = LearnedBaseline()
            for round in 0..<40 {
                for (place, time) in times.list.enumerated() {
                    for value in F.hostileNumbers {
                        baseline.take(
                            value, bin: place % 2 == 0 ? round % 20 : .max, at: time.plus(Int64(round)), window: window,
                            allowance: F.hostileNumbers[round % F.hostileNumbers.count], isFrozen: round % 7 == 6)
                    }
                    for value in F.hostileNumbers {
                        let z = baseline.z(of: value, bin: round % 20)
                        #expect(z.low <= z.high)
                    }
                    #expect(baseline.cusumHigh(at: time).low <= baseline.cusumHigh(at: time).high)
                    #expect(baseline.changesAt(after: time).map { $0 > time } ?? true)
                }
                #expect(try times.areKept(in: baseline))
            }
        }
    }
}
