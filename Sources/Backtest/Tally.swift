import Reports

/// How many drives there were to be judged by.
public struct Population: Sendable, Encodable, Equatable {
    public var drives = 0
    /// Drives with all their rows on one day: nothing can be foretold of them.
    public var tooShort = 0
    /// Those whose life ended before `since`.
    public var before = 0
    /// Failed drives with at least one earlier day.
    public var failed = 0
    /// Healthy drives that a window fits into.
    public var healthy = 0
    /// Drives that did not fail.
    public var survivors = 0
    public var driveDays = 0

    public var driveYears: Double { Double(driveDays) / CalendarDay.perYear }

    mutating func add(_ other: Population) {
        drives += other.drives
        tooShort += other.tooShort
        before += other.before
        failed += other.failed
        healthy += other.healthy
        survivors += other.survivors
        driveDays += other.driveDays
    }
}

/// What one source of alarms did on the drives: a pattern, the pack, or a baseline.
struct Tally: Sendable, Equatable {
    // Compare: alarms in a window of 30 days.
    var predicted = 0
    var predictedUseful = 0
    var falseAlarms = 0
    /// Shares of all windows of healthy drives in which it gives an alarm, in units of 1e-9, added up.
    var falseShare = 0
    /// By days of lead, 0 to the window's length.
    var windowLeads: [Int] = []

    // Decide: the whole life, for alarms that make a ticket, and for those that order.
    var planned = Decision()
    var ordered = Decision()

    /// Drives on which it had a fault of any urgency.
    var drives = 0
    /// Drives that it is for and of which what it looks at is recorded.
    var judged = 0
    /// Predicted drives, and falsely alarmed ones, on which it was the first of the pack.
    var firstOnFailed = 0
    var firstOnHealthy = 0
    /// Parts that its order brought, and those of them that were for nothing, where it ordered first.
    var firstToOrder = 0
    var firstToOrderNever = 0

    /// What comes of acting once on the first such alarm in a drive's life.
    struct Decision: Sendable, Equatable {
        var drives = 0
        var failedSoon = 0
        var failedLater = 0
        var neverFailed = 0
        var useful = 0
        /// By classes of days from the alarm to the failure.
        var leads = [Int](repeating: 0, count: Lead.classes.count + 1)

        mutating func take(on day: Int, of life: DriveLife) {
            drives += 1
            guard let failure = life.failure else {
                neverFailed += 1
                return
            }
            let lead = failure - day
            if lead <= Lead.soon { failedSoon += 1 } else { failedLater += 1 }
            if lead >= Lead.useful { useful += 1 }
            leads[Lead.index(of: lead)] += 1
        }

        mutating func add(_ other: Decision) {
            drives += other.drives
            failedSoon += other.failedSoon
            failedLater += other.failedLater
            neverFailed += other.neverFailed
            useful += other.useful
            for index in leads.indices { leads[index] += other.leads[index] }
        }
    }

    static let shareUnit = 1_000_000_000

    mutating func add(_ other: Tally) {
        predicted += other.predicted
        predictedUseful += other.predictedUseful
        falseAlarms += other.falseAlarms
        falseShare += other.falseShare
        if windowLeads.count < other.windowLeads.count {
            windowLeads += [Int](repeating: 0, count: other.windowLeads.count - windowLeads.count)
        }
        for (lead, count) in other.windowLeads.enumerated() { windowLeads[lead] += count }
        planned.add(other.planned)
        ordered.add(other.ordered)
        drives += other.drives
        judged += other.judged
        firstOnFailed += other.firstOnFailed
        firstOnHealthy += other.firstOnHealthy
        firstToOrder += other.firstToOrder
        firstToOrderNever += other.firstToOrderNever
    }
}
