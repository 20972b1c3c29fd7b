import Daemon
import Glibc
public import Reports

/// `disk-health`: what each disk reports of itself, through `smartctl --json` (smartmontools 7 or later).
///
/// A disk that sleeps is not woken (`-n standby`), and each that cannot be read is one `unavailable`. Disks are asked
/// one after another, so that two members of one array never are at once, whoever manages the array; while a command
/// hangs, the other members of that disk's arrays are left alone. No disk is asked twice within ten minutes, also not
/// after a restart or when another comes or goes: what was reported before stands, and is not repeated.
///
/// Once a day the same command asks an ATA disk for a further log: SSDs for their device statistics, Seagate's disks for
/// FARM. A disk that does not answer such a command is spared it for a month.
///
/// NVMe disks are asked for nothing but identity, health, the health log, and the self-test log, which smartctl reads
/// only where the controller's identity has it: each log that a controller does not have would count as an error.
public actor DiskHealthProbe: Probe {
    public nonisolated let name = "disk-health"
    /// A little more than the spacing, so that each look finds it over.
    public nonisolated var interval: Duration { spacing + spacing / 20 }
    public nonisolated let deadline = Duration.seconds(600)

    /// Time between two commands to one real disk.
    public static let standardSpacing = Duration.seconds(600)

    private nonisolated let spacing: Duration
    private let tree: SysTree
    private let input: String?
    private let smartctl: Tool
    private let canAsk: Bool
    private let diskDeadline: Duration
    private let isPrompted: Bool
    private let parts: PartsDirectory
    private var directory = DiskDirectory()
    private var behindControllers: ControllerScan
    /// Disks with their sensors as smartctl last named them, by `Device.key`.
    private var lastNamed: [String: [Component]] = [:]
    private var twins = DiskTwins()

    /// - Parameters:
    ///   - tree: where disks are looked for.
    ///   - input: a file with one recorded output, read in place of all disks.
    ///   - program: the path of smartctl; nil: where the system has it.
    ///   - diskDeadline: time for one disk; a failing one may take 30 s of retries for a single command.
    ///   - spacing: time between two commands to one disk; shorter only for made-up disks, which age in fast forward.
    ///   - parts: which disks there are; nil: they are read from the tree.
    public init(
        tree: SysTree, input: String? = nil, program: String? = nil, diskDeadline: Duration = .seconds(60),
        spacing: Duration = DiskHealthProbe.standardSpacing, parts: PartsDirectory? = nil
    ) {
        self.tree = tree
        self.spacing = spacing
        self.input = input
        self.diskDeadline = diskDeadline
        canAsk = tree.isThisMachine || program != nil
        isPrompted = tree.isThisMachine && input == nil
        smartctl = program.map { Tool(path: $0) } ?? Tool(named: "smartctl")
        self.parts = parts ?? PartsDirectory(tree: tree)
        behindControllers = ControllerScan(deadline: diskDeadline)
    }

    /// A disk that came is asked at once; the others keep their ten minutes.
    public nonisolated var prompts: AsyncStream<String>? {
        isPrompted ? DeviceMonitor.changes(in: ["block", "nvme"]) : nil
    }

    /// One device as smartctl is to be called for it.
    struct Device: Hashable, Sendable {
        var name: String
        /// `megaraid,5`: a disk behind a controller; nil where smartctl finds out by itself.
        var type: String?

        var key: String { type.map { "\(name) \($0)" } ?? name }

        /// `sda` of `/dev/sda`.
        var kernelName: String { name.split(separator: "/").last.map(String.init) ?? name }

        /// - Parameters:
        ///   - version: of smartctl, 704 for 7.4: what an older one does not know it would refuse as a whole.
        ///   - logs: what is asked beside, in the same command.
        func arguments(bus: String?, version: UInt64, logs: [String] = []) -> [String] {
            var what = ["-a"]
            if name.hasPrefix("/dev/nvme") {
                what = ["-i", "-H", "-A"] + (version >= 704 ? ["-l", "selftest"] : [])
            } else if bus == "sas", version >= 704 {
                what += ["-l", "background", "-l", "defects"]
            }
            what += logs.flatMap { ["-l", $0] }
            return ["--json=c", "-n", "standby,\(SmartctlReport.asleepExitCode)"] + what
                + (type.map { ["-d", $0] } ?? []) + [name]
        }

        /// The logs that a disk is asked for once a day. smartctl looks them up in the disk's own directory of logs, and
        /// reads none that is not there. Only disks that the kernel itself knows as ATA are asked: smartctl calls those
        /// behind bridges of USB and RAID controllers so too, and these lose such commands.
        /// - Parameter disk: as the kernel knows it; nil behind a RAID controller.
        func dailyLogs(of disk: Component?, version: UInt64) -> [String] {
            guard let disk, disk.attributes["bus"] == "ata" else { return [] }
            switch disk.attributes["rotational"] {
            case "0": return ["devstat"]
            case "1" where version >= 704 && disk.part.model?.hasPrefix("ST") == true: return ["farm"]
            default: return []
            }
        }
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult {
        if let input { return try recorded(input, at: time) }
        guard canAsk else {
            throw .absent(because: "smartctl asks real disks: for a recorded output give --input FILE")
        }
        directory = parts.parts(at: time).disks
        let devices = try await devices(at: time)
        guard !devices.isEmpty else {
            throw .absent(because: "smartctl and the kernel know no disk (a virtual machine's have no health)")
        }
        var visits = DiskQueryHistory(cursor)
        if lastNamed.isEmpty { twins = DiskTwins(earlier: visits.named) }
        var answers: [(Device, Answer)] = []
        for device in devices {
            let disk = identity(of: device)
            // A volume of a controller, or of an array outside, has no health of its own.
            if disk?.kind == .raidArray { continue }
            let named = lastNamed[device.key]?.first?.id ?? disk?.id
            switch visits.visit(device.key, disk: named, at: time, spacing: spacing) {
            case .alreadySeen: continue
            case .tooEarly: answers.append((device, .notAsked))
            case .due:
                if await hasHangingSibling(device) {
                    answers.append((device, .notAsked))
                    continue
                }
                var logs = device.dailyLogs(of: disk, version: behindControllers.version)
                if !logs.isEmpty, !visits.logsAreDue(device.key, disk: named, at: time) { logs = [] }
                let answer = await ask(device, bus: disk?.attributes["bus"], logs: logs, at: time)
                if !logs.isEmpty, !answer.isAsleep {
                    visits.noteLogs(device.key, disk: named, at: time, answered: answer.isRead)
                }
                answers.append((device, answer))
            }
        }
        answers = toldApart(answers)
        for case (let device, .read(let report)) in answers { visits.learn(device.key, is: report.disk.id) }
        return combined(answers, visits, at: time)
    }

    /// Completes what smartctl reports of each disk by what sysfs knows, and names each by what is its own.
    private func toldApart(_ answers: [(Device, Answer)]) -> [(Device, Answer)] {
        let read = answers.indices.filter { if case .read = answers[$0].1 { true } else { false } }
        let disks = twins.toldApart(
            read.compactMap { index in
                guard case (let device, .read(let report)) = answers[index] else { return nil }
                var disk = report.disk
                disk.attributes["smartctl_type"] = device.type
                guard let known = identity(of: device) else { return disk }
                disk.part.location = known.part.location
                for key in ["rotational", "path", "subsystem", "ambiguous"] {
                    disk.attributes[key] = disk.attributes[key] ?? known.attributes[key]
                }
                // It reports no number of its own, or the kernel knows that another disk bears it too.
                if disk.attributes["identity"] != nil || known.attributes["ambiguous"] != nil {
                    disk.id = known.id
                    disk.attributes["identity"] = known.attributes["identity"]
                }
                return disk
            })
        var answers = answers
        for (index, disk) in zip(read, disks) {
            guard case (let device, .read(var report)) = answers[index] else { continue }
            report.rename(to: disk.id)
            report.disk = disk
            answers[index] = (device, .read(report))
        }
        return answers
    }

    /// Whether a command to another member of the disk's arrays has not come back.
    private func hasHangingSibling(_ device: Device) async -> Bool {
        let hanging = await smartctl.busyDevices
        guard !hanging.isEmpty, device.type == nil else { return false }
        let groups = directory.groups(above: device.kernelName)
        return hanging.contains { key in
            key != device.key
                && !groups.isDisjoint(
                    with: directory.groups(above: key.split(separator: "/").last.map(String.init) ?? ""))
        }
    }

    // MARK: One disk

    private enum Answer: Sendable {
        case read(SmartctlReport)
        case trouble(Unavailable)
        /// Neither a disk nor anything else to report.
        case nothing
        /// Not now: what was reported before stands.
        case notAsked

        /// The disk was left to sleep, and read no log.
        var isAsleep: Bool {
            if case .trouble(.asleep) = self { true } else { false }
        }

        var isRead: Bool {
            if case .read = self { true } else { false }
        }
    }

    private func ask(_ device: Device, bus: String?, logs: [String], at time: Timestamp) async -> Answer {
        let arguments = device.arguments(bus: bus, version: behindControllers.version, logs: logs)
        do throws(Tool.Failure) {
            let output = try await smartctl.run(arguments, for: device.key, deadline: diskDeadline)
            do throws(SmartctlReport.Refusal) {
                return .read(try SmartctlReport(parsing: output.bytes, exitCode: output.exitCode, at: time))
            } catch {
                switch error {
                case .raidVolume, .opticalDrive, .nothing: return .nothing
                default: return .trouble(error.unavailable)
                }
            }
        } catch {
            return .trouble(error.unavailable)
        }
    }

    private func combined(_ answers: [(Device, Answer)], _ visits: DiskQueryHistory, at time: Timestamp) -> ProbeResult
    {
        var result = ProbeResult(cursor: ProbeCursor(probe: name, value: visits.text))
        var seen: Set<ComponentID> = []
        func add(_ disk: ComponentID, _ signal: String, _ measurement: Measurement) {
            result.observations.append(
                Observation(component: disk, signal: Signal(signal), measurement: measurement, time: time))
        }
        for (device, answer) in answers {
            let known = identity(of: device)
            switch answer {
            case .nothing: continue
            case .read(let report):
                // The second path to one disk (multipath) gives nothing new.
                guard seen.insert(report.disk.id).inserted else { continue }
                lastNamed[device.key] = [report.disk] + report.parts
                result.components.append(contentsOf: [report.disk] + report.parts)
                result.observations.append(contentsOf: report.observations)
                add(report.disk.id, "hw.physical_disk.power_mode", .state("active"))
            case .notAsked:
                let components = lastNamed[device.key] ?? known.map { [$0] } ?? []
                guard let first = components.first, seen.insert(first.id).inserted else { continue }
                result.components.append(contentsOf: components)
            case .trouble(let reason):
                let disk =
                    lastNamed[device.key]?.first ?? known
                    ?? Component(
                        id: visits.disk(of: device.key)
                            ?? DiskIdentity.id(wwn: nil, serial: nil, device: device.key), kind: .disk,
                        name: device.key,
                        attributes: ["device": device.name, "identity": "by device name, which may change"])
                guard seen.insert(disk.id).inserted else { continue }
                result.components.append(disk)
                add(disk.id, "hw.physical_disk.smart.health", .unavailable(reason))
                add(
                    disk.id, "hw.physical_disk.power_mode",
                    reason == .asleep ? .state("standby") : .unavailable(reason))
            }
        }
        return result
    }

    /// What sysfs contains of the disk; nil behind a RAID controller, which sysfs does not see through.
    private func identity(of device: Device) -> Component? {
        device.type == nil ? directory.disk(named: device.kernelName) : nil
    }

    // MARK: Which disks

    /// The kernel's disks, and those that smartctl finds behind controllers.
    private func devices(at time: Timestamp) async throws(ProbeError) -> [Device] {
        let kernel = DiskIdentity.names(in: tree).filter { !$0.hasPrefix("vd") && !$0.hasPrefix("mmcblk") }
            .map { Device(name: "/dev/\($0)") }
        var scan = behindControllers
        let hidden = try await scan.devices(besides: kernel, asking: smartctl, at: time)
        // No other look runs meanwhile: a probe is not started twice at once.
        behindControllers = scan
        return kernel + hidden
    }

    // MARK: A recorded output

    private func recorded(_ file: String, at time: Timestamp) throws(ProbeError) -> ProbeResult {
        let bytes: [UInt8]
        do {
            bytes = try SysTree().bytes(file, limit: Tool.outputBytes)
        } catch {
            throw error.probeError
        }
        do throws(SmartctlReport.Refusal) {
            let report = try SmartctlReport(parsing: bytes, at: time)
            return ProbeResult(components: [report.disk] + report.parts, observations: report.observations)
        } catch {
            throw .malformed(path: file, problem: error.description)
        }
    }
}
