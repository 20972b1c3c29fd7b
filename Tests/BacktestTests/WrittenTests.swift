import Backtest
import Foundation
import Reports
import Testing

/// What a back-test writes, against what is written of it.
@Suite("What a back-test writes")
struct WrittenTests {
    private static let page = Result {
        try String(contentsOf: Histories.root.appending(path: "docs/backtest.md"), encoding: .utf8)
    }

    /// Of the tables of `docs/backtest.md`: by object the keys, and whether they may be null.
    private static func documented() throws -> [String: [String: Bool]] {
        var tables: [String: [String: Bool]] = [:]
        for part in try page.get().components(separatedBy: "\n### `").dropFirst() {
            let section = try #require(part.components(separatedBy: "\n## ").first)
            let object = String(section.prefix { $0 != "`" })
            for line in section.split(separator: "\n") where line.hasPrefix("| `") {
                let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
                tables[object, default: [:]][cells[1].trimmingCharacters(in: ["`"])] = !cells[4].isEmpty
            }
        }
        return tables
    }

    /// By object the keys of the JSON, and whether they are null.
    private static func keys(of json: String) throws -> [String: [String: Bool]] {
        var tables: [String: [String: Bool]] = [:]
        func take(_ value: Any?, as object: String) throws {
            let mapping = try #require(value as? [String: Any], "\(object)")
            for (key, value) in mapping {
                tables[object, default: [:]][key] = (tables[object]?[key] ?? false) || value is NSNull
            }
        }
        func takeRow(_ value: Any?) throws {
            try take(value, as: "row")
            let row = value as? [String: Any]
            try take(row?["comparison"], as: "comparison")
            for decision in ["plan", "order"] { try take(row?[decision], as: "decision") }
        }
        let result = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        try take(result, as: "result")
        try take(result["measures"], as: "measures")
        try take(result["population"], as: "population")
        try takeRow(result["pack"])
        for rows in ["patterns", "baselines"] {
            for row in try #require(result[rows] as? [Any]) { try takeRow(row) }
        }
        for model in try #require(result["models"] as? [[String: Any]]) {
            try take(model, as: "model")
            try take(model["population"], as: "population")
            try takeRow(model["row"])
        }
        for problem in try #require(result["problems"] as? [Any]) { try take(problem, as: "problem") }
        return tables
    }

    /// A failed and a healthy drive, and a row that cannot be used.
    private static let fleet =
        Histories.header + "\n" + Histories.drive("A", fails: true, Histories.series((0, 40), (20, 10)))
        + Histories.drive("B", model: "ST8000NM0055", Histories.series((0, 95))) + "2016-01-01,C\n"

    @Test("docs/backtest.md has each key of the JSON and no other, and says of each whether it may be null")
    func keys() throws {
        let documented = try Self.documented()
        let all = try Self.keys(
            of: Histories.backtest(text: Self.fleet) { settings in
                settings.measuresBaselines = true
                settings.since = CalendarDay.number("2015-01-01")
            }.json)
        #expect(documented.keys.sorted() == all.keys.sorted())
        for (object, keys) in all {
            #expect((documented[object] ?? [:]).keys.sorted() == keys.keys.sorted(), "\(object)")
        }
        // What can be lacking is lacking in one of these: nothing failed, nothing is healthy, nothing is there.
        var nulls: [String: [String: Bool]] = [:]
        for text in [
            Self.fleet, Histories.header + "\n", Histories.header + "\n" + Histories.drive("A", [0]),
            Histories.header + "\n" + Histories.drive("A", Histories.series((0, 95))),
        ] {
            for (object, keys) in try Self.keys(of: Histories.backtest(text: text).json) {
                for (key, isNull) in keys { nulls[object, default: [:]][key] = nulls[object]?[key] == true || isNull }
            }
        }
        for (object, keys) in documented {
            for (key, mayBeNull) in keys where (object, key) != ("problem", "firstLine") {
                #expect(nulls[object]?[key] ?? false == mayBeNull, "\(object).\(key)")
            }
        }
    }

    @Test("Without `--since` and with it, the orders of the tables are those that docs/backtest.md counts in the CSV")
    func orders() throws {
        let pack = try Histories.pack([
            // Its urgency rises, and it clears.
            Histories.pattern(
                "disk.rises",
                ["urgency": [["when": "pending >= 100", "is": "order"], ["is": "plan"]] as [[String: Any]]]),
            Histories.pattern("disk.stays", ["when": "pending >= 200", "urgency": "order", "clear": "never"]),
            Histories.pattern("disk.trial", ["when": "pending >= 1", "urgency": "order", "status": "shadow"]),
        ])
        let text =
            Histories.header + "\n"
            // Planned, then ordered by one, then by both: one part.
            + Histories.drive("A", Histories.series((0, 10), (20, 5), (120, 5), (300, 80)))
            // Ordered on the day of its failure: too late.
            + Histories.drive("B", fails: true, Histories.series((0, 40), (300, 1)))
            // Ordered, cleared and ordered again; then it failed.
            + Histories.drive("C", fails: true, Histories.series((0, 10), (150, 5), (0, 5), (150, 20)))
            // Only the pattern on trial, and only a plan.
            + Histories.drive("D", Histories.series((0, 10), (5, 30)))
            + Histories.drive("E", Histories.series((20, 40)))
            // One day: it counts for nothing.
            + Histories.drive("F", [300])
            // Ordered and over in the first days; and one that ended before the later date.
            + Histories.drive("G", Histories.series((150, 8), (0, 60)))
            + Histories.drive("H", Histories.series((300, 5)))
        for (since, orders) in [(nil, 4), ("2016-01-20", 2)] as [(String?, Int)] {
            let outcome = try Histories.backtest(text: text, pack: pack) {
                $0.since = since.flatMap { CalendarDay.number($0) }
            }
            #expect(outcome.result.pack.order.drives == orders)
            #expect(try Self.orders(outcome.faults, since: since) == orders)
            for pattern in outcome.result.patterns {
                let lines = outcome.faults.split(separator: "\n").filter { $0.contains(",\(pattern.name),") }
                #expect(
                    try Self.orders(lines.joined(separator: "\n"), since: since) == pattern.order.drives,
                    "\(pattern.name)")
            }
        }
    }

    /// The command of the page, on the lines and the header.
    private static func orders(_ lines: String, since: String?) throws -> Int {
        let text = try page.get()
        let line = try #require(text.split(separator: "\n").first { $0.contains("awk -F, 'NR > 1") })
        let program = try #require(line.split(separator: "'").dropFirst().first)
        var kept = lines.split(separator: "\n").map(String.init)
        if let since {
            // What was over by then: the lines of one fault up to its clearing.
            var isOver = [Bool](repeating: false, count: kept.count)
            for (index, line) in kept.enumerated() {
                let cells = line.split(separator: ",", omittingEmptySubsequences: false)
                guard cells[2] == "cleared", cells[1] <= since else { continue }
                for before in kept.indices where before <= index {
                    let other = kept[before].split(separator: ",", omittingEmptySubsequences: false)
                    if other[0] == cells[0], other[3] == cells[3] { isOver[before] = true }
                }
            }
            kept = kept.indices.filter { !isOver[$0] }.map { kept[$0] }
        }
        return try Histories.inFolder { folder in
            let file = folder.appending(path: "faults.csv")
            try Data((FleetBacktest.faultHeader + kept.map { "\($0)\n" }.joined()).utf8).write(to: file)
            let awk = Process()
            awk.executableURL = URL(filePath: "/usr/bin/env")
            awk.arguments = ["awk", "-F,", String(program), file.path]
            let pipe = Pipe()
            awk.standardOutput = pipe
            try awk.run()
            let answer = pipe.fileHandleForReading.readDataToEndOfFile()
            awk.waitUntilExit()
            return try #require(Int(String(decoding: answer, as: UTF8.self).trimmingCharacters(in: .newlines)))
        }
    }

    /// The texts of a page: between the tags, and those of pictures.
    private static func texts(of page: String) -> [String] {
        var rest = page[...]
        var texts: [String] = []
        if let begin = rest.range(of: "<style>"), let end = rest.range(of: "</style>") {
            rest = page[..<begin.lowerBound] + page[end.upperBound...]
        }
        for piece in rest.split(separator: "<") {
            let parts = piece.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false)
            if let label = parts[0].components(separatedBy: "aria-label=\"").dropFirst().first {
                texts.append(String(label.prefix { $0 != "\"" }))
            }
            if parts.count == 2 { texts.append(parts[1].trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        return texts.filter { $0.contains(where: \.isLetter) }
    }

    @Test("The German page has every text of the English one, and no word of it")
    func german() throws {
        func texts(_ en: String, _ de: String) -> [String: [String: String]] {
            ["en": en, "de": de].mapValues { ["title": $0, "description": "d", "impact": "i", "action": "a"] }
        }
        let pack = try Histories.pack([
            Histories.pattern("disk.order", ["when": "pending >= 100", "urgency": "order", "clear": "never"]),
            Histories.pattern("disk.plan", ["text": texts("A disk decays", "Eine Festplatte verfällt")]),
            Histories.pattern("disk.trial", ["status": "shadow"]),
        ])
        let known: Set = ["disk.order", "disk.plan", "disk.trial", "ST4000DM000", "ST8000NM0055", "fleet.csv"]
        let histories = [
            Self.fleet, Histories.header + "\n" + Histories.drive("A", Histories.series((0, 95))),
            Histories.header + "\n" + Histories.drive("A", model: "", fails: true, Histories.series((0, 95))),
            Histories.header + "\n" + Histories.drive("A", Histories.series((0, 50))),
            Histories.header + "\n" + Histories.drive("A", [0]), Histories.header + "\n",
        ]
        for text in histories {
            for isLatched in [false, true] {
                let result = try Histories.backtest(text: text, pack: pack) { settings in
                    settings.measuresBaselines = true
                    settings.isLatched = isLatched
                    settings.since = isLatched ? CalendarDay.number("2016-01-01") : nil
                }.result
                let english = Self.texts(of: BacktestPage(result, data: ["fleet.csv"]).html)
                let page = BacktestPage(result, data: ["fleet.csv"], language: .german).html
                let german = Self.texts(of: page)
                #expect(page.contains("<html lang=\"de\">"))
                #expect(english.count == german.count)
                let words = Set(english).subtracting(known).filter { !$0.hasSuffix("/fleet.csv:147") }
                #expect(Set(german).isDisjoint(with: words), "\(Set(german).intersection(words))")
                for word in [" the ", " of ", " and ", " drive", " fault", " with ", " for "] {
                    #expect(!page.contains(word), "\(word)")
                }
                #expect(!german.contains { $0.contains(" ") && $0.contains(".0 %") })
            }
        }
        let result = try Histories.backtest(text: Self.fleet, pack: pack).result
        #expect(BacktestPage(result, language: .german).html.contains(">Eine Festplatte verfällt<"))
        #expect(BacktestPage(result, language: .german).html.contains("<b>100,0 %</b><span>der Ausfälle vorhergesagt"))
    }
}
