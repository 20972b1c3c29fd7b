import Reports

/// Deletes what is old, in transactions so small that intake goes on between them.
extension CollectorStore {
    /// Deletes what is older than the given times allow, counting only time that passed; closes tests that have had their
    /// day. Not one transaction but many small ones, so that whatever else is written comes in between.
    func tidy(_ retention: Retention, at time: Timestamp) async throws(StoreError) {
        let leaps = try await clock()?.leaps ?? []
        func before(_ span: Duration) -> Timestamp { ClockReckoning.threshold(span, before: time, over: leaps) }
        let tests = before(CaseLimits.testLifetime)
        let closed = before(retention.closedCases)
        try await inPortions { [policy] transaction in
            let old = try transaction.openTests(openedBefore: tests, limit: Portion.cases)
            for found in old {
                _ = try CaseRecorder(transaction: transaction, policy: policy, time: time).close(
                    found, by: "collector", because: "The test was not confirmed by every recipient within a day.")
            }
            return old.count == Portion.cases
        }
        try await inPortions {
            try $0.deleteCases(closedBefore: closed, limit: Portion.cases) == Portion.cases
        }
        // As closed cases: who lived with what is known as long as what came of it.
        try await delete(.blindSpots, before: closed)
        try await delete(.reports, before: before(retention.reports))
        try await delete(.declarations, before: closed)
        try await delete(.faults, before: closed)
        try await deletePoints(before: before(retention.history))
        try await delete(.series, before: before(retention.history))
        try await delete(.logins, before: time)
    }

    private func delete(_ kind: Perishable, before threshold: Timestamp) async throws(StoreError) {
        try await inPortions { try $0.delete(kind, before: threshold, limit: Portion.rows) > 0 }
    }

    private func deletePoints(before threshold: Timestamp) async throws(StoreError) {
        var place: Int64? = .min
        while let last = place, !Task.isCancelled {
            place = try await portion {
                try $0.deletePoints(before: threshold, after: last, series: Portion.series, limit: Portion.points)
            }
        }
    }

    /// Repeats `step`, each time in a transaction of its own, until it says that nothing is left.
    private func inPortions(
        _ step: @escaping @Sendable (any CollectorLedger) throws -> Bool
    ) async throws(StoreError) {
        while !Task.isCancelled {
            guard try await portion(step) else { return }
        }
    }

    /// One transaction, and a rest for as long as it worked: whoever else writes comes in between.
    private func portion<Value: Sendable>(
        _ step: @escaping @Sendable (any CollectorLedger) throws -> Value
    ) async throws(StoreError) -> Value {
        let clock = ContinuousClock()
        let start = clock.now
        let value = try await transaction("deleting what is old", step)
        let rest = min(max(clock.now - start, .milliseconds(2)), .seconds(1))
        try? await Task.sleep(for: rest)
        return value
    }
}

/// What one transaction deletes at most.
private enum Portion {
    /// Cases, each with its deliveries and reports.
    static let cases = 50
    /// Rows of a table.
    static let rows = 1_000
    /// Points of sparklines, and series looked through.
    static let points = 5_000
    static let series = 500
}
