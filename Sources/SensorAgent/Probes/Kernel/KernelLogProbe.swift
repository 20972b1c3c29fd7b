import Daemon
public import Reports

/// `kernel-log`: what the kernel logs of the hardware (`/dev/kmsg`, Documentation/ABI/testing/dev-kmsg), recognised by
/// a table (`KernelMessageTable`) and, where it takes several lines, by `KernelBlocks`.
///
/// Each message is reported once: the cursor holds boot and number of the last record. A reboot begins anew. Records
/// that were overwritten before they could be read are counted, as are those that the kernel itself left out.
public actor KernelLogProbe: Probe {
    public nonisolated let name = "kernel-log"
    /// What matters prompts a look within a second; this is for what does not, and for the counts.
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(60)

    /// Bytes of one recorded log.
    static let inputBytes = 64 << 20
    /// Records read in one look; the next one goes on. A log of 16 MB holds about 150,000.
    static let recordsPerLook = 200_000
    /// A part stays in this probe's list for so long after its last event.
    static let memory = Duration.seconds(86_400)

    /// Records that are gone at the first look of a boot were missed only where the machine has just started; else they
    /// were written long before anybody watched.
    static let startup = Duration.seconds(3_600)

    private let tree: SysTree
    private let input: String?
    private let table = KernelMessageTable()
    /// What reports machine checks, memory errors and AER where it can.
    private let traces: KernelTraces
    private let executor = BlockingExecutor(label: "callhome.kernel-log")
    private var names: KernelDeviceNames
    private var device: KernelLogDevice?
    private var position = KernelLogPosition()
    private var states = KernelLogStates()
    /// Events of more kinds than one look distinguishes.
    private var overflow = MissedEvents()
    private var seen: [ComponentID: (component: Component, time: Timestamp)] = [:]

    /// - Parameters:
    ///   - tree: where devices are looked up; on a recorded one `/dev/kmsg` is a file of its records.
    ///   - input: a recorded log in any of its forms, read in place of the kernel's.
    ///   - traces: shared with `machine-checks`.
    ///   - parts: which parts there are; nil: they are read from the tree.
    init(tree: SysTree, input: String? = nil, traces: KernelTraces, parts: PartsDirectory? = nil) {
        self.traces = traces
        self.tree = tree
        self.input = input
        names =
            input == nil
            ? KernelDeviceNames(tree: tree, parts: parts) : KernelDeviceNames(tree: SysTree(root: "/nonexistent"))
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public nonisolated var prompts: AsyncStream<String>? {
        guard tree.isThisMachine, input == nil else { return nil }
        let table = KernelMessageTable()
        return KernelLogDevice.prompts { record in
            KernelMessage(record: record).map {
                table.knows($0.text) || KernelBlocks.knows($0.text) || NetworkLinks.Change($0.text) != nil
                    || HotPlugSlots.Change($0.text) != nil
            } ?? false
        }
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        names.refresh(anew: false)
        if let input { return result(of: try recorded(SysTree(), input), at: time, uptime: nil, isFirst: true) }
        guard tree.isThisMachine else {
            return result(of: try recorded(tree, KernelLogDevice.path), at: time, uptime: nil, isFirst: true)
        }
        let boot = (try? tree.text("/proc/sys/kernel/random/boot_id")) ?? ""
        if position.resumes(cursor, boot: boot) {
            device = nil
            states = KernelLogStates()
        }
        do {
            return try read(at: time)
        } catch {
            device = nil
            throw error.probeError
        }
    }

    // MARK: The kernel's log

    private func read(at time: Timestamp) throws(SysTreeError) -> ProbeResult {
        if device == nil { device = try KernelLogDevice() }
        // Time since boot, from the kernel and not from a clock of our own: the stamps of the log are of the same.
        let sinceStart = SystemUptime.read(in: tree)
        let isFirst = position.sequence == nil
        let lostBefore = position.lost
        var reading = KernelLogReading(table: table, states: states)
        var left = KernelLogProbe.recordsPerLook
        var next = try device?.next() ?? .end
        while next != .end, left > 0 {
            left -= 1
            if let message = position.take(next) {
                reading.take(message)
            } else if case .record(let bytes) = next, let message = KernelMessage(record: bytes) {
                reading.remember(message)
            }
            next = try device?.next() ?? .end
        }
        reading.finish()
        states = reading.states
        position.note(lostSince: lostBefore, isFirst: isFirst, uptime: sinceStart, at: time)
        return result(of: reading, at: time, uptime: sinceStart, isFirst: isFirst)
    }

    /// A log that somebody kept.
    private func recorded(_ tree: SysTree, _ path: String) throws(ProbeError) -> KernelLogReading {
        let bytes: [UInt8]
        do { bytes = try tree.bytes(path, limit: KernelLogProbe.inputBytes) } catch { throw error.probeError }
        guard !bytes.contains(0) else {
            throw .malformed(path: path, problem: "is no text: a log has no bytes of zero")
        }
        var reading = KernelLogReading(table: table)
        for line in bytes.split(separator: 0x0A) {
            if let message = KernelMessage(line: line) { reading.take(message) } else { reading.takeOther(line) }
        }
        reading.finish()
        guard reading.isRecognised else {
            throw .malformed(
                path: path, problem: "nothing in it was recognised: no line is a record or message of a kernel")
        }
        return reading
    }

    // MARK: Results

    /// Whether EDAC or the trace events report it.
    private func isToldElsewhere(_ fact: KernelFact) -> Bool {
        let event: String
        switch fact.family {
        case .log: return false
        case .firmwareMemory: return names.countsMemoryErrors
        case .checkedMemory where names.countsMemoryErrors: return true
        case .checkedMemory: event = "mce/mce_record"
        case .memory: event = "ras/mc_event"
        case .machineChecks: event = "mce/mce_record"
        case .pcie: event = "ras/aer_event"
        }
        guard input == nil, let standing = traces.standing, standing.events.contains(event) else { return false }
        guard let since = standing.since, case .uptime(let stamp) = fact.stamp else { return true }
        return stamp >= since
    }

    /// - Parameter isFirst: whether no message of this boot was read before.
    private func result(
        of reading: KernelLogReading, at time: Timestamp, uptime: Duration?, isFirst: Bool
    ) -> ProbeResult {
        let before = names
        if reading.devicesChanged { names.refresh(anew: true) }
        if input != nil { names.learn(reading.diskNames) }
        var fold = EventAggregation()
        let clock = KernelClock(newest: reading.newest, uptime: uptime, at: time)
        // Whoever hands over a log that was kept wants to know what is in it, however old it is.
        let history = KernelHistory(
            reading.attachments, names: names, before: before, now: input == nil ? clock.now : nil, isFirst: isFirst)
        for fact in reading.facts {
            guard !isToldElsewhere(fact) else { continue }
            let stamp = clock.time(of: fact.stamp)
            guard let now = names.component(of: fact.subject, at: stamp),
                let component = history.component(of: fact, now: now)
            else {
                continue
            }
            fold.add(fact, of: component, at: stamp)
        }
        for (id, component) in fold.components { seen[id] = (component, time) }
        seen = seen.filter { time - $0.value.time < KernelLogProbe.memory }
        position.suppressed += reading.suppressed
        position.untold += fold.untold + reading.untold
        let counts = [
            ("lost", position.lost + reading.lost), ("suppressed", position.suppressed), ("untold", position.untold),
        ].map { fate, count in
            Observation(
                component: .server, signal: Signal("hw.kernel_log.missed", ["fate": fate]),
                measurement: .counter(count),
                time: time)
        }
        let components = [Component.server] + seen.values.map(\.component).filter { $0.id != .server }
        // Of a log that was kept: what it says itself to be missing.
        if input != nil || !tree.isThisMachine {
            position.missed = MissedEvents()
            position.missed.add(reading.lost, at: time)
        }
        overflow.add(fold.untold + reading.untold, at: time)
        return ProbeResult(
            components: components.sorted { $0.id < $1.id }, observations: fold.observations + counts,
            cursor: position.cursor,
            shortfall: position.missed.advice("log.overran", of: name) ?? overflow.advice("events.overran", of: name))
    }
}
