import Daemon
import Foundation
import PatternChannel
import PatternMirror
import Reports
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
        Data(#"{"engine_level":3,"format":1,"patterns":[{"id":"a","revision":"\#(revision)"}],"version":"1"}"#.utf8)
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

@Suite("Channels of patterns at the collector")
struct PatternServiceTests {
    @Test("The mirror is served byte for byte to anybody, and nothing else is")
    func served() async throws {
        let source = try TemporaryFolder()
        defer { withExtendedLifetime(source) {} }
        var publisher = try Publisher(in: "\(source.path)/channel", at: TestFleet.start)
        try await publisher.publish(1, at: TestFleet.start)
        let fleet = try await TestFleet {
            $0.channels = [
                PatternChannelSettings(name: "vendor", source: publisher.folder, root: publisher.rootPath)
            ]
        }
        let service = PatternService(fleet.environment)
        await service.resume()
        await service.refresh()
        #expect(fleet.environment.patterns.channel("vendor")?.refusal == nil)
        #expect(fleet.environment.patterns.channel("vendor")?.targets == 1)
        try await withWeb(fleet) { web in
            #expect(publisher.paths.count == 5)
            for path in publisher.paths {
                let answer = try await web.get("\(Routes.channel("vendor"))/\(path)")
                #expect(answer.status == 200, "\(path)")
                #expect(try answer.body == publisher.bytes(path), "\(path)")
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

    @Test(
        "Another collector takes it from there as from the maker, and a forged mirror is refused while the old one goes on"
    )
    func chain() async throws {
        let source = try TemporaryFolder()
        defer { withExtendedLifetime(source) {} }
        var publisher = try Publisher(in: "\(source.path)/channel", at: TestFleet.start)
        try await publisher.publish(1, at: TestFleet.start)
        let settings = PatternChannelSettings(name: "vendor", source: publisher.folder, root: publisher.rootPath)
        let partner = try await TestFleet { $0.channels = [settings] }
        let first = PatternService(partner.environment)
        await first.resume()
        await first.refresh()
        let mirror = "\(partner.folder.path)/channels/vendor"
        let site = try await TestFleet {
            $0.channels = [
                PatternChannelSettings(name: "vendor", source: mirror, root: publisher.rootPath)
            ]
        }
        let second = PatternService(site.environment)
        await second.resume()
        await second.refresh()
        #expect(site.environment.patterns.channel("vendor")?.targets == 1)
        // The next version, with a pack that somebody changed on the way.
        try await publisher.publish(2, at: TestFleet.start)
        let changed = publisher.paths.first { path in
            path.hasPrefix("targets/") && (try? publisher.bytes(path)) == Publisher.pack(2)
        }
        let pack = try #require(changed)
        try Publisher.pack(3).write(to: URL(filePath: "\(publisher.folder)/\(pack)"))
        await first.refresh()
        let known = try #require(partner.environment.patterns.channel("vendor"))
        #expect(known.targets == 1)
        #expect(known.refusal?.reason == "other-hash")
        #expect(known.alarm(at: partner.clock.time) != nil)
        // Its own keys count, and no others: the folder of another maker is refused.
        try Publisher.pack(2).write(to: URL(filePath: "\(publisher.folder)/\(pack)"))
        await first.refresh()
        #expect(partner.environment.patterns.channel("vendor")?.targets == 2)
        #expect(partner.environment.patterns.channel("vendor")?.refusal == nil)
    }

    @Test("A collector that starts again serves what it had, without its source; expiry is said and stops nothing")
    func resumed() async throws {
        let source = try TemporaryFolder()
        defer { withExtendedLifetime(source) {} }
        var publisher = try Publisher(in: "\(source.path)/channel", at: TestFleet.start)
        try await publisher.publish(1, at: TestFleet.start, lasts: 1000)
        let fleet = try await TestFleet {
            $0.channels = [
                PatternChannelSettings(name: "vendor", source: publisher.folder, root: publisher.rootPath)
            ]
        }
        let service = PatternService(fleet.environment)
        await service.resume()
        await service.refresh()
        let root = try publisher.bytes("1.root.json")
        try FileManager.default.removeItem(atPath: publisher.folder)
        try FileManager.default.createDirectory(atPath: publisher.folder, withIntermediateDirectories: true)
        try root.write(to: URL(filePath: publisher.rootPath))
        fleet.clock.advance(.seconds(2000))
        let again = PatternService(fleet.environment)
        await again.resume()
        await again.refresh()
        let known = try #require(fleet.environment.patterns.channel("vendor"))
        #expect(known.targets == 1)
        #expect(known.refusal?.isAbsence == true)
        #expect(known.alarm(at: fleet.clock.time)?.contains("out of date") == true)
        let text = try await MetricsPage(of: fleet.environment).text(as: .openMetrics, withNames: false)
        #expect(text.contains("callhome_patterns_version{channel=\"vendor\"} 1\n"))
        #expect(text.contains("callhome_patterns_refused{channel=\"vendor\"} 1\n"))
        #expect(text.contains("callhome_patterns_expired_seconds{channel=\"vendor\"} 1000\n"))
    }

    @Test(
        "Receipts name the newest version that was verified, and how far each server goes; a collector without channels names none"
    )
    func offers() async throws {
        let source = try TemporaryFolder()
        defer { withExtendedLifetime(source) {} }
        var publisher = try Publisher(in: "\(source.path)/channel", at: TestFleet.start)
        try await publisher.publish(1, at: TestFleet.start)
        let fleet = try await TestFleet {
            $0.channels = [
                PatternChannelSettings(name: "vendor", source: publisher.folder, root: publisher.rootPath)
            ]
        }
        #expect(fleet.environment.patterns.offers(to: "h1") == nil)
        let service = PatternService(fleet.environment)
        await service.resume()
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
        heartbeat.channels?[0].candidate = PatternCandidate(targets: 1, state: "proved")
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
        let source = try TemporaryFolder()
        defer { withExtendedLifetime(source) {} }
        var publisher = try Publisher(in: "\(source.path)/channel", at: TestFleet.start)
        try await publisher.publish(1, at: TestFleet.start)
        let fleet = try await TestFleet {
            $0.channels = [
                PatternChannelSettings(name: "vendor", source: publisher.folder, root: publisher.rootPath)
            ]
        }
        try await fleet.addAdmin()
        let service = PatternService(fleet.environment)
        await service.resume()
        await service.refresh()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.send(
            .heartbeat(
                Heartbeat(
                    interval: 60, coverage: [], patternPack: "1", openFaults: 0,
                    channels: [
                        ChannelStatus(
                            channel: "vendor", timestamp: 1,
                            candidate: PatternCandidate(
                                targets: 1, state: "refused", because: "<script>alert(1)</script>"))
                    ])))
        await service.advance()
        try await withWeb(fleet) { web in
            _ = try await web.login()
            let page = try await web.get("/patterns")
            #expect(page.status == 200)
            #expect(page.text.contains("Waits for a decision"))
            #expect(page.text.contains("Reject version 1") && page.text.contains("No server runs it, so none changes."))
            #expect(page.text.contains("Release version 1") && !page.text.contains("Halt version 1"))
            #expect(page.text.contains("1 server: the patterns that came with its package (1)"))
            // Whoever looks at servers alone learns of it as well.
            #expect(
                try await web.get("/cases").text.contains("Version 1 of the pattern channel vendor waits for a decision"))
            #expect(page.text.contains("1 of 1 servers refuse it"))
            #expect(!page.text.contains("<script>"))
            let detail = try await web.get("/servers/h1")
            #expect(detail.text.contains("Version 1 is refused"))
            web.language = "de"
            #expect(try await web.get("/patterns").text.contains("Wartet auf eine Entscheidung"))
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
