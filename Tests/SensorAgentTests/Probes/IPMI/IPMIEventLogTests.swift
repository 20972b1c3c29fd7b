import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Event log of a BMC")
struct IPMIEventLogTests {
    /// A log that hands out its records as a BMC does; record numbers start at 1.
    private struct MadeLog {
        var records: [(number: UInt16, bytes: [UInt8])] = []
        var erased: UInt32 = .max

        /// - Parameter data: event data 1: the offset.
        mutating func add(number: UInt16, seconds: UInt32, type: UInt8 = 0x0C, offset: UInt8 = 0) {
            let time = (0..<4).map { UInt8(seconds >> UInt32(8 * $0) & 0xFF) }
            records.append(
                (
                    number,
                    [UInt8(number & 0xFF), UInt8(number >> 8), 2] + time + [
                        0x20, 0, 4, type, 0x12, 0x6F, offset, 0xFF, 0xFF,
                    ]
                ))
        }

        func entry(_ number: UInt16) -> IPMIEventLogEntry? {
            let index =
                number == 0 ? 0 : number == 0xFFFF ? records.count - 1 : records.firstIndex { $0.number == number }
            guard let index, records.indices.contains(index) else { return nil }
            let next = index + 1 < records.count ? records[index + 1].number : 0xFFFF
            return IPMIEventLogEntry(
                parsing: [UInt8(next & 0xFF), UInt8(next >> 8)] + records[index].bytes)
        }

        func info() -> IPMIEventLogInfo {
            let erasure = (0..<4).map { UInt8(erased >> UInt32(8 * $0) & 0xFF) }
            let count = records.count
            return IPMIEventLogInfo(
                parsing: [0x51, UInt8(count & 0xFF), UInt8(count >> 8), 0, 0x10, 0, 0, 0, 0] + erasure + [0])!
        }

        /// One look; the cursor is what a restart would find again.
        func look(_ cursor: inout IPMICursor?, clock: UInt32? = nil) async throws -> IPMIEventLog {
            let log = try await IPMIEventLog(since: cursor, info: info(), clock: clock) { self.entry($0) }
            let stored = IPMICursor(last: log.last, erased: erased, seen: []).stored(for: "ipmi")
            cursor = IPMICursor(stored)
            return log
        }
    }

    private static let clock: UInt32 = 1_763_712_000

    @Test("each entry is told once, also after a restart")
    func once() async throws {
        var log = MadeLog()
        log.add(number: 1, seconds: Self.clock - 60)
        var cursor: IPMICursor?
        #expect(try await log.look(&cursor, clock: Self.clock).events.map(\.record) == [1])
        #expect(try await log.look(&cursor).events.isEmpty)
        log.add(number: 2, seconds: Self.clock + 60)
        log.add(number: 3, seconds: Self.clock + 61)
        #expect(try await log.look(&cursor).events.map(\.record) == [2, 3])
        #expect(try await log.look(&cursor).events.isEmpty)
    }

    @Test("of a log that is seen for the first time only the last day is told, by the BMC's own clock")
    func first() async throws {
        var log = MadeLog()
        // The BMC's clock is ten years behind.
        let clock = Self.clock - 315_360_000
        log.add(number: 1, seconds: clock - 90_000)
        log.add(number: 2, seconds: 17)
        log.add(number: 3, seconds: clock - 3_600)
        var cursor: IPMICursor?
        #expect(try await log.look(&cursor, clock: clock).events.map(\.record) == [3])
        #expect(try await log.look(&cursor).events.isEmpty)
    }

    @Test("entries after the log was cleared are told, though their numbers came before")
    func cleared() async throws {
        var log = MadeLog()
        for number in 1...5 { log.add(number: UInt16(number), seconds: Self.clock) }
        var cursor: IPMICursor?
        _ = try await log.look(&cursor, clock: Self.clock)
        log.records = []
        log.erased = Self.clock + 10
        #expect(try await log.look(&cursor).events.isEmpty)
        for number in 1...5 { log.add(number: UInt16(number), seconds: Self.clock + 20) }
        #expect(try await log.look(&cursor).events.map(\.record) == [1, 2, 3, 4, 5])
        log.records = []
        log.erased = Self.clock + 30
        log.add(number: 1, seconds: Self.clock - 500, offset: 1)
        #expect(try await log.look(&cursor).events.map(\.record) == [1])
    }

    @Test("in a log that went round only what is younger than the last told entry is told")
    func wentRound() async throws {
        var log = MadeLog()
        for number in 1...4 { log.add(number: UInt16(number), seconds: Self.clock + UInt32(number)) }
        var cursor: IPMICursor?
        _ = try await log.look(&cursor, clock: Self.clock + 5)
        // The cursor's own record was overwritten, an older one was not, and numbers began again.
        log.records.remove(at: 3)
        log.add(number: 1, seconds: Self.clock + 100)
        log.add(number: 4, seconds: Self.clock + 101)
        log.records.remove(at: 0)
        #expect(try await log.look(&cursor).events.compactMap(\.seconds) == [Self.clock + 100, Self.clock + 101])
        #expect(try await log.look(&cursor).events.isEmpty)
    }

    @Test("ten thousand new entries are told in bounded looks, each once")
    func flood() async throws {
        var log = MadeLog()
        log.add(number: 1, seconds: Self.clock)
        var cursor: IPMICursor?
        _ = try await log.look(&cursor, clock: Self.clock)
        for number in 2...10_001 { log.add(number: UInt16(number), seconds: Self.clock + UInt32(number)) }
        var told: [UInt16] = []
        var looks = 0
        repeat {
            let look = try await log.look(&cursor)
            #expect(look.events.count <= IPMIEventLog.recordsPerLook)
            told += look.events.map(\.record)
            looks += 1
            if !look.hasMore { break }
        } while looks < 1_000
        #expect(told == Array(2...10_001))
        #expect(looks == 100)
    }

    @Test("ten thousand entries of before the first look cost one look")
    func old() async throws {
        var log = MadeLog()
        for number in 1...10_000 { log.add(number: UInt16(number), seconds: Self.clock - 1_000_000 + UInt32(number)) }
        var cursor: IPMICursor?
        let look = try await log.look(&cursor, clock: Self.clock)
        #expect(look.events.isEmpty)
        #expect(!look.hasMore)
        log.add(number: 10_001, seconds: Self.clock)
        #expect(try await log.look(&cursor).events.map(\.record) == [10_001])
    }

    @Test("a BMC that names a record as its own next one holds nobody")
    func loop() async throws {
        var log = MadeLog()
        log.add(number: 1, seconds: Self.clock)
        let entry = try #require(log.entry(1))
        let look = try await IPMIEventLog(
            since: IPMICursor(last: "", erased: 0, seen: []), info: log.info(), clock: nil
        ) { _ in
            IPMIEventLogEntry(parsing: [1, 0] + entry.record)
        }
        #expect(look.events.map(\.record).allSatisfy { $0 == 1 })
        #expect(look.events.count <= 2)
    }

    @Test("a record tells the part, the state and the error in the catalogue's words")
    func meaning() throws {
        var memory = IPMISensor(name: "DIMM A1 ECC")
        memory.number = 0x12
        memory.type = IPMIStates.memory
        var log = MadeLog()
        log.add(number: 1, seconds: Self.clock, offset: 0)
        log.add(number: 2, seconds: Self.clock, offset: 5)
        log.add(number: 3, seconds: Self.clock, type: IPMIStates.watchdog, offset: 1)
        let events = log.records.compactMap { IPMIEvent(parsing: $0.bytes) }
        let signals = IPMIEventSignals(events, sensors: [memory], parts: IPMIParts(), at: BMC.now)
        let told = signals.observations.filter { $0.signal.name != "hw.event_log.entry" }
        #expect(
            told.map { "\($0.component) \($0.signal)" } == [
                "dimm:ipmi/DIMM A1 ECC hw.memory.error{error.type=\"corrected\"}",
                "dimm:ipmi/DIMM A1 ECC hw.memory.correction_limit", "board:main hw.watchdog",
            ])
        var result = ProbeResult()
        result.add(signals)
        #expect(BMC.objections(to: result) == [])
    }

    @Test("an event bears the time of its entry by the BMC's clock, and the look's where that cannot be")
    func times() throws {
        func time(_ seconds: UInt32, clock: UInt32?, oldest: Duration = IPMIEventSignals.oldestNews) -> Timestamp? {
            var log = MadeLog()
            log.add(number: 1, seconds: seconds, type: IPMIStates.watchdog, offset: 1)
            let events = log.records.compactMap { IPMIEvent(parsing: $0.bytes) }
            let signals = IPMIEventSignals(events, parts: IPMIParts(), clock: clock, oldest: oldest, at: BMC.now)
            return signals.observations.first { $0.signal.name == "hw.watchdog" }?.time
        }
        let now = UInt32(BMC.now.milliseconds / 1000)
        #expect(time(now - 90, clock: nil) == BMC.now - .seconds(90))
        // The BMC is seven hours ahead.
        #expect(time(now + 25_110, clock: now + 25_200) == BMC.now - .seconds(90))
        #expect(time(now + 90, clock: nil) == BMC.now)
        #expect(time(now - 400 * 86_400, clock: nil) == BMC.now)
        #expect(
            time(now - 400 * 86_400, clock: nil, oldest: IPMIEventSignals.anyAge) == BMC.now - .seconds(400 * 86_400))
        // Counted from the start of a BMC whose clock was not set.
        #expect(time(93, clock: now) == BMC.now)
    }

    @Test("what a tool prints as date and time is the event's time; a state bears the look's")
    func printedTimes() throws {
        let lines = [
            "   9 | 08/17/2019 | 02:31:44 | Watchdog2 #0x03 | Timer expired | Asserted",
            "   a | 08/17/19 | 02:31:44 UTC | Power Supply PS1 Status | Failure detected () | Asserted",
            "494 | Jul-09-2023 | 13:56:23 | System Chassis SysHealth_Stat | Chassis | Critical | transition to Critical",
            "  60 |  Pre-Init  |0000000093| System ACPI Power State ACPI_Stat | S0/G0: working | Asserted",
        ].compactMap { IPMIEvent(line: $0[...]) }
        #expect(lines.map(\.seconds) == [1_566_009_104, 1_566_009_104, 1_688_910_983, nil])
        let signals = IPMIEventSignals(lines, parts: IPMIParts(), oldest: IPMIEventSignals.anyAge, at: BMC.now)
        for observation in signals.observations {
            if case .state = observation.measurement { #expect(observation.time == BMC.now) }
        }
        let entries = signals.observations.filter { $0.signal.name == "hw.event_log.entry" }
        #expect(
            entries.map { $0.time == BMC.now ? nil : $0.time.milliseconds / 1000 } == [
                1_566_009_104, 1_566_009_104, 1_688_910_983, nil,
            ])
    }

    @Test(
        "RFC 3339 with and without zone and fraction; what is none, and clocks that were not set, are no time",
        arguments: [
            ("2024-03-01T10:00:00Z", 1_709_287_200 as UInt32?), ("2024-03-01T11:00:00+01:00", 1_709_287_200),
            ("2024-03-01T10:00:00.123Z", 1_709_287_200), ("2024-03-01T10:00:00.123+00:00", 1_709_287_200),
            ("2024-03-01T10:00:00", 1_709_287_200), ("1970-01-01T00:10:00Z", nil), ("", nil), ("2024-03-01", nil),
            ("2024-13-41T99:00:00Z", nil), ("2224-03-01T10:00:00Z", nil), ("garbage garbage garbage", nil),
        ])
    func writtenTimes(text: String, seconds: UInt32?) {
        #expect(LoggedTime.seconds(text) == seconds)
    }

    @Test("a thermal trip of before the restart counts though the processor is cool again")
    func tripped() throws {
        let event = try #require(
            IPMIEvent(parsing: [1, 0, 2, 0, 0, 0, 0x60, 0x20, 0, 4, 0x07, 0x40, 0x6F, 1, 0xFF, 0xFF]))
        var sensor = IPMISensor(name: "CPU1 Status")
        sensor.number = 0x40
        sensor.type = IPMIStates.processor
        sensor.reading = .discrete
        sensor.states = ["Presence detected"]
        var result = IPMISensorSignals([sensor], parts: IPMIParts(), at: BMC.now).result
        let signal = "hw.cpu.state{offset=\"thermal_trip\"}"
        #expect(BMC.measurement(result, "cpu:ipmi/1", signal) == .state("clear"))
        result.add(IPMIEventSignals([event], sensors: [sensor], parts: IPMIParts(), at: BMC.now))
        #expect(BMC.measurement(result, "cpu:ipmi/1", signal) == .state("asserted"))
    }

    @Test("of the entries on one lasting state the newest counts: a power supply that is well again has not failed")
    func lastingState() throws {
        let lines = ["Asserted", "Deasserted", "Asserted", "Deasserted"].enumerated().map { number, direction in
            "   \(number) | 08/17/2019 | 02:31:\(10 + number) | Power Supply PS1 Status | Failure detected () | \(direction)"
        }
        let events = lines.compactMap { IPMIEvent(line: $0[...]) }
        try #require(events.count == 4)
        let signals = IPMIEventSignals(events, parts: IPMIParts(), at: BMC.now)
        let states = signals.observations.filter { $0.signal == Signal("hw.psu.state", ["offset": "failure"]) }
        #expect(states.map(\.measurement) == [.state("clear")])
    }

    @Test("lines of both tools are read: type, sensor, state, direction")
    func lines() throws {
        let lines = [
            "   9 | 08/17/2019 | 02:31:44 | Power Supply PS1 Status | Failure detected () | Asserted",
            "  60 |  Pre-Init  |0000000093| System ACPI Power State ACPI_Stat | S0/G0: working | Asserted",
            "1,Pre-Init,0000024180,Memory #0x12,Correctable ECC,Asserted",
            "14   | PostInit    | PostInit | Disk Drive Bay 1 Cable SAS A | Cable/Interconnect | Critical | Configuration Error",
        ].map { IPMIEvent(line: $0[...]) }
        #expect(lines.map { $0?.name } == ["PS1 Status", "ACPI_Stat", nil, "Disk Drive Bay 1 Cable SAS A"])
        #expect(lines.map { $0?.type } == [0x08, 0x22, 0x0C, 0x1B])
        #expect(lines.map { $0?.offset } == [1, nil, 0, 1])
        #expect(lines.map { $0?.number } == [nil, nil, 0x12, nil])
        #expect(lines.map { $0?.record } == [9, 0x60, 1, 14])
        #expect(IPMIEvent(line: "FAN1 | 04h | ok | 29.4 | 5600 RPM") == nil)
    }

    @Test("an entry of a part without a name is about that part, by the number of its sensor")
    func unnamed() throws {
        let lines = [
            "   1 | 05/14/2026 | 20:40:26 | Processor #0x40 | Uncorrectable machine check exception | Asserted",
            "  23 | 11/11/2025 | 01:22:54 | Power Supply #0xc1 | Failure detected () | Asserted",
            "  43 | 03/06/2024 | 06:44:33 | Unknown #0x49 | State Deasserted | Asserted",
        ].compactMap { IPMIEvent(line: $0[...]) }
        let signals = IPMIEventSignals(lines, parts: IPMIParts(), oldest: IPMIEventSignals.anyAge, at: BMC.now)
        let result = ProbeResult(components: signals.components, observations: signals.observations)
        #expect(BMC.objections(to: result) == [])
        let check = "hw.cpu.state{offset=\"machine_check\"}"
        #expect(BMC.measurement(result, "cpu:ipmi/sensor_40h", check) == .state("asserted"))
        let failure = "hw.psu.state{offset=\"failure\"}"
        #expect(BMC.measurement(result, "psu:ipmi/sensor_c1h", failure) == .state("asserted"))
        #expect(result.observations.count == 5)
    }

    private func result(_ lines: String...) -> ProbeResult {
        let events = lines.compactMap { IPMIEvent(line: $0[...]) }
        let signals = IPMIEventSignals(events, parts: IPMIParts(), oldest: IPMIEventSignals.anyAge, at: BMC.now)
        return ProbeResult(components: signals.components, observations: signals.observations)
    }

    @Test(
        "the module that an entry's words name is the part, where its sensor is one of all modules",
        arguments: [
            ("Memory | Uncorrectable ECC (@DIMMG1(CPU2)) | Asserted", "dimm:ipmi/CPU2 DIMMG1"),
            ("Memory #0x02 | Uncorrectable ECC (UnCorrectable ECC |  DIMMB1) | Asserted", "dimm:ipmi/DIMMB1"),
            ("Memory ECC Uncorr Err | Uncorrectable ECC (DIMM_A3) | Asserted", "dimm:ipmi/DIMM_A3"),
            ("Memory Mem ECC Warning | Uncorrectable ECC (CPU 1 DIMM 4) | Asserted", "dimm:ipmi/CPU1 DIMM_4"),
            ("Memory Mem ECC | Uncorrectable ECC | Asserted", "memory_controller:ipmi/Mem ECC"),
        ])
    func modules(entry: String, part: String) {
        let told = result("   1 | 07/07/2023 | 22:00:01 | \(entry)")
        #expect(BMC.objections(to: told) == [])
        let errors = told.observations.filter { $0.signal.name == "hw.memory.error" }
        #expect(errors.map(\.component.rawValue) == [part])
    }

    @Test(
        "the card or slot that an entry's words name is the part",
        arguments: [
            (
                "Critical Interrupt #0x18 | PCI SERR (PCI SERR |PCI bus:3b device:00 function:1) | Asserted",
                "pcie_device:0000:3b:00.1"
            ),
            ("Critical Interrupt #0x18 | Bus Fatal Error (PCIe Error |Slot 3) | Asserted", "slot:ipmi/Slot 3"),
            ("Critical Interrupt | Bus Uncorrectable error (P2 SLOT3) | Asserted", "slot:ipmi/P2 SLOT3"),
            ("Critical Interrupt PCIe Err | Bus Fatal Error | Asserted", "slot:ipmi/PCI"),
        ])
    func cards(entry: String, part: String) {
        let told = result("   1 | 07/07/2023 | 22:00:01 | \(entry)")
        #expect(BMC.objections(to: told) == [])
        #expect(told.observations.filter { $0.signal.name == "hw.pcie.error" }.map(\.component.rawValue) == [part])
    }

    @Test("a processor whose number the entry does not bear is one of its own, and no board")
    func unnumberedProcessors() {
        let told = result(
            "   1 | 07/07/2023 | 22:00:01 | Processor CPU Machine Chk | Uncorrectable machine check exception | Asserted",
            "   2 | 07/07/2023 | 22:00:02 | Processor CPU Machine Chk | Uncorrectable machine check exception (CPU 2) | Asserted"
        )
        let check = "hw.cpu.state{offset=\"machine_check\"}"
        #expect(BMC.measurement(told, "cpu:ipmi/CPU Machine Chk", check) == .state("asserted"))
        #expect(BMC.measurement(told, "cpu:ipmi/2", check) == .state("asserted"))
    }

    @Test("of the entries on a redundancy the newest counts, and what ends is full again")
    func redundancies() {
        let lost = "   1 | 07/07/2023 | 22:00:01 | Power Supply PS Redundancy | Redundancy Lost | Asserted"
        let fans = "   2 | 07/07/2023 | 22:00:02 | Fan Fan Redundancy | Redundancy Lost | Asserted"
        let again = "   3 | 07/07/2023 | 22:00:03 | Power Supply PS Redundancy | Fully Redundant | Asserted"
        #expect(BMC.measurement(result(lost, fans), "chassis:main", "hw.psu.redundancy") == .state("lost"))
        #expect(BMC.measurement(result(lost, fans), "chassis:main", "hw.fan.redundancy") == .state("lost"))
        #expect(BMC.measurement(result(lost, fans, again), "chassis:main", "hw.psu.redundancy") == .state("full"))
        let over = lost.replacing("Asserted", with: "Deasserted").replacing("   1", with: "   4")
        #expect(BMC.measurement(result(lost, over), "chassis:main", "hw.psu.redundancy") == .state("full"))
    }

    @Test("what stands behind an entry's direction is its reading")
    func directions() throws {
        let line =
            "   8 | 03/14/2025 | 02:17:00 | Fan FAN3 | Lower Critical going low  | Deasserted | Reading 4200 > Threshold 300 RPM"
        let event = try #require(IPMIEvent(line: line[...]))
        #expect(!event.isAssertion)
        #expect(event.words == "Lower Critical going low")
    }

    @Test(
        "half days and the zones that are one zone alone are read",
        arguments: [
            ("01:22:53 PM WET", 1_762_867_373 as UInt32?), ("01:22:53 AM WET", 1_762_824_173),
            ("12:00:00 AM", 1_762_819_200), ("12:00:00 PM", 1_762_862_400), ("13:22:53 CET", 1_762_863_773),
            ("13:22:53 CST", 1_762_867_373), ("13:00:00 PM", nil),
        ])
    func halfDays(time: String, seconds: UInt32?) {
        #expect(LoggedTime.seconds(date: "11/11/2025", time: time[...]) == seconds)
    }
}
