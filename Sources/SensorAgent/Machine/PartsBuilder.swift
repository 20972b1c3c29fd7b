import Reports

/// Reads which parts a machine has, whole or what has changed, and keeps what does not have to be read again.
///
/// It touches what the kernel and udev hold in memory, and no device: a disk that hangs must not hang the list of all
/// others. Recordings, and a look that somebody else waits for with a deadline, may be read to the last file.
struct PartsBuilder: Sendable {
    /// Signs of a driver's name; the kernel's own are shorter.
    private static let driverLength = 64
    /// What udev is asked about.
    static let subsystems = ["block", "nvme", "net", "scsi_host", "usb", "edac", "cpu"]

    private let tree: SysTree
    private var disks: DiskReader
    /// What the folders of each section listed when it was read.
    private var listings: [UInt8: [[String]]] = [:]
    /// What was read, without generation and history.
    private(set) var content = PartsSnapshot()

    /// - Parameter touchesDevices: whether files may be read for which the kernel asks a device.
    init(tree: SysTree, touchesDevices: Bool) {
        self.tree = tree
        disks = DiskReader(tree: tree, touchesDevices: touchesDevices)
    }

    private static let folders: [(section: PartsSections, folders: [String])] = [
        (.firmware, []), (.processors, ["/sys/devices/system/cpu"]), (.memory, [MemoryTopology.folder]),
        (.cards, ["/sys/class/net"]), (.buses, ["/sys/class/scsi_host", "/sys/bus/usb/devices"]),
    ]

    /// The section that a device of udev belongs to.
    static func section(of subsystem: String) -> PartsSections {
        switch subsystem {
        case "block", "nvme": .disks
        case "net": .cards
        case "scsi_host", "usb": .buses
        case "edac": .memory
        case "cpu": .processors
        default: []
        }
    }

    /// Whether it is worth a look: containers make and remove interfaces of their own all day.
    static func matters(_ device: UdevDevice) -> Bool { !device.path.contains("/devices/virtual/net/") }

    /// Sections whose folders list something else than when they were read.
    private var changed: PartsSections {
        var changed: PartsSections = disks.hasNews ? .disks : []
        for (section, folders) in PartsBuilder.folders where listings[section.rawValue] != list(folders) {
            changed.insert(section)
        }
        return changed
    }

    private func list(_ folders: [String]) -> [[String]] { folders.map { (try? tree.names(in: $0)) ?? [] } }

    // MARK: Reading

    /// Reads what came or went, as far as a list of names shows it, and `anew` in any case.
    mutating func refresh(anew: PartsSections = []) { read(anew.union(changed)) }

    /// - Parameter each: is given the content whenever a section is complete.
    mutating func read(_ sections: PartsSections, each: (PartsSnapshot) -> Void = { _ in }) {
        // Modules and sockets are parts of what EDAC counts for.
        var sections = sections
        if !sections.isDisjoint(with: [.firmware, .processors]), content.read.contains(.memory) {
            sections.insert(.memory)
        }
        if sections.contains(.firmware), content.read.contains(.processors) { sections.insert(.processors) }
        for section in PartsSections.inOrder where sections.contains(section) {
            if let folders = PartsBuilder.folders.first(where: { $0.section == section })?.folders {
                listings[section.rawValue] = list(folders)
            }
            read(section: section)
            content.read.insert(section)
            each(content)
        }
    }

    private mutating func read(section: PartsSections) {
        switch section {
        case .firmware: take(FirmwareInventory(SMBIOS(of: tree), files: tree), \.firmware)
        case .processors: take(ProcessorSockets(tree: tree, firmware: content.firmware.processors), \.sockets)
        case .memory:
            take(MemoryTopology(tree: tree, modules: content.firmware.modules, sockets: content.sockets), \.memory)
        case .cards: readCards()
        case .buses: readBuses()
        case .disks:
            disks.readAll(udev(["block", "nvme"]) ?? [], isUdevHere: isUdevHere)
            take(disks.directory, \.disks)
        default: break
        }
    }

    /// What was read once more alike is not worth a second copy beside the one that everybody has.
    private mutating func take<Value: Equatable>(_ value: Value, _ place: WritableKeyPath<PartsSnapshot, Value>) {
        if content[keyPath: place] != value { content[keyPath: place] = value }
    }

    /// Reads what udev has told of.
    mutating func read(_ news: [UdevDevice]) {
        let sections = news.reduce(into: PartsSections()) { $0.formUnion(PartsBuilder.section(of: $1.subsystem)) }
        // One disk is read where there are hundreds; of the others all that there are cost less than one disk.
        read(sections.subtracting(.disks))
        guard sections.contains(.disks) else { return }
        disks.read(news.filter { PartsBuilder.section(of: $0.subsystem) == .disks }, isUdevHere: isUdevHere)
        take(disks.directory, \.disks)
        content.read.insert(.disks)
    }

    /// nil on a recorded tree: sysfs alone still gives most, as it does in a container and early in a boot.
    private func udev(_ subsystems: [String]) -> [UdevDevice]? {
        guard tree.isThisMachine else { return nil }
        tree.isAboutToRead("/run/udev/data")
        return DeviceMonitor.devices(in: subsystems)
    }

    /// Whether udev's daemon runs, so that what it does not know yet it will know soon.
    var isUdevHere: Bool { tree.isThisMachine && tree.exists("/run/udev/control") }

    // MARK: Cards and buses

    private mutating func readCards() {
        let names = listings[PartsSections.cards.rawValue]?.first ?? []
        let known = Dictionary((udev(["net"]) ?? []).map { ($0.name, $0.properties) }, uniquingKeysWith: { $1 })
        let cards = names.compactMap { NetworkCards.component($0, tree: tree, properties: known[$0] ?? [:]) }
        take(cards, \.cards)
        content.listsInterfaces = !names.isEmpty
    }

    private mutating func readBuses() {
        let names = listings[PartsSections.buses.rawValue] ?? []
        var hosts: [String: String] = [:]
        var drivers: [String: Set<String>] = [:]
        for name in names.first ?? [] {
            let path = "/sys/class/scsi_host/\(name)"
            guard let pci = pciAddress(in: (try? tree.resolved(path)) ?? "") else { continue }
            hosts[name] = pci
            guard let driver = try? tree.text("\(path)/proc_name"), driver.count <= PartsBuilder.driverLength else {
                continue
            }
            drivers[driver, default: []].insert(pci)
            if driver.hasPrefix("mp"), let number = try? tree.text("\(path)/unique_id") {
                // mpt2sas and mpt3sas; mpi3mr.
                hosts[driver.hasPrefix("mpt") ? "\(driver)_cm\(number)" : "\(driver)\(number)"] = pci
            }
        }
        var usb: [String: String] = [:]
        for name in names.last ?? [] where !name.contains(":") {
            usb[name] = pciAddress(in: (try? tree.resolved("/sys/bus/usb/devices/\(name)")) ?? "")
        }
        take(hosts, \.hosts)
        take(drivers, \.drivers)
        content.listsHosts = !(names.first ?? []).isEmpty
        take(usb, \.usb)
    }

    /// The last PCI function of a path in sysfs.
    private func pciAddress(in path: String) -> String? {
        path.split(separator: "/").last { PCIAddress($0) != nil }.map(String.init)
    }
}
