import Logging
import Reports
import ServiceLifecycle

/// Keeps what is known of the time, and decides about a system clock that leapt.
struct ClockService: Service {
    let environment: CollectorEnvironment
    let clock: TrustedClock

    /// Between two looks.
    private static let pause = Duration.seconds(5)
    /// Looks between two at which the time is kept, and at which the servers' clocks are asked: while nothing is in doubt, and
    /// while it is, for all servers are read then.
    private static let keeping = 12
    private static let asking = 60
    private static let askingInDoubt = 3

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var told = ""
            var looks = 0
            while !Task.isCancelled {
                let asking = clock.state.doubtedSince == nil ? ClockService.asking : ClockService.askingInDoubt
                await look(&told, isAsking: looks % asking == 0, isKeeping: looks % ClockService.keeping == 0)
                looks += 1
                try? await Task.sleep(for: ClockService.pause)
            }
        }
        try? await environment.store.save(clock.state)
    }

    /// One look. - Parameter told: what was logged last, so that each change is logged once.
    func look(_ told: inout String, isAsking: Bool, isKeeping: Bool) async {
        _ = clock.now
        do {
            let isDoubted = clock.state.doubtedSince != nil
            // A doubt that has just begun is said at once.
            if isAsking || isDoubted && !told.hasPrefix("held") { try await weigh(&told) }
            if isKeeping { try await environment.store.save(clock.state) }
            if !isDoubted, told.hasPrefix("held") {
                told = ""
                environment.logger.notice("the system's clock is right again")
            }
        } catch {
            if error.isCancellation { return }
            let words = "failed: \(error)"
            if told != words {
                environment.logger.error("cannot look after the clock", metadata: ["error": "\(error)"])
            }
            told = words
        }
    }

    private func weigh(_ told: inout String) async throws(StoreError) {
        let witnesses = try await environment.store.servers().compactMap { server in
            server.lastHeartbeat.flatMap { heard in
                server.clockOffset.map { ClockReckoning.Witness(heard: heard, ahead: .milliseconds($0)) }
            }
        }
        let ahead = clock.state.ahead
        let verdict = try await clock.weigh(witnesses) { shift, next throws(StoreError) in
            try await environment.store.moveDeadlines(by: shift, keeping: next)
        }
        let distance = "\(ahead.magnitude / 1000) s \(ahead < 0 ? "behind" : "ahead of")"
        switch verdict {
        case .agreed: break
        case .held(let because):
            guard told != "held: \(because)" else { return }
            told = "held: \(because)"
            environment.logger.error(
                "the system's clock leapt and is not believed: check NTP and the board's battery",
                metadata: ["clock": "\(distance) what passed", "because": "\(because)"])
        case .adopted(let shift, let because):
            told = ""
            environment.logger.warning(
                "the system's clock is believed; deadlines keep the time that they had left",
                metadata: ["clock": "it was \(distance) what passed", "moved": "\(shift)", "because": "\(because)"])
        }
    }
}
