import FaultPatterns
public import Reports

/// What a back-test found. `docs/backtest.md` explains what each key of its JSON means.
public struct BacktestResult: Sendable, Encodable {
    /// What alarms were worth within the window before failures and in windows of healthy drives.
    public struct Comparison: Sendable, Encodable {
        public var predicted: Int
        /// Share of the failed drives; nil where there are none.
        @Nullable public var recall: Double?
        /// The same, of those alarmed 7 days or more before the failure.
        @Nullable public var recallWithLead: Double?
        public var falseAlarms: Int
        /// Share of healthy drives with an alarm in one window chosen at random.
        @Nullable public var falseAlarmRate: Double?
        /// The same as the mean over all windows that could have been chosen: it has no luck in it.
        @Nullable public var falseAlarmRateOfAllWindows: Double?
        /// Median days from the first alarm in the window to the failure.
        @Nullable public var medianLeadDays: Double?
        /// Drives by days from the first alarm in the window to the failure, from 0 days to the window's length.
        public var leads: [Int]
    }

    /// What it costs to act once on the first alarm of each drive's life.
    public struct Decision: Sendable, Encodable {
        public var drives: Int
        @Nullable public var perThousandDriveYears: Double?
        /// Share of these that fail within 90 days.
        @Nullable public var failSoon: Double?
        public var neverFailed: Int
        @Nullable public var neverFailedPerThousandDriveYears: Double?
        /// Share of all failed drives that were alarmed 7 days or more before.
        @Nullable public var recallWithLead: Double?
        /// Failed drives by days from the alarm to the failure: 1-6, 7-13, 14-29, 30-59, 60-89, 90-179, 180-364, more.
        public var leads: [Int]
    }

    public struct Row: Sendable, Encodable {
        public var name: String
        /// Of a pattern: active or shadow; nil of all else.
        @Nullable public var status: String?
        /// Of a pattern: by language; empty of all else.
        public var title: [String: String]
        /// Drives on which it had a fault of any urgency.
        public var drives: Int
        /// Drives that it is for and of which the histories contain what it looks at; 0: it was not measured at all.
        public var drivesWithData: Int
        /// Of urgency plan or order.
        public var comparison: Comparison
        public var plan: Decision
        public var order: Decision
        /// How often it was the first of the pack: on predicted failures, on false alarms, to order a part, and to
        /// order one for nothing.
        public var firstOnFailed: Int
        public var firstOnHealthy: Int
        public var firstToOrder: Int
        public var firstToOrderForNothing: Int
    }

    public struct Model: Sendable, Encodable {
        public var name: String
        public var population: Population
        public var row: Row
        /// Drives that did not fail on which a pattern made a ticket at any time of their life, by the pattern.
        public var alarmedSurvivors: [String: Int]
    }

    public struct Measures: Sendable, Encodable {
        @Nullable public var since: String?
        public var gapDays: Int
        public var windowDays: Int
        public var seed: UInt64
        public var isLatched: Bool
        @Nullable public var holdDays: Int?
        public var onlyNamedDrives: Bool
    }

    public var patternPack: String
    public var measures: Measures
    public var population: Population
    public var driveYears: Double
    @Nullable public var failuresPerThousandDriveYears: Double?
    public var pack: Row
    /// Whether all patterns are on trial (shadow), so that the rows of the pack and of the models show what these would
    /// do if they were active.
    public var packIsOnTrial: Bool
    public var patterns: [Row]
    /// Whether the rows of shadow patterns show what these would do if they were active.
    public var measuresShadow: Bool
    public var baselines: [Row]
    /// The largest first.
    public var models: [Model]
    public var rows: Int
    public var driveDaysReplayed: Int
    public var faultChanges: Int
    public var problems: RowProblems

    init(_ tallies: Tallies, pack: PatternPack, settings: BacktestSettings, hasTrial: Bool) {
        let (all, window) = (tallies.population, settings.window)
        patternPack = pack.identity
        measures = Measures(
            since: settings.since.map(CalendarDay.text), gapDays: settings.gap, windowDays: settings.window,
            seed: settings.seed, isLatched: settings.isLatched, holdDays: settings.hold,
            onlyNamedDrives: settings.drives != nil)
        population = all
        driveYears = all.driveYears
        failuresPerThousandDriveYears = BacktestResult.share(all.failed * 1_000, of: all.driveYears)
        self.pack = Row("the pack", tallies.pack, all, window: window)
        packIsOnTrial = hasTrial && pack.isOnTrial
        patterns = zip(pack.patterns, tallies.patterns).map { pattern, tally in
            var row = Row(pattern.id, tally, all, window: window)
            row.status = pattern.status.rawValue
            row.title = pattern.texts.mapValues(\.title)
            return row
        }
        measuresShadow = hasTrial
        baselines =
            !settings.measuresBaselines
            ? []
            : Baseline.allCases.filter { $0 != .vendorThresholds || settings.thresholds != nil }.map {
                Row($0.rawValue, tallies.baselines[$0] ?? Tally(), all, window: window)
            }
        models = tallies.models.map { name, model in
            let alarmed = model.alarmedSurvivors.map { (pack.patterns[$0.key].id, $0.value) }
            return Model(
                name: name, population: model.population, row: Row(name, model.pack, model.population, window: window),
                alarmedSurvivors: Dictionary(alarmed, uniquingKeysWith: +))
        }.sorted { ($1.population.drives, $0.name) < ($0.population.drives, $1.name) }
        rows = tallies.rows
        driveDaysReplayed = tallies.steps
        faultChanges = tallies.changes
        problems = tallies.problems
    }

    /// Patterns without a fault on any drive: those that had data, and those that had none.
    var silent: (withData: [String], withoutData: [String]) {
        let silent = patterns.filter { $0.drives == 0 }
        return (
            silent.filter { $0.drivesWithData > 0 }.map(\.name), silent.filter { $0.drivesWithData == 0 }.map(\.name)
        )
    }

    /// Whether no drive was replayed.
    public var isEmpty: Bool { population.drives == 0 }

    /// What was not measured although it was asked for, why, and what to do about it.
    public func remarks(in language: Language = .english) -> [String] {
        let all = population
        guard !isEmpty else { return [whyEmpty(language)] }
        var remarks: [String] = []
        if all.tooShort == all.drives {
            remarks.append(
                language(
                    "all drives have rows on one day only, so that nothing can be foretold; name the files of more days",
                    "alle Laufwerke haben nur Zeilen eines Tages, sodass nichts vorhergesagt werden kann; Dateien "
                        + "weiterer Tage angeben"))
        } else if all.before + all.tooShort == all.drives {
            let since = measures.since ?? ""
            remarks.append(
                language(
                    "all histories end before --since \(since); choose an earlier date",
                    "alle Verläufe enden vor dem \(since) (--since); ein früheres Datum wählen"))
        } else {
            if all.failed == 0 {
                remarks.append(
                    language(
                        "no drive failed (column `failure`), so that it is not measured how many failures are foretold",
                        "kein Laufwerk fiel aus (Spalte „failure“), sodass nicht gemessen ist, wie viele Ausfälle "
                            + "vorhergesagt werden"))
            }
            if all.survivors == 0 {
                remarks.append(
                    language(
                        "all drives failed, so that false alarms are not measured; add drives that did not",
                        "alle Laufwerke fielen aus, sodass Fehlalarme nicht gemessen sind; Laufwerke hinzunehmen, "
                            + "die nicht ausfielen"))
            } else if all.healthy == 0 {
                let days = measures.windowDays + measures.gapDays
                remarks.append(
                    language(
                        "no drive that did not fail has \(days) days of history (--window and --gap), so that false "
                            + "alarms are not measured; give a smaller --gap or longer histories",
                        "kein Laufwerk, das nicht ausfiel, hat einen Verlauf von \(days) Tagen (--window und --gap), "
                            + "sodass Fehlalarme nicht gemessen sind; ein kleineres --gap oder längere Verläufe angeben"
                    ))
            }
        }
        if !patterns.isEmpty, patterns.allSatisfy({ $0.drivesWithData == 0 }) {
            remarks.append(
                language(
                    "no pattern had data: none is for these drives, or the columns do not tell what it looks at; "
                        + "`callhome patterns explain ID` says what that is",
                    "kein Muster hatte Daten: keines ist für diese Laufwerke, oder die Spalten sagen nicht, was es "
                        + "betrachtet; „callhome patterns explain ID“ sagt, was das ist"))
        }
        return remarks
    }

    private func whyEmpty(_ language: Language) -> String {
        if measures.onlyNamedDrives, rows == 0, problems.entries.isEmpty {
            return language(
                "none of the drives that --drives names has a row: one serial number a line, as in the column "
                    + "serial_number",
                "keines der Laufwerke, die --drives nennt, hat eine Zeile: eine Seriennummer je Zeile, wie in der Spalte "
                    + "serial_number")
        }
        return problems.entries.isEmpty
            ? language(
                "the histories have no rows behind their first line; name files with rows",
                "die Verläufe haben nach der ersten Zeile keine weiteren; Dateien mit Zeilen angeben")
            : language(
                "no row could be used; the rows that could not are told with the first line of each kind",
                "keine Zeile war brauchbar; von den unbrauchbaren ist je Art die erste genannt")
    }

    static func share(_ count: Int, of total: Int) -> Double? {
        total > 0 ? Double(count) / Double(total) : nil
    }

    static func share(_ count: Int, of total: Double) -> Double? { total > 0 ? Double(count) / total : nil }
}

extension BacktestResult.Row {
    init(_ name: String, _ tally: Tally, _ population: Population, window: Int) {
        self.init(
            name: name, status: nil, title: [:], drives: tally.drives,
            drivesWithData: max(tally.drives, tally.judged),
            comparison: BacktestResult.Comparison(tally, population, window: window),
            plan: BacktestResult.Decision(tally.planned, population),
            order: BacktestResult.Decision(tally.ordered, population), firstOnFailed: tally.firstOnFailed,
            firstOnHealthy: tally.firstOnHealthy, firstToOrder: tally.firstToOrder,
            firstToOrderForNothing: tally.firstToOrderNever)
    }
}

extension BacktestResult.Comparison {
    init(_ tally: Tally, _ population: Population, window: Int) {
        var median: Double?
        let sorted = tally.windowLeads.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
        if !sorted.isEmpty {
            median = Double(sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        }
        let shares = Double(tally.falseShare) / Double(Tally.shareUnit)
        self.init(
            predicted: tally.predicted, recall: BacktestResult.share(tally.predicted, of: population.failed),
            recallWithLead: BacktestResult.share(tally.predictedUseful, of: population.failed),
            falseAlarms: tally.falseAlarms,
            falseAlarmRate: BacktestResult.share(tally.falseAlarms, of: population.healthy),
            falseAlarmRateOfAllWindows: population.healthy > 0 ? shares / Double(population.healthy) : nil,
            medianLeadDays: median,
            leads: tally.windowLeads + [Int](repeating: 0, count: max(0, window + 1 - tally.windowLeads.count)))
    }
}

extension BacktestResult.Decision {
    init(_ decision: Tally.Decision, _ population: Population) {
        let thousands = population.driveYears / 1_000
        self.init(
            drives: decision.drives, perThousandDriveYears: BacktestResult.share(decision.drives, of: thousands),
            failSoon: BacktestResult.share(decision.failedSoon, of: decision.drives),
            neverFailed: decision.neverFailed,
            neverFailedPerThousandDriveYears: BacktestResult.share(decision.neverFailed, of: thousands),
            recallWithLead: BacktestResult.share(decision.useful, of: population.failed), leads: decision.leads)
    }
}
