import FoundationEssentials
import HTTPTypes
import Hummingbird
import Reports

/// `POST /v1/renewals`: an agent says which root it trusts, and gets a certificate of its key for another while.
struct RenewalRoute: RouteProvider {
    let environment: CollectorEnvironment
    let authority: CertificateAuthority
    let move: TrustMove?
    let body: BodyReader

    init(_ environment: CollectorEnvironment, authority: CertificateAuthority, move: TrustMove?) {
        self.environment = environment
        self.authority = authority
        self.move = move
        body = BodyReader(environment)
    }

    func addRoutes(to router: Router<CollectorContext>) {
        router.post(RouterPath(Routes.renewal)) { request, context in
            try await environment.checkIsCurrent()
            let envelope = try await body.decode(
                Envelope.self, from: request, of: context.peer, limit: IntakeLimits.smallBodyBytes)
            return try Response.json(try await renew(envelope))
        }
    }

    /// The signed answer. Asked again, the same certificate: a new one is made by this collector's clock alone.
    func renew(_ envelope: Envelope) async throws -> Envelope {
        let held = try await ReportVerifier.enrolledKey(of: envelope, in: environment.store)
        let payload: Data
        do {
            payload = try envelope.verified(as: .renewalRequest, by: held.key)
        } catch {
            throw RequestProblem(.unauthorized, "bad-signature", "\(error): the message was changed on its way.")
        }
        let request: RenewalRequest
        do {
            request = try WireFormat.decode(RenewalRequest.self, from: payload)
        } catch {
            throw RequestProblem(
                .unprocessableContent, "malformed", "The request cannot be read: \(DecodingReason.words(error)).")
        }
        try environment.hostBudgets.take(envelope.payload.count, of: held.host)
        guard request.host == held.host else {
            throw RequestProblem(
                .forbidden, "wrong-host", "The key belongs to \(held.host): enrol the server anew.")
        }
        let root = environment.tlsRoot
        guard request.root == root.fingerprint else {
            throw RequestProblem(
                .conflict, "other-root",
                "The TLS root of this collector is \(root.fingerprint), not the one that is named.")
        }
        let certificate = try await environment.store.renew(
            held.key, host: held.host, root: root.fingerprint, at: environment.now()
        ) { [authority] end in try authority.certify(held.key, host: held.host, until: end) }
        await move?.moved()
        let answer = Renewal(host: held.host, keyID: held.key.id, certificate: certificate)
        return try Envelope.sign(WireFormat.encode(answer), as: .renewal, with: environment.signingKey)
    }
}
