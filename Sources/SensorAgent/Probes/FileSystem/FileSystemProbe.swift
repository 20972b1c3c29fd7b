import Daemon
public import Reports

/// `filesystems`: what file systems count of errors on their disks, and whether one was made read-only by them.
///
/// From `/sys/fs/ext4/*` (Documentation/ABI/testing/sysfs-fs-ext4) and `/proc/self/mountinfo`; no file of the file
/// system itself is touched. XFS and btrfs report their errors in the kernel's log and by the `raid` probe.
public actor FileSystemProbe: Probe {
    public nonisolated let name = "filesystems"
    public nonisolated let interval = Duration.seconds(120)
    public nonisolated let deadline = Duration.seconds(20)

    private let tree: SysTree
    private let input: String?
    private let executor = BlockingExecutor(label: "callhome.filesystems")
    private let parts: PartsDirectory
    private var directory = DiskDirectory()

    /// - Parameters:
    ///   - tree: where files are read.
    ///   - input: a recorded `/proc/self/mountinfo`, read in place of the machine's.
    ///   - parts: which disks there are; nil: they are read from the tree.
    public init(tree: SysTree, input: String? = nil, parts: PartsDirectory? = nil) {
        self.tree = tree
        self.input = input
        self.parts = parts ?? PartsDirectory(tree: tree)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    /// Types that keep their data on disks, and may be made read-only by them.
    private static let types: Set<String> = ["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "reiserfs", "vfat"]

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        let path = input ?? Mounts.path
        let bytes: [UInt8]
        do {
            bytes = try (input == nil ? tree : SysTree()).bytes(path, limit: Mounts.fileBytes)
        } catch {
            throw error.probeError
        }
        let mounts = Mounts(parsing: bytes).mounts
        guard !mounts.isEmpty else {
            if bytes.isEmpty { throw .absent(because: "\(path) names no mount") }
            throw .malformed(path: path, problem: "has no line of a mount")
        }
        directory = parts.parts(at: time).disks
        let boot = (try? tree.text("/proc/sys/kernel/random/boot_id")) ?? ""
        var writable = WritableFileSystems(cursor, boot: boot)
        var result = ProbeResult()
        var seen: Set<String> = []
        for mount in mounts where FileSystemProbe.types.contains(mount.type) && mount.source.hasPrefix("/dev/") {
            guard seen.insert(mount.device).inserted else { continue }
            add(mount, at: time, &writable, to: &result)
        }
        guard !result.components.isEmpty else { throw .absent(because: "\(path) names no file system on a disk") }
        result.cursor = ProbeCursor(probe: name, value: writable.text)
        return result
    }

    private func add(
        _ mount: Mounts.Mount, at time: Timestamp, _ writable: inout WritableFileSystems, to result: inout ProbeResult
    ) {
        let device = kernelName(of: mount)
        let uuid = directory.fileSystemIdentifier(device)
        let id = ComponentID(.volume, uuid ?? device)
        guard !result.components.contains(where: { $0.id == id }) else { return }
        result.components.append(
            Component(
                id: id, kind: .volume, parent: carrier(of: device), name: "\(mount.type) on /dev/\(device)",
                attributes: ["device": "/dev/\(device)", "type": mount.type, "mounted": mount.folder]))
        func add(_ signal: Signal, _ measurement: Measurement) {
            result.observations.append(
                Observation(component: id, signal: signal, measurement: measurement, time: time))
        }
        let folder = "/sys/fs/ext4/\(device)"
        var errors: UInt64 = 0
        if tree.exists(folder) {
            do {
                errors = try tree.count("\(folder)/errors_count")
                add(Signal("hw.filesystem.errors"), .counter(errors))
            } catch {
                add(Signal("hw.filesystem.errors"), .unavailable(error.unavailable))
            }
            for which in ["first", "last"] {
                guard let seconds = try? tree.count("\(folder)/\(which)_error_time"), seconds > 0,
                    let start = Int64(exactly: seconds)
                else { continue }
                let age = (time - Timestamp(seconds: start)).inSeconds
                // A clock that is behind cannot show how long ago it was.
                if age >= 0 { add(Signal("hw.filesystem.error.age", ["which": which]), .gauge(age)) }
            }
            if let kilobytes = try? tree.count("\(folder)/lifetime_write_kbytes") {
                add(
                    Signal("hw.filesystem.written"),
                    .counter(kilobytes.multipliedReportingOverflow(by: 1024).partialValue))
            }
        }
        add(Signal("hw.filesystem.state"), .state(state(mount, errors, id, &writable)))
    }

    private func state(
        _ mount: Mounts.Mount, _ errors: UInt64, _ id: ComponentID, _ writable: inout WritableFileSystems
    ) -> String {
        if mount.isShutDown { return "shut_down" }
        if mount.isReadOnly {
            return mount.isEmergency || writable.contains(id) ? "read_only" : errors > 0 ? "errors" : "ok"
        }
        writable.insert(id)
        return errors > 0 ? "errors" : "ok"
    }

    /// `sda1` of `8:1`, since `/dev/root` and links name nothing.
    private func kernelName(of mount: Mounts.Mount) -> String {
        let place = try? tree.resolved("/sys/dev/block/\(mount.device)")
        if let place, tree.exists(place), let name = place.split(separator: "/").last { return String(name) }
        return mount.source.split(separator: "/").last.map(String.init) ?? mount.source
    }

    /// The array or the one disk that the file system lies on.
    private func carrier(of device: String) -> ComponentID? {
        let whole = DiskDirectory.wholeDisk(device)
        if whole.hasPrefix("md"), let array = MDSysfs(tree: tree).array(whole) {
            return VolumeReader(directory: directory, namesAlone: false).finding(array)?.component.id
        }
        let disks = directory.disks(under: device)
        return disks.count == 1 ? disks.first?.id : nil
    }
}
