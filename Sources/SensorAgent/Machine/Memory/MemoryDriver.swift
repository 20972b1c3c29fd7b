/// What the kernel's drivers for memory controllers (drivers/edac of Linux) tell of the place of an error within a module.
///
/// All tell module and page where the processor does. Row, column and bank only some work out of the address, and the chip
/// only the firmware knows.
enum MemoryDriver {
    /// Labels of `hw.memory.cell_error` that depend on the driver.
    static let labels: Set<String> = ["bank", "row", "column", "device"]

    /// By the beginning of the name that a driver gives its controllers (`mc_name`).
    private static let told: [(name: String, labels: Set<String>)] = [
        // skx_common.c: `Row:0x… Column:0x… Bank:0x… BankGroup:0x…`, on older kernels `bg:… ba:… row:… col:…`.
        ("Skylake Socket", ["bank", "row", "column"]), ("Intel_10nm", ["bank", "row", "column"]),
        // pnd2_edac.c: `rank:… bank:… row:… col:…`.
        ("pnd2/", ["bank", "row", "column"]),
        // ghes_edac.c: what the firmware knows, the chip included.
        ("ghes_edac", labels),
    ]

    /// - Parameter name: `mc_name` of a controller.
    /// - Returns: labels that its messages hold; none for a driver that works them out only on some kernels and
    ///   processors (sb_edac), or not at all (amd64_edac, igen6_edac, ie31200_edac, i7core_edac).
    static func labels(toldBy name: String) -> Set<String> {
        told.first { name.hasPrefix($0.name) }?.labels ?? []
    }
}
