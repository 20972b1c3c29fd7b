import Logging
import Reports
import Synchronization

/// Brings everybody from the site's CA, which was the root of TLS up to 0.1, to the TLS root: agents by their receipts,
/// sites by the answers to their signs of life. Until the last has moved, the CA's certificate for the root is shown too.
final class TrustMove: Sendable {
    /// Names that the log lists.
    private static let names = 20

    private let environment: CollectorEnvironment
    private let authority: CertificateAuthority
    private let tls: ServerTLS
    /// By which the TLS certificate has to be good: clients hold it against clocks of their own.
    private let calendar: @Sendable () -> Timestamp
    /// How many had not moved when last looked; nil before.
    private let remaining = Mutex<Int?>(nil)

    init(
        environment: CollectorEnvironment, authority: CertificateAuthority, tls: ServerTLS,
        calendar: @escaping @Sendable () -> Timestamp
    ) {
        self.environment = environment
        self.authority = authority
        self.tls = tls
        self.calendar = calendar
    }

    /// Notes who is still to move, and binds what the CA says of other sites.
    func begin() async throws {
        try await environment.store.beginTrustMove { [authority] site in
            guard !CertificateAuthority.isConstrained(cross: site.crossCertificate),
                let certificate = try CertificateAuthority.certificates(in: [site.ca]).first
            else { return nil }
            return try authority.crossCertify(certificate)
        }
    }

    /// Renews the TLS certificate when it is due, and ends the one by the CA of before when nobody needs it any more.
    func update() async throws {
        let names = try await environment.store.trustingEarlier(
            than: environment.tlsRoot.fingerprint, limit: TrustMove.names + 1)
        try tls.renew(servesCross: !names.isEmpty, at: calendar())
        let before = remaining.withLock { count in
            defer { count = names.count }
            return count
        }
        guard tls.hasCross, before != names.count else { return }
        if names.isEmpty, before != nil {
            environment.logger.notice(
                "every server and site trusts the TLS root alone: the CA's certificate for it is no longer shown")
        } else if !names.isEmpty, before == nil {
            let more = names.count > TrustMove.names ? ", …" : ""
            environment.logger.warning(
                """
                some still trust the CA of before: whoever it vouches for can pass for this collector towards them; update \
                their agents or collectors, or revoke their keys
                """,
                metadata: [
                    "names": "\(names.prefix(TrustMove.names).map(\.debugDescription).joined(separator: ", "))\(more)"
                ])
        }
    }

    /// Somebody moved: it may have been the last.
    func moved() async {
        guard remaining.withLock({ $0 ?? 1 }) > 0 else { return }
        do { try await update() } catch {
            if error.isCancellation { return }
            environment.logger.error("the TLS certificate cannot be renewed", metadata: ["error": "\(error)"])
        }
    }
}
