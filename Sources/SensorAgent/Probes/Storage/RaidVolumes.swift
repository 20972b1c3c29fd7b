import Daemon
public import Reports

/// `raid`: groups of disks that the kernel manages, and which disk in them is at fault.
///
/// A change of an md array is seen at once: the kernel wakes whoever polls `/proc/mdstat`.
public actor RaidVolumes: Probe {
    public nonisolated let name = "raid"
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(50)

    private static let mdstat = "/proc/mdstat"

    private let tree: SysTree
    private let input: String?
    private let executor = BlockingExecutor(label: "callhome.raid")
    private var directory: DiskDirectory

    /// - Parameters:
    ///   - tree: where files are read.
    ///   - input: a recorded `/proc/mdstat`, read in place of all else.
    public init(tree: SysTree, input: String? = nil) {
        self.tree = tree
        self.input = input
        directory = DiskDirectory(tree: tree)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public nonisolated var prompts: AsyncStream<String>? {
        tree.isThisMachine && input == nil ? FileEvents.changes(of: RaidVolumes.mdstat) : nil
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult {
        var look = VolumeLook(time: time, memory: VolumeMemory(cursor))
        if let input {
            for array in try recorded(input) { add(array, to: &look) }
            return look.result(cursorOf: name)
        }
        directory.refresh()
        let arrays = mdArrays()
        for array in arrays { add(array, to: &look) }
        let result = look.result(cursorOf: name)
        guard !result.components.isEmpty else {
            throw .absent(because: "the kernel manages no group of disks: no md array under /sys/block")
        }
        return result
    }

    private func recorded(_ file: String) throws(ProbeError) -> [MDArray] {
        let bytes: [UInt8]
        do {
            bytes = try SysTree().bytes(file, limit: MDStat.fileBytes)
        } catch {
            throw error.probeError
        }
        do throws(MDStat.Refusal) {
            return try MDStat(parsing: bytes).arrays
        } catch {
            throw .malformed(path: file, problem: "is no /proc/mdstat: it names neither personalities nor an array")
        }
    }

    /// sysfs tells more; a recording may have `/proc` alone.
    private func mdArrays() -> [MDArray] {
        if let arrays = try? MDSysfs(tree: tree).arrays(), !arrays.isEmpty { return arrays }
        guard let bytes = try? tree.bytes(RaidVolumes.mdstat, limit: MDStat.fileBytes) else { return [] }
        return (try? MDStat(parsing: bytes))?.arrays ?? []
    }

    private func add(_ array: MDArray, to look: inout VolumeLook) {
        guard !array.isContainer else { return }
        var attributes = ["device": "/dev/\(array.name)", "manager": "md"]
        attributes["level"] = array.level.isEmpty ? nil : array.level
        attributes["metadata"] = array.metadata.isEmpty ? nil : array.metadata
        let uuid = array.uuid ?? directory.arrayIdentifier(array.name)
        attributes["uuid"] = uuid
        let id = ComponentID(.raidArray, uuid.map { "md-\($0)" } ?? array.name)
        var members: [(Component, MemberState)] = []
        for member in array.members {
            let disks = disks(of: member.device)
            // A member that is made of several disks cannot say which of them it is.
            guard disks.count == 1, let disk = disks.first else { continue }
            members.append((disk, member.state))
            if let count = member.correctedReads {
                look.add(
                    disk.id, Signal("hw.raid.corrected_reads", ["array": array.name]), .counter(count))
            }
            if let ranges = member.badRanges {
                look.add(disk.id, Signal("hw.raid.bad_ranges", ["array": array.name]), .gauge(Double(ranges)))
            }
        }
        look.add(
            VolumeLook.Group(
                component: Component(id: id, kind: .raidArray, name: "/dev/\(array.name)", attributes: attributes),
                label: array.name, state: array.state, wanted: array.wanted,
                missing: array.wanted == nil ? nil : array.degraded, spares: array.wanted == nil ? nil : array.spares,
                activity: array.wanted == nil ? nil : array.activity, progress: array.progress,
                mismatches: array.mismatches),
            members: members)
    }

    private func disks(of device: String) -> [Component] {
        let disks = directory.disks(under: device)
        guard disks.isEmpty, input != nil else { return disks }
        // On a recorded file alone a disk is known by nothing but its name.
        let name = DiskDirectory.wholeDisk(device)
        return [
            Component(
                id: DiskIdentity.id(wwn: nil, serial: nil, device: name), kind: .disk, name: "/dev/\(name)",
                attributes: ["device": "/dev/\(name)", "identity": "by device name, which may change"])
        ]
    }
}
