import Reports

/// Which physical disk stands behind a name that the kernel, a link of udev or a tool uses.
///
/// Disks are found once, by sysfs and what udev knows, and again only when the block devices are others: that costs a
/// few reads for each disk, and one listing for each later look.
struct DiskDirectory: Sendable {
    private let tree: SysTree
    /// Disks by kernel name; an NVMe disk by its controller and its namespaces.
    private var byName: [String: Component] = [:]
    /// By serial number, where one disk alone bears it.
    private var bySerial: [String: Component] = [:]
    private var twins = DiskTwins()
    /// What udev knows of block devices, by kernel name.
    private var properties: [String: [String: String]] = [:]
    private var stamp: [String] = []
    private(set) var disks: [Component] = []

    init(tree: SysTree) { self.tree = tree }

    /// Looks for the disks again where any came or went.
    mutating func refresh() {
        let names = (try? tree.names(in: "/sys/class/block")) ?? (try? tree.names(in: "/sys/block")) ?? []
        let controllers = (try? tree.names(in: "/sys/class/nvme")) ?? []
        guard stamp != names + controllers || disks.isEmpty else { return }
        stamp = names + controllers
        build(blocks: names)
    }

    /// Forgets what is known, so that the next `refresh` reads all again: a name may have gone to another disk.
    mutating func forget() { stamp = [] }

    private mutating func build(blocks: [String]) {
        // Without udev (a recorded tree, an early boot) sysfs alone still gives most.
        let devices = tree.isThisMachine ? DeviceMonitor.devices(in: ["block", "nvme"]) ?? [] : []
        let known = Dictionary(devices.map { ($0.name, $0.properties) }, uniquingKeysWith: { $1 })
        properties = known
        byName = [:]
        bySerial = [:]
        disks = []
        let names = DiskIdentity.names(in: tree)
        let found = twins.toldApart(
            names.map { DiskIdentity.component($0, tree: tree, properties: known[$0] ?? [:]) })
        for (name, disk) in zip(names, found) {
            byName[name] = disk
            if !disks.contains(where: { $0.id == disk.id }) { disks.append(disk) }
        }
        for (serial, bearers) in Dictionary(grouping: disks, by: \.part.serial) where bearers.count == 1 {
            if let serial { bySerial[serial] = bearers[0] }
        }
        for name in blocks where name.hasPrefix("nvme") && DiskDirectory.wholeDisk(name) == name {
            byName[name] = controllers(of: name).first { byName[$0] != nil }.flatMap { byName[$0] }
        }
    }

    /// The controllers that may lead to an NVMe namespace, the surest first.
    private func controllers(of namespace: String) -> [String] {
        let isController: (String) -> Bool = { name in
            name.hasPrefix("nvme") && name.count > 4 && name.dropFirst(4).allSatisfy(\.isNumber)
        }
        let parts = ((try? tree.resolved("/sys/block/\(namespace)")) ?? "").split(separator: "/").map(String.init)
        if let controller = parts.last(where: isController) { return [controller] }
        // With multipath the namespace hangs on a subsystem whose number is not the controller's.
        let own = ((try? tree.names(in: "/sys/block/\(namespace)/device")) ?? []).filter(isController)
        let serial = PlaceholderText.serial(try? tree.text("/sys/block/\(namespace)/device/serial"))
        let device = serial.flatMap { bySerial[$0] }?.attributes["device"]
        let like = device?.split(separator: "/").last.map(String.init)
        return own + [like, DiskDirectory.controller(namespace)].compactMap { $0 }
    }

    /// The disk that is called `name`: `sda`, `sda1`, `/dev/nvme0n1p2`, or a link of udev below `/dev`.
    func disk(named name: String) -> Component? {
        if name.hasPrefix("/dev/disk/") {
            if let target = try? tree.resolved(name), target != name, let last = target.split(separator: "/").last {
                return byName[DiskDirectory.wholeDisk(String(last))]
            }
            return disk(linked: name)
        }
        let last = name.split(separator: "/").last.map(String.init) ?? name
        return byName[DiskDirectory.wholeDisk(last)]
    }

    /// The UUID that an array bears, by udev's rules for md; nil where udev was not asked or does not know.
    func arrayIdentifier(_ name: String) -> String? { properties[name]?["MD_UUID"].flatMap(PlaceholderText.removed) }

    /// The UUID of the file system on a device, by udev's rules; nil where udev was not asked or does not know.
    func fileSystemIdentifier(_ name: String) -> String? {
        properties[name]?["ID_FS_UUID"].flatMap(PlaceholderText.removed)
    }

    private func disk(wwn: String) -> Component? { disks.first { $0.attributes["wwn"] == wwn } }

    /// The disk by what udev writes into the name of a link that is no longer there:
    /// `/dev/disk/by-id/ata-ST4000DM000-1F2168_Z302A8S1-part1`.
    private func disk(linked path: String) -> Component? {
        let link = DiskDirectory.withoutPartition(path.split(separator: "/").last.map(String.init) ?? "")
        if link.hasPrefix("wwn-") { return disk(wwn: String(link.dropFirst(4))) }
        return link.split(separator: "_").last.flatMap { bySerial[String($0)] }
    }

    /// The disks under a block device that is made of others (`md0`, `dm-3`, `md0p1`), or the disk itself.
    func disks(under name: String) -> [Component] {
        var found: [Component] = []
        var pending = [DiskDirectory.wholeDisk(name)]
        var seen: Set<String> = []
        while let next = pending.popLast() {
            guard seen.count < DiskDirectory.stackedDevices, seen.insert(next).inserted else { continue }
            if let disk = byName[next] {
                if !found.contains(where: { $0.id == disk.id }) { found.append(disk) }
                continue
            }
            pending += ((try? tree.names(in: "/sys/class/block/\(next)/slaves")) ?? []).map(DiskDirectory.wholeDisk)
        }
        return found
    }

    /// The arrays and properties that a disk or a part of it is in, at any height.
    func groups(above name: String) -> Set<String> {
        var found: Set<String> = []
        var pending = [name]
        while let next = pending.popLast(), found.count < DiskDirectory.stackedDevices {
            let folder = "/sys/class/block/\(next)"
            let parts = ((try? tree.names(in: folder)) ?? []).filter { $0.hasPrefix(next) }
            for part in parts where next == name {
                pending += ((try? tree.names(in: "\(folder)/\(part)/holders")) ?? []).filter {
                    found.insert($0).inserted
                }
            }
            pending += ((try? tree.names(in: "\(folder)/holders")) ?? []).filter { found.insert($0).inserted }
        }
        return found
    }

    /// Devices followed below one that is made of others.
    private static let stackedDevices = 512

    /// `sda` of `sda1`, `nvme0n1` of `nvme0n1p2`, `mmcblk0` of `mmcblk0p1`, `md0` of `md0p1`; other names as they are.
    static func wholeDisk(_ name: String) -> String {
        for prefix in ["sd", "hd", "vd", "xvd"] where name.hasPrefix(prefix) {
            let letters = name.dropFirst(prefix.count)
            guard letters.first?.isLetter == true else { return name }
            return prefix + letters.prefix { $0.isLetter }
        }
        guard ["nvme", "mmcblk", "md", "nbd", "loop"].contains(where: name.hasPrefix),
            let mark = name.lastIndex(of: "p"), mark > name.startIndex,
            name[..<mark].last?.isNumber == true, name[name.index(after: mark)...].allSatisfy(\.isNumber),
            name.index(after: mark) < name.endIndex
        else { return name }
        return String(name[..<mark])
    }

    /// `nvme3` of `nvme3n1`.
    private static func controller(_ namespace: String) -> String? {
        let digits = namespace.dropFirst("nvme".count).prefix { $0.isNumber }
        return digits.isEmpty ? nil : "nvme\(digits)"
    }

    /// A link's name without `-part3`.
    static func withoutPartition(_ link: String) -> String {
        guard let mark = link.ranges(of: "-part").last,
            link[mark.upperBound...].allSatisfy(\.isNumber), mark.upperBound < link.endIndex
        else { return link }
        return String(link[..<mark.lowerBound])
    }
}
