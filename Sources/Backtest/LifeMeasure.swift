import Reports

/// Which days of a drive's life count, and what alarms on them are worth.
struct LifeMeasure {
    let life: DriveLife
    let settings: BacktestSettings
    /// The days before the failure in which a failed drive's alarms count.
    let failedWindow: ClosedRange<Int>?
    /// The days that a healthy drive's window may end on.
    let healthyEnds: ClosedRange<Int>?
    /// The one that it does end on.
    let healthyWindow: ClosedRange<Int>?
    /// Days on which an alarm makes a difference; nil where there is none.
    let countedDays: ClosedRange<Int>?

    init(_ life: DriveLife, _ settings: BacktestSettings) {
        self.life = life
        self.settings = settings
        let begin = max(life.first, settings.since ?? life.first)
        let isCounted = life.days >= 1 && life.end >= begin
        countedDays = isCounted && life.lastUsefulDay >= begin ? begin...life.lastUsefulDay : nil
        if let failure = life.failure {
            failedWindow = isCounted ? max(life.first, failure - settings.window)...(failure - 1) : nil
            (healthyEnds, healthyWindow) = (nil, nil)
        } else {
            failedWindow = nil
            let (low, high) = (begin + settings.window - 1, life.last - settings.gap)
            if isCounted, high >= low {
                let span = UInt64(high - low + 1)
                let chosen = LifeMeasure.hash(life.serial, settings.seed).multipliedFullWidth(by: span).high
                let end = low + Int(chosen)
                healthyEnds = low...high
                healthyWindow = (end - settings.window + 1)...end
            } else {
                (healthyEnds, healthyWindow) = (nil, nil)
            }
        }
    }

    /// FNV-1a, stirred by the finaliser of SplitMix64: the same on every machine, whatever the order of the drives.
    static func hash(_ bytes: [UInt8], _ seed: UInt64) -> UInt64 {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0100_0000_01B3 }
        value = value ^ (seed &* 0x9E37_79B9_7F4A_7C15)
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// Whether a day counts: `yes`; `before`, for what was still open when the time came; `no`.
    func counts(_ day: Int) -> String {
        guard let countedDays, day <= countedDays.upperBound else { return "no" }
        return day < countedDays.lowerBound ? "before" : "yes"
    }

    func count(into population: inout Population) {
        population.drives += 1
        guard life.days >= 1 else {
            population.tooShort += 1
            return
        }
        let begin = max(life.first, settings.since ?? life.first)
        guard life.end >= begin else {
            population.before += 1
            return
        }
        population.driveDays += life.end - begin
        if failedWindow != nil { population.failed += 1 }
        if life.failure == nil { population.survivors += 1 }
        if healthyWindow != nil { population.healthy += 1 }
    }

    /// What the window shows of these alarms.
    func compare(_ alarms: AlarmDays, into tally: inout Tally) {
        guard !alarms.isEmpty else { return }
        if let failedWindow, let failure = life.failure, let day = alarms.first(in: failedWindow) {
            let lead = failure - day
            tally.predicted += 1
            if lead >= Lead.useful { tally.predictedUseful += 1 }
            if tally.windowLeads.isEmpty { tally.windowLeads = [Int](repeating: 0, count: settings.window + 1) }
            tally.windowLeads[lead] += 1
        }
        if let healthyWindow, let healthyEnds {
            if alarms.first(in: healthyWindow) != nil { tally.falseAlarms += 1 }
            let hits = alarms.count(lengthenedBy: settings.window - 1, in: healthyEnds)
            tally.falseShare += hits * Tally.shareUnit / healthyEnds.count
        }
    }

    /// The first day that counts with an alarm, in the whole life.
    func firstDay(of alarms: AlarmDays) -> Int? { countedDays.flatMap(alarms.first) }

    /// The days of these episodes with at least this urgency.
    func days(of episodes: some Sequence<Episode>, atLeast urgency: Urgency) -> AlarmDays {
        AlarmDays(
            episodes.compactMap { episode in
                guard episode.urgency >= urgency, episode.from <= life.lastUsefulDay else { return nil }
                let isLatched = settings.isLatched && episode.urgency >= .plan
                let last = isLatched ? life.lastUsefulDay : min(life.lastUsefulDay, (episode.until ?? .max) - 1)
                return last >= episode.from ? episode.from...last : nil
            })
    }
}
