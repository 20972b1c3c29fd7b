import Daemon
public import Reports

/// `pcie`: errors that PCI Express devices report (AER), and the speed and width of their links against what both ends
/// can (`/sys/bus/pci/devices`).
///
/// A function's own error counters and its link stand on `pcie_device:ADDRESS`; disk controllers are a component below
/// it. Reading takes nothing but files that the kernel keeps, and a device that is powered down is left asleep.
public actor PCIeProbe: Probe {
    public nonisolated let name = "pcie"
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(20)

    /// What does not change is read anew after this time, and when functions come or go.
    private static let topologyAge = Duration.seconds(3600)

    private let tree: SysTree
    private let input: String?
    private let executor = BlockingExecutor(label: "callhome.pcie")
    private let parts: PartsDirectory
    private var known: (topology: PCITopology, names: [String], at: Timestamp)?

    /// - Parameters:
    ///   - input: a file with what `lspci -vv` printed, read in place of the tree.
    ///   - parts: what the firmware calls the slots; nil: that is read from the tree.
    public init(tree: SysTree, input: String? = nil, parts: PartsDirectory? = nil) {
        self.tree = tree
        self.parts = parts ?? PartsDirectory(tree: tree)
        self.input = input
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        if let input { return try recorded(input, at: time) }
        let topology = try topology(at: time)
        var result = ProbeResult(components: topology.components)
        for function in topology.functions {
            let id = ComponentID(.pcieDevice, function.address.description)
            let add = { (signal: Signal, measurement: Measurement) in
                result.observations.append(
                    Observation(component: id, signal: signal, measurement: measurement, time: time))
            }
            for file in function.errorFiles { observe(file, of: function, add) }
            if let limit = topology.links[function.address] { observe(limit, of: function, add) }
        }
        return result
    }

    private func topology(at time: Timestamp) throws(ProbeError) -> PCITopology {
        let names = (try? tree.names(in: PCITopology.list)) ?? []
        if let known, known.names == names, known.at <= time, time - known.at < PCIeProbe.topologyAge {
            return known.topology
        }
        let addresses: [PCIAddress: String]
        do {
            addresses = try PCITopology.addresses(in: tree)
        } catch .failed(_, errno: SysTreeError.noSuchFile) {
            throw .absent(because: "this machine has no PCI bus: \(PCITopology.list) is not there")
        } catch {
            throw error.probeError
        }
        let topology = PCITopology(
            tree: tree, addresses: addresses, firmware: parts.parts(at: time).firmware.table)
        guard !topology.functions.isEmpty else {
            throw .absent(
                because: "no PCI function under \(PCITopology.list) has a link, error counts or a card behind it")
        }
        known = (topology, names, time)
        return topology
    }

    // MARK: Errors

    private func observe(_ file: PCIFunction.ErrorFile, of function: PCIFunction, _ add: (Signal, Measurement) -> Void)
    {
        let path = "\(function.folder)/\(file.rawValue)"
        let total = PCIeProbe.totals[file] ?? file.rawValue
        do throws(SysTreeError) {
            if file.isRootTotal {
                add(PCIeProbe.signal(file, total), .counter(try tree.count(path)))
                return
            }
            guard let counters = AERCounters(parsing: try tree.text(path)) else {
                for name in [total, PCIeProbe.faults] { add(PCIeProbe.signal(file, name), .unavailable(.malformed)) }
                return
            }
            // Those that never happened stand in the total.
            for line in counters.lines where line.count > 0 || line.isTotal {
                add(PCIeProbe.signal(file, line.isTotal ? total : line.name), .counter(line.count))
            }
            add(PCIeProbe.signal(file, PCIeProbe.faults), .counter(counters.faults))
        } catch {
            for name in file.isRootTotal ? [total] : [total, PCIeProbe.faults] {
                add(PCIeProbe.signal(file, name), .unavailable(error.unavailable))
            }
        }
    }

    /// In the place of an error's name: the sum of those that mean a fault.
    private static let faults = "faults"

    private static func signal(_ file: PCIFunction.ErrorFile, _ error: String) -> Signal {
        Signal("hw.pcie.errors", ["severity": file.severity, "error": error])
    }

    /// The line that sums a file up.
    private static let totals: [PCIFunction.ErrorFile: String] = [
        .correctable: "TOTAL_ERR_COR", .nonfatal: "TOTAL_ERR_NONFATAL", .fatal: "TOTAL_ERR_FATAL",
    ]

    // MARK: Links

    private func observe(_ limit: PCILink, of function: PCIFunction, _ add: (Signal, Measurement) -> Void) {
        if let speed = limit.speed {
            add(Signal("hw.pcie.link_speed.limit", ["limit_type": "rated.high"]), .reading(speed))
        }
        if let lanes = limit.lanes {
            add(Signal("hw.pcie.link_width.limit", ["limit_type": "rated.high"]), .reading(Double(lanes)))
        }
        let (speed, width) = (Signal("hw.pcie.link_speed"), Signal("hw.pcie.link_width"))
        // Asking a device that the kernel has powered down would wake it, or answer with ones.
        if (try? tree.text("\(function.folder)/power/runtime_status")) == "suspended" {
            add(speed, .unavailable(.asleep))
            add(width, .unavailable(.asleep))
            return
        }
        do throws(SysTreeError) {
            let now = PCILink(
                speed: try tree.text("\(function.folder)/current_link_speed"),
                width: try tree.text("\(function.folder)/current_link_width"))
            add(speed, now.speed.map { .reading($0) } ?? .unavailable(.readError))
            add(width, now.lanes.map { .reading(Double($0)) } ?? .unavailable(.readError))
        } catch {
            add(speed, .unavailable(error.unavailable))
            add(width, .unavailable(error.unavailable))
        }
    }

    // MARK: A recorded output

    private func recorded(_ file: String, at time: Timestamp) throws(ProbeError) -> ProbeResult {
        let bytes: [UInt8]
        do {
            bytes = try SysTree().bytes(file, limit: Tool.outputBytes)
        } catch {
            throw error.probeError
        }
        do throws(LspciReport.Malformed) {
            let report = try LspciReport(parsing: String(decoding: bytes, as: UTF8.self))
            return report.result(at: time)
        } catch {
            throw .malformed(path: file, problem: error.problem)
        }
    }
}
