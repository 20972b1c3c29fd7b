import Foundation
import Reports
import Testing

@testable import SensorAgent

/// Inputs of public reports on which monitoring tools were wrong, and what is right to say of them.
///
/// The right answers are `Tests/Fixtures/cases/expected.json`; `docs/cases.md` is made of it
/// (`make cases`). An answer that is wrong today bears `knownWrong`: it
/// must be wrong, so that whoever mends it takes the word away, and the list shrinks.
@Suite("Cases", .serialized, .timeLimit(.minutes(10)))
struct CaseTests {
    @Test(
        "Every case is answered as it should be, but for those that are known to be wrong",
        .enabled(if: ExpectedCase.areThere, "the cases are not beside the checkout"))
    func answers() async throws {
        try await CaseTests.judge(try ExpectedCase.all())
    }

    @Test("The gravest messages and events of Linux servers, as they are printed, open a fault of the right part")
    func gravest() async throws {
        let gravest = try ExpectedCase.gravest()
        #expect(gravest.count >= 70)
        for expected in gravest { #expect(!expected.faults.isEmpty && expected.source != nil, "\(expected.id)") }
        try await CaseTests.judge(gravest)
    }

    private static func judge(_ cases: [ExpectedCase]) async throws {
        let pack = try ShippedPack.built()
        var lines: [String] = []
        var (right, wrong) = (0, 0)
        for expected in cases {
            let assessment = try await expected.assessment(by: pack)
            let problems = expected.problems(in: assessment)
            let said = SaidFault.all(in: assessment).map { "\($0.pattern)(\($0.urgency.rawValue))" }
            let verdict: String
            switch (problems.isEmpty, expected.knownWrong) {
            case (true, nil):
                right += 1
                verdict = "right"
            case (false, .some):
                wrong += 1
                verdict = "known wrong"
            case (true, .some):
                verdict = "RIGHT NOW"
                Issue.record("\(expected.id) is right now: take knownWrong out of expected.json")
            case (false, nil):
                verdict = "WRONG"
                Issue.record("\(expected.id): \(problems.joined(separator: "; "))")
            }
            lines.append("\(verdict)\t\(expected.id)\t\(said.isEmpty ? "-" : said.joined(separator: ", "))")
            lines += problems.map { "\t\t\($0)" }
        }
        print(lines.joined(separator: "\n"))
        print("\(right) of \(right + wrong) cases right, \(wrong) known to be wrong")
    }

    @Test(
        "Every case beside the checkout has a right answer, and no other is answered",
        .enabled(if: ExpectedCase.areThere, "the cases are not beside the checkout"))
    func complete() throws {
        let folder = ExpectedCase.folder
        let entries = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let cases = entries.filter {
            FileManager.default.fileExists(atPath: folder.appending(path: "\($0)/case.md").path)
        }
        let small = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "parsers").path)
            .filter { $0 != "README.md" }.map { "parsers/\($0)" }
        let answered = try ExpectedCase.all().map(\.id)
        #expect(Set(answered).count == answered.count)
        #expect(Set(answered) == Set(cases + small))
    }

    @Test(
        "The same is said of a case with other names of devices, buses and bays, and another order of what has none",
        .enabled(if: ExpectedCase.areThere, "the cases are not beside the checkout"), arguments: [UInt64(1), 2, 3])
    func otherMachines(seed: UInt64) async throws {
        let pack = try ShippedPack.built()
        var changed = 0
        let cases = try (ExpectedCase.all() + ExpectedCase.gravest()).filter { $0.knownWrong == nil }
        for expected in cases {
            let input = try await CaseInput(of: expected)
            var mutation = CaseMutation(seed: seed)
            let other = try mutation.mutated(input)
            if !input.isSame(as: other) { changed += 1 }
            func said(_ assessment: Assessment) -> [String] {
                SaidFault.all(in: assessment).map { "\($0.pattern) \($0.urgency.rawValue)" }.sorted()
            }
            let before = said(try await expected.assessment(by: pack))
            let after = said(try await expected.assessment(by: pack) { _ in other })
            #expect(before == after, "\(expected.id) with seed \(seed)")
        }
        // Logs of a BMC and what has no names stay as they are.
        #expect(changed * 10 > cases.count * 8, "only \(changed) of \(cases.count) are another machine's")
    }

    @Test(
        "No pattern and no parser names a serial number or a host of a case",
        .enabled(if: ExpectedCase.areThere, "the cases are not beside the checkout"))
    func nameless() async throws {
        var names: Set<String> = []
        for expected in try ExpectedCase.all() {
            guard case .text(let text) = try await CaseInput(of: expected).content else { continue }
            for match in text.matches(of: #/(?i)serial[_ ]?(?:number|no\.?)?"? *[:=] *"?([A-Z0-9-]{8,})/#) {
                if !match.1.allSatisfy({ $0 == "0" }) { names.insert(String(match.1)) }
            }
        }
        #expect(names.count > 20)
        for folder in ["Sources", "patterns"] {
            let root = Recordings.package.appending(path: folder)
            let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
            while let file = files?.nextObject() as? URL {
                guard ["swift", "yaml"].contains(file.pathExtension) else { continue }
                let text = Recordings.text(file)
                for name in names where text.contains(name) { Issue.record("\(file.path) names \(name)") }
            }
        }
    }

    @Test("docs/cases.md is what is made of the right answers")
    func page() throws {
        let file = Recordings.package.appending(path: "docs/cases.md")
        let page = CasePage(try ExpectedCase.all(), gravest: try ExpectedCase.gravest()).text
        if ProcessInfo.processInfo.environment["CALLHOME_WRITE_CASES"] != nil { try Data(page.utf8).write(to: file) }
        #expect(Recordings.text(file) == page, "write it anew: make cases")
    }
}

/// `docs/cases.md`.
struct CasePage {
    private let cases: [ExpectedCase]
    private let gravest: [ExpectedCase]

    init(_ cases: [ExpectedCase], gravest: [ExpectedCase]) {
        self.cases = cases
        self.gravest = gravest
    }

    var text: String {
        var lines = [
            "# What is right to say", "", "## Of hard inputs", "",
            "Inputs from public reports on which monitoring tools were wrong, and what Callhome has to say of each. They",
            "are played by the test `CaseTests` through the real probe, the engine and the shipped patterns, as",
            "`callhome-agent diagnose PROBE --input FILE` does; the inputs lie beside the checkout and are not part of it.",
            "This page is made of `Tests/Fixtures/cases/` by `make cases`.",
            "", CasePage.sum(cases, of: "cases"), "", "| case | probe | the right answer | faults | |",
            "|---|---|---|---|---|",
        ]
        for expected in cases {
            let decided = expected.decided.map { " *Decided:* \($0)" } ?? ""
            lines.append(CasePage.row(expected.id, expected.probe, expected.right + decided, of: expected))
        }
        lines += [
            "", "## Of the gravest messages and events", "",
            "Each as the kernel or a tool prints it, with the place where it is printed or the standard that has it.",
            "",
            CasePage.sum(gravest, of: "messages"), "", "| message | printed by | what it says | faults | |",
            "|---|---|---|---|---|",
        ]
        for expected in gravest {
            lines.append(CasePage.row(expected.id, expected.source ?? "", expected.right, of: expected))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func sum(_ cases: [ExpectedCase], of what: String) -> String {
        let wrong = cases.count { $0.knownWrong != nil }
        return
            "\(cases.count) \(what), \(cases.count - wrong) of them answered rightly; \(wrong) are known to be wrong."
    }

    private static func row(_ cells: String..., of expected: ExpectedCase) -> String {
        let faults = expected.faults.map {
            "`\($0.pattern)` \($0.urgency.split(separator: "|").joined(separator: " or "))"
        }
        let verdict = expected.knownWrong.map { "**wrong**: \($0)" } ?? "right"
        let all = cells + [faults.isEmpty ? "none" : faults.joined(separator: ", "), verdict]
        return "| " + all.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
}
