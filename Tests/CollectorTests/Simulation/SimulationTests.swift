import Foundation
import Reports
import Testing

@testable import Collector

/// Agents, sites and a partner under everything that goes wrong, from a seed. `make soak` runs many.
@Suite("Simulation")
struct SimulationTests {
    /// Seeds in an ordinary run, and in a soak.
    static let seeds = UInt64(ProcessInfo.processInfo.environment["CALLHOME_SOAK_SEEDS"] ?? "") ?? 6

    /// In which each mutant is to be found.
    static let mutantSeeds = UInt64(ProcessInfo.processInfo.environment["CALLHOME_SOAK_MUTANTS"] ?? "") ?? 0

    @Test("Whatever happens: what stands, what is open and what recipients hold agree at rest")
    func holds() async throws {
        let start = ContinuousClock.now
        let broken = try await SimulatedSeeds.firstBroken(1..<(1 + Self.seeds))
        let trace = try broken.map { try SimulatedSeeds.run($0.seed, lines: 400).broken?.description ?? "" }
        if let path = ProcessInfo.processInfo.environment["CALLHOME_SOAK_TRACE"] {
            try trace?.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(broken == nil, "\(trace?.suffix(20_000) ?? "")")
        print("\(Self.seeds) seeds in \(ContinuousClock.now - start)")
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
