import Reports

/// The PCI functions of a machine that are worth a component, with their names and places: read once, and again when
/// the list of functions changes.
struct PCITopology: Sendable {
    /// Functions looked at; a server with SR-IOV shows some thousands.
    static let functionLimit = 8_192
    /// Functions that become components.
    static let componentLimit = 1_024
    /// Folders below `/sys/devices` that are walked where there is no list of functions.
    private static let walkLimit = 16_384

    static let list = "/sys/bus/pci/devices"

    let functions: [PCIFunction]
    let components: [Component]
    /// What both ends of a function's link can; only for the end that reports the link.
    let links: [PCIAddress: PCILink]

    init(tree: SysTree, addresses: [PCIAddress: String], firmware: SMBIOS) {
        let all = addresses.sorted { $0.key < $1.key }.prefix(PCITopology.functionLimit)
            .map { PCIFunction(address: $0.key, folder: $0.value, tree: tree) }
        let byAddress = Dictionary(all.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
        var kept: Set<PCIAddress> = []
        for function in all where !function.isVirtual && kept.count < PCITopology.componentLimit {
            guard function.isCard || !function.errorFiles.isEmpty || function.maximum != nil else { continue }
            // With it the bridges above, so that parents are there.
            var next: PCIFunction? = function
            while let here = next, kept.insert(here.address).inserted { next = here.parent.flatMap { byAddress[$0] } }
        }
        functions = all.filter { kept.contains($0.address) }
        links = PCITopology.links(of: functions, byAddress)
        let names = PCINames(Set(functions.compactMap(\.wanted)), tree: PCITopology.treeOfNames(tree))
        let slots = PCISlots(tree: tree, firmware: firmware)
        components = functions.flatMap { function in
            let location = slots.location(
                of: function.address, port: function.parent, label: try? tree.text("\(function.folder)/label"))
            return PCITopology.components(of: function, names: names, location: location, tree: tree)
        }
    }

    /// A recorded tree has no list of names in it; this machine's gives the same.
    private static func treeOfNames(_ tree: SysTree) -> SysTree {
        PCINames.paths.contains { tree.exists($0) } ? tree : SysTree()
    }

    // MARK: Which functions there are

    /// Addresses with their folders. Recordings may lack `/sys/bus`, or its links: then all that bears a PCI address
    /// below `/sys/devices`.
    static func addresses(in tree: SysTree) throws(SysTreeError) -> [PCIAddress: String] {
        var found: [PCIAddress: String] = [:]
        var problem: SysTreeError?
        do {
            for name in try tree.names(in: list) {
                guard let address = PCIAddress(name), let folder = try? tree.resolved("\(list)/\(name)"),
                    tree.exists("\(folder)/vendor") || tree.exists("\(folder)/class")
                else { continue }
                found[address] = folder
            }
        } catch {
            problem = error
        }
        if found.isEmpty, !tree.isThisMachine { found = walked(in: tree) }
        if found.isEmpty, let problem { throw problem }
        return found
    }

    private static func walked(in tree: SysTree) -> [PCIAddress: String] {
        var found: [PCIAddress: String] = [:]
        var folders = ((try? tree.names(in: "/sys/devices")) ?? []).filter { $0.hasPrefix("pci") }
            .map { "/sys/devices/\($0)" }
        var count = 0
        while let folder = folders.popLast(), count < walkLimit {
            count += 1
            for name in (try? tree.names(in: folder)) ?? [] {
                guard let address = PCIAddress(name) else { continue }
                found[address] = "\(folder)/\(name)"
                folders.append("\(folder)/\(name)")
            }
        }
        return found
    }

    // MARK: Links

    /// Every link has two ends that show the same speed and width. The lower end reports it, and of several functions
    /// of one card the first, so that one bad link is one finding.
    private static func links(
        of functions: [PCIFunction], _ byAddress: [PCIAddress: PCIFunction]
    ) -> [PCIAddress: PCILink] {
        var links: [PCIAddress: PCILink] = [:]
        var told: Set<String> = []
        for function in functions {
            guard let own = function.maximum, !facesDown(function, byAddress),
                told.insert(function.address.slotAddress).inserted
            else { continue }
            links[function.address] = own.limited(by: function.parent.flatMap { byAddress[$0]?.maximum })
        }
        return links
    }

    /// Whether a bridge's link is the one below it: that of a root port, or of a switch's port for what is plugged in.
    /// Ports alternate from the root down.
    private static func facesDown(_ function: PCIFunction, _ byAddress: [PCIAddress: PCIFunction]) -> Bool {
        guard function.isBridge else { return false }
        var facesDown = true
        var above = function.parent
        var steps = 0
        while let address = above, let bridge = byAddress[address], steps < 256 {
            facesDown.toggle()
            above = bridge.parent
            steps += 1
        }
        return facesDown
    }

    // MARK: Components

    private static func components(
        of function: PCIFunction, names: PCINames, location: String?, tree: SysTree
    ) -> [Component] {
        let id = ComponentID(.pcieDevice, function.address.description)
        var attributes = ["device": function.address.description]
        attributes["driver"] = function.driver
        attributes["class"] = function.classCode.map { hex($0, 6) }
        attributes["slot"] = location
        attributes["acpi_index"] = try? tree.text("\(function.folder)/acpi_index")
        attributes["revision"] = (try? tree.text("\(function.folder)/revision"))?.split(separator: "x").last.map(
            String.init)
        if let vendor = function.vendor, let device = function.device {
            attributes["pci_id"] = "\(hex(UInt32(vendor), 4)):\(hex(UInt32(device), 4))"
        }
        if let vendor = function.cardVendor, let device = function.cardDevice {
            attributes["card_id"] = "\(hex(UInt32(vendor), 4)):\(hex(UInt32(device), 4))"
            attributes["card_maker"] = names.vendors[vendor]
        }
        var className: String?
        var part = Part(location: location)
        if let wanted = function.wanted {
            className = names.className(wanted)
            attributes["class_name"] = className
            attributes["card"] = names.card(wanted)
            part.manufacturer = names.vendors[wanted.vendor]
            part.model = names.device(wanted)
        }
        let name = [className ?? "PCI device", function.address.description].joined(separator: " ")
        var components = [
            Component(
                id: id, kind: .pcieDevice,
                parent: function.parent.map { ComponentID(.pcieDevice, $0.description) }, name: name, part: part,
                attributes: attributes)
        ]
        if function.isStorageController {
            var own = ["pci": function.address.description]
            own["driver"] = function.driver
            own["class"] = attributes["class"]
            components.append(
                Component(
                    id: ComponentID(.controller, function.address.description), kind: .controller, parent: id,
                    name: name, part: part, attributes: own))
        }
        return components
    }

    private static func hex(_ number: UInt32, _ digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
