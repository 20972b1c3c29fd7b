import Backtest
import FaultPatterns
import Foundation
import Reports
import Synchronization

/// Invented fleets and a small pack.
enum Histories {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// A folder that is gone afterwards.
    static func inFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "backtest-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// A pattern as it stands in a pack.
    static func pattern(_ id: String, _ changes: [String: Any] = [:]) -> [String: Any] {
        var fields: [String: Any] = [
            "id": id, "revision": "1", "status": "active", "evidence": "B",
            "applies_to": ["component": "disk"],
            "let": ["pending": "hw.physical_disk.smart{attribute=\"197.raw\"}"],
            "when": "pending >= 10", "urgency": "plan", "suspects": [["part": "self", "certainty": "0.9"]],
            "action": "replace-planned", "provenance": "vendor's rule", "sources": ["a test"],
            "text": [
                "en": ["title": "t", "description": "d", "impact": "i", "action": "a"],
                "de": ["title": "t", "description": "d", "impact": "i", "action": "a"],
            ],
        ]
        for (key, value) in changes { fields[key] = value }
        return fields
    }

    static func pack(_ patterns: [[String: Any]]) throws -> PatternPack {
        let pack: [String: Any] = ["format": 1, "engine_level": 1, "version": "test", "patterns": patterns]
        return try PatternPack(json: try JSONSerialization.data(withJSONObject: pack, options: [.sortedKeys]))
    }

    /// Ten pending sectors are planned for, a hundred are ordered for; the second stays until the part is exchanged.
    static let pack = Result {
        try pack([
            pattern("disk.order", ["when": "pending >= 100", "urgency": "order", "clear": "never"]),
            pattern("disk.plan"),
        ])
    }

    static let header = "date,serial_number,model,capacity_bytes,failure,smart_5_raw,smart_187_raw,smart_197_raw"

    /// Rows of one drive: `days` from 2016-01-01 on, with the value of 197 on each.
    static func drive(
        _ serial: String, model: String = "ST4000DM000", from first: Int = 0, fails: Bool = false, _ pending: [Int?]
    ) -> String {
        pending.enumerated().map { index, value in
            let isLast = index == pending.count - 1
            let date = CalendarDay.text((CalendarDay.number("2016-01-01") ?? 0) + first + index)
            return
                "\(date),\(serial),\(model),4000787030016,\(fails && isLast ? 1 : 0),0,0,\(value.map(String.init) ?? "")"
        }.joined(separator: "\n") + "\n"
    }

    static func series(_ parts: (value: Int?, days: Int)...) -> [Int?] {
        parts.flatMap { [Int?](repeating: $0.value, count: $0.days) }
    }

    struct Outcome {
        var result: BacktestResult
        var faults: String
        var json: String
    }

    static func backtest(
        _ paths: [String], pack: PatternPack? = nil, trial: PatternPack? = nil,
        _ change: (inout BacktestSettings) -> Void = { _ in }
    ) throws -> Outcome {
        var settings = BacktestSettings()
        settings.writesFaults = true
        change(&settings)
        let lines = Mutex<[UInt8]>([])
        let result = try FleetBacktest(patterns: try pack ?? Histories.pack.get(), trial: trial, settings: settings)
            .run(paths, faults: { piece in lines.withLock { $0 += piece } })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Outcome(
            result: result, faults: String(decoding: lines.withLock { $0 }, as: UTF8.self),
            json: String(decoding: try encoder.encode(result), as: UTF8.self))
    }

    /// Runs over one file with these lines.
    static func backtest(
        text: String, pack: PatternPack? = nil, trial: PatternPack? = nil,
        _ change: (inout BacktestSettings) -> Void = { _ in }
    ) throws -> Outcome {
        try inFolder { folder in
            let file = folder.appending(path: "fleet.csv")
            try Data(text.utf8).write(to: file)
            return try backtest([file.path], pack: pack, trial: trial, change)
        }
    }
}
