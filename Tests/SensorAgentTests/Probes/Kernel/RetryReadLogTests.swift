import Foundation
import Reports
import Testing

@testable import SensorAgent

/// What EDAC's drivers for Intel's servers print of the bits of an error.
@Suite("Bits of memory errors")
struct RetryReadLogTests {
    /// As skx_edac prints it, of CPU 0, controller 1, channel 0, first module.
    private static let detail =
        "err_code:0x0101:0x0090 ProcessorSocketId:0x0 MemoryControllerId:0x1 PhysicalRankId:0x0 Row:0x15da Column:0x100 "
        + "Bank:0x3 BankGroup:0x1 "
    private static let own = "retry_rd_err_log[0001a209 00000000 00800000 0440d001 000015da]"
    private static let counters = " correrrcnt[0001 0000 0000 0000 0000 0000 0000 0000]"
    /// Printed by a kernel of 2021 on a server whose log was of another row.
    private static let foreign =
        "EDAC MC0: 16384 CE memory read error on CPU_SrcID#0_MC#0_Chan#0_DIMM#1 (channel:0 slot:1 page:0x20edba9 "
        + "offset:0x4c0 grain:32 syndrome:0x0 -  OVERFLOW err_code:0x0101:0x0090 socket:0 imc:0 rank:0 bg:3 ba:2 "
        + "row:0x106ce col:0x258 retry_rd_err_log[0000a20d 00000000 0000ffff 0476f10f 0000fb4b] "
        + "correrrcnt[0000 0000 0000 0000 a9b4 0000 0000 0000])"

    private static func line(_ log: String, slot: Int = 0, kind: String = "memory read error") -> String {
        "EDAC MC1: 1 CE \(kind) on CPU_SrcID#0_MC#1_Chan#0_DIMM#\(slot) (channel:0 slot:\(slot) page:0x3ddc84 offset:0x140 "
            + "grain:32 syndrome:0x0 -  \(detail)\(log))"
    }

    private func facts(_ line: String) -> [KernelFact] {
        MemoryErrorText(edacLine: line)?.facts(text: line, stamp: nil, family: .memory) ?? []
    }

    private func bits(_ line: String) -> Signal? {
        facts(line).map(\.signal).first { $0.name == "hw.memory.error_bits" }
    }

    private static let told =
        "hw.memory.error_bits{beat_span=\"0\",beats=\"1\",bits=\"1\",burst=\"8\",error=\"1.3.0x15da.0x100.0x800000\","
        + "layout=\"skylake\",line_span=\"0\",lines=\"1\",log=\"fresh\",source=\"demand\"}"

    // MARK: Both texts

    @Test("the log of the error that was reported tells its bits and its device, in the log and in the trace event")
    func own() throws {
        let line = Self.line(Self.own + Self.counters)
        let event = try #require(
            TraceEvent(
                line: "  kworker/0:1-12  [000] d..1.  9.000001: mc_event: 1 Corrected error: memory read error on "
                    + "CPU_SrcID#0_MC#1_Chan#0_DIMM#0 (mc:1 location:0:0:-1 address:0x3ddc84140 grain:32 syndrome:0x0  "
                    + "\(Self.detail)\(Self.own)\(Self.counters))"))
        for told in [facts(line), event.facts] {
            #expect(
                told.map(\.signal.description) == [
                    "hw.memory.error{error.type=\"corrected\"}", "hw.memory.page_error{page=\"0x3ddc84\"}",
                    "hw.memory.cell_error{bank=\"0x3\",column=\"0x100\",device=\"1\",group=\"0x1\",rank=\"0x0\",row=\"0x15da\"}",
                    Self.told,
                ])
        }
    }

    @Test("a log of another row tells nothing of the error, neither bits nor device")
    func foreign() {
        let told = facts(Self.foreign)
        #expect(told.map(\.signal.name) == ["hw.memory.error", "hw.memory.page_error", "hw.memory.cell_error"])
        #expect(told.last?.signal[label: "device"] == "unknown")
        #expect(told.last?.signal[label: "bank"] == "2")
        #expect(told.last?.signal[label: "group"] == "3")
    }

    @Test("of several errors that one text counts, the registers hold one")
    func count() throws {
        let told = facts(Self.line(Self.own).replacing("MC1: 1 CE", with: "MC1: 5 CE"))
        #expect(told.map(\.count) == [5, 5, 5, 1])
    }

    // MARK: Which error a log is of

    @Test(
        "a log of the other module of the channel, of another rank or of another bank is of another error",
        arguments: [
            // Chip selects 0 to 3 are of the first module.
            ("0440d001", 0, true), ("0440d101", 1, true), ("0440d101", 0, false), ("0440d001", 1, false),
            ("0440d041", 0, false), ("0440c001", 0, false), ("04409001", 0, false),
        ])
    func coherence(address: String, slot: Int, isOwn: Bool) {
        let line = Self.line("retry_rd_err_log[0001a209 00000000 00800000 \(address) 000015da]", slot: slot)
        #expect((bits(line) != nil) == isOwn)
        #expect(
            (facts(line).first { $0.signal.name == "hw.memory.cell_error" }?.signal[label: "device"] == "1") == isOwn)
    }

    @Test("an error whose text has no row has no log that is surely its own")
    func noRow() {
        #expect(bits(Self.line(Self.own).replacing("Row:0x15da ", with: "")) == nil)
    }

    @Test(
        "only a valid log of an error that one device made tells bits",
        arguments: [
            ("0001a209", "00800000", "fresh" as String?), ("0000a20d", "00800000", "fresh"),
            ("0001a208", "00800000", nil),  // not valid
            ("0001a309", "00800000", nil),  // no error found
            ("0001a209", "00000000", nil),  // no bit
            ("0001a221", "00800000", nil),  // ADDDC
            ("0001a211", "00800000", nil), ("0001a241", "00800000", nil), ("0001a249", "00800000", nil),
            ("0001a20b", "00800000", "locked"),  // of an error that could not be corrected
        ])
    func validity(log: String, parity: String, state: String?) {
        let line = Self.line("retry_rd_err_log[\(log) 00000000 \(parity) 0440d001 000015da]")
        #expect(bits(line)?[label: "log"] == state)
        let device = facts(line).first { $0.signal.name == "hw.memory.cell_error" }?.signal[label: "device"]
        #expect(device == (state == "fresh" ? "1" : "unknown"))
    }

    @Test(
        "nibbles of the parity are beats, and their bits are lines",
        arguments: [
            ("00800000", "1", "1", "0", "0", "1"), ("0000ffff", "4", "4", "3", "3", "16"),
            ("90000001", "2", "2", "3", "7", "3"), ("00000006", "2", "1", "1", "0", "2"),
            ("11111111", "1", "8", "0", "7", "8"), ("ffffffff", "4", "8", "3", "7", "32"),
        ])
    func parity(_ parity: String, lines: String, beats: String, lineSpan: String, beatSpan: String, bits: String) {
        let told = self.bits(Self.line("retry_rd_err_log[0001a209 00000000 \(parity) 0440d001 000015da]"))
        #expect(told?[label: "lines"] == lines)
        #expect(told?[label: "beats"] == beats)
        #expect(told?[label: "line_span"] == lineSpan)
        #expect(told?[label: "beat_span"] == beatSpan)
        #expect(told?[label: "bits"] == bits)
    }

    @Test("an error that patrol scrub found is told as that")
    func scrub() {
        #expect(bits(Self.line(Self.own, kind: "memory scrubbing error"))?[label: "source"] == "scrub")
        let patrol = "retry_rd_err_log[0001b209 00000000 00800000 0440d001 000015da]"
        #expect(bits(Self.line(patrol))?[label: "source"] == "scrub")
    }

    // MARK: Later forms

    private static let first = "00000001 00000000 0000000000000001 00000001 00000fff 0000000000000000"
    private static let last = "00000001 00000000 8000000000000030 00000001 000015da 0000000000000000"
    private static let wide = " correrrcnt[00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000]"

    @Test(
        "each processor's form is read: of two sets the last error counts, wherever it stands",
        arguments: [
            // Ice Lake: its address has the bank elsewhere.
            (
                "retry_rd_err_log[0001a209 00000000 00800000 00000001 000015da 0000000000000000]" + counters, "8",
                "ice_lake", "0x800000"
            ),
            ("retry_rd_err_log[\(last)]" + counters, "16", "double_burst", "0x8000000000000030"),
            ("retry_rd_err_log[\(last) \(first)]" + counters, "16", "double_burst", "0x8000000000000030"),
            ("retry_rd_err_log[\(first) \(last)]" + wide, "16", "double_burst", "0x8000000000000030"),
        ])
    func forms(log: String, burst: String, layout: String, parity: String) throws {
        let told = try #require(bits(Self.line(log)))
        #expect(told[label: "burst"] == burst)
        #expect(told[label: "layout"] == layout)
        #expect(told[label: "error"] == "1.3.0x15da.0x100.\(parity)")
        if burst == "16" {
            #expect(told[label: "lines"] == "3")
            #expect(told[label: "beats"] == "2")
            #expect(told[label: "beat_span"] == "14")
        }
    }

    @Test("where the device stands in the words of DDR5 no source says, so no chip is named")
    func unknownDevice() {
        let told = facts(Self.line("retry_rd_err_log[\(Self.last)]" + Self.counters))
        #expect(told.first { $0.signal.name == "hw.memory.cell_error" }?.signal[label: "device"] == "unknown")
    }

    @Test("memory in the processor's package has other devices, and its words tell no lines")
    func packageMemory() {
        let line = Self.line("retry_rd_err_log[\(Self.last)]" + Self.counters)
        #expect(bits(line) != nil)
        #expect(bits(line.replacing("_MC#1", with: "_HBMC#1")) == nil)
    }

    @Test(
        "words that no driver prints tell nothing, and harm nothing",
        arguments: [
            "retry_rd_err_log[", "retry_rd_err_log[]", "retry_rd_err_log[ ]", "retry_rd_err_log[0001a209]",
            "retry_rd_err_log[0001a209 00000000 00800000 0440d001]",
            "retry_rd_err_log[0001a209 00000000 00800000 0440d001 000015da",
            "retry_rd_err_log[0001a209 00000000 0080000g 0440d001 000015da]",
            "retry_rd_err_log[+001a209 00000000 00800000 0440d001 000015da]",
            "retry_rd_err_log[-001a209 00000000 00800000 0440d001 000015da]",
            "retry_rd_err_log[０００1a209 00000000 00800000 0440d001 000015da]",
            "retry_rd_err_log[1a209 0 800000 440d001 15da]",
            "retry_rd_err_log[0001a209 00000000 0000000000800000 0440d001 000015da]",
            "retry_rd_err_log[0001a209 00000000 00800000 0440d001 000015da 000015da]",
            "retry_rd_err_log[\(String(repeating: " ", count: 400))0001a209 00000000 00800000 0440d001 000015da]",
            "retry_rd_err_log[\(first) \(last)]",
            "retry_rd_err_log[\(first) \(last)] correrrcnt[000001]", "retry_rd_err_log[\(first) \(last) \(first)]",
            "retry_rd_err_log[ffffffff ffffffff ffffffff ffffffff ffffffff]",
            "retry_rd_err_log[\(last) retry_rd_err_log[0001a209 00000000 00800000 0440d001 000015da]",
        ])
    func malformed(words: String) {
        let told = facts(Self.line(words))
        #expect(told.map(\.signal.name) == ["hw.memory.error", "hw.memory.page_error", "hw.memory.cell_error"])
    }

    // MARK: Through the probes

    /// A controller of two channels with two modules each, of which SMBIOS knows the names on the board.
    private func machine() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        try scratch.write("sys/devices/system/cpu/cpu0/topology/physical_package_id", "0\n")
        let path = "sys/devices/system/edac/mc/mc1"
        try scratch.write("\(path)/mc_name", "Skylake Socket#0 IMC#1\n")
        for file in ["ce_count", "ue_count", "ce_noinfo_count", "ue_noinfo_count"] {
            try scratch.write("\(path)/\(file)", "0\n")
        }
        for (number, place) in [(0, 0), (0, 1), (1, 0), (1, 1)].enumerated() {
            let module = "\(path)/dimm\(number)"
            try scratch.write("\(module)/dimm_label", "CPU_SrcID#0_MC#1_Chan#\(place.0)_DIMM#\(place.1)\n")
            try scratch.write("\(module)/dimm_location", "channel \(place.0) slot \(place.1) \n")
            for file in ["dimm_ce_count", "dimm_ue_count", "size"] { try scratch.write("\(module)/\(file)", "0\n") }
        }
        return scratch
    }

    private func told(by probe: any Probe) async throws -> [String: [String]] {
        let told = try await probe.observe(at: Timestamp(seconds: 1_763_712_000), since: nil).observations
            .filter { $0.signal.name == "hw.memory.error_bits" }
        return Dictionary(grouping: told, by: \.component.rawValue).mapValues { $0.map(\.signal.description) }
    }

    @Test("the kernel's log and its trace events tell the same bits of the same module, and of no other")
    func rightModule() async throws {
        let scratch = try machine()
        let tree = SysTree(root: scratch.url.path)
        // The second module of the first channel, with its chip select; the log of the fourth line is still that of the third.
        let second = Self.line(
            "retry_rd_err_log[0001a209 00000000 00c00000 0440d101 000015da]" + Self.counters, slot: 1)
        let lines = [Self.line(Self.own + Self.counters), second, Self.line(Self.own + Self.counters, slot: 1)]
        let records = lines.enumerated().map { "6,\($0.offset),\(1_000_000 * ($0.offset + 1)),-;\($0.element)\n" }
            .joined()
        try scratch.write("dev/kmsg", records)
        let wanted = [
            "dimm:mc1/dimm0": [Self.told],
            "dimm:mc1/dimm1": [
                Self.told.replacing("bits=\"1\"", with: "bits=\"2\"").replacing("0x800000", with: "0xc00000")
                    .replacing("line_span=\"0\",lines=\"1\"", with: "line_span=\"1\",lines=\"2\"")
            ],
        ]
        let traces = KernelTraces(mounts: [])
        #expect(try await told(by: KernelLogProbe(tree: tree, traces: traces)) == wanted)
        let events = [
            (0, Self.own), (1, "retry_rd_err_log[0001a209 00000000 00c00000 0440d101 000015da]"), (1, Self.own),
        ]
        .enumerated().map { index, error in
            "  bash-812 [003] ..... \(index + 1).000001: mc_event: 1 Corrected error: memory read error on "
                + "CPU_SrcID#0_MC#1_Chan#0_DIMM#\(error.0) (mc:1 location:0:\(error.0):-1 address:0x3ddc84140 grain:32 "
                + "syndrome:0x0  \(Self.detail)\(error.1)\(Self.counters))\n"
        }
        try scratch.write("trace", events.joined())
        let trace = MachineCheckProbe(
            tree: tree, input: scratch.url.appending(path: "trace").path, traces: traces)
        // A recorded trace is read without its machine: it knows the modules by the driver's labels.
        let labelled = ["dimm:CPU_SrcID#0_MC#1_Chan#0_DIMM#0", "dimm:CPU_SrcID#0_MC#1_Chan#0_DIMM#1"]
        #expect(
            try await told(by: trace)
                == [labelled[0]: wanted["dimm:mc1/dimm0"] ?? [], labelled[1]: wanted["dimm:mc1/dimm1"] ?? []])
    }
}
