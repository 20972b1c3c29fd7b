import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("What no sensor can show")
struct PlausibleRangeTests {
    /// A probe that reads what it is told.
    private struct MadeUp: Probe {
        let name = "made-up"
        let interval = Duration.seconds(60)
        let deadline = Duration.seconds(5)
        var readings: [(component: String, signal: Signal, value: Double)]
        static var declaration: ProbeDeclaration { ChipSensorProbe.declaration }

        func observe(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult {
            ProbeResult(
                observations: readings.map {
                    Observation(
                        component: ComponentID(rawValue: $0.component), signal: $0.signal,
                        measurement: .reading($0.value), time: time)
                })
        }
    }

    private func look(_ component: String, _ signal: Signal, _ value: Double) async throws -> ProbeResult {
        try await MadeUp(readings: [(component, signal, value)]).look(at: BMC.now, since: nil)
    }

    @Test(
        "ends of registers and what no part survives are no readings, whichever probe read them",
        arguments: [
            ("temperature:a", "hw.temperature", -273.15), ("temperature:a", "hw.temperature", -128),
            ("temperature:a", "hw.temperature", 127), ("temperature:a", "hw.temperature", 3_892_314),
            ("disk:a", "hw.temperature", 0), ("fan:a", "hw.fan.speed", 65_535), ("power:a", "hw.power", 4_294_967.295),
            ("power:a", "hw.power", 65_535), ("current:a", "hw.current", 4_294_967), ("humidity:a", "hw.humidity", 255),
            ("voltage:a", "hw.voltage", 65_535), ("ups:a", "hw.ups.input_voltage", 2_320),
            ("ups:a", "hw.ups.load", 5_620), ("ups_battery:a", "hw.battery.time_left", 65_535),
            ("ups_battery:a", "hw.battery.time_left", -60), ("ups_battery:a", "hw.battery.charge", 2.55),
            ("psu:a", "hw.psu.input_voltage", 65_535), ("disk:a", "hw.physical_disk.spare", 2.55),
        ])
    func placeholders(component: String, signal: String, value: Double) async throws {
        let result = try await look(component, Signal(signal), value)
        #expect(result.observations.map(\.measurement) == [.unavailable(.notPlausible)])
        // Whoever asks the probe sees what was read.
        #expect(result.asRead.map(\.value) == [value] && result.asRead.first?.source == signal)
    }

    @Test(
        "what a part can show stays a reading, however bad it is",
        arguments: [
            ("temperature:a", "hw.temperature", 126.0), ("temperature:a", "hw.temperature", 0),
            ("temperature:a", "hw.temperature", -40), ("disk:a", "hw.temperature", 1), ("fan:a", "hw.fan.speed", 0),
            ("fan:a", "hw.fan.speed", 38_000), ("power:a", "hw.power", 0), ("voltage:a", "hw.voltage", -12),
            ("ups:a", "hw.ups.input_voltage", 0), ("ups:a", "hw.ups.load", 1.4),
            ("ups_battery:a", "hw.battery.time_left", 65_534), ("disk:a", "hw.physical_disk.endurance_used", 2.55),
            ("chip:a", "hw.sensor.other", 1e12),
        ])
    func readings(component: String, signal: String, value: Double) async throws {
        let result = try await look(component, Signal(signal), value)
        #expect(result.observations.map(\.measurement) == [.reading(value)] && result.asRead.isEmpty)
    }

    @Test("a limit at a register's end is one that nobody set")
    func limits() async throws {
        for (signal, value) in [
            ("hw.temperature.limit", -273.15), ("hw.temperature.limit", 65_261), ("hw.fan.speed.limit", 65_535),
            ("hw.power.limit", 4_294_967),
        ] {
            let labelled = Signal(signal, ["limit_type": "high.critical"])
            let result = try await look("chip:a", labelled, value)
            #expect(result.observations.map(\.measurement) == [.unavailable(.unset)], "\(signal)")
        }
    }

    @Test("the schedule's looks and those of the command line go through the same door")
    func deadline() async throws {
        let probe = MadeUp(readings: [("fan:a", Signal("hw.fan.speed"), 65_535)])
        guard case .success(let result) = await probe.observeWithinDeadline(at: BMC.now, since: nil) else {
            Issue.record("it was not read")
            return
        }
        #expect(result.observations.map(\.measurement) == [.unavailable(.notPlausible)])
    }

    @Test("every row is a signal of the catalogue that is a gauge")
    func rows() {
        for name in PlausibleRange.names {
            #expect(SignalCatalogue.entry(named: name)?.kind == .gauge, "\(name)")
        }
    }
}
