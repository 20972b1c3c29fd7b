extension ComponentKind {
    /// The kinds that this release knows. Kinds stay open on the wire; an author's misspelt one is found by this list.
    public static let known: [ComponentKind] =
        [
            disk, dimm, memoryRow, memoryController, memoryChannel, fan, psu, cpu, nic, optic, board, boardBattery,
            chassis,
            controller, cable, backplane, slot, cooling, zone, ups, upsBattery, raidArray, pool, gpu, bond, pcieDevice,
            chip,
            temperature, voltage, current, power, energy, humidity, intrusion, server, test,
        ] + ["check", "volume"].map(ComponentKind.init(rawValue:))
}
