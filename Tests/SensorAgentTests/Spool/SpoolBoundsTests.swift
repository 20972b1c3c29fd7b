import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Spool bounds")
struct SpoolBoundsTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private func samples(_ count: Int, at moment: Moment) -> [SampleAggregate] {
        (0..<count).map { number in
            SampleAggregate(
                component: ComponentID(.temperature, "chip/temp\(number)"), signal: Signal("hw.temperature"),
                from: moment.time - .seconds(300), through: moment.time, count: 30, minimum: 1, maximum: 3, mean: 2,
                last: 2)
        }
    }

    @Test("Samples go first, then telemetry as one signed admission, faults never")
    func order() async throws {
        let limits = Spool.Limits(bytes: 200_000)
        let spool = try await SpoolFixture.open(directory.path, limits: limits)
        for number in 0..<20 {
            try await spool.commit(
                [SpoolFixture.change("\(number)")], states: [], cursors: [], at: SpoolFixture.moment())
        }
        var sawSamplesGoAlone = false
        for span in 1...200 {
            let moment = SpoolFixture.moment(Int64(span) * 300)
            try await spool.append(samples: samples(50, at: moment), at: moment)
            let history = try await spool.history(
                of: ComponentID(.temperature, "chip/temp0"), Signal("hw.temperature"), since: SpoolFixture.start)
            let dropped = try await SpoolFixture.reports(spool, .telemetry).contains { $0.content.kind == "dropped" }
            if history.count < span, !dropped { sawSamplesGoAlone = true }
            #expect(try await spool.usedBytes() <= limits.bytes)
        }
        #expect(sawSamplesGoAlone)
        let telemetry = try await SpoolFixture.reports(spool, .telemetry)
        #expect(telemetry.first?.position.first == 1)
        #expect(telemetry.first?.content == .dropped(Dropped(reason: "spool-full")))
        #expect(telemetry.dropFirst().allSatisfy { $0.content.kind == "samples" })
        for (earlier, later) in zip(telemetry, telemetry.dropFirst()) {
            #expect(later.position.first == earlier.position.sequence + 1)
        }
        #expect(telemetry.last?.position.sequence == 200)
        #expect(try await SpoolFixture.reports(spool, .faults).count == 20)
    }

    @Test("A spool that holds nothing but faults refuses telemetry in words and still takes faults")
    func onlyFaults() async throws {
        let limits = Spool.Limits(bytes: 120_000)
        let spool = try await SpoolFixture.open(directory.path, limits: limits)
        for number in 0..<120 {
            try await spool.commit(
                [SpoolFixture.change("\(number)")], states: [], cursors: [], at: SpoolFixture.moment())
        }
        await #expect(throws: SpoolError.self) {
            try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment())
        }
        try await spool.commit([SpoolFixture.change("last")], states: [], cursors: [], at: SpoolFixture.moment())
        #expect(try await spool.counts() == [.faults: 121, .telemetry: 0])
    }

    @Test("Telemetry and samples past their age go; the admission names what is missing")
    func age() async throws {
        var limits = Spool.Limits()
        limits.telemetryAge = .seconds(600)
        limits.sampleAge = .seconds(600)
        let spool = try await SpoolFixture.open(directory.path, limits: limits)
        for span in 0...4 {
            let moment = SpoolFixture.moment(Int64(span) * 300)
            try await spool.append(samples: samples(1, at: moment), at: moment)
        }
        let telemetry = try await SpoolFixture.reports(spool, .telemetry)
        #expect(telemetry.map(\.position.sequence) == [2, 3, 4, 5])
        #expect(telemetry.first?.position.first == 1)
        #expect(telemetry.first?.content == .dropped(Dropped(reason: "spool-age")))
        let history = try await spool.history(
            of: ComponentID(.temperature, "chip/temp0"), Signal("hw.temperature"), since: SpoolFixture.start)
        #expect(history.map(\.through) == [2, 3, 4].map { SpoolFixture.moment($0 * 300).time })
    }

    @Test("History keeps a signal that could not be read, with its reason and no value")
    func unavailableIsKept() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        var history = SampleHistory()
        let component = ComponentID(.temperature, "chip/temp1")
        history.record([
            Observation(
                component: component, signal: Signal("hw.temperature"), measurement: .unavailable(.readError),
                time: SpoolFixture.start)
        ])
        let taken = history.take(from: SpoolFixture.start, through: SpoolFixture.moment(300).time)
        try await spool.append(samples: taken, at: SpoolFixture.moment(300))
        let kept = try await spool.history(of: component, Signal("hw.temperature"), since: SpoolFixture.start)
        #expect(kept == taken)
        #expect(kept.first?.unavailable == "readError" && kept.first?.count == 0 && kept.first?.mean == nil)
    }
}
