import Daemon
public import Reports

/// `disk-latency`: how long requests take on each physical disk, what it moves, whether it answers at all, and what
/// sysfs counts of failed commands. Nothing here talks to a disk: a sleeping one stays asleep.
///
/// From `/proc/diskstats` (Documentation/admin-guide/iostats.rst) and the files of the SCSI and NVMe devices
/// (`state`, `iotmo_cnt`, `ioerr_cnt`: Documentation/ABI/testing/sysfs-block-device, drivers/scsi/scsi_sysfs.c).
public actor DiskLatencyProbe: Probe {
    public nonisolated let name = "disk-latency"
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(20)

    private static let path = "/proc/diskstats"

    private let tree: SysTree
    private let input: String?
    private let executor = BlockingExecutor(label: "callhome.disk-latency")
    private let parts: PartsDirectory
    private var directory = DiskDirectory()
    private var before: [String: DiskStatistics.Line] = [:]
    private var beforeTime: Timestamp?
    /// When a disk was first seen with requests of which none is finished.
    private var stalledSince: [String: Timestamp] = [:]
    private var recent: [String: RecentWork] = [:]

    /// - Parameters:
    ///   - tree: where files are read.
    ///   - input: a recorded `/proc/diskstats`, read in place of the machine's.
    ///   - parts: which disks there are; nil: they are read from the tree.
    public init(tree: SysTree, input: String? = nil, parts: PartsDirectory? = nil) {
        self.tree = tree
        self.input = input
        self.parts = parts ?? PartsDirectory(tree: tree)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        let path = input ?? DiskLatencyProbe.path
        let bytes: [UInt8]
        do {
            bytes = try (input == nil ? tree : SysTree()).bytes(path, limit: DiskStatistics.fileBytes)
        } catch .failed(_, SysTreeError.noSuchFile) where input == nil && !tree.isThisMachine {
            return try devicesAlone(at: time)
        } catch {
            throw error.probeError
        }
        let statistics = DiskStatistics(parsing: bytes)
        guard !statistics.lines.isEmpty else {
            if statistics.damaged > 0 {
                throw .malformed(path: path, problem: "has no line of the kernel's statistics of block devices")
            }
            throw .absent(because: "\(path) names no block device")
        }
        directory = parts.parts(at: time).disks
        let lines = statistics.lines.filter { DiskDirectory.isWholeDisk($0.name) }
        if lines.contains(where: { line in before[line.name].map { line.isYounger(than: $0) } ?? false }) {
            // A name whose counts fell may have gone to another disk.
            directory = parts.parts(at: time, anew: .disks).disks
        }
        var look = Look(time: time, span: beforeTime.map { (time - $0).inMilliseconds })
        for line in lines { add(line, to: &look) }
        // A controller that is dead has lost its namespaces, and stands in sysfs alone.
        for disk in directory.disks where input == nil && disk.attributes["bus"] == "nvme" {
            guard look.isFirst(disk.id), let name = disk.attributes["device"]?.split(separator: "/").last else {
                continue
            }
            look.result.components.append(disk)
            addDevice(String(name), of: disk, to: &look)
        }
        before = Dictionary(lines.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        beforeTime = time
        stalledSince = stalledSince.filter { before[$0.key] != nil }
        recent = recent.filter { before[$0.key] != nil }
        return look.result
    }

    /// What drivers report of the devices of a recording that has no `/proc`.
    private func devicesAlone(at time: Timestamp) throws(ProbeError) -> ProbeResult {
        directory = parts.parts(at: time).disks
        var look = Look(time: time, span: nil)
        for disk in directory.disks where disk.kind == .disk {
            guard let name = disk.attributes["device"]?.split(separator: "/").last else { continue }
            look.result.components.append(disk)
            addDevice(String(name), of: disk, to: &look)
        }
        guard !look.result.observations.isEmpty else {
            throw .absent(because: "/proc/diskstats is not there, and no disk of /sys tells its state")
        }
        return look.result
    }

    private func add(_ line: DiskStatistics.Line, to look: inout Look) {
        // How fast a volume of several disks is says nothing of any.
        guard let disk = directory.disk(named: line.name) ?? recorded(line.name), disk.kind == .disk else { return }
        let earlier = before[line.name].flatMap { line.isYounger(than: $0) ? nil : $0 }
        let isStuck = earlier.map { line.inFlight > 0 && $0.inFlight > 0 && line.finished == $0.finished } ?? false
        if isStuck {
            stalledSince[line.name] = stalledSince[line.name] ?? beforeTime
        } else {
            stalledSince[line.name] = nil
        }
        let hour = recent[line.name, default: RecentWork()].take(line.read + line.write, at: look.time)
        look.add(line, since: earlier, of: disk, stalledSince: stalledSince[line.name], hour: hour)
        if input == nil, look.isFirst(disk.id) { addDevice(line.name, of: disk, to: &look) }
    }

    /// On a recorded file alone a disk is known by nothing but its name.
    private func recorded(_ name: String) -> Component? {
        guard input != nil else { return nil }
        return Component(
            id: DiskIdentity.id(wwn: nil, serial: nil, device: name), kind: .disk, name: "/dev/\(name)",
            attributes: ["device": "/dev/\(name)", "identity": "by device name, which may change"])
    }

    /// What the kernel's driver reports of the device.
    private func addDevice(_ name: String, of disk: Component, to look: inout Look) {
        let folder = "/sys/block/\(name)/device"
        if name.hasPrefix("nvme") {
            // The namespace's device is its controller, or the subsystem of several.
            let controller = disk.attributes["device"].map { String($0.dropFirst("/dev/".count)) } ?? name
            if let state = try? tree.text("/sys/class/nvme/\(controller)/state") {
                look.add(disk.id, Signal("hw.physical_disk.kernel_state"), .state(state))
            }
            return
        }
        guard !name.hasPrefix("mmcblk") else { return addCard(folder, of: disk, to: &look) }
        if let state = try? tree.text("\(folder)/state") {
            look.add(disk.id, Signal("hw.physical_disk.kernel_state"), .state(state))
        }
        for (file, signal) in [
            ("iotmo_cnt", "hw.physical_disk.timeouts"), ("ioerr_cnt", "hw.physical_disk.failed_commands"),
        ] {
            guard let text = try? tree.text("\(folder)/\(file)") else { continue }
            let count = text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
            look.add(disk.id, Signal(signal), count.map { .counter($0) } ?? .unavailable(.malformed))
        }
    }

    /// eMMC's estimate of its life (JESD84-B51 7.4.75 to 7.4.77): a tenth of the promised life for each step.
    private func addCard(_ folder: String, of disk: Component, to look: inout Look) {
        if let text = try? tree.text("\(folder)/life_time") {
            let steps = text.split(separator: " ").compactMap { word in
                word.hasPrefix("0x") ? UInt64(word.dropFirst(2), radix: 16) : nil
            }.filter { $0 > 0 }
            if let worst = steps.max() {
                look.add(disk.id, Signal("hw.physical_disk.endurance_used"), .gauge(Double(worst) / 10))
            }
        }
        let words: [UInt64: String] = [1: "normal", 2: "warning", 3: "urgent"]
        if let text = try? tree.text("\(folder)/pre_eol_info"), text.hasPrefix("0x"),
            let state = UInt64(text.dropFirst(2), radix: 16).flatMap({ words[$0] })
        {
            look.add(disk.id, Signal("hw.physical_disk.pre_eol"), .state(state))
        }
    }

    /// What one look gives.
    private struct Look {
        let time: Timestamp
        /// Milliseconds since the look before; nil at the first.
        let span: Int64?
        var result = ProbeResult()
        private var seen: Set<ComponentID> = []

        init(time: Timestamp, span: Int64?) {
            self.time = time
            self.span = span
        }

        /// Whether the disk has not been looked at by another of its names (a second path, a second namespace).
        mutating func isFirst(_ disk: ComponentID) -> Bool { seen.insert(disk).inserted }

        mutating func add(_ component: ComponentID, _ signal: Signal, _ measurement: Measurement) {
            result.observations.append(
                Observation(component: component, signal: signal, measurement: measurement, time: time))
        }

        mutating func add(
            _ line: DiskStatistics.Line, since before: DiskStatistics.Line?, of disk: Component,
            stalledSince: Timestamp?, hour: DiskStatistics.Work?
        ) {
            // Of several names of one disk the first is reported: their requests are the same ones, or a part of them.
            guard !seen.contains(disk.id) else { return }
            result.components.append(disk)
            var totals = [("read", line.read), ("write", line.write)]
            if let discard = line.discard { totals.append(("discard", discard)) }
            for (direction, work) in totals {
                let label = ["direction": direction]
                add(disk.id, Signal("hw.physical_disk.requests", label), .counter(work.requests))
                add(
                    disk.id, Signal("hw.physical_disk.moved", label),
                    .counter(work.sectors.multipliedReportingOverflow(by: DiskStatistics.sectorBytes).partialValue))
            }
            if let flush = line.flush {
                add(disk.id, Signal("hw.physical_disk.requests", ["direction": "flush"]), .counter(flush.requests))
            }
            add(disk.id, Signal("hw.physical_disk.in_flight"), .gauge(Double(line.inFlight)))
            let stalled = stalledSince.map { max(0, (time - $0).inSeconds) } ?? 0
            add(disk.id, Signal("hw.physical_disk.stalled"), .gauge(stalled))
            if let hour, hour.requests >= RecentWork.requests {
                add(
                    disk.id, Signal("hw.physical_disk.await.hourly"),
                    .gauge(Double(hour.milliseconds) / 1000 / Double(hour.requests)))
            }
            guard let before else { return }
            addAwait(line, since: before, of: disk.id)
            if let span, span > 0, line.busyMilliseconds >= before.busyMilliseconds {
                let busy = Double(line.busyMilliseconds - before.busyMilliseconds) / Double(span)
                add(disk.id, Signal("hw.physical_disk.busy"), .gauge(min(busy, 1)))
            }
        }

        /// The mean time of a request, where any was finished: an idle disk is neither fast nor slow.
        private mutating func addAwait(
            _ line: DiskStatistics.Line, since before: DiskStatistics.Line, of disk: ComponentID
        ) {
            guard let read = line.read.since(before.read), let write = line.write.since(before.write) else { return }
            for (direction, work) in [("read", read), ("write", write), ("all", read + write)] where work.requests > 0 {
                add(
                    disk, Signal("hw.physical_disk.await", ["direction": direction]),
                    .gauge(Double(work.milliseconds) / 1000 / Double(work.requests)))
            }
        }
    }
}

extension DiskStatistics.Line {
    /// Requests that came to an end.
    var finished: UInt64 { read.requests &+ write.requests &+ (discard?.requests ?? 0) &+ (flush?.requests ?? 0) }

    /// Whether a count fell, so that this is another device of the same name.
    func isYounger(than before: DiskStatistics.Line) -> Bool {
        read.since(before.read) == nil || write.since(before.write) == nil
    }
}

extension DiskDirectory {
    /// Whether a name of `/proc/diskstats` is a disk, and neither a partition nor made of disks.
    static func isWholeDisk(_ name: String) -> Bool {
        ["sd", "hd", "vd", "xvd", "nvme", "mmcblk"].contains { name.hasPrefix($0) } && wholeDisk(name) == name
            && !name.contains("boot") && !name.contains("rpmb")
    }
}
