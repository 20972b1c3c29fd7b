import Daemon
public import Reports

/// `raid`: groups of disks that the kernel manages, and which disk in them is at fault: md, LVM's RAID, ZFS, btrfs.
///
/// md is read of sysfs at each look, and a change of it is seen at once: the kernel wakes whoever polls `/proc/mdstat`.
/// For the others a program has to be run (`zpool`, `btrfs`, `dmsetup`), each only where there is something to ask,
/// every five minutes, and at once when the kernel's state of a pool changes. None of them reads from the disks.
public actor RaidVolumeProbe: Probe {
    public nonisolated let name = "raid"
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(50)

    /// Time between two runs of the programs.
    private static let askingInterval = Duration.seconds(300)

    private let tree: SysTree
    private let input: String?
    private let executor = BlockingExecutor(label: "callhome.raid")
    private let parts: PartsDirectory
    /// Whether udev is to be asked anew where nobody hears it: it may know by now what an array is called.
    private var asksAnew = false
    private var asked: AskedVolumes
    private var findings: [VolumeFinding] = []
    private var askedAt: Timestamp?
    /// How often udev is still asked anew for what an array is called; where it never knows, the kernel's name stands.
    private var identifierLooks = 5
    private var errors: [ComponentID: [String: UInt64]] = [:]

    /// - Parameters:
    ///   - tree: where files are read.
    ///   - input: a recorded `/proc/mdstat`, or the output of `zpool status`, `dmsetup status` or
    ///     `btrfs device stats`, read in place of all else.
    ///   - programs: the paths of programs in place of those that the system has.
    ///   - parts: which disks there are; nil: they are read from the tree.
    public init(
        tree: SysTree, input: String? = nil, programs: [String: String] = [:], parts: PartsDirectory? = nil
    ) {
        self.tree = tree
        self.input = input
        self.parts = parts ?? PartsDirectory(tree: tree)
        asked = AskedVolumes(tree: tree, programs: programs)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public nonisolated var prompts: AsyncStream<String>? {
        tree.isThisMachine && input == nil ? FileEvents.changes(of: FileEvents.mdstat) : nil
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult {
        var look = VolumeReading(time: time, memory: VolumeHistory(cursor))
        if let input {
            for finding in try RecordedVolumes(file: input).findings { look.add(finding) }
            return look.result(cursorOf: name, errorsBefore: &errors)
        }
        let directory = parts.parts(at: time, anew: asksAnew ? .disks : []).disks
        asksAnew = false
        let reader = VolumeReader(directory: directory, namesAlone: false)
        for array in mdArrays() {
            // udev may not have read the superblocks yet when the array is seen first.
            if array.uuid == nil, directory.arrayIdentifier(array.name) == nil, identifierLooks > 0 {
                identifierLooks -= 1
                asksAnew = true
            }
            if let finding = reader.finding(array) { look.add(finding) }
        }
        // The kernel's own word of its pools costs one file each.
        let hasNews = asked.poolStatesChanged()
        let age = askedAt.map { time - $0 }
        if hasNews || age.map({ $0 < .zero || $0 >= RaidVolumeProbe.askingInterval }) ?? true {
            askedAt = time
            findings = await asked.findings(reader)
            for finding in findings { look.add(finding) }
        } else {
            for finding in findings { look.remind(of: finding) }
        }
        let result = look.result(cursorOf: name, errorsBefore: &errors)
        guard !result.components.isEmpty else {
            throw .absent(
                because: "the kernel manages no group of disks: no md array under /sys/block, no LVM RAID, no pool "
                    + "under /proc/spl/kstat/zfs, no file system of several devices under /sys/fs/btrfs")
        }
        return result
    }

    /// sysfs contains more; a recording may have `/proc` alone.
    private func mdArrays() -> [MDArray] {
        if let arrays = try? MDSysfs(tree: tree).arrays(), !arrays.isEmpty { return arrays }
        guard let bytes = try? tree.bytes(FileEvents.mdstat, limit: MDStat.fileBytes) else { return [] }
        return (try? MDStat(parsing: bytes))?.arrays ?? []
    }
}
