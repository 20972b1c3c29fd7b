import Reports

/// What a disk is, from sysfs alone: nothing here talks to the disk, so that a sleeping one stays asleep.
///
/// The same disk has the same `ComponentID` here and in smartctl's output: by its World Wide Name, else (NVMe always)
/// by its serial number, else by the path that leads to it. Numbers that are none (`00000000`) do not count, and what
/// two disks share is settled by `DiskTwins`.
enum DiskIdentity {
    /// - Parameter path: as udev writes it: `pci-0000:00:1f.2-ata-3`.
    static func id(wwn: String?, serial: String?, path: String? = nil, device: String?) -> ComponentID {
        if let wwn { return ComponentID(.disk, "wwn-\(wwn)") }
        if let serial = serial.flatMap(PlaceholderText.serial) {
            return ComponentID(.disk, "serial-" + serial.split(separator: " ").joined(separator: "_"))
        }
        if let path { return ComponentID(.disk, "path-\(path)") }
        return ComponentID(.disk, "device-" + (device?.split(separator: "/").last.map(String.init) ?? "unknown"))
    }

    /// `wwn` in lower case; nil for those that cheap bridges make up (all zeros, one digit over and over).
    static func plausible(wwn: String) -> String? {
        let digits = wwn.lowercased().drop { $0 == " " }
        guard digits.hasPrefix("0x") else { return nil }
        let number = digits.dropFirst(2)
        guard number.count == 16 || number.count == 32, number.allSatisfy(\.isHexDigit),
            Set(number.dropFirst()).count > 1
        else { return nil }
        return String(digits)
    }

    /// Disks of the kernel by name (`sda`, `nvme0`), without partitions, loops, optical drives and what is made of
    /// disks.
    static func names(in tree: SysTree) -> [String] {
        let block = ((try? tree.names(in: "/sys/block")) ?? (try? tree.names(in: "/sys/class/block")) ?? []).filter {
            name in
            ["sd", "hd", "vd", "xvd", "mmcblk"].contains { name.hasPrefix($0) }
                && !tree.exists("/sys/class/block/\(name)/partition") && !name.contains("boot")
                && !name.contains("rpmb")
        }
        let controllers = ((try? tree.names(in: "/sys/class/nvme")) ?? []).filter { $0.hasPrefix("nvme") }
        return block + controllers
    }

    /// - Parameters:
    ///   - properties: what udev knows of the device; empty on a recorded tree.
    ///   - touchesDevices: whether files may be read for which the kernel asks the disk or its controller: a virtio
    ///     disk's `serial`, the bay by SES or by the SAS controller.
    static func component(
        _ name: String, tree: SysTree, properties: [String: String] = [:], touchesDevices: Bool = true
    ) -> Component {
        name.hasPrefix("nvme") ? nvme(name, tree, properties) : block(name, tree, properties, touchesDevices)
    }

    private static func nvme(_ name: String, _ tree: SysTree, _ properties: [String: String]) -> Component {
        let folder = "/sys/class/nvme/\(name)"
        let serial = PlaceholderText.serial(try? tree.text("\(folder)/serial"))
        var attributes = ["bus": "nvme", "rotational": "0", "device": "/dev/\(name)"]
        attributes["transport"] = try? tree.text("\(folder)/transport")
        attributes["pci"] = try? tree.text("\(folder)/address")
        attributes["path"] = properties["ID_PATH"] ?? attributes["pci"].map { "pci-\($0)-nvme-1" }
        // Two controllers of one disk are of one subsystem.
        attributes["subsystem"] = PlaceholderText.removed(try? tree.text("\(folder)/subsysnqn"))
        if serial == nil { attributes["identity"] = identity(byPath: attributes["path"]) }
        return Component(
            id: id(wwn: nil, serial: serial, path: attributes["path"], device: name), kind: .disk,
            name: "/dev/\(name)",
            part: Part(
                model: PlaceholderText.removed(try? tree.text("\(folder)/model")), serial: serial,
                firmware: PlaceholderText.removed(try? tree.text("\(folder)/firmware_rev")),
                location: attributes["pci"].flatMap { PCISlots.slot(of: $0, tree) }),
            attributes: attributes)
    }

    private static func block(
        _ name: String, _ tree: SysTree, _ properties: [String: String], _ touchesDevices: Bool
    ) -> Component {
        let folder = tree.exists("/sys/class/block/\(name)") ? "/sys/class/block/\(name)" : "/sys/block/\(name)"
        let place = (try? tree.resolved(folder)) ?? ""
        // Below virtio it is the number that the virtual bus has, 0x1af4, and no maker's name.
        let vendor = PlaceholderText.removed(try? tree.text("\(folder)/device/vendor")).flatMap {
            $0.hasPrefix("0x") ? nil : $0
        }
        let model = PlaceholderText.removed(try? tree.text("\(folder)/device/model"))
        // libata makes up `ATA` as the vendor, and cuts the model to 16 signs; udev asked the drive itself.
        let isATA = vendor == "ATA" || properties["ID_BUS"] == "ata" || properties["ID_ATA"] == "1"
        let wwid =
            PlaceholderText.removed(try? tree.text("\(folder)/device/wwid"))
            ?? PlaceholderText.removed(try? tree.text("\(folder)/wwid"))
        let wwn =
            (properties["ID_WWN_WITH_EXTENSION"] ?? properties["ID_WWN"]).flatMap(plausible)
            ?? wwid.flatMap { $0.hasPrefix("naa.") ? plausible(wwn: "0x" + $0.dropFirst(4)) : nil }
        let serial =
            PlaceholderText.serial(properties["ID_SCSI_SERIAL"] ?? properties["ID_SERIAL_SHORT"])
            ?? pageSerial("\(folder)/device/vpd_pg80", tree)
            // A virtio disk has no other, and is asked for it at each reading: udev has asked it already.
            ?? PlaceholderText.serial(
                name.hasPrefix("vd") && !touchesDevices
                    ? properties["ID_SERIAL"] : (try? tree.text("\(folder)/serial")))
        var attributes = ["device": "/dev/\(name)"]
        attributes["bus"] =
            place.contains("/usb")
            ? "usb"
            : place.contains("/virtio")
                ? "virtio"
                : isATA
                    ? "ata"
                    : name.hasPrefix("mmcblk") ? "mmc" : "sas"
        attributes["wwn"] = wwn
        attributes["rotational"] = try? tree.text("\(folder)/queue/rotational")
        attributes["path"] = properties["ID_PATH"] ?? path(place, tree)
        attributes["size_bytes"] = (try? tree.count("\(folder)/size")).map { String($0 &* 512) }
        if wwn == nil, serial == nil { attributes["identity"] = identity(byPath: attributes["path"]) }
        let role = BlockDeviceRole(
            device: "\(folder)/device", place: place, wwn: wwn, vendor: vendor, model: model, tree: tree)
        guard role == .disk else {
            return volume(
                role, name, key: wwn.map { "wwn-\($0)" } ?? attributes["path"] ?? name, place: place,
                part: Part(manufacturer: vendor, model: model), attributes: attributes)
        }
        return Component(
            id: id(wwn: wwn, serial: serial, path: attributes["path"], device: name), kind: .disk, name: "/dev/\(name)",
            part: Part(
                manufacturer: isATA ? nil : vendor,
                model: properties["ID_MODEL"].map { $0.split(separator: "_").joined(separator: " ") } ?? model,
                serial: serial,
                firmware: PlaceholderText.removed(properties["ID_REVISION"])
                    ?? PlaceholderText.removed(try? tree.text("\(folder)/device/rev")),
                location: touchesDevices ? bay(folder, place: place, tree) : nil),
            attributes: attributes)
    }

    /// What a controller or an array outside makes of several disks: none of these is told apart here.
    private static func volume(
        _ role: BlockDeviceRole, _ name: String, key: String, place: String, part: Part, attributes: [String: String]
    ) -> Component {
        var attributes = attributes.filter { ["device", "wwn", "path", "size_bytes", "bus"].contains($0.key) }
        attributes["manager"] = role == .controllerVolume ? "hardware" : BlockDeviceRole.outsideManager
        let controller = role == .controllerVolume ? StoragePath(place).pci : nil
        return Component(
            id: ComponentID(.raidArray, key), kind: .raidArray, parent: controller.map { ComponentID(.controller, $0) },
            name: "/dev/\(name)", part: part, attributes: attributes)
    }

    private static func identity(byPath path: String?) -> String {
        path == nil ? "by device name, which may change" : "by its path, where another may sit one day"
    }

    /// The way to the disk as udev's `path_id` writes it, from its place in sysfs; nil where that has no PCI function.
    private static func path(_ place: String, _ tree: SysTree) -> String? {
        let parts = place.split(separator: "/").map(String.init)
        guard let pci = parts.last(where: { PCIAddress($0) != nil }) else { return nil }
        let address = parts.last { $0.split(separator: ":").count == 4 && $0.allSatisfy { $0.isNumber || $0 == ":" } }
        if let port = parts.last(where: { $0.hasPrefix("ata") && $0.dropFirst(3).allSatisfy(\.isNumber) }) {
            let number = (try? tree.text("/sys/class/ata_port/\(port)/port_no")) ?? String(port.dropFirst(3))
            // Behind a port multiplier each drive has a channel.
            let channel = address?.split(separator: ":")[1] ?? "0"
            return "pci-\(pci)-ata-\(number)" + (channel == "0" ? "" : ".\(channel)")
        }
        if let port = parts.last(where: { $0.contains("-") && $0.first?.isNumber == true && !$0.contains(":") }),
            let dash = port.firstIndex(of: "-")
        {
            return "pci-\(pci)-usb-0:\(port[port.index(after: dash)...])"
        }
        if let end = parts.last(where: { $0.hasPrefix("end_device-") }),
            let sas = try? tree.text("/sys/class/sas_device/\(end)/sas_address")
        {
            return "pci-\(pci)-sas-\(sas)"
        }
        guard let address else { return "pci-\(pci)" }
        // The number of the host depends on the order in which drivers came.
        return "pci-\(pci)-scsi-0:" + address.split(separator: ":").dropFirst().joined(separator: ":")
    }

    /// The serial of SCSI's vital product data page 80h: four bytes of header, then ASCII.
    private static func pageSerial(_ path: String, _ tree: SysTree) -> String? {
        guard let bytes = try? tree.bytes(path), bytes.count > 4 else { return nil }
        return PlaceholderText.serial(String(decoding: bytes.dropFirst(4).prefix(Int(bytes[3])), as: UTF8.self))
    }

    /// The slot that an enclosure (SES) or a SAS expander gives for the disk.
    private static func bay(_ folder: String, place: String, _ tree: SysTree) -> String? {
        let prefix = "enclosure_device:"
        if let link = ((try? tree.names(in: "\(folder)/device")) ?? []).first(where: { $0.hasPrefix(prefix) }) {
            let slot = (try? tree.text("\(folder)/device/\(link)/slot")) ?? String(link.dropFirst(prefix.count))
            return "Bay \(slot)"
        }
        guard let end = place.split(separator: "/").last(where: { $0.hasPrefix("end_device-") }),
            let bay = try? tree.count("/sys/class/sas_device/\(end)/bay_identifier")
        else { return nil }
        return "Bay \(bay)"
    }
}
