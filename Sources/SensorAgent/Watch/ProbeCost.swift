import FoundationEssentials
import Glibc
import Reports
import Synchronization

/// What one look of a probe costs this machine, its child processes included.
struct ProbeCost: Encodable {
    let probe: String
    /// Seconds from one look to the next.
    let intervalSeconds: Double
    /// Seconds until it was back.
    let durationSeconds: Double
    /// Seconds of processor time, user and system (getrusage(2)).
    let processorSeconds: Double
    /// Calls of read(2) and its like (`syscr` of /proc/self/io, proc(5)).
    let reads: Int64
    /// Times that it waited for something and was woken (`ru_nvcsw`).
    let wakeUps: Int64
    let processes: Int
    let components: Int
    let signals: Int
    /// Why there was nothing to read; nil where there was.
    let refused: String?

    /// Processor time as a share of one core, in the long run.
    private var share: Double { intervalSeconds > 0 ? processorSeconds / intervalSeconds : 0 }

    init(of probe: any Probe, every interval: Duration, clock: any AgentClock) async {
        // The first look opens libraries and caches what stays.
        let first = await probe.observeWithinDeadline(at: clock.now().time, since: nil)
        let cursor: ProbeCursor? = if case .success(let result) = first { result.cursor } else { nil }
        let before = Usage()
        let (start, processes) = (clock.now().uptime, Tool.started.load(ordering: .relaxed))
        let outcome = await probe.observeWithinDeadline(at: clock.now().time, since: cursor)
        let after = Usage()
        self.probe = probe.name
        intervalSeconds = interval.inSeconds
        durationSeconds = (clock.now().uptime - start).inSeconds
        processorSeconds = after.processor - before.processor
        reads = after.reads - before.reads
        wakeUps = after.wakeUps - before.wakeUps
        self.processes = Tool.started.load(ordering: .relaxed) - processes
        switch outcome {
        case .success(let result):
            (components, signals, refused) = (result.components.count, result.observations.count, nil)
        case .failure(let error): (components, signals, refused) = (0, 0, error.coverageState)
        }
    }

    /// What this process and its ended children have used so far.
    private struct Usage {
        var processor = 0.0
        var wakeUps: Int64 = 0
        var reads: Int64 = 0

        init() {
            for who in [__rusage_who_t(RUSAGE_SELF.rawValue), __rusage_who_t(RUSAGE_CHILDREN.rawValue)] {
                var usage = rusage()
                guard unsafe getrusage(who, &usage) == 0 else { continue }
                processor += Usage.seconds(usage.ru_utime) + Usage.seconds(usage.ru_stime)
                wakeUps += Int64(usage.ru_nvcsw)
            }
            let text = (try? SysTree().text("/proc/self/io")) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("syscr:") }
            reads = line.flatMap { Int64($0.dropFirst(6).drop { $0 == " " }) } ?? 0
        }

        private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    }

    // MARK: For people

    static func table(_ costs: [ProbeCost]) -> String {
        let head = ["PROBE", "EVERY", "TIME", "CPU", "OF A CORE", "READS", "WAKE-UPS", "PROCESSES", "PARTS", "SIGNALS"]
        var rows = [head]
        for cost in costs {
            rows.append([
                cost.probe, "\(Int(cost.intervalSeconds)) s", milliseconds(cost.durationSeconds),
                milliseconds(cost.processorSeconds),
                "\((cost.share * 1e6).rounded() / 1e4) %", "\(cost.reads)", "\(cost.wakeUps)", "\(cost.processes)",
                "\(cost.components)", cost.refused ?? "\(cost.signals)",
            ])
        }
        let sum = costs.reduce(0) { $0 + $1.share }
        let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + padding : padding + cell
            }
            .joined(separator: "  ")
        }
        return (lines + ["all together: \((sum * 1e6).rounded() / 1e4) % of one core"]).joined(separator: "\n")
    }

    private static func milliseconds(_ seconds: Double) -> String { "\((seconds * 1e4).rounded() / 10) ms" }
}
