import Reports

/// Groups of disks that only a program reports in full: ZFS pools, LVM's RAID, btrfs of several devices.
struct AskedVolumes: Sendable {
    private static let kstat = "/proc/spl/kstat/zfs"
    private static let deadline = Duration.seconds(15)
    /// Pools, and file systems, asked in one look.
    private static let groupLimit = 64

    private let tree: SysTree
    private let zpool: Tool
    private let btrfs: Tool
    private let dmsetup: Tool
    private let canAsk: Bool
    /// The kernel's word of each pool at the last look.
    private var poolStates: [String: String] = [:]

    init(tree: SysTree, programs: [String: String]) {
        self.tree = tree
        canAsk = tree.isThisMachine || !programs.isEmpty
        zpool = programs["zpool"].map { Tool(path: $0) } ?? Tool(named: "zpool")
        btrfs = programs["btrfs"].map { Tool(path: $0) } ?? Tool(named: "btrfs")
        dmsetup = programs["dmsetup"].map { Tool(path: $0) } ?? Tool(named: "dmsetup")
    }

    /// Reads `/proc/spl/kstat/zfs/POOL/state`, and returns whether any differs from before.
    mutating func poolStatesChanged() -> Bool {
        var states: [String: String] = [:]
        for pool in ((try? tree.names(in: AskedVolumes.kstat)) ?? []).prefix(AskedVolumes.groupLimit) {
            if let state = try? tree.text("\(AskedVolumes.kstat)/\(pool)/state") { states[pool] = state }
        }
        defer { poolStates = states }
        return states != poolStates
    }

    func findings(_ reader: VolumeReader) async -> [VolumeFinding] {
        await pools(reader) + (await logicalVolumes(reader)) + (await fileSystems(reader))
    }

    // MARK: ZFS

    private func pools(_ reader: VolumeReader) async -> [VolumeFinding] {
        var findings: [VolumeFinding] = []
        for (name, state) in poolStates.sorted(by: { $0.key < $1.key }) {
            var pool = ZPoolStatus.Pool(name: name, state: state)
            // Whoever asks of a suspended pool may wait for it for ever.
            if state != "SUSPENDED", canAsk,
                let output = try? await zpool.run(
                    ["status", "-P", "-p", name], for: name, deadline: AskedVolumes.deadline),
                let status = try? ZPoolStatus(parsing: output.bytes), let told = status.pools.first
            {
                pool = told
                findings.append(reader.finding(pool))
            } else {
                // Nobody could be asked of its disks: nothing but the state is reported.
                var finding = reader.finding(pool)
                (finding.wanted, finding.missing, finding.spares, finding.activity) = (nil, nil, nil, nil)
                (finding.knowsMembers, finding.errors) = (false, [:])
                findings.append(finding)
            }
        }
        return findings
    }

    // MARK: LVM

    private func logicalVolumes(_ reader: VolumeReader) async -> [VolumeFinding] {
        let legs = self.legs()
        guard !legs.isEmpty, canAsk,
            let output = try? await dmsetup.run(
                ["status", "--noflush"], for: "device-mapper", deadline: AskedVolumes.deadline)
        else { return [] }
        return DeviceMapperStatus(parsing: output.bytes).volumes.map {
            reader.finding($0, legs: legs[$0.name] ?? [])
        }
    }

    /// The devices of the legs of each volume, by the names that LVM gives them: `vg-data_rimage_0`.
    private func legs() -> [String: [String]] {
        var legs: [String: [(Int, String)]] = [:]
        for device in (try? tree.names(in: "/sys/block")) ?? [] where device.hasPrefix("dm-") {
            guard let name = try? tree.text("/sys/block/\(device)/dm/name") else { continue }
            for mark in ["_rimage_", "_mimage_"] {
                guard let range = name.ranges(of: mark).last, let number = Int(name[range.upperBound...]) else {
                    continue
                }
                legs[String(name[..<range.lowerBound]), default: []].append((number, device))
            }
        }
        return legs.mapValues { $0.sorted { $0.0 < $1.0 }.map(\.1) }
    }

    // MARK: btrfs

    private func fileSystems(_ reader: VolumeReader) async -> [VolumeFinding] {
        var findings: [VolumeFinding] = []
        for uuid in ((try? tree.names(in: "/sys/fs/btrfs")) ?? []).prefix(AskedVolumes.groupLimit) {
            let folder = "/sys/fs/btrfs/\(uuid)"
            guard let devices = try? tree.names(in: "\(folder)/devices"), !devices.isEmpty else { continue }
            let known = (try? tree.names(in: "\(folder)/devinfo")) ?? []
            let missing = known.count { (try? tree.text("\(folder)/devinfo/\($0)/missing")) == "1" }
            let statistics = await statistics(devices, known, folder, uuid)
            let scrub = (try? tree.bytes("/var/lib/btrfs/scrub.status.\(uuid)")).flatMap(BtrfsStatistics.scrubbed)
            findings.append(
                reader.finding(
                    btrfs: uuid, label: try? tree.text("\(folder)/label"), statistics,
                    wanted: max(known.count, devices.count), missing: missing, scrubbed: scrub))
        }
        return findings
    }

    /// sysfs counts by a number of the device, and states for one device alone which that is.
    private func statistics(
        _ devices: [String], _ known: [String], _ folder: String, _ uuid: String
    ) async -> BtrfsStatistics {
        if devices.count == 1, known.count == 1, let text = try? tree.text("\(folder)/devinfo/\(known[0])/error_stats")
        {
            return BtrfsStatistics(sysfs: text, device: devices[0])
        }
        guard canAsk, let mount = mountPoint(of: devices),
            let output = try? await btrfs.run(
                ["device", "stats", mount], for: uuid, deadline: AskedVolumes.deadline)
        else { return BtrfsStatistics(parsing: []) }
        return BtrfsStatistics(parsing: output.bytes)
    }

    private func mountPoint(of devices: [String]) -> String? {
        guard let bytes = try? tree.bytes(Mounts.path, limit: Mounts.fileBytes) else { return nil }
        return Mounts(parsing: bytes).mounts.first { mount in
            mount.type == "btrfs" && devices.contains { mount.source.hasSuffix("/\($0)") }
        }?.folder
    }
}
