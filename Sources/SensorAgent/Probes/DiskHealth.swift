import Daemon
import Glibc
public import Reports

/// `disk-health`: what each disk says of itself, through `smartctl --json` (smartmontools 7 or later).
///
/// A disk that sleeps is not woken (`-n standby`), one that hangs delays no other, and each that cannot be read is one
/// `unavailable`. NVMe disks are asked for nothing but identity, health and the health log: each optional log that a
/// controller does not have would count as an error of the disk.
public actor DiskHealth: Probe {
    public nonisolated let name = "disk-health"
    public nonisolated let interval = Duration.seconds(300)
    public nonisolated let deadline = Duration.seconds(240)

    /// Disks asked at once.
    private static let parallel = 4

    private let tree: SysTree
    private let input: String?
    private let smartctl: Tool
    private let canAsk: Bool
    private let diskDeadline: Duration
    /// Disks as smartctl last named them, by serial: a sleeping disk's full identity may stand nowhere else.
    private var lastNamed: [String: Component] = [:]

    /// - Parameters:
    ///   - tree: where disks are looked for.
    ///   - input: a file with one recorded output, read in place of all disks.
    ///   - program: the path of smartctl; nil: where the system has it.
    ///   - diskDeadline: time for one disk; a failing one may take 30 s of retries for a single command.
    public init(
        tree: SysTree, input: String? = nil, program: String? = nil, diskDeadline: Duration = .seconds(60)
    ) {
        self.tree = tree
        self.input = input
        self.diskDeadline = diskDeadline
        canAsk = tree.isThisMachine || program != nil
        smartctl = program.map { Tool(path: $0) } ?? Tool(named: "smartctl")
    }

    /// One device as smartctl is to be called for it.
    private struct Device: Sendable {
        var name: String
        /// `megaraid,5`: a disk behind a controller; nil where smartctl finds out by itself.
        var type: String?

        var key: String { type.map { "\(name) \($0)" } ?? name }

        var arguments: [String] {
            let what = name.hasPrefix("/dev/nvme") ? ["-i", "-H", "-A"] : ["-a"]
            return ["--json=c", "-n", "standby,\(SmartctlReport.asleepExitCode)"] + what
                + (type.map { ["-d", $0] } ?? []) + [name]
        }
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult {
        if let input { return try recorded(input, at: time) }
        guard canAsk else {
            throw .absent(because: "smartctl asks real disks: for a recorded output give --input FILE")
        }
        let devices = try await devices()
        guard !devices.isEmpty else {
            throw .absent(because: "smartctl and the kernel know no disk (a virtual machine's have no health)")
        }
        var answers: [(Device, Answer)] = []
        await withTaskGroup(of: (Device, Answer).self) { group in
            var waiting = devices[...]
            for device in waiting.prefix(DiskHealth.parallel) { group.addTask { await self.ask(device, at: time) } }
            waiting = waiting.dropFirst(DiskHealth.parallel)
            for await answer in group {
                answers.append(answer)
                if let device = waiting.popFirst() { group.addTask { await self.ask(device, at: time) } }
            }
        }
        answers.sort { SysTree.naturallyOrdered($0.0.key, $1.0.key) }
        return combined(answers, at: time)
    }

    // MARK: One disk

    private typealias Answer = Result<SmartctlReport, Trouble>

    private enum Trouble: Error {
        case refused(SmartctlReport.Refusal)
        case tool(Tool.Failure)

        var unavailable: Unavailable {
            switch self {
            case .refused(let refusal): refusal.unavailable
            case .tool(.timedOut), .tool(.stuck): .timedOut
            case .tool(.tooMuchOutput): .malformed
            case .tool(.missing): .notSupported
            case .tool(.failed): .readError
            }
        }
    }

    private func ask(_ device: Device, at time: Timestamp) async -> (Device, Answer) {
        do throws(Tool.Failure) {
            let output = try await smartctl.run(device.arguments, for: device.key, deadline: diskDeadline)
            do throws(SmartctlReport.Refusal) {
                return (
                    device, .success(try SmartctlReport(parsing: output.bytes, exitCode: output.exitCode, at: time))
                )
            } catch {
                return (device, .failure(.refused(error)))
            }
        } catch {
            return (device, .failure(.tool(error)))
        }
    }

    private func combined(_ answers: [(Device, Answer)], at time: Timestamp) -> ProbeResult {
        var result = ProbeResult()
        var seen: Set<ComponentID> = []
        for (device, answer) in answers {
            switch answer {
            case .success(let report):
                // The second path to one disk (multipath) tells nothing new.
                guard seen.insert(report.disk.id).inserted else { continue }
                var disk = report.disk
                let known = identity(of: device)
                disk.part.location = known?.part.location
                if let serial = disk.part.serial { lastNamed[serial] = disk }
                result.components.append(disk)
                result.components.append(contentsOf: report.parts)
                result.observations.append(contentsOf: report.observations)
                result.observations.append(
                    Observation(
                        component: disk.id, signal: Signal("hw.physical_disk.power_mode"),
                        measurement: .state("active"),
                        time: time))
            case .failure(.refused(.raidVolume)), .failure(.refused(.opticalDrive)), .failure(.refused(.nothing)):
                continue
            case .failure(let trouble):
                let disk =
                    identity(of: device)
                    ?? Component(
                        id: DiskIdentity.id(wwn: nil, serial: nil, device: device.key), kind: .disk, name: device.key,
                        attributes: ["device": device.name, "identity": "by device name, which may change"])
                guard seen.insert(disk.id).inserted else { continue }
                result.components.append(disk)
                let asleep = trouble.unavailable == .asleep
                for (signal, measurement) in [
                    ("hw.physical_disk.smart.health", Measurement.unavailable(trouble.unavailable)),
                    ("hw.physical_disk.power_mode", asleep ? .state("standby") : .unavailable(trouble.unavailable)),
                ] {
                    result.observations.append(
                        Observation(component: disk.id, signal: Signal(signal), measurement: measurement, time: time))
                }
            }
        }
        return result
    }

    /// What sysfs says of the disk; nil behind a RAID controller, which sysfs does not see through.
    private func identity(of device: Device) -> Component? {
        guard device.type == nil, let name = device.name.split(separator: "/").last.map(String.init),
            ["class/block", "block", "class/nvme"].contains(where: { tree.exists("/sys/\($0)/\(name)") })
        else { return nil }
        var disk = DiskIdentity.component(name, tree: tree)
        if let serial = disk.part.serial, let named = lastNamed[serial] {
            let location = disk.part.location
            disk = named
            disk.part.location = location
        }
        return disk
    }

    // MARK: Which disks

    /// smartctl's list, for disks behind controllers, and the kernel's own, since smartctl lists nothing that it cannot
    /// name.
    private func devices() async throws(ProbeError) -> [Device] {
        var devices = DiskIdentity.names(in: tree).filter { !$0.hasPrefix("vd") && !$0.hasPrefix("mmcblk") }
            .map { Device(name: "/dev/\($0)") }
        do throws(Tool.Failure) {
            let output = try await smartctl.run(["--scan", "--json=c"], for: "scan", deadline: diskDeadline)
            let known = Set(devices.map(\.name))
            let listed = (try? JSONTree(parsing: output.bytes))?["devices"]?.elements ?? []
            for entry in listed.prefix(DiskHealth.deviceLimit) {
                guard let name = entry["name"]?.text, name.hasPrefix("/dev/"), !known.contains(name) else { continue }
                let type = entry["type"]?.text
                devices.append(Device(name: name, type: type?.contains(",") == true ? type : nil))
            }
        } catch {
            switch error {
            case .missing:
                throw .absent(because: "smartctl is not installed: apt-get install smartmontools")
            // The kernel's list is enough to go on with.
            case .timedOut, .stuck, .tooMuchOutput, .failed: break
            }
        }
        return devices
    }

    /// Devices taken from one scan.
    private static let deviceLimit = 1_024

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
