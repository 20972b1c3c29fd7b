import Foundation
import Reports
import Testing

@testable import Collector

/// Agents, sites and a partner under everything that goes wrong, from a seed. `make soak` runs many.
@Suite("Simulation")
struct SimulationTests {
    private static func number(_ name: String) -> UInt64? {
        UInt64(ProcessInfo.processInfo.environment[name] ?? "")
    }

    /// Seeds in an ordinary run, and in a soak.
    static let seeds = number("CALLHOME_SOAK_SEEDS") ?? 6
    /// The first of them: by it one that broke is run alone.
    static let first = number("CALLHOME_SOAK_FIRST") ?? 1
    /// Lines that are told of the first that breaks.
    static let lines = Int(clamping: number("CALLHOME_SOAK_LINES") ?? 400)
    static let manySitesSeeds = number("CALLHOME_SOAK_MANY") ?? 0
    /// On signatures as they are between machines.
    static let signedSeeds = number("CALLHOME_SOAK_SIGNED") ?? 1
    /// In which each mutant is to be found.
    static let mutantSeeds = number("CALLHOME_SOAK_MUTANTS") ?? 0

    @Test("Whatever happens: what stands, what is open and what recipients hold agree at rest")
    func holds() async throws {
        try await hold(Self.first..<(Self.first + Self.seeds), SimulatedPlan())
    }

    @Test("So it is where all is signed and verified as between machines")
    func signed() async throws {
        var layout = SimulatedPlan()
        layout.signatures = .real
        try await hold(1..<(1 + Self.signedSeeds), layout)
    }

    @Test("So do fifty sites", .enabled(if: manySitesSeeds > 0, "`make soak` runs them"))
    func manySites() async throws {
        try await hold(Self.first..<(Self.first + Self.manySitesSeeds), .manySites)
    }

    private func hold(_ seeds: Range<UInt64>, _ layout: SimulatedPlan) async throws {
        let start = ContinuousClock.now
        let broken = try await SimulatedSeeds.firstBroken(seeds, layout)
        let trace = try broken.map {
            try SimulatedSeeds.run($0.seed, layout, lines: Self.lines).broken?.description ?? ""
        }
        if let path = ProcessInfo.processInfo.environment["CALLHOME_SOAK_TRACE"] {
            try trace?.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(broken == nil, "\(trace?.suffix(20_000) ?? "")")
        print("\(seeds.count) seeds of \(layout.sites) sites in \(ContinuousClock.now - start)")
    }

    @Test("The same seed is the same story")
    func repeats() throws {
        let (one, other) = (try SimulatedSeeds.run(7), try SimulatedSeeds.run(7))
        #expect(one.trace.hash == other.trace.hash)
        #expect(one.trace.hash != (try SimulatedSeeds.run(8)).trace.hash)
        #expect(one.events > 1_000)
    }

    @Test(
        "Whoever lacks a rule is found out", .enabled(if: mutantSeeds > 0, "`make soak` looks for them"),
        arguments: SimulatedRules.Rule.allCases)
    func mutants(rule: SimulatedRules.Rule) async throws {
        let seeds = Self.mutantSeeds
        let found = try await SimulatedSeeds.firstBroken(1..<(1 + seeds), SimulatedPlan(), SimulatedRules(broken: rule))
        #expect(found != nil, "\(rule.rawValue) is not found within \(seeds) seeds")
        print(
            "\(rule.rawValue): \(found.map { "seed \($0.seed), (\($0.letter)) \($0.sentence.prefix(160))" } ?? "not found")"
        )
    }
}
