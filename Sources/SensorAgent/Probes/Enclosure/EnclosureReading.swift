import Reports

/// One look at controllers, shelves, bays and the disks in them.
struct EnclosureReading {
    let tree: SysTree
    let directory: DiskDirectory
    let time: Timestamp
    private(set) var result = ProbeResult()
    private var places: [ComponentID: Int] = [:]
    /// The bay of each disk that a shelf or the controller names.
    private var bays: [ComponentID: ComponentID] = [:]
    /// Shelves by their logical identifier, `500304801f71f0bd`.
    private var shelves: [String: ComponentID] = [:]

    /// Bays taken of one shelf: the largest have 108.
    private static let bayLimit = 512

    init(tree: SysTree, directory: DiskDirectory, time: Timestamp) {
        self.tree = tree
        self.directory = directory
        self.time = time
    }

    private mutating func add(_ component: Component) {
        guard places[component.id] == nil else { return }
        places[component.id] = result.components.count
        result.components.append(component)
    }

    private mutating func add(_ component: ComponentID, _ signal: Signal, _ measurement: Measurement) {
        result.observations.append(
            Observation(component: component, signal: signal, measurement: measurement, time: time))
    }

    private func text(_ path: String) -> String? { PlaceholderText.removed(try? tree.text(path)) }

    // MARK: Controllers

    static func controller(_ pci: String) -> ComponentID { ComponentID(.controller, pci) }

    /// Each PCI function with SCSI hosts is one controller: an AHCI one has a host for each port.
    mutating func addControllers() {
        for host in (try? tree.names(in: "/sys/class/scsi_host")) ?? [] {
            let folder = "/sys/class/scsi_host/\(host)"
            let path = StoragePath((try? tree.resolved(folder)) ?? "")
            guard let pci = path.pci, !path.isUSB else { continue }
            let id = EnclosureReading.controller(pci)
            guard places[id] == nil else { continue }
            var attributes = ["pci": pci]
            attributes["driver"] = text("\(folder)/proc_name")
            attributes["bios"] = text("\(folder)/version_bios") ?? text("\(folder)/hba_bios_version")
            let words = attributes["driver"].map { " (\($0))" } ?? ""
            add(
                Component(
                    id: id, kind: .controller, parent: ComponentID(.pcieDevice, pci),
                    name: "storage controller \(pci)\(words)",
                    part: Part(
                        manufacturer: text("\(folder)/vendor"),
                        model: text("\(folder)/board_name") ?? text("\(folder)/model")
                            ?? text("\(folder)/host_fw_model") ?? text("\(folder)/version_product"),
                        partNumber: text("\(folder)/board_assembly"),
                        serial: text("\(folder)/board_tracer") ?? text("\(folder)/serial_number"),
                        firmware: text("\(folder)/version_fw") ?? text("\(folder)/firmware_version")
                            ?? text("\(folder)/firmware_revision") ?? text("\(folder)/fw_version")
                            ?? text("\(folder)/host_fw_version") ?? text("\(folder)/hba_kernel_version"),
                        location: PCISlots.slot(of: pci, tree)),
                    attributes: attributes))
        }
    }

    // MARK: Shelves

    /// Shelves that speak SES.
    mutating func addShelves() {
        for name in (try? tree.names(in: "/sys/class/enclosure")) ?? [] {
            let folder = "/sys/class/enclosure/\(name)"
            let path = StoragePath((try? tree.resolved("\(folder)/device")) ?? "")
            let logical = text("\(folder)/id").map(EnclosureReading.bare)
            let id = ComponentID(.backplane, logical.map { "ses-\($0)" } ?? "ses-\(name)")
            if let logical { shelves[logical] = id }
            let model = text("\(folder)/device/model")
            add(
                Component(
                    id: id, kind: .backplane, parent: path.pci.map(EnclosureReading.controller),
                    name: "disk shelf \(model ?? name)",
                    part: Part(
                        manufacturer: text("\(folder)/device/vendor"), model: model,
                        firmware: text("\(folder)/device/rev")),
                    attributes: ["device": name]))
            let bays = ((try? tree.names(in: folder)) ?? []).filter {
                tree.exists("\(folder)/\($0)/status") && tree.exists("\(folder)/\($0)/fault")
            }
            for bay in bays.prefix(EnclosureReading.bayLimit) { addBay("\(folder)/\(bay)", bay, of: id) }
        }
    }

    private mutating func addBay(_ folder: String, _ name: String, of shelf: ComponentID) {
        // Shelves that have no slot numbers name their bays.
        let number = (try? tree.text("\(folder)/slot")) ?? name
        let id = EnclosureReading.slot(number, of: shelf)
        add(EnclosureReading.slotComponent(id, number, of: shelf))
        let blocks = (try? tree.names(in: "\(folder)/device/block")) ?? []
        for block in blocks { if let disk = directory.disk(named: block) { bays[disk.id] = id } }
        do {
            let status = try tree.text("\(folder)/status").lowercased()
            let isFaulty = (try? tree.count("\(folder)/fault")).map { $0 > 0 } ?? false
            add(id, Signal("hw.enclosure.slot"), EnclosureReading.state(status, isFaulty: isFaulty))
        } catch {
            add(id, Signal("hw.enclosure.slot"), .unavailable(error.unavailable))
        }
    }

    /// The words of drivers/misc/enclosure.c for SES-3 table 74.
    private static func state(_ status: String, isFaulty: Bool) -> Measurement {
        switch status {
        case _ where isFaulty: .state("fault")
        case "ok", "noncritical": .state("ok")
        case "critical", "unrecoverable": .state("fault")
        case "not installed": .state("empty")
        default: .unavailable(.notSupported)
        }
    }

    private static func slot(_ number: String, of shelf: ComponentID) -> ComponentID {
        ComponentID(.slot, "\(shelf.rawValue.dropFirst("\(ComponentKind.backplane.rawValue):".count))/\(number)")
    }

    private static func slotComponent(_ id: ComponentID, _ number: String, of shelf: ComponentID) -> Component {
        let label = number.allSatisfy(\.isNumber) ? "Bay \(number)" : number
        return Component(
            id: id, kind: .slot, parent: shelf, name: label, part: Part(location: label), attributes: ["slot": number])
    }

    /// `500304801f71f0bd` of `0x500304801f71f0bd`.
    private static func bare(_ identifier: String) -> String {
        let text = identifier.lowercased()
        return text.hasPrefix("0x") ? String(text.dropFirst(2)) : text
    }

    // MARK: Disks

    /// Each disk with what it is plugged into.
    mutating func addDisks() {
        for var disk in directory.disks {
            let device = disk.attributes["device"].map { String($0.dropFirst("/dev/".count)) } ?? ""
            guard disk.attributes["manager"] != BlockDeviceRole.outsideManager else { continue }
            if let pci = disk.attributes["pci"] {
                disk.parent = ComponentID(.pcieDevice, pci)
            } else {
                let path = StoragePath((try? tree.resolved("/sys/block/\(device)")) ?? "")
                guard !path.isUSB, path.pci != nil else { continue }
                disk.parent = parent(of: disk, path)
                if let folder = path.portFolder { addPhys(folder, of: disk.id) }
            }
            guard let parent = disk.parent else { continue }
            if let place = places[parent], result.components[place].kind == .slot {
                disk.part.location = result.components[place].part.location
            }
            add(disk)
        }
    }

    /// The bay, else the cable of the SATA port, else the controller.
    private mutating func parent(of disk: Component, _ path: StoragePath) -> ComponentID? {
        if let bay = bays[disk.id] { return bay }
        guard let pci = path.pci else { return nil }
        let controller = EnclosureReading.controller(pci)
        // One that is no SCSI host (virtio, an SD card's) has been met nowhere yet.
        add(
            Component(
                id: controller, kind: .controller, parent: ComponentID(.pcieDevice, pci),
                name: "storage controller \(pci)", attributes: ["pci": pci]))
        if let end = path.endDevice, let bay = sasBay(end, path, controller) { return bay }
        guard let port = path.ataPort, let number = try? tree.count("/sys/class/ata_port/\(port)/port_no") else {
            return controller
        }
        let cable = ComponentID(.cable, "\(pci)/port\(number)")
        add(
            Component(
                id: cable, kind: .cable, parent: controller, name: "cable of SATA port \(number)",
                part: Part(location: "SATA port \(number)"), attributes: ["port": port]))
        return cable
    }

    /// The bay that the controller knows of by itself; the shelf may speak SES too, and is then the same.
    private mutating func sasBay(_ end: String, _ path: StoragePath, _ controller: ComponentID) -> ComponentID? {
        let folder = "/sys/class/sas_device/\(end)"
        guard let bay = try? tree.count("\(folder)/bay_identifier") else {
            return path.expander.map { expander($0, controller) }
        }
        // 0: the controller knows no shelf.
        let logical = text("\(folder)/enclosure_identifier").map(EnclosureReading.bare)
        guard let logical else { return path.expander.map { expander($0, controller) } }
        let shelf = shelves[logical] ?? ComponentID(.backplane, "ses-\(logical)")
        add(
            Component(
                id: shelf, kind: .backplane, parent: controller, name: "disk shelf \(logical)",
                attributes: ["enclosure": logical]))
        let id = EnclosureReading.slot("\(bay)", of: shelf)
        add(EnclosureReading.slotComponent(id, "\(bay)", of: shelf))
        return id
    }

    /// A SAS expander sits on the board behind the bays.
    private mutating func expander(_ name: String, _ controller: ComponentID) -> ComponentID {
        let address = text("/sys/class/sas_device/\(name)/sas_address").map(EnclosureReading.bare)
        let id = ComponentID(.backplane, "sas-\(address ?? name)")
        let folder = "/sys/class/sas_expander/\(name)"
        add(
            Component(
                id: id, kind: .backplane, parent: controller, name: "SAS expander \(address ?? name)",
                part: Part(
                    manufacturer: text("\(folder)/vendor_id"), model: text("\(folder)/product_id"),
                    firmware: text("\(folder)/product_rev")),
                attributes: ["device": name]))
        return id
    }

    /// What the other end of the disk's link counts, and how fast the link is.
    private mutating func addPhys(_ folder: String, of disk: ComponentID) {
        let phys = ((try? tree.names(in: folder)) ?? []).filter { $0.hasPrefix("phy-") }
        let counters = [
            ("invalid_dword_count", "invalid_dword"), ("running_disparity_error_count", "running_disparity"),
            ("loss_of_dword_sync_count", "loss_of_sync"), ("phy_reset_problem_count", "phy_reset"),
        ]
        for (index, phy) in phys.prefix(8).enumerated() {
            let path = "/sys/class/sas_phy/\(phy)"
            for (file, type) in counters {
                let signal = Signal("hw.physical_disk.phy_errors", ["phy": "\(index)", "type": type])
                do {
                    add(disk, signal, .counter(try tree.count("\(path)/\(file)")))
                } catch {
                    add(disk, signal, .unavailable(error.unavailable))
                }
            }
            guard index == 0 else { continue }
            if let speed = speed("\(path)/negotiated_linkrate") {
                add(disk, Signal("hw.physical_disk.link_speed"), .gauge(speed))
            }
            if let limit = speed("\(path)/maximum_linkrate") {
                add(disk, Signal("hw.physical_disk.link_speed.limit", ["limit_type": "rated.high"]), .gauge(limit))
            }
        }
    }

    /// `12.0 Gbit`.
    private func speed(_ path: String) -> Double? {
        (try? tree.text(path)).flatMap { $0.hasSuffix("Gbit") ? Double($0.prefix { $0 != " " }) : nil }
    }
}
