import Reports

/// Network ports with hardware behind them (`/sys/class/net`, Documentation/ABI/testing/sysfs-class-net).
enum NetworkCards {
    /// nil for loopback, bridges, bonds and the like, which have no device.
    static func component(_ name: String, tree: SysTree, properties: [String: String]) -> Component? {
        let folder = "/sys/class/net/\(name)"
        guard tree.exists("\(folder)/device") else { return nil }
        let device = try? tree.resolved("\(folder)/device")
        // Recordings may hold a plain folder where the kernel has a link.
        let address = device?.split(separator: "/").last.map(String.init).flatMap { $0 == "device" ? nil : $0 }
        let mac = (try? tree.text("\(folder)/address")).flatMap(Filler.removed)
        // A bond gives its ports one address (addr_assign_type 3); udev wrote the card's own down when it came.
        let isOwn = (try? tree.count("\(folder)/addr_assign_type")) == 0 || !tree.exists("\(folder)/addr_assign_type")
        let burnt = burntIn(properties["ID_NET_NAME_MAC"]) ?? (isOwn ? mac : nil)
        var attributes = ["interface": name]
        attributes["mac"] = burnt ?? mac
        attributes["bus_address"] = address
        attributes["driver"] = (try? tree.resolved("\(folder)/device/driver"))?.split(separator: "/").last.map(
            String.init)
        attributes["pci_id"] = pciID("\(folder)/device", tree)
        if attributes["driver"] == "driver" { attributes["driver"] = nil }
        return Component(
            id: ComponentID(.nic, burnt ?? address ?? name), kind: .nic, name: name,
            part: Part(
                manufacturer: Filler.removed(properties["ID_VENDOR_FROM_DATABASE"]),
                model: Filler.removed(properties["ID_MODEL_FROM_DATABASE"]), serial: burnt,
                location: address.flatMap { DiskIdentity.pciSlot($0, tree) }),
            attributes: attributes)
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
