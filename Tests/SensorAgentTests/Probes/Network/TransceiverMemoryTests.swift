import Foundation
import Reports
import Testing

@testable import SensorAgent

/// Memories made after the tables of the standards, with values worked out by hand.
@Suite("Memory of network modules")
struct TransceiverMemoryTests {
    private static func put(_ text: String, _ range: Range<Int>, _ bytes: inout [UInt8]) {
        let padded = Array(text.utf8) + [UInt8](repeating: 0x20, count: 64)
        bytes.replaceSubrange(range, with: padded.prefix(range.count))
    }

    private static func put(_ number: UInt16, _ offset: Int, _ bytes: inout [UInt8]) {
        bytes[offset] = UInt8(number >> 8)
        bytes[offset + 1] = UInt8(number & 0xFF)
    }

    private static func sum(_ range: ClosedRange<Int>, _ place: Int, _ bytes: inout [UInt8]) {
        bytes[place] = bytes[range].reduce(0) { $0 &+ $1 }
    }

    /// SFF-8472: 25.5 °C, 3.3 V, 6 mA, sends 0.5 mW, receives 0.01 mW with its low flags set.
    static func sfp() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        bytes[0] = 0x03
        put("FINISAR CORP.", 20..<36, &bytes)
        put("FTLX8574D3BCL", 40..<56, &bytes)
        put("UUP0VEZ", 68..<84, &bytes)
        put("150313", 84..<92, &bytes)
        bytes[92] = 0x68  // measures, calibrated inside, average power
        bytes[93] = 0xF0
        sum(0...62, 63, &bytes)
        for (index, value) in [0x5A00, 0xF600, 0x5500, 0xFB00].enumerated() {
            put(UInt16(value), 256 + 2 * index, &bytes)
        }
        put(0x1980, 256 + 96, &bytes)
        put(33_000, 256 + 98, &bytes)
        put(3_000, 256 + 100, &bytes)
        put(5_000, 256 + 102, &bytes)
        put(100, 256 + 104, &bytes)
        bytes[256 + 113] = 0x40
        bytes[256 + 117] = 0x40
        return bytes
    }

    /// SFF-8636: 40 °C, 3.25 V, lane 3 dark, the high temperature warning set.
    static func qsfp() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 640)
        bytes[0] = 0x11
        bytes[128] = 0x11
        put("Mellanox", 148..<164, &bytes)
        put("MMA1B00-C100D", 168..<184, &bytes)
        put("MT1912FT00001", 196..<212, &bytes)
        bytes[220] = 0x0C
        sum(128...190, 191, &bytes)
        put(0x2800, 22, &bytes)
        put(32_500, 26, &bytes)
        for lane in 0..<4 {
            put(lane == 2 ? 0 : 10_000, 34 + 2 * lane, &bytes)
            put(3_250, 42 + 2 * lane, &bytes)
            put(7_943, 50 + 2 * lane, &bytes)
        }
        bytes[6] = 0x20
        bytes[10] = 0x40  // lane 3: receives too little
        put(0x4B00, 512, &bytes)
        return bytes
    }

    /// CMIS: 50 °C, two lanes, bias in steps of 4 µA, the second lane sends too little.
    static func cmis() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: TransceiverMemory.page(0x11) + 128)
        bytes[0] = 0x18
        bytes[1] = 0x40
        bytes[88] = 0x22
        bytes[9] = 0x04
        put("ACME OPTICS", 129..<145, &bytes)
        put("QDD-400G", 148..<164, &bytes)
        put("AC0001", 166..<182, &bytes)
        sum(128...221, 222, &bytes)
        put(0x3200, 14, &bytes)
        put(33_100, 16, &bytes)
        bytes[TransceiverMemory.page(1) - 128 + 160] = 0x08
        let lanes = TransceiverMemory.page(0x11) - 128
        for lane in 0..<2 {
            put(12_589, lanes + 154 + 2 * lane, &bytes)
            put(10_000, lanes + 170 + 2 * lane, &bytes)
            put(6_310, lanes + 186 + 2 * lane, &bytes)
        }
        bytes[lanes + 140] = 0x02
        bytes[lanes + 149] = 0x80  // a lane that is not used
        return bytes
    }

    @Test("an SFP is read as SFF-8472 lays it out")
    func readsSFP() throws {
        let module = try TransceiverMemory(Self.sfp()).transceiver()
        #expect(module.part.manufacturer == "FINISAR CORP.")
        #expect(module.part.partNumber == "FTLX8574D3BCL")
        #expect(module.part.serial == "UUP0VEZ")
        #expect(module.temperature == 25.5)
        #expect(module.voltage == 3.3)
        #expect(module.lanes == [.init(received: 0.01, sent: 0.5, bias: 0.006)])
        #expect(module.alarms.count == 20)
        #expect(module.alarms.filter(\.value).keys.sorted() == ["rx_power.low.alarm", "rx_power.low.warning"])
        #expect(module.limits["temperature.high.alarm"] == 90)
        #expect(module.limits["temperature.low.alarm"] == -10)
        #expect(module.limits["rx_power.low.alarm"] == nil)
    }

    @Test("a QSFP is read as SFF-8636 lays it out, and a dark lane is -40 dBm")
    func readsQSFP() throws {
        let module = try TransceiverMemory(Self.qsfp()).transceiver()
        #expect(module.form == "QSFP28")
        #expect(module.part.serial == "MT1912FT00001")
        #expect(module.temperature == 40)
        #expect(module.voltage == 3.25)
        #expect(module.lanes.map(\.bias) == [0.0065, 0.0065, 0.0065, 0.0065])
        #expect(module.alarms.filter(\.value).keys.sorted() == ["rx_power.low.alarm", "temperature.high.warning"])
        #expect(module.limits["temperature.high.alarm"] == 75)
        let powers = module.observations(of: ComponentID(.optic, "x"), at: Timestamp(seconds: 0))
            .filter { $0.signal.name == "hw.optic.rx_power" }.map(\.measurement)
        #expect(powers == [.reading(0), .reading(0), .reading(-40), .reading(0)])
    }

    @Test("a QSFP-DD is read as CMIS lays it out, with its lanes in use alone")
    func readsCMIS() throws {
        let module = try TransceiverMemory(Self.cmis()).transceiver()
        #expect(module.form == "QSFP-DD")
        #expect(module.part.partNumber == "QDD-400G")
        #expect(module.temperature == 50)
        #expect(
            module.lanes == [Transceiver.Lane](repeating: .init(received: 0.631, sent: 1.2589, bias: 0.04), count: 2))
        #expect(module.alarms.filter(\.value).keys.sorted() == ["temperature.high.warning", "tx_power.low.alarm"])
    }

    private func alarms(_ module: Transceiver) -> [String: Reports.Measurement] {
        let told = module.observations(of: ComponentID(.optic, "x"), at: Timestamp(seconds: 0))
            .filter { $0.signal.name == "hw.optic.alarm" }
        return Dictionary(
            told.map { ($0.signal[label: "alarm"] ?? "", $0.measurement) }, uniquingKeysWith: { first, _ in first })
    }

    @Test("a laser that gets no current is off: that it sends nothing is no alarm, what it receives may be one")
    func laserOff() throws {
        var bytes = Self.sfp()
        Self.put(0, 256 + 100, &bytes)
        Self.put(0, 256 + 102, &bytes)
        bytes[256 + 112] = 0x05  // bias and sent power are low
        var told = alarms(try TransceiverMemory(bytes).transceiver())
        #expect(told["tx_power.low.alarm"] == .unavailable(.notSupported))
        #expect(told["bias.low.alarm"] == .unavailable(.notSupported))
        #expect(told["rx_power.low.alarm"] == .state("asserted"))
        #expect(told["tx_power.high.alarm"] == .state("clear"))
        // One that is driven and sends nothing fails.
        Self.put(3_000, 256 + 100, &bytes)
        told = alarms(try TransceiverMemory(bytes).transceiver())
        #expect(told["tx_power.low.alarm"] == .state("asserted"))
    }

    @Test("of several lanes those whose lasers are off raise no alarm of the module")
    func laneOff() throws {
        var bytes = Self.qsfp()
        Self.put(0, 42 + 2, &bytes)
        Self.put(0, 50 + 2, &bytes)
        bytes[11] = 0x04  // lane 2: bias is low
        bytes[13] = 0x04  // lane 2: it sends too little
        #expect(alarms(try TransceiverMemory(bytes).transceiver())["tx_power.low.alarm"] == .state("clear"))
        bytes[13] = 0x44  // lane 1 as well
        #expect(alarms(try TransceiverMemory(bytes).transceiver())["tx_power.low.alarm"] == .state("asserted"))
    }

    @Test("lanes beyond those of the first application are read where they work")
    func moreLanes() throws {
        var bytes = Self.cmis()
        bytes[88] = 0x11
        let lanes = TransceiverMemory.page(0x11) - 128
        for lane in 0..<8 { Self.put(5_000, lanes + 186 + 2 * lane, &bytes) }
        #expect(try TransceiverMemory(bytes).transceiver().lanes.count == 8)
    }

    @Test("ethtool's text begins with a tabulator, and is a text all the same")
    func tabulator() throws {
        let text =
            "\tIdentifier                                : 0x03 (SFP)\n\tVendor SN                : S1\n"
            + "\tLaser bias current                        : 6.000 mA\n"
            + "\tReceiver signal average optical power     : 0.0005 mW / -33.01 dBm\n"
        let result = try NetworkToolOutput(parsing: Array(text.utf8)).result(at: Timestamp(seconds: 0))
        #expect(result.components.first?.part.serial == "S1")
        let power = result.observations.first { $0.signal.name == "hw.optic.rx_power" }?.measurement
        #expect(power == .reading(-33.01))
    }

    @Test("a module that leaves its calibration to the reader is calibrated")
    func calibration() throws {
        var bytes = Self.sfp()
        bytes[92] = 0x58
        Self.put(0x0200, 256 + 84, &bytes)  // temperature: twice, and 1/256 °C more
        Self.put(1, 256 + 86, &bytes)
        Self.put(0x0080, 256 + 76, &bytes)  // bias: half
        bytes.replaceSubrange((256 + 68)..<(256 + 72), with: [0x40, 0x00, 0x00, 0x00])  // received: 2.0 × raw
        let module = try TransceiverMemory(bytes).transceiver()
        #expect(module.temperature == 51.00390625)
        #expect(module.lanes.first?.bias == 0.003)
        #expect(module.lanes.first?.received == 0.02)
    }

    @Test("copper, and a module that is not ready, tell what they are and measure nothing")
    func withoutMeasurements() throws {
        var copper = Self.qsfp()
        for index in 3..<58 { copper[index] = 0 }
        #expect(try TransceiverMemory(copper).transceiver().temperature == nil)
        #expect(try TransceiverMemory(copper).transceiver().alarms.isEmpty)
        var early = Self.sfp()
        early[256 + 110] = 0x01
        #expect(try TransceiverMemory(early).transceiver().lanes.isEmpty)
        #expect(try TransceiverMemory(Array(Self.sfp()[..<256])).transceiver().part.serial == "UUP0VEZ")
    }

    @Test("what is cut, of unknown kind or damaged is refused, wherever it is cut")
    func refusals() throws {
        #expect(throws: TransceiverMemory.Refusal.self) { try TransceiverMemory([]).transceiver() }
        #expect(throws: TransceiverMemory.Refusal.self) {
            try TransceiverMemory([UInt8](repeating: 0xFF, count: 512)).transceiver()
        }
        for memory in [Self.sfp(), Self.qsfp(), Self.cmis()] {
            for length in stride(from: 0, through: memory.count, by: 7) {
                // A cut memory is refused or tells less; it never traps.
                _ = try? TransceiverMemory(Array(memory[..<length])).transceiver()
            }
            var damaged = memory
            damaged[memory[0] == 0x03 ? 20 : 150] ^= 0x01
            #expect(throws: TransceiverMemory.Refusal.self) { try TransceiverMemory(damaged).transceiver() }
        }
    }
}
