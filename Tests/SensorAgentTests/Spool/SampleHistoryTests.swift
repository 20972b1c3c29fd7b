import Reports
import Testing

@testable import SensorAgent

@Suite("Sample history")
struct SampleHistoryTests {
    private let component = ComponentID(.temperature, "chip/temp1")
    private let start = SpoolFixture.start

    private func observation(_ measurement: Measurement, _ signal: Signal = Signal("hw.temperature")) -> Observation {
        Observation(component: component, signal: signal, measurement: measurement, time: start)
    }

    @Test("A span becomes count, least, greatest, mean and last of each signal")
    func aggregate() throws {
        var history = SampleHistory()
        history.record([2, 8, 5].map { observation(.reading($0)) })
        let sample = try #require(history.take(from: start, through: start + .seconds(300)).first)
        #expect(sample.count == 3 && sample.minimum == 2 && sample.maximum == 8 && sample.mean == 5 && sample.last == 5)
        #expect(sample.unavailable == nil)
        #expect(history.take(from: start, through: start).isEmpty)
    }

    @Test("A state keeps its last word; an event is no sample")
    func words() {
        var history = SampleHistory()
        history.record([
            observation(.state("ok"), Signal("hw.status")), observation(.state("degraded"), Signal("hw.status")),
            observation(.event("something"), Signal("hw.gpu.xid", ["xid": "79"])),
        ])
        let samples = history.take(from: start, through: start)
        #expect(samples.map(\.state) == ["degraded"])
        #expect(samples.map(\.count) == [2])
    }

    @Test("A limit that stays as it is, is said once an hour; one that changes, at once")
    func limits() {
        var history = SampleHistory()
        let limit = Signal("hw.temperature.limit", ["limit_type": "high.critical"])
        var said: [Int64] = []
        for (span, value) in [(0, 90.0), (300, 90), (600, 95), (900, 95), (4_300, 95)] {
            history.record([observation(.reading(value), limit)])
            let at = start + .seconds(span)
            if !history.take(from: at, through: at).isEmpty { said.append(Int64(span)) }
        }
        #expect(said == [0, 600, 4_300])
    }

    @Test("Signals past the limit are counted and left out")
    func seriesLimit() {
        var history = SampleHistory()
        history.record(
            (0...SampleHistory.seriesLimit).map {
                Observation(
                    component: ComponentID(.disk, "\($0)"), signal: Signal("hw.temperature"), measurement: .reading(1),
                    time: start)
            })
        #expect(history.ignored == 1)
        #expect(history.take(from: start, through: start).count == SampleHistory.seriesLimit)
    }
}
