import Foundation
import TestSupport
import Testing

/// What `--json` prints has one style in all commands of all programs.
@Suite("--json", .serialized)
struct JSONStyleTests {
    @Test("Names are lowerCamelCase, times RFC 3339 in UTC, and numbers with a unit bear it in their name")
    func style() async throws {
        let site = try await Site()
        defer { site.stop() }
        let server = try await site.server("one", modules: 2, patterns: ShippedPackFile.url().path)
        defer { server.agent.killNow() }
        // One that has not joined yet.
        let fresh = try Server("two", modules: 1, patterns: ShippedPackFile.url().path, in: site.folder)
        try fresh.agent.start()
        defer { fresh.agent.killNow() }
        try await eventually(within: .seconds(20), "the second agent answers") {
            FileManager.default.fileExists(atPath: fresh.socket) ? true : nil
        }
        let commands = try Commands(site, server, fresh)
        var seen: Set<String> = []
        for (program, words, arguments) in try commands.all() {
            let line = "\(program) \(words.joined(separator: " "))"
            let result = try runProgram(Program.built(program), words + arguments + ["--json"])
            let text = String(decoding: result.output, as: UTF8.self)
            let value = try #require(try? JSONDecoder().decode(Value.self, from: Data(text.utf8)), "\(line): \(text)")
            for problem in value.problems() { Issue.record("\(line): \(problem)") }
            seen.insert(line)
        }
        let none = try Program.run(
            Program.built("callhome-collector"),
            ["tokens", "revoke", "none", "--config", "\(site.folder.path)/collector.conf"])
        #expect(none.status == 66, "\(none)")
        for program in ExitCodeTests.programs {
            for command in try ProgramHelp.commands(of: program) where command.options.contains("json") {
                let line = "\(program) \(command.path.joined(separator: " "))"
                let tried = Commands.alike[line] ?? line
                #expect(seen.contains(tried), "\(line) has --json and is not tried here")
            }
        }
    }
}

/// Every command that has `--json`, in an order in which each has something to print.
private struct Commands {
    private let site: Site
    private let server: Server
    private let fresh: Server
    private let histories: URL
    private let features: URL
    private let overlay: URL

    init(_ site: Site, _ server: Server, _ fresh: Server) throws {
        self.site = site
        self.server = server
        self.fresh = fresh
        histories = site.folder.appending(path: "histories.csv")
        features = site.folder.appending(path: "features.yaml")
        overlay = site.folder.appending(path: "overlay.yaml")
        try Data("shadow: { disk.ata.active-uncorrectable: a test }".utf8).write(to: overlay)
        try Data(
            """
            pending: 'increase(hw.physical_disk.smart{attribute="197.raw"}[7d])'
            temperature: hw.temperature
            power_on_hours: known_for(hw.temperature) / 3600
            model: {attribute: model}
            firmware: {attribute: firmware}
            """.utf8
        ).write(to: features)
        var rows = "date,serial_number,model,capacity_bytes,failure,smart_197_raw,smart_194_raw\n"
        for day in 1...9 { rows += "2014-01-0\(day),D1,M1,1000,\(day / 9),\(day * 10),30\n" }
        try Data(rows.utf8).write(to: histories)
    }

    /// Commands that need an open fault, by those that print the same in the same place.
    static let alike = [
        "callhome repaired": "callhome replaced", "callhome acquitted": "callhome replaced",
        "callhome cases replaced": "callhome cases acknowledge",
        "callhome cases repaired": "callhome cases acknowledge",
        "callhome cases acquitted": "callhome cases acknowledge",
        "callhome cases resend": "callhome cases acknowledge",
        "callhome patterns rollout": "callhome patterns status", "callhome patterns halt": "callhome patterns status",
        "callhome patterns rollback": "callhome patterns status",
        "callhome recipients catch-up": "callhome recipients try",
        "callhome recipients drop": "callhome recipients try",
    ]

    /// A channel of the pack that was built, with one key of its root.
    private func channel() -> [Line] {
        let folder = site.folder.path
        return [
            (["keygen"], ["\(folder)/anna"]), (["keygen"], ["\(folder)/server"]),
            (
                ["root"],
                [
                    "-o", "\(folder)/1.root.json", "--root-key", "\(folder)/anna.pub", "--threshold", "1",
                    "--online-key",
                    "\(folder)/server.pub",
                ]
            ), (["sign"], ["\(folder)/1.root.json", "--key", "\(folder)/anna.pem"]),
            (
                ["publish"],
                [
                    "\(folder)/channel", "--root", "\(folder)/1.root.json", "--key", "\(folder)/server.pem", "--pack",
                    "\(folder)/pack.json", "--withdraw", "disk.ata.active-uncorrectable", "--because", "a test",
                ]
            ), (["fetch"], ["\(folder)/channel", "\(folder)/mirror", "--root", "\(folder)/1.root.json"]),
            (["verify"], ["\(folder)/mirror", "--root", "\(folder)/1.root.json"]),
        ].map { words, arguments in ("callhome", ["patterns"] + words, arguments) }
    }

    typealias Line = (program: String, words: [String], arguments: [String])

    func all() throws -> [Line] {
        let agent = ["--socket", server.socket]
        let collector = ["--collector-socket", "\(site.folder.path)/c.sock"]
        let agentConfig = ["--config", "\(site.folder.path)/one/agent.conf"]
        let collectorConfig = ["--config", "\(site.folder.path)/collector.conf"]
        let pattern = Site.packageRoot.appending(path: "patterns/disk/ata-active-uncorrectable.yaml").path
        let id = "disk.ata.active-uncorrectable"
        // One that is acknowledged and closed below: it stays open while a recipient does not take it.
        try Site.write("", to: site.folder.appending(path: "mailbox.closed"))
        _ = try server.command(["test", "--wait", "--timeout", "5"])
        let cases = try runProgram(
            Program.built("callhome"), ["cases", "list", "--state", "all", "--json"] + collector)
        guard let number = String(decoding: cases.output, as: UTF8.self).firstMatch(of: /CH-[0-9A-Z]{4}-[0-9A-Z]{4}/)
        else {
            throw ProgramError(what: "no case: \(String(decoding: cases.output, as: UTF8.self))")
        }
        let found = String(number.output)
        let because = ["--because", "a test"]
        func callhome(_ words: [String], _ arguments: [String]) -> Line { ("callhome", words, arguments) }
        return [
            callhome(["status"], agent), callhome(["doctor"], agent + ["--all"]),
            callhome(["test"], agent + ["--wait", "--timeout", "5"]),
            callhome(["enroll"], [site.address, "--token", try site.token(), "--socket", fresh.socket]),
            callhome(["replaced"], ["dimm:mc0/dimm0"] + agent),
            callhome(["cases", "list"], ["--state", "all"] + collector),
            callhome(["cases", "show"], [found] + collector),
            callhome(["cases", "acknowledge"], [found] + because + collector),
            callhome(["cases", "close"], [found] + because + collector),
            callhome(["servers", "list"], collector), callhome(["servers", "show"], ["one"] + collector),
            callhome(["recipients", "list"], collector), callhome(["recipients", "try"], ["desk"] + collector),
            callhome(["patterns", "status"], collector), callhome(["patterns", "update"], collector),
            callhome(["servers", "blind-spots", "list"], ["one"] + collector),
            callhome(["servers", "blind-spots", "accept"], ["one", "--all"] + because + collector),
            callhome(["servers", "blind-spots", "withdraw"], ["one", "--all"] + because + collector),
            callhome(["patterns", "list"], [pattern]), callhome(["patterns", "show"], [id, "--patterns", pattern]),
            callhome(["patterns", "explain"], [id, "--patterns", pattern]), callhome(["patterns", "signals"], []),
            callhome(["patterns", "test"], [pattern]), callhome(["patterns", "lint"], [pattern]),
            callhome(["patterns", "build"], [pattern, "-o", "\(site.folder.path)/pack.json"]),
            callhome(["patterns", "overlay"], [overlay.path, "--pack", "\(site.folder.path)/pack.json"]),
        ] + channel() + [
            callhome(["patterns", "backtest"], [histories.path, "--patterns", pattern, "--baselines"]),
            callhome(
                ["patterns", "import-model"],
                [
                    Site.packageRoot.appending(path: "Tests/Fixtures/Models/lightgbm.txt").path, "-o",
                    "\(site.folder.path)/model.json", "--features", features.path, "--provenance", "invented",
                    "--trained-on", "nothing",
                ]),
            ("callhome-agent", ["once"], agentConfig), ("callhome-agent", ["coverage"], agentConfig),
            ("callhome-agent", ["probes"], agentConfig),
            ("callhome-agent", ["replay"], [try ShippedPackFile.url().path] + agentConfig),
            ("callhome-agent", ["probe"], ["memory-errors", "--root", "\(site.folder.path)/one/root"]),
            (
                "callhome-agent", ["diagnose"],
                [
                    "disk-health", "--input",
                    Site.packageRoot.appending(path: "Tests/Fixtures/smartctl/ata.json").path, "--patterns",
                    try ShippedPackFile.url().path,
                ]
            ),
            ("callhome-collector", ["tokens", "create"], collectorConfig),
            ("callhome-collector", ["accounts", "list"], collectorConfig),
            ("callhome-collector", ["tokens", "list"], collectorConfig),
            ("callhome-collector", ["pair", "create"], collectorConfig),
            ("callhome-collector", ["pair", "list"], collectorConfig),
        ]
    }
}

/// A JSON value, and what is wrong with it.
private indirect enum Value: Decodable {
    case object([String: Value])
    case array([Value])
    case text(String)
    case number(Double)
    case other

    init(from decoder: any Decoder) throws {
        if let object = try? [String: Value](from: decoder) {
            self = .object(object)
        } else if let array = try? [Value](from: decoder) {
            self = .array(array)
        } else {
            let container = try decoder.singleValueContainer()
            if (try? container.decode(Bool.self)) != nil {
                self = .other
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .other
            }
        }
    }

    /// Objects whose names are data: languages, labels, attributes, days, kinds of parts.
    private static let maps: Set = [
        "title", "titles", "text", "texts", "labels", "attributes", "exceptions", "hazard", "with", "alarmedSurvivors",
        "probesByKind",
    ]
    private static let units = ["Seconds", "Milliseconds", "Bytes", "Days", "Years"]
    /// Their names are units.
    private static let unitNames: Set = ["milliseconds", "bytes", "drives", "rows", "driveDaysReplayed"]
    /// Numbers without a unit: counts, shares, places in a file or a sequence.
    private static let bare: Set = [
        "acceptedBlindSpots", "atMost", "attempts", "before", "bounded", "cases", "certainty", "column", "components",
        "count", "delivered",
        "drivesWithData", "engineLevel", "exact", "failSoon", "failed", "falseAlarmRate", "falseAlarmRateOfAllWindows",
        "falseAlarms",
        "faultChanges", "features",
        "first", "firstLine", "firstOffset", "firstOnFailed", "firstOnHealthy", "firstToOrder",
        "firstToOrderForNothing", "healthy", "leads", "line", "looks", "neverFailed", "nodes", "notReplayable", "open",
        "openCases", "parts",
        "patterns",
        "predicted", "processes", "reads", "recall", "recallWithLead", "refused", "revision", "rowsLeftOut", "seed",
        "seen",
        "signals", "surely", "survivors", "tests", "tooShort", "trees", "version", "waiting", "waitingFaultReports",
        "waitingTelemetryReports", "wakeUps",
    ]
    /// Values whose unit is that of their signal in the catalogue, and a fault's time left in days, as on the wire.
    private static let ofTheWire: Set = [
        "counter", "earliest", "last", "latest", "maximum", "mean", "minimum", "read", "reading",
    ]

    private static func isTime(_ name: String) -> Bool {
        name.contains(/(^|[a-z])(time|Time|At)$|^last(Contact|Receipt|Success|Heartbeat)$|^nextAttempt$|^through$/)
    }

    func problems(at path: String = "", named name: String = "", isData: Bool = false) -> [String] {
        switch self {
        case .object(let fields):
            fields.sorted { $0.key < $1.key }.flatMap { key, value in
                let isMap = Value.maps.contains(name)
                let wrong =
                    isMap || key.wholeMatch(of: /[a-z][A-Za-z0-9]*/) != nil
                    ? [] : ["\(path).\(key) is not lowerCamelCase"]
                return wrong + value.problems(at: "\(path).\(key)", named: key, isData: isMap || isData)
            }
        case .array(let values): values.flatMap { $0.problems(at: "\(path)[]", named: name, isData: isData) }
        case .text(let text):
            !isData && Value.isTime(name)
                && text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/) == nil
                ? ["\(path) is no time in RFC 3339 with Z: \(text)"] : []
        case .number(let number):
            isData || Value.bare.contains(name) || Value.ofTheWire.contains(name) || Value.unitNames.contains(name)
                || Value.units.contains(where: name.hasSuffix)
                ? [] : ["\(path) is a number without a unit in its name: \(number)"]
        case .other: []
        }
    }
}
