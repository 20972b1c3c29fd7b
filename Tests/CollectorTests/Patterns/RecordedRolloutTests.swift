import FaultPatterns
import Foundation
import RecordedFleet
import Reports
import TestSupport
import Testing

@testable import Collector
@testable import SensorAgent

/// The twenty poisoned packs and a good one over a thousand servers that remember what forty recorded ones do: what they foretell is
/// what the agent's own replay says of the agent's own files.
@Suite(
    "Packs over a thousand servers with recorded histories", .serialized, .timeLimit(.minutes(20)),
    .enabled("no recordings") { RecordedMemories.areThere },
    .enabled(
        if: ProcessInfo.processInfo.environment["CALLHOME_RECORDED_SERVERS"] != nil,
        "CALLHOME_RECORDED_SERVERS=40 plays them; it takes half an hour"))
struct RecordedRolloutTests {
    private typealias Version = SimulatedRollout.Version

    private static func revisions(_ pack: PatternPack) -> [String: Int] {
        Dictionary(pack.patterns.map { ($0.id, $0.revision) }, uniquingKeysWith: { first, _ in first })
    }

    private static func version(
        _ name: String, _ pack: PatternPack, _ forecasts: [PatternForecast], over running: PatternPack
    ) -> SimulatedRollout.Version {
        Version(
            name: name, forecast: { forecasts[$0].entries }, clears: { forecasts[$0].clears }, isSeenByReplay: false,
            revisions: revisions(pack), before: revisions(running))
    }

    private static func sum(_ forecasts: [PatternForecast], _ count: (PatternForecast) -> Int) -> String {
        "\(forecasts.reduce(0) { $0 + count($1) }) on \(forecasts.count { count($0) > 0 })"
    }

    private static func said(_ forecasts: [PatternForecast]) -> String {
        func entries(_ isMeant: @escaping (PatternForecast.Entry) -> Bool) -> String {
            sum(forecasts) { $0.entries.reduce(0) { $0 + (isMeant($1) ? $1.atMost : 0) } }
        }
        return "orders and visits \(entries { $0.isGrave }), to watch \(entries { $0.isWatched }), cleared "
            + sum(forecasts) { $0.clears }
    }

    @Test("Forty servers remember enough, each something else, and most a part that fails")
    func forty() async throws {
        let all = try await RecordedMemories.shared.value
        #expect(all.memories.count == 40)
        let bodies = Set(all.memories.map { $0.history.points.flatMap { $0.bodies }.reduce(Data(), +) })
        #expect(bodies.count == 40, "two remember the same")
        var failing = 0
        for memory in all.memories {
            let low = memory.running.low
            let span = (low.through ?? .init(seconds: 0)) - (low.from ?? .init(seconds: 0))
            #expect(span >= .seconds(PatternForecast.leastSpan), "\(memory.name): \(span)")
            if !low.standing.isEmpty || !low.opened.isEmpty { failing += 1 }
        }
        #expect(failing > 20, "\(failing)")
        // The whole way of an agent says the same.
        let first = try #require(all.memories.first)
        let whole = try HistoryReplay.forecast(
            candidate: all.running, running: all.running, path: first.path, days: RecordedMemories.days,
            order: RecordedServer.order)
        #expect(whole.entries.isEmpty, "\(whole.entries)")
        #expect(whole.clears == 0 && whole.saysSomething)
    }

    @Test(
        "What is refused at the door or seen by replay reaches no server; of what is skipped or harmless nothing is ordered",
        arguments: VendorPacks.names)
    func poisoned(name: String) async throws {
        let all = try await RecordedMemories.shared.value
        let bytes = try VendorPacks().poisoned(name)
        let pack: PatternPack
        do { pack = try PatternPack(json: bytes) } catch {
            var version = Version(name: name, isSeenByReplay: true)
            let because = "\(error)"
            version.refuses = { _ in because }
            expectNowhere(version)
            print("\(name): refused: \(because.prefix(100))")
            return
        }
        let (forecasts, seconds) = try await all.forecasts(of: pack)
        let said = Self.said(forecasts)
        let isSeen = !forecasts.allSatisfy { $0.entries.isEmpty && $0.clears == 0 }
        // What an agent gives a trial; and what one look may take of it where it runs.
        #expect(seconds / 40 < Double(PatternTrial.processorSeconds), "\(name): \(seconds) s")
        let version = Self.version(name, pack, forecasts, over: all.running)
        if isSeen {
            expectNowhere(version)
        } else {
            // The poison is not in it, or finds nothing: it may run anywhere.
            var site = SimulatedRollout(version, seed: 1)
            site.run(hours: 48, until: .complete)
            #expect(site.rollout.state == .complete && site.orders == 0, "\(name): \(site.states)")
        }
        let skipped = pack.skipped.map { "\($0.id): \($0.because.prefix(80))" }
        print("\(name): \(said); \(seconds / 40) s each; \(isSeen ? "held" : "runs, skipped \(skipped)")")
        #expect(isSeen || !skipped.isEmpty || ["hungry", "slow"].contains { name.contains($0) }, "\(name) is not seen")
    }

    private func expectNowhere(_ version: SimulatedRollout.Version) {
        for seed in [UInt64(1), 2] {
            var site = SimulatedRollout(version, seed: seed)
            site.run(hours: 30, until: .held)
            #expect(site.rollout.state == .held && site.ran.isEmpty && site.orders == 0, "\(version): \(site.states)")
        }
    }

    private func better() async throws -> SimulatedRollout.Version {
        let all = try await RecordedMemories.shared.value
        let pack = try PatternPack(json: try VendorPacks().better())
        let (forecasts, _) = try await all.forecasts(of: pack)
        print("a good pack: \(Self.said(forecasts))")
        return Self.version("a good pack", pack, forecasts, over: all.running)
    }

    @Test("A good pack reaches every server in the time that the rings say, and so it does in a real wave of faults")
    func good() async throws {
        let version = try await better()
        for seed in [UInt64(1), 2] {
            for wave in [nil, 3, 6, 9] as [Double?] {
                var site = SimulatedRollout(
                    version, wave: wave.map { (VendorPacks.changed, $0, 3, 0.12) }, seed: seed)
                site.run(hours: 48, until: .complete)
                let text =
                    "wave at \(wave ?? -1) h, seed \(seed): \(site.hours ?? 0) h, \(site.ran.count) ran, \(site.states)"
                print(text)
                #expect(site.rollout.state == .complete, "\(text)")
                if wave == nil { #expect((site.hours ?? 100) < 24, "\(text)") }
                site.run(hours: 72)
                #expect(site.ran.count == SimulatedRollout.servers && site.orders == 0, "\(text)")
            }
        }
    }

    @Test(
        "What crashes or hangs a server where it runs, and foretells what a good pack does, reaches less than one in a hundred"
    )
    func crashes() async throws {
        let good = try await better()
        for seed in [UInt64(1), 2, 3] {
            for share in [1, 2] {
                for isHang in [true, false] {
                    var version = good
                    version.name = isHang ? "hangs" : "crashes"
                    if isHang { version.silences = { $0 % share == 0 } } else { version.goesBack = { $0 % share == 0 } }
                    var site = SimulatedRollout(version, seed: seed)
                    site.run(hours: 24)
                    #expect(!site.ran.isEmpty && site.ran.count < SimulatedRollout.servers / 100)
                    #expect(site.states.contains(.halted) && site.orders == 0, "\(version) \(share): \(site.states)")
                }
            }
        }
    }
}
