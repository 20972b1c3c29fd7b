import Foundation
import Reports
import Testing

@testable import SensorAgent

/// ipmitool against OpenIPMI's simulated BMC over loopback (RMCP+): a real conversation with no recording in between.
@Suite("A simulated BMC", .enabled(if: isInstalled("ipmi_sim") && isInstalled("ipmitool")), .serialized)
struct IPMISimulatorTests {
    /// One temperature with limits, and the state of a power supply: full and compact sensor records (sections 43.1, 43.2).
    private static let emulation: String = {
        func name(_ text: String) -> [UInt8] { [0xC0 | UInt8(text.utf8.count)] + Array(text.utf8) }
        let temperature: [UInt8] =
            [
                0x20, 0, 1, 3, 1, 0x7F, 0x68, 1, 1, 0x80, 0x02, 0x80, 0x02, 0x18, 0x18, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
                0, 0,
            ]
            + [0, 255, 0, 0, 95, 85, 0, 0, 0, 1, 1, 0, 0, 0] + name("CPU1 Temp")
        let supply: [UInt8] =
            [
                0x20, 0, 16, 10, 1, 0x67, 0x40, 8, 0x6F, 0xFF, 0x0F, 0xFF, 0x0F, 0xFF, 0x0F, 0xC0, 0, 0, 1, 0, 0, 0, 0,
                0, 0, 0,
            ]
            + name("PS1 Status")
        return """
            sensor_add 0x20 0 1 0x01 0x01
            sensor_set_value 0x20 0 1 45 0
            sensor_set_threshold 0x20 0 1 settable 011000 0 95 85 0 0 0
            sensor_set_event_support 0x20 0 1 enable scanning per-state 000000000000000 000000000000000 000000000000000 000000000000000
            \(SimulatedBMC.add(record: temperature, type: 1))
            sensor_add 0x20 0 16 0x08 0x6f
            sensor_set_event_support 0x20 0 16 enable scanning per-state 000111111111111 000111111111111 000111111111111 000111111111111
            sensor_set_bit 0x20 0 16 0 1 0
            sensor_set_bit 0x20 0 16 3 1 0
            \(SimulatedBMC.add(record: supply, type: 2))
            """
    }()

    @Test("sensors with limits, states and the event log come over the wire, each entry once")
    func conversation() async throws {
        let scratch = try ScratchFolder()
        let simulator = try await SimulatedBMC(sensors: Self.emulation, in: scratch)
        let connection = simulator.connection
        let probe = IPMIProbe(
            tree: SysTree(root: scratch.url.path), cacheDirectory: scratch.url.path, connection: connection)
        let first = try await probe.observe(at: BMC.now, since: nil)
        #expect(BMC.objections(to: first) == [])
        #expect(BMC.measurement(first, "temperature:ipmi/CPU1 Temp", "hw.temperature") == .reading(45))
        let limit = "hw.temperature.limit{limit_type=\"high.critical\"}"
        #expect(BMC.measurement(first, "temperature:ipmi/CPU1 Temp", limit) == .reading(95))
        #expect(BMC.measurement(first, "psu:ipmi/1", "hw.psu.state{offset=\"input_lost\"}") == .state("asserted"))
        #expect(BMC.measurement(first, "psu:ipmi/1", "hw.psu.state{offset=\"failure\"}") == .state("clear"))
        #expect(BMC.measurement(first, "board:main", "hw.event_log.used") == .reading(0))
        // A power supply fails, and a correctable memory error is logged.
        try scratch.write(
            "events", "0x04 0x0c 0x12 0x6f 0xa0 0x01 0x02 # memory\n0x04 0x08 0x10 0x6f 0x01 0xff 0xff # psu\n")
        try await run("ipmitool", connection + ["sel", "add", scratch.url.appending(path: "events").path])
        let second = try await probe.observe(at: BMC.now + .seconds(60), since: first.cursor)
        #expect(BMC.measurement(second, "psu:ipmi/1", "hw.psu.state{offset=\"failure\"}") == .state("asserted"))
        #expect(second.observations.filter { $0.signal.name == "hw.memory.error" }.count == 1)
        let restarted = IPMIProbe(
            tree: SysTree(root: scratch.url.path), cacheDirectory: scratch.url.path, connection: connection)
        let third = try await restarted.observe(at: BMC.now + .seconds(120), since: second.cursor)
        #expect(!third.observations.contains { $0.signal.name == "hw.event_log.entry" })
        // The BMC is gone: the look fails, and nothing is told to be well.
        simulator.stop()
        await #expect(throws: ProbeError.self) {
            try await restarted.observe(at: BMC.now + .seconds(180), since: third.cursor)
        }
    }

    /// Sensors of all formats, linearizations and kinds of states, each with a raw reading or bits.
    private static let variety: (bodies: [(type: UInt8, body: [UInt8])], lines: [String]) = {
        var bodies: [(type: UInt8, body: [UInt8])] = []
        var lines: [String] = []
        let mask = Array(repeating: "111111111111111", count: 4).joined(separator: " ")
        func add(_ body: [UInt8], _ kind: UInt8, _ set: [String]) {
            let number = body[2]
            lines.append("sensor_add 0x20 0 \(number) \(body[7]) \(body[8])")
            lines.append("sensor_set_event_support 0x20 0 \(number) enable scanning per-state \(mask)")
            lines += set + [SimulatedBMC.add(record: body, type: kind)]
            bodies.append((kind, body))
        }
        var number: UInt8 = 1
        func measure(
            _ raw: Int, m: Int, b: Int = 0, k1: Int = 0, k2: Int = 0, format: UInt8 = 0, _ linearization: UInt8 = 0,
            unit: UInt8 = 4
        ) {
            let body = MadeSensorRecord.full(
                "A\(number)", number: number, m: m, b: b, k1: k1, k2: k2, format: format, linearization: linearization,
                unit: unit)
            add(body, 1, ["sensor_set_value 0x20 0 \(number) \(raw) 0"])
            number += 1
        }
        for linearization: UInt8 in 0...11 { measure(9, m: 3, b: 7, k1: -1, k2: -1, linearization) }
        measure(201, m: 6, k2: -2)
        measure(7, m: -512, b: 511, k1: 2, k2: -4, unit: 18)
        measure(200, m: 1, b: -100, format: 1, unit: 1)
        measure(200, m: 1, b: -100, format: 2, unit: 2)
        measure(0x80, m: 511, b: -512, k1: 1, k2: -3, format: 2, unit: 6)
        let states: [(UInt8, UInt8, [Int])] = [
            (0x08, 0x6F, [0, 3, 7]), (0x07, 0x6F, [7, 12]), (0x0C, 0x6F, []), (0x0D, 0x6F, [0, 1, 8]),
            (0x29, 0x6F, [1]), (0x09, 0x0B, [1]), (0x0A, 0x07, [2, 8]), (0x21, 0x08, [1]), (0xC1, 0x70, [0, 1]),
        ]
        for (type, eventType, offsets) in states {
            add(
                MadeSensorRecord.compact("D\(number)", number: number, type: type, eventType: eventType), 2,
                offsets.map { "sensor_set_bit 0x20 0 \(number) \($0) 1 0" })
            number += 1
        }
        return (bodies, lines)
    }()

    @Test("values and states out of raw bytes are those that ipmitool shows for the same BMC")
    func sameAsIpmitool() async throws {
        let scratch = try ScratchFolder()
        let simulator = try await SimulatedBMC(sensors: Self.variety.lines.joined(separator: "\n"), in: scratch)
        let connection = simulator.connection
        let dump = scratch.url.appending(path: "dump.sdr").path
        try await run("ipmitool", connection + ["sdr", "dump", dump])
        let records = IPMISensorRecord.records(in: Array(try Data(contentsOf: URL(filePath: dump))))
        #expect(records == Self.variety.bodies.compactMap { IPMISensorRecord(type: $0.type, body: $0.body) })
        let (_, list) = try await run("ipmitool", connection + ["-S", dump, "-v", "sdr", "list", "all"])
        let listed = try IPMISensorOutput(parsing: Array(list)).sensors
        let joined = IPMISensorRecord.joined(records, with: listed)
        #expect(listed.count == Self.variety.bodies.count && !joined.contains(nil))
        let (_, rows) = try await run("ipmitool", connection + ["-S", dump, "-c", "sdr", "elist", "all"])
        let shown = try #require(IPMISensorOutput.reading(Array(rows), of: listed))
        let channel = IPMIToolChannel(tool: Tool(named: "ipmitool"), connection: connection, deadline: .seconds(40))
        let read = try await IPMISensorReader(channel: channel).readings(of: listed, joined)
        var compared = 0
        for (own, theirs) in zip(read, shown) {
            #expect(own.status == theirs.status, "\(own.name)")
            #expect(own.states == theirs.states, "\(own.name)")
            if case .value(let value, let unit) = own.reading, case .value(let printed, let word) = theirs.reading {
                #expect(abs(value - printed) <= 0.000_5 + 1e-9 * abs(printed) && unit == word, "\(own.name)")
            } else {
                #expect(own.reading == theirs.reading, "\(own.name)")
            }
            compared += 1
        }
        print("ipmi: \(compared) sensors compared with ipmitool's reading of them")
        #expect(compared == 26)
    }
}
