import Daemon
public import Reports

/// `processors`: how often and how long each processor socket was throttled for heat, and at what frequency it runs and may run
/// (Documentation/ABI/testing/sysfs-devices-system-cpu, `thermal_throttle`, `cpufreq`), with the part that SMBIOS names.
///
/// Of each core one logical processor is read, and of each socket one: its siblings count the same events.
public actor ProcessorProbe: Probe {
    public nonisolated let name = "processors"
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(20)

    private static let folder = "/sys/devices/system/cpu"
    /// Logical processors of one machine; the kernel's own limit is 8,192 (NR_CPUS).
    private static let processorLimit = 8_192

    private let tree: SysTree
    private let executor = BlockingExecutor(label: "callhome.processors")
    private let parts: PartsDirectory
    private var layout: Layout?

    /// - Parameter parts: which processors there are; nil: they are read from the tree.
    public init(tree: SysTree, parts: PartsDirectory? = nil) {
        self.tree = tree
        self.parts = parts ?? PartsDirectory(tree: tree)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    /// Which folders are read; made anew when processors go on or off line.
    private struct Layout {
        var online: String
        var known: ProcessorSockets
        var sockets: [Socket] = []

        struct Socket {
            var component: Component
            var threads = 0
            /// Folders of the first thread of each core.
            var cores: [String] = []
        }
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        var online = ""
        do {
            online = try tree.text("\(ProcessorProbe.folder)/online")
        } catch .failed(_, errno: SysTreeError.noSuchFile) {
            // Some recordings have the processors without the list.
        } catch {
            throw error.probeError
        }
        let known = parts.parts(at: time, anew: layout?.online == online ? [] : .processors).sockets
        let layout =
            layout.flatMap { $0.online == online && $0.known == known ? $0 : nil } ?? newLayout(online, known)
        guard !layout.sockets.isEmpty else {
            throw .absent(
                because:
                    "no topology of processors under \(ProcessorProbe.folder): the kernel does not say which socket each is in"
            )
        }
        self.layout = layout
        var reading = Reading(tree: tree, time: time)
        for socket in layout.sockets { reading.add(socket) }
        return reading.result
    }

    private func newLayout(_ online: String, _ sockets: ProcessorSockets) -> Layout {
        var layout = Layout(online: online, known: sockets)
        for (package, component) in sockets.all {
            var socket = Layout.Socket(component: component)
            var cores: Set<String> = []
            for (number, _) in sockets.packages.filter({ $0.value == package }).sorted(by: { $0.key < $1.key })
                .prefix(ProcessorProbe.processorLimit)
            {
                let path = "\(ProcessorProbe.folder)/cpu\(number)"
                // The boot processor has no such file: it cannot be switched off.
                guard (try? tree.count("\(path)/online")) != 0 else { continue }
                socket.threads += 1
                let core = ["die_id", "core_id"].map { (try? tree.text("\(path)/topology/\($0)")) ?? "" }
                if cores.insert(core.joined(separator: "/")).inserted { socket.cores.append(path) }
            }
            if !socket.cores.isEmpty { layout.sockets.append(socket) }
        }
        return layout
    }

    /// One look over the tree.
    private struct Reading {
        let tree: SysTree
        let time: Timestamp
        var result = ProbeResult()

        init(tree: SysTree, time: Timestamp) {
            self.tree = tree
            self.time = time
        }

        mutating func add(_ socket: Layout.Socket) {
            let id = socket.component.id
            result.components.append(socket.component)
            add(id, Signal("hw.cpu.threads"), .reading(Double(socket.threads)))
            guard let first = socket.cores.first else { return }
            count(id, "hw.cpu.throttles", "core", socket.cores.map { "\($0)/thermal_throttle/core_throttle_count" })
            count(
                id, "hw.cpu.throttle_time", "core",
                socket.cores.map { "\($0)/thermal_throttle/core_throttle_total_time_ms" })
            count(id, "hw.cpu.throttles", "package", ["\(first)/thermal_throttle/package_throttle_count"])
            count(id, "hw.cpu.throttle_time", "package", ["\(first)/thermal_throttle/package_throttle_total_time_ms"])
            frequency(id, Signal("hw.cpu.speed"), ["\(first)/cpufreq/scaling_cur_freq"])
            // What the system allows, and what the firmware does (acpi-cpufreq): the lower holds.
            frequency(
                id, Signal("hw.cpu.speed.limit", ["limit_type": "cap"]),
                ["\(first)/cpufreq/scaling_max_freq", "\(first)/cpufreq/bios_limit"])
            frequency(
                id, Signal("hw.cpu.speed.limit", ["limit_type": "rated.high"]), ["\(first)/cpufreq/cpuinfo_max_freq"])
            frequency(
                id, Signal("hw.cpu.speed.limit", ["limit_type": "rated.low"]), ["\(first)/cpufreq/cpuinfo_min_freq"])
        }

        /// The sum of several counters. Processors without the interface have none of it.
        private mutating func count(_ id: ComponentID, _ name: String, _ scope: String, _ paths: [String]) {
            let signal = Signal(name, ["scope": scope])
            var sum: UInt64 = 0
            for path in paths {
                do {
                    sum &+= try tree.count(path)
                } catch .failed(_, errno: SysTreeError.noSuchFile) {
                    return
                } catch {
                    // A sum without one of its parts would look like a reset.
                    return add(id, signal, .unavailable(error.unavailable))
                }
            }
            add(id, signal, .counter(sum))
        }

        /// The lowest of several files, in kHz.
        private mutating func frequency(_ id: ComponentID, _ signal: Signal, _ paths: [String]) {
            var lowest: UInt64?
            for path in paths {
                do {
                    lowest = min(lowest ?? .max, try tree.count(path))
                } catch .failed(_, errno: SysTreeError.noSuchFile) {
                    continue
                } catch {
                    return add(id, signal, .unavailable(error.unavailable))
                }
            }
            if let lowest { add(id, signal, .reading(Double(lowest) * 1000)) }
        }

        private mutating func add(_ component: ComponentID, _ signal: Signal, _ measurement: Measurement) {
            result.observations.append(
                Observation(component: component, signal: signal, measurement: measurement, time: time))
        }
    }
}
