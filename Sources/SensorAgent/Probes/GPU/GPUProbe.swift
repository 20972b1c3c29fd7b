import Daemon
public import Reports

/// `gpu`: memory errors, retired pages, remapped rows, heat, power and slowdowns of graphics and compute cards, through
/// NVIDIA's library where its driver is loaded, and AMD's files in sysfs.
///
/// A card that has powered itself down is not woken. One that the driver does not keep ready (no persistence mode) is
/// started anew by each question, which takes seconds and clears its counts: such cards are asked once in an hour.
public actor GPUProbe: Probe {
    public nonisolated let name = "gpu"
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(45)

    private let tree: SysTree
    private let input: String?
    private let libraries: [String]?
    private let executor = BlockingExecutor(label: "callhome.gpu")
    /// NVIDIA's cards as last read.
    private var last: [GPUReading] = []
    private var askedAt: Timestamp?

    /// Time between two questions to cards that each question starts.
    private static let startingInterval = Duration.seconds(3600)

    /// - Parameters:
    ///   - input: a file with what `nvidia-smi -q` (text, or XML with `-x`) or `rocm-smi --json` printed.
    ///   - libraries: names of NVIDIA's library; nil: the standard one, on this machine only.
    public init(tree: SysTree, input: String? = nil, libraries: [String]? = nil) {
        self.tree = tree
        self.input = input
        self.libraries = libraries ?? (tree.isThisMachine ? ["libnvidia-ml.so.1"] : nil)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        if let input { return try recorded(input, at: time) }
        var result = ProbeResult()
        let missing = readNVIDIA(at: time, &result)
        for reading in RadeonCards(tree: tree).readings() { add(reading, at: time, &result) }
        guard !result.components.isEmpty else {
            throw .absent(
                because: "\(missing ?? "NVIDIA's library knows no card"), and no card of AMD is in /sys/class/drm")
        }
        return result
    }

    /// Returns why nothing could be read.
    private func readNVIDIA(at time: Timestamp, _ result: inout ProbeResult) -> String? {
        guard let libraries else { return "a recorded tree has no library of NVIDIA" }
        guard tree.exists(GPUProbe.driver) || !tree.isThisMachine else {
            return "NVIDIA's driver is not loaded (\(GPUProbe.driver) is not there)"
        }
        let functions = ((try? tree.names(in: GPUProbe.driver)) ?? []).filter { PCIAddress($0) != nil }
        let asleep = functions.filter {
            (try? tree.text("\(GPUProbe.driver)/\($0)/power/runtime_status")) == "suspended"
        }
        // The library wakes every card that it knows.
        if !asleep.isEmpty {
            addLast(.asleep, at: time, &result)
            return "a card of NVIDIA has powered itself down, and asking would wake it"
        }
        if last.contains(where: { $0.isPersistent == false }), let askedAt, askedAt <= time,
            time - askedAt < GPUProbe.startingInterval
        {
            // What was reported stands, and is not repeated.
            for reading in last { result.components += reading.components() }
            return nil
        }
        do throws(NVML.Failure) {
            let readings = try NVML(names: libraries).readings()
            askedAt = time
            for reading in readings { add(reading, at: time, &result) }
            for lost in last where !readings.contains(where: { $0.id == lost.id }) {
                addUnavailable(lost, .readError, at: time, &result)
            }
            if readings.count >= last.count { last = readings }
            return nil
        } catch {
            addLast(.readError, at: time, &result)
            switch error {
            case .missing: return "NVIDIA's libnvidia-ml.so.1 is not installed: it comes with the driver"
            case .refused(let number): return "NVIDIA's library refuses (error \(number)): is the driver loaded?"
            }
        }
    }

    private static let driver = "/sys/bus/pci/drivers/nvidia"

    private func add(_ reading: GPUReading, at time: Timestamp, _ result: inout ProbeResult) {
        let observations = reading.observations(at: time)
        guard !observations.isEmpty else { return addUnavailable(reading, .readError, at: time, &result) }
        result.components += reading.components()
        result.observations += observations
    }

    private func addLast(_ reason: Unavailable, at time: Timestamp, _ result: inout ProbeResult) {
        for reading in last { addUnavailable(reading, reason, at: time, &result) }
    }

    /// Values that a card reported before are unavailable now; a card that reported none stays in the inventory.
    private func addUnavailable(
        _ reading: GPUReading, _ reason: Unavailable, at time: Timestamp, _ result: inout ProbeResult
    ) {
        result.components += reading.components()
        result.observations += reading.observations(at: time).map {
            Observation(component: $0.component, signal: $0.signal, measurement: .unavailable(reason), time: time)
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
        do throws(NvidiaReport.Refusal) {
            var result = ProbeResult()
            for reading in try NvidiaReport(parsing: bytes).readings { add(reading, at: time, &result) }
            return result
        } catch {
            throw .malformed(path: file, problem: error.problem)
        }
    }
}
