import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

@testable import SensorAgent

@Suite("The file of history", .timeLimit(.minutes(5)))
struct HistoryKeeperTests {
    private static let day: Int64 = 86_400_000
    private static let temperature = HistorySeries(
        source: "chip-sensors", component: ComponentID(.temperature, "chip/0"), signal: Signal("hw.temperature"))

    private func batch(_ number: Int, at time: Int64, events: Int = 0, _ value: HistoryValue? = nil) -> HistoryBatch {
        var batch = HistoryBatch()
        let start = Timestamp(milliseconds: time)
        batch.looks = [HistoryLook(source: "chip-sensors", start: start, told: start, interval: 60_000)]
        batch.points[Self.temperature] = value.map { [HistoryPoint(time: start, value: $0)] }
        var dice = SplitMix(seed: UInt64(number))
        batch.events = (0..<events).map { _ in
            HistoryBatch.Event(
                look: 0, component: ComponentID(.disk, "d"), signal: Signal("hw.filesystem.error"),
                text: (0..<24).map { _ in String(dice.next(), radix: 36) }.joined(), time: start, count: 1)
        }
        return batch
    }

    private func keeper(_ directory: String, _ limits: HistoryKeeper.Limits) async throws -> HistoryKeeper {
        let keeper = HistoryKeeper(directory: directory, limits: limits, log: SpoolFixture.log)
        _ = try #require(await keeper.resume())
        return keeper
    }

    private func size(_ directory: String) throws -> Int {
        let path = HistoryKeeper.path(in: directory)
        return try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
    }

    @Test("A new process goes on from what each signal was, whether it was condensed or lies in the journal")
    func resume() async throws {
        let directory = try ScratchDirectory()
        var limits = HistoryKeeper.Limits()
        limits.batchesPerChunk = 4
        let first = try await keeper(directory.path, limits)
        for number in 0..<6 {
            #expect(await first.keep(batch(number, at: Int64(number) * 900_000, .reading(Double(number)))))
        }
        let resumed = try #require(await first.resume())
        #expect(resumed.last.map { $0.series } == [Self.temperature])
        #expect(resumed.last.first?.point.value == .reading(5))
        var recorder = HistoryRecorder(resuming: resumed.last)
        let look = HistoryLook(
            source: "chip-sensors", start: Timestamp(milliseconds: Self.day), told: Timestamp(milliseconds: Self.day),
            interval: nil)
        let same = Observation(
            component: Self.temperature.component, signal: Self.temperature.signal, measurement: .reading(5),
            time: look.start)
        recorder.record([same], of: look, components: [], isNews: false)
        #expect(recorder.take().points.isEmpty)
        recorder.record([], of: look, components: [], isNews: false)
        #expect(recorder.take().points[Self.temperature]?.map(\.value) == [.absent])
    }

    @Test("Events are a ring: the oldest go, the bytes stay within their bound, and the loss is said")
    func ring() async throws {
        let directory = try ScratchDirectory()
        var limits = HistoryKeeper.Limits()
        limits.eventBytes = 200_000
        let keeper = try await keeper(directory.path, limits)
        for number in 0..<60 { #expect(await keeper.keep(batch(number, at: Int64(number) * 900_000, events: 100))) }
        let history = try RecordedHistory(path: HistoryKeeper.path(in: directory.path), days: 90)
        #expect(history.eventsAreCut)
        let kept = history.events.keys.sorted()
        #expect(kept.last == 60 && kept.count > 5 && kept.count < 30)
        #expect(kept == Array((61 - Int64(kept.count))...60))
        #expect(try size(directory.path) < 400_000)
    }

    @Test("What is older than its age goes; what a signal still is as it was then stays")
    func age() async throws {
        let directory = try ScratchDirectory()
        var limits = HistoryKeeper.Limits()
        limits.batchesPerChunk = 1
        limits.age = .seconds(10 * 86_400)
        let keeper = try await keeper(directory.path, limits)
        let steady = HistorySeries(
            source: "chip-sensors", component: ComponentID(.fan, "0"), signal: Signal("hw.fan.speed"))
        let gone = HistorySeries(
            source: "chip-sensors", component: ComponentID(.fan, "1"), signal: Signal("hw.fan.speed"))
        for number in 0..<40 {
            var batch = self.batch(number, at: Int64(number) * Self.day, .reading(Double(number)))
            let time = Timestamp(milliseconds: Int64(number) * Self.day)
            if number == 0 { batch.points[steady] = [HistoryPoint(time: time, value: .reading(900))] }
            if number == 0 { batch.points[gone] = [HistoryPoint(time: time, value: .reading(900))] }
            if number == 1 { batch.points[gone] = [HistoryPoint(time: time, value: .absent)] }
            #expect(await keeper.keep(batch))
        }
        let history = try RecordedHistory(path: HistoryKeeper.path(in: directory.path), days: 90)
        #expect(history.looks.count == 11)
        let values = Dictionary(
            uniqueKeysWithValues: try history.points.map { series, bodies in
                (series, try bodies.flatMap { try HistoryPoints.points($0) }.map(\.value))
            })
        #expect(values == [Self.temperature: (29..<40).map { .reading(Double($0)) }, steady: [.reading(900)]])
    }

    @Test("However much is told, the file stays within its bound and goes on")
    func bound() async throws {
        let directory = try ScratchDirectory()
        var limits = HistoryKeeper.Limits()
        limits.bytes = 300_000
        limits.batchesPerChunk = 8
        limits.chunkBytes = .max
        limits.sharpAge = limits.age
        let keeper = try await keeper(directory.path, limits)
        var dice = SplitMix(seed: 5)
        for number in 0..<200 {
            var batch = self.batch(number, at: Int64(number) * 900_000)
            for series in 0..<20 {
                let name = HistorySeries(
                    source: "chip-sensors", component: ComponentID(.temperature, "\(series)"),
                    signal: Signal("hw.temperature"))
                batch.points[name] = (0..<15).map { minute in
                    HistoryPoint(
                        time: Timestamp(milliseconds: Int64(number) * 900_000 + Int64(minute) * 60_000),
                        value: .reading(Double(dice.below(1_000_003)) / 3))
                }
            }
            #expect(await keeper.keep(batch))
            #expect(try size(directory.path) < 450_000, "after \(number)")
        }
        let history = try RecordedHistory(path: HistoryKeeper.path(in: directory.path), days: 90)
        #expect(history.looks.last.map { $0.first } ?? 0 > 150 && history.points.count == 20)
    }

    @Test("Gauges that are thinned lie within what is left of them, at each moment, and what is no reading stays exact")
    func thinning() throws {
        for seed in UInt64(0)..<300 {
            var dice = SplitMix(seed: seed)
            var time: Int64 = 1_790_000_000_000
            let points = (0..<1_440).map { _ -> HistoryPoint in
                time += 60_000 * Int64(1 + (dice.below(40) == 0 ? dice.below(300) : 0))
                let value: HistoryValue =
                    switch dice.below(60) {
                    case 0: .absent
                    case 1: .unavailable(.readError)
                    default: .reading(Double(dice.below(2_000) - 1_000) / (seed % 2 == 0 ? 7 : 10))
                    }
                return HistoryPoint(time: Timestamp(milliseconds: time), value: value)
            }
            let (body, isLossy) = HistoryThinning.packed(points, within: 400)
            #expect(isLossy)
            var rest = try HistoryPoints.points(body)[...]
            var standing: HistoryPoint?
            for point in points {
                while let next = rest.first, next.time <= point.time { standing = rest.popFirst() }
                switch (standing?.value, point.value) {
                case (.between(let low, let high), .reading(let value)): #expect(low <= value && value <= high)
                case (let left?, let right): #expect(left == right)
                case (nil, _): Issue.record("nothing is left of \(point)")
                }
            }
        }
    }

    @Test("A file that cannot be made is no history and no failure; a damaged one is made anew")
    func trouble() async throws {
        let nowhere = HistoryKeeper(directory: "/proc/nowhere", log: SpoolFixture.log)
        #expect(await nowhere.resume() == nil)
        #expect(await nowhere.keep(batch(0, at: 0, .reading(1))) == false)

        let directory = try ScratchDirectory()
        let path = HistoryKeeper.path(in: directory.path)
        try Data((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }).write(to: URL(filePath: path))
        let keeper = HistoryKeeper(directory: directory.path, log: SpoolFixture.log)
        #expect(await keeper.resume()?.last.isEmpty == true)
        #expect(await keeper.keep(batch(0, at: 0, .reading(1))))
        #expect(try RecordedHistory(path: path, days: 1).looks.count == 1)
    }

    @Test("On a disk that is nearly full nothing is written; once there is room, it goes on from what was written last")
    func room() async throws {
        let directory = try ScratchDirectory()
        let first = try await keeper(directory.path, HistoryKeeper.Limits())
        #expect(await first.keep(batch(0, at: 0, .reading(1))))
        var limits = HistoryKeeper.Limits()
        limits.roomForOthers = .max
        let full = try await keeper(directory.path, limits)
        let bytes = try size(directory.path)
        #expect(await !full.keep(batch(1, at: 900_000, .reading(2))))
        #expect(try size(directory.path) == bytes)
        let next = HistoryKeeper(directory: directory.path, log: SpoolFixture.log)
        #expect(await next.resume()?.last.map(\.point.value) == [.reading(1)])
        #expect(await next.keep(batch(2, at: 1_800_000, .reading(3))))
    }

    @Test(
        "A counter that counts errors stays exact through a storm; one that changes at each look is kept within bounds")
    func counters() async throws {
        let directory = try ScratchDirectory()
        var limits = HistoryKeeper.Limits()
        limits.batchesPerChunk = 4
        let keeper = try await keeper(directory.path, limits)
        let calm = HistorySeries(
            source: "disk-health", component: ComponentID(.disk, "0"),
            signal: Signal("hw.physical_disk.smart", ["attribute": "197.raw"]))
        let traffic = HistorySeries(
            source: "disk-health", component: ComponentID(.disk, "0"), signal: Signal("hw.physical_disk.requests"))
        var dice = SplitMix(seed: 3)
        var (errors, requests) = ([] as [HistoryPoint], [] as [HistoryPoint])
        // Twenty days, each of four batches; on the last one errors come at each look.
        for number in 0..<80 {
            let start = Int64(number) * 21_600_000
            var batch = self.batch(number, at: start)
            for look in 0..<36 {
                let time = Timestamp(milliseconds: start + Int64(look) * 600_000)
                requests.append(
                    HistoryPoint(
                        time: time, value: .counter(UInt64(number * 36 + look) * 5_000_000 + dice.next() % 999)))
                if number >= 76 || (number == 0 && look == 0) {
                    errors.append(
                        HistoryPoint(time: time, value: .counter(UInt64(errors.count) * 50 + dice.next() % 40)))
                }
            }
            batch.points[traffic] = requests.suffix(36)
            batch.points[calm] = errors.filter { $0.time >= Timestamp(milliseconds: start) }
            if batch.points[calm]?.isEmpty == true { batch.points[calm] = nil }
            #expect(await keeper.keep(batch))
        }
        let history = try RecordedHistory(path: HistoryKeeper.path(in: directory.path), days: 90)
        func kept(_ series: HistorySeries) throws -> [HistoryPoint] {
            try history.points.filter { $0.series == series }.flatMap {
                try $0.bodies.flatMap { try HistoryPoints.points($0) }
            }
        }
        #expect(try kept(calm) == errors)
        let left = try kept(traffic)
        #expect(left.count < requests.count / 2)
        for (number, point) in requests.enumerated() {
            guard let standing = left.last(where: { $0.time <= point.time }), case .counter(let value) = point.value
            else {
                Issue.record("nothing is left of look \(number)")
                continue
            }
            guard case .between(let low, let high) = standing.value else {
                #expect(standing.value == point.value)
                continue
            }
            #expect(low <= Double(value) && Double(value) <= high)
        }
    }

    @Test("What is older than a fortnight is thinned more, and lies within what is left of it; states and errors stay")
    func aged() async throws {
        let directory = try ScratchDirectory()
        var limits = HistoryKeeper.Limits()
        limits.batchesPerChunk = 1
        limits.sharpAge = .seconds(3 * 86_400)
        let keeper = try await keeper(directory.path, limits)
        let state = HistorySeries(source: "raid", component: ComponentID(.disk, "0"), signal: Signal("hw.status"))
        var dice = SplitMix(seed: 4)
        var (gauges, states) = ([] as [HistoryPoint], [] as [HistoryPoint])
        for day in 0..<10 {
            var batch = self.batch(day, at: Int64(day) * Self.day)
            let own = (0..<144).map { look in
                Timestamp(milliseconds: Int64(day) * Self.day + Int64(look) * 600_000)
            }
            batch.points[Self.temperature] = own.map {
                HistoryPoint(time: $0, value: .reading(Double(20 + dice.below(9))))
            }
            batch.points[state] = own.enumerated().map {
                HistoryPoint(time: $1, value: .state($0.isMultiple(of: 2) ? "ok" : "failed"))
            }
            gauges += batch.points[Self.temperature] ?? []
            states += batch.points[state] ?? []
            #expect(await keeper.keep(batch))
        }
        let history = try RecordedHistory(path: HistoryKeeper.path(in: directory.path), days: 90)
        func kept(_ series: HistorySeries) throws -> [HistoryPoint] {
            try history.points.filter { $0.series == series }.flatMap {
                try $0.bodies.flatMap { try HistoryPoints.points($0) }
            }
        }
        #expect(try kept(state) == states)
        let left = try kept(Self.temperature)
        let old = left.count { $0.time < Timestamp(milliseconds: 6 * Self.day) }
        #expect(old <= 6 * 5 && left.count - old == 4 * 144)
        for point in gauges {
            guard let standing = left.last(where: { $0.time <= point.time }), case .reading(let value) = point.value
            else { continue }
            switch standing.value {
            case .between(let low, let high): #expect(low <= value && value <= high)
            case .reading(let other): #expect(other == value)
            default: Issue.record("\(standing)")
            }
        }
    }

    @Test("Who writes and who reads do not keep each other out")
    func reader() async throws {
        let directory = try ScratchDirectory()
        let keeper = try await keeper(directory.path, HistoryKeeper.Limits())
        for number in 0..<20 {
            #expect(await keeper.keep(batch(number, at: Int64(number) * 900_000, .reading(Double(number)))))
            #expect(
                try RecordedHistory(path: HistoryKeeper.path(in: directory.path), days: 1).looks.count == number + 1)
        }
    }
}
