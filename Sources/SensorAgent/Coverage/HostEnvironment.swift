import Reports

/// What a machine is and has beside what its probes read: enough to show why one of them sees nothing, and what would
/// help. Read from files alone; nothing is run, opened for a device, or loaded.
struct HostEnvironment: Hashable, Sendable {
    enum Processor: Hashable, Sendable { case intel, amd, other }

    var processor = Processor.other
    /// The kernel's EDAC driver for the processor's memory controller; nil where none is known.
    var memoryDriver: String?
    /// What the option of i10nm_edac holds that has it tell the bits of memory errors; nil where that is not loaded.
    var memoryBitsOption: String?
    /// Whether a hypervisor runs it: the processor's flag `hypervisor`.
    var isVirtual = false
    /// Whether the firmware names a management controller (SMBIOS type 38), or the kernel has a device of one.
    var hasBMC = false
    var hasBMCDevice = false
    /// Whether memory modules carry check bits (SMBIOS type 17: total width above data width); nil: not known.
    var hasECC: Bool?
    /// Whether the firmware hands its records of errors to the kernel (ACPI's table HEST).
    var hasFirmwareErrors = false
    /// Those of `HostEnvironment.programs` that are installed.
    var installed: Set<String> = []
    /// What a UPS on USB calls itself; nil: there is none.
    var ups: String?
    /// Whether the configuration states where a Redfish service is.
    var asksRedfish = false

    init() {}

    /// Programs that some probe could use.
    static let programs = [
        "smartctl", "upsd", "ipmitool", "storcli64", "storcli", "MegaCli64", "megacli", "perccli64", "perccli",
        "ssacli",
        "hpssacli", "hpacucli", "arcconf",
    ]

    private static let programFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    /// Makers whose devices on USB are UPSs (http://www.linux-usb.org/usb.ids): MGE/Eaton, Powerware, APC, Phoenixtec,
    /// CyberPower, Tripp Lite, PowerCOM, Liebert.
    private static let upsMakers: Set<String> = [
        "0463", "0592", "051d", "06da", "0764", "09ae", "0d9f", "10af",
    ]

    /// EDAC drivers by Intel's model numbers of family 6 (drivers/edac, arch/x86/include/asm/intel-family.h).
    private static let memoryDrivers: [(driver: String, models: Set<Int>)] = [
        ("sb_edac", [0x2D, 0x3E, 0x3F, 0x4F, 0x56, 0x57, 0x85]), ("skx_edac", [0x55]),
        ("i10nm_edac", [0x6A, 0x6C, 0x86, 0x8F, 0xAD, 0xAE, 0xAF, 0xB6, 0xCF]),
        ("ie31200_edac", [0x2A, 0x3A, 0x3C, 0x5E, 0x9E, 0xB7]),
        ("i7core_edac", [0x1A, 0x1E, 0x2C, 0x2E]),
    ]

    /// Devices on USB that are looked at.
    private static let usbLimit = 256

    /// - Parameter firmware: SMBIOS' table of the same machine.
    init(tree: SysTree, asksRedfish: Bool, firmware: SMBIOS) {
        self.asksRedfish = asksRedfish
        let facts = (try? tree.text("/proc/cpuinfo")) ?? ""
        var model: Int?
        // The first processor stands for all.
        for line in facts.split(separator: "\n").prefix(64) {
            if line.hasPrefix("vendor_id") {
                processor =
                    line.hasSuffix("GenuineIntel") ? .intel : line.hasSuffix("AuthenticAMD") ? .amd : .other
            }
            if line.hasPrefix("model\t") { model = line.split(separator: " ").last.flatMap { Int($0) } }
            if line.hasPrefix("flags") { isVirtual = line.split(separator: " ").contains("hypervisor") }
        }
        switch processor {
        case .intel:
            memoryDriver = HostEnvironment.memoryDrivers.first { model.map($0.models.contains) ?? false }?.driver
        case .amd: memoryDriver = "amd64_edac"
        case .other: break
        }
        memoryBitsOption = try? tree.text(MemoryDriver.bitsOption)
        hasBMCDevice = ["/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0"].contains(where: tree.exists)
        hasBMC = hasBMCDevice || !firmware.structures(ofType: 38).isEmpty
        hasECC = HostEnvironment.hasECC(firmware)
        hasFirmwareErrors = tree.exists("/sys/firmware/acpi/tables/HEST")
        installed = Set(
            HostEnvironment.programs.filter { name in
                HostEnvironment.programFolders.contains { tree.exists("\($0)/\(name)") }
            })
        ups = HostEnvironment.ups(in: tree)
    }

    /// DSP0134 section 7.18: widths in bits at 08h and 0Ah, FFFFh for unknown; the size at 0Ch is 0 for an empty socket.
    private static func hasECC(_ firmware: SMBIOS) -> Bool? {
        let widths = firmware.structures(ofType: 17).compactMap { module -> (total: UInt16, data: UInt16)? in
            guard let total = module.word(0x08), let data = module.word(0x0A), let size = module.word(0x0C), size > 0,
                total != 0xFFFF, data != 0xFFFF, total > 0, data > 0
            else { return nil }
            return (total, data)
        }
        return widths.isEmpty ? nil : widths.contains { $0.total > $0.data }
    }

    private static func ups(in tree: SysTree) -> String? {
        let folder = "/sys/bus/usb/devices"
        for name in ((try? tree.names(in: folder)) ?? []).prefix(usbLimit) {
            guard let maker = try? tree.text("\(folder)/\(name)/idVendor"), upsMakers.contains(maker) else { continue }
            let words = ["manufacturer", "product"].compactMap {
                PlaceholderText.removed(try? tree.text("\(folder)/\(name)/\($0)"))
            }
            return words.isEmpty ? "USB \(maker)" : words.joined(separator: " ")
        }
        return nil
    }
}
