import Reports

/// Keeping the file within its bounds: samples go first, then telemetry, faults never.
extension Spool {
    /// Bytes in use: pages of the file that hold something.
    func usedBytes() throws(SpoolError) -> Int64 { try perform { () throws in try used() } }

    /// Share of the bound that is left after something had to go, so that not every report has to make room again.
    private static let roomAfterFreeing = 0.95
    /// Samples and telemetry go by this fraction of what there is.
    private static let freedShare: Int64 = 4

    private func used() throws -> Int64 {
        let pages = try database.value("PRAGMA page_count")?.integer ?? 0
        let free = try database.value("PRAGMA freelist_count")?.integer ?? 0
        return (pages - free) * (try database.value("PRAGMA page_size")?.integer ?? 4096)
    }

    /// - Throws: `SpoolError.full` when nothing is left that may go; the report just stored is then not kept either.
    func keepWithinBounds(at moment: Moment) throws {
        if !clock.hasLeapt(at: moment) {
            try giveUpOldTelemetry(at: moment)
            let gone = try database.run(
                "DELETE FROM sample WHERE through < ?", .integer((moment.time - limits.sampleAge).milliseconds))
            if gone > 0 { try forgetSeries() }
        }
        let bound = memory == nil ? limits.bytes : min(limits.bytes, limits.memoryBytes)
        guard try used() > bound else { return }
        let target = Int64(Double(bound) * Spool.roomAfterFreeing)
        while try used() > target, try freeOldestSamples() {}
        while try used() > target, try dropOldestTelemetry(at: moment) {}
        try database.script("PRAGMA incremental_vacuum;")
        let left = try used()
        if left > bound { throw SpoolError.full(bytes: left) }
    }

    /// Faults in memory: telemetry makes way for them, and past their own bound they stay with the watch.
    func keepWithinMemory(at moment: Moment) throws {
        guard try used() > limits.memoryBytes else { return }
        while try used() > limits.memoryBytes, try dropOldestTelemetry(at: moment) {}
        let left = try used()
        if left > limits.memoryFaultBytes { throw SpoolError.full(bytes: left) }
    }

    /// Names that no sample has any more: of parts that are gone.
    private func forgetSeries() throws {
        try database.run("DELETE FROM series WHERE id NOT IN (SELECT DISTINCT series FROM sample)")
    }

    /// On a full disk, everything that may go goes.
    func freeAll() throws {
        try database.run("DELETE FROM sample")
        try forgetSeries()
        while try dropOldestTelemetry(at: latest) {}
    }

    /// Returns false when there were none.
    private func freeOldestSamples() throws -> Bool {
        guard let row = try database.rows("SELECT min(through), max(through) FROM sample").first,
            let oldest = row[0].integer, let newest = row[1].integer
        else { return false }
        let cut = oldest + (newest - oldest) / Spool.freedShare
        return try database.run("DELETE FROM sample WHERE through <= ?", .integer(cut)) > 0
    }

    /// Returns false when no telemetry is left but the admission that it was dropped.
    private func dropOldestTelemetry(at moment: Moment) throws -> Bool {
        let waiting = try database.value("SELECT count(*) FROM report WHERE stream = 'telemetry'")?.integer ?? 0
        let share = max(2, waiting / Spool.freedShare)
        guard
            let last = try database.value(
                "SELECT max(sequence) FROM (SELECT sequence FROM report WHERE stream = 'telemetry' ORDER BY sequence LIMIT ?)",
                .integer(share))?.integer
        else { return false }
        return try dropTelemetry(through: last, because: "spool-full", at: moment)
    }

    private func giveUpOldTelemetry(at moment: Moment) throws {
        let horizon = (moment.time - limits.telemetryAge).milliseconds
        // A prefix, so that the numbers stay without a hole: a clock that was wrong for a while cannot tear one.
        guard
            let last = try database.value(
                """
                SELECT max(sequence) FROM report WHERE stream = 'telemetry' AND time < ?1 AND kind != 'dropped'
                AND sequence < (SELECT coalesce(min(sequence), 9223372036854775807) FROM report
                    WHERE stream = 'telemetry' AND time >= ?1 AND kind != 'dropped')
                """, .integer(horizon))?.integer
        else { return }
        _ = try dropTelemetry(through: last, because: "spool-age", at: moment)
    }

    /// Puts one signed admission in the place of the oldest reports. Returns false when that would gain nothing.
    private func dropTelemetry(through last: Int64, because reason: String, at moment: Moment) throws -> Bool {
        let row = try database.rows(
            """
            SELECT count(*), min(first), sum(kind = 'dropped') FROM report
            WHERE stream = 'telemetry' AND sequence <= ?
            """, .integer(last)
        ).first
        guard let row, let count = row[0].integer, let first = row[1].integer, let admissions = row[2].integer,
            count > admissions || count > 1
        else { return false }
        try database.run("DELETE FROM report WHERE stream = 'telemetry' AND sequence <= ?", .integer(last))
        let position = ReportPosition(epoch: epoch, stream: .telemetry, first: first, sequence: last)
        try insert(report(.dropped(Dropped(reason: reason)), at: position, moment))
        return true
    }

    // MARK: Sample history

    func keep(_ samples: [SampleAggregate]) throws {
        for sample in samples {
            let names = [SQLiteValue.text(sample.component.rawValue), .text(sample.signal.description)]
            try database.run("INSERT OR IGNORE INTO series(component, signal) VALUES(?, ?)", names[0], names[1])
            guard
                let series = try database.value(
                    "SELECT id FROM series WHERE component = ? AND signal = ?", names[0], names[1])
            else { continue }
            try database.run(
                "INSERT OR REPLACE INTO sample VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                .integer(sample.through.milliseconds), series, .integer(sample.from.milliseconds),
                .integer(Int64(sample.count)), SQLiteValue(sample.minimum), SQLiteValue(sample.maximum),
                SQLiteValue(sample.mean), SQLiteValue(sample.last), SQLiteValue(sample.state),
                SQLiteValue(sample.unavailable))
        }
    }

    /// What is remembered of one signal, oldest first.
    func history(
        of component: ComponentID, _ signal: Signal, since: Timestamp
    ) throws(SpoolError) -> [SampleAggregate] {
        try perform { () throws in
            try database.rows(
                """
                SELECT start, through, count, minimum, maximum, mean, last, state, unavailable FROM sample
                JOIN series ON series.id = sample.series WHERE component = ? AND signal = ? AND through >= ?
                ORDER BY through
                """, .text(component.rawValue), .text(signal.description), .integer(since.milliseconds)
            ).map { row in
                SampleAggregate(
                    component: component, signal: signal, from: Timestamp(milliseconds: row[0].integer ?? 0),
                    through: Timestamp(milliseconds: row[1].integer ?? 0), count: Int(row[2].integer ?? 0),
                    minimum: row[3].real, maximum: row[4].real, mean: row[5].real, last: row[6].real,
                    state: row[7].text, unavailable: row[8].text)
            }
        }
    }
}

/// Notices when the wall clock leaps: by how much it is ahead of the time since boot is then another.
struct ClockWatch: Sendable {
    /// A clock that is slewed or set right by less than this has not leapt.
    private static let tolerance = Duration.seconds(300)
    /// Nothing is given up by its age for this long after a leap: it may be taken back, and what was given up is not.
    private static let pause = Duration.seconds(3600)

    private var boot: String
    private var ahead: Duration
    private var leaptAt: Duration?

    init(_ moment: Moment) {
        boot = moment.boot
        ahead = ClockWatch.ahead(moment)
    }

    private static func ahead(_ moment: Moment) -> Duration {
        .milliseconds(moment.time.milliseconds) - moment.uptime
    }

    /// Whether the clock leapt a short while ago. Each call is a look at it.
    mutating func hasLeapt(at moment: Moment) -> Bool {
        let now = ClockWatch.ahead(moment)
        if moment.boot == boot, abs((now - ahead).inMilliseconds) > ClockWatch.tolerance.inMilliseconds {
            leaptAt = moment.uptime
        }
        (boot, ahead) = (moment.boot, now)
        guard let leaptAt, moment.uptime >= leaptAt else { return false }
        return moment.uptime - leaptAt < ClockWatch.pause
    }
}
