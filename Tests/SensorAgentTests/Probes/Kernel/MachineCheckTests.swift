import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Machine checks, firmware's records and trace events")
struct MachineCheckTests {
    private func facts(_ text: String) -> [KernelFact] {
        var reading = KernelLogReading(table: KernelMessageTable())
        for line in text.utf8.split(separator: 0x0A) {
            if let message = KernelMessage(line: line) { reading.take(message) }
        }
        reading.finish()
        return reading.facts
    }

    @Test(
        "what holds no line of a trace is none, and says so; a trace without events is one",
        arguments: [
            ("", 65), ("hello world\n", 65), ("<html></html>\n", 65), ("[    1.000000] Linux version 6.1\n", 65),
            ("# tracer: nop\n#\n", 0),
        ])
    func foreign(text: String, code: Int32) async throws {
        let scratch = try ScratchFolder()
        try scratch.write("file", text)
        let probe = MachineCheckProbe(
            tree: SysTree(), input: scratch.url.appending(path: "file").path, traces: KernelTraces(mounts: []))
        let document = await ProbeDocument(observing: [probe], at: Timestamp(seconds: 1_763_712_000))
        #expect(document.exitCode == code)
    }

    @Test("the text of a firmware record begins with words, also where it says no kind of error")
    func beginning() {
        let told = facts(
            """
            [   10.000000] {1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 1
            [   10.000001] {1}[Hardware Error]: event severity: corrected
            [   10.000002] {1}[Hardware Error]:  Error 0, type: corrected
            [   10.000003] {1}[Hardware Error]:   section_type: memory error
            [   10.000004] {1}[Hardware Error]:   node:0 card:1 module:0
            """)
        #expect(told.count == 1)
        #expect(told.first?.text.first?.isLetter == true)
    }

    // MARK: MCi_STATUS

    @Test(
        "a status of the Intel manual is its unit, level and severity",
        arguments: [
            // Memory controller read error on channel 0, corrected.
            (0x8C00_0040_0001_0090 as UInt64, "memory", "unknown", "corrected"),
            // Generic cache hierarchy error in the last level.
            (0x8C00_0000_0000_000F, "cache", "unknown", "corrected"),
            // L1 data read, L2 instruction fetch, with correction report filtering.
            (0x9000_0000_0000_0135, "cache", "l1", "corrected"), (0x9000_0000_0000_1152, "cache", "l2", "corrected"),
            (0x9000_0000_0000_0014, "tlb", "unknown", "corrected"),
            (0x9000_0000_0000_0E0B, "bus", "unknown", "corrected"),
            (0x9000_0000_0000_0405, "internal", "unknown", "corrected"),
            // Uncorrected: context corrupt; to be acted on; neither signalled nor acted on.
            (0xBE00_0000_0080_0400, "internal", "unknown", "fatal"),
            (0xBD80_0000_0010_0134, "cache", "l0", "uncorrected"),
            (0xAC00_0000_0000_009F, "memory", "unknown", "deferred"),
        ])
    func intel(status: UInt64, unit: String, level: String, severity: String) {
        let check = MachineCheck(processor: 0, bank: 4, status: status)
        #expect(check.place.unit.rawValue == unit)
        #expect(check.place.level == level)
        #expect(check.severity.rawValue == severity)
    }

    @Test(
        "a bank of AMD is the unit that its identity names",
        arguments: [
            (0x9C20_4000_0000_010B as UInt64, 0x0007_00B0_0000_0000 as UInt64, "cache", "l3", "corrected"),
            (0x9C20_4000_0000_011B, 0x0000_0096_0015_0F00, "memory", "unknown", "corrected"),
            (0x8400_1000_0000_011B, 0x0000_0096_0015_0F00, "memory", "unknown", "deferred"),
            (0x9820_0000_0000_0135, 0x0000_00B0_0000_0000, "cache", "l1", "corrected"),
            (0xBE00_0000_0000_0005, 0x0005_00B0_0000_0000, "internal", "unknown", "fatal"),
            (0x9820_0000_0000_0800, 0x0000_0050_0000_0000, "link", "unknown", "corrected"),
        ])
    func amd(status: UInt64, identity: UInt64, unit: String, level: String, severity: String) {
        let check = MachineCheck(processor: 0, bank: 7, status: status, identity: identity, vendor: .amd)
        #expect(check.place.unit.rawValue == unit)
        #expect(check.place.level == level)
        #expect(check.severity.rawValue == severity)
    }

    @Test("a cache is yellow only where the processor has threshold-based status, and counts only where it counts")
    func yellow() throws {
        var check = MachineCheck(processor: 0, bank: 4, status: 0x8C40_01C0_0000_0135)
        #expect(!check.isYellow)
        #expect(check.count == 1)
        check.capabilities = 0xC14
        #expect(check.isYellow)
        #expect(check.count == 7)
        let told = check.facts(stamp: nil)
        #expect(told.map(\.signal.name) == ["hw.cpu.machine_check", "hw.cpu.cache_threshold"])
        #expect(told.last?.state == "yellow")
    }

    @Test("a bank that holds no error tells nothing")
    func invalid() {
        #expect(MachineCheck(processor: 0, bank: 1, status: 0x0C00_0000_0000_0135).facts(stamp: nil).isEmpty)
    }

    @Test("a bank that names no error, as those of processors that another's error stopped, blames nobody")
    func namesNoError() {
        #expect(MachineCheck(processor: 1, bank: 1, status: 0xA000_0000_0000_0000).facts(stamp: nil).isEmpty)
        #expect(MachineCheck(processor: 1, bank: 1, status: 0xB200_0000_0000_0000).facts(stamp: nil).isEmpty)
        // An address, or a maker's code, makes it one; and AMD's kinds of units count their errors from 0.
        #expect(!MachineCheck(processor: 1, bank: 1, status: 0xA400_0000_0000_0000).facts(stamp: nil).isEmpty)
        #expect(!MachineCheck(processor: 1, bank: 1, status: 0xA000_0000_0001_0000).facts(stamp: nil).isEmpty)
        #expect(
            !MachineCheck(
                processor: 1, bank: 1, status: 0xA000_0000_0000_0000, identity: 0x0000_00B0_0000_0000, vendor: .amd
            ).facts(stamp: nil).isEmpty)
    }

    @Test("the count is bits 51:38 and at least one; bit 52 says that there were more, and counts for nothing itself")
    func counts() {
        func count(_ field: UInt64) -> UInt64 {
            MachineCheck(processor: 0, bank: 7, status: 0x8C00_0000_0001_0090 | field << 38, capabilities: 0xC14).count
        }
        #expect([0, 1, 7, 0x3FFF].map(count) == [1, 1, 7, 0x3FFF])
        #expect([0x4000, 0x4001, 0x7FFF].map(count) == [1, 1, 0x3FFF])
        let overflowed = MachineCheck(
            processor: 0, bank: 7, status: 0x8C00_0000_0001_0090 | 0x4005 << 38, capabilities: 0xC14)
        #expect(overflowed.words.contains("more than can be counted"))
        // EDAC's drivers for Intel write all 15 bits.
        func told(_ count: String, _ detail: String) -> MemoryErrorText? {
            MemoryErrorText(
                edacLine: "EDAC MC0: \(count) CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 "
                    + "page:0x1a offset:0x0 grain:32 syndrome:0x0 - \(detail))")
        }
        #expect(told("16384", "OVERFLOW err_code:0x0101:0x0090 socket:0 imc:0")?.count == 1)
        #expect(told("16389", "OVERFLOW err_code:0x0101:0x0090 socket:0 imc:0")?.count == 5)
        #expect(told("16383", "err_code:0x0101:0x0090 socket:0 imc:0")?.count == 16383)
        // Others count in software.
        #expect(told("16389", "")?.count == 16389)
        #expect(told("18446744073709551615", "")?.count == MemoryErrorText.most)
    }

    @Test(
        "wrong data of the memory are told of the memory at the processor as well, and nothing else is",
        arguments: [
            (0x8C00_0040_0001_0090 as UInt64, 7, "corrected" as String?), (0xBD80_0000_0010_009F, 7, "uncorrected"),
            (0xBE00_0000_0010_0080, 7, "fatal"), (0xAC00_0000_0000_00FF, 7, "deferred"),
            // Memory that is a cache of other memory, caches, buses, and what a record of the firmware is told by.
            (0x8C00_0000_0000_0290, 7, nil), (0x9000_0000_0000_0135, 7, nil), (0x9000_0000_0000_0E0B, 6, nil),
            (0x9C00_0000_0000_009F, 255, nil),
        ])
    func memoryChecks(status: UInt64, bank: Int, severity: String?) {
        var check = MachineCheck(processor: 3, bank: bank, status: status, address: 0x12345678)
        check.socket = 1
        let told = check.facts(stamp: nil)
        #expect(told.first?.signal.name == "hw.cpu.machine_check" && told.first?.subject == .socket(1))
        let memory = told.filter { $0.signal.name == "hw.memory.error" }
        #expect(memory.map { $0.signal[label: "error.type"] } == (severity.map { [$0] } ?? []))
        #expect(memory.allSatisfy { $0.subject == .memoryOf(.socket(1)) && $0.page == 0x12345 })
    }

    @Test("in a log that was kept, EDAC's lines tell that it decodes machine checks: each error is told once")
    func decodedMemory() {
        let check = "[  10.000000] mce: [Hardware Error]: CPU 4: Machine Check: 0 Bank 7: 8c00004000010090"
        let line =
            "[  10.000100] EDAC MC0: 1 CE memory read error on DIMM_A1 (channel:0 slot:0 page:0x3f7 offset:0xfc0 grain:32)"
        #expect(facts(check + "\n" + line).filter { $0.signal.name == "hw.memory.error" }.map(\.family) == [.memory])
        #expect(facts(check).filter { $0.signal.name == "hw.memory.error" }.map(\.family) == [.checkedMemory])
    }

    @Test("wrong data of the memory are an unlocated error of the memory at their processor, unless EDAC counts them")
    func unlocatedMemory() async throws {
        let scratch = try ScratchFolder()
        for (processor, package) in [(3, 0), (4, 1)] {
            try scratch.write("sys/devices/system/cpu/cpu\(processor)/topology/physical_package_id", "\(package)\n")
        }
        try scratch.write(
            "dev/kmsg",
            """
            [  10.000000] mce: [Hardware Error]: CPU 4: Machine Check: 0 Bank 7: 8c00004000010090
            [  10.000001] mce: [Hardware Error]: TSC 0 ADDR 3f7fc0 MISC 86
            """)
        func told() async throws -> [String] {
            try await KernelLogProbe(tree: SysTree(root: scratch.url.path), traces: KernelTraces(mounts: []))
                .observe(at: KernelLogTests.now, since: nil).observations
                .filter { $0.signal.name != "hw.kernel_log.missed" }.map { "\($0.component.rawValue) \($0.signal)" }
        }
        let check = "cpu:package1 hw.cpu.machine_check{level=\"unknown\",severity=\"corrected\",unit=\"memory\"}"
        #expect(
            try await told() == [check, "memory_controller:package1 hw.memory.error{error.type=\"corrected\"}"])
        try scratch.write("sys/devices/system/edac/mc/mc0/ce_count", "1\n")
        #expect(try await told() == [check])
    }

    // MARK: The log

    @Test("a machine check of three lines is one, of the socket that it names")
    func rawLines() throws {
        let told = facts(
            """
            [  10.000000] mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 7: 8c00004000010090
            [  10.000001] mce: [Hardware Error]: TSC 0 ADDR 3f7fc0 MISC 86
            [  10.000002] mce: [Hardware Error]: PROCESSOR 0:50654 TIME 1600000000 SOCKET 1 APIC 0 microcode 2000065
            [  10.000003] mce: [Hardware Error]: CPU 4: Machine Check: 0 Bank 3: 9000000000000135
            """)
        #expect(told.map(\.subject) == [.socket(1), .memoryOf(.socket(1)), .processor(4)])
        #expect(told.first?.signal[label: "unit"] == "memory")
        #expect(told.first?.text.contains("address 0x3f7fc0") == true)
    }

    @Test("what AMD's decoder writes is one machine check, with the unit of its IPID")
    func decodedLines() throws {
        let told = facts(
            """
            [  10.000000] [Hardware Error]: Corrected error, no action required.
            [  10.000001] [Hardware Error]: CPU:2 (17:31:0) MC17_STATUS[-|CE|MiscV|AddrV|-|-|SyndV|CECC|-|-|-]: 0x9c2040000000011b
            [  10.000002] [Hardware Error]: Error Addr: 0x0000000012345678
            [  10.000003] [Hardware Error]: IPID: 0x0000009600150f00, Syndrome: 0x0000000000000000
            [  10.000004] [Hardware Error]: Unified Memory Controller Ext. Error Code: 0, DRAM ECC error.
            """)
        #expect(told.map(\.signal.name) == ["hw.cpu.machine_check", "hw.memory.error"])
        #expect(told.first?.subject == .processor(2))
        #expect(told.first?.signal[label: "unit"] == "memory")
        #expect(told.first?.signal[label: "severity"] == "corrected")
    }

    private static let firmware = """
        [    1.000000] {1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 0
        [    1.000000] {1}[Hardware Error]: It has been corrected by h/w and requires no further action
        [    1.000000] {1}[Hardware Error]: event severity: corrected
        [    1.000000] {1}[Hardware Error]:  Error 0, type: corrected
        [    1.000000] {2}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 2
        [    1.000000] {1}[Hardware Error]:   section_type: memory error
        [    1.000000] {2}[Hardware Error]: event severity: recoverable
        [    1.000000] {2}[Hardware Error]:  Error 0, type: recoverable
        [    1.000000] {1}[Hardware Error]:   physical_address: 0x00000000a1b2c000
        [    1.000000] {1}[Hardware Error]:   node:0 card:3 module:0 rank:1 bank:771 device:4 row:6510 column:1544 bit_position:0
        [    1.000000] {2}[Hardware Error]:   section_type: PCIe error
        [    1.000000] {1}[Hardware Error]:   error_type: 2, single-bit ECC
        [    1.000000] {2}[Hardware Error]:   device_id: 0000:03:00.0
        [    1.000000] {1}[Hardware Error]:   DIMM location: N1 DIMM_L0
        """

    @Test("the firmware's record of what ended the boot before is told, as of before this start")
    func earlierBoot() async throws {
        let record = """
            [    0.900000] BERT: Error records from previous boot:
            [    0.900001] [Hardware Error]: event severity: fatal
            [    0.900002] [Hardware Error]:  Error 0, type: fatal
            [    0.900003] [Hardware Error]:  fru_text: B7
            [    0.900004] [Hardware Error]:   section_type: memory error
            [    0.900005] [Hardware Error]:    error_status: Storage error in DRAM memory (0x0000000000000400)
            [    0.900006] [Hardware Error]:   physical_address: 0x0000002a47d1f540
            [    0.900007] [Hardware Error]:   node:1 card:2 module:0 rank:1 bank:2 device:11 row:40948 column:560
            [    0.900008] [Hardware Error]:   error_type: 3, multi-bit ECC
            [    0.900009] [Hardware Error]: event severity: fatal
            [    0.900010] [Hardware Error]:  Error 0, type: fatal
            [    0.900011] [Hardware Error]:   section_type: PCIe error
            [    0.900012] [Hardware Error]:   device_id: 0000:17:00.0
            [    0.900013] BERT: Total records found: 2
            [    0.950000] mce: [Hardware Error]: CPU 4: Machine Check: 0 Bank 3: 9000000000000135
            [   50.000000] usbcore: registered new interface driver usbhid
            """
        let told = facts(record)
        #expect(
            told.map(\.signal.description) == [
                "hw.memory.error{error.type=\"fatal\"}", "hw.pcie.error{severity=\"fatal\"}",
                "hw.cpu.machine_check{level=\"l1\",severity=\"corrected\",unit=\"cache\"}",
            ])
        #expect(told.prefix(2).allSatisfy { $0.stamp == .uptime(.zero) && $0.text.hasPrefix("before this start: ") })
        guard case .memory(let place) = try #require(told.first).subject else { return #expect(Bool(false)) }
        #expect(place.unit == "B7")
        // EDAC counts what happens in this boot alone.
        let scratch = try ScratchFolder()
        try scratch.write("sys/devices/system/edac/mc/mc0/ce_count", "0\n")
        try scratch.write("dev/kmsg", record)
        let result = try await KernelLogProbe(tree: SysTree(root: scratch.url.path), traces: KernelTraces(mounts: []))
            .observe(at: KernelLogTests.now, since: nil)
        let error = try #require(result.observations.first { $0.signal.name == "hw.memory.error" })
        #expect(error.component.rawValue == "dimm:B7")
        #expect(error.time == KernelLogTests.now - .seconds(50))
    }

    @Test("an error of an x86 processor is of the unit that the record names, and of AMD's of the bank that it holds")
    func earlierProcessors() async throws {
        let head = """
            [    0.900000] BERT: Error records from previous boot:
            [    0.900001] [Hardware Error]: event severity: fatal
            [    0.900002] [Hardware Error]:  Error 0, type: fatal
            [    0.900004] [Hardware Error]:   section_type: IA32/X64 processor error
            [    0.900005] [Hardware Error]:   Local APIC_ID: 0x3c
            """
        let structure = """
            [    0.900006] [Hardware Error]:   Error Information Structure 0:
            [    0.900007] [Hardware Error]:    Error Structure Type: cache error
            [    0.900008] [Hardware Error]:    Check Information: 0x00000000ea0a00ff
            [    0.900009] [Hardware Error]:     Level: 2
            """
        let context = """
            [    0.900010] [Hardware Error]:   Context Information Structure 0:
            [    0.900011] [Hardware Error]:    Register Context Type: MSR Registers (Machine Check and other MSRs)
            [    0.900012] [Hardware Error]:    Register Array Size: 0x0050
            [    0.900013] [Hardware Error]:    MSR Address: 0xc0002070
            [    0.900014] [Hardware Error]:    Register Array:
            [    0.900015] [Hardware Error]:    00000000: 0000000000000000 bea000000000010b
            [    0.900016] [Hardware Error]:    00000010: 0000000012345678 d010000000000000
            [    0.900017] [Hardware Error]:    00000020: 00000003000001f9 000700b000000000
            """
        let byWords = facts(head + "\n" + structure)
        #expect(
            byWords.map(\.signal.description) == [
                "hw.cpu.machine_check{level=\"l2\",severity=\"fatal\",unit=\"cache\"}"
            ])
        let byBank = facts(head + "\n" + structure + "\n" + context)
        #expect(
            byBank.map(\.signal.description) == [
                "hw.cpu.machine_check{level=\"l3\",severity=\"fatal\",unit=\"cache\"}"
            ])
        #expect(byBank.first?.subject == .localAPIC(0x3C))
        // Which socket that is, the list of the processors says.
        let scratch = try ScratchFolder()
        for (processor, package) in [(0, 0), (1, 1)] {
            try scratch.write("sys/devices/system/cpu/cpu\(processor)/topology/physical_package_id", "\(package)\n")
        }
        try scratch.write(
            "proc/cpuinfo",
            "processor\t: 0\nphysical id\t: 0\napicid\t\t: 0\n\nprocessor\t: 1\nphysical id\t: 1\napicid\t\t: 60\n")
        var names = KernelDeviceNames(tree: SysTree(root: scratch.url.path))
        names.refresh(anew: false)
        #expect(names.component(of: .localAPIC(0x3C))?.id.rawValue == "cpu:package1")
        #expect(names.component(of: .localAPIC(7))?.id.rawValue == "cpu:apic7")
    }

    @Test(
        "bank, bank group, row and column are read by the names of every driver",
        arguments: [
            ("err_code:0101:0090 socket:0 imc:0 rank:1 bg:2 ba:3 row:1a2 col:b8", "1/2/3", "1a2", "b8"),
            (
                "err_code:0x0101:0x0090 socket:0 imc:0 rank:1 bg:2 ba:3 row:0x1a2 col:0xb8", "1/2/3",
                "0x1a2", "0xb8"
            ),
            (
                "err_code:0x0101:0x0090 ProcessorSocketId:0x0 MemoryControllerId:0x0 PhysicalRankId:0x1 Row:0x1a2 Column:0xb8 Bank:0x3 BankGroup:0x2",
                "0x1/0x2/0x3", "0x1a2", "0xb8"
            ),
            (
                "area:DRAM err_code:0001:0091 socket:1 ha:0 channel_mask:2 rank:1 row:0x1a2 col:0xb8 bank_addr:3 bank_group:2",
                "1/2/3", "0x1a2", "0xb8"
            ),
            (
                "err_code:0x0101:0x0090 PhysicalRankId:0x1 Row:0x1a2 Column:0xb8 Bank:0x3 BankGroup:0x2 ChipSelect:0x0 ChipId:0x0",
                "0x1/0x2/0x3", "0x1a2", "0xb8"
            ),
            (
                "err_code:0x0101:0x0090 PhysicalRankId:0x1 Row:0x1a2 Column:0xb8 Bank:0x3 BankGroup:0x2 ChipSelect:0x0 ChipId:0x4",
                "0x1 die 0x4/0x2/0x3", "0x1a2", "0xb8"
            ),
            (
                "APEI location: node:0 card:1 module:0 rank:1 bank:3 row:418 col:184 bit_pos:4", "1/none/3", "418",
                "184"
            ),
            (
                "APEI location: node:0 card:1 module:0 rank:1 bank_group:2 bank_address:3 device:5 row:418 column:184 bit_position:4",
                "1/2/3", "418", "184"
            ),
        ])
    func cells(detail: String, bank: String, row: String, column: String) throws {
        let error = try #require(
            MemoryErrorText(
                edacLine: "EDAC MC0: 1 CE memory read error on DIMM_A1 (channel:0 slot:0 page:0x12 offset:0x0 grain:32 "
                    + "syndrome:0x0 - \(detail))"))
        let cell = try #require(
            error.facts(text: "", stamp: nil, family: .memory).first { $0.signal.name == "hw.memory.cell_error" })
        let labels = ["rank", "group", "bank"].compactMap { cell.signal[label: $0] }
        #expect(labels.joined(separator: "/") == bank)
        #expect(cell.signal[label: "row"] == row)
        #expect(cell.signal[label: "column"] == column)
    }

    @Test("two firmware records whose lines come between each other are two errors")
    func interleaved() throws {
        let told = facts(Self.firmware)
        #expect(
            told.map(\.signal.description) == [
                "hw.memory.error{error.type=\"corrected\"}", "hw.memory.page_error{page=\"0xa1b2c\"}",
                "hw.memory.cell_error{bank=\"771\",column=\"1544\",device=\"4\",group=\"none\",rank=\"1\",row=\"6510\"}",
                "hw.pcie.error{severity=\"nonfatal\"}",
            ])
        guard case .memory(let place) = try #require(told.first).subject else { return #expect(Bool(false)) }
        #expect(place.label == "N1 DIMM_L0")
        #expect(told.last?.subject == .pci("0000:03:00.0"))
    }

    @Test(
        "an error whose device the kernel cannot find is told of the port, one whose details follow of the device alone"
    )
    func unlocatedLinks() {
        func told(_ lines: String...) -> [String] {
            facts(lines.joined(separator: "\n")).map { "\($0.subject) \($0.signal[label: "severity"] ?? "")" }
        }
        let port = "pcieport 0000:00:03.0: AER: "
        for received in [
            "Uncorrected (Fatal) error received: 0000:41:00.0",
            "Multiple Uncorrected (Fatal) error received: 0000:41:00.0",
            "Uncorrectable (Fatal) error message received from 0000:41:00.0",
            "Uncorrected (Fatal) error received: id=4100",
        ] {
            for without in ["can't find device of ID4100", "found no error details for 0000:41:00.0"] {
                #expect(told(port + received, port + without) == ["pci(\"0000:00:03.0\") fatal"], "\(received)")
            }
            #expect(
                told(
                    port + received,
                    "nvme 0000:41:00.0: AER: PCIe Bus Error: severity=Uncorrected (Fatal), type=Inaccessible, (Unregistered Agent ID)",
                    port + "found no error details for 0000:41:00.0") == ["pci(\"0000:41:00.0\") fatal"], "\(received)")
        }
        #expect(
            told(port + "Uncorrected (Non-Fatal) error received: 0000:41:00.0", port + "can't find device of ID4100")
                == ["pci(\"0000:00:03.0\") nonfatal"])
        // Corrected ones come in floods, and of no device they say nothing.
        #expect(
            told(
                port + "Correctable error message received from 0000:41:00.0",
                port + "found no error details for 0000:41:00.0") == [])
        #expect(told(port + "Uncorrected (Fatal) error received: 0000:41:00.0") == [])
    }

    @Test("AER's lines are one event of the device, with the names of its errors")
    func aer() throws {
        let told = facts(
            """
            [    1.000000] pcieport 0000:00:1c.0: AER: Corrected error message received from 0000:03:00.0
            [    1.000000] nvme 0000:03:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)
            [    1.000000] nvme 0000:03:00.0:   device [8086:a110] error status/mask=00000001/00002000
            [    1.000000] nvme 0000:03:00.0:    [ 0] RxErr                  (First)
            [    2.000000] nvme 0000:03:00.0: PCIe Bus Error: severity=Uncorrected (Non-Fatal), type=Transaction Layer, id=0300
            """)
        #expect(told.map { $0.signal[label: "severity"] } == ["correctable", "nonfatal"])
        #expect(told.allSatisfy { $0.subject == .pci("0000:03:00.0") })
        #expect(told.first?.text.hasSuffix("; RxErr (First)") == true)
    }

    @Test(
        "a line of EDAC names controller, label, layers, page and count",
        arguments: [
            "EDAC MC1: 3 CE memory read error on CPU_SrcID#0_Ha#1_Chan#2_DIMM#0 (channel:2 slot:0 page:0x12ab offset:0x40 grain:32 syndrome:0x0 -  area:DRAM err_code:0001:0092 socket:0 ha:1 channel_mask:4 rank:1)",
            "EDAC MC1: 3 CE memory read error on CPU_SrcID#0_Ha#1_Chan#2_DIMM#0 (channel: 2 slot: 0 page: 0x12ab offset: 0x40)",
        ])
    func edac(line: String) throws {
        let error = try #require(MemoryErrorText(edacLine: line))
        #expect(error.type == "corrected")
        #expect(error.count == 3)
        #expect(error.message == "memory read error")
        #expect(error.place.controller == "mc1")
        #expect(error.place.label == "CPU_SrcID#0_Ha#1_Chan#2_DIMM#0")
        #expect(error.place.layers == ["channel": 2, "slot": 0])
        #expect(error.page == 0x12AB)
    }

    @Test("a line of EDAC that reports no error is none")
    func noError() {
        for line in [
            "EDAC MC0: Giving out device to module skx_edac controller Skylake Socket#0 IMC#0", "EDAC MC: Ver: 3.0.0",
        ] {
            #expect(MemoryErrorText(edacLine: line) == nil)
        }
    }

    // MARK: Trace events

    @Test("an event of memory tells error, page and cell")
    func memoryEvent() throws {
        let line =
            "     kworker/0:1-12      [000] d..1.   123.456789: mc_event: 2 Corrected errors: memory read error on DIMM_A1 "
            + "(mc:0 location:1:0:-1 address:0x12ab040 grain:8 syndrome:0x1 -  rank:1 row:0x57 column:0x390 bank:2 bank_group:1)"
        let event = try #require(TraceEvent(line: line))
        #expect(event.stamp == .seconds(123) + .microseconds(456_789))
        #expect(
            event.facts.map(\.signal.description) == [
                "hw.memory.error{error.type=\"corrected\"}", "hw.memory.page_error{page=\"0x12ab\"}",
                "hw.memory.cell_error{bank=\"2\",column=\"0x390\",device=\"unknown\",group=\"1\",rank=\"1\",row=\"0x57\"}",
            ])
        #expect(event.facts.allSatisfy { $0.count == 2 })
        guard case .memory(let place) = try #require(event.facts.first).subject else { return #expect(Bool(false)) }
        #expect(place.controller == "mc0")
        #expect(place.position == [1, 0, -1])
    }

    @Test(
        "a machine check event is read in the wording of old and new kernels",
        arguments: [
            "CPU: 3, MCGc/s: 1000c14/0, MC7: 8c00004000010090, IPID: 0000000000000000, ADDR: 00000000003f7fc0, MISC: 0000000000000086, SYND: 0000000000000000, RIP: 00:<0000000000000000>, TSC: 0, PPIN: 0, vendor: 0, CPUID: 50654, time: 1600000000, socket: 1, APIC: 0, microcode: 2000065",
            "CPU: 3, MCGc/s: 1000c14/0, MC7: 8c00004000010090, IPID: 0000000000000000, ADDR/MISC/SYND: 00000000003f7fc0/0000000000000086/0000000000000000, RIP: 00:<0000000000000000>, TSC: 0, PROCESSOR: 0:50654, TIME: 1600000000, SOCKET: 1, APIC: 0",
        ])
    func checkEvent(text: String) throws {
        let event = try #require(TraceEvent(line: "  bash-812 [003] ..... 9.000001: mce_record: \(text)"))
        let fact = try #require(event.facts.first)
        #expect(fact.subject == .socket(1))
        #expect(fact.signal[label: "unit"] == "memory")
        // The count of MCi_STATUS, which this processor keeps.
        #expect(fact.count == 1)
        #expect(fact.text.contains("address 0x3f7fc0"))
    }

    @Test("a link's event names the device and how bad it is")
    func linkEvent() throws {
        let line =
            "  irq/24-aerdrv-81 [001] .N... 12.000001: aer_event: 0000:03:00.0 PCIe Bus Error: severity=Uncorrected, non-fatal, Completion Timeout, TLP Header=Not available"
        let fact = try #require(TraceEvent(line: line)?.facts.first)
        #expect(fact.subject == .pci("0000:03:00.0"))
        #expect(fact.signal[label: "severity"] == "nonfatal")
    }

    @Test("events that the kernel dropped are counted")
    func lost() { #expect(TraceEvent.lost("CPU:2 [LOST 123 EVENTS]") == 123) }

    @Test("a trace that lost events says so beside what it tells, in text and JSON; one that is whole does not")
    func shortfall() async throws {
        let scratch = try ScratchFolder()
        let head = "# tracer: nop\n"
        try scratch.write("whole", head.utf8)
        try scratch.write("torn", (head + "CPU:2 [LOST 123 EVENTS]\nCPU:3 [LOST 1 EVENTS]\n").utf8)
        func document(_ file: String) async -> ProbeDocument {
            let probe = MachineCheckProbe(
                tree: SysTree(root: scratch.url.path), input: scratch.url.appending(path: file).path,
                traces: KernelTraces(mounts: []))
            return await ProbeDocument(observing: [probe], at: Timestamp(seconds: 1_700_000_000))
        }
        let torn = await document("torn")
        #expect(torn.text.contains("124 errors came faster than they could be told apart"))
        #expect(String(decoding: try WireFormat.encode(torn), as: UTF8.self).contains("\"missed\":{\"because\":"))
        let whole = await document("whole")
        #expect(!whole.text.contains("faster"))
        #expect(!String(decoding: try WireFormat.encode(whole), as: UTF8.self).contains("\"missed\":{"))
    }

    @Test("what the trace events tell, the kernel's log leaves to them from then on, and not before")
    func oneOwner() async throws {
        let scratch = try ScratchFolder()
        let log = """
            [   10.000000] EDAC MC0: 1 CE memory read error on DIMM_A1 (channel:0 slot:0 page:0x1 offset:0x0 grain:8)
            [   99.000000] EDAC MC0: 1 CE memory read error on DIMM_A1 (channel:0 slot:0 page:0x2 offset:0x0 grain:8)
            """
        try scratch.write("dev/kmsg", log)
        for event in KernelTraces.events { try scratch.write("tracing/events/\(event)/enable", "0") }
        let instance = "tracing/instances/\(KernelTraces.instance)"
        let traces = KernelTraces(mounts: [scratch.url.appending(path: "tracing").path])
        let probe = KernelLogProbe(tree: SysTree(root: scratch.url.path), traces: traces)
        func pages() async throws -> [String?] {
            try await probe.observe(at: KernelLogTests.now, since: nil).observations
                .filter { $0.signal.name == "hw.memory.page_error" }.map { $0.signal[label: "page"] }
        }
        #expect(try await pages() == ["0x1", "0x2"])
        // A folder that stands for an instance made by an earlier process.
        for event in KernelTraces.events { try scratch.write("\(instance)/events/\(event)/enable", "0") }
        for file in ["buffer_percent", "trace_pipe"] { try scratch.write("\(instance)/\(file)", "") }
        try traces.begin(uptime: .seconds(50))
        #expect(try await pages().isEmpty)
    }
}
