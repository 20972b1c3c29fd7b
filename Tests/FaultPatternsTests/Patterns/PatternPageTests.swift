import Foundation
import Reports
import Testing

@testable import FaultPatterns

/// `docs/patterns.md`: every fault that can be found, with the part that it blames first. A pattern that goes, or comes to
/// blame another part, changes the page.
@Suite("Page of the patterns")
struct PatternPageTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/patterns.md")

    @Test("docs/patterns.md is what is made of the rule base")
    func page() throws {
        let page = Self.page(of: try ShippedPatternTests.pack().patterns)
        if ProcessInfo.processInfo.environment["CALLHOME_WRITE_CASES"] != nil {
            try Data(page.utf8).write(to: Self.file)
        }
        let written = (try? String(contentsOf: Self.file, encoding: .utf8)) ?? ""
        let (mine, theirs) = (Self.rows(page), Self.rows(written))
        for id in Set(mine.keys).union(theirs.keys).sorted() where mine[id] != theirs[id] {
            Issue.record("\(id): \(mine[id] ?? "is no pattern any more"); write the page anew: make cases")
        }
        #expect(written == page, "write it anew: make cases")
    }

    @Test("Whoever takes a pattern away, or lets it blame another part, is told of it by the page")
    func guarded() throws {
        let patterns = try ShippedPatternTests.pack().patterns
        let whole = Self.rows(Self.page(of: patterns))
        #expect(whole.count == patterns.count)
        for pattern in patterns {
            #expect(Self.rows(Self.page(of: patterns.filter { $0.id != pattern.id }))[pattern.id] == nil)
            var other = pattern
            other.suspects.insert(Pattern.SuspectRule(target: .kind(.chassis), certainty: 1), at: 0)
            let row = Self.rows(Self.page(of: [other]))[pattern.id]
            #expect(row != nil && row != whole[pattern.id] || Self.blamed(pattern) == "chassis", "\(pattern.id)")
        }
    }

    private static func rows(_ page: String) -> [String: String] {
        var rows: [String: String] = [:]
        for line in page.split(separator: "\n") where line.hasPrefix("| `") {
            rows[String(line.dropFirst(3).prefix { $0 != "`" })] = String(line)
        }
        return rows
    }

    /// The part that is blamed first.
    private static func blamed(_ pattern: Pattern) -> String {
        guard let first = pattern.suspects.max(by: { $0.certainty < $1.certainty }) else { return "–" }
        switch first.target {
        case .own: return "the part itself"
        case .parent: return "what it hangs on"
        case .kind(let kind): return kind.rawValue
        }
    }

    private static func page(of patterns: [Pattern]) -> String {
        let onTrial = patterns.count { $0.status == .shadow }
        var lines = [
            "# What can be found", "",
            "Every pattern that ships: what it says, of which parts, what comes of it at most (`order`: the part is sent",
            "now; `plan`: at the next visit; `watch` and `inform` make no ticket), and the part that it blames first. Those",
            "on trial are only shown. `callhome patterns explain ID` tells the rest. Written by `make cases`.", "",
            "\(patterns.count) patterns, \(patterns.count - onTrial) of them active and \(onTrial) on trial.",
        ]
        let groups = Dictionary(grouping: patterns) { String($0.id.prefix { $0 != "." }) }
        for (group, patterns) in groups.sorted(by: { $0.key < $1.key }) {
            let head = "| pattern | says | of | at most | blames first |"
            lines += ["", "## \(group)", "", head, "|---|---|---|---|---|"]
            for pattern in patterns.sorted(by: { $0.id < $1.id }) {
                let urgency = pattern.urgencies.max()?.rawValue ?? "–"
                let cells = [
                    "`\(pattern.id)`", pattern.texts["en"]?.title ?? "–",
                    pattern.kinds.map(\.rawValue).joined(separator: ", "),
                    pattern.status == .shadow ? "on trial" : urgency, blamed(pattern),
                ]
                lines.append("| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
