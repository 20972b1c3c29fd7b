import Backtest
import FoundationEssentials
import Reports
import Testing

@Suite("Baselines")
struct BaselineTests {
    private static let header =
        "date,serial_number,model,failure,smart_5_raw,smart_187_raw,smart_188_raw,smart_197_raw,smart_198_raw,"
        + "smart_5_normalized"

    /// Rows of one failing drive, one for each list of values.
    private static func text(_ rows: [[String]]) -> String {
        let first = CalendarDay.number("2016-01-01") ?? 0
        let lines = rows.enumerated().map { index, values in
            "\(CalendarDay.text(first + index)),A,ST4000DM000,\(index == rows.count - 1 ? 1 : 0),"
                + values.joined(separator: ",")
        }
        return ([header] + lines).joined(separator: "\n")
    }

    private static func leads(_ rows: [[String]], thresholds: String? = nil) throws -> [String: Int?] {
        let result = try Histories.backtest(text: text(rows)) { settings in
            settings.measuresBaselines = true
            settings.thresholds = thresholds.flatMap { try? VendorThresholds(json: Data($0.utf8)) }
        }.result
        return Dictionary(
            uniqueKeysWithValues: result.baselines.map { ($0.name, $0.comparison.leads.firstIndex { $0 > 0 }) })
    }

    @Test("Any, two and three of five are above 0 on a day; 188 counts among the five only")
    func countsOfFive() throws {
        let healthy = ["0", "0", "0", "0", "0", "100"]
        var rows = [[String]](repeating: healthy, count: 30)
        for day in 10..<30 { rows[day][2] = "5" }
        for day in 15..<30 { rows[day][0] = "1" }
        for day in 20..<30 { rows[day][3] = "8" }
        let leads = try Self.leads(rows)
        #expect(leads["any of 5, 187, 188, 197, 198 > 0"] == 19)
        #expect(leads["at least 2 of the five > 0"] == 14)
        #expect(leads["at least 3 of the five > 0"] == 9)
        #expect(leads["any of 5, 187, 197, 198 > 0"] == 14)
        #expect(leads["increase of 5, 187, 197 or 198 within 7 days"] == 14)
    }

    @Test("An increase counts for seven days, and what was not said before is none")
    func increase() throws {
        var rows = [[String]](repeating: ["", "0", "0", "3", "0", "100"], count: 60)
        // 5 is told from day 5 on; 197 rises on day 10 only, 50 days before the failure.
        for day in 5..<60 { rows[day][0] = "7" }
        for day in 10..<60 { rows[day][3] = "4" }
        #expect(try Self.leads(rows)["increase of 5, 187, 197 or 198 within 7 days"] == .some(nil))
        // Day 27 is 32 days before the failure; its seven days end on day 33.
        for day in 27..<60 { rows[day][3] = "5" }
        #expect(try Self.leads(rows)["increase of 5, 187, 197 or 198 within 7 days"] == 30)
        // A fall within the seven days ends it.
        for day in 28..<60 { rows[day][3] = "4" }
        #expect(try Self.leads(rows)["increase of 5, 187, 197 or 198 within 7 days"] == .some(nil))
    }

    @Test("A vendor's threshold is reached at a normalised value at or below it; 0 and advisory ones never are")
    func thresholds() throws {
        var rows = [[String]](repeating: ["0", "0", "0", "0", "0", "100"], count: 30)
        for day in 20..<30 { rows[day][5] = "10" }
        let name = "vendor thresholds (the drive's own verdict)"
        func json(_ threshold: Int, prefail: Bool) -> String {
            #"{"ST4000DM000":{"samples":1,"attributes":{"5":{"name":"x","threshold":\#(threshold),"prefail":\#(prefail)}}}}"#
        }
        #expect(try Self.leads(rows, thresholds: json(10, prefail: true))[name] == 9)
        #expect(try Self.leads(rows, thresholds: json(9, prefail: true))[name] == .some(nil))
        #expect(try Self.leads(rows, thresholds: json(10, prefail: false))[name] == .some(nil))
        #expect(try Self.leads(rows)[name] == nil)
    }

    /// From `tools/baselines.py` of the shared data with `--gap 1 --window 7 --no-trees` on that set.
    private static let expected: [(name: String, recall: Double, useful: Double)] = [
        ("any of 5, 187, 188, 197, 198 > 0", 0.65, 0.425), ("at least 2 of the five > 0", 0.65, 0.4),
        ("at least 3 of the five > 0", 0.125, 0.05), ("any of 5, 187, 197, 198 > 0", 0.65, 0.4),
        ("increase of 5, 187, 197 or 198 within 7 days", 0.275, 0.05),
    ]

    private static let realSet = Histories.root.deletingLastPathComponent()
        .appending(path: "shared/data/disks/bb2016q2_st4000dm000_full.csv.gz").path

    @Test(
        "On a real set the baselines are those of the data's own script",
        .enabled(if: FileManager.default.fileExists(atPath: realSet), "no histories of disks"))
    func parity() throws {
        let result = try Histories.backtest([Self.realSet]) { settings in
            settings.measuresBaselines = true
            settings.window = 7
            settings.gap = 1
        }.result
        #expect(result.population.failed == 40 && result.population.healthy == 125)
        for expected in Self.expected {
            let row = try #require(result.baselines.first { $0.name == expected.name })
            #expect(abs((row.comparison.recall ?? 0) - expected.recall) < 0.000_5, "\(expected.name)")
            #expect(abs((row.comparison.recallWithLead ?? 0) - expected.useful) < 0.000_5, "\(expected.name)")
        }
    }
}
