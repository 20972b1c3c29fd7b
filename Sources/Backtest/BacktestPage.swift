import FaultPatterns
public import Reports

/// The result as one HTML page that needs nothing else: for people who want to know whether the patterns are worth it.
public struct BacktestPage: Sendable {
    private let result: BacktestResult
    private let data: [String]
    private let language: Language
    private let figure: Figure

    /// - Parameter data: the files and folders of the histories, as they were named.
    public init(_ result: BacktestResult, data: [String] = [], language: Language = .english) {
        self.result = result
        self.data = data
        self.language = language
        figure = Figure(language: language)
    }

    public var html: String {
        """
        <!doctype html>
        <html lang="\(language.rawValue)"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(language("Back-test of the fault patterns", "Nachrechnung der Fehlermuster"))</title>
        <style>\(BacktestPage.style)</style></head><body><main>
        <h1>\(language("Would the patterns have told in time?", "Hätten die Muster rechtzeitig gewarnt?"))</h1>
        \(introduction)
        \(tiles)
        \(section(
            language(
                "How many failures are foretold, at how many false alarms",
                "Wie viele Ausfälle vorhergesagt werden, bei wie vielen Fehlalarmen"), comparison))
        \(section(language("How long before the failure", "Wie lange vor dem Ausfall"), leads))
        \(section(language("What acting on it costs", "Was es kostet, danach zu handeln"), costs))
        \(section(language("Which pattern told first", "Welches Muster zuerst warnte"), first))
        \(section(language("Each pattern alone", "Jedes Muster für sich"), patterns))
        \(section(language("By model of drive", "Nach Laufwerksmodell"), models))
        \(problems)
        \(section(language("How this was measured", "Wie gemessen wurde"), method))
        </main></body></html>

        """
    }

    private func section(_ title: String, _ body: String) -> String {
        body.isEmpty ? "" : "<section><h2>\(title)</h2>\n\(body)</section>"
    }

    private func drives(_ count: Int) -> String {
        language(Wording.counted(count, "drive"), "\(count) \(count == 1 ? "Laufwerk" : "Laufwerke")")
    }

    // MARK: In short

    private var introduction: String {
        let all = result.population
        let count = all.drives - all.before
        let counted = drives(count) + language("", count == 1 ? "" : "n")
        let years = figure.plain(result.driveYears, 0)
        let since = result.measures.since.map { language(" from \($0) on", " ab dem \($0)") } ?? ""
        let told = language(
            "The recorded histories of <b>\(counted)</b>\(since) were replayed day by day through the same engine that "
                + "watches live servers: \(years) years of drive life, in which <b>\(all.failed)</b> failed. Patterns: ",
            "Die aufgezeichneten Verläufe von <b>\(counted)</b>\(since) liefen Tag für Tag durch dieselbe Diagnose, die "
                + "laufende Server überwacht: \(years) Laufwerksjahre, in denen <b>\(all.failed)</b> ausfielen. Muster: "
        )
        let remarks = result.remarks(in: language).map { remark in
            "<p class=remark>\(language("Not all is measured", "Nicht alles ist gemessen")): \(HTML.escape(remark)).</p>"
        }
        return
            "<p>\(told)\(HTML.escape(result.patternPack)).\(histories)</p>\n\(trial)\(remarks.joined(separator: "\n"))"
    }

    private var trial: String {
        guard result.packIsOnTrial else { return "" }
        let words = language(
            "<b>On trial</b>: no pattern is in use (all are shadow). All figures say what would be if they were; as long as "
                + "they are on trial they only inform.",
            "<b>Auf Probe</b>: Kein Muster ist in Gebrauch (alle sind „shadow“). Alle Zahlen sagen, was wäre, wenn sie es "
                + "wären; solange sie auf Probe sind, geben sie nur Hinweise.")
        return "<p class=remark>\(words)</p>\n"
    }

    /// Names of histories that are shown.
    private static let names = 8

    private var histories: String {
        guard !data.isEmpty else { return "" }
        let more = data.count - BacktestPage.names
        let names = data.prefix(BacktestPage.names).map { HTML.escape($0) }.joined(separator: ", ")
        let rest = more > 0 ? language(" and \(more) more", " und \(more) weitere") : ""
        return language(" Histories: ", " Verläufe: ") + "\(names)\(rest)."
    }

    private var notMeasured: String { language("not measured", "nicht gemessen") }

    /// A share, or that it is none.
    private func measured(_ share: Double?, _ digits: Int) -> String {
        share.map { figure.percent($0, digits) } ?? notMeasured
    }

    private var tiles: String {
        let (compare, order) = (result.pack.comparison, result.pack.order)
        let (all, window) = (result.population, result.measures.windowDays)
        let ordered = figure.plain(order.perThousandDriveYears, 1)
        let wasted = figure.plain(order.neverFailedPerThousandDriveYears, 1)
        let tiles = [
            (
                measured(compare.recall, 1), language("of failures foretold", "der Ausfälle vorhergesagt"),
                all.failed == 0
                    ? language("no drive failed in these histories", "in diesen Verläufen fiel kein Laufwerk aus")
                    : language(
                        "\(compare.predicted) of \(all.failed) drives had an open fault of urgency plan or order in the "
                            + "\(window) days before",
                        "\(compare.predicted) von \(all.failed) Laufwerken hatten in den \(window) Tagen davor eine "
                            + "offene Meldung „Einplanen“ oder „Bestellen“")
            ),
            (
                measured(compare.falseAlarmRateOfAllWindows, 2),
                language("of healthy drives falsely alarmed", "der gesunden Laufwerke mit Fehlalarm"),
                all.healthy == 0
                    ? language(
                        "no healthy drive has a history long enough",
                        "kein gesundes Laufwerk hat einen genügend langen Verlauf")
                    : language(
                        "plan or order, within \(window) days: the mean over all such windows of \(drives(all.healthy))",
                        "„Einplanen“ oder „Bestellen“ binnen \(window) Tagen: das Mittel über alle solchen Zeitfenster "
                            + "(\(drives(all.healthy)))")
            ),
            (
                measured(order.recallWithLead, 1),
                language(
                    "of failures with the spare part ordered a week or more before",
                    "der Ausfälle mit dem Ersatzteil eine Woche vorher oder früher bestellt"),
                language(
                    "\(ordered) parts a year for each 1,000 drives", "\(ordered) Teile im Jahr je 1.000 Laufwerke")
            ),
            (
                all.survivors == 0 ? notMeasured : String(order.neverFailed),
                language("parts bought for nothing", "Teile umsonst gekauft"),
                language(
                    "of \(order.drives) ordered; \(wasted) a year for each 1,000 drives",
                    "von \(order.drives) bestellten; \(wasted) im Jahr je 1.000 Laufwerke")
            ),
        ]
        return "<div class=tiles>"
            + tiles.map { "<div><b>\($0.0)</b><span>\($0.1)</span><small>\($0.2)</small></div>" }.joined() + "</div>"
    }

    // MARK: Charts

    private var comparison: String {
        let compare = result.pack.comparison
        guard compare.recall != nil, compare.falseAlarmRateOfAllWindows != nil else {
            let days = result.measures.windowDays + result.measures.gapDays
            return "<p class=remark>"
                + language(
                    "Not measured: that needs drives that failed, and healthy ones with \(days) days of history or more.",
                    "Nicht gemessen: Dazu braucht es ausgefallene Laufwerke und gesunde mit einem Verlauf von mindestens "
                        + "\(days) Tagen.") + "</p>"
        }
        var chart = RecallChart(in: language)
        // One that was measured and reported nothing stands at nothing.
        for row in result.baselines where row.drivesWithData > 0 {
            let baseline = Baseline(rawValue: row.name)
            chart.add(
                row.comparison, baseline?.words(in: language) ?? row.name, .baseline,
                label: baseline?.short(in: language))
        }
        for row in result.patterns where row.comparison.predicted + row.comparison.falseAlarms > 0 {
            chart.add(row.comparison, row.name, row.status == "shadow" ? .shadow : .pattern)
        }
        let pack = language("the pack", "alle Muster")
        chart.add(compare, pack, .pack, label: pack)
        let reading = language(
            "Further up is better: more of the failures are foretold. Further left is better: fewer healthy drives are "
                + "accused. Point at a dot for its name and figures.",
            "Weiter oben ist besser: Mehr Ausfälle werden vorhergesagt. Weiter links ist besser: Weniger gesunde Laufwerke "
                + "werden verdächtigt. Der Mauszeiger auf einem Punkt zeigt dessen Namen und Zahlen.")
        return """
            <p>\(reading)</p>
            <div class=scroll>\(chart.svg)</div>
            <p class=legend><i class=pack></i> \(language("all patterns together", "alle Muster zusammen")) \
            <i class=pattern></i> \(language("one pattern alone", "ein Muster allein")) \
            <i class=shadow></i> \(language("one on trial", "eines auf Probe")) \
            <i class=baseline></i> \(language("a rule that everyone knows", "eine allgemein bekannte Regel"))</p>
            """
    }

    private var leads: String {
        guard result.population.failed > 0 else {
            let words = language("Not measured: no drive failed.", "Nicht gemessen: Kein Laufwerk fiel aus.")
            return "<p class=remark>\(words)</p>"
        }
        let reading = language(
            "Drives that failed, by the time from the first fault of their life to the failure. A week or more is time to "
                + "have the part sent and exchanged.",
            "Ausgefallene Laufwerke nach der Zeit von der ersten Meldung ihres Lebens bis zum Ausfall. Eine Woche oder mehr "
                + "reicht, um das Teil schicken und tauschen zu lassen.")
        let chart = LeadChart(plan: result.pack.plan.leads, order: result.pack.order.leads, language: language)
        return """
            <p>\(reading)</p>
            <div class=scroll>\(chart.svg)</div>
            <p class=legend><i class=pattern></i> \
            \(language("worth a visit (plan or order)", "einen Besuch wert (Einplanen oder Bestellen)")) \
            <i class=pack></i> \(language("the part is sent (order)", "das Teil wird geschickt (Bestellen)"))</p>
            """
    }

    // MARK: Tables

    private func cells(of decision: BacktestResult.Decision) -> [String] {
        [
            figure.plain(decision.perThousandDriveYears, 1), figure.percent(decision.failSoon, 0),
            figure.plain(decision.neverFailedPerThousandDriveYears, 2), figure.percent(decision.recallWithLead, 1),
        ]
    }

    private var costs: String {
        let pack = [
            [language("The pack: parts sent (order)", "Alle Muster: Teil geschickt (Bestellen)")]
                + cells(of: result.pack.order),
            [
                language("The pack: visits (plan or order)", "Alle Muster: Besuch (Einplanen oder Bestellen)")
            ] + cells(of: result.pack.plan),
        ]
        let rows =
            pack
            + result.baselines.map { row in
                [Baseline(rawValue: row.name)?.words(in: language) ?? row.name] + cells(of: row.order)
            }
        let reading = language(
            "Each drive is acted on once, at the first alarm of its life. Drives that left the fleet without a record "
                + "count as never failing, so that the waste is at most what stands here.",
            "Bei jedem Laufwerk wird einmal gehandelt, beim ersten Alarm seines Lebens. Laufwerke, die den Bestand ohne "
                + "Vermerk verließen, zählen als nie ausgefallen; umsonst ist also höchstens, was hier steht.")
        return "<p>\(reading)</p>"
            + HTML.table(
                [
                    language("Whose alarm", "Wessen Alarm"),
                    language("acted on a year for each 1,000 drives", "gehandelt im Jahr je 1.000 Laufwerke"),
                    language("fail within 90 days", "binnen 90 Tagen ausgefallen"),
                    language("never fail, a year for each 1,000", "nie ausgefallen, im Jahr je 1.000"),
                    language(
                        "of all failures, told 7 days before or earlier",
                        "von allen Ausfällen 7 Tage vorher oder früher gemeldet"),
                ], rows)
    }

    private var first: String {
        let rows = result.patterns.filter { $0.firstOnFailed + $0.firstOnHealthy + $0.firstToOrder > 0 }
            .sorted { ($1.firstOnFailed, $0.name) < ($0.firstOnFailed, $1.name) }
        guard !rows.isEmpty else { return "" }
        return HTML.table(
            [
                language("Pattern", "Muster"), language("what it says", "was es sagt"),
                language("first on failed drives", "zuerst bei ausgefallenen Laufwerken"),
                language("first on false alarms", "zuerst bei Fehlalarmen"),
                language("parts ordered", "Teile bestellt"), language("of these for nothing", "davon umsonst"),
            ],
            rows.map {
                [
                    $0.name, $0.title[language.rawValue] ?? $0.title["en"] ?? "", String($0.firstOnFailed),
                    String($0.firstOnHealthy), String($0.firstToOrder), String($0.firstToOrderForNothing),
                ]
            }, textColumns: 2)
    }

    private func words(ofStatus status: String?) -> String {
        switch status {
        case "active"?: language("active", "in Gebrauch")
        case "shadow"?: language("on trial", "auf Probe")
        default: status ?? ""
        }
    }

    private var patterns: String {
        let fired = result.patterns.filter { $0.drives > 0 }
        guard !fired.isEmpty else {
            let none = language("No pattern had a fault on any drive.", "Kein Muster meldete ein Laufwerk.")
            return "<p>\(none) \(silence)</p>"
        }
        let rows = fired.map { row in
            [
                row.name, words(ofStatus: row.status), String(row.drives), figure.percent(row.comparison.recall, 1),
                figure.percent(row.comparison.falseAlarmRateOfAllWindows, 3),
                figure.plain(row.plan.neverFailedPerThousandDriveYears, 2),
            ] + cells(of: row.order)
        }
        let shadow =
            result.measuresShadow
            ? language(
                "Patterns on trial (shadow) are shown as if they were active.",
                "Muster auf Probe stehen hier, als wären sie in Gebrauch.")
            : language(
                "Patterns on trial (shadow) only inform, so that they show no alarms here.",
                "Muster auf Probe geben nur Hinweise, darum stehen hier keine Alarme von ihnen.")
        let reading = language(
            "What is counted by the year is for each 1,000 drives.", "Was je Jahr gezählt ist, gilt je 1.000 Laufwerke."
        )
        return "<p>\(silence) \(shadow) \(reading)</p>"
            + HTML.table(
                [
                    language("Pattern", "Muster"), language("status", "Stand"),
                    language("drives with a fault", "Laufwerke mit Meldung"), language("foretold", "vorhergesagt"),
                    language("false alarms", "Fehlalarme"),
                    language("visits for nothing a year", "Besuche umsonst im Jahr"),
                    language("parts a year", "Teile im Jahr"),
                    language("fail within 90 days", "binnen 90 Tagen ausgefallen"),
                    language("never fail, a year", "nie ausgefallen, im Jahr"),
                    language("told 7 days before", "7 Tage vorher gemeldet"),
                ], rows, textColumns: 2)
    }

    private var silence: String {
        let silent = result.silent
        let (quiet, blind) = (silent.withData.count, silent.withoutData.count)
        return language(
            "\(Wording.counted(quiet, "pattern")) had data and no fault on any drive; \(blind) had no data: not for these "
                + "drives, or not told by these histories.",
            "\(quiet) Muster \(quiet == 1 ? "hatte" : "hatten") Daten und meldete\(quiet == 1 ? "" : "n") kein Laufwerk; "
                + "\(blind) \(blind == 1 ? "hatte" : "hatten") keine Daten: nicht für diese Laufwerke, oder die Verläufe "
                + "sagen es nicht.")
    }

    private var models: String {
        HTML.table(
            [
                language("Model", "Modell"), language("drives", "Laufwerke"), language("failed", "ausgefallen"),
                language("foretold", "vorhergesagt"), language("false alarms", "Fehlalarme"),
                language("parts a year for each 1,000", "Teile im Jahr je 1.000"),
                language("never fail", "nie ausgefallen"),
                language("part sent 7 days before", "Teil 7 Tage vorher geschickt"),
            ],
            result.models.map { model in
                [
                    model.name.isEmpty ? language("(no name)", "(ohne Namen)") : model.name,
                    String(model.population.drives), String(model.population.failed),
                    figure.percent(model.row.comparison.recall, 1),
                    figure.percent(model.row.comparison.falseAlarmRateOfAllWindows, 2),
                    figure.plain(model.row.order.perThousandDriveYears, 1),
                    figure.plain(model.row.order.neverFailedPerThousandDriveYears, 2),
                    figure.percent(model.row.order.recallWithLead, 1),
                ]
            })
    }

    private var problems: String {
        let entries = result.problems.entries
        guard !entries.isEmpty else { return "" }
        return section(
            language("Rows that could not be used", "Zeilen, die nicht brauchbar waren"),
            HTML.table(
                [
                    language("What is wrong", "Was nicht stimmt"), language("first at", "zuerst bei"),
                    language("rows", "Zeilen"),
                ],
                entries.map { [$0.problem.words(in: language), $0.firstPlace(in: language), String($0.count)] },
                textColumns: 2))
    }

    private var method: String {
        let (measures, all) = (result.measures, result.population)
        let (window, gap) = (measures.windowDays, measures.gapDays)
        let drawn = figure.percent(result.pack.comparison.falseAlarmRate, 2)
        let hits = result.pack.comparison.falseAlarms
        let foretold = language(
            "<b>Foretold</b>: a fault of urgency plan or order was open on at least one of the \(window) days before the "
                + "failure; the day of the failure is too late. <b>Falsely alarmed</b>: the same on a drive that did not "
                + "fail, within a window of \(window) days that ended \(gap) days or more before its last row: the mean "
                + "over all such windows of the \(all.healthy) drives that lived long enough for one, on the card, in the "
                + "chart and in the tables alike. Papers choose one window of each drive at random, which has luck in it: "
                + "that gives \(drawn) (\(hits) of \(all.healthy), seed \(measures.seed)). "
                + "<b>Ordered</b>: the first fault of urgency order in the drive's whole life sends one part.",
            "<b>Vorhergesagt</b>: Eine Meldung „Einplanen“ oder „Bestellen“ war an mindestens einem der \(window) Tage vor "
                + "dem Ausfall offen; der Tag des Ausfalls ist zu spät. <b>Fehlalarm</b>: dasselbe bei einem Laufwerk, das "
                + "nicht ausfiel, in einem Zeitfenster von \(window) Tagen, das mindestens \(gap) Tage vor seiner letzten "
                + "Zeile endet: das Mittel über alle solchen Zeitfenster der \(all.healthy) Laufwerke, deren Verlauf dafür "
                + "lang genug ist, auf der Karte, im Bild und in den Tabellen gleichermaßen. Veröffentlichungen wählen je "
                + "Laufwerk ein Zeitfenster durch Zufall; das ergäbe \(drawn) (\(hits) von \(all.healthy), Startwert "
                + "\(measures.seed)). <b>Bestellt</b>: Die erste Meldung „Bestellen“ im ganzen Leben des Laufwerks schickt "
                + "ein Teil.")
        let latched =
            measures.isLatched
            ? language(
                " Faults of urgency plan were taken to stay open once they are.",
                " Meldungen „Einplanen“ galten als offen bis zum Ende, sobald sie es einmal waren.") : ""
        let before =
            measures.since == nil
            ? ""
            : language(
                ", and \(all.before) whose life ended before the time",
                ", ebenso \(all.before), deren Verlauf vor der Zeit endet")
        let counts = language(
            "\(all.tooShort) drives with rows on one day only are left out\(before). \(result.rows) rows, "
                + "\(result.driveDaysReplayed) days of drives replayed.",
            "\(drives(all.tooShort)) mit Zeilen nur eines Tages \(all.tooShort == 1 ? "bleibt" : "bleiben") außer "
                + "Betracht\(before). \(result.rows) Zeilen, \(result.driveDaysReplayed) Laufwerkstage nachgerechnet.")
        return "<p>\(foretold)\(latched)</p>\n<p>\(counts)</p>"
    }

    private static let style = """
        :root{--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--paper:#fff;--tile:#f4f6f9;--pack:#c2410c;--pattern:#2563a8;\
        --baseline:#6b7280}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa5b4;--line:#333c48;--paper:#14181e;--tile:#1d232c;\
        --pack:#fb923c;--pattern:#6aa9ea;--baseline:#9ca3af}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
        main{max-width:76rem;margin:0 auto;padding:2rem 1.25rem 4rem}
        h1{font-size:1.9rem;line-height:1.2;margin:0 0 .75rem}h2{font-size:1.25rem;margin:2.5rem 0 .5rem}
        p{max-width:48rem;overflow-wrap:anywhere}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:1rem;margin:1.5rem 0}
        .tiles div{background:var(--tile);border-radius:.6rem;padding:1rem}
        .tiles b{display:block;font-size:1.8rem;font-variant-numeric:tabular-nums}
        .tiles span{display:block}.tiles small{color:var(--soft)}
        .remark{border-left:4px solid var(--pack);padding-left:.75rem}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;width:100%}
        th{text-align:right;vertical-align:bottom;color:var(--soft);font-weight:600;line-height:1.25}
        th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line)}td{text-align:right}
        .text{text-align:left}td.text:first-child{min-width:9rem}
        svg{width:100%;min-width:40rem;height:auto;max-width:60rem;display:block}
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
