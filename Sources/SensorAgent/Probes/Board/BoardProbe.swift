import Daemon
public import Reports

/// `board`: what the server as a whole reports: the real-time clock against network time
/// (Documentation/ABI/testing/sysfs-class-rtc), resets by the watchdog (Documentation/watchdog/watchdog-api.rst), dumps of crashes
/// (Documentation/ABI/testing/pstore), starts without an orderly shutdown, and memory that the kernel gave up.
public actor BoardProbe: Probe {
    public nonisolated let name = "board"
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(20)

    /// Whether the kernel's time is synchronised; nil where it is not reported.
    public typealias Synchronisation = @Sendable () -> Bool?

    private let tree: SysTree
    private let isSynchronised: Synchronisation
    private let executor = BlockingExecutor(label: "callhome.board")
    private var clock = ClockComparison()
    private var history: ShutdownHistory?

    public init(tree: SysTree) {
        let isThisMachine = tree.isThisMachine
        self.init(tree: tree) { isThisMachine ? NetworkTime.isSynchronised : nil }
    }

    /// - Parameter isSynchronised: in place of adjtimex(2), for a recorded machine.
    init(tree: SysTree, isSynchronised: @escaping Synchronisation) {
        self.tree = tree
        self.isSynchronised = isSynchronised
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        let uptime = try uptime()
        var result = ProbeResult(components: [.server])
        let tell: (Signal, Measurement) -> Observation = {
            Observation(component: .server, signal: $0, measurement: $1, time: time)
        }
        if let uptime {
            result.observations.append(tell(Signal("hw.uptime"), .reading(uptime.inSeconds)))
            if let offset = clockOffset(at: time, uptime: uptime) {
                result.observations.append(tell(Signal("hw.clock.offset"), offset))
            }
        }
        if let poison = poisonedBytes {
            result.observations.append(tell(Signal("hw.memory.poisoned"), .reading(poison)))
        }
        if let dumps = crashDumps {
            result.observations.append(tell(Signal("hw.crash_dumps"), .reading(Double(dumps))))
        }
        let boot = (try? tree.text("/proc/sys/kernel/random/boot_id")) ?? ""
        guard !boot.isEmpty, !boot.contains(" ") else {
            if result.observations.isEmpty { result.observations = watchdogResets(at: time) }
            guard !result.observations.isEmpty else {
                throw .absent(
                    because: "/proc/uptime is not there, and neither memory, pstore nor watchdog tell of the server")
            }
            return result
        }
        let lookedInThisBoot = cursor?.value.hasPrefix("\(boot) ") ?? false
        if !lookedInThisBoot { result.observations += watchdogResets(at: time) }
        let starts = uncleanShutdowns(cursor, boot)
        result.observations.append(tell(Signal("hw.unclean_shutdowns"), starts))
        result.cursor = history.map { ProbeCursor(probe: name, value: $0.cursorValue) }
        return result
    }

    /// nil in a recording that has none.
    private func uptime() throws(ProbeError) -> Duration? {
        let path = SystemUptime.path
        let text: String
        do {
            text = try tree.text(path)
        } catch .failed(_, SysTreeError.noSuchFile) where !tree.isThisMachine {
            return nil
        } catch {
            throw error.probeError
        }
        guard let uptime = SystemUptime.parse(text) else {
            throw .malformed(path: path, problem: "says \"\(text.prefix(40))\" where seconds belong")
        }
        return uptime
    }

    // MARK: Clock

    /// nil where there is no real-time clock.
    private func clockOffset(at time: Timestamp, uptime: Duration) -> Measurement? {
        let path = "/sys/class/rtc/rtc0/since_epoch"
        guard tree.exists(path) else { return nil }
        // A clock that keeps local time is wrong by the zone, and on purpose (hwclock(8), /etc/adjtime).
        if let adjtime = try? tree.text("/etc/adjtime"), adjtime.split(separator: "\n").last == "LOCAL" {
            return .unavailable(.notSupported)
        }
        do {
            let seconds = Int64(clamping: try tree.count(path))
            let offset = clock.offset(of: seconds, uptime: uptime, at: time, synchronised: isSynchronised() ?? false)
            return offset.map { .gauge($0) } ?? .unavailable(BoardProbe.notSynchronised)
        } catch {
            return .unavailable(error.unavailable)
        }
    }

    /// There is no network time to compare with.
    private static let notSynchronised = Unavailable(rawValue: "notSynchronised")

    // MARK: Crashes

    /// Where the kernel leaves dumps, and where systemd-pstore(8) moves them to.
    private static let dumpFolders = ["/sys/fs/pstore", "/var/lib/systemd/pstore"]

    /// nil where neither folder can be read.
    private var crashDumps: Int? {
        let lists = BoardProbe.dumpFolders.compactMap { try? tree.names(in: $0) }
        return lists.isEmpty ? nil : lists.map(\.count).reduce(0, +)
    }

    private static let cardReset: UInt64 = 0x20
    private static let overheated: UInt64 = 0x01

    /// Events of the boot, from WDIOF_CARDRESET and WDIOF_OVERHEAT of the watchdog's bootstatus.
    private func watchdogResets(at time: Timestamp) -> [Observation] {
        let folder = "/sys/class/watchdog"
        return ((try? tree.names(in: folder)) ?? []).flatMap { name -> [Observation] in
            guard let status = try? tree.count("\(folder)/\(name)/bootstatus") else { return [] }
            let model = (try? tree.text("\(folder)/\(name)/identity")) ?? name
            return [
                (BoardProbe.cardReset, "hw.watchdog", "reset the server"),
                (BoardProbe.overheated, "hw.overheated", "found it too hot"),
            ]
            .filter { status & $0.0 != 0 }
            .map { _, signal, words in
                Observation(
                    component: .server, signal: Signal(signal), measurement: .event("the watchdog (\(model)) \(words)"),
                    time: time)
            }
        }
    }

    /// Unavailable where no unit records how the boot before ended.
    private func uncleanShutdowns(_ cursor: ProbeCursor?, _ boot: String) -> Measurement {
        let lastStop = try? tree.text("/var/lib/callhome-agent/previous-stop")
        var known = history ?? ShutdownHistory(cursor: cursor?.value, boot: boot)
        known.resume(boot: boot, lastStop: lastStop)
        history = known
        return lastStop == nil ? .unavailable(.notSupported) : .counter(known.unclean)
    }

    // MARK: Memory

    /// `HardwareCorrupted:     4 kB` (Documentation/filesystems/proc.rst): kibibytes; absent where the kernel handles no failures
    /// of memory.
    private var poisonedBytes: Double? {
        let line = (try? tree.text("/proc/meminfo"))?.split(separator: "\n").first {
            $0.hasPrefix("HardwareCorrupted:")
        }
        return line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }.map { Double($0) * 1024 }
    }
}
