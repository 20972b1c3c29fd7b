import Foundation
import Reports
import TestSupport
import Testing

@testable import FaultPatterns

/// Raw errors of real memory modules (SmartMem), told to the engine, against `Calibration/memory_features.py`, which reads
/// and counts them by itself.
@Suite("Memory errors of the field")
struct RecordedModulesTests {
    private static let data = ServerProgram.packageRoot.appending(path: "../shared/data/fleets").standardizedFileURL
    private static let canRun =
        FileManager.default.fileExists(atPath: data.appending(path: "dimm_errors_raw.csv.gz").path)
        && ["/usr/bin", "/usr/local/bin", "/bin"].contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/python3")
        }

    /// A module of one of the two sources, which number them apart.
    private struct Module: Hashable {
        var serial: Substring
        var source: Substring
    }

    /// What the script prints.
    private static func script(_ arguments: String...) throws -> [Substring] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["python3", ServerProgram.packageRoot.appending(path: "Calibration/memory_features.py").path, data.path]
            + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
    }

    private static func cells(_ row: Substring) -> [Substring] {
        row.split(separator: ",", omittingEmptySubsequences: false)
    }

    /// All errors as the agent tells them, by module, in the order of time.
    private static func errors() throws -> [Module: [(time: Int64, signals: [Signal])]] {
        let rows = try script("--errors").map(cells)
        let head = try #require(rows.first)
        var modules: [Module: [(time: Int64, signals: [Signal])]] = [:]
        for row in rows.dropFirst() {
            let value = Dictionary(uniqueKeysWithValues: zip(head, row.map(String.init)))
            func text(_ name: Substring) -> String { value[name] == "-1" ? "unknown" : value[name] ?? "" }
            let error = ["device", "bank", "row", "column", "parity"].map { value[$0] ?? "" }.joined(separator: ".")
            let signals = [
                Signal("hw.memory.error", ["error.type": "corrected"]),
                Signal(
                    "hw.memory.cell_error",
                    [
                        "rank": "none", "group": "none", "bank": text("bank"), "row": text("row"),
                        "column": text("column"), "device": text("device"),
                    ]),
                Signal(
                    "hw.memory.error_bits",
                    [
                        "lines": text("lines"), "beats": text("beats"), "line_span": text("line_span"),
                        "beat_span": text("beat_span"), "bits": text("bits"), "burst": "8", "layout": "skylake",
                        "source": text("kind"), "log": "fresh", "error": error,
                    ]),
            ]
            let module = Module(serial: row[0], source: row[1])
            modules[module, default: []].append((try #require(Int64(text("time"))), signals))
        }
        return modules.mapValues { $0.sorted { $0.time < $1.time } }
    }

    private static let module = Component(
        id: ComponentID(.dimm, "A1"), kind: .dimm, name: "DIMM_A1", attributes: ["edac_memory_type": "Registered-DDR4"])

    /// One module's life, told error by error.
    private struct Life {
        var diagnosis: Diagnosis
        var left: ArraySlice<(time: Int64, signals: [Signal])>

        init(_ pack: PatternPack, _ errors: [(time: Int64, signals: [Signal])]) {
            diagnosis = Diagnosis(patterns: pack)
            left = errors[...]
            _ = diagnosis.know([module], at: Timestamp(seconds: (errors.first?.time ?? 0) - 1))
        }

        /// Tells all errors of the next second in which there are any.
        mutating func tellNext() -> (time: Int64, changes: [FaultChange])? {
            guard let time = left.first?.time else { return nil }
            let now = Timestamp(seconds: time)
            var told: [Observation] = []
            while let error = left.first, error.time == time {
                left.removeFirst()
                for signal in error.signals {
                    told.append(
                        Observation(
                            component: module.id, signal: signal, measurement: .event("error \(left.count)"), time: now)
                    )
                }
            }
            return (time, diagnosis.observe(told, at: now))
        }
    }

    /// What the engine counts otherwise than the script, which counts as the field data's own table does: an error of which no
    /// chip is told is in no group, and one that a program met and scrubbing found is counted with both.
    private struct Reading {
        var namesAllChips: Bool
        var hasOneKindEach: Bool

        init(_ errors: some Sequence<(time: Int64, signals: [Signal])>) {
            let signals = errors.flatMap(\.signals)
            namesAllChips = !signals.contains { $0[label: "device"] == "unknown" }
            let kinds = Set(
                signals.filter { $0.name == "hw.memory.error_bits" }.map { [$0[label: "error"], $0[label: "source"]] })
            hasOneKindEach = Set(kinds.map { $0[0] }).count == kinds.count
        }
    }

    /// What the engine knows of the first number that a pattern's sentence names.
    private static func number(
        _ pattern: String, of diagnosis: borrowing Diagnosis, at now: Timestamp
    ) throws -> Double {
        let entry = try #require(diagnosis.book.entryOfPattern[pattern])
        let compiled = diagnosis.book.compiled[diagnosis.book.entries[entry].base]
        let programs = (compiled.because ?? []).compactMap { piece in
            if case .number(let program) = piece { program } else { nil }
        }
        return diagnosis.memories[0].number(try #require(programs.first), at: now.milliseconds, diagnosis.book).low
    }

    /// What the script counts at random times, by module and in the order of time; each with its place in what it prints.
    private static func looks() throws -> (columns: [Substring], rows: [Module: [(number: Int, cells: [Substring])]]) {
        let looks = try script("--looks", "1000").map(cells)
        #expect(looks.count == 1_001)
        let rows = Dictionary(
            grouping: looks.dropFirst().enumerated().map { (number: $0.offset, cells: $0.element) }
        ) { Module(serial: $0.cells[0], source: $0.cells[1]) }
        return (
            try #require(looks.first),
            rows.mapValues { $0.sorted { (Int64($0.cells[2]) ?? 0, $0.number) < (Int64($1.cells[2]) ?? 0, $1.number) } }
        )
    }

    /// Seconds of the window that a feature's name ends with.
    private static func window(of feature: Substring) -> Int64 {
        feature.hasSuffix("_15m") ? 900 : feature.hasSuffix("_1h") ? 3_600 : 21_600
    }

    // MARK: Rules

    @Test(
        "At 1,000 random times of all raw errors the engine's features are those of the reference script",
        .enabled(if: canRun, "no field data beside the checkout, or no python3"), .timeLimit(.minutes(10)))
    func features() throws {
        let expressions = try String(
            contentsOf: ServerProgram.packageRoot.appending(path: "Calibration/features-memory.yaml"), encoding: .utf8
        ).split(separator: "\n").compactMap { line -> (name: Substring, expression: String)? in
            guard !line.hasPrefix("#"), let colon = line.firstRange(of: ": '"), line.hasSuffix("'") else { return nil }
            return (line[..<colon.lowerBound], String(line[colon.upperBound...].dropLast()))
        }
        #expect(expressions.count == 78)
        let pack = try PatternPack(
            json: Fixtures.json(
                expressions.enumerated().map { number, feature in
                    Fixtures.pattern(
                        "memory.feature-\(number)",
                        [
                            "applies_to": ["component": "dimm"], "let": ["x": feature.expression], "when": "x < 0",
                            "because": "{x}", "action": "watch", "urgency": "watch",
                        ])
                }))
        let (columns, byModule) = try Self.looks()
        let errors = try Self.errors()
        var compared = 0
        for (module, looks) in byModule {
            var life = Life(pack, try #require(errors[module]))
            for (_, look) in looks {
                let time = try #require(Int64(look[2]))
                while let next = life.left.first, next.time <= time { _ = life.tellNext() }
                let now = Timestamp(seconds: time)
                _ = life.diagnosis.observe([], at: now)
                var readings: [Int64: Reading] = [:]
                for window: Int64 in [900, 3_600, 21_600] {
                    readings[window] = Reading(
                        errors[module, default: []].filter { (time - window...time).contains($0.time) })
                }
                for (number, feature) in expressions.enumerated() {
                    let found = try Self.number("memory.feature-\(number)", of: life.diagnosis, at: now)
                    let place = try #require(columns.firstIndex(of: feature.name))
                    let expected = try #require(Double(look[place]))
                    let reading = try #require(readings[Self.window(of: feature.name)])
                    let what = "\(feature.name) of \(module.serial), \(module.source) at \(time)"
                    if feature.name.hasPrefix("fault_"), !reading.namesAllChips {
                        #expect(found <= expected, "\(what)")
                    } else if feature.name.contains("_ce_log_num"), !feature.name.hasPrefix("all"),
                        !reading.hasOneKindEach
                    {
                        #expect(found >= expected, "\(what)")
                    } else {
                        compared += 1
                        #expect(found == expected, "\(what)")
                    }
                }
            }
        }
        #expect(compared > 76_000)
    }

    @Test(
        "At 1,000 random times of all raw errors the shipped model's score is what LightGBM says, told the features or the errors",
        .enabled(if: canRun, "no field data beside the checkout, or no python3"), .timeLimit(.minutes(10)))
    func scores() throws {
        let scores = try String(
            contentsOf: ServerProgram.packageRoot.appending(path: "Calibration/results/memory-model-scores.txt"),
            encoding: .utf8
        ).split(separator: "\n").filter { !$0.hasPrefix("#") }.map { try #require(Double($0)) }
        #expect(scores.count == 1_000 && scores.count { $0 >= 0.47 } > 20 && Set(scores).count > 100)
        let ensemble = try TreeEnsemble(
            json: try Data(
                contentsOf: ServerProgram.packageRoot.appending(path: "patterns/models/memory-bits.json")))
        let pack = try PatternPack(json: try Data(contentsOf: ShippedPackFile.url()))
        let (columns, byModule) = try Self.looks()
        let places = try ensemble.features.map { feature in
            try #require(columns.firstIndex { $0 == feature.name }, "\(feature.name)")
        }
        let errors = try Self.errors()
        var compared = 0
        for (module, looks) in byModule {
            var life = Life(pack, try #require(errors[module]))
            for (number, look) in looks {
                let time = try #require(Int64(look[2]))
                let what = "\(module.serial), \(module.source) at \(time)"
                let features = try places.map { try #require(Double(look[$0])) }
                #expect(abs(ensemble.score(features.span) - scores[number]) <= 1e-12, "\(what)")
                while let next = life.left.first, next.time <= time { _ = life.tellNext() }
                let now = Timestamp(seconds: time)
                _ = life.diagnosis.observe([], at: now)
                let reading = Reading(
                    errors[module, default: []].filter { (time - 21_600...time).contains($0.time) })
                guard reading.namesAllChips, reading.hasOneKindEach else { continue }
                compared += 1
                let found = try Self.number("memory.failure-likely", of: life.diagnosis, at: now)
                #expect(abs(found - scores[number]) <= 1e-12, "\(what)")
            }
        }
        #expect(compared > 800)
    }

    @Test("The page of memory modules names the model that ships, and what its figures were made with")
    func provenance() throws {
        let calibration = ServerProgram.packageRoot.appending(path: "Calibration")
        let ensemble = try TreeEnsemble(
            json: try Data(
                contentsOf: ServerProgram.packageRoot.appending(path: "patterns/models/memory-bits.json")))
        let page = try String(contentsOf: calibration.appending(path: "memory-modules.md"), encoding: .utf8)
        #expect(page.contains(ensemble.contentHash))
        #expect(ensemble.training?.seed == 1)
        // Each server keeps what it asks for each of its modules.
        #expect(ensemble.nodeCount <= 2_000 && ensemble.features.count <= 24)
    }

    @Test(
        "The pattern that asks the model tells of three of the five modules with a ticket, as early as the script says, and of none of the eight others",
        .enabled(if: canRun, "no field data beside the checkout, or no python3"), .timeLimit(.minutes(10)))
    func likely() throws {
        let pack = try PatternPack(json: try Data(contentsOf: ShippedPackFile.url()))
        // | module | errors | ticket | learnt from | raised | highest score | raised otherwise | highest score |
        let page = try String(
            contentsOf: ServerProgram.packageRoot.appending(path: "Calibration/results/memory-model.md"),
            encoding: .utf8
        ).split(separator: "\n").filter { $0.hasPrefix("| sn_") }
        var raised: [Module: (text: String, ticket: Double?)] = [:]
        for row in page {
            let words = row.split(separator: "|").map { $0.trimming { $0 == " " } }
            let name = words[0].split(separator: ",")
            raised[Module(serial: name[0], source: name[1].trimming { $0 == " " })] = (
                String(words[4]), words[2].split(separator: " ").dropFirst().first.flatMap { Double($0) }
            )
        }
        #expect(raised.count == 13)
        var told = 0
        for (module, errors) in try Self.errors() {
            var life = Life(pack, errors)
            var first: Int64?
            while let (time, changes) = life.tellNext() {
                for change in changes where change.fault.pattern == "memory.failure-likely" {
                    #expect(change.fault.urgency == .inform, "on trial")
                    first = first ?? time
                }
            }
            let expected = try #require(raised[module])
            guard let first else {
                #expect(expected.text == "–", "\(module.serial), \(module.source)")
                continue
            }
            told += 1
            let hours = try #require(expected.text.split(separator: " ").first.flatMap { Double($0) })
            let ticket = try #require(expected.ticket)
            // The page rounds the ticket to a tenth of an hour.
            let lead = ticket - Double(first - (errors.first?.time ?? 0)) / 3_600
            #expect(abs(lead - hours) < 0.06, "\(module.serial): \(lead) h, the script says \(hours)")
        }
        #expect(told == 3)
    }

    @Test(
        "The shipped patterns tell of four of the five modules with a ticket hours before it, plan for one, and tell of none of the eight others",
        .enabled(if: canRun, "no field data beside the checkout, or no python3"), .timeLimit(.minutes(10)))
    func shipped() throws {
        let pack = try PatternPack(json: try Data(contentsOf: ShippedPackFile.url()))
        // | module | corrected errors | over days | ticket | D first | L first | N first |
        var isTicket: [Module: Bool] = [:]
        var holds: [Module: [Bool]] = [:]
        for row in try Self.script("--replay").dropFirst(2) {
            let words = row.split(separator: "|").map { $0.trimming { $0 == " " } }
            let name = words[0].split(separator: ",")
            let module = Module(serial: name[0], source: name[1].trimming { $0 == " " })
            isTicket[module] = words[3] != "none"
            holds[module] = words[4...6].map { $0 != "–" }
        }
        #expect(isTicket.count == 13)
        var told: [Bool: Int] = [:]
        var planned: [Bool: Int] = [:]
        for (module, errors) in try Self.errors() {
            var life = Life(pack, errors)
            var urgency: [String: Urgency] = [:]
            while let (_, changes) = life.tellNext() {
                for change in changes where change.kind != .cleared {
                    urgency[change.fault.pattern] = max(
                        urgency[change.fault.pattern] ?? .inform, change.fault.urgency)
                }
            }
            let ticket = try #require(isTicket[module] as Bool?)
            // Where two lines were wrong, that explains that there were three different errors.
            let found = [
                urgency["memory.devices-failing"] == .plan, urgency["memory.risky-bits"] != nil,
                urgency["memory.risky-bits"] != nil || urgency["memory.different-errors"] != nil,
            ]
            #expect(found == holds[module], "\(module.serial), \(module.source): \(urgency)")
            #expect(!urgency.values.contains(.order), "\(module.serial): \(urgency)")
            if found.contains(true) { told[ticket, default: 0] += 1 }
            if urgency.values.contains(.plan) { planned[ticket, default: 0] += 1 }
        }
        #expect(told == [true: 4])
        #expect(planned == [true: 1])
    }
}

extension Substring {
    fileprivate func trimming(_ isBlank: (Character) -> Bool) -> Substring {
        var text = self
        while let first = text.first, isBlank(first) { text.removeFirst() }
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
