import Daemon
public import Reports

/// `machine-checks`: errors that processors, memory controllers and PCI Express ports report, as trace events
/// (`mce:mce_record`, `ras:mc_event`, `ras:aer_event`, `ras:extlog_mem_event`, `cxl:*`): with address, row, column, bank, syndrome.
///
/// Where the kernel has an event, this probe reports it and `kernel-log` does not, from the moment at which the event
/// was let in; where it has not, or tracing may not be used, `kernel-log` reports it as far as the log does.
public actor MachineCheckProbe: Probe {
    public nonisolated let name = "machine-checks"
    /// An event prompts a look within a second or two.
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(30)

    private let tree: SysTree
    private let input: String?
    private let traces: KernelTraces
    private let executor = BlockingExecutor(label: "callhome.machine-checks")
    private var names: KernelDeviceNames
    private var seen: [ComponentID: (component: Component, time: Timestamp)] = [:]
    private var lost: UInt64 = 0
    private var missed = MissedEvents()

    /// - Parameters:
    ///   - tree: where devices are looked up; on a recorded one there are no events.
    ///   - input: a recorded `trace_pipe`.
    ///   - traces: shared with `kernel-log`.
    ///   - parts: which parts there are; nil: they are read from the tree.
    init(tree: SysTree, input: String? = nil, traces: KernelTraces, parts: PartsDirectory? = nil) {
        self.tree = tree
        self.input = input
        self.traces = traces
        names =
            input == nil
            ? KernelDeviceNames(tree: tree, parts: parts) : KernelDeviceNames(tree: SysTree(root: "/nonexistent"))
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public nonisolated var prompts: AsyncStream<String>? {
        guard tree.isThisMachine, input == nil else { return nil }
        let (traces, tree) = (traces, tree)
        // The instance is made by whoever comes first.
        _ = try? traces.begin(uptime: MachineCheckProbe.uptime(tree))
        return traces.prompts
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        names.refresh(anew: false)
        if let input { return try recorded(input, at: time) }
        do throws(SysTreeError) {
            guard tree.isThisMachine else {
                throw .failed(path: "tracefs of a recording", errno: SysTreeError.noSuchFile)
            }
            let uptime = MachineCheckProbe.uptime(tree)
            try traces.begin(uptime: uptime)
            return result(of: try traces.read(), uptime: uptime, at: time)
        } catch .failed(let path, SysTreeError.noSuchFile) {
            throw .absent(
                because:
                    "\(path) is not there, so no trace events: kernel-log tells of machine checks and memory errors as far "
                    + "as the kernel's log does. Mount tracefs (systemctl start sys-kernel-tracing.mount) for addresses and rows"
            )
        } catch .failed(let path, SysTreeError.busy) {
            throw .malformed(path: path, problem: "is read by another program, perhaps the agent itself")
        } catch {
            throw error.probeError
        }
    }

    private func recorded(_ file: String, at time: Timestamp) throws(ProbeError) -> ProbeResult {
        let bytes: [UInt8]
        do { bytes = try SysTree().bytes(file, limit: KernelLogProbe.inputBytes) } catch { throw error.probeError }
        let isTrace = bytes.split(separator: 0x0A).contains { line in
            let words = MachineCheckProbe.words(of: line)
            return TraceEvent(line: words) != nil || TraceEvent.lost(words) != nil || words.hasPrefix("# tracer:")
        }
        guard isTrace else {
            throw .malformed(path: file, problem: "nothing in it was recognised: no line is of a trace (trace_pipe)")
        }
        return result(of: bytes, uptime: nil, at: time)
    }

    private static func words(of line: ArraySlice<UInt8>) -> String {
        String(decoding: line.prefix(KernelMessage.textBytes * 2), as: UTF8.self)
    }

    private static func uptime(_ tree: SysTree) -> Duration { SystemUptime.read(in: tree) ?? .zero }

    private func result(of bytes: [UInt8], uptime: Duration?, at time: Timestamp) -> ProbeResult {
        var facts: [KernelFact] = []
        let lostBefore = lost
        for line in bytes.split(separator: 0x0A) {
            let words = MachineCheckProbe.words(of: line)
            if let event = TraceEvent(line: words) {
                facts += event.facts
            } else if let count = TraceEvent.lost(words) {
                lost += count
            }
        }
        var fold = EventAggregation()
        let clock = KernelClock(newest: facts.last?.stamp, uptime: uptime, at: time)
        let counted: Set<KernelFact.Family> = names.countsMemoryErrors ? [.firmwareMemory, .checkedMemory] : []
        for fact in facts where !counted.contains(fact.family) {
            if let component = names.component(of: fact.subject) {
                fold.add(fact, of: component, at: clock.time(of: fact.stamp))
            }
        }
        for (id, component) in fold.components { seen[id] = (component, time) }
        seen = seen.filter { time - $0.value.time < KernelLogProbe.memory }
        lost += fold.untold
        missed.add(lost - lostBefore, at: time)
        let count = Observation(
            component: .server, signal: Signal("hw.kernel_log.missed", ["fate": "trace_lost"]),
            measurement: .counter(lost), time: time)
        let components = [Component.server] + seen.values.map(\.component).filter { $0.id != .server }
        return ProbeResult(
            components: components.sorted { $0.id < $1.id }, observations: fold.observations + [count],
            shortfall: missed.advice("events.overran", of: name))
    }
}
