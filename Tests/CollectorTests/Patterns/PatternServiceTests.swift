import Daemon
import Foundation
import Logging
import PatternChannel
import PatternMirror
import Reports
import TestSupport
import Testing
import Transfer

@testable import Collector

/// Whoever makes a channel, in a folder.
private struct Publisher {
    let folder: String
    private let rootKeys = (0..<2).map { _ in SigningKey() }
    private let online = SigningKey()
    private var trusted: TrustedChannel
    var rootPath: String { "\(folder)/1.root.json" }

    init(in folder: String, at time: Timestamp) throws {
        self.folder = folder
        let unsigned = try ChannelPublisher.root(
            after: nil, rootKeys: rootKeys.map(\.publicKey), threshold: 2, onlineKeys: [online.publicKey],
            expires: time + .seconds(10_000_000))
        let root = try rootKeys.reduce(unsigned) { try ChannelPublisher.sign($0, with: $1) }
        trusted = try TrustedChannel(pinned: root)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try root.write(to: URL(filePath: "\(folder)/1.root.json"))
        try ChannelFiles.write([ChannelFile(path: "metadata/1.root.json", bytes: root)], to: folder)
    }

    static func pack(_ revision: Int) -> Data {
        let text =
            #"{"de":{"title":"Der Lüfter steht","description":"Es wird heiß."},"en":{"title":"The fan <stands>","description":"It gets hot."}}"#
        return Data(
            #"{"engine_level":3,"format":1,"patterns":[{"id":"a","revision":"\#(revision)","text":\#(text)}],"version":"1"}"#
                .utf8)
    }

    /// - Parameter lasts: seconds, of the timestamp.
    mutating func publish(_ revision: Int, at time: Timestamp, lasts: Int64 = 600_000) async throws {
        let bytes = Publisher.pack(revision)
        let pack = ChannelPublisher.Pack(
            name: "patterns.json", bytes: bytes, contents: try PackContents(outlineOf: bytes))
        let files = try ChannelPublisher.publish(
            ChannelPublisher.Release(
                packs: [pack], at: time, lasts: .seconds(900_000), timestampLasts: .seconds(lasts)), in: trusted,
            keys: [online])
        try ChannelFiles.write(files, to: folder)
        trusted = await ChannelSource.folder(folder).update(
            of: trusted, ChannelRules(channel: "vendor"), at: time, inspecting: { try PackContents(outlineOf: $0) }
        ).trusted
    }

    var paths: [String] { ChannelFiles.paths(in: folder) }
    func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: "\(folder)/\(path)")) }
}

/// A collector that mirrors one channel, whose maker has published version 1 in a folder beside it.
private final class MirroringSite {
    let source: TemporaryFolder
    var publisher: Publisher
    let settings: PatternChannelSettings
    let fleet: TestFleet
    var service: PatternService
    var known: MirroredChannel? { fleet.environment.patterns.channel("vendor") }

    /// - Parameters:
    ///   - lasts: seconds, of the timestamp.
    ///   - isRead: whether the collector has asked its source once.
    init(lasts: Int64 = 600_000, isRead: Bool = true, lines: LogLines = LogLines()) async throws {
        source = try TemporaryFolder()
        var publisher = try Publisher(in: "\(source.path)/channel", at: TestFleet.start)
        try await publisher.publish(1, at: TestFleet.start, lasts: lasts)
        let settings = PatternChannelSettings(name: "vendor", source: publisher.folder, root: publisher.rootPath)
        (self.publisher, self.settings) = (publisher, settings)
        fleet = try await TestFleet(logger: lines.logger) { $0.channels = [settings] }
        service = PatternService(fleet.environment)
        await service.resume()
        if isRead { await service.refresh() }
    }

    /// The source is gone, and comes back empty but for the root that is pinned.
    func loseSource() throws {
        let root = try publisher.bytes("1.root.json")
        try FileManager.default.removeItem(atPath: publisher.folder)
        try FileManager.default.createDirectory(atPath: publisher.folder, withIntermediateDirectories: true)
        try root.write(to: URL(filePath: publisher.rootPath))
    }

    /// Somebody changes the pack of a version on its way.
    /// - Returns: where it lies.
    @discardableResult
    func forge(_ revision: Int) throws -> String {
        let found = publisher.paths.first { path in
            path.hasPrefix("targets/") && (try? publisher.bytes(path)) == Publisher.pack(revision)
        }
        let path = "\(publisher.folder)/\(try #require(found))"
        // As long as it was: only its hash tells.
        try Publisher.pack(9).write(to: URL(filePath: path))
        return path
    }

    /// What the collector's process does after a restart.
    func restart() async {
        service = PatternService(fleet.environment)
        await service.resume()
        await service.refresh()
    }
}

@Suite("Channels of patterns at the collector")
struct PatternServiceTests {
    @Test("The mirror is served byte for byte to anybody, and nothing else is")
    func served() async throws {
        let site = try await MirroringSite()
        let fleet = site.fleet
        #expect(site.known?.refusal == nil)
        #expect(site.known?.targets == 1)
        try await withWeb(fleet) { web in
            #expect(site.publisher.paths.count == 5)
            for path in site.publisher.paths {
                let answer = try await web.get("\(Routes.channel("vendor"))/\(path)")
                #expect(answer.status == 200, "\(path)")
                #expect(try answer.body == site.publisher.bytes(path), "\(path)")
            }
            for path in [
                "vendor/metadata/2.root.json", "vendor/metadata/..%2F..%2Fcollector.sqlite",
                "vendor/targets/%2E%2E%2Fmetadata%2Ftimestamp.json", "vendor/metadata/../../../collector.sqlite",
                "other/metadata/timestamp.json", "..%2Fvendor/metadata/timestamp.json", "vendor/metadata/",
                "vendor/metadata/timestamp.json.new", "vendor/metadata/timestamp.json%00", "vendor/timestamp.json",
                "vendor/targets/patterns.json",
            ] {
                let answer = try await web.get("/v1/channels/\(path)")
                #expect(answer.status == 404, "\(path): \(answer.status)")
            }
        }
    }

    @Test("What each update asks for in vain, the next root, is no line of the log; what a stranger asks for is")
    func nextRoot() async throws {
        let lines = LogLines()
        let site = try await MirroringSite(lines: lines)
        let fleet = site.fleet
        try await withWeb(fleet) { web in
            let next = try await web.get("\(Routes.channel("vendor"))/\(ChannelPath.root(2))")
            #expect(next.status == 404)
            #expect(try await web.get("/v1/tests/none").status == 404)
            #expect(!lines.messages.contains("a request was refused"))
            for path in [
                "vendor/metadata/7.targets.json", "vendor/metadata/02.root.json", "other/metadata/2.root.json",
            ] {
                #expect(try await web.get("/v1/channels/\(path)").status == 404)
            }
            #expect(lines.messages.count { $0 == "a request was refused" } == 1)
        }
    }

    @Test("A person has the sources asked now, and hears what came of each: new, nothing, refused, away, or not yet")
    func asked() async throws {
        let lines = LogLines()
        let site = try await MirroringSite(lines: lines)
        let environment = site.fleet.environment
        let running = Task { [service = site.service] in try await service.run() }
        defer { running.cancel() }
        func ask() async throws -> CollectorAPI.ChannelOutcome {
            let outcomes = try await PatternQuestion(environment).ask(by: "anna", patience: .seconds(30))
            return try #require(outcomes.first)
        }
        #expect(try await ask().outcome == "unchanged")
        try await site.publisher.publish(2, at: TestFleet.start)
        let new = try await ask()
        #expect(new.outcome == "new" && new.version == 2 && new.before == 1 && new.because == nil)
        try await site.publisher.publish(3, at: TestFleet.start)
        try site.forge(3)
        let refused = try await ask()
        #expect(refused.outcome == "refused" && refused.version == 2)
        #expect(refused.because?.contains("SHA-256") == true)
        try FileManager.default.removeItem(atPath: site.publisher.folder)
        #expect(try await ask().outcome == "absent")
        #expect(lines.metadata.contains { $0["by"] == "anna" })
        running.cancel()
        _ = try? await running.value
        // Nobody looks any more.
        let late = try await PatternQuestion(environment).ask(by: "anna", patience: .zero)
        #expect(late.map(\.outcome) == ["pending"])
        #expect(try await PatternQuestion(TestFleet().environment).ask(by: "anna").isEmpty)
    }

    @Test("A question is answered by a look that began after it, and many by one")
    func questions() async throws {
        let site = try await MirroringSite()
        let desk = site.fleet.environment.patterns
        #expect(await !site.service.refresh(isDue: false), "nobody asks")
        let (first, second) = (desk.ask(), desk.ask())
        #expect(desk.answered < first)
        #expect(await site.service.refresh(isDue: false))
        #expect(desk.answered == second)
        #expect(await !site.service.refresh(isDue: false))
    }

    @Test(
        "What needs a person stands on the console's first page in both languages, at the health check and once in the log, and stops nothing"
    )
    func alarmed() async throws {
        let lines = LogLines()
        let site = try await MirroringSite(lines: lines)
        let fleet = site.fleet
        try await fleet.addAdmin()
        await site.service.advance()
        #expect(!lines.messages.contains { $0.contains("needs a person") })
        try await site.publisher.publish(2, at: TestFleet.start)
        try site.forge(2)
        await site.service.refresh()
        for _ in 0..<3 { await site.service.advance() }
        #expect(lines.messages.count { $0.contains("needs a person") } == 1)
        #expect(fleet.environment.patterns.offers(to: "h1")?.first?.targets == 1, "what is here goes on")
        try await withWeb(fleet) { web in
            #expect(try await web.get(Routes.health).text.contains("\"status\":\"alarm\""))
            _ = try await web.login()
            #expect(
                try await web.get("/servers").text.contains("The pattern channel vendor brings nothing new: its files"))
            web.language = "de"
            #expect(
                try await web.get("/servers").text.contains("Der Musterkanal vendor bringt nichts Neues: die Dateien"))
        }
        try await site.publisher.publish(4, at: TestFleet.start)
        await site.service.refresh()
        await site.service.advance()
        #expect(lines.messages.count { $0.contains("needs nobody any more") } == 1)
        #expect(site.known?.targets == 3)
    }

    @Test("A source may be away for a week, one that never came for an hour; after that a person has to look")
    func away() async throws {
        let site = try await MirroringSite(lasts: 100 * 86_400)
        try site.loseSource()
        await site.service.refresh()
        let known = try #require(site.known)
        let since = try #require(known.refusal?.since)
        #expect(known.refusal?.isAbsence == true)
        #expect(known.alarm(at: since + .seconds(7 * 86_400 - 1)) == nil)
        #expect(known.alarm(at: since + .seconds(7 * 86_400))?.reason == known.refusal?.reason)
        var never = known
        never.targets = nil
        #expect(never.alarm(at: since + .seconds(3599)) == nil)
        #expect(never.alarm(at: since + .seconds(3600)) != nil)
    }

    @Test("Every reason for which a channel is refused has words in both languages")
    func reasons() {
        let file = "f"
        let all: [ChannelRefusal] = [
            .malformed(file: file, because: ""), .tooLarge(file: file, limit: 1), .missing(file: file),
            .unavailable(file: file, because: ""),
            .signatures(file: file, role: .root, byRootVersion: 1, found: 0, needed: 1),
            .otherVersion(file: file, found: 1, wanted: 2), .rollback(file: file, found: 1, known: 2),
            .behind(found: 1, told: 2), .otherLength(file: file, found: 1, wanted: 2), .otherHash(file: file),
            .dropped(file: file, by: ""), .tooManyRoots(through: 1),
            .foreignPattern(pack: file, id: "", prefix: ""), .otherContents(pack: file, because: ""),
            .unreadablePack(pack: file, because: ""),
        ]
        for reason in all.map(\.reason) + ["root", "mirror", "disk", "source", "expired"] {
            for language in Language.allCases {
                #expect(!ChannelAlarm.words(for: reason, in: language).contains(reason + ")"), "\(reason)")
            }
        }
        #expect(ChannelAlarm.words(for: "of-a-later-day", in: .english).contains("(of-a-later-day)"))
    }

    @Test(
        "A backup has the mirror, verified, and serves it where no line leads to the source; one that is forged stays out"
    )
    func backup() async throws {
        let site = try await MirroringSite()
        let folder = try TemporaryFolder()
        let live = try DataDirectory(path: site.fleet.folder.path)
        let copy = try live.beginCopy(at: "\(folder.path)/copy")
        let time = site.fleet.clock.time
        let left = await CollectorCommands.copyChannels([site.settings], from: live, to: copy, at: time)
        #expect(left.isEmpty)
        try site.loseSource()
        let restored = try await TestFleet {
            $0.dataDirectory = copy.path
            $0.channels = [site.settings]
        }
        let service = PatternService(restored.environment)
        await service.resume()
        #expect(restored.environment.patterns.channel("vendor")?.targets == 1)
        #expect(restored.environment.patterns.channel("vendor")?.refusal == nil)

        let mirror = "\(live.path)/channels/vendor"
        let pack = try #require(ChannelFiles.paths(in: mirror).first { $0.hasPrefix("targets/") })
        try Publisher.pack(99).write(to: URL(filePath: "\(mirror)/\(pack)"))
        let other = try live.beginCopy(at: "\(folder.path)/other")
        let lost = await CollectorCommands.copyChannels([site.settings], from: live, to: other, at: time)
        #expect(lost.count == 1 && lost[0].contains("vendor is not in it"))
        #expect(ChannelFiles.paths(in: "\(other.path)/channels/vendor").allSatisfy { !$0.hasPrefix("targets/") })
    }

    @Test("One server and several are told apart in both languages")
    func plurals() {
        let one = Rollout.Cause.refused(servers: 1, of: 3, example: "a", because: "b")
        #expect(one.words(in: .english) == "1 of 3 servers refuses it; a: b")
        #expect(one.words(in: .german) == "1 von 3 Servern lehnt sie ab; a: b")
        let two = Rollout.Cause.refused(servers: 2, of: 3, example: "a", because: "b")
        #expect(two.words(in: .english) == "2 of 3 servers refuse it; a: b")
        #expect(two.words(in: .german) == "2 von 3 Servern lehnen sie ab; a: b")
        #expect(
            Rollout.Cause.silent(servers: 1, of: 1, expected: 1).words(in: .german)
                == "1 von 1 Server verstummte, nachdem er sie verwenden sollte; nach den übrigen wäre es 1.")
    }

    @Test(
        "Another collector takes it from there as from the maker, and a forged mirror is refused while the old one goes on"
    )
    func chain() async throws {
        let partner = try await MirroringSite()
        let mirror = "\(partner.fleet.folder.path)/channels/vendor"
        let site = try await TestFleet {
            $0.channels = [
                PatternChannelSettings(name: "vendor", source: mirror, root: partner.publisher.rootPath)
            ]
        }
        let second = PatternService(site.environment)
        await second.resume()
        await second.refresh()
        #expect(site.environment.patterns.channel("vendor")?.targets == 1)
        // The next version, with a pack that somebody changed on the way.
        try await partner.publisher.publish(2, at: TestFleet.start)
        let good = try partner.forge(2)
        await partner.service.refresh()
        let known = try #require(partner.known)
        #expect(known.targets == 1)
        #expect(known.refusal?.reason == "other-hash")
        #expect(known.alarm(at: partner.fleet.clock.time)?.reason == "other-hash")
        try Publisher.pack(2).write(to: URL(filePath: good))
        await partner.service.refresh()
        #expect(partner.known?.targets == 2)
        #expect(partner.known?.refusal == nil)
    }

    @Test(
        "A source that drips, never answers, never ends, breaks off or takes too long altogether is refused and said; the mirror goes on",
        .timeLimit(.minutes(2)))
    func slowSources() async throws {
        let source = try TemporaryFolder()
        defer { withExtendedLifetime(source) {} }
        var publisher = try Publisher(in: "\(source.path)/channel", at: TestFleet.start)
        try await publisher.publish(1, at: TestFleet.start)
        let server = try ServerProgram("folder", [publisher.folder])
        let authority = "\(source.path)/ca.pem"
        try Data(server["root"].utf8).write(to: URL(filePath: authority))
        let rootPath = publisher.rootPath
        func settings(_ path: String) -> PatternChannelSettings {
            var settings = PatternChannelSettings(
                name: "vendor", source: "https://127.0.0.1:\(server["port"])\(path)", root: rootPath)
            settings.ca = authority
            return settings
        }
        let fleet = try await TestFleet { $0.channels = [settings("")] }
        let patience = ChannelPatience(file: .seconds(3), update: .seconds(7))
        let first = PatternService(fleet.environment, patience: patience)
        await first.resume()
        await first.refresh()
        #expect(fleet.environment.patterns.channel("vendor")?.refusal == nil)
        let mirror = "\(fleet.folder.path)/channels/vendor"
        let held = try FileManager.default.subpathsOfDirectory(atPath: mirror).sorted()
        try await publisher.publish(2, at: TestFleet.start)
        let ways = try JSONDecoder().decode([[String]].self, from: Data(server["ways"].utf8))
        for (path, said) in ways.map({ ($0[0], $0[1]) }) {
            var environment = fleet.environment
            environment.configuration.channels = [settings(path)]
            let service = PatternService(environment, patience: patience)
            await service.resume()
            let begun = ContinuousClock.now
            await service.refresh()
            #expect(ContinuousClock.now - begun < .seconds(15), "\(path) kept it for long")
            let known = try #require(environment.patterns.channel("vendor"))
            #expect(known.refusal?.because.contains(said) == true, "\(path): \(known)")
            #expect(known.targets == 1, "\(path)")
            #expect(try FileManager.default.subpathsOfDirectory(atPath: mirror).sorted() == held, "\(path)")
        }
        let again = PatternService(fleet.environment, patience: patience)
        await again.resume()
        await again.refresh()
        #expect(fleet.environment.patterns.channel("vendor")?.targets == 2)
        #expect(fleet.environment.patterns.channel("vendor")?.refusal == nil)
    }

    @Test("A collector that starts again serves what it had, without its source; expiry is said and stops nothing")
    func resumed() async throws {
        let site = try await MirroringSite(lasts: 1000)
        let fleet = site.fleet
        try site.loseSource()
        fleet.clock.advance(.seconds(2000))
        await site.restart()
        let known = try #require(site.known)
        #expect(known.targets == 1)
        #expect(known.refusal?.isAbsence == true)
        #expect(known.alarm(at: fleet.clock.time)?.because.contains("out of date") == true)
        let text = try await MetricsPage(of: fleet.environment).text(as: .openMetrics, withNames: false)
        #expect(text.contains("callhome_patterns_version{channel=\"vendor\"} 1\n"))
        #expect(text.contains("callhome_patterns_refused{channel=\"vendor\"} 1\n"))
        #expect(text.contains("callhome_patterns_expired_seconds{channel=\"vendor\"} 1000\n"))
    }

    @Test(
        "Receipts name the newest version that was verified, and how far each server goes; a collector without channels names none"
    )
    func offers() async throws {
        #expect(try await TestFleet().environment.patterns.offers(to: "h1") == nil)
        let site = try await MirroringSite(isRead: false)
        let (fleet, service) = (site.fleet, site.service)
        #expect(
            fleet.environment.patterns.offers(to: "h1") == [
                PatternOffer(channel: "vendor", timestamp: 0, targets: nil, step: .hold)
            ])
        await service.refresh()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        var heartbeat = Heartbeat(
            interval: 60, coverage: [], patternPack: "1", openFaults: 0,
            channels: [ChannelStatus(channel: "vendor", timestamp: 1)])
        try await server.send(.heartbeat(heartbeat))
        await service.advance()
        #expect(
            fleet.environment.patterns.offers(to: "h1") == [
                PatternOffer(channel: "vendor", timestamp: 1, targets: 1, step: .prove)
            ])
        heartbeat.channels?[0].candidate = PatternCandidate(
            targets: 1, state: "proved", forecast: PatternForecast(span: PatternForecast.leastSpan, entries: []))
        try await server.send(.heartbeat(heartbeat))
        await service.advance()
        #expect(fleet.environment.patterns.offers(to: "h1")?.first?.step == .activate)
        #expect(fleet.environment.patterns.offers(to: "h2")?.first?.step == .prove)
        // A person's word counts at once, and after the next look.
        try await PatternDecision(fleet.environment).take(.halt, of: "vendor", by: "anna", because: "wait")
        #expect(fleet.environment.patterns.offers(to: "h1")?.first?.step == .hold)
        await service.advance()
        #expect(fleet.environment.patterns.offers(to: "h1")?.first?.step == .hold)
        try await PatternDecision(fleet.environment).take(.rollback, of: "vendor", by: "anna", because: "no")
        await service.advance()
        #expect(fleet.environment.patterns.offers(to: "h1")?.first?.step == .back)
    }

    @Test("Heartbeats that say more of channels than can be are refused at the door")
    func bounded() {
        func objection(_ channels: [ChannelStatus]) -> String? {
            var agent = SigningAgent("h1")
            return ReportCheck.objection(
                to: agent.report(
                    .heartbeat(
                        Heartbeat(
                            interval: 60, coverage: [], patternPack: "p", openFaults: 0, channels: channels)),
                    .telemetry))
        }
        let good = ChannelStatus(
            channel: "vendor", timestamp: 1,
            candidate: PatternCandidate(
                targets: 1, state: "proved",
                forecast: PatternForecast(
                    span: 1,
                    entries: Array(
                        repeating: PatternForecast.Entry(pattern: "p", urgency: "watch", surely: 1, atMost: 1),
                        count: WireLimits.forecastEntries))),
            warnings: Array(repeating: "w", count: ReportLimits.channelWarnings))
        #expect(objection(Array(repeating: good, count: WireLimits.channels)) == nil)
        #expect(objection(Array(repeating: good, count: WireLimits.channels + 1)) != nil)
        var much = good
        much.candidate?.forecast?.entries.append(
            PatternForecast.Entry(pattern: "p", urgency: "watch", surely: 1, atMost: 1))
        #expect(objection([much]) != nil)
        var long = good
        long.refused = String(repeating: "x", count: ReportLimits.channelTextBytes + 1)
        #expect(objection([long]) != nil)
        long = good
        long.warnings.append("w")
        #expect(objection([long]) != nil)
        long = good
        long.candidate?.because = String(repeating: "x", count: ReportLimits.channelTextBytes + 1)
        #expect(objection([long]) != nil)
    }

    @Test(
        "The page and the server's page say what runs and why not more, in both languages, and escape what agents say")
    func pages() async throws {
        let site = try await MirroringSite()
        let fleet = site.fleet
        try await fleet.addAdmin()
        func tell(_ candidate: PatternCandidate, _ host: HostID, _ hostname: String) async throws {
            let status = ChannelStatus(channel: "vendor", timestamp: 1, candidate: candidate)
            try await fleet.enrol(host, hostname: hostname).send(
                .heartbeat(
                    Heartbeat(interval: 60, coverage: [], patternPack: "1", openFaults: 0, channels: [status])))
        }
        try await tell(
            PatternCandidate(targets: 1, state: "refused", because: "<script>alert(1)</script>"), "h1", "srv-1")
        let forecast = PatternForecast(
            span: PatternForecast.leastSpan, entries: [.init(pattern: "a", urgency: "order", surely: 1, atMost: 1)])
        try await tell(PatternCandidate(targets: 1, state: "proved", forecast: forecast), "h2", "srv-2")
        await site.service.advance()
        try await withWeb(fleet) { web in
            _ = try await web.login()
            let page = try await web.get("/patterns")
            #expect(page.status == 200)
            #expect(page.text.contains("Waits for a decision"))
            #expect(page.text.contains("Reject version 1") && page.text.contains("No server runs it, so none changes."))
            #expect(page.text.contains("Release version 1") && !page.text.contains("Halt version 1"))
            #expect(page.text.contains("2 servers: the patterns that came with their packages (1)"))
            // Nobody knows a pattern by its name.
            #expect(page.text.contains("<strong>The fan &lt;stands&gt;</strong>") && page.text.contains("It gets hot."))
            // It is said on the page itself, where it is decided.
            #expect(!page.text.contains("waits for a decision on the page Patterns"))
            // Whoever looks at servers alone learns of it as well.
            #expect(
                try await web.get("/cases").text.contains(
                    "Version 1 of the pattern channel vendor waits for a decision"))
            #expect(page.text.contains("1 of 2 servers refuses it"))
            #expect(!page.text.contains("<script>"))
            let detail = try await web.get("/servers/h1")
            #expect(detail.text.contains("Version 1 is refused"))
            web.language = "de"
            let german = try await web.get("/patterns").text
            #expect(
                german.contains("Wartet auf eine Entscheidung") && german.contains("<strong>Der Lüfter steht</strong>"))
            let answer = try await web.post(
                "/patterns/vendor/rollback", ["because": "no", "csrf": TestWeb.csrf(page)])
            #expect(answer.status == 303)
            #expect(try await fleet.store.rollout(of: "vendor")?.state == .back)
            let after = try await web.get("/patterns").text
            #expect(!after.contains("Version 1 ablehnen") && !after.contains("wartet auf eine Entscheidung"))
        }
    }

    @Test("A pack's outline is what the pattern engine reads of it, and what is no pack is refused")
    func outline() throws {
        let contents = try PackContents(outlineOf: Publisher.pack(7))
        #expect(contents.patterns == ["a": 7] && contents.engineLevel == 3 && contents.unread.isEmpty)
        for bad in [
            "", "{}", "[]", #"{"engine_level":1,"patterns":[{"id":"a"}]}"#,
            #"{"engine_level":1,"patterns":[{"id":"a","revision":"x"}]}"#,
            #"{"engine_level":1,"patterns":[{"id":"a","revision":1},{"id":"a","revision":2}]}"#,
            String(repeating: "[", count: 100_000), "[" + String(repeating: "0,", count: 4_000_001),
        ] {
            #expect(throws: OutlineProblem.self) { try PackContents(outlineOf: Data(bad.utf8)) }
        }
    }

    @Test("A pack's words for people are read apart from what it does, and what has none or odd ones is left out")
    func texts() throws {
        let texts = try PackTexts(of: Publisher.pack(7)).byPattern
        #expect(texts["a"]?["de"] == PackTexts.Text(title: "Der Lüfter steht", description: "Es wird heiß."))
        let odd =
            #"{"patterns":[{"id":"b"},{"id":"c","text":7},{"id":"d","text":{"en":{}}},{"id":"e","text":{"en":{"title":"E"}}}]}"#
        #expect(try PackTexts(of: Data(odd.utf8)).byPattern == ["e": ["en": PackTexts.Text(title: "E")]])
        for bad in ["", "[]", "{}", String(repeating: "[", count: 100_000)] {
            #expect(throws: OutlineProblem.self) { try PackTexts(of: Data(bad.utf8)) }
        }
    }

    @Test("The page asks the sources of patterns at a person's word, and says how it went")
    func asksNow() async throws {
        let site = try await MirroringSite()
        try await site.fleet.addAdmin()
        try await withWeb(site.fleet) { web in
            _ = try await web.login()
            let page = try await web.get("/patterns")
            #expect(page.text.contains("Ask for a newer version now"))
            let (service, desk) = (site.service, site.fleet.environment.patterns)
            let answering = Task {
                while desk.asked == 0 { await Task.yield() }
                return await service.refresh(isDue: false)
            }
            #expect(try await web.post("/patterns/update", ["csrf": TestWeb.csrf(page)]).status == 303)
            #expect(await answering.value)
            #expect(try await web.post("/patterns/update", ["csrf": "no"]).status == 403)
        }
    }

    @Test("What is wrong with a channel's lines is said with its key")
    func configuration() throws {
        func errors(_ text: String) throws -> [String] {
            let folder = try TemporaryFolder()
            defer { withExtendedLifetime(folder) {} }
            let path = "\(folder.path)/collector.conf"
            try Data(text.utf8).write(to: URL(filePath: path))
            let (configuration, reader) = CollectorConfiguration.read(path: path)
            let check = ConfigurationCheck(configuration, reader.file, paired: [])
            return (reader.errors + check.errors).map { "\($0)" }
        }
        #expect(try errors("channel.vendor.source = /tmp\n").contains { $0.contains("channel.vendor.root") })
        #expect(
            try errors("channel.vendor.source = /nowhere\nchannel.vendor.root = /nowhere.json\n").count == 2)
        #expect(
            try errors("channel.vendor.source = ftp://x\nchannel.vendor.root = /nowhere.json\n").contains {
                $0.contains("no address with https://")
            })
    }
}
