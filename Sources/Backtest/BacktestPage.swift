import FaultPatterns

/// The result as one HTML page that needs nothing else: for people who want to know whether the patterns are worth it.
public struct BacktestPage: Sendable {
    private let result: BacktestResult

    private let data: [String]

    /// - Parameter data: the files and folders of the histories, as they were named.
    public init(_ result: BacktestResult, data: [String] = []) {
        self.result = result
        self.data = data
    }

    public var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Back-test of the fault patterns</title>
        <style>\(BacktestPage.style)</style></head><body><main>
        <h1>Would the patterns have told in time?</h1>
        \(introduction)
        \(tiles)
        \(section("How many failures are foretold, at how many false alarms", comparison))
        \(section("How long before the failure", leads))
        \(section("What acting on it costs", costs))
        \(section("Which pattern told first", first))
        \(section("Each pattern alone", patterns))
        \(section("By model of drive", models))
        \(problems)
        \(section("How this was measured", method))
        </main></body></html>

        """
    }

    private func section(_ title: String, _ body: String) -> String {
        body.isEmpty ? "" : "<section><h2>\(title)</h2>\n\(body)</section>"
    }

    // MARK: In short

    private var introduction: String {
        let all = result.population
        let since = result.measures.since.map { " from \($0) on" } ?? ""
        return """
            <p>The recorded histories of <b>\(Wording.counted(all.drives - all.before, "disk drive"))</b>\(since) were replayed day \
            by day through the same engine that watches live servers: \(Figure.plain(result.driveYears, 0)) years of drive life, in which \
            <b>\(all.failed)</b> failed. Patterns: \(HTML.escape(result.patternPack)).\(histories)</p>
            \(result.remarks.map { "<p class=remark>Not all is measured: \(HTML.escape($0)).</p>" }.joined(separator: "\n"))
            """
    }

    /// Names of histories that are shown.
    private static let names = 8

    private var histories: String {
        guard !data.isEmpty else { return "" }
        let more = data.count - BacktestPage.names
        let names = data.prefix(BacktestPage.names).map { HTML.escape($0) }.joined(separator: ", ")
        return " Histories: \(names)\(more > 0 ? " and \(more) more" : "")."
    }

    /// A share, or that it is none.
    private static func measured(_ share: Double?, _ digits: Int) -> String {
        share.map { Figure.percent($0, digits) } ?? "not measured"
    }

    private var tiles: String {
        let (compare, order) = (result.pack.comparison, result.pack.order)
        let all = result.population
        let tiles = [
            (
                BacktestPage.measured(compare.recall, 1), "of failures foretold",
                all.failed == 0
                    ? "no drive failed in these histories"
                    : "\(compare.predicted) of \(all.failed) drives had an open fault of urgency plan or order in the "
                        + "\(result.measures.windowDays) days before"
            ),
            (
                BacktestPage.measured(compare.falseAlarmRateOfAllWindows, 2), "of healthy drives falsely alarmed",
                all.healthy == 0
                    ? "no healthy drive has a history long enough"
                    : "plan or order, within \(result.measures.windowDays) days: the mean over all such windows of "
                        + Wording.counted(all.healthy, "drive")
            ),
            (
                BacktestPage.measured(order.recallWithLead, 1),
                "of failures with the spare part ordered a week or more before",
                "\(Figure.plain(order.perThousandDriveYears, 1)) parts a year for each 1,000 drives"
            ),
            (
                all.survivors == 0 ? "not measured" : String(order.neverFailed), "parts bought for nothing",
                "of \(order.drives) ordered; \(Figure.plain(order.neverFailedPerThousandDriveYears, 1)) a year for each 1,000 drives"
            ),
        ]
        return "<div class=tiles>"
            + tiles.map { "<div><b>\($0.0)</b><span>\($0.1)</span><small>\($0.2)</small></div>" }.joined() + "</div>"
    }

    // MARK: Charts

    private var comparison: String {
        let compare = result.pack.comparison
        guard compare.recall != nil, compare.falseAlarmRateOfAllWindows != nil else {
            return "<p class=remark>Not measured: that needs drives that failed, and healthy ones with "
                + "\(result.measures.windowDays + result.measures.gapDays) days of history or more.</p>"
        }
        var chart = RecallChart()
        // One that was measured and said nothing stands at nothing.
        for row in result.baselines where row.drivesWithData > 0 {
            chart.add(row.comparison, row.name, .baseline, label: Baseline(rawValue: row.name)?.short)
        }
        for row in result.patterns where row.comparison.predicted + row.comparison.falseAlarms > 0 {
            chart.add(row.comparison, row.name, row.status == "shadow" ? .shadow : .pattern)
        }
        chart.add(compare, "the pack", .pack, label: "the pack")
        return """
            <p>Further up is better: more of the failures are foretold. Further left is better: fewer healthy drives are \
            accused. Point at a dot for its name and figures.</p>
            \(chart.svg)
            <p class=legend><i class=pack></i> all patterns together <i class=pattern></i> one pattern alone \
            <i class=shadow></i> one on trial <i class=baseline></i> a rule that everyone knows</p>
            """
    }

    private var leads: String {
        guard result.population.failed > 0 else { return "<p class=remark>Not measured: no drive failed.</p>" }
        return """
            <p>Drives that failed, by the time from the first fault of their life to the failure. A week or more is time to \
            have the part sent and exchanged.</p>
            \(LeadChart(plan: result.pack.plan.leads, order: result.pack.order.leads).svg)
            <p class=legend><i class=pattern></i> worth a visit (plan or order) <i class=pack></i> the part is sent (order)</p>
            """
    }

    // MARK: Tables

    private static func decision(_ decision: BacktestResult.Decision) -> [String] {
        [
            Figure.plain(decision.perThousandDriveYears, 1), Figure.percent(decision.failSoon, 0),
            Figure.plain(decision.neverFailedPerThousandDriveYears, 2), Figure.percent(decision.recallWithLead, 1),
        ]
    }

    private var costs: String {
        let pack = [
            ["The pack: parts sent (order)"] + BacktestPage.decision(result.pack.order),
            ["The pack: visits (plan or order)"] + BacktestPage.decision(result.pack.plan),
        ]
        let rows = pack + result.baselines.map { [$0.name] + BacktestPage.decision($0.order) }
        return """
            <p>Each drive is acted on once, at the first alarm of its life. Drives that left the fleet without a record \
            count as never failing, so that the waste is at most what stands here.</p>
            """
                + HTML.table(
                    [
                        "Whose alarm", "acted on a year for each 1,000 drives", "fail within 90 days",
                        "never fail, a year for each 1,000", "of all failures, told 7 days before or earlier",
                    ], rows)
    }

    private var first: String {
        let rows = result.patterns.filter { $0.firstOnFailed + $0.firstOnHealthy + $0.firstToOrder > 0 }
            .sorted { ($1.firstOnFailed, $0.name) < ($0.firstOnFailed, $1.name) }
        guard !rows.isEmpty else { return "" }
        return HTML.table(
            [
                "Pattern", "", "first on failed drives", "first on false alarms", "parts ordered",
                "of these for nothing",
            ],
            rows.map {
                [
                    $0.name, $0.title ?? "", String($0.firstOnFailed), String($0.firstOnHealthy),
                    String($0.firstToOrder), String($0.firstToOrderForNothing),
                ]
            }, textColumns: 2)
    }

    private var patterns: String {
        let fired = result.patterns.filter { $0.drives > 0 }
        guard !fired.isEmpty else { return "<p>No pattern had a fault on any drive. \(silence)</p>" }
        let rows = fired.map { row in
            [
                row.name, row.status ?? "", String(row.drives), Figure.percent(row.comparison.recall, 1),
                Figure.percent(row.comparison.falseAlarmRateOfAllWindows, 3),
                Figure.plain(row.plan.neverFailedPerThousandDriveYears, 2),
            ] + BacktestPage.decision(row.order)
        }
        let shadow =
            result.measuresShadow
            ? "Patterns on trial (shadow) are shown as if they were active."
            : "Patterns on trial (shadow) only inform, so that they show no alarms here."
        return "<p>\(silence) \(shadow)</p>"
            + HTML.table(
                [
                    "Pattern", "status", "drives with a fault", "foretold", "false alarms", "visits for nothing",
                    "parts", "fail within 90 days", "never fail", "told 7 days before",
                ], rows, textColumns: 2)
    }

    private var silence: String {
        let silent = result.silent
        return "\(Wording.counted(silent.withData.count, "pattern")) had data and no fault on any drive; "
            + "\(silent.withoutData.count) had no data: not for these drives, or not told by these histories."
    }

    private var models: String {
        HTML.table(
            [
                "Model", "drives", "failed", "foretold", "false alarms", "parts a year for each 1,000", "never fail",
                "part sent 7 days before",
            ],
            result.models.map { model in
                [
                    model.name.isEmpty ? "(no name)" : model.name, String(model.population.drives),
                    String(model.population.failed), Figure.percent(model.row.comparison.recall, 1),
                    Figure.percent(model.row.comparison.falseAlarmRateOfAllWindows, 2),
                    Figure.plain(model.row.order.perThousandDriveYears, 1),
                    Figure.plain(model.row.order.neverFailedPerThousandDriveYears, 2),
                    Figure.percent(model.row.order.recallWithLead, 1),
                ]
            })
    }

    private var problems: String {
        let entries = result.problems.entries
        guard !entries.isEmpty else { return "" }
        return section(
            "Rows that could not be used",
            HTML.table(
                ["Problem", "first at", "rows"],
                entries.map { [$0.problem, $0.firstPlace, String($0.count)] }, textColumns: 2))
    }

    private var method: String {
        let (measures, all) = (result.measures, result.population)
        return """
            <p><b>Foretold</b>: a fault of urgency plan or order was open on at least one of the \(measures.windowDays) days \
            before the failure; the day of the failure is too late. <b>Falsely alarmed</b>: the same on a drive that did \
            not fail, within a window of \(measures.windowDays) days that ended \(measures.gapDays) days or more before its \
            last row: the mean over all such windows of the \(all.healthy) drives that lived long enough for one, on the \
            card, in the chart and in the tables alike. Papers choose one window of each drive at random, which has luck \
            in it: that gives \(Figure.percent(result.pack.comparison.falseAlarmRate, 2)) \
            (\(result.pack.comparison.falseAlarms) of \(all.healthy), seed \(measures.seed)). \
            <b>Ordered</b>: the first fault of urgency order in the drive's whole life sends one part.\
            \(measures.isLatched ? " Faults of urgency plan were taken to stay open once they are." : "")</p>
            <p>\(all.tooShort) drives with rows on one day only are left out\
            \(measures.since == nil ? "" : ", and \(all.before) whose life ended before the time"). \
            \(result.rows) rows, \(result.drivesDaysReplayed) days of drives replayed.</p>
            """
    }

    private static let style = """
        :root{--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--paper:#fff;--tile:#f4f6f9;--pack:#c2410c;--pattern:#2563a8;\
        --baseline:#6b7280}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa5b4;--line:#333c48;--paper:#14181e;--tile:#1d232c;\
        --pack:#fb923c;--pattern:#6aa9ea;--baseline:#9ca3af}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
        main{max-width:66rem;margin:0 auto;padding:2rem 1.25rem 4rem}
        h1{font-size:1.9rem;line-height:1.2;margin:0 0 .75rem}h2{font-size:1.25rem;margin:2.5rem 0 .5rem}
        p{max-width:48rem}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:1rem;margin:1.5rem 0}
        .tiles div{background:var(--tile);border-radius:.6rem;padding:1rem}
        .tiles b{display:block;font-size:1.8rem;font-variant-numeric:tabular-nums}
        .tiles span{display:block}.tiles small{color:var(--soft)}
        .remark{border-left:4px solid var(--pack);padding-left:.75rem}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;width:100%}
        th{text-align:right;vertical-align:bottom;color:var(--soft);font-weight:600;line-height:1.25}
        th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line)}td{text-align:right}
        .text{text-align:left}td.text{min-width:9rem}
        svg{width:100%;height:auto;max-width:60rem;display:block}
        svg text{font:12px system-ui,sans-serif;fill:var(--soft)}svg text.name{fill:var(--ink);font-weight:600}
        svg .grid{stroke:var(--line)}
        .pack{fill:var(--pack)}.pattern{fill:var(--pattern)}.baseline{fill:var(--baseline)}
        circle.pattern{fill-opacity:.75}
        .shadow{fill:var(--paper);stroke:var(--pattern);stroke-width:1.5}
        .legend{color:var(--soft);max-width:none}
        .legend i{display:inline-block;width:.8em;height:.8em;border-radius:50%;margin:0 .25em 0 1em}
        .legend i:first-child{margin-left:0}
        i.pack{background:var(--pack)}i.pattern{background:var(--pattern)}
        i.shadow{border:2px solid var(--pattern)}i.baseline{background:var(--baseline);border-radius:0;transform:rotate(45deg)}
        """
}

extension Baseline {
    /// For a label in a chart.
    fileprivate var short: String {
        switch self {
        case .anyOfFive: "any of five"
        case .twoOfFive: "two of five"
        case .threeOfFive: "three of five"
        case .anyWithout188: "any but 188"
        case .weeklyIncrease: "7-day increase"
        case .vendorThresholds: "vendors"
        }
    }
}

/// What is the same in all pages.
enum HTML {
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            case _ where character.value < 32: escaped += " "
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// - Parameter textColumns: how many of the first columns are text; the others are numbers.
    static func table(_ header: [String], _ rows: [[String]], textColumns: Int = 1) -> String {
        func cells(_ row: [String], _ tag: String) -> String {
            row.enumerated().map { column, cell in
                "<\(tag)\(column < textColumns ? " class=text" : "")>\(escape(cell))</\(tag)>"
            }.joined()
        }
        return "<div class=scroll><table><thead><tr>\(cells(header, "th"))</tr></thead><tbody>\n"
            + rows.map { "<tr>\(cells($0, "td"))</tr>\n" }.joined() + "</tbody></table></div>\n"
    }
}
