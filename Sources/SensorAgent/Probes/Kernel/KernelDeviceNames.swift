import Reports

/// Which component a name in a kernel message stands for. What has vanished keeps the name that it had last.
struct KernelDeviceNames: Sendable {
    /// Names kept of things that may be gone.
    static let nameLimit = 16_384

    private let tree: SysTree
    private var directory: DiskDirectory
    private var disks: [String: Component] = [:]
    /// Of a recorded log: names of disks by their SCSI addresses.
    private var names: [String: String] = [:]
    private var cards: [String: Component] = [:]
    private var hosts: [String: String] = [:]
    /// PCI functions of SCSI hosts by driver.
    private var drivers: [String: Set<String>] = [:]
    private var usb: [String: String] = [:]
    private var sockets: ProcessorSockets
    private var memory: MemoryTopology
    /// What the folders listed when the names were read.
    private var listing: [[String]] = []

    init(tree: SysTree) {
        self.tree = tree
        directory = DiskDirectory(tree: tree)
        sockets = ProcessorSockets(tree: tree)
        memory = MemoryTopology(tree: tree)
    }

    private static let folders = [
        "/sys/block", "/sys/class/nvme", "/sys/class/net", "/sys/class/scsi_host", "/sys/bus/usb/devices",
        MemoryTopology.folder,
    ]

    /// Reads the names again where devices have come or gone since, or where `anew` means that some may have.
    mutating func refresh(anew: Bool) {
        let now = KernelDeviceNames.folders.map { (try? tree.names(in: $0)) ?? [] }
        guard anew || now != listing else { return }
        listing = now
        if anew { directory.forget() }
        directory.refresh()
        for name in DiskIdentity.names(in: tree) + now[0].filter({ $0.hasPrefix("nvme") }) {
            if let disk = directory.disk(named: name) { addDisk(name, disk) }
        }
        let devices = tree.isThisMachine ? DeviceMonitor.devices(in: ["net"]) ?? [] : []
        let known = Dictionary(devices.map { ($0.name, $0.properties) }, uniquingKeysWith: { $1 })
        for name in now[2] {
            let card = NetworkCards.component(name, tree: tree, properties: known[name] ?? [:])
            if let card, cards.count < KernelDeviceNames.nameLimit { cards[name] = card }
        }
        for name in now[3] { addHost(name) }
        for name in now[4] where !name.contains(":") && usb.count < KernelDeviceNames.nameLimit {
            usb[name] = pciAddress(in: (try? tree.resolved("/sys/bus/usb/devices/\(name)")) ?? "")
        }
        sockets = ProcessorSockets(tree: tree)
        memory = MemoryTopology(tree: tree)
    }

    /// A log of another machine says which name a disk at an address has.
    mutating func learn(_ names: [String: String]) { self.names = names }

    /// A SCSI host by its number; by the name that its driver writes, `mpt3sas_cm0` (`proc_name`, `unique_id`); and where
    /// a driver has but one, by the driver alone.
    private mutating func addHost(_ name: String) {
        let path = "/sys/class/scsi_host/\(name)"
        guard hosts.count < KernelDeviceNames.nameLimit, let pci = pciAddress(in: (try? tree.resolved(path)) ?? "")
        else {
            return
        }
        hosts[name] = pci
        guard let driver = try? tree.text("\(path)/proc_name"), !driver.isEmpty, driver.count <= 64 else { return }
        if driver.hasPrefix("mpt"), let number = try? tree.text("\(path)/unique_id") {
            hosts["\(driver)_cm\(number)"] = pci
        }
        drivers[driver, default: []].insert(pci)
    }

    private mutating func addDisk(_ name: String, _ component: Component) {
        guard disks.count < KernelDeviceNames.nameLimit else { return }
        disks[name] = component
        let parts = ((try? tree.resolved("/sys/block/\(name)")) ?? "").split(separator: "/").map(String.init)
        if let address = parts.last(where: { $0.split(separator: ":").count == 4 }) {
            disks[address] = component
            if let port = parts.first(where: { $0.hasPrefix("ata") && $0.dropFirst(3).allSatisfy(\.isNumber) }) {
                // Behind a port multiplier the channel is the port of it, else the target is the drive on the cable.
                let numbers = address.split(separator: ":").compactMap { Int($0) }
                let unit = numbers.count == 4 ? max(numbers[1], numbers[2]) : 0
                disks["\(port).\(unit < 10 ? "0" : "")\(unit)"] = component
                disks[port] = component
            }
        }
        // `1-4` of `usb1/1-4/1-4:1.0/host6`.
        if parts.contains(where: { $0.hasPrefix("usb") }), let port = parts.last(where: isUSBPort) {
            disks[port] = component
        }
    }

    private func isUSBPort(_ name: String) -> Bool {
        guard let dash = name.firstIndex(of: "-") else { return false }
        return name[..<dash].allSatisfy(\.isNumber) && !name.contains(":")
            && name[dash...].dropFirst().allSatisfy { $0.isNumber || $0 == "." }
    }

    /// The last PCI function of a path in sysfs.
    private func pciAddress(in path: String) -> String? {
        path.split(separator: "/").last { PCIAddress($0) != nil }.map(String.init)
    }

    /// Whether EDAC has a controller, and so counts the errors that the firmware reports.
    var countsMemoryErrors: Bool { !memory.controllers.isEmpty }

    // MARK: Subjects

    /// nil for what is no hardware: loop devices, bridges, optical drives, keyboards.
    func component(of subject: KernelSubject) -> Component? {
        switch subject {
        case .disk(let name): return disk(name)
        case .volume(let name): return volume(name)
        case .pci(let address): return KernelDeviceNames.pciFunction(address)
        case .nic(let name, let pci):
            if let card = cards[name] { return card }
            if let pci {
                return cards.values.first { $0.attributes["bus_address"] == pci } ?? KernelDeviceNames.pciFunction(pci)
            }
            // Without a device behind it, it is a bridge or a tunnel; on a recording nothing shows which.
            guard listing.isEmpty || listing[2].isEmpty else { return nil }
            return Component(
                id: ComponentID(.nic, name), kind: .nic, name: name,
                attributes: ["interface": name, "identity": "by interface name, which may change"])
        case .processor(let number): return sockets.component(ofProcessor: number)
        case .socket(let package): return sockets.component(ofPackage: package)
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
            guard listing.isEmpty || listing[3].isEmpty else { return nil }
            return Component(
                id: ComponentID(.controller, name), kind: .controller, name: name,
                attributes: ["identity": "by kernel name, which may change"])
        case .localAPIC(let identifier): return sockets.component(ofLocalAPIC: identifier, in: tree)
        case .memory(let place): return memory.component(at: place)
        case .memoryOf(let processor):
            return memory.component(at: MemoryErrorLocation(processor: component(of: processor)?.id))
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

    private func disk(_ told: String) -> Component? {
        let name = names[told] ?? told
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
    private func volume(_ name: String) -> Component? {
        guard !name.hasPrefix("loop"), !name.hasPrefix("sr"), !name.hasPrefix("fd"), !name.hasPrefix("zram") else {
            return nil
        }
        if let disk = disk(name) { return disk }
        let below = directory.disks(under: name)
        return below.count == 1 ? below.first : .server
    }
}
