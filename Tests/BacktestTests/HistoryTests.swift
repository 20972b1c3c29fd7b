import Backtest
import Foundation
import TestSupport
import Testing
import Transfer

/// Files as they come: in pieces, in any order, packed, damaged.
@Suite("Histories")
struct HistoryTests {
    /// A fleet of many drives that differ, by drive.
    private static func fleet(_ count: Int, days: Int = 120) -> [(day: Int, serial: String, line: String)] {
        var generator = SplitMix(seed: 7)
        var rows: [(Int, String, String)] = []
        for drive in 0..<count {
            let serial = "S\(100_000 + drive)"
            let fails = drive % 5 == 0
            let onset = Int(generator.next() % UInt64(days))
            let pending = (0..<days).map { $0 < onset || drive % 3 == 0 ? 0 : Int(generator.next() % 150) }
            let model = drive % 2 == 0 ? "ST4000DM000" : "HGST HMS5C4040ALE640"
            for (day, line) in Histories.drive(serial, model: model, fails: fails, pending)
                .split(separator: "\n").enumerated()
            {
                rows.append((day, serial, String(line)))
            }
        }
        return rows
    }

    private static func write(_ text: String, _ folder: URL, _ name: String, gzip: Bool = false) throws -> String {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try (gzip ? try Gzip.compress(Data(text.utf8)) : Data(text.utf8)).write(to: file)
        return file.path
    }

    @Test("Plain, gzip, unsorted, and one file for each day give the same, whatever the number of threads")
    func equality() throws {
        let rows = Self.fleet(60)
        let sorted = ([Histories.header] + rows.map(\.line)).joined(separator: "\n") + "\n"
        try Histories.inFolder { folder in
            let plain = try Self.write(sorted, folder, "sorted.csv")
            let packed = try Self.write(sorted, folder, "sorted.csv.gz", gzip: true)
            let shuffled = rows.sorted { ($0.day, $1.serial) < ($1.day, $0.serial) }.map(\.line)
            let unsorted = try Self.write(
                ([Histories.header] + shuffled).joined(separator: "\r\n"), folder, "unsorted.csv")
            for (day, lines) in Dictionary(grouping: rows, by: \.day) {
                let text = ([Histories.header] + lines.map(\.line).reversed()).joined(separator: "\n") + "\n"
                _ = try Self.write(text, folder, "daily/\(day).csv\(day % 4 == 0 ? ".gz" : "")", gzip: day % 4 == 0)
                _ = try Self.write("no history", folder, "daily/__MACOSX/._\(day).csv")
            }
            let expected = try Histories.backtest([plain])
            #expect(expected.result.rows == 60 * 120)
            #expect(expected.result.pack.comparison.predicted > 3)
            #expect(expected.faults.split(separator: "\n").count > 50)
            for path in [plain, packed, unsorted, folder.appending(path: "daily").path] {
                for threads in [1, 2, 5] {
                    let outcome = try Histories.backtest([path]) { $0.threads = threads }
                    #expect(outcome.json == expected.json, "\(path) with \(threads) threads")
                    #expect(outcome.faults == expected.faults, "\(path) with \(threads) threads")
                }
            }
        }
    }

    @Test("Pieces of a large file end between drives, and threads share them")
    func pieces() throws {
        // More than two pieces of 2 MB.
        let rows = Self.fleet(60)
        let comment = String(repeating: "x", count: 700)
        let text =
            ([Histories.header + ",comment"] + rows.map { "\($0.line),\(comment)" }).joined(separator: "\n") + "\n"
        #expect(text.utf8.count > 5 << 20)
        try Histories.inFolder { folder in
            let file = try Self.write(text, folder, "fleet.csv.gz", gzip: true)
            let one = try Histories.backtest([file])
            let three = try Histories.backtest([file]) { $0.threads = 3 }
            #expect(one.result.population.drives == 60)
            #expect(one.result.rows == 60 * 120)
            #expect(one.json == three.json)
            #expect(one.faults == three.faults)
            let serials = one.faults.split(separator: "\n").map { String($0.prefix { $0 != "," }) }
            #expect(serials == serials.sorted())
        }
    }

    @Test("Only the drives that are named count")
    func named() throws {
        let text = Histories.header + "\n" + Self.fleet(20).map(\.line).joined(separator: "\n")
        let all = try Histories.backtest(text: text).result
        let half = try Histories.backtest(text: text) { $0.drives = Set((0..<10).map { "S\(100_000 + $0)" }) }.result
        let other = try Histories.backtest(text: text) { $0.drives = Set((10..<20).map { "S\(100_000 + $0)" }) }.result
        #expect(half.population.drives == 10)
        #expect(half.pack.comparison.predicted + other.pack.comparison.predicted == all.pack.comparison.predicted)
        #expect(half.pack.plan.drives + other.pack.plan.drives == all.pack.plan.drives)
    }

    @Test("Columns may come in any order, be missing or be strange")
    func columns() throws {
        let text = """
            smart_197_raw,label20,failure,"model",pod_id,serial_number,smart_300_raw,smart_197_raw,date,vault
            0,x,0,ST4000DM000,7,A,1,99,2016-01-01T00:00:00Z,v
            20,x,0,ST4000DM000,7,A,1,0,2016-01-02T00:00:00Z,v
            20,x,1,ST4000DM000,7,A,1,0,2016-01-03T00:00:00Z,v
            """
        let result = try Histories.backtest(text: text).result
        #expect(result.problems.entries.isEmpty)
        #expect(result.pack.comparison.leads[1] == 1)
        #expect(result.models[0].name == "ST4000DM000")
    }

    @Test("What a drive does not say is unknown: it neither opens nor clears a fault")
    func unknown() throws {
        let text = Histories.header + "\n" + Histories.drive("A", [0, 20, nil, nil, 20, 0])
        #expect(
            try Histories.backtest(text: text).faults == """
                A,2016-01-02,opened,disk.plan,disk.plan,plan,active,,yes
                A,2016-01-06,cleared,disk.plan,disk.plan,plan,active,,yes

                """)
    }

    @Test("The kind of a drive comes from its columns and its model")
    func kinds() throws {
        let pack = try Histories.pack([
            Histories.pattern("disk.hdd", ["applies_to": ["component": "disk", "rotational": "1", "bus": "ata"]]),
            Histories.pattern("disk.ssd", ["applies_to": ["component": "disk", "rotational": "0", "bus": "ata"]]),
            Histories.pattern(
                "disk.nvme",
                [
                    "applies_to": ["component": "disk", "bus": "nvme"],
                    "let": ["spare": "hw.physical_disk.spare"], "when": "spare < 0.1",
                ]),
            Histories.pattern(
                "disk.warning",
                [
                    "applies_to": ["component": "disk", "bus": "nvme"],
                    "let": ["warning": "hw.physical_disk.critical_warning{warning=\"reliability\"}"],
                    "when": "warning == \"asserted\"",
                ]),
        ])
        func fired(_ text: String) throws -> [String] {
            try Histories.backtest(text: text, pack: pack).faults.split(separator: "\n").map {
                String($0.split(separator: ",")[3])
            }
        }
        let head = "date,serial_number,model,failure,smart_3_raw,smart_177_raw,smart_197_raw\n2016-01-01,A,"
        #expect(try fired(head + "ST4000DM000,0,0,,20") == ["disk.hdd"])
        #expect(try fired(head + "CT250MX500SSD1,0,,,20") == ["disk.ssd"])
        #expect(try fired(head + "NEW 1,0,,9,20") == ["disk.ssd"])
        #expect(try fired(head + "NEW 1,0,0,9,20") == ["disk.hdd"])
        let nvme = "date,serial_number,model,failure,available_spare,critical_warnings\n2016-01-01,A,INTEL,0,"
        #expect(try fired(nvme + "9,0") == ["disk.nvme"])
        #expect(try fired(nvme + "90,4") == ["disk.warning"])
        #expect(try fired(nvme + ",") == [])
    }

    // MARK: Damage

    @Test("Rows that cannot be used are counted by their problem, with the place of the first, and the others count")
    func hostileRows() throws {
        let text = """
            \(Histories.header)
            2016-01-01,A,ST4000DM000,4000787030016,0,0,0,0
            2016-01-01,A,ST4000DM000,4000787030016,0,0,0,0
            2016-01-02,A,ST4000DM000,4000787030016,0,0,0
            2016-01-02,A,ST4000DM000,4000787030016,0,0,0,0,0
            2016-01-02,,ST4000DM000,4000787030016,0,0,0,0
            2016-02-30,A,ST4000DM000,4000787030016,0,0,0,0
            1969-02-03,A,ST4000DM000,4000787030016,0,0,0,0
            2015-12-31,A,ST4000DM000,4000787030016,0,0,0,0

            2016-01-03,A,ST4000DM000,4000787030016,0,0,0,-5
            2016-01-04,A,ST4000DM000,4000787030016,0,0,0,1e308
            2016-01-05,A,ST4000DM000,4000787030016,0,0,0,"20"
            2016-01-06,A,ST4000DM000,4000787030016,0,0,0,\0\0
            2016-01-07,A,ST4000DM000,4000787030016,0,0,0,99999999999999999999999
            2016-01-08,A,ST4000DM000,4000787030016,0,0,0,20.0
            2016-01-09,A,ST4000DM000,4000787030016,1,0,0,nan
            """
        let result = try Histories.backtest(text: text).result
        let problems = result.problems
        #expect(problems.count(of: .repeated) == 1)
        #expect(problems.count(of: .fieldCount) == 2)
        #expect(problems.count(of: .noSerial) == 1)
        #expect(problems.count(of: .badDate) == 2)
        #expect(problems.count(of: .goesBack) == 1)
        #expect(problems.count(of: .notANumber) == 6)
        #expect(problems.entries.first { $0.problem == .repeated }?.firstOffset == 135)
        #expect(problems.entries.first { $0.problem == .repeated }?.firstLine == 3)
        #expect(problems.entries.first { $0.problem == .goesBack }?.firstLine == 9)
        #expect(BacktestText(result).text.contains("fleet.csv:3"))
        #expect(result.rows == 8)
        #expect(result.pack.comparison.leads[1] == 1)
    }

    @Test("A line without an end is passed over, and what follows it counts")
    func longLine() throws {
        var text = Histories.header + "\n" + Histories.drive("A", fails: true, [0, 20, 20])
        text += String(repeating: "x", count: 9 << 20) + "\n" + Histories.drive("B", fails: true, [0, 20, 20])
        let result = try Histories.backtest(text: text).result
        #expect(result.problems.count(of: .lineTooLong) == 1)
        #expect(result.pack.comparison.predicted == 2)
        let endless = Histories.header + "\n" + String(repeating: "x", count: 9 << 20)
        #expect(try Histories.backtest(text: endless).result.rows == 0)
    }

    @Test("A file that is no history is refused with its name and what is wrong")
    func refused() throws {
        func problem(_ text: Data, _ name: String = "fleet.csv") throws -> String {
            try Histories.inFolder { folder in
                let file = folder.appending(path: name)
                try text.write(to: file)
                do {
                    _ = try Histories.backtest([file.path])
                    return "accepted"
                } catch { return "\(error)".replacing(folder.path, with: "") }
            }
        }
        #expect(try problem(Data()).hasPrefix("/fleet.csv: the first line names no column `date`"))
        #expect(
            try problem(Data("date,model\n".utf8)).hasPrefix("/fleet.csv: the first line names no column `serial_n"))
        #expect(try problem(Data(count: 1 << 20)).hasPrefix("/fleet.csv: the first line has more than 262144 bytes"))
        let packed = try Gzip.compress(Data((Histories.header + "\n" + Histories.drive("A", [1, 2, 3])).utf8))
        #expect(try problem(packed.dropLast(9)) == "/fleet.csv: the gzip data end too early; get the file anew")
        #expect(
            try problem(packed.prefix(30) + Data(count: 90))
                .hasPrefix("/fleet.csv: the data are not gzip, or damaged"))
        #expect(throws: BacktestError.self) { try Histories.backtest(["/nowhere/at-all.csv"]) }
        try Histories.inFolder { folder in
            _ = #expect(throws: BacktestError.self) { try Histories.backtest([folder.path]) }
        }
    }

    @Test(
        "Any number stands in a column, and the row after it is read",
        arguments: [
            "18446744073709551615", "18446744073709551616", "99999999999999999999999", "-1", "-0", "+5", "1e19",
            "1e400",
            "nan", "inf", "-9223372036854775808", "0x10", "18446744073709551614.9", "1.8446744073709552e19", " 7",
        ])
    func hostileNumbers(text: String) throws {
        let rows = [0, 1, 2].map { day in
            let value = day == 1 ? text : "0"
            return "2016-01-0\(day + 1),A,ST4000DM000,\(value),0,\(value),\(value),\(value)"
        }
        let outcome = try Histories.backtest(text: ([Histories.header] + rows).joined(separator: "\n") + "\n")
        #expect(outcome.result.rows == 3, "\(text)")
    }

    @Test("Bytes changed at random never end the run, and no row is counted twice")
    func fuzz() throws {
        let rows = Self.fleet(6, days: 40)
        let text = Array(([Histories.header] + rows.map(\.line)).joined(separator: "\n").utf8)
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SplitMix(seed: seed)
        let alphabet = Array(",\n\r\"-0129\0 xE.\u{7F}".utf8) + [0xFF, 0xC3]
        for _ in 0..<60 {
            var damaged = text
            for _ in 0..<(1 + Int(generator.next() % 40)) {
                let place = Int(generator.next() % UInt64(damaged.count))
                switch generator.next() % 4 {
                case 0: damaged[place] = alphabet[Int(generator.next() % UInt64(alphabet.count))]
                case 1: damaged.insert(alphabet[Int(generator.next() % UInt64(alphabet.count))], at: place)
                case 2: damaged.remove(at: place)
                default: damaged.removeSubrange(place..<min(damaged.count, place + 50))
                }
            }
            try Histories.inFolder { folder in
                let file = folder.appending(path: "fleet.csv")
                try Data(damaged).write(to: file)
                guard let outcome = try? Histories.backtest([file.path]) else { return }
                #expect(outcome.result.rows <= rows.count + 40, "seed \(seed)")
                #expect(
                    outcome.result.pack.comparison.predicted <= outcome.result.population.failed, "seed \(seed)")
            }
        }
    }
}
