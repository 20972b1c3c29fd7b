import Reports

/// Finds the disks of a machine by sysfs and what udev knows, and keeps what does not have to be read again.
///
/// Nothing here talks to a disk or its controller where somebody waits for the parts: see `touchesDevices`.
struct DiskReader: Sendable {
    private let tree: SysTree
    /// Whether files may be read whose content the kernel has to ask a device for: bays, serial numbers of virtio.
    private let touchesDevices: Bool
    private var twins = DiskTwins()
    /// Disks as read, by kernel name, before twins were told apart.
    private var found: [String: DiskDirectory.Named] = [:]
    private var namespaces: [String: DiskDirectory.Namespace] = [:]
    private var arrays: [String: String] = [:]
    private var fileSystems: [String: String] = [:]
    /// What the folders listed when the disks were read.
    private var listing: [[String]] = []
    private(set) var directory = DiskDirectory()

    init(tree: SysTree, touchesDevices: Bool) {
        self.tree = tree
        self.touchesDevices = touchesDevices
    }

    private func list() -> [[String]] {
        let blocks = (try? tree.names(in: "/sys/class/block")) ?? (try? tree.names(in: "/sys/block")) ?? []
        return [blocks, (try? tree.names(in: "/sys/class/nvme")) ?? []]
    }

    /// Whether block devices came or went since the disks were read, as far as their names show.
    var hasNews: Bool { listing != list() || directory.disks.isEmpty }

    /// Reads all disks.
    /// - Parameters:
    ///   - udev: what udev knows of devices of `block` and `nvme`.
    ///   - isUdevHere: whether its daemon runs, and will know soon what it does not know yet.
    mutating func readAll(_ udev: [UdevDevice], isUdevHere: Bool) {
        found = [:]
        namespaces = [:]
        arrays = [:]
        fileSystems = [:]
        read(Dictionary(udev.map { ($0.name, $0) }, uniquingKeysWith: { $1 }), isUdevHere: isUdevHere)
    }

    /// Reads the devices that udev has told of, and what came or went.
    mutating func read(_ news: [UdevDevice], isUdevHere: Bool) {
        for device in news {
            found[device.name] = nil
            namespaces[device.name] = nil
        }
        read(Dictionary(news.map { ($0.name, $0) }, uniquingKeysWith: { $1 }), isUdevHere: isUdevHere)
    }

    private mutating func read(_ udev: [String: UdevDevice], isUdevHere: Bool) {
        listing = list()
        let blocks = listing[0]
        let names = DiskIdentity.names(in: tree)
        for name in names where found[name] == nil {
            var disk = DiskIdentity.component(
                name, tree: tree, properties: udev[name]?.properties ?? [:], touchesDevices: touchesDevices)
            if isUdevHere, udev[name]?.isInitialized != true {
                disk.attributes["provisional"] = "udev has not described it yet: it may turn out to be another"
            }
            found[name] = DiskDirectory.Named(name: name, disk: disk, aliases: aliases(of: name))
        }
        for name in blocks where name.hasPrefix("nvme") && DiskDirectory.wholeDisk(name) == name {
            namespaces[name] = namespaces[name] ?? namespace(name)
        }
        for (name, device) in udev {
            arrays[name] = device.properties["MD_UUID"].flatMap(PlaceholderText.removed)
            fileSystems[name] = device.properties["ID_FS_UUID"].flatMap(PlaceholderText.removed)
        }
        let present = Set(names + blocks)
        found = found.filter { present.contains($0.key) }
        namespaces = namespaces.filter { present.contains($0.key) }
        arrays = arrays.filter { present.contains($0.key) }
        fileSystems = fileSystems.filter { present.contains($0.key) }
        directory = DiskDirectory(content(names, blocks), tree: tree)
    }

    private mutating func content(_ names: [String], _ blocks: [String]) -> DiskDirectory.Content {
        var content = DiskDirectory.Content(namespaces: namespaces, arrays: arrays, fileSystems: fileSystems)
        let named = names.compactMap { found[$0] }
        for (named, disk) in zip(named, twins.toldApart(named.map(\.disk))) {
            content.disks.append(DiskDirectory.Named(name: named.name, disk: disk, aliases: named.aliases))
        }
        // No event tells of a member that an array takes or gives: all are read anew each time.
        for name in blocks {
            let folder = "/sys/class/block/\(name)"
            if let slaves = try? tree.names(in: "\(folder)/slaves"), !slaves.isEmpty { content.below[name] = slaves }
            if let holders = try? tree.names(in: "\(folder)/holders"), !holders.isEmpty {
                content.above[name] = holders
            }
            let whole = DiskDirectory.wholeDisk(name)
            if whole != name { content.partitions[whole, default: []].append(name) }
        }
        return content
    }

    // MARK: Names

    /// What the kernel's messages call a disk besides its name, by its place in sysfs.
    private func aliases(of name: String) -> [String] {
        let parts = ((try? tree.resolved("/sys/block/\(name)")) ?? "").split(separator: "/").map(String.init)
        var aliases: [String] = []
        if let address = parts.last(where: { $0.split(separator: ":").count == 4 }) {
            aliases.append(address)
            if let port = parts.first(where: { $0.hasPrefix("ata") && $0.dropFirst(3).allSatisfy(\.isNumber) }) {
                // Behind a port multiplier the channel is the port of it, else the target is the drive on the cable.
                let numbers = address.split(separator: ":").compactMap { Int($0) }
                let unit = numbers.count == 4 ? max(numbers[1], numbers[2]) : 0
                aliases += ["\(port).\(unit < 10 ? "0" : "")\(unit)", port]
            }
        }
        // `1-4` of `usb1/1-4/1-4:1.0/host6`.
        if parts.contains(where: { $0.hasPrefix("usb") }), let port = parts.last(where: DiskReader.isUSBPort) {
            aliases.append(port)
        }
        return aliases
    }

    private static func isUSBPort(_ name: String) -> Bool {
        guard let dash = name.firstIndex(of: "-") else { return false }
        return name[..<dash].allSatisfy(\.isNumber) && !name.contains(":")
            && name[dash...].dropFirst().allSatisfy { $0.isNumber || $0 == "." }
    }

    private func namespace(_ name: String) -> DiskDirectory.Namespace {
        let isController: (String) -> Bool = { name in
            name.hasPrefix("nvme") && name.count > 4 && name.dropFirst(4).allSatisfy(\.isNumber)
        }
        let parts = ((try? tree.resolved("/sys/block/\(name)")) ?? "").split(separator: "/").map(String.init)
        if let controller = parts.last(where: isController) {
            return DiskDirectory.Namespace(controllers: [controller], isSure: true)
        }
        // With multipath the namespace hangs on a subsystem whose number is not the controller's.
        let own = ((try? tree.names(in: "/sys/block/\(name)/device")) ?? []).filter(isController)
        let serial = PlaceholderText.serial(try? tree.text("/sys/block/\(name)/device/serial"))
        return DiskDirectory.Namespace(controllers: own, serial: serial, isSure: false)
    }
}
