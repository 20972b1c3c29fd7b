import Foundation
import Reports
import Testing

@testable import Collector

/// Twenty poisoned versions, a good one and a wave of real faults over 1,000 servers with 40 histories.
@Suite("A version of patterns over a thousand servers")
struct RolloutSimulationTests {
    private typealias Version = SimulatedRollout.Version
    private static func entry(_ pattern: String, _ urgency: String, _ surely: Int, _ atMost: Int? = nil)
        -> PatternForecast.Entry
    { RolloutDialogue.entry(pattern, urgency, surely, atMost) }

    /// What replay sees: what it foretells, or that it cannot be read or does not end.
    static let seen: [SimulatedRollout.Version] = [
        Version(name: "orders everywhere", forecast: { _ in [entry("disk.a", "order", 1)] }, isSeenByReplay: true),
        Version(
            name: "orders on one history of eight", forecast: { $0 % 8 == 0 ? [entry("disk.a", "order", 1)] : [] },
            isSeenByReplay: true),
        Version(name: "visits everywhere", forecast: { _ in [entry("fan.a", "plan", 2)] }, isSeenByReplay: true),
        Version(
            name: "orders perhaps, by gauges", forecast: { _ in [entry("new.a", "order", 0, 9)] }, isSeenByReplay: true),
        Version(
            name: "an urgency that nobody knows", forecast: { _ in [entry("new.a", "at-once", 1)] },
            isSeenByReplay: true),
        Version(
            name: "floods what is watched", forecast: { _ in [entry("new.a", "watch", 400)] }, isSeenByReplay: true),
        Version(
            name: "watches perhaps, everywhere", forecast: { _ in [entry("new.a", "watch", 0, 1)] },
            isSeenByReplay: true),
        Version(name: "closes everything", clears: { _ in 3 }, isSeenByReplay: true),
        Version(
            name: "closes and opens again", forecast: { _ in [entry("disk.a", "order", 1)] }, clears: { _ in 1 },
            isSeenByReplay: true),
        Version(name: "cannot be read", refuses: { _ in "it cannot be read" }, isSeenByReplay: true),
        Version(name: "its own test fails", refuses: { _ in "its test 3 fails" }, isSeenByReplay: true),
        Version(name: "the trial crashes", refuses: { _ in "the trial ended by signal 11" }, isSeenByReplay: true),
        Version(
            name: "the trial never ends", refuses: { _ in "the trial had 600 s and did not end" }, isSeenByReplay: true),
        Version(
            name: "the trial crashes on one history of ten",
            refuses: { $0 % 10 == 0 ? "the trial ended by signal 11" : nil }, isSeenByReplay: true),
    ]

    /// What shows only where it runs.
    static let unseen: [SimulatedRollout.Version] = [
        Version(name: "crashes every server", goesBack: { _ in true }, isSeenByReplay: false),
        Version(name: "hangs every server", silences: { _ in true }, isSeenByReplay: false),
        Version(name: "crashes every second history", goesBack: { $0 % 2 == 0 }, isSeenByReplay: false),
        Version(name: "hangs every second history", silences: { $0 % 2 == 0 }, isSeenByReplay: false),
        Version(
            name: "floods faults that replay did not foresee", floods: { _ in ["new.a": 6] }, isSeenByReplay: false),
        Version(name: "orders once an hour, unforeseen", floods: { _ in ["disk.a": 1] }, isSeenByReplay: false),
    ]

    static let good = SimulatedRollout.Version(
        name: "a good one", forecast: { $0 == 3 ? [entry("new.a", "watch", 1, 2)] : [] }, isSeenByReplay: false)

    static let seeds: [UInt64] = [1, 2]

    @Test("There are twenty poisoned versions")
    func twenty() { #expect(Self.seen.count + Self.unseen.count == 20) }

    @Test("What replay can see reaches no server, and no order leaves a site", arguments: seen, seeds)
    func seenByReplay(version: SimulatedRollout.Version, seed: UInt64) {
        var site = SimulatedRollout(version, seed: seed)
        site.run(hours: 30, until: .held)
        #expect(site.ran.isEmpty, "\(version) ran on \(site.ran.count)")
        #expect(site.orders == 0)
        #expect(site.rollout.state == .held, "\(version): \(site.rollout.state)")
    }

    @Test(
        "What crashes, hangs or floods where it runs reaches less than one server in a hundred", arguments: unseen,
        seeds)
    func seenWhereItRuns(version: SimulatedRollout.Version, seed: UInt64) {
        var site = SimulatedRollout(version, seed: seed)
        site.run(hours: 12)
        #expect(!site.ran.isEmpty)
        #expect(site.ran.count < SimulatedRollout.servers / 100, "\(version) ran on \(site.ran.count)")
        #expect(site.states.contains(.halted), "\(version): \(site.states)")
    }

    @Test("A good version reaches every server in the time that the rings say", arguments: seeds)
    func good(seed: UInt64) {
        var site = SimulatedRollout(Self.good, seed: seed)
        site.run(hours: 48, until: .complete)
        // Five rings of an hour each once they are full, which takes a quarter of an hour for each doubling, and before them the
        // trial, for which servers that are off for a while are waited for.
        #expect(site.rollout.state == .complete, "\(site.states)")
        #expect((site.hours ?? 100) < 20, "\(site.hours ?? 0) hours")
        #expect(site.ran.count > SimulatedRollout.servers * 95 / 100, "\(site.ran.count)")
        // Those that were off meanwhile, when they are back.
        site.run(hours: 48)
        #expect(site.ran.count == SimulatedRollout.servers, "\(site.ran.count)")
        #expect(site.rollout.state == .complete)
    }

    @Test(
        "What hangs one history of ten is stopped before it hangs one server in a hundred, and where chance is with it, in twenty"
    )
    func rare() {
        // Chance may let it pass where it runs on nine; then no more are told at once than live with it.
        let sites = (1...6).map { seed in
            var site = SimulatedRollout(
                Version(name: "hangs one history of ten", silences: { $0 % 10 == 0 }, isSeenByReplay: false),
                seed: UInt64(seed))
            site.run(hours: 24)
            return site
        }
        let hung = sites.map(\.hung.count)
        // Seed 2 hangs 24, on 371 that run it.
        #expect(hung.count { $0 < SimulatedRollout.servers / 100 } >= 5, "\(hung)")
        #expect(hung.allSatisfy { $0 < SimulatedRollout.servers / 20 }, "\(hung)")
        for site in sites {
            #expect(site.ran.count < SimulatedRollout.servers / 2, "\(site.ran.count)")
            #expect(site.states.contains(.halted), "\(site.states)")
        }
    }

    @Test("A real wave of faults meanwhile keeps no good version from the servers", arguments: [3.0, 6, 8, 10], seeds)
    func wave(from: Double, seed: UInt64) {
        // A hot night: three of ten servers open a fault of their fans within three hours, by either revision.
        var site = SimulatedRollout(Self.good, wave: ("fan.a", from, 3, 0.12), seed: seed)
        site.run(hours: 48, until: .complete)
        #expect(site.rollout.state == .complete, "\(site.states)")
        #expect(site.ran.count > SimulatedRollout.servers * 95 / 100, "\(site.ran.count)")
    }

    @Test("The same seed says the same")
    func seeded() {
        let runs = (0..<2).map { _ in
            var site = SimulatedRollout(Self.unseen[2], seed: 7)
            site.run(hours: 6)
            return site.ran
        }
        #expect(runs[0] == runs[1])
    }
}
