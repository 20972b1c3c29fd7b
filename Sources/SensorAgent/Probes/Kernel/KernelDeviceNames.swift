import Reports

/// Which component a name in a kernel message stands for. What has vanished keeps the name that it had last.
struct KernelDeviceNames: Sendable {
    /// Names kept of things that may be gone.
    static let nameLimit = 16_384

    private let tree: SysTree
    private let parts: PartsDirectory
    /// What there is now.
    private var known = PartsSnapshot()
    private var disks: [String: Component] = [:]
    /// Of a recorded log: names of disks by their SCSI addresses.
    private var names: [String: String] = [:]
    private var cards: [String: Component] = [:]
    private var hosts: [String: String] = [:]
    /// PCI functions of SCSI hosts by driver.
    private var drivers: [String: Set<String>] = [:]
    private var usb: [String: String] = [:]

    /// - Parameter parts: which parts there are; nil: they are read from the tree.
    init(tree: SysTree, parts: PartsDirectory? = nil) {
        self.tree = tree
        self.parts = parts ?? PartsDirectory(tree: tree)
    }

    /// Takes the names again where devices have come or gone since, or where `anew` means that some may have.
    mutating func refresh(anew: Bool) {
        let now = parts.parts(anew: anew ? .all : [])
        guard now.generation != known.generation else { return }
        known = now
        for (name, disk) in now.disks.kernelNames where disks.count < KernelDeviceNames.nameLimit { disks[name] = disk }
        for card in now.cards where cards.count < KernelDeviceNames.nameLimit {
            if let name = card.attributes["interface"] { cards[name] = card }
        }
        hosts.merge(now.hosts) { $1 }
        drivers.merge(now.drivers) { $0.union($1) }
        for (port, address) in now.usb where usb.count < KernelDeviceNames.nameLimit { usb[port] = address }
    }

    /// A log of another machine says which name a disk at an address has.
    mutating func learn(_ names: [String: String]) { self.names = names }

    /// Whether EDAC has a controller, and so counts the errors that the firmware reports.
    var countsMemoryErrors: Bool { !known.memory.controllers.isEmpty }

    // MARK: Subjects

    /// nil for what is no hardware: loop devices, bridges, optical drives, keyboards.
    /// - Parameter time: when the kernel said the name: disks' names change hands. nil for now.
    func component(of subject: KernelSubject, at time: Timestamp? = nil) -> Component? {
        switch subject {
        case .disk(let name): return disk(name, at: time)
        case .volume(let name): return volume(name, at: time)
        case .array(let name):
            return Component(id: ComponentID(.raidArray, name), kind: .raidArray, name: name)
        case .pool(let name):
            return Component(id: ComponentID(.pool, "zfs-\(name)"), kind: .pool, name: name)
        case .pci(let address): return KernelDeviceNames.pciFunction(address)
        case .nic(let name, let pci):
            if let card = cards[name] { return card }
            if let pci {
                return cards.values.first { $0.attributes["bus_address"] == pci } ?? KernelDeviceNames.pciFunction(pci)
            }
            // Without a device behind it, it is a bridge or a tunnel; on a recording nothing shows which.
            guard !known.listsInterfaces else { return nil }
            return Component(
                id: ComponentID(.nic, name), kind: .nic, name: name,
                attributes: ["interface": name, "identity": "by interface name, which may change"])
        case .processor(let number): return known.sockets.component(ofProcessor: number)
        case .socket(let package): return known.sockets.component(ofPackage: package)
        case .gpu(let address):
            return Component(
                id: ComponentID(.gpu, address), kind: .gpu, parent: ComponentID(.pcieDevice, address),
                name: "GPU \(address)", attributes: ["pci": address])
        case .usb(let name):
            if let disk = disks[name] { return disk }
            guard let pci = usb[name] ?? usb["usb\(name.prefix { $0.isNumber })"] else { return .server }
            return KernelDeviceNames.pciFunction(pci)
        case .scsiHost(let name):
            let only = drivers[name].flatMap { $0.count == 1 ? $0.first : nil }
            if let pci = hosts[name] ?? only { return KernelDeviceNames.pciFunction(pci) }
            // On this machine a host that hangs on no PCI function is no card.
            guard !known.listsHosts else { return nil }
            return Component(
                id: ComponentID(.controller, name), kind: .controller, name: name,
                attributes: ["identity": "by kernel name, which may change"])
        case .localAPIC(let identifier): return known.sockets.component(ofLocalAPIC: identifier, in: tree)
        case .memory(let place): return known.memory.component(at: place)
        case .memoryOf(let processor):
            return known.memory.component(at: MemoryErrorLocation(processor: component(of: processor)?.id))
        case .memoryExpander(let serial, let host):
            return Component(
                id: ComponentID(.dimm, "cxl-\(serial)"), kind: .dimm, parent: ComponentID(.pcieDevice, host),
                name: "CXL memory \(host)", part: Part(serial: serial))
        case .server: return .server
        }
    }

    static func pciFunction(_ address: String) -> Component {
        Component(
            id: ComponentID(.pcieDevice, address), kind: .pcieDevice, name: address, attributes: ["device": address])
    }

    /// What a name may begin with to be a disk.
    private static let diskPrefixes = ["sd", "hd", "vd", "xvd", "mmcblk", "nvme", "ata"]

    private func disk(_ told: String, at time: Timestamp?) -> Component? {
        let name = names[told] ?? told
        if let time, let disk = known.disk(named: name, at: time) { return disk }
        for candidate in KernelDeviceNames.wholeDisk(name) {
            if let disk = disks[candidate] { return disk }
        }
        let isAddress = name.split(separator: ":").count == 4
        guard isAddress || KernelDeviceNames.diskPrefixes.contains(where: { name.hasPrefix($0) }) else { return nil }
        // An optical or virtual drive has an address too, and this machine shows which addresses are disks.
        if isAddress, tree.isThisMachine { return nil }
        let own = KernelDeviceNames.wholeDisk(name).last ?? name
        return Component(
            id: DiskIdentity.id(wwn: nil, serial: nil, device: own), kind: .disk, name: own,
            attributes: ["device": own, "identity": "by kernel name, which may change"])
    }

    /// Names to look under, the nearest first: `sda1` → `sda1`, `sda`; `nvme0c1n1p2` → …, `nvme0`; `ata3.00` alone.
    private static func wholeDisk(_ name: String) -> [String] {
        let whole = [name, DiskDirectory.wholeDisk(name)]
        return name.hasPrefix("nvme") ? whole + ["nvme" + name.dropFirst(4).prefix { $0.isNumber }] : whole
    }

    /// The one disk that a device-mapper or md device lies on; the server where there are several, or none known.
    private func volume(_ name: String, at time: Timestamp?) -> Component? {
        guard !name.hasPrefix("loop"), !name.hasPrefix("sr"), !name.hasPrefix("fd"), !name.hasPrefix("zram") else {
            return nil
        }
        if let disk = disk(name, at: time) { return disk }
        let below = known.disks.disks(under: name)
        return below.count == 1 ? below.first : .server
    }
}
