import Reports

/// Turns what managers of volumes report into findings: names of members into disks, words into those of the signals.
struct VolumeReader: Sendable {
    let directory: DiskDirectory
    /// On a recorded file alone a disk is known by nothing but its name.
    let namesAlone: Bool

    private func disks(of device: String) -> [Component] {
        // ZFS takes files in place of disks.
        guard !device.hasPrefix("/") || device.hasPrefix("/dev/") else { return [] }
        let disks = directory.disks(under: device.split(separator: "/").last.map(String.init) ?? device)
        guard disks.isEmpty else { return disks }
        if let disk = directory.disk(named: device) { return [disk] }
        guard namesAlone else { return [] }
        let link = DiskDirectory.withoutPartition(device.split(separator: "/").last.map(String.init) ?? device)
        let name = VolumeReader.disk(by: link)
        return [
            Component(
                id: DiskIdentity.id(wwn: nil, serial: nil, device: name), kind: .disk, name: "/dev/\(name)",
                attributes: ["device": "/dev/\(name)", "identity": "by device name, which may change"])
        ]
    }

    /// Letters behind the beginning of a disk's name where a part of one is taken for the disk.
    private static let diskLetters = ["sd": 3, "hd": 1, "vd": 1, "xvd": 2]

    /// The disk of `sda1`, where nothing but the name is known; `vdev0` to `vdev3`, as files in pools are called, are
    /// four, though the kernel could call the parts of a 152nd virtual disk so.
    private static func disk(by name: String) -> String {
        let whole = DiskDirectory.wholeDisk(name)
        for (beginning, letters) in diskLetters where name.hasPrefix(beginning) {
            let number = name.dropFirst(whole.count)
            guard whole.count - beginning.count <= letters, !number.hasPrefix("0"), number.allSatisfy(\.isNumber)
            else { return name }
        }
        return whole
    }

    /// The one disk behind a device; nil where it is made of several, none of which can be blamed.
    private func disk(of device: String) -> Component? {
        let disks = disks(of: device).filter { $0.kind == .disk }
        return disks.count == 1 ? disks.first : nil
    }

    /// nil for a container, which is no array.
    func finding(_ array: MDArray) -> VolumeFinding? {
        guard !array.isContainer else { return nil }
        var attributes = ["device": "/dev/\(array.name)", "manager": "md"]
        attributes["level"] = array.level.isEmpty ? nil : array.level
        attributes["metadata"] = array.metadata.isEmpty ? nil : array.metadata
        let uuid = array.uuid ?? directory.arrayIdentifier(array.name)
        attributes["uuid"] = uuid
        var finding = VolumeFinding(
            Component(
                id: ComponentID(.raidArray, uuid.map { "md-\($0)" } ?? array.name), kind: .raidArray,
                name: "/dev/\(array.name)", attributes: attributes), label: array.name)
        finding.state = array.state
        finding.mismatches = array.mismatches
        finding.progress = array.progress
        if array.wanted != nil {
            (finding.wanted, finding.missing) = (array.wanted, array.degraded)
            (finding.spares, finding.activity) = (array.spares, array.activity)
        }
        for member in array.members {
            guard let disk = disk(of: member.device) else { continue }
            finding.members.append(VolumeFinding.Member(disk: disk, state: member.state))
            if let count = member.correctedReads {
                finding.values.append((disk.id, Signal("hw.raid.corrected_reads"), .counter(count)))
            }
            if let ranges = member.badRanges {
                finding.values.append((disk.id, Signal("hw.raid.bad_ranges"), .gauge(Double(ranges))))
            }
        }
        return finding
    }

    func finding(_ pool: ZPoolStatus.Pool) -> VolumeFinding {
        var finding = VolumeFinding(
            Component(
                id: ComponentID(.pool, "zfs-\(pool.name)"), kind: .pool, name: "ZFS pool \(pool.name)",
                attributes: ["manager": "zfs"]), label: pool.name)
        finding.state = pool.volumeState
        finding.activity = pool.activity
        finding.progress = pool.progress
        finding.scrubbed = pool.scrubbed
        finding.damagedFiles = pool.damagedFiles
        // What is being replaced, or has a spare beside it, is one place of the pool.
        let isBad = { (device: ZPoolStatus.Device) in
            ["FAULTED", "UNAVAIL", "REMOVED", "OFFLINE"].contains(device.state)
        }
        let data = pool.devices.filter(\.holdsData)
        let alone = data.filter { $0.place == nil && !$0.isDistributedSpare }
        let shared = Dictionary(grouping: data.filter { $0.place != nil }, by: \.place).values
        finding.wanted = alone.count + shared.count
        finding.missing = alone.count(where: isBad) + shared.count { $0.contains(where: isBad) }
        finding.spares = pool.devices.count { $0.state == "AVAIL" }
        for device in pool.devices where device.isDisk {
            guard let disk = disk(of: device.path) else { continue }
            finding.members.append(
                VolumeFinding.Member(
                    disk: disk, state: device.memberState,
                    errors: ["read": device.read, "write": device.write, "checksum": device.checksum]))
        }
        finding.errors = pool.errors
        return finding
    }

    /// - Parameter legs: the devices of the volume's legs, in order, where they are known.
    func finding(_ volume: DeviceMapperStatus.Volume, legs: [String]) -> VolumeFinding {
        var finding = VolumeFinding(
            Component(
                id: ComponentID(.raidArray, "lvm-\(volume.name)"), kind: .raidArray,
                name: "LVM volume \(volume.name)", attributes: ["manager": "lvm", "level": volume.level]),
            label: volume.name)
        finding.state = volume.state
        finding.wanted = volume.members.count
        finding.missing = volume.missing
        // LVM takes spares from the volume group's free space: it has no disk that only waits.
        finding.activity = volume.activity
        finding.progress = volume.progress
        finding.mismatches = volume.mismatches
        finding.knowsMembers = legs.count == volume.members.count
        for (leg, state) in zip(legs, volume.members) {
            guard let disk = disk(of: leg) else { continue }
            finding.members.append(VolumeFinding.Member(disk: disk, state: state))
        }
        return finding
    }

    /// - Parameters:
    ///   - missing: devices that the file system lacks.
    ///   - wanted: devices that it is to have.
    func finding(
        btrfs uuid: String, label: String?, _ statistics: BtrfsStatistics, wanted: Int, missing: Int,
        scrubbed: Timestamp?
    ) -> VolumeFinding {
        var attributes = ["manager": "btrfs", "uuid": uuid]
        attributes["label"] = label
        var finding = VolumeFinding(
            Component(
                id: ComponentID(.pool, "btrfs-\(uuid)"), kind: .pool, name: "btrfs \(label ?? uuid)",
                attributes: attributes), label: label ?? uuid)
        // Its program lists a missing one as well, by no name.
        let missing = max(missing, statistics.devices.count(where: \.isMissing))
        finding.state = missing > 0 ? .degraded : .ok
        (finding.wanted, finding.missing, finding.scrubbed) = (wanted, missing, scrubbed)
        finding.knowsMembers = !statistics.devices.isEmpty
        for device in statistics.devices where !device.isMissing {
            guard let disk = disk(of: device.path) else { continue }
            finding.members.append(VolumeFinding.Member(disk: disk, state: .inSync, errors: device.errors))
        }
        for device in statistics.devices { finding.errors.merge(device.errors) { $0 &+ $1 } }
        return finding
    }
}
