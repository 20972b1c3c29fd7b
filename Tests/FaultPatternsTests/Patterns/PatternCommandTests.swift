import Foundation
import Testing

/// `callhome patterns lint|show|explain|list|test` on folders, as authors run them.
@Suite("Pattern commands", .serialized)
struct PatternCommandTests {
    /// A pattern file of the tests, with `text` put in the place of `old`.
    private static func source(_ id: String, _ changes: [(String, String)] = []) -> String {
        var text = """
            id: \(id)
            revision: 1
            status: active
            evidence: B
            applies_to: { component: disk, bus: ata }
            let:
              pending: hw.physical_disk.smart{attribute="197.raw"}
              heat: hw.temperature
            when: pending >= 16 and heat >= 60
            urgency: plan
            suspects: [{ part: self, certainty: 0.9 }]
            time_to_failure: { latest: 90d }
            action: replace-planned
            provenance: vendor's rule
            text:
              en: { title: It fails, description: It cannot read., impact: Files are lost., action: Exchange it. }
              de: { title: Sie fällt aus, description: Sie liest nicht., impact: Verlust., action: Tauschen. }
            sources: [a test]
            tests:
              - name: many sectors and heat
                series: { pending: "0x3 20x3", heat: "70x6" }
                expect: { at: 4, urgency: plan }
              - name: cool
                series: { pending: "20x3", heat: "40x3" }
                expect: none
              - name: not read
                series: { pending: "20x3", heat: "_x3" }
                expect: none

            """
        for (old, new) in changes {
            #expect(text.contains(old))
            text = text.replacingOccurrences(of: old, with: new)
        }
        return text
    }

    /// Writes files into a new folder of patterns and runs the command on it.
    private func run(
        _ arguments: [String], on files: [String: String]
    ) throws -> (status: Int32, output: String, problems: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "callhome-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            let file = folder.appending(path: "disk/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let outcome = try ShippedPatternTests.callhome(
            ["patterns"] + arguments.map { $0.replacingOccurrences(of: "FOLDER", with: folder.path) })
        return (outcome.status, outcome.text, outcome.problems)
    }

    @Test(
        "What cannot be run is refused with file, line and mend",
        arguments: [
            (
                "expect: { at: 4, urgency: plan }", "expect: none",
                "bad.yaml:20:3: the tests of disk.bad lack one that fires"
            ),
            (
                "pending >= 16 and heat", "pending >= heat and heat",
                "bad.yaml:9:15: pending has no unit and heat is in degrees Celsius (Cel), so that they cannot be compared"
            ),
            (
                "urgency: plan\nsuspects", "urgency: plan\nexplains: [disk.nothing]\nsuspects",
                "bad.yaml:11:12: `explains` names disk.nothing, and no pattern tells of such a fault; mend its spelling"
            ),
            (
                "action: replace-planned",
                "variants:\n  - with: { model: [\"ST*\"] }\n    ignore: true\n  - with: { firmware: [A1] }\n    "
                    + "ignore: true\naction: replace-planned",
                "bad.yaml:16:5: this variant and the one at"
            ),
            ("let:\n", "lets:\n", "bad.yaml:6:1: `lets` is not a key of a pattern; mend its spelling or take it out"),
        ])
    func refused(old: String, new: String, words: String) throws {
        let files = ["bad.yaml": Self.source("disk.bad", [(old, new)]), "good.yaml": Self.source("disk.good")]
        for command in ["test", "build"] {
            let outcome = try run(
                [command, "FOLDER"] + (command == "build" ? ["-o", "/dev/null/never"] : []), on: files)
            #expect(outcome.status == 65)
            #expect(outcome.problems.contains(words), "\(outcome.problems)")
            #expect(outcome.problems.contains("disk/bad.yaml:"))
        }
    }

    @Test(
        "A filter that names what there is not is refused with what may be meant, not answered with nothing",
        arguments: [
            (["list", "FOLDER", "--part", "dsik"], "perhaps disk"),
            (["list", "FOLDER", "--part", "zzz"], "there are backplane, board"),
            (["list", "FOLDER", "--part", "disk", "--part", "psuu"], "perhaps psu"),
            (["list", "FOLDER", "--status", "activ"], "perhaps active"),
            (["list", "FOLDER", "--urgency", "zzz"], "there are inform, order, plan, watch"),
            (["backtest", "FOLDER", "--html", "x.html", "--language", "fr"], "there are de, en"),
        ])
    func unknownFilters(arguments: [String], words: String) throws {
        let outcome = try run(arguments, on: ["a.yaml": Self.source("disk.a")])
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        #expect(outcome.problems.contains("is not known; \(words)"), "\(outcome.problems)")
    }

    @Test("A filter that leaves nothing over is answered with nothing")
    func emptyFilter() throws {
        let outcome = try run(["list", "FOLDER", "--part", "psu"], on: ["a.yaml": Self.source("disk.a")])
        #expect(outcome.status == 0 && outcome.output.contains("0 patterns"))
    }

    /// What `test`, `lint` and `build` say of one file, as lines without the folder; all three the same.
    private func problems(of text: String) throws -> [String] {
        var all: Set<[String]> = []
        for command in [["test", "FOLDER"], ["lint", "FOLDER"], ["build", "FOLDER", "-o", "/dev/null/never"]] {
            let outcome = try run(command, on: ["bad.yaml": text])
            #expect(outcome.status == 65)
            all.insert(
                outcome.problems.split(separator: "\n").map { line in
                    line.range(of: "disk/bad.yaml:").map { String(line[$0.upperBound...]) } ?? String(line)
                })
        }
        #expect(all.count == 1, "\(all)")
        return all.first ?? []
    }

    @Test("All that is wrong with a file is told at once, each with its line, and nothing that follows from it")
    func allProblems() throws {
        let three = try problems(
            of: Self.source(
                "disk.bad",
                [
                    ("revision: 1", "revision: one"), ("status: active", "status: on"),
                    ("urgency: plan\nsus", "urgency: soon\nsus"),
                ]))
        #expect(three.map { $0.prefix { $0 != ":" } } == ["2", "3", "10"], "\(three)")
        #expect(three.last?.contains("`urgency` is one of") == true, "\(three)")
        // A definition that is wrong spoils what uses it; of the rest all is told.
        let definition = try problems(
            of: Self.source(
                "disk.bad",
                [
                    ("heat: hw.temperature", "heat: hw.temperatur"),
                    ("action: replace-planned", "action: replace-plan"),
                    ("part: self, certainty: 0.9", "part: self, certainty: 9"), ("evidence: B", "evidence: D"),
                ]))
        #expect(definition.map { $0.prefix { $0 != ":" } } == ["4", "8", "11", "13"], "\(definition)")
        let tests = try problems(
            of: Self.source(
                "disk.bad",
                [
                    ("expect: { at: 4, urgency: plan }", "expect: { at: 4, urgency: soon }"),
                    ("\"20x3\", heat: \"_x3\"", "\"20y3\", heat: \"_x3\""),
                ]))
        #expect(tests.count == 2, "\(tests)")
        let keys = try problems(
            of: Self.source("disk.bad", [("revision: 1", "revison: 0"), ("provenance:", "origin:")]))
        #expect(keys.contains { $0.hasPrefix("2:1: a pattern needs `revision`, and `revison`") }, "\(keys)")
        #expect(keys.contains { $0.contains("`revision` is a whole number from 1") }, "\(keys)")
        #expect(keys.contains { $0.contains("a pattern needs `provenance`") }, "\(keys)")
        #expect(keys.contains { $0.contains("`origin` is not a key of a pattern") }, "\(keys)")
    }

    @Test("What YAML reads otherwise than its author is said in the author's words, and the rest of the file as well")
    func authorsWords() throws {
        let condition = "when: pending >= 16 and heat >= 60"
        for (written, quoted) in [
            ("when: > 3", "when: '> 3'"), ("when: \"opened\" == 3", "when: '\"opened\" == 3'"),
            ("when: '>' == 3", "when: '''>'' == 3'"), ("when: @heat", "when: '@heat'"),
            ("when: heat: 3", "when: 'heat: 3'"),
        ] {
            let found = try problems(
                of: Self.source("disk.bad", [(condition, written), ("revision: 1", "revision: one")]))
            let words = found.first { $0.contains("an expression that begins with >") }
            #expect(words?.hasPrefix("9:7: ") == true, "\(found)")
            #expect(words?.hasSuffix("must be quoted as a whole: \(quoted)") == true, "\(found)")
            #expect(found.contains { $0.hasPrefix("2:11: `revision`") }, "\(found)")
        }
        let tabs = try problems(
            of: Self.source("disk.bad", [("  pending: hw", "\tpending: hw"), ("  heat: hw", "  \theat: hw")]))
        #expect(tabs == ["7:1: indent with spaces, not tabs", "8:3: indent with spaces, not tabs"])
        // What only begins like one is none.
        let quoted = Self.source("disk.a", [(condition, "when: \"pending >= 16 and heat >= 60\" # both")])
        let fine = try run(["lint", "FOLDER"], on: ["a.yaml": quoted])
        #expect(fine.status == 0, "\(fine)")
    }

    @Test("A pattern without tests is refused at its first line")
    func untested() throws {
        let whole = Self.source("disk.bad")
        let text = String(whole[..<(try #require(whole.range(of: "tests:")).lowerBound)])
        let outcome = try run(["lint", "FOLDER"], on: ["bad.yaml": text])
        #expect(outcome.status == 65)
        #expect(outcome.problems.contains("bad.yaml:1:1: disk.bad has no `tests`; it needs one that fires"))
    }

    @Test("Lint tells of findings with place and mend and exits with 1, of none with 0")
    func lint() throws {
        let clean = try run(["lint", "FOLDER"], on: ["a.yaml": Self.source("disk.a")])
        #expect(clean.status == 0 && clean.output.contains("1 pattern: clean, 0 warnings"), "\(clean)")
        let flaps = Self.source("disk.a", [("urgency: plan\nsuspects", "urgency: plan\nclear: pending < 20\nsuspects")])
        let found = try run(["lint", "FOLDER"], on: ["a.yaml": flaps])
        #expect(found.status == 1)
        #expect(found.output.contains("a.yaml:11:16: `clear` can hold while `when` holds"), "\(found.output)")
        #expect(found.output.contains("[clears-while-it-holds]"))
        let json = try run(["lint", "FOLDER", "--json"], on: ["a.yaml": flaps])
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        #expect(rows.first?["line"] as? Int == 11 && rows.first?["rule"] as? String == "clears-while-it-holds")
    }

    @Test("With a fleet, an active pattern that makes tickets on healthy drives is found by model")
    func fleet() throws {
        var rows = "date,serial_number,model,capacity_bytes,failure,smart_197_raw,smart_194_raw\n"
        for drive in 0..<250 {
            for day in 1...9 {
                rows += "2014-01-0\(day),D\(drive),M1,1000,0,\(drive < 5 && day > 4 ? 20 : 0),30\n"
            }
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(rows.utf8).write(to: file)
        let pattern = Self.source(
            "disk.a",
            [
                ("when: pending >= 16 and heat >= 60", "when: pending >= 16"), ("  heat: hw.temperature\n", ""),
                (", heat: \"70x6\"", ""), ("{ pending: \"20x3\", heat: \"40x3\" }", "{ pending: \"2x3\" }"),
                ("{ pending: \"20x3\", heat: \"_x3\" }", "{ pending: \"_x3\" }"),
            ])
        let found = try run(["lint", "FOLDER", "--fleet", file.path], on: ["a.yaml": pattern])
        #expect(found.status == 1)
        #expect(
            found.output.contains(
                "a.yaml:8:15: makes a ticket on 2 % of the healthy drives of M1 (5 of 250; the limit is 1 %)"),
            "\(found.output) \(found.problems)")
    }

    @Test("`show` tells a pattern to people, in both languages or one")
    func show() throws {
        let files = ["a.yaml": Self.source("disk.a")]
        let both = try run(["show", "disk.a", "--patterns", "FOLDER"], on: files)
        #expect(both.status == 0)
        for words in [
            "[en] It fails", "[de] Sie fällt aus", "pending is at least 16 sectors and heat is at least 60 °C",
            "90 % the part itself", "plan; time left at most 90 days", "vendor's rule", "pending >= 16 and heat >= 60",
        ] { #expect(both.output.contains(words), "\(words) in \(both.output)") }
        let german = try run(["show", "disk.a", "--patterns", "FOLDER", "--language", "de"], on: files)
        #expect(german.output.contains("[de]") && !german.output.contains("[en]"))
        #expect(try run(["show", "disk.a", "--patterns", "FOLDER", "--language", "fr"], on: files).status == 65)
        let near = try run(["show", "disk", "--patterns", "FOLDER"], on: files)
        #expect(near.status == 66 && near.problems.contains("no pattern is called disk; there are disk.a"))
    }

    @Test("`explain` tells signals, meanings, relations and an example with the moment of opening")
    func explain() throws {
        let counts = Self.source(
            "disk.a",
            [
                ("heat: hw.temperature", "heat: hw.temperature\n  fresh: increase(pending[7d])"),
                ("when: pending >= 16", "when: fresh >= 16"),
                (
                    "- name: not read",
                    "- name: set back\n    series: { pending: \"9 0\", heat: \"20x2\" }\n    expect: none\n  - name: not read"
                ),
            ])
        let cause = Self.source(
            "disk.b",
            [
                ("urgency: plan\nsuspects", "urgency: order\nexplains: [disk.a]\nsuspects"),
                ("urgency: plan }", "urgency: order }"),
            ])
        let page = try run(["explain", "disk.a", "--patterns", "FOLDER"], on: ["a.yaml": counts, "b.yaml": cause])
        #expect(page.status == 0, "\(page.problems)")
        for words in [
            "hw.temperature", "unit Cel", "the rise of pending within 7 days",
            "increase: rise of a counter in the window",
            "Sign of       disk.b", "Example: many sectors and heat", "<- the fault opens: plan", "70 °C",
            "neither opens nor clears",
            // What a person who writes no patterns does not know.
            "Status        active: in use", "Evidence      B: its numbers are a standard's", "90 % the part itself",
            "Certainty: how likely each is to be to blame", "(plan: a ticket: the part is replaced at the next visit)",
            "`clear`: until then the fault stays open", "\n  It cannot read.\n",
        ] { #expect(page.output.contains(words), "\(words) in \(page.output)") }
        #expect(!page.output.contains("`for`:"))
        let files = [
            "a.yaml": Self.source("disk.a", [("urgency: plan\nsuspects", "urgency: plan\nfor: 2 samples\nsuspects")])
        ]
        .mapValues { $0.replacingOccurrences(of: "at: 4", with: "at: 5") }
        let german = try run(["explain", "disk.a", "--patterns", "FOLDER", "--language", "de"], on: files)
        #expect(german.output.hasPrefix("disk.a: Sie fällt aus\n  Sie liest nicht.\n"), "\(german.output)")
        #expect(german.output.contains("`for`: so long the condition must hold"))
        let french = try run(["explain", "disk.a", "--patterns", "FOLDER", "--language", "fr"], on: files)
        #expect(french.status == 65 && french.problems.contains("disk.a has no text in `fr`; there are de, en"))
    }

    @Test("The pattern of patterns/README.md passes as it is printed there, and lint finds nothing in it")
    func readme() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "patterns/README.md"), encoding: .utf8)
        let blocks = page.components(separatedBy: "```")
        let block = try #require(blocks.first { $0.hasPrefix("yaml\nid:") })
        let files = ["example.yaml": String(block.dropFirst("yaml\n".count))]
        for command in ["test", "lint"] {
            let outcome = try run([command, "FOLDER/disk/example.yaml"], on: files)
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.problems)")
        }
    }

    @Test("`signals` lists, narrows down, tells one whole, and knows what a misspelt name means")
    func signals() throws {
        let all = try run(["signals"], on: [:])
        #expect(all.status == 0 && all.output.contains("hw.fan.speed_ratio"))
        let disks = try run(["signals", "physical_disk.smart"], on: [:])
        #expect(disks.output.contains("smart.health") && !disks.output.contains("hw.fan"))
        let one = try run(["signals", "hw.physical_disk.critical_warning"], on: [:])
        #expect(one.output.contains("warning: spare, temperature, reliability"), "\(one.output)")
        for (signal, probe) in [
            ("hw.psu.state", "ipmi, redfish, power-supplies or chip-sensors"), ("hw.pcie.errors", "pcie"),
            ("hw.psu.mode", "no probe yet: no interface that is read gives it"),
            ("hw.physical_disk.self_test.age", "disk-health"), ("hw.filesystem.error.age", "filesystems"),
        ] {
            let page = try run(["signals", signal], on: [:]).output
            #expect(page.contains("  probe   \(probe)\n"), "\(page)")
        }
        let json = try run(["signals", "hw.fan.speed", "--json"], on: [:])
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        #expect(rows.first?["unit"] as? String == "{rpm}" && rows.first?["components"] as? [String] == ["fan"])
        let probes = rows.first?["probesByKind"] as? [String: [String]]
        #expect(probes == ["fan": ["chip-sensors", "ipmi", "redfish"]])
        let typo = try run(["signals", "hw.temprature"], on: [:])
        #expect(typo.status == 66 && typo.problems.contains("perhaps hw.temperature"), "\(typo.problems)")
    }

    @Test("What cannot be written is said before the work, and a pack where files are needed is known as one")
    func paths() throws {
        let files = ["a.yaml": Self.source("disk.a")]
        for (arguments, words) in [
            (["backtest", "/nonexistent.csv", "--patterns", "FOLDER", "--html", "FOLDER"], "this is a folder"),
            (["backtest", "/nonexistent.csv", "--html", "/nonexistent/a.html"], "there is no folder /nonexistent"),
            (["build", "FOLDER", "-o", "/nonexistent/pack.json"], "there is no folder /nonexistent"),
        ] {
            let outcome = try run(arguments, on: files)
            #expect(outcome.status == 73 && outcome.problems.contains(words), "\(outcome.problems)")
            #expect(!outcome.problems.contains("Error"), "\(outcome.problems)")
        }
        let pack = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: pack) }
        #expect(try run(["build", "FOLDER", "-o", pack.path], on: files).status == 0)
        let tested = try run(["test", pack.path], on: files)
        #expect(tested.status == 65 && tested.problems.contains("this is a built pack"), "\(tested.problems)")
        for command in ["show", "explain"] {
            let read = try run([command, "disk.a", "--patterns", pack.path], on: files)
            #expect(read.status == 0 && read.output.contains("disk.a"), "\(read.problems)")
        }
        let near = try run(["show", "dsik.a", "--patterns", "FOLDER"], on: files)
        #expect(near.problems.contains("there are disk.a"), "\(near.problems)")
        let gap = try run(["backtest", "x.csv", "--gap", "-5"], on: files)
        #expect(gap.status == 64 && gap.problems.contains("--gap is a whole number from 0 to"), "\(gap.problems)")
        for (language, words) in [
            ("fr", "fr is not known; there are de, en"), ("de", "name its file with --html"),
        ] {
            let outcome = try run(["backtest", "x.csv", "--language", language], on: files)
            #expect(outcome.status == 64 && outcome.problems.contains(words), "\(outcome.problems)")
        }
    }

    @Test("`list` is filtered by part, status and urgency, and counts")
    func list() throws {
        let files = [
            "a.yaml": Self.source("disk.a"),
            "b.yaml": Self.source("disk.b", [("status: active", "status: shadow"), ("heat >= 60", "heat >= 61")]),
        ]
        let all = try run(["list", "FOLDER"], on: files)
        #expect(all.output.contains("2 patterns: 1 shadow, 1 active; evidence 2 B; 1 kind of part"), "\(all.output)")
        let shadow = try run(["list", "FOLDER", "--status", "shadow"], on: files)
        #expect(shadow.output.contains("disk.b") && !shadow.output.contains("disk.a"))
        #expect(try run(["list", "FOLDER", "--part", "dimm"], on: files).output.contains("0 patterns"))
        #expect(try run(["list", "FOLDER", "--urgency", "plan"], on: files).output.contains("2 patterns"))
        #expect(try run(["list", "FOLDER", "--urgency", "soon"], on: files).status == 64)
    }

    @Test(
        "What a site changes is checked against the pack and written; what does not fit is refused by name, with its line"
    )
    func overlay() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "callhome-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let patterns = folder.appending(path: "rules/disk")
        try FileManager.default.createDirectory(at: patterns, withIntermediateDirectories: true)
        let tunable = Self.source(
            "disk.first",
            [
                ("let:", "tunable: { limit: { default: 16, min: 8, max: 64 } }\nlet:"),
                ("pending >= 16", "pending >= limit"),
            ]
        )
        try Data(tunable.utf8).write(to: patterns.appending(path: "first.yaml"))
        let (pack, built) = (folder.appending(path: "pack.json").path, folder.appending(path: "overlay.json").path)
        #expect(
            try ShippedPatternTests.callhome(["patterns", "build", folder.appending(path: "rules").path, "-o", pack])
                .status == 0)
        func overlay(_ text: String) throws -> (status: Int32, output: String, problems: String) {
            let file = folder.appending(path: "overlay.yaml")
            try Data(text.utf8).write(to: file)
            let outcome = try ShippedPatternTests.callhome(
                ["patterns", "overlay", file.path, "--pack", pack, "-o", built])
            return (outcome.status, String(decoding: outcome.output, as: UTF8.self), outcome.problems)
        }
        let own = Self.source("site.own").split(separator: "\n", omittingEmptySubsequences: false)
            .joined(separator: "\n    ")
        let good = try overlay(
            "tune:\n  disk.first: { limit: 32, because: many }\nadd:\n  - \(own)\n")
        #expect(good.status == 0, "\(good.problems)")
        #expect(good.output.contains("tune disk.first limit = 32: many") && good.output.contains("add site.own"))
        let explained = String(
            decoding: try ShippedPatternTests.callhome(
                ["patterns", "explain", "disk.first", "--patterns", pack, "--overlay", built]
            ).output, as: UTF8.self)
        #expect(explained.contains("limit = 32, the maker's is 16; from 8 to 64"), "\(explained)")
        #expect(explained.contains("tune disk.first limit = 32: many"))
        try FileManager.default.removeItem(atPath: built)
        for (text, words) in [
            (
                "disable: { disk.frist: known }",
                "`disable` of disk.frist has no effect: no pattern is called so; perhaps disk.first"
            ),
            ("tune:\n  disk.first: { limit: 65, because: x }", "limit is 65, and the pattern allows 8 to 64"),
            ("shadow: {}\nurgency: { disk.first: inform }", "overlay.yaml:2:1: an overlay cannot say `urgency`"),
            ("add:\n  - id: site.own", "overlay.yaml:2:5: a pattern needs `revision`"),
        ] {
            let refused = try overlay(text)
            #expect(refused.status == 65 && refused.problems.contains(words), "\(refused.problems)")
            #expect(!FileManager.default.fileExists(atPath: built))
        }
    }
}
