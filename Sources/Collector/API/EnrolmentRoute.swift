import Crypto
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Reports

/// `GET /v1/ca`, `GET /v1/ca/agents` and `POST /v1/enrol`: how a server joins.
struct EnrolmentRoute: RouteProvider {
    let environment: CollectorEnvironment
    let authority: CertificateAuthority
    let address: BoundAddress
    let body: BodyReader

    init(_ environment: CollectorEnvironment, authority: CertificateAuthority, address: BoundAddress) {
        self.environment = environment
        self.authority = authority
        self.address = address
        body = BodyReader(environment)
    }

    func addRoutes(to router: Router<CollectorContext>) {
        for (path, pem) in [(Routes.ca, environment.tlsRoot.pem), (Routes.agentsCA, environment.ca)] {
            router.get(RouterPath(path)) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: "application/x-pem-file"],
                    body: .init(byteBuffer: ByteBuffer(string: pem)))
            }
        }
        router.post(RouterPath(Routes.enrol)) { request, context in
            try await environment.checkIsCurrent()
            let enrolment = try await body.decode(
                EnrolmentRequest.self, from: request, of: context.peer, limit: IntakeLimits.smallBodyBytes)
            return try Response.json(try await enrol(enrolment))
        }
    }

    func enrol(_ request: EnrolmentRequest) async throws -> EnrolmentResponse {
        let time = environment.now()
        let token = try await OneTimeTokens(store: environment.store, root: environment.tlsRoot.fingerprint)
            .admitted(id: request.tokenID, secret: request.tokenSecret, purpose: .server, at: time)
        guard NameRules.isHost(request.host), !request.hostname.isEmpty, request.hostname.utf8.count <= 255 else {
            throw RequestProblem(
                .unprocessableContent, "bad-name",
                "A host id is made of 1 to 64 letters, digits, '.', '_' and '-', and needs a host name.")
        }
        let host = try await host(for: request, token: token)
        guard request.isProven else {
            throw RequestProblem(
                .forbidden, "no-proof",
                "The request is not signed by the key that it brings: try again; an agent of before 0.1 has to be "
                    + "updated to replace a server.")
        }
        try check(token, lets: request, in: host)
        if token.usedAt != nil { return try await repeated(request, token: token, host: host) }
        let end = time + AgentCertificate.lifetime
        let certificate = try authority.certify(request.key, host: host, until: end)
        let accepted = AcceptedEnrolment(
            tokenID: token.id, host: host, hostname: request.hostname, key: request.key, certificate: certificate,
            replaces: request.replace != nil,
            trust: AgentTrust(root: environment.tlsRoot.fingerprint, certifiedUntil: end))
        let epoch: Int64
        do {
            epoch = try await environment.store.enrol(accepted, at: time)
        } catch StoreError.conflict(let because) {
            // Someone used the token at the same moment: perhaps the same server, asking twice.
            guard let used = try await environment.store.token(id: token.id), used.usedAt != nil else {
                throw RequestProblem(.conflict, "host-known", "\(because).")
            }
            return try await repeated(request, token: used, host: host)
        }
        environment.logger.notice(
            "a server was enrolled",
            metadata: ["host": "\(host)", "name": "\(request.hostname)", "token": "\(token.id)", "epoch": "\(epoch)"])
        return response(host: host, certificate: certificate, epoch: epoch)
    }

    /// The host that the request is about: its own, or the one that it replaces.
    private func host(for request: EnrolmentRequest, token: IssuedToken) async throws -> HostID {
        guard let replaced = request.replace else { return request.host }
        // Asked again: the server bears the name of the one that took its place by now.
        if token.usedAt != nil, let place = token.replaces { return place }
        do throws(StoreError) { return try await environment.store.server(named: replaced).host } catch {
            guard case .notFound = error else { throw error }
            throw RequestProblem(.notFound, "not-found", "\(error). A new server is enrolled without --replace.")
        }
    }

    /// A token that was made for a new server takes no other's place, and one that was made for a place takes only that.
    private func check(_ token: IssuedToken, lets request: EnrolmentRequest, in host: HostID) throws(RequestProblem) {
        guard request.replace != nil else {
            guard let replaces = token.replaces else { return }
            throw RequestProblem(
                .forbidden, "token-replaces",
                "The token lets a server in only in the place of \(replaces): give --replace \(replaces) too, or make "
                    + "another token for a new server.")
        }
        guard token.replaces == host else {
            throw RequestProblem(
                .forbidden, "token-replaces-not",
                "The token does not let anybody take the place of \(CleanText.line(host, limit: 80)): "
                    + "callhome-collector tokens create --replace \(CleanText.line(host, limit: 80)) makes one that does."
            )
        }
    }

    /// The answer got lost and the agent asks again with the same key: it gets the same answer.
    private func repeated(_ request: EnrolmentRequest, token: IssuedToken, host: HostID) async throws
        -> EnrolmentResponse
    {
        guard token.usedBy == host, let key = try await environment.store.agentKey(id: request.key.id),
            key.host == host,
            key.revokedAt == nil, let server = try await environment.store.server(host: host)
        else {
            throw RequestProblem(.conflict, "token-used", "The token was used already: make another one.")
        }
        return response(host: host, certificate: key.certificate, epoch: server.epoch)
    }

    private func response(host: HostID, certificate: String, epoch: Int64) -> EnrolmentResponse {
        EnrolmentResponse(
            host: host, certificate: certificate, ca: environment.tlsRoot.pem,
            collectorKey: environment.signingKey.publicKey,
            epoch: epoch,
            collectors: environment.configuration.addresses(
                port: address.port(orElse: environment.configuration.listenPort)))
    }
}
