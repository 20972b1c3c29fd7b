import Backtest
import Foundation
import Reports
import Testing

/// Small fleets whose measures are worked out by hand.
@Suite("Measures")
struct MeasureTests {
    @Test(
        "A failed drive is predicted by a fault on one of the 30 days before its failure; the failure day is too late")
    func predicted() throws {
        // Failure days: the last row. A: fault from 10 days before. B: on the failure day only. C: from 31 to 41 days
        // before only. D: on the last day before.
        let text =
            Histories.header + "\n"
            + Histories.drive("A", fails: true, Histories.series((0, 50), (20, 11)))
            + Histories.drive("B", fails: true, Histories.series((0, 60), (20, 1)))
            + Histories.drive("C", fails: true, Histories.series((0, 20), (20, 10), (0, 31)))
            + Histories.drive("D", fails: true, Histories.series((0, 59), (20, 2)))
        let compare = try Histories.backtest(text: text).result.pack.comparison
        #expect(compare.predicted == 2)
        #expect(compare.recall == 0.5)
        #expect(compare.recallWithLead == 0.25)
        #expect(compare.medianLeadDays == 5.5)
        #expect(compare.leads[10] == 1 && compare.leads[1] == 1)
    }

    @Test("A drive with all its rows on one day is left out, and so is what stands behind the failure")
    func leftOut() throws {
        let text =
            Histories.header + "\n" + Histories.drive("A", fails: true, [200])
            + Histories.drive("B", fails: true, Histories.series((0, 10)))
            + Histories.drive("B", from: 10, Histories.series((200, 5))) + Histories.drive("C", [200])
        let outcome = try Histories.backtest(text: text)
        #expect(outcome.result.population.drives == 3)
        #expect(outcome.result.population.tooShort == 2)
        #expect(outcome.result.population.failed == 1)
        #expect(outcome.result.population.driveDays == 9)
        #expect(outcome.result.pack.comparison.predicted == 0)
        #expect(outcome.result.pack.order.drives == 0)
        #expect(!outcome.faults.contains("\nB,"))
        #expect(outcome.faults.split(separator: "\n").allSatisfy { $0.hasSuffix(",no") })
    }

    @Test("A healthy drive's window of 30 days ends at least the gap before its last row")
    func window() throws {
        // 90 days: with a gap of 60 the only window is the first 30 days. A has its fault in it, B a day later, C is a
        // day too short for a window.
        let text =
            Histories.header + "\n" + Histories.drive("A", Histories.series((0, 29), (20, 1), (0, 60)))
            + Histories.drive("B", Histories.series((0, 30), (20, 1), (0, 59)))
            + Histories.drive("C", Histories.series((20, 89)))
        let result = try Histories.backtest(text: text).result
        #expect(result.population.healthy == 2)
        #expect(result.pack.comparison.falseAlarms == 1)
        #expect(result.pack.comparison.falseAlarmRate == 0.5)
        #expect(result.pack.comparison.falseAlarmRateOfAllWindows == 0.5)
        #expect(result.pack.plan.drives == 3)
    }

    @Test("Over all windows the rate is the share of windows that hold a day with a fault")
    func allWindows() throws {
        // 100 days, gap 60: 11 windows, ending on days 29 to 39. The fault on day 5 lies in those ending on 29 to 34.
        let text = Histories.header + "\n" + Histories.drive("A", Histories.series((0, 5), (20, 1), (0, 94)))
        let result = try Histories.backtest(text: text).result
        let rate = try #require(result.pack.comparison.falseAlarmRateOfAllWindows)
        #expect(abs(rate - 6.0 / 11) < 1e-8)
    }

    @Test("The window that is chosen depends on serial number and seed, and all are chosen in the end")
    func seeds() throws {
        let text = Histories.header + "\n" + Histories.drive("A", Histories.series((0, 5), (20, 1), (0, 94)))
        let hits = try (0..<40).map { seed in
            try Histories.backtest(text: text) { $0.seed = UInt64(seed) }.result.pack.comparison.falseAlarms
        }
        #expect(Set(hits) == [0, 1])
        #expect((12...32).contains(hits.reduce(0, +)))
    }

    @Test("The first order of a life is judged by what follows: soon, later, never")
    func decide() throws {
        // Soon: 20 days before the failure. Later: 100 days before. Never: no failure. Late: 3 days before.
        let text =
            Histories.header + "\n"
            + Histories.drive("later", fails: true, Histories.series((0, 10), (100, 101)))
            + Histories.drive("late3", fails: true, Histories.series((0, 10), (100, 4)))
            + Histories.drive("never", Histories.series((0, 10), (100, 1), (0, 355)))
            + Histories.drive("none1", Histories.series((20, 100)))
            + Histories.drive("soon2", fails: true, Histories.series((0, 10), (100, 21)))
        let outcome = try Histories.backtest(text: text)
        let (result, order) = (outcome.result, outcome.result.pack.order)
        #expect(order.drives == 4)
        #expect(order.failSoon == 0.5)
        #expect(order.neverFailed == 1)
        #expect(order.recallWithLead == 2.0 / 3)
        #expect(order.leads == [1, 0, 1, 0, 0, 1, 0, 0])
        #expect(result.population.driveDays == 110 + 13 + 365 + 99 + 30)
        let years = 617 / 365.25
        #expect(abs(try #require(order.perThousandDriveYears) - 4_000 / years) < 1e-6)
        #expect(abs(try #require(order.neverFailedPerThousandDriveYears) - 1_000 / years) < 1e-6)
        let pattern = try #require(result.patterns.first { $0.name == "disk.order" })
        #expect(pattern.firstToOrder == 4 && pattern.firstToOrderForNothing == 1)
    }

    @Test("From a date on, faults and days before do not count; an order that still stands counts on that day")
    func since() throws {
        // A failed before; B was ordered for before and stands; C had a plan fault before, which ended.
        let text =
            Histories.header + "\n" + Histories.drive("A", fails: true, Histories.series((20, 31)))
            + Histories.drive("B", fails: true, Histories.series((100, 80)))
            + Histories.drive("C", Histories.series((20, 10), (0, 191)))
        let result = try Histories.backtest(text: text) { $0.since = CalendarDay.number("2016-02-01") }.result
        #expect(result.population.before == 1)
        #expect(result.population.failed == 1)
        #expect(result.population.driveDays == (79 - 31) + (200 - 31))
        #expect(result.pack.comparison.predicted == 1)
        #expect(result.pack.order.drives == 1)
        #expect(result.pack.order.leads == [0, 0, 0, 1, 0, 0, 0, 0])
        #expect(result.pack.plan.drives == 1)
        #expect(result.pack.comparison.falseAlarms == 0)
    }

    @Test("A plan fault that ended counts where it is measured latched")
    func latched() throws {
        let text =
            Histories.header + "\n" + Histories.drive("C", fails: true, Histories.series((0, 20), (20, 10), (0, 41)))
        #expect(try Histories.backtest(text: text).result.pack.comparison.predicted == 0)
        let latched = try Histories.backtest(text: text) { $0.isLatched = true }.result.pack.comparison
        #expect(latched.predicted == 1)
        #expect(latched.leads[30] == 1)
    }

    @Test("Values hold until the next row of the drive, or as long as is said")
    func hold() throws {
        let rows = [
            "2016-01-01,A,ST4000DM000,4000787030016,0,0,0,0", "2016-01-02,A,ST4000DM000,4000787030016,0,0,0,20",
            "2016-03-01,A,ST4000DM000,4000787030016,1,0,0,0",
        ]
        let text = ([Histories.header] + rows).joined(separator: "\n")
        let held = try Histories.backtest(text: text).result
        #expect(held.driveDaysReplayed == 61)
        #expect(held.pack.comparison.leads[30] == 1)
        #expect(try Histories.backtest(text: text) { $0.hold = 5 }.result.driveDaysReplayed == 2 + 5 + 1)
    }

    @Test("The pattern that told first is named, on failures and on false alarms")
    func first() throws {
        let pack = try Histories.pack([
            Histories.pattern("disk.early", ["when": "pending >= 10"]),
            Histories.pattern("disk.late", ["when": "pending >= 50"]),
        ])
        let text =
            Histories.header + "\n" + Histories.drive("A", fails: true, Histories.series((0, 40), (20, 5), (60, 10)))
            + Histories.drive("B", Histories.series((60, 90)))
        let result = try Histories.backtest(text: text, pack: pack).result
        #expect(result.patterns.map(\.firstOnFailed) == [1, 0])
        #expect(result.patterns.map(\.firstOnHealthy) == [1, 0])
        #expect(result.patterns.map(\.comparison.predicted) == [1, 1])
    }

    @Test("A shadow pattern counts for nothing in the pack; its own row says what it would do")
    func shadow() throws {
        let text = Histories.header + "\n" + Histories.drive("A", fails: true, Histories.series((0, 40), (20, 10)))
        let quiet = Histories.pattern("disk.quiet", ["when": "pending >= 1000"])
        let pack = try Histories.pack([Histories.pattern("disk.trial", ["status": "shadow"]), quiet])
        let active = try Histories.pack([Histories.pattern("disk.trial"), quiet])
        let silent = try Histories.backtest(text: text, pack: pack).result
        #expect(silent.pack.comparison.predicted == 0)
        #expect(silent.patterns[0].comparison.predicted == 0 && silent.patterns[0].drives == 1)
        let outcome = try Histories.backtest(text: text, pack: pack, trial: active)
        #expect(outcome.result.pack.comparison.predicted == 0)
        #expect(outcome.result.patterns[0].comparison.predicted == 1)
        #expect(outcome.faults == "A,2016-02-10,opened,disk.trial,disk.trial,inform,shadow,2016-02-19,yes\n")
    }

    @Test(
        "Where all patterns are on trial, the headlines say what they would do if they were active, and that it is so")
    func onlyShadow() throws {
        let text =
            Histories.header + "\n" + Histories.drive("A", fails: true, Histories.series((0, 40), (20, 10)))
            + Histories.drive("B", Histories.series((0, 120)))
        let shadow = try Histories.pack([Histories.pattern("disk.trial", ["status": "shadow"])])
        let active = try Histories.pack([Histories.pattern("disk.trial")])
        let trial = try Histories.backtest(text: text, pack: shadow, trial: active)
        let real = try Histories.backtest(text: text, pack: active).result
        #expect(trial.result.packIsOnTrial && !real.packIsOnTrial)
        #expect(trial.result.pack.comparison.recall == 1)
        #expect(trial.result.pack.plan.drives == real.pack.plan.drives)
        #expect(trial.result.models.map(\.row.comparison.recall) == real.models.map(\.row.comparison.recall))
        #expect(trial.result.patterns[0].firstOnFailed == 1)
        #expect(trial.json.contains("\"packIsOnTrial\":true"))
        let words = BacktestText(trial.result).text
        #expect(words.contains("On trial: the 1 pattern is shadow.") && words.contains("On trial, as if active"))
        #expect(!BacktestText(real).text.contains("On trial"))
        for (language, words) in [(Language.english, "<b>On trial</b>"), (.german, "<b>Auf Probe</b>")] {
            let page = BacktestPage(trial.result, language: language).html
            #expect(page.contains(words) && page.contains(language("<b>100.0 %</b>", "<b>100,0 %</b>")))
            #expect(!BacktestPage(real, language: language).html.contains(words))
        }
        // What was really told stays what it is.
        #expect(trial.faults == "A,2016-02-10,opened,disk.trial,disk.trial,inform,shadow,2016-02-19,yes\n")
    }

    @Test("Drives that no pattern is for are counted all the same")
    func withoutPatterns() throws {
        let pack = try Histories.pack([
            Histories.pattern("disk.nvme", ["applies_to": ["component": "disk", "bus": "nvme"]])
        ])
        let text = Histories.header + "\n" + Histories.drive("A", fails: true, Histories.series((20, 40)))
        let result = try Histories.backtest(text: text, pack: pack) { $0.measuresBaselines = true }.result
        #expect(result.population.failed == 1 && result.driveDaysReplayed == 40)
        #expect(result.pack.comparison.predicted == 0)
        #expect(result.baselines.first?.comparison.predicted == 1)
    }

    @Test("The page holds the figures, and what stands in the data cannot become part of it")
    func page() throws {
        let text =
            Histories.header + "\n"
            + Histories.drive("A", model: "<script>alert(1)</script>", fails: true, Histories.series((0, 40), (20, 10)))
            + Histories.drive("B", model: "<script>alert(1)</script>", Histories.series((0, 95)))
        let result = try Histories.backtest(text: text) { $0.measuresBaselines = true }.result
        let page = BacktestPage(result).html
        #expect(!page.contains("<script"))
        #expect(page.contains("&lt;script&gt;"))
        #expect(page.contains("<b>100.0 %</b><span>of failures foretold"))
        #expect(page.contains("<b>0.00 %</b><span>of healthy drives falsely alarmed"))
        #expect(page.components(separatedBy: "<svg").count == 3 && page.components(separatedBy: "</svg>").count == 3)
        #expect(!page.contains("http"))
        let words = BacktestText(result).text
        #expect(words.contains("2 drives: 1 failed with history, 1 that did not fail (1 long enough for a window)"))
        #expect(words.split(separator: "\n").contains { $0.hasPrefix("plan or order") && $0.contains("100.0 %") })
    }

    @Test("What was not measured is not drawn as measured, and is told with what is lacking")
    func notMeasured() throws {
        let healthy = Histories.header + "\n" + Histories.drive("A", Histories.series((0, 95)))
        let none = try Histories.backtest(text: healthy).result
        #expect(none.remarks().contains { $0.contains("no drive failed") })
        let page = BacktestPage(none, data: ["fleet <1>.csv"]).html
        #expect(page.contains("<b>not measured</b><span>of failures foretold"))
        #expect(!page.contains("<svg") && page.contains("Not measured: that needs drives that failed"))
        #expect(page.contains("Histories: fleet &lt;1&gt;.csv."))
        let short =
            Histories.header + "\n" + Histories.drive("A", fails: true, Histories.series((0, 40), (20, 10)))
            + Histories.drive("B", Histories.series((0, 50)))
        let result = try Histories.backtest(text: short).result
        #expect(result.remarks().contains { $0.contains("no drive that did not fail has 90 days") })
        let other = BacktestPage(result).html
        #expect(other.contains("<b>not measured</b><span>of healthy drives falsely alarmed"))
        #expect(other.contains("<b>100.0 %</b><span>of failures foretold"))
        #expect(other.contains("of urgency plan or order in the 30 days before"))
    }

    @Test("Card and chart show the same rate of false alarms")
    func oneRate() throws {
        // Of 11 windows 6 hold the fault; which one is chosen does not matter to the page.
        let text =
            Histories.header + "\n" + Histories.drive("A", Histories.series((0, 5), (20, 1), (0, 94)))
            + Histories.drive("B", fails: true, Histories.series((0, 40), (20, 10)))
        for seed in 0..<6 {
            let page = BacktestPage(try Histories.backtest(text: text) { $0.seed = UInt64(seed) }.result).html
            #expect(page.contains("<b>54.55 %</b><span>of healthy drives falsely alarmed"))
            #expect(page.contains("the pack: recall 100.0 %, false alarms 54.545 %"))
        }
    }

    @Test("A rule that was measured and said nothing stands in the chart at nothing; one without data does not")
    func silentBaseline() throws {
        let text =
            "date,serial_number,model,failure,smart_5_normalized,smart_197_raw\n"
            + (0..<95).map { day in
                let date = CalendarDay.text((CalendarDay.number("2016-01-01") ?? 0) + day)
                return "\(date),A,M,0,100,0\n\(date),B,M,\(day == 94 ? 1 : 0),100,0"
            }.joined(separator: "\n")
        for (model, isDrawn) in [("M", true), ("OTHER", false)] {
            let json = #"{"\#(model)":{"attributes":{"5":{"threshold":10,"prefail":true}}}}"#
            let thresholds = try VendorThresholds(json: Data(json.utf8))
            let result = try Histories.backtest(text: text) { settings in
                settings.measuresBaselines = true
                settings.thresholds = thresholds
            }.result
            #expect(BacktestPage(result).html.contains("own verdict): recall 0.0 %") == isDrawn)
        }
    }

    @Test("A pattern without data is told from one that had data and was silent")
    func reach() throws {
        let pack = try Histories.pack([
            Histories.pattern("disk.hot", ["let": ["heat": "hw.temperature"], "when": "heat > 60"]),
            Histories.pattern("disk.nvme", ["applies_to": ["component": "disk", "bus": "nvme"]]),
            Histories.pattern(
                "disk.either",
                [
                    "let": ["heat": "hw.temperature", "pending": "hw.physical_disk.smart{attribute=\"197.raw\"}"],
                    "when": "heat > 60 or pending >= 500",
                ]),
            Histories.pattern("disk.silent", ["when": "pending >= 500"]),
        ])
        let text = Histories.header + "\n" + Histories.drive("A", Histories.series((0, 95)))
        let result = try Histories.backtest(text: text, pack: pack).result
        #expect(result.patterns.filter { $0.drivesWithData == 1 }.map(\.name) == ["disk.either", "disk.silent"])
        let words = BacktestText(result).text
        #expect(words.contains("2 patterns had data and no fault on any drive: disk.either, disk.silent."))
        #expect(
            words.contains("2 patterns had no data (not for these drives, or not told by these histories): disk.hot"))
        let blind = try Histories.backtest(
            text: text, pack: try Histories.pack([Histories.pattern("disk.hot", ["when": "hw.temperature > 60"])])
        ).result
        #expect(blind.remarks().contains { $0.hasPrefix("no pattern had data") })
    }

    @Test("A run over nothing says why and what to do")
    func empty() throws {
        let header = Histories.header + "\n"
        let nothing = try Histories.backtest(text: header).result
        #expect(
            nothing.isEmpty
                && nothing.remarks() == ["the histories have no rows behind their first line; name files with rows"])
        let drive = header + Histories.drive("A", Histories.series((0, 95)))
        let others = try Histories.backtest(text: drive) { $0.drives = ["B"] }.result
        #expect(others.isEmpty && others.remarks().first?.contains("none of the drives that --drives names") == true)
        let broken = try Histories.backtest(text: header + "2016-01-01,A\n").result
        #expect(broken.isEmpty && broken.remarks().first?.contains("no row could be used") == true)
        let late = try Histories.backtest(text: drive) { $0.since = CalendarDay.number("2020-01-01") }.result
        #expect(late.remarks().contains { $0.contains("before --since 2020-01-01") })
        let oneDay = try Histories.backtest(text: header + Histories.drive("A", [0])).result
        #expect(oneDay.remarks().contains { $0.contains("one day only") })
    }

    @Test(
        "The table of changes names drive, date, change, pattern, class, urgency, status, day of failure and whether it counts"
    )
    func faults() throws {
        let text =
            Histories.header + "\n" + Histories.drive("A", Histories.series((0, 2), (20, 2), (0, 2), (100, 1)))
        #expect(
            try Histories.backtest(text: text).faults == """
                A,2016-01-03,opened,disk.plan,disk.plan,plan,active,,yes
                A,2016-01-05,cleared,disk.plan,disk.plan,plan,active,,yes
                A,2016-01-07,opened,disk.order,disk.order,order,active,,yes
                A,2016-01-07,opened,disk.plan,disk.plan,plan,active,,yes

                """)
    }
}
