import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Memory errors from EDAC")
struct MemoryErrorsTests {
    static let now = Timestamp(seconds: 1_763_712_000)
    static let mc = "sys/devices/system/edac/mc"

    private func observe(_ scratch: ScratchFolder) async throws -> ProbeResult {
        try await MemoryErrorProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.now, since: nil)
    }

    private func errors(_ result: ProbeResult, _ component: String, _ type: String) -> Reports.Measurement? {
        result.observations.first {
            $0.component.rawValue == component && $0.signal == Signal("hw.errors", ["error.type": type])
        }?.measurement
    }

    /// One controller with `dimm0` in the newer layout.
    private func newerLayout() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        for (file, text) in [
            ("ce_count", "12"), ("ue_count", "1"), ("ce_noinfo_count", "2"), ("ue_noinfo_count", "0"),
            ("mc_name", "skx"),
            ("dimm0/dimm_ce_count", "10"), ("dimm0/dimm_ue_count", "1"), ("dimm0/dimm_label", "CPU1_DIMM_A1"),
            ("dimm0/size", "32768"), ("dimm0/dimm_mem_type", "Registered-DDR4"), ("dimm0/dimm_edac_mode", "S4ECD4ED"),
            ("csrow0/ce_count", "10"), ("csrow0/ue_count", "1"), ("csrow0/ch0_ce_count", "10"),
        ] { try scratch.write("\(Self.mc)/mc0/\(file)", text + "\n") }
        return scratch
    }

    @Test("a controller with dimm folders is read by them alone, so that no error counts twice")
    func newer() async throws {
        let result = try await observe(try newerLayout())
        #expect(result.components.map(\.id.rawValue) == ["memory_controller:mc0", "dimm:mc0/dimm0"])
        #expect(errors(result, "memory_controller:mc0", "corrected") == .counter(12))
        #expect(errors(result, "memory_controller:mc0", "corrected.noinfo") == .counter(2))
        #expect(errors(result, "dimm:mc0/dimm0", "corrected") == .counter(10))
        #expect(errors(result, "dimm:mc0/dimm0", "uncorrected") == .counter(1))
        let size = result.observations.first { $0.signal.name == "hw.memory.size" }?.measurement
        #expect(size == .reading(34_359_738_368))
    }

    @Test("a controller that is known by rows alone is read by them, and why they are no modules is said")
    func rows() async throws {
        let scratch = try ScratchFolder()
        for (file, text) in [
            ("ce_count", "12"), ("ue_count", "0"), ("ce_noinfo_count", "0"), ("ue_noinfo_count", "0"),
            ("csrow0/ce_count", "10"), ("csrow0/ue_count", "0"), ("csrow0/ch0_ce_count", "10"),
            ("csrow0/ch0_dimm_label", "CPU1_DIMM_A1"),
        ] { try scratch.write("\(Self.mc)/mc0/\(file)", text + "\n") }
        let result = try await observe(scratch)
        #expect(
            result.components.map(\.id.rawValue) == [
                "memory_controller:mc0", "memory_row:mc0/csrow0", "memory_channel:mc0/csrow0/ch0",
            ])
        #expect(result.shortfall == Advice("memory.rows") && result.shortfall?.hasStep == true)
        #expect(try await observe(try newerLayout()).shortfall == nil)
    }

    @Test(
        "a driver whose option for the bits of errors is off reads, and its coverage says what to set",
        arguments: [
            ("Intel_10nm Socket#0 IMC#0", "0" as String?, true), ("Intel_10nm Socket#0 IMC#0", "1", false),
            ("Intel_10nm Socket#0 IMC#0", nil, false), ("Skylake Socket#0 IMC#0", "0", false),
        ])
    func bitsOption(driver: String, option: String?, isAdvised: Bool) async throws {
        let scratch = try newerLayout()
        try scratch.write("\(Self.mc)/mc0/mc_name", driver + "\n")
        if let option { try scratch.write("sys/module/i10nm_edac/parameters/retry_rd_err_log", option + "\n") }
        let result = try await observe(scratch)
        #expect(result.shortfall == (isAdvised ? Advice("memory.bits.option") : nil))
        #expect(errors(result, "dimm:mc0/dimm0", "corrected") == .counter(10))
    }

    @Test("a label that names one SMBIOS locator makes it that module, with its part number and serial")
    func joined() async throws {
        let scratch = try newerLayout()
        let table = MadeSMBIOS.modules([("CPU1_DIMM_A1", "NODE 1"), ("CPU1_DIMM_B1", "NODE 1")])
        try scratch.write("sys/firmware/dmi/tables/DMI", table)
        let result = try await observe(scratch)
        let module = try #require(result.components.first { $0.kind == .dimm })
        #expect(module.id.rawValue == "dimm:CPU1_DIMM_A1")
        #expect(module.part.partNumber == "MU-32G-0")
        #expect(module.part.serial == "SN000000")
        #expect(module.attributes["edac"] == "mc0/dimm0")
        #expect(module.attributes["ambiguous"] == nil)
    }

    @Test("a label that fits two locators, or none, names no module and says so")
    func ambiguous() async throws {
        let scratch = try newerLayout()
        try scratch.write("\(Self.mc)/mc0/dimm0/dimm_label", "DIMM 0")
        try scratch.write(
            "sys/firmware/dmi/tables/DMI", MadeSMBIOS.modules([("DIMM 0", "P0 CHANNEL A"), ("DIMM 0", "P0 CHANNEL B")]))
        var module = try #require(try await observe(scratch).components.first { $0.kind == .dimm })
        #expect(module.id.rawValue == "dimm:mc0/dimm0")
        #expect(module.attributes["ambiguous"] == "the label fits P0 CHANNEL A/DIMM 0, P0 CHANNEL B/DIMM 0")
        #expect(module.part.serial == nil)

        // ghes_edac writes bank and locator.
        try scratch.write("\(Self.mc)/mc0/dimm0/dimm_label", "P0 CHANNEL B DIMM 0")
        module = try #require(try await observe(scratch).components.first { $0.kind == .dimm })
        #expect(module.id.rawValue == "dimm:P0 CHANNEL B/DIMM 0")

        try scratch.write("\(Self.mc)/mc0/dimm0/dimm_label", "unknown memory (handle: 0x1100)")
        module = try #require(try await observe(scratch).components.first { $0.kind == .dimm })
        #expect(module.id.rawValue == "dimm:P0 CHANNEL A/DIMM 0")

        try scratch.write("\(Self.mc)/mc0/dimm0/dimm_label", "CPU_SrcID#0_MC#0_Chan#0_DIMM#0")
        module = try #require(try await observe(scratch).components.first { $0.kind == .dimm })
        #expect(module.attributes["ambiguous"] == "no locator of SMBIOS fits the label")
        #expect(module.name == "mc0/dimm0" && module.part.location == nil, "a driver's label is no slot")
        #expect(module.attributes["label"] == "CPU_SrcID#0_MC#0_Chan#0_DIMM#0")

        // Registered by the board's names, where SMBIOS calls its slots otherwise.
        try scratch.write("\(Self.mc)/mc0/dimm0/dimm_label", "DIMM_A1")
        module = try #require(try await observe(scratch).components.first { $0.kind == .dimm })
        #expect(module.id.rawValue == "dimm:mc0/dimm0")
        #expect(module.attributes["ambiguous"] == "no locator of SMBIOS fits the label")
        #expect(
            module.name == "DIMM_A1" && module.part.location == "DIMM_A1", "whoever goes there finds it by its label")
    }

    @Test(
        "where SMBIOS lists no modules, a label that somebody gave is the place, and one that the driver made up is none",
        arguments: [
            ("CPU1_DIMM_A1", true), ("P1-DIMMA1", true), ("DIMM#1", true), ("DIMM 0", true),
            ("CPU_SrcID#0_MC#0_Chan#0_DIMM#0", false), ("CPU_SrcID#0_Ha#0_Chan#1_DIMM#0", false),
            ("CPU#0Channel#1_DIMM#2", false), ("MC#0_Chan#0_DIMM#0", false), ("mc#0csrow#1channel#0", false),
            ("mc#0memory#3", false), ("Channel#A_Slot#0", false), ("unknown memory (handle: 0x1100)", false),
            ("", false),
        ])
    func unlisted(label: String, isPlace: Bool) async throws {
        let scratch = try newerLayout()
        try scratch.write("\(Self.mc)/mc0/dimm0/dimm_label", label)
        let module = try #require(try await observe(scratch).components.first { $0.kind == .dimm })
        #expect(module.id.rawValue == "dimm:mc0/dimm0")
        #expect(module.attributes["ambiguous"]?.contains("its label alone") == isPlace)
        #expect(module.part.location == (isPlace ? label : nil))
        #expect(module.name == (isPlace ? label : "mc0/dimm0"))
    }

    @Test("each damaged file is one unavailable, and the others are read")
    func damaged() async throws {
        let scratch = try newerLayout()
        try scratch.write("\(Self.mc)/mc0/ce_count", "")
        try scratch.write("\(Self.mc)/mc0/ue_count", "many\n")
        try scratch.write("\(Self.mc)/mc0/ce_noinfo_count", [UInt8](repeating: 57, count: SysTree.fileBytes + 1))
        try scratch.write("\(Self.mc)/mc0/ue_noinfo_count", "99999999999999999999")
        try FileManager.default.removeItem(at: scratch.url.appending(path: "\(Self.mc)/mc0/dimm0/dimm_ue_count"))
        let result = try await observe(scratch)
        for type in ["corrected", "uncorrected", "corrected.noinfo", "uncorrected.noinfo"] {
            #expect(errors(result, "memory_controller:mc0", type) == .unavailable(.malformed))
        }
        #expect(errors(result, "dimm:mc0/dimm0", "corrected") == .counter(10))
        #expect(errors(result, "dimm:mc0/dimm0", "uncorrected") == .unavailable(.notSupported))
    }

    @Test("uncorrected errors that were counted before the first look of a boot are told once, of the module")
    func earlier() async throws {
        let scratch = try newerLayout()
        try scratch.write("proc/sys/kernel/random/boot_id", "boot-1\n")
        try scratch.write("\(Self.mc)/mc0/dimm0/dimm_ue_count", "2\n")
        try scratch.write("\(Self.mc)/mc0/ue_noinfo_count", "3\n")
        func told(_ result: ProbeResult) -> [String] {
            result.observations.filter { $0.signal.name == "hw.memory.earlier_errors" }
                .map { "\($0.component.rawValue) \($0.count)" }
        }
        let probe = MemoryErrorProbe(tree: SysTree(root: scratch.url.path))
        let first = try await probe.observe(at: Self.now, since: nil)
        #expect(told(first) == ["memory_controller:mc0 3", "dimm:mc0/dimm0 2"])
        try scratch.write("\(Self.mc)/mc0/dimm0/dimm_ue_count", "5\n")
        #expect(told(try await probe.observe(at: Self.now, since: first.cursor)).isEmpty)
        // The agent was started again in the same boot: the rise of the counter tells of what came meanwhile.
        let restarted = MemoryErrorProbe(tree: SysTree(root: scratch.url.path))
        #expect(told(try await restarted.observe(at: Self.now, since: first.cursor)).isEmpty)
        try scratch.write("proc/sys/kernel/random/boot_id", "boot-2\n")
        let rebooted = MemoryErrorProbe(tree: SysTree(root: scratch.url.path))
        #expect(told(try await rebooted.observe(at: Self.now, since: first.cursor)).count == 2)
        try scratch.write("\(Self.mc)/mc0/dimm0/dimm_ue_count", "0\n")
        try scratch.write("\(Self.mc)/mc0/ue_noinfo_count", "0\n")
        #expect(told(try await observe(scratch)).isEmpty)
    }

    @Test("a machine without EDAC is absent, with what to do")
    func absent() async throws {
        let scratch = try ScratchFolder()
        await #expect(throws: ProbeError.self) { try await observe(scratch) }
        try scratch.write("\(Self.mc)/power/control", "auto")
        await #expect(
            throws: ProbeError.absent(
                because: "no memory controller under /sys/devices/system/edac/mc: "
                    + "the memory has no ECC, or the EDAC driver of this processor is not loaded")
        ) { try await observe(scratch) }
    }

    @Test("every count file of every recorded tree is an observation with its value", .recorded("edac", "sysfs"))
    func recorded() async throws {
        var trees = 0
        var counts = 0
        for entry in Recordings.entries("edac") + Recordings.entries("sysfs").filter({ $0.pathExtension != "bz2" }) {
            guard let recorded = try await RecordedTree(entry) else { continue }
            let root = recorded.root.path
            let outcome = try? await MemoryErrorProbe(tree: SysTree(root: root)).observe(at: Self.now, since: nil)
            guard let result = outcome else { continue }
            trees += 1
            counts += try Self.check(result, root: root)
        }
        print("memory errors: \(trees) recorded trees, \(counts) counts equal")
        #expect(trees == 0 || counts > 0)
    }

    /// Finds each `*_count` file's number among the observations of its component.
    private static func check(_ result: ProbeResult, root: String) throws -> Int {
        let counts = result.observations.filter { $0.signal.name == "hw.errors" }
        let base =
            FileManager.default.fileExists(atPath: "\(root)/mc")
            ? "\(root)/mc"
            : FileManager.default.fileExists(atPath: "\(root)/sys") ? "\(root)/\(mc)" : "\(root)/devices/system/edac/mc"
        var checked = 0
        let files = FileManager.default.enumerator(atPath: base)
        while let file = files?.nextObject() as? String {
            let parts = file.split(separator: "/").map(String.init)
            guard parts.count >= 2, parts[0].hasPrefix("mc"), let name = parts.last, name.hasSuffix("_count") else {
                continue
            }
            let hasModules = result.components.contains {
                $0.kind == .dimm && ($0.attributes["edac"] ?? "").hasPrefix(parts[0] + "/")
            }
            if parts[1].hasPrefix("csrow"), hasModules { continue }
            let type = (name.contains("ce_") ? "corrected" : "uncorrected") + (name.contains("noinfo") ? ".noinfo" : "")
            var component = "memory_controller:\(parts[0])"
            if parts.count == 3 {
                let place = "\(parts[0])/\(parts[1])"
                component =
                    name.hasPrefix("ch")
                    ? "memory_channel:\(place)/\(name.prefix { $0 != "_" })" : "memory_row:\(place)"
                if let module = result.components.first(where: { $0.kind == .dimm && $0.attributes["edac"] == place }) {
                    component = module.id.rawValue
                }
            }
            let wanted = UInt64(
                Recordings.text(URL(filePath: "\(base)/\(file)")).trimmingCharacters(in: .whitespacesAndNewlines))
            let found = counts.first { $0.component.rawValue == component && $0.signal[label: "error.type"] == type }
            #expect(found?.measurement == wanted.map { .counter($0) }, "\(file) as \(component) \(type)")
            checked += 1
        }
        return checked
    }
}
