import Reports

/// Decides which probe starts when, and what each one's state is. It knows no clock: time since boot is an argument.
///
/// A probe is never started twice at once: one that hangs is reported, and looked after again when it has come back.
struct ProbeSchedule {
    /// One probe's entry in the plan.
    struct Entry: Sendable {
        var name: String
        var interval: Duration
        var deadline: Duration
        var enabled: Bool
    }

    private struct Plan {
        var entry: Entry
        var nextStart: Duration
        var startedAt: Duration?
        var isHanging = false
        /// Intervals from one start to the next: more than one for a probe that was over its budget.
        var slowdown = 1
        /// Whether the last look was over the budget: one alone is chance, or the program's start.
        var wasOverBudget = false
        /// Added once to the first start after the first look.
        var spread: Duration
        var coverage: Heartbeat.Coverage
    }

    /// Of its interval, the share that a probe may be looking: one that takes more is slowed down.
    private static let budget = 4
    private static let slowest = 16
    /// Probes of this interval and longer do not all look in the same moment.
    private static let slowInterval = Duration.seconds(300)
    /// Whole seconds, so that they still meet other probes' wake-ups.
    private static let spreadStep = Duration.seconds(20)

    /// In the order given, which is the order of the coverage.
    private var plans: [Plan]

    init(_ entries: [Entry], at uptime: Duration) {
        var slow = 0
        plans = entries.map { entry in
            let isSlow = entry.interval >= ProbeSchedule.slowInterval
            defer { if isSlow { slow += 1 } }
            let state = entry.enabled ? "starting" : "disabled"
            let because =
                entry.enabled
                ? "it has not finished its first look"
                : "switched off by probe.\(entry.name).enabled in the configuration"
            return Plan(
                entry: entry, nextStart: uptime, spread: isSlow ? ProbeSchedule.spreadStep * slow : .zero,
                coverage: Heartbeat.Coverage(
                    probe: entry.name, state: state, because: because, components: 0, signals: 0, lastSuccess: nil))
        }
    }

    var coverage: [Heartbeat.Coverage] { plans.map(\.coverage) }

    /// The word of a probe's coverage.
    func state(of name: String) -> String? { plans.first { $0.entry.name == name }?.coverage.state }

    /// How long it is from one look of a probe to the next, slowed down or not.
    func interval(of name: String) -> Duration? {
        plans.first { $0.entry.name == name }.map {
            max($0.entry.interval, ProbeSchedule.shortestInterval) * $0.slowdown
        }
    }

    /// True once each probe has come back or been given up for the first time.
    var hasLookedOnce: Bool { !plans.contains { $0.coverage.state == "starting" } }

    /// The probes to start now.
    mutating func start(at uptime: Duration) -> [String] {
        var names: [String] = []
        for index in plans.indices
        where plans[index].entry.enabled && plans[index].startedAt == nil && plans[index].nextStart <= uptime {
            plans[index].startedAt = uptime
            // Counted from the plan, not from now, so that lateness does not add up; what was missed is left out.
            let interval = max(plans[index].entry.interval, ProbeSchedule.shortestInterval) * plans[index].slowdown
            plans[index].nextStart += interval + plans[index].spread
            plans[index].spread = .zero
            if plans[index].nextStart <= uptime { plans[index].nextStart = uptime + interval }
            names.append(plans[index].entry.name)
        }
        return names
    }

    /// The probes that passed their deadline since the last call; their coverage states so from now on.
    mutating func overdue(at uptime: Duration) -> [String] {
        var names: [String] = []
        for index in plans.indices {
            guard let startedAt = plans[index].startedAt, !plans[index].isHanging,
                uptime - startedAt >= plans[index].entry.deadline
            else { continue }
            plans[index].isHanging = true
            plans[index].coverage.state = "hanging"
            plans[index].coverage.advice = nil
            plans[index].coverage.because =
                "no answer within \(plans[index].entry.deadline.inSeconds) s: the device or its driver hangs; "
                + "it is not asked again before it answers"
            names.append(plans[index].entry.name)
        }
        return names
    }

    /// What came of a look.
    enum Outcome: Sendable {
        case looked(components: Int, signals: Int, shortfall: Advice? = nil)
        case failed(ProbeError)
    }

    mutating func finished(_ name: String, _ outcome: Outcome, at moment: Moment) {
        guard let index = plans.firstIndex(where: { $0.entry.name == name }), let started = plans[index].startedAt
        else { return }
        plans[index].startedAt = nil
        plans[index].isHanging = false
        keepToBudget(index, took: moment.uptime - started, at: moment.uptime)
        switch outcome {
        case .looked(let components, let signals, let shortfall):
            plans[index].coverage = Heartbeat.Coverage(
                of: name, components: components, signals: signals, shortfall: shortfall,
                remark: slowness(of: index, took: moment.uptime - started), at: moment.time)
        case .failed(let error):
            plans[index].coverage.state = error.coverageState
            plans[index].coverage.because = error.description
            plans[index].coverage.advice = nil
            plans[index].coverage.components = 0
            plans[index].coverage.signals = 0
        }
    }

    /// A probe that twice in a row looks for too much of its time looks more seldom, until a look is short again.
    ///
    /// Once is chance: a machine that starts, or a processor that others wanted too. A look longer than its whole
    /// interval is none.
    private mutating func keepToBudget(_ index: Int, took: Duration, at uptime: Duration) {
        let interval = plans[index].entry.interval
        let isOver = took * ProbeSchedule.budget > interval * plans[index].slowdown
        defer { plans[index].wasOverBudget = isOver }
        if isOver, plans[index].wasOverBudget || took > interval, plans[index].slowdown < ProbeSchedule.slowest {
            plans[index].slowdown *= 2
            plans[index].nextStart = max(plans[index].nextStart, uptime - took + interval * plans[index].slowdown)
        } else if plans[index].slowdown > 1, took * ProbeSchedule.budget < interval {
            plans[index].slowdown = 1
            plans[index].nextStart = min(plans[index].nextStart, uptime - took + interval)
        }
    }

    private func slowness(of index: Int, took: Duration) -> String {
        guard plans[index].slowdown > 1 else { return "" }
        let interval = plans[index].entry.interval * plans[index].slowdown
        // How long it waited for the processor is not known: both are possible.
        return "a look takes \(took.inSeconds) s, so it looks only every \(interval.inSeconds) s: "
            + "the device is slow, or the whole machine is overloaded"
    }

    /// What was plugged takes a moment to be named, and seldom comes with one event: a prompted look waits this long.
    static let settlingTime = Duration.seconds(1)

    /// Lets a probe look before its next turn; one that is looking already looks again when it is done.
    mutating func hasten(_ name: String, at uptime: Duration) {
        guard let index = plans.firstIndex(where: { $0.entry.name == name }) else { return }
        plans[index].nextStart = min(plans[index].nextStart, uptime + ProbeSchedule.settlingTime)
    }

    /// When there is something to decide next: a start or a deadline. nil: only an answer can change anything.
    var nextDecision: Duration? {
        plans.compactMap { plan -> Duration? in
            guard plan.entry.enabled else { return nil }
            guard let startedAt = plan.startedAt else { return plan.nextStart }
            return plan.isHanging ? nil : startedAt + plan.entry.deadline
        }.min()
    }

    /// No probe is started more often, whatever the configuration is.
    static let shortestInterval = Duration.milliseconds(100)
}
