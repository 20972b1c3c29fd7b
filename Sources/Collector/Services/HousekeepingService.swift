import Logging
import Reports
import ServiceLifecycle

/// Once an hour: deletes what is older than it has to be, closes forgotten tests, renews the TLS certificate, and ends
/// the certificate by the authority of before once nobody trusts that one.
struct HousekeepingService: Service {
    let environment: CollectorEnvironment
    let move: TrustMove

    private static let pause = Duration.seconds(3600)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Each by itself: a disk that takes no writes keeps no certificate from being renewed, nor the other way.
                do {
                    try await environment.store.tidy(environment.configuration.retention, at: environment.now())
                } catch {
                    if error.isCancellation { return }
                    environment.logger.error("housekeeping failed", metadata: ["error": "\(error)"])
                }
                do { try await move.update() } catch {
                    if error.isCancellation { return }
                    environment.logger.error("the certificate is not renewed", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: HousekeepingService.pause)
            }
        }
    }
}

/// Keeps the database open until everything that uses it has stopped.
struct StoreService: Service {
    let store: any CollectorStore

    func run() async throws {
        try? await gracefulShutdown()
        await store.close()
    }
}
