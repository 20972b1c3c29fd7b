import Reports

/// What time it is, by evidence: a system clock that leaps is not believed at once.
///
/// Time passes as the machine counts it (`Uptime`), which nobody can set, and the system's clock may correct it by a little.
/// Where the two disagree by more, nothing is known yet: time goes on as before, and what other machines tell decides
/// (`weigh`). When the new time is believed after all, every deadline keeps the time that it had left: a leap is no time
/// that passed.
struct ClockReckoning: Hashable, Sendable, Codable {
    /// One correction of the time by more than `ClockLimits.tolerance`.
    struct Leap: Hashable, Sendable, Codable {
        /// The time right after it.
        var at: Timestamp
        /// Milliseconds; negative: back.
        var by: Int64
    }

    /// What one machine's clock showed when it reported.
    struct Witness: Hashable, Sendable {
        /// When, by this reckoning.
        var heard: Timestamp
        /// How much later it was by its own clock.
        var ahead: Duration
    }

    enum Verdict: Hashable, Sendable {
        /// The system's clock is not in doubt.
        case agreed
        /// It is not believed, or nobody has told yet.
        case held(because: String)
        /// It is believed from now on; deadlines move by `shift`, as the rest was no time that passed.
        case adopted(shift: Duration, because: String)
    }

    /// At the last reading.
    private(set) var time: Timestamp
    private(set) var uptime: Int64
    /// The system's clock less `time`, in milliseconds.
    private(set) var ahead: Int64 = 0
    /// Since when the system's clock is in doubt; nil while it is not.
    private(set) var doubtedSince: Timestamp?
    /// Whether the machine was off, as far as its clocks tell, when the doubt began.
    private(set) var wasOff = false
    /// Whether other machines had confirmed the time before the doubt began.
    private(set) var isConfirmed = false
    /// Milliseconds for which the machine was off as its own clock says, and which count once others have proven them.
    private(set) var unproven: Int64 = 0
    /// The newest, oldest first.
    private(set) var leaps: [Leap] = []

    /// - Parameters:
    ///   - wall: the system's clock.
    ///   - uptime: milliseconds that the machine has been on, sleep included.
    init(wall: Timestamp, uptime: Int64) {
        time = wall
        self.uptime = uptime
    }

    /// What is known where only the time of the last sign of life was kept.
    init(lastAlive time: Timestamp) { self.init(wall: time, uptime: .max) }

    /// Whether the machine has been on all the time since the last reading, as far as can be told: by both clocks as much has passed.
    /// One that was off, if only for its start, counts from anew.
    func isSameStart(wall: Timestamp, uptime now: Int64) -> Bool {
        guard now >= uptime else { return false }
        let before = time.adding(ahead)
        let difference = wall.milliseconds(since: before).subtracting(now.subtracting(uptime))
        return abs(clamped: difference) <= ClockLimits.sameStart.inMilliseconds
    }

    /// Goes on with what the process before this one knew.
    /// - Returns: by how much deadlines move: the machine was off, and nobody has shown yet for how long.
    mutating func resume(wall: Timestamp, uptime now: Int64) -> Duration {
        let passed = max(0, now.subtracting(uptime))
        uptime = now
        time = time.adding(passed)
        ahead = wall.milliseconds(since: time)
        unproven = 0
        let restart = ClockLimits.restart.inMilliseconds
        if (0...restart).contains(ahead) {
            time = wall
            ahead = 0
        } else if (restart...ClockLimits.plausibleStop.inMilliseconds).contains(ahead) {
            let span = ahead
            if isConfirmed { unproven = span }
            _ = adopt(passed: 0, because: "")
            return .milliseconds(span)
        }
        judge(isStart: true)
        return .zero
    }

    /// - Returns: the time.
    mutating func read(wall: Timestamp, uptime now: Int64) -> Timestamp {
        let passed = max(0, now.subtracting(uptime))
        uptime = now
        time = time.adding(passed)
        ahead = wall.milliseconds(since: time)
        if doubtedSince == nil, abs(clamped: ahead) <= ClockLimits.tolerance.inMilliseconds {
            // The system's clock is corrected by small steps, and so is this: by a tenth of what passed, and never back.
            let step = min(abs(clamped: ahead), passed / 10)
            time = time.adding(ahead > 0 ? step : -step)
            ahead = wall.milliseconds(since: time)
        }
        judge(isStart: false)
        return time
    }

    private mutating func judge(isStart: Bool) {
        guard abs(clamped: ahead) > ClockLimits.tolerance.inMilliseconds else {
            doubtedSince = nil
            wasOff = false
            return
        }
        guard doubtedSince == nil else { return }
        doubtedSince = time
        wasOff = isStart
    }

    /// Decides about a clock in doubt by what other machines' clocks show.
    mutating func weigh(_ told: [Witness]) -> Verdict {
        guard let since = doubtedSince else {
            let recent = told.filter {
                (0...ClockLimits.fresh.inMilliseconds).contains(time.milliseconds(since: $0.heard))
            }
            let agreeing = recent.count { agrees($0, with: 0) }
            isConfirmed = recent.count >= ClockLimits.manyWitnesses && agreeing * 2 > recent.count
            guard isConfirmed, unproven != 0 else { return .agreed }
            // The clocks of many went on while this machine was off: so long it was.
            let span = unproven
            unproven = 0
            if let place = leaps.lastIndex(where: { $0.by == span }) { leaps.remove(at: place) }
            return .adopted(
                shift: .milliseconds(-span),
                because: "the clocks of \(Wording.counted(agreeing, "server")) show the same")
        }
        let fresh = told.filter { $0.heard >= since }
        let (forHeld, forWall) = (fresh.count { agrees($0, with: 0) }, fresh.count { agrees($0, with: ahead) })
        if forWall > forHeld {
            // The time was right before, many clocks went on while this machine was off, and all say how long.
            let isProven = wasOff && isConfirmed && ahead > 0 && forWall >= ClockLimits.manyWitnesses
            let passed = isProven ? min(ahead, ClockLimits.credit.inMilliseconds) : 0
            return adopt(passed: passed, because: "the clocks of \(Wording.counted(forWall, "server")) show the same")
        }
        if forHeld > 0 {
            return .held(because: "the clocks of \(Wording.counted(forHeld, "server")) speak against it")
        }
        guard time.milliseconds(since: since) >= ClockLimits.patience.inMilliseconds else {
            return .held(because: "no server has told yet what its clock shows")
        }
        return adopt(passed: 0, because: "no server's clock speaks against it")
    }

    private func agrees(_ witness: Witness, with ahead: Int64) -> Bool {
        abs(clamped: witness.ahead.inMilliseconds.subtracting(ahead)) <= ClockLimits.agreement.inMilliseconds
    }

    private mutating func adopt(passed: Int64, because: String) -> Verdict {
        let shift = ahead - passed
        time = time.adding(ahead)
        if shift != 0 {
            leaps.append(Leap(at: time, by: shift))
            leaps.removeFirst(max(0, leaps.count - ClockLimits.leaps))
        }
        ahead = 0
        doubtedSince = nil
        wasOff = false
        isConfirmed = false
        return .adopted(shift: .milliseconds(shift), because: because)
    }

    /// What was noted before this has been kept for `span`, counting only time that passed.
    ///
    /// After a leap forward what was noted before it is as much older by the calendar, and no older. After one back nothing
    /// is taken for older than the calendar says.
    static func threshold(_ span: Duration, before time: Timestamp, over leaps: [Leap]) -> Timestamp {
        var threshold = time - span
        for leap in leaps.reversed() where leap.by > 0 && leap.at > threshold && leap.at <= time {
            threshold = threshold.adding(-leap.by)
        }
        return threshold
    }
}

/// Limits of the reckoning, each with its unit.
enum ClockLimits {
    /// A system clock that is off by more is in doubt.
    static let tolerance = Duration.seconds(60)
    /// A machine that was off for less is taken to have been off for as long as its clock says.
    static let restart = Duration.seconds(3600)
    /// Two clocks that differ by less show the same time.
    static let agreement = Duration.seconds(600)
    /// By as much the two clocks of a machine may part that was on all the time: no machine starts within it.
    static let sameStart = Duration.seconds(5)
    /// One that was off for longer has to be told so by others.
    static let plausibleStop = Duration.seconds(7 * 86_400)
    /// How lately a clock must have been told to count.
    static let fresh = Duration.seconds(600)
    /// A clock in doubt that nobody speaks against is believed after this.
    static let patience = Duration.seconds(3600)
    /// Servers whose clocks prove that time passed while this machine was off.
    static let manyWitnesses = 3
    /// Of the time that is proven so, as much counts.
    static let credit = Duration.seconds(30 * 86_400)
    /// Leaps remembered.
    static let leaps = 64
}

extension Timestamp {
    fileprivate func milliseconds(since other: Timestamp) -> Int64 { milliseconds.subtracting(other.milliseconds) }

    /// A clock may show anything, the ends of the range included.
    fileprivate func adding(_ milliseconds: Int64) -> Timestamp {
        let (sum, isOver) = self.milliseconds.addingReportingOverflow(milliseconds)
        return isOver ? self : Timestamp(milliseconds: sum)
    }
}

extension Int64 {
    /// The end of the range where the difference lies beyond it.
    fileprivate func subtracting(_ other: Int64) -> Int64 {
        let (difference, isOver) = subtractingReportingOverflow(other)
        return isOver ? (self < 0 ? .min : .max) : difference
    }
}

private func abs(clamped value: Int64) -> Int64 { value == .min ? .max : Swift.abs(value) }
