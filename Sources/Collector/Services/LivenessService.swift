import Logging
import Reports
import ServiceLifecycle

/// Looks again and again who is overdue, and has a case opened for whoever is.
struct LivenessService: Service {
    let environment: CollectorEnvironment

    /// Between two looks: well below the grace, or every look would count as a break in listening.
    private var pause: Duration { min(.seconds(15), environment.configuration.silenceGrace / 4) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var watch: LivenessMonitor?
            var failure: StoreError?
            while !Task.isCancelled {
                do throws(StoreError) {
                    // A store that stands back is not reported to. When it goes on, the listening begins anew.
                    guard try await environment.store.storeRecord().standing.maySend else {
                        try? await Task.sleep(for: pause)
                        continue
                    }
                    watch = try await look(watch)
                    failure = nil
                } catch {
                    if Task.isCancelled || error.isCancellation { return }
                    // Once for each cause: a full disk would be filled by the log of it.
                    if failure != error {
                        environment.logger.error("cannot look for silent servers", metadata: ["error": "\(error)"])
                    }
                    failure = error
                }
                try? await Task.sleep(for: pause)
            }
        }
    }

    /// One look.
    func look(_ known: LivenessMonitor?) async throws(StoreError) -> LivenessMonitor {
        let time = environment.now()
        let grace = environment.configuration.silenceGrace
        var watch: LivenessMonitor
        if let known {
            watch = known
        } else {
            watch = try await environment.store.livenessMonitor() ?? LivenessMonitor(startingAt: time)
        }
        watch.tick(at: time, grace: grace)
        let findings = watch.findings(among: try await environment.store.silenceSubjects(), grace: grace)
        try await environment.store.recordSilence(watch, silent: findings, at: time)
        for finding in findings {
            environment.logger.warning(
                "someone fell silent", metadata: ["who": "\(finding.subject.name)", "because": "\(finding.because)"])
        }
        return watch
    }
}
