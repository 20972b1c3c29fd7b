import Foundation

/// Runs many seeds side by side.
enum SimulatedSeeds {
    static func run(
        _ seed: UInt64, _ layout: SimulatedPlan = SimulatedPlan(), _ rules: SimulatedRules = .shipped, lines: Int = 0
    ) throws -> SimulatedWorld {
        let world = try SimulatedWorld(seed: seed, layout: layout, rules: rules)
        world.trace.kept = lines
        world.run()
        return world
    }

    /// The first seed that breaks, and how.
    static func firstBroken(
        _ seeds: Range<UInt64>, _ layout: SimulatedPlan = SimulatedPlan(), _ rules: SimulatedRules = .shipped
    ) async throws -> BrokenInvariant? {
        let workers = UInt64(ProcessInfo.processInfo.activeProcessorCount)
        return try await withThrowingTaskGroup(of: BrokenInvariant?.self) { group in
            for worker in 0..<workers {
                group.addTask {
                    for seed in stride(from: seeds.lowerBound + worker, to: seeds.upperBound, by: Int(workers)) {
                        if Task.isCancelled { return nil }
                        if let broken = try run(seed, layout, rules).broken { return broken }
                    }
                    return nil
                }
            }
            for try await broken in group where broken != nil {
                group.cancelAll()
                return broken
            }
            return nil
        }
    }
}
