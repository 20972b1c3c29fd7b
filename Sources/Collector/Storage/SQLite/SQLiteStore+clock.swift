import FoundationEssentials
import GRDB
import Reports

/// What is known of the time, and the deadlines that hang on it.
extension SQLiteStore {
    func clock() async throws(StoreError) -> ClockReckoning? {
        try await read("reading the clock") { transaction in
            let sql = "SELECT name, value FROM setting WHERE name = ?"
            if let clock = try transaction.body(ClockReckoning.self, sql, ["clock"]) { return clock }
            // Of a collector that kept no clock yet, the watch over servers says when it last ran.
            let watch = try transaction.body(LivenessMonitor.self, sql, ["silence"])
            return watch.map { ClockReckoning(lastAlive: $0.lastTick) }
        }
    }

    func save(_ clock: ClockReckoning) async throws(StoreError) {
        try await write("keeping the clock") { try $0.set("clock", to: try $0.encode(clock)) }
    }

    func moveDeadlines(by shift: Duration, keeping clock: ClockReckoning) async throws(StoreError) {
        try await write("moving deadlines after the clock leapt") { transaction in
            try transaction.set("clock", to: try transaction.encode(clock))
            guard shift != .zero else { return }
            let by = shift.inMilliseconds
            // What a leap would take beyond the end of time is left where it is.
            let room = "BETWEEN -4000000000000000000 AND 4000000000000000000"
            guard by.magnitude < 4_000_000_000_000_000_000 else { return }
            for token in try transaction.bodies(AccessToken.self, "SELECT account, body FROM access_token") {
                var token = token
                token.expiresAt = token.expiresAt + shift
                try transaction.save(token)
            }
            for token in try transaction.bodies(IssuedToken.self, "SELECT id, body FROM token")
            where token.usedAt == nil {
                var token = token
                token.expiresAt = token.expiresAt + shift
                try transaction.save(token)
            }
            try transaction.run(
                """
                UPDATE delivery SET next = next + ?1, failing = failing + ?1
                WHERE state IN ('queued', 'retrying', 'claimed') AND next \(room)
                """, [by])
        }
    }
}
