import Reports

/// What a monitoring chip is part of, where that is not the board: a disk, a power supply, a card.
struct ChipOwner: Sendable {
    enum Kind: Sendable {
        case disk(Component)
        /// A power supply on PMBus, with the watts that it may give; nil where not reported.
        case supply(rating: Double?)
        /// A card; its PCI function.
        case card(ComponentID)
    }

    let kind: Kind
    /// Time between two questions at least.
    let spacing: Duration
    /// A file that changes whenever the disk works; nil for what never sleeps.
    let activity: String?

    /// Each reading of `drivetemp` is a SMART command to the disk, and may keep it from falling asleep
    /// (Documentation/hwmon/drivetemp.rst).
    static let ataSpacing = Duration.seconds(600)
    /// Each reading of `nvme` may be a command to the controller.
    static let nvmeSpacing = Duration.seconds(60)

    /// - Parameter disk: the disk that the kernel calls so.
    /// - Returns: nil for a chip of the board.
    init?(of chip: SensorChip, tree: SysTree, disk: (String) -> Component?) {
        let device = (try? tree.resolved("\(chip.path)/device")) ?? ""
        let name = device.split(separator: "/").last.map(String.init) ?? ""
        if chip.prefix == "nvme", let disk = disk(name) {
            (kind, spacing, activity) = (.disk(disk), ChipOwner.nvmeSpacing, nil)
        } else if chip.prefix == "drivetemp", let block = (try? tree.names(in: "\(device)/block"))?.first,
            let disk = disk(block)
        {
            let rotates = disk.attributes["rotational"] != "0"
            (kind, spacing) = (.disk(disk), ChipOwner.ataSpacing)
            activity = rotates ? "/sys/class/block/\(block)/stat" : nil
        } else if ChipOwner.isSupply(chip) {
            let output = chip.features.first { $0.kind == .power && $0.label.hasPrefix("pout") }?.name
            // Microwatts.
            let rating = output.flatMap { try? tree.count("\(chip.path)/\($0)_rated_max") }.map { Double($0) / 1e6 }
            (kind, spacing, activity) = (.supply(rating: rating), .zero, nil)
        } else if let address = PCIAddress(name), ChipOwner.isCard(device, tree) {
            (kind, spacing, activity) = (.card(ComponentID(.pcieDevice, address.description)), .zero, nil)
        } else {
            return nil
        }
    }

    /// Drivers of power supplies (Documentation/hwmon), and the generic one where there is a fan: regulators have none.
    private static func isSupply(_ chip: SensorChip) -> Bool {
        let drivers = [
            "cffps", "ibm-cffps", "pfe1100", "pfe3000", "dps460", "dps650ab", "dps800", "dps1200ab", "dps2000ab",
            "ipsps", "ym2151", "yh5151", "crps", "acbel", "fsg032", "bpa-rs600", "d1u74t", "sgd009", "corsairpsu",
        ]
        if drivers.contains(where: { chip.prefix.hasPrefix($0) }) { return true }
        return chip.prefix == "pmbus" && chip.features.contains { $0.kind == .fan }
            && chip.features.contains { $0.label == "vin" }
    }

    /// Base classes 01h, 02h, 03h and 12h: what is plugged in, and not the processor's own functions.
    private static func isCard(_ device: String, _ tree: SysTree) -> Bool {
        guard let code = try? tree.text("\(device)/class") else { return false }
        return ["0x01", "0x02", "0x03", "0x12"].contains { code.hasPrefix($0) }
    }
}
