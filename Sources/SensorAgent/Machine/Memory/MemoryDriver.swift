/// What the kernel's drivers for memory controllers (drivers/edac of Linux) tell of the place of an error within a module.
///
/// All tell module and page where the processor does. Row, column and bank only some work out of the address; the chip
/// only the firmware knows, and the memory controllers of Intel's servers, which also know the bits.
enum MemoryDriver {
    /// Labels of `hw.memory.cell_error` that depend on the driver.
    static let labels: Set<String> = bank.union(["row", "column", "device"])
    private static let bank: Set<String> = ["rank", "group", "bank"]

    /// The parameter of i10nm_edac that has it print what the controller kept of an error (`RetryReadLog`): 1 prints it, 2
    /// also takes the registers from the firmware, 0 is the default.
    static let bitsOption = "/sys/module/i10nm_edac/parameters/retry_rd_err_log"
    private static let optional = "Intel_10nm"
    private static let always = "Skylake Socket"

    /// By the beginning of the name that a driver gives its controllers (`mc_name`).
    private static let told: [(name: String, labels: Set<String>)] = [
        // skx_common.c: `Row:0x… Column:0x… Bank:0x… BankGroup:0x…`, on older kernels `bg:… ba:… row:… col:…`.
        (always, bank.union(["row", "column"])), (optional, bank.union(["row", "column"])),
        // pnd2_edac.c: `rank:… bank:… row:… col:…`.
        ("pnd2/", bank.union(["row", "column"])),
        // ghes_edac.c: what the firmware knows, the chip included.
        ("ghes_edac", labels),
    ]

    /// - Parameters:
    ///   - name: `mc_name` of a controller.
    ///   - bitsOption: what the parameter of i10nm_edac holds.
    /// - Returns: labels that its messages hold; none for a driver that works them out only on some kernels and
    ///   processors (sb_edac), or not at all (amd64_edac, igen6_edac, ie31200_edac, i7core_edac).
    static func labels(toldBy name: String, bitsOption: String?) -> Set<String> {
        let places = told.first { name.hasPrefix($0.name) }?.labels ?? []
        return tellsBits(name, bitsOption: bitsOption) ? places.union(["device"]) : places
    }

    /// Whether its messages hold the bits of an error.
    static func tellsBits(_ name: String, bitsOption: String?) -> Bool {
        name.hasPrefix(always) || name.hasPrefix(optional) && ["1", "2"].contains(bitsOption)
    }

    /// Whether it would tell the bits with another option.
    static func couldTellBits(_ name: String, bitsOption: String?) -> Bool {
        name.hasPrefix(optional) && !tellsBits(name, bitsOption: bitsOption)
    }

    /// Whether the firmware reads the errors before the kernel, so that no driver reads the controller.
    static func isOfFirmware(_ name: String) -> Bool { name.hasPrefix("ghes_edac") }
}
