import Reports

/// Disks that bear one identity at one time: joined where they are one disk on several paths, told apart where they
/// are several disks.
///
/// Bridges and cheap disks share made-up numbers, and a ticket that names the wrong one of two gets a healthy disk
/// pulled. Each of several bears, behind the shared identity, what survives a reboot and is its own: its serial
/// number, its bay, its path; and its attribute `ambiguous` states it. A shared identity stays so while this value
/// lives: when one of two disks is pulled, the other keeps its name.
struct DiskTwins: Sendable {
    /// Between the shared identity and what distinguishes the disk.
    static let mark: Character = "@"

    /// Shared identities remembered.
    private static let limit = 4_096

    private var shared: Set<ComponentID> = []

    /// - Parameter earlier: names that disks got before, of which those of twins are remembered.
    init(earlier: some Sequence<ComponentID> = []) {
        for id in earlier {
            guard let mark = id.rawValue.lastIndex(of: DiskTwins.mark) else { continue }
            shared.insert(ComponentID(rawValue: String(id.rawValue[..<mark])))
        }
    }

    /// The same disks in the same order, each of several that bear one identity by a name of its own.
    mutating func toldApart(_ disks: [Component]) -> [Component] {
        var result = disks
        for (id, places) in Dictionary(grouping: disks.indices, by: { disks[$0].id }) {
            var groups: [[Int]] = []
            for place in places {
                if let group = groups.firstIndex(where: { DiskTwins.areOne(disks[$0[0]], disks[place]) }) {
                    groups[group].append(place)
                } else {
                    groups.append([place])
                }
            }
            if groups.count > 1, shared.count < DiskTwins.limit { shared.insert(id) }
            guard groups.count > 1 || shared.contains(id) else { continue }
            let names = DiskTwins.names(of: groups.map { disks[$0[0]] })
            for (group, name) in zip(groups, names) {
                for place in group {
                    result[place].id = ComponentID(rawValue: "\(id.rawValue)\(DiskTwins.mark)\(name)")
                    result[place].attributes["ambiguous"] =
                        "another disk bears the same \(DiskTwins.number(id)): told apart by \(name)"
                }
            }
        }
        return result
    }

    /// What `id` was made of, in words.
    private static func number(_ id: ComponentID) -> String {
        id.rawValue.hasPrefix("\(ComponentKind.disk.rawValue):wwn-") ? "World Wide Name" : "serial number"
    }

    /// Whether two devices of one identity lead to one disk. Only buses on which a disk can have several paths show so,
    /// and nothing may speak against it.
    static func areOne(_ first: Component, _ second: Component) -> Bool {
        let value: (String) -> (String?, String?) = { (first.attributes[$0], second.attributes[$0]) }
        let (device, otherDevice) = value("device")
        let (type, otherType) = value("smartctl_type")
        if device != nil, device == otherDevice, type == otherType { return true }
        for (one, other) in [(first.part.serial, second.part.serial), (first.part.model, second.part.model)] {
            if let one, let other, one != other { return false }
        }
        // A controller numbers its disks, each once; the kernel may show one of them as well.
        if type != nil || otherType != nil { return type == nil || otherType == nil || device != otherDevice }
        let (subsystem, otherSubsystem) = value("subsystem")
        if first.attributes["bus"] == "nvme" || second.attributes["bus"] == "nvme" {
            return subsystem != nil && subsystem == otherSubsystem
        }
        guard first.attributes["wwn"] != nil, first.attributes["wwn"] == second.attributes["wwn"] else { return false }
        return [first, second].allSatisfy { disk in
            let path = disk.attributes["path"] ?? ""
            return ["sas", "ata", "scsi", nil].contains(disk.attributes["bus"]) && !path.contains("-ata-")
        }
    }

    /// What distinguishes each of `disks`: the first of serial number, bay, path that all of them have, each its own;
    /// else the device's name, which may change.
    private static func names(of disks: [Component]) -> [String] {
        let ways: [(Component) -> String?] = [
            { $0.id.rawValue.contains(":serial-") ? nil : $0.part.serial }, { $0.attributes["path"] },
            { $0.part.location }, { $0.attributes["smartctl_type"] },
        ]
        for way in ways {
            let names = disks.compactMap(way)
            if names.count == disks.count, Set(names).count == names.count {
                return names.map { $0.split(separator: " ").joined(separator: "_") }
            }
        }
        return disks.map { ($0.attributes["device"] ?? $0.name).split(separator: "/").last.map(String.init) ?? $0.name }
    }
}
