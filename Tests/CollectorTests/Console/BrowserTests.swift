import Foundation
import Reports
import TestSupport
import Testing

@testable import Collector

@Suite("The console in a real browser")
struct BrowserTests {
    private static let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Pictures stay where CALLHOME_SCREENSHOTS says, for people to look at.
    private func pictures(_ folder: TemporaryFolder) throws -> String {
        let path = ProcessInfo.processInfo.environment["CALLHOME_SCREENSHOTS"] ?? folder.path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// On a thread of its own: the console answers on the cooperative ones, and would wait for the browser's end.
    private func run(_ arguments: [String]) async throws -> Int32 {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                let program = ["/usr/bin/timeout", "-k", "5", "60"] + arguments
                continuation.resume(
                    with: Result { try runProgram(program[0], Array(program.dropFirst())).status })
            }
        }
    }

    @Test(
        "Pages load wide and on a phone, without a script, a foreign source or an error",
        .enabled(if: browser != nil, "Chromium is not installed"), arguments: ["en", "de"])
    func pages(language: String) async throws {
        let browser = try #require(Self.browser)
        let fleet = try await TestFleet {
            $0.recipients = [
                SampleRecipient.email("smtp://127.0.0.1:1", name: "service-desk"),
                SampleRecipient.webhook("http://127.0.0.1:1", name: "ticket-system"),
            ]
        }
        try await fleet.addAdmin()
        try await BrowserFleet.fill(fleet)
        let folder = try TemporaryFolder()
        let pictures = try pictures(folder)
        try await withWeb(fleet) { web in
            _ = try await web.login()
            let number = try #require(try await fleet.store.cases(CaseQuery(host: "h1")).first).number
            let cookie = "__Host-callhome=\(web.cookies["__Host-callhome"] ?? "")"
            let proxy = try ServerProgram("cookie_proxy", [web.base, cookie, language])
            for (name, path) in [
                ("login", "/login"), ("servers", "/servers"), ("server", "/servers/h1"),
                ("blind-spots", "/servers/h1/blind-spots"), ("cases", "/cases?state=all"),
                ("case", "/cases/\(number)"), ("delivery", "/delivery"),
            ] {
                for (size, width, height) in [("wide", 1280, 900), ("phone", 390, 844)] {
                    // Of the second language one size is enough.
                    if language == "de", size == "wide" { continue }
                    // And there the dark colours are looked at.
                    let colours = language == "de" ? "--blink-settings=preferredColorScheme=0" : "--hide-scrollbars"
                    let file = "\(pictures)/\(name)-\(size)-\(language).png"
                    let status = try await run(
                        [
                            browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", colours,
                            "--disable-dev-shm-usage", "--user-data-dir=\(folder.path)/profile-\(size)-\(language)",
                            "--window-size=\(width),\(name == "server" ? 4 * height : name == "case" ? 2 * height : height)",
                            "--screenshot=\(file)", "http://127.0.0.1:\(proxy["port"])\(path)",
                        ])
                    #expect(status == 0)
                    let picture = try Data(contentsOf: URL(filePath: file))
                    #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]))
                    // An empty page compresses to almost nothing.
                    #expect(picture.count > 5_000, "\(name) \(size) looks empty")
                }
            }
            let statuses = Set(proxy.output.filter { !$0.contains("favicon") }.map { $0.contains("\"status\": 200") })
            #expect(statuses == [true], "\(proxy.output)")
        }
    }
}

/// A fleet with every state there is.
enum BrowserFleet {
    static func fill(_ fleet: TestFleet) async throws {
        let good = [
            ("disks", "ok", ""), ("chip-sensors", "ok", ""), ("memory-errors", "ok", ""),
            ("ipmi", "absent", "no /dev/ipmi0"),
        ]
        let failing = try await fleet.enrol("h1", hostname: "srv-labor-1")
        try await failing.heartbeat(good)
        try await failing.send(.inventory(Inventory(components: components, failureModes: failureModes)))
        for minute in 0..<96 {
            let time = fleet.clock.time
            try await failing.send(.samples(samples(minute: minute, time: time)))
            fleet.clock.advance(.seconds(900))
        }
        try await failing.heartbeat(good)
        try await failing.open(SampleTicket.fault)
        var second = SampleTicket.fault
        second.id = FaultID(rawValue: "f2")
        second.faultClass = "fan.slow"
        second.urgency = .plan
        second.component = ComponentID(.fan, "nct/fan2")
        second.because = "1200 rpm, which is less than half of its usual 2600 rpm."
        second.evidence = [
            Evidence(
                component: second.component, signal: Signal("hw.fan.speed"), value: "1200 rpm", time: fleet.clock.time)
        ]
        second.suspects = [
            Suspect(
                component: second.component, kind: .fan, name: "Fan 2",
                part: Part(manufacturer: "Delta", model: "AFB0912", location: "FAN2"), certainty: 0.7)
        ]
        second.timeToFailure = nil
        second.texts = [
            "en": FaultText(
                title: "A fan runs too slowly", description: "It turns at half of its usual speed.",
                impact: "The server may get too hot.", action: "Clean or replace the fan."),
            "de": FaultText(
                title: "Ein Lüfter läuft zu langsam", description: "Er dreht nur halb so schnell wie sonst.",
                impact: "Der Server kann zu heiß werden.", action: "Lüfter reinigen oder tauschen."),
        ]
        try await failing.open(second)
        let healthy = try await fleet.enrol("h2", hostname: "srv-archiv")
        try await healthy.heartbeat(good)
        let blind = try await fleet.enrol(
            "h3", hostname: "srv-bildarchiv-mit-einem-sehr-langen-namen.praxis-nord.example")
        try await blind.heartbeat([
            ("disks", "denied", "/dev/sda: permission denied; run the agent as its unit does"),
            ("chip-sensors", "ok", ""),
        ])
        _ = try await fleet.enrol("h4", hostname: "srv-neu")
        let watched = try await fleet.enrol("h5", hostname: "srv-empfang")
        try await watched.heartbeat(good)
        var watch = second
        watch.id = FaultID(rawValue: "f3")
        watch.urgency = .watch
        try await watched.open(watch)
        try await failMail(fleet)
    }

    /// Of most kinds of parts something that is seen, something that is not and could be, and something that cannot.
    private static var failureModes: [FailureMode] {
        let kinds: [(ComponentKind, Advice)] = [
            (.psu, Advice("bmc.driver")), (.fan, Advice("bmc.driver")),
            (.temperature, Advice("sensors.processor", "k10temp")),
            (.controller, Advice("raid.tool", "MegaRAID SAS-3 3108", "perccli64", "Dell")),
            (.raidArray, Advice("raid.tool", "MegaRAID SAS-3 3108", "perccli64", "Dell")),
            (.upsBattery, Advice("ups.silent")), (.dimm, Advice("ecc.driver", "amd64_edac")),
            (.disk, Advice("part.silent", "hw.physical_disk.smart{attribute=\"5.raw\"}")),
        ]
        return kinds.flatMap { kind, advice in
            (0..<(kind == .disk ? 60 : 6)).map { number in
                let state = ["unseen", "seen", "partly", "seen"][number % 4]
                return FailureMode(
                    pattern: "\(kind).\(number)", kind: kind,
                    titles: [
                        "en": "Failure number \(number) of the part, with a title of usual length",
                        "de": "Ausfall Nummer \(number) des Teils, mit einem Titel von gewöhnlicher Länge",
                    ], state: state, parts: 4, seen: state == "seen" ? 4 : state == "partly" ? 3 : 0,
                    reasons: state == "seen"
                        ? []
                        : [
                            FailureMode.Reason(
                                advice, count: state == "partly" ? 1 : 4, parts: ["Bay 3", "Bay 4", "Bay 5", "Bay 6"])
                        ])
            }
        }
    }

    private static var components: [Component] {
        [
            Component(
                id: SampleTicket.disk, kind: .disk, name: "/dev/sda", part: SampleTicket.suspect.part, attributes: [:]),
            Component(id: ComponentID(.fan, "nct/fan2"), kind: .fan, name: "Fan 2", part: Part(location: "FAN2")),
            Component(id: ComponentID(.temperature, "cpu"), kind: .temperature, name: "CPU package"),
            Component(
                id: ComponentID(.dimm, "a1"), kind: .dimm, name: "DIMM A1",
                part: Part(
                    manufacturer: "Samsung", model: "M393A4K40DB3-CWE", partNumber: "M393A4K40DB3-CWE",
                    serial: "03A1B2C4",
                    location: "DIMM_A1")),
        ]
    }

    private static func samples(minute: Int, time: Timestamp) -> [SampleAggregate] {
        let values: [(ComponentID, Signal, Double?)] = [
            (SampleTicket.disk, Signal("hw.temperature"), 31 + Double(minute % 12)),
            (SampleTicket.disk, Signal("hw.physical_disk.smart", ["attribute": "197.raw"]), Double(minute / 4)),
            (ComponentID(.fan, "nct/fan2"), Signal("hw.fan.speed"), 2400 - Double(minute * 12)),
            (
                ComponentID(.temperature, "cpu"), Signal("hw.temperature"),
                minute > 40 && minute < 60 ? nil : 50 + Double(minute % 7)
            ),
            (ComponentID(.dimm, "a1"), Signal("hw.errors", ["error.type": "corrected"]), nil),
        ]
        return values.map { component, signal, value in
            SampleAggregate(
                component: component, signal: signal, from: time - .seconds(900), through: time,
                count: value == nil ? 0 : 15, minimum: value, maximum: value, mean: value, last: value,
                unavailable: value == nil ? "readError" : nil)
        }
    }

    /// The mail server has been away for two hours; the webhook took its message.
    private static func failMail(_ fleet: TestFleet) async throws {
        let time = fleet.clock.time
        while case let begun = try await fleet.store.begin(at: time), !begun.isEmpty {
            for delivery in begun {
                let answer: DeliveryAnswer =
                    delivery.channel == .webhook
                    ? .taken(TicketReference(text: "INC-4711"))
                    : .failed(
                        after: .seconds(300),
                        because: "the mail server mail.example:587 did not take the mail for now: connection refused")
                try await fleet.store.record(answer, to: delivery, at: time)
            }
        }
        fleet.clock.advance(.seconds(7200))
    }
}
