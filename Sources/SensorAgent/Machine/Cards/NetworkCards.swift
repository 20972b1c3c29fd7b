import Reports

/// Network ports with hardware behind them (`/sys/class/net`, Documentation/ABI/testing/sysfs-class-net).
enum NetworkCards {
    /// nil for loopback, bridges, bonds and the like, which have no device.
    ///
    /// - Parameters:
    ///   - properties: what udev knows of the port; empty on a recorded tree.
    ///   - folder: where the port lies in a recording without `/sys/class`.
    static func component(
        _ name: String, tree: SysTree, properties: [String: String], folder: String? = nil
    ) -> Component? {
        // Below a function, the device is the function itself, whether or not the link to it was recorded.
        let own = folder.map { "\($0)/../.." }
        let folder = folder ?? "/sys/class/net/\(name)"
        let link = own ?? "\(folder)/device"
        guard tree.exists(link) else { return nil }
        let device = try? tree.resolved(link)
        // Recordings may hold a plain folder where the kernel has a link.
        let address = device?.split(separator: "/").last.map(String.init).flatMap { $0 == "device" ? nil : $0 }
        let mac = (try? tree.text("\(folder)/address")).flatMap(PlaceholderText.removed)
        // A bond gives its ports one address (addr_assign_type 3); udev wrote the card's own down when it came.
        let isOwn = (try? tree.count("\(folder)/addr_assign_type")) == 0 || !tree.exists("\(folder)/addr_assign_type")
        let burnt = burntIn(properties["ID_NET_NAME_MAC"]) ?? (isOwn ? mac : nil)
        var attributes = ["interface": name]
        attributes["mac"] = burnt ?? mac
        attributes["bus_address"] = address
        attributes["driver"] = (try? tree.resolved("\(link)/driver"))?.split(separator: "/").last.map(
            String.init)
        attributes["pci_id"] = pciID(link, tree)
        if attributes["driver"] == "driver" { attributes["driver"] = nil }
        return Component(
            id: ComponentID(.nic, burnt ?? address ?? name), kind: .nic, parent: function(link, tree), name: name,
            part: Part(
                manufacturer: PlaceholderText.removed(properties["ID_VENDOR_FROM_DATABASE"]),
                model: PlaceholderText.removed(properties["ID_MODEL_FROM_DATABASE"]),
                location: address.flatMap { PCISlots.slot(of: $0, tree) }),
            attributes: attributes)
    }

    /// The PCI function behind the port; that of the whole card where the port is a virtual one (SR-IOV).
    private static func function(_ device: String, _ tree: SysTree) -> ComponentID? {
        let physical = "\(device)/physfn"
        let path = (try? tree.resolved(tree.exists(physical) ? physical : device))?.split(separator: "/") ?? []
        return path.reversed().lazy.compactMap { PCIAddress($0) }.first
            .map { ComponentID(.pcieDevice, $0.description) }
    }

    /// `enx001122334455` as an address.
    private static func burntIn(_ name: String?) -> String? {
        guard let name, name.count == 15, name.hasPrefix("en") || name.hasPrefix("wl") else { return nil }
        let digits = Array(name.dropFirst(3))
        guard digits.allSatisfy(\.isHexDigit) else { return nil }
        return stride(from: 0, to: 12, by: 2).map { String(digits[$0...($0 + 1)]) }.joined(separator: ":")
    }

    private static func pciID(_ folder: String, _ tree: SysTree) -> String? {
        guard let vendor = try? tree.text("\(folder)/vendor"), let device = try? tree.text("\(folder)/device") else {
            return nil
        }
        return "\(vendor.dropFirst(2)):\(device.dropFirst(2))"
    }
}
