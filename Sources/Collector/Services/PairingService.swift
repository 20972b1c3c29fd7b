import Crypto
import FoundationEssentials
import Logging
import Reports
import ServiceLifecycle
import SwiftASN1
import Transfer
import X509

/// Pairs with every configured partner that this collector is not paired with yet, until it has worked.
struct PairingService: Service {
    let environment: CollectorEnvironment

    /// Between two attempts: doubled up to `longestPause`.
    static let shortestPause = Duration.seconds(2)
    static let longestPause = Duration.seconds(300)

    func run() async throws {
        await withDiscardingTaskGroup { group in
            for recipient in environment.configuration.recipients {
                guard case .partner(let settings) = recipient.channel else { continue }
                group.addTask { await cancelWhenGracefulShutdown { await keepTrying(recipient.name, settings) } }
            }
            try? await gracefulShutdown()
        }
    }

    private func keepTrying(_ recipient: String, _ partner: PartnerSettings) async {
        var pause = PairingService.shortestPause
        var lastReason = ""
        while !Task.isCancelled {
            guard await environment.maySend else {
                try? await Task.sleep(for: PairingService.longestPause)
                continue
            }
            do {
                try await pair(recipient, with: partner)
                return
            } catch {
                let reason = "\(error)"
                if reason != lastReason {
                    environment.logger.warning(
                        "not paired with a partner yet",
                        metadata: ["recipient": "\(recipient)", "because": "\(reason)"])
                    lastReason = reason
                }
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, PairingService.longestPause)
        }
    }

    /// Does nothing where the pairing stands.
    /// - Parameter recipient: its name in the configuration.
    func pair(_ recipient: String, with partner: PartnerSettings) async throws {
        let known = try await environment.store.partnerTrust(recipient: recipient)
        guard let secret = partner.pairing else {
            if known != nil { return }
            throw PairingError(
                because:
                    "recipient.\(recipient).pairing is not set: run callhome-collector pair create at the partner")
        }
        guard let token = JoinToken(parsing: try secret.read()) else {
            throw PairingError(because: "recipient.\(recipient).pairing is no pairing token: copy it whole")
        }
        if let known, known.url == partner.url, known.token == token.id { return }
        let ca = try await authority(at: partner.url, fingerprint: token.caFingerprint)
        let request = try PairingRequest(
            token: token, site: environment.identity.site, name: environment.siteName, ca: environment.ca,
            signedBy: environment.signingKey)
        let answer = try await PartnerClient(url: partner.url, ca: ca, time: environment.now())
            .send("POST", PairingRequest.path, try WireFormat.encode(request))
        let response = try WireFormat.decode(PairingResponse.self, from: answer)
        // While the partner answered, another attempt may have paired with the same token: then that one stands.
        if let known = try await environment.store.partnerTrust(recipient: recipient), known.url == partner.url,
            known.token == token.id
        {
            return
        }
        try await environment.store.save(
            PartnerTrust(
                recipient: recipient, url: partner.url, ca: ca, key: response.key,
                pairedAt: environment.now(), token: token.id))
        environment.logger.notice(
            "paired with a partner", metadata: ["recipient": "\(recipient)", "url": "\(partner.url)"])
    }

    /// The partner's TLS root, if it is the one that the token names.
    private func authority(at url: String, fingerprint: String) async throws -> String {
        let pem = String(
            decoding: try await PartnerClient(url: url, ca: nil, time: environment.now()).send("GET", Routes.ca, nil),
            as: UTF8.self)
        let certificate: Certificate
        do {
            certificate = try Certificate(pemEncoded: pem)
        } catch {
            throw PairingError(because: "\(url) is no collector: check the URL")
        }
        let found = try CertificateAuthority.fingerprint(of: certificate)
        guard found == fingerprint else {
            if await isOfEarlierCA(fingerprint, at: url) {
                throw PairingError(
                    because:
                        "the token names the CA that \(url) had before its TLS root (SHA-256 \(found)): make another "
                        + "one there (callhome-collector pair create)")
            }
            throw PairingError(
                because:
                    "\(url) is not the collector that made the token, or someone stands between: check the URL and the network"
            )
        }
        if let objection = CertificateOutline(pem: pem)?.objectionAsRoot {
            throw PairingError(because: "\(url) shows a certificate that cannot be trusted: \(objection)")
        }
        return pem
    }

    /// Whether the fingerprint is that of the CA which the partner says vouches for agents; only for the words of a refusal.
    private func isOfEarlierCA(_ fingerprint: String, at url: String) async -> Bool {
        guard
            let answer = try? await PartnerClient(url: url, ca: nil, time: environment.now()).send(
                "GET", Routes.agentsCA, nil),
            let certificate = try? Certificate(pemEncoded: String(decoding: answer, as: UTF8.self))
        else { return false }
        return (try? CertificateAuthority.fingerprint(of: certificate)) == fingerprint
    }
}

struct PairingError: Error, Hashable, CustomStringConvertible {
    var because: String
    var description: String { because }
}

/// Asks a partner collector something.
struct PartnerClient {
    let url: String
    /// PEM of the only root that is trusted; nil before it is known.
    let ca: String?
    /// What is known of it.
    let time: Timestamp
    var timeout = Duration.seconds(20)

    /// - Returns: the body of a 2xx answer.
    func send(_ method: String, _ path: String, _ body: Data?) async throws -> Data {
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        let trust: Trust = ca.map { .partner(rootPEM: $0, at: time) } ?? .unverified
        let transfer = HTTPTransfer(HTTPTransfer.Options(trust: trust, timeout: timeout, maximumResponseBytes: 1 << 20))
        let response = try await transfer.send(
            Transfer.HTTPRequest(
                method: method, url: base + path, headers: body == nil ? [] : [("content-type", "application/json")],
                body: body))
        guard (200..<300).contains(response.status) else {
            let problem = try? WireFormat.decode(Problem.self, from: response.body)
            throw PairingError(
                because: "\(base) answered \(response.status): \(problem?.message ?? "no collector's words")")
        }
        return response.body
    }
}
