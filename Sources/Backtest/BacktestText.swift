import FaultPatterns
import Reports

/// The result in words and tables, for a terminal.
public struct BacktestText: Sendable {
    private let result: BacktestResult
    private let figure = Figure()

    /// Models that are shown; the table of all of them is in JSON.
    private static let models = 15

    public init(_ result: BacktestResult) { self.result = result }

    public var text: String {
        var parts = [head, measures]
        if !result.baselines.isEmpty { parts.append(table("Baselines, as if each alarm ordered", result.baselines)) }
        parts += [leads, patterns, first, models]
        if !result.problems.entries.isEmpty { parts.append(problems) }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var head: String {
        let all = result.population
        let since = result.measures.since.map { ", from \($0) on" } ?? ""
        return """
            \(Wording.counted(all.drives, "drive"))\(since): \(all.failed) failed with history, \(all.survivors) that did not fail \
            (\(all.healthy) long enough for a window), \(all.tooShort) with one day only, \(all.before) before the time.
            \(figure.plain(result.driveYears, 0)) drive-years, \
            \(figure.plain(result.failuresPerThousandDriveYears, 1)) failures per 1,000. Patterns: \(result.patternPack).\(trial)
            """
    }

    private var trial: String {
        guard result.packIsOnTrial else { return "" }
        let names = Wording.counted(result.patterns.count, "pattern is", "patterns are")
        return
            "\nOn trial: \(result.patterns.count == 1 ? "the" : "all") \(names) shadow. All figures say what would be if "
            + "active; as long as they are on trial they only inform."
    }

    private var measures: String {
        let latched = result.measures.isLatched ? ", plan faults latched" : ""
        let window = result.measures.windowDays
        return """
            Compare: \(window) days before a failure; one window of \(window) days a healthy drive, ended \
            \(result.measures.gapDays) days before its last row\(latched).
            Decide: the first such fault of each drive's life, per 1,000 drive-years.
            \(table(result.packIsOnTrial ? "On trial, as if active" : "The pack", [result.pack], splitsUrgency: true))
            """
    }

    /// Both measures of some sources of alarms.
    private func table(_ title: String, _ rows: [BacktestResult.Row], splitsUrgency: Bool = false) -> String {
        var table = Columns([
            title, "recall", ">=7 d", "FAR", "FAR all windows", "acted on", "fail <=90 d", "never fail",
            "recall >=7 d",
        ])
        for row in rows {
            let compare = row.comparison
            table.add(
                [
                    splitsUrgency ? "plan or order" : row.name, figure.percent(compare.recall, 1),
                    figure.percent(compare.recallWithLead, 1), figure.percent(compare.falseAlarmRate, 3),
                    figure.percent(compare.falseAlarmRateOfAllWindows, 3),
                ] + cells(of: row.plan))
            if splitsUrgency { table.add(["order", "", "", "", ""] + cells(of: row.order)) }
        }
        return table.text
    }

    private func cells(of decision: BacktestResult.Decision) -> [String] {
        [
            figure.plain(decision.perThousandDriveYears, 1), figure.percent(decision.failSoon, 0),
            figure.plain(decision.neverFailedPerThousandDriveYears, 2), figure.percent(decision.recallWithLead, 1),
        ]
    }

    private var leads: String {
        var table = Columns(["Days from the first fault to the failure"] + Lead.names())
        table.add(["plan or order"] + result.pack.plan.leads.map(String.init))
        table.add(["order"] + result.pack.order.leads.map(String.init))
        return table.text
    }

    private var patterns: String {
        let fired = result.patterns.filter { $0.drives > 0 }
        var table = Columns([
            "Pattern, alone", "status", "drives", "recall", ">=7 d", "FAR", "planned", "never fail", "ordered",
            "fail <=90 d", "never fail", "recall >=7 d",
        ])
        for row in fired {
            table.add([
                row.name, row.status ?? "", String(row.drives), figure.percent(row.comparison.recall, 1),
                figure.percent(row.comparison.recallWithLead, 1), figure.percent(row.comparison.falseAlarmRate, 3),
                figure.plain(row.plan.perThousandDriveYears, 1),
                figure.plain(row.plan.neverFailedPerThousandDriveYears, 2),
                figure.plain(row.order.perThousandDriveYears, 1), figure.percent(row.order.failSoon, 0),
                figure.plain(row.order.neverFailedPerThousandDriveYears, 2),
                figure.percent(row.order.recallWithLead, 1),
            ])
        }
        let shadow =
            result.measuresShadow
            ? "Shadow patterns: as if they were active."
            : "Shadow patterns only inform; --with-shadow says what they would do if they were active."
        return (fired.isEmpty ? "" : table.text + "\n") + (silence + [shadow]).joined(separator: "\n")
    }

    /// Patterns that are named; of more their number is enough.
    private static let named = 12

    private var silence: [String] {
        func line(_ names: [String], _ what: String) -> String? {
            guard !names.isEmpty else { return nil }
            let list = names.count <= BacktestText.named ? ": \(names.joined(separator: ", "))" : ""
            return "\(Wording.counted(names.count, "pattern")) \(what)\(list)."
        }
        let silent = result.silent
        return [
            line(silent.withData, "had data and no fault on any drive"),
            line(silent.withoutData, "had no data (not for these drives, or not told by these histories)"),
        ].compactMap(\.self)
    }

    private var first: String {
        var table = Columns([
            "First of the pack", "on failures", "on false alarms", "to order", "of these for nothing",
        ])
        let rows = result.patterns.filter { $0.firstOnFailed + $0.firstOnHealthy + $0.firstToOrder > 0 }
            .sorted { ($1.firstOnFailed, $0.name) < ($0.firstOnFailed, $1.name) }
        for row in rows {
            table.add([
                row.name, String(row.firstOnFailed), String(row.firstOnHealthy), String(row.firstToOrder),
                String(row.firstToOrderForNothing),
            ])
        }
        let bought = "Parts bought for nothing: \(result.pack.order.neverFailed) of \(result.pack.order.drives)."
        return rows.isEmpty ? bought : "\(table.text)\n\(bought)"
    }

    private var models: String {
        var table = Columns([
            "Model", "drives", "failed", "recall", "FAR", "ordered per 1,000", "never fail", "recall >=7 d",
        ])
        for model in result.models.prefix(BacktestText.models) {
            table.add([
                model.name, String(model.population.drives), String(model.population.failed),
                figure.percent(model.row.comparison.recall, 1), figure.percent(model.row.comparison.falseAlarmRate, 3),
                figure.plain(model.row.order.perThousandDriveYears, 1),
                figure.plain(model.row.order.neverFailedPerThousandDriveYears, 2),
                figure.percent(model.row.order.recallWithLead, 1),
            ])
        }
        let more = result.models.count - BacktestText.models
        return table.text + (more > 0 ? "\nand \(Wording.counted(more, "more model"))" : "")
    }

    private var problems: String {
        "Rows that could not be used:\n"
            + result.problems.entries.map {
                "  \($0.count): \($0.problem.rawValue) (first: \($0.firstPlace()))"
            }.joined(separator: "\n")
    }
}

extension Lead {
    /// The classes of the lead-time distribution, in days.
    static func names(in language: Language = .english) -> [String] {
        var begin = 1
        var names: [String] = []
        for end in classes {
            names.append("\(begin)-\(end)")
            begin = end + 1
        }
        return names + [language("\(begin) and more", "\(begin) und mehr")]
    }
}

/// Numbers as people read them; a dash for what was not measured.
struct Figure {
    var language = Language.english

    func percent(_ share: Double?, _ digits: Int) -> String { share.map { plain($0 * 100, digits) + " %" } ?? "-" }

    func plain(_ value: Double?, _ digits: Int) -> String {
        guard let text = Figure.plain(value, digits) else { return "-" }
        return language == .german ? text.replacing(".", with: ",") : text
    }

    /// With a point, as in coordinates and in English; nil where it is no number.
    static func plain(_ value: Double?, _ digits: Int) -> String? {
        guard let value, value.isFinite else { return nil }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let units = Int((abs(value) * scale).rounded())
        let whole = units / Int(scale)
        let sign = value < 0 && units > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let fraction = String(units % Int(scale))
        return "\(sign)\(whole).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}

/// A table with its first column to the left and numbers to the right.
struct Columns {
    private var rows: [[String]]

    init(_ header: [String]) { rows = [header] }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    var text: String {
        let widths = rows[0].indices.map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let blanks = String(repeating: " ", count: max(0, widths[column] - cell.count))
                line += column == 0 ? cell + blanks : "  " + blanks + cell
            }
            return line
        }.joined(separator: "\n")
    }
}
