import Reports

/// Which physical disk stands behind a name that the kernel, a link of udev or a tool uses, as it was when `DiskReader`
/// read it.
struct DiskDirectory: Hashable, Sendable {
    /// What was read.
    struct Content: Hashable, Sendable {
        /// Disks of the kernel in natural order of their names; a disk on two paths stands there twice.
        var disks: [Named] = []
        /// NVMe namespaces by name.
        var namespaces: [String: Namespace] = [:]
        /// What a block device is made of, and what is made of it, by name.
        var below: [String: [String]] = [:]
        var above: [String: [String]] = [:]
        /// Names of partitions, by that of the disk.
        var partitions: [String: [String]] = [:]
        /// UUIDs by udev's rules, by name.
        var arrays: [String: String] = [:]
        var fileSystems: [String: String] = [:]
    }

    struct Named: Hashable, Sendable {
        var name: String
        var disk: Component
        /// What else the kernel calls it: `2:0:0:0`, `ata3`, `ata3.00`, `1-4`.
        var aliases: [String] = []
    }

    /// What leads from an NVMe namespace to its controller.
    struct Namespace: Hashable, Sendable {
        /// Controllers, the surest first; where its own path names one, that alone.
        var controllers: [String] = []
        /// With multipath the namespace hangs on a subsystem whose number is not the controller's.
        var serial: String?
        var isSure: Bool
    }

    private let tree: SysTree
    let content: Content
    /// Disks by kernel name; an NVMe disk by its controller and its namespaces.
    private let byName: [String: Component]
    /// By serial number, where one disk alone bears it.
    private let bySerial: [String: Component]
    /// Each disk once.
    let disks: [Component]

    /// - Parameter tree: where links of udev are followed.
    init(_ content: Content = Content(), tree: SysTree = SysTree(root: "/nonexistent")) {
        self.tree = tree
        self.content = content
        var byName: [String: Component] = [:]
        var bySerial: [String: Component] = [:]
        var disks: [Component] = []
        var seen: Set<ComponentID> = []
        for named in content.disks {
            byName[named.name] = named.disk
            if seen.insert(named.disk.id).inserted { disks.append(named.disk) }
        }
        for (serial, bearers) in Dictionary(grouping: disks, by: \.part.serial) where bearers.count == 1 {
            if let serial { bySerial[serial] = bearers[0] }
        }
        for (name, namespace) in content.namespaces {
            var controllers = namespace.controllers
            if !namespace.isSure {
                let device = namespace.serial.flatMap { bySerial[$0] }?.attributes["device"]
                let like = device?.split(separator: "/").last.map(String.init)
                controllers += [like, DiskDirectory.controller(name)].compactMap { $0 }
            }
            byName[name] = controllers.lazy.compactMap { byName[$0] }.first
        }
        self.byName = byName
        self.bySerial = bySerial
        self.disks = disks
    }

    static func == (left: DiskDirectory, right: DiskDirectory) -> Bool { left.content == right.content }
    func hash(into hasher: inout Hasher) { hasher.combine(content) }

    /// All that the kernel's messages call disks.
    var kernelNames: [String: Component] {
        var names = byName
        for named in content.disks { for alias in named.aliases { names[alias] = named.disk } }
        return names
    }

    /// The same disks where probes know better where they sit.
    func located(_ facts: [ComponentID: PartFacts]) -> DiskDirectory {
        var content = content
        for place in content.disks.indices {
            guard let location = facts[content.disks[place].disk.id]?.location else { continue }
            content.disks[place].disk.part.location = location
        }
        return DiskDirectory(content, tree: tree)
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
    func arrayIdentifier(_ name: String) -> String? { content.arrays[name] }

    /// The UUID of the file system on a device, by udev's rules; nil where udev was not asked or does not know.
    func fileSystemIdentifier(_ name: String) -> String? { content.fileSystems[name] }

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
            pending += (content.below[next] ?? []).map(DiskDirectory.wholeDisk)
        }
        return found
    }

    /// The arrays and pools that a disk or a part of it is in, at any height.
    func groups(above name: String) -> Set<String> {
        var found: Set<String> = []
        var pending = [name]
        while let next = pending.popLast(), found.count < DiskDirectory.stackedDevices {
            for part in [next] + (next == name ? content.partitions[next] ?? [] : []) {
                pending += (content.above[part] ?? []).filter { found.insert($0).inserted }
            }
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
