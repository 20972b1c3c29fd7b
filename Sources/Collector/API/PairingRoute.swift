import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import Reports
import SwiftASN1
import X509

/// `POST /v1/pair`, `/v1/tickets` and `/v1/heartbeats`: what other collectors send.
struct PairingRoute: RouteProvider {
    let environment: CollectorEnvironment
    let authority: CertificateAuthority
    let move: TrustMove?
    let body: BodyReader

    init(_ environment: CollectorEnvironment, authority: CertificateAuthority, move: TrustMove? = nil) {
        self.environment = environment
        self.authority = authority
        self.move = move
        body = BodyReader(environment)
    }

    func addRoutes(to router: Router<CollectorContext>) {
        router.post(RouterPath(PairingRequest.path)) { request, context in
            try await environment.checkIsCurrent()
            let pairing = try await body.decode(
                PairingRequest.self, from: request, of: context.peer, limit: IntakeLimits.smallBodyBytes)
            return try Response.json(try await pair(pairing))
        }
        router.post(RouterPath(Routes.tickets)) { request, context in
            let ticket = try await body.decode(
                RelayedTicket.self, from: request, of: context.peer, limit: WireLimits.bodyBytes,
                inflated: IntakeLimits.ticketBytes)
            return try Response.json(try await accept(ticket))
        }
        router.post(RouterPath(Routes.heartbeats)) { request, context in
            try await environment.checkIsCurrent()
            let envelope = try await body.decode(
                Envelope.self, from: request, of: context.peer, limit: IntakeLimits.smallBodyBytes)
            guard let notice = try await accept(heartbeat: envelope) else { return Response(status: .noContent) }
            return try Response.json(notice)
        }
    }

    // MARK: Pairing

    func pair(_ request: PairingRequest) async throws -> PairingResponse {
        let time = environment.now()
        let token = try await OneTimeTokens(store: environment.store, root: environment.tlsRoot.fingerprint)
            .admitted(id: request.tokenID, secret: request.tokenSecret, purpose: .site, at: time)
        guard request.isProven else {
            throw RequestProblem(
                .forbidden, "no-proof", "The request is not signed by the key that it brings: try again.")
        }
        guard NameRules.isHost(request.site), !request.name.isEmpty, request.name.utf8.count <= 200,
            let certificate = try? Certificate(pemEncoded: request.ca)
        else {
            throw RequestProblem(
                .unprocessableContent, "malformed",
                "The request names no usable site, or its CA is no certificate.")
        }
        guard request.site != environment.identity.site else {
            throw RequestProblem(.conflict, "own-site", "A collector cannot be its own partner: set another URL.")
        }
        if token.usedAt != nil { return try await repeated(request, token: token) }
        try await check(certificate, of: request)
        let cross = try authority.crossCertify(certificate)
        let site = PairedSite(
            id: request.site, name: request.name, ca: request.ca, crossCertificate: cross, key: request.key,
            pairedAt: time,
            isSilent: false, root: environment.tlsRoot.fingerprint)
        do {
            try await environment.store.pair(site, token: token.id, at: time)
        } catch StoreError.conflict {
            // Someone used the token at the same moment: perhaps the same site, asking twice.
            guard let used = try await environment.store.token(id: token.id) else { throw tokenUsed }
            return try await repeated(request, token: used)
        }
        environment.logger.notice(
            "a site was paired",
            metadata: ["site": "\(request.site)", "name": "\(request.name)", "token": "\(token.id)"])
        return response
    }

    /// A token lets a site in, and in nobody's place: neither under the name of another one, nor with its authority or ours.
    private func check(_ certificate: Certificate, of request: PairingRequest) async throws {
        let sites = try await environment.store.pairedSites()
        if let known = sites.first(where: { $0.id == request.site }), known.key != request.key {
            throw RequestProblem(
                .conflict, "site-known",
                "A site of this name is paired with another key: a site that was installed anew has a name of its own.")
        }
        let others = sites.filter { $0.id != request.site }.map(\.ca) + [environment.ca, environment.tlsRoot.pem]
        let known = others.flatMap { (try? CertificateAuthority.certificates(in: [$0])) ?? [] }.map(\.publicKey)
        if let because = CertificateAuthority.objection(to: certificate, of: request.site, known: known) {
            throw RequestProblem(.unprocessableContent, "malformed", "The site cannot be paired: \(because).")
        }
    }

    /// The answer got lost and the site asks again with the same key.
    private func repeated(_ request: PairingRequest, token: IssuedToken) async throws -> PairingResponse {
        guard token.usedBy == request.site, let site = try await environment.store.pairedSite(keyID: request.key.id),
            site.id == request.site, site.ca == request.ca
        else { throw tokenUsed }
        return response
    }

    private var tokenUsed: RequestProblem {
        RequestProblem(.conflict, "token-used", "The token was used already: make another one.")
    }

    private var response: PairingResponse {
        PairingResponse(format: WireFormat.version, ca: environment.tlsRoot.pem, key: environment.signingKey.publicKey)
    }

    // MARK: What paired sites send

    func accept(_ message: RelayedTicket) async throws -> TicketAcceptance {
        let site = try await site(of: message.ticket)
        try environment.hostBudgets.take(
            message.ticket.payload.count + message.reports.reduce(0) { $0 + $1.payload.count }, of: "site \(site.id)")
        let ticket = try decoded(Ticket.self, from: message.ticket, as: .ticket, of: site)
        let origin = ticket.origin(from: site.id)
        guard (1...100).contains(message.id.utf8.count), NameRules.isHost(ticket.number), ticket.revision >= 1,
            NameRules.isHost(origin.store), NameRules.isHost(origin.number),
            ticket.problem.map(NameRules.isHost) ?? true,
            message.reports.count <= RelayLimits.reports, message.certificates.count <= RelayLimits.certificates
        else {
            throw RequestProblem(
                .unprocessableContent, "malformed",
                "A ticket needs an id, a number and a revision, and brings at most \(RelayLimits.reports) reports.")
        }
        let certificates = try await RelayVerifier(site: site, host: ticket.server.host)
            .check(message.reports, certificates: message.certificates)
        return try await environment.store.accept(
            VerifiedTicket(
                id: message.id, sender: site.id, ticket: ticket, reports: message.reports,
                certificates: certificates.isEmpty ? [] : certificates + [site.crossCertificate]),
            at: environment.now())
    }

    /// - Returns: what is to be told to the site, signed. Of a site that tells no work, the notice of our TLS root where it does not
    ///   say that it trusts it, and nil where it does.
    func accept(heartbeat envelope: Envelope) async throws -> Envelope? {
        let site = try await site(of: envelope)
        let heartbeat = try decoded(CollectorHeartbeat.self, from: envelope, as: .heartbeat, of: site)
        guard heartbeat.site == site.id else {
            throw RequestProblem(
                .unprocessableContent, "other-site", "The heartbeat names another site than the one that signed it.")
        }
        guard heartbeat.receiver == nil || heartbeat.receiver == environment.signingKey.publicKey.id else {
            throw RequestProblem(
                .unprocessableContent, "other-collector", "The heartbeat is meant for another collector.")
        }
        do throws(StoreError) {
            try await environment.store.recordSiteHeartbeat(
                SiteHeartbeat(
                    site: site.id, interval: heartbeat.interval, term: heartbeat.term?.wrappedValue ?? 0,
                    number: heartbeat.counter ?? heartbeat.time.milliseconds, isCounted: heartbeat.counter != nil),
                at: environment.now())
        } catch {
            guard case .conflict(let because) = error else { throw error }
            throw RequestProblem(.conflict, "repeated", "\(because).")
        }
        let root = environment.tlsRoot
        let isMoved = heartbeat.root == root.fingerprint
        if isMoved, site.root != root.fingerprint {
            try await environment.store.recordTrust(site: site.id, root: root.fingerprint)
            await move?.moved()
        }
        if let work = heartbeat.work {
            var answer = try await SiteLink(environment: environment, site: site).answer(work, of: heartbeat)
            if !isMoved { answer.root = root.pem }
            return try Envelope.sign(WireFormat.encode(answer), as: .heartbeatAnswer, with: environment.signingKey)
        }
        if isMoved { return nil }
        let notice = RootNotice(site: site.id, root: root.pem)
        return try Envelope.sign(WireFormat.encode(notice), as: .rootNotice, with: environment.signingKey)
    }

    private func site(of envelope: Envelope) async throws -> PairedSite {
        for id in envelope.keyIDs.prefix(4) where id.utf8.count == 64 {
            if let site = try await environment.store.pairedSite(keyID: id) { return site }
        }
        throw RequestProblem(
            .unauthorized, "unknown-key",
            "No site is paired here with this key: make a token with callhome-collector pair create, and set it at the site."
        )
    }

    private func decoded<Value: Decodable>(
        _ type: Value.Type, from envelope: Envelope, as payloadType: PayloadType, of site: PairedSite
    ) throws -> Value {
        let payload: Data
        do {
            payload = try envelope.verified(as: payloadType, by: site.key)
        } catch {
            throw RequestProblem(.unauthorized, "bad-signature", "\(error): the message was changed on its way.")
        }
        if let objection = WireShape.objection(to: payload, .payload) {
            throw RequestProblem(
                .unprocessableContent, "malformed", "The signed message cannot be read: \(objection).")
        }
        do {
            return try WireFormat.decode(type, from: payload)
        } catch {
            throw RequestProblem(
                .unprocessableContent, "malformed", "The signed message cannot be read: \(DecodingReason.words(error))."
            )
        }
    }
}

/// Limits of one relayed ticket.
enum RelayLimits {
    /// Signed reports.
    static let reports = 64
    /// PEM texts.
    static let certificates = 64
}

/// Checks the agents' own signatures on what a site relays: a site can hand on reports, and not make them up.
struct RelayVerifier {
    let site: PairedSite
    /// The server that the ticket is about.
    let host: HostID

    /// - Returns: the PEM texts that the reports need.
    func check(_ reports: [Envelope], certificates: [String]) async throws -> [String] {
        guard !reports.isEmpty else { return [] }
        let root: Certificate
        let brought: [Certificate]
        do {
            root = try Certificate(pemEncoded: site.ca)
            brought = try CertificateAuthority.certificates(in: certificates)
        } catch {
            throw RequestProblem(
                .unprocessableContent, "bad-certificate", "A certificate of the ticket is no certificate.")
        }
        var keys: [String: VerifyingKey] = [:]
        for certificate in brought.prefix(RelayLimits.certificates) {
            if let known = await CertificateAuthority.host(of: certificate, by: root, through: brought),
                known.host == host
            {
                keys[known.key.id] = known.key
            }
        }
        for report in reports { try check(report, keys: keys) }
        return certificates
    }

    private func check(_ envelope: Envelope, keys: [String: VerifyingKey]) throws {
        guard let key = envelope.keyIDs.lazy.compactMap({ keys[$0] }).first,
            let payload = try? envelope.verified(as: .report, by: key)
        else {
            throw RequestProblem(
                .unprocessableContent, "bad-report",
                "A report of the ticket is not signed by a key of \(host.prefix(80)) that the CA of \(site.name) vouches for."
            )
        }
        struct Outline: Decodable { var host: HostID }
        guard let outline = try? WireFormat.decode(Outline.self, from: payload), outline.host == host else {
            throw RequestProblem(.unprocessableContent, "bad-report", "A report of the ticket is of another server.")
        }
    }
}
