import Crypto
import Foundation
import Logging
import Reports
import ServiceLifecycle
import SwiftASN1
import Testing
import Transfer
import X509

@testable import Collector

@Suite("What the collector's two authorities say, and to whom")
struct AuthorityTests {
    private let time = SampleFault.time

    @Test("An agent's certificate is named by its key, names no server, is for clients only, and ends")
    func agentCertificate() async throws {
        let authority = try CertificateAuthority(site: "s1")
        let key = SigningKey().publicKey
        let pem = try authority.certify(key, host: "localhost", until: time + AgentCertificate.lifetime)
        let leaf = try Certificate(pemEncoded: pem)
        #expect(try leaf.extensions.subjectAlternativeNames == nil)
        #expect(!"\(leaf.subject)".contains("CN=localhost") && "\(leaf.subject)".contains(key.id))
        #expect(leaf.extensions[oid: .X509ExtensionID.extendedKeyUsage]?.critical == true)
        #expect(try leaf.extensions.extendedKeyUsage == ExtendedKeyUsage([.clientAuth]))
        #expect(Timestamp(leaf.notValidAfter) <= time + AgentCertificate.lifetime)
        let outline = try #require(CertificateOutline(pem: pem))
        #expect(outline.objectionAsServer != nil && outline.objectionAsRoot != nil)
        let named = await CertificateAuthority.host(of: leaf, by: authority.certificate, through: [])
        #expect(named?.host == "localhost" && named?.key == key)
    }

    @Test("The TLS root is a root for servers and nothing else; no certificate of the CA is one")
    func roots() throws {
        let (root, authority) = (try TLSRoot(site: "s1"), try CertificateAuthority(site: "s1"))
        #expect(CertificateOutline(pem: try root.certificatePEM)?.objectionAsRoot == nil)
        #expect(CertificateOutline(pem: try authority.certificatePEM)?.objectionAsRoot != nil)
        let other = try CertificateAuthority(site: "s2")
        let cross = try authority.crossCertify(other.certificate)
        #expect(CertificateOutline(pem: cross)?.objectionAsRoot != nil)
        #expect(CertificateAuthority.isConstrained(cross: cross))
        #expect(!CertificateAuthority.isConstrained(cross: try authority.crossSign(root)))
        #expect(!CertificateAuthority.isConstrained(cross: try authority.certificatePEM))
        let server = try root.certifyServer(P256.Signing.PrivateKey().publicKey, names: ["srv", "::1"], until: time)
        #expect(CertificateOutline(pem: server)?.objectionAsServer == nil)
    }

    @Test("No server, no agent and no authority below a site's vouches for an agent")
    func relayedCertificates() async throws {
        let (ours, site) = (try CertificateAuthority(site: "s1"), try CertificateAuthority(site: "s2"))
        let key = SigningKey().publicKey
        let end = time + AgentCertificate.lifetime
        func host(_ pems: [String]) async throws -> HostID? {
            let all = try CertificateAuthority.certificates(in: pems)
            return await CertificateAuthority.host(of: all[0], by: ours.certificate, through: all)?.host
        }
        let agent = try site.certify(key, host: "h1", until: end)
        #expect(try await host([agent, ours.crossCertify(site.certificate)]) == "h1")
        #expect(try await host([agent]) == nil)
        // A site's authority that vouches for a third one: the path ends at the site.
        let third = try CertificateAuthority(site: "s3")
        let below = try third.certify(key, host: "h1", until: end)
        let chain = [below, try site.crossCertify(third.certificate), try ours.crossCertify(site.certificate)]
        #expect(try await host(chain) == nil)
        // The TLS root, certified by the CA, vouches for no agent.
        let root = try TLSRoot(site: "s1")
        let server = try root.certifyServer(P256.Signing.PrivateKey().publicKey, names: ["h1"], until: end)
        #expect(try await host([server, ours.crossSign(root)]) == nil)
        // An agent that makes certificates of its own.
        let maker = Curve25519.Signing.PrivateKey()
        let own = try Certificate(pemEncoded: ours.certify(VerifyingKey(maker.publicKey), host: "h2", until: end))
        let forged = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.key), notValidBefore: own.notValidBefore,
            notValidAfter: own.notValidAfter, issuer: own.subject,
            subject: AgentCertificate.subject(key, host: "h1"), signatureAlgorithm: .ed25519,
            extensions: Certificate.Extensions { Critical(try ExtendedKeyUsage([.clientAuth])) },
            issuerPrivateKey: .init(maker)
        ).serializeAsPEM().pemString
        #expect(try await host([forged, own.serializeAsPEM().pemString]) == nil)
    }

    @Test("A certificate whose name is another key's speaks of nobody")
    func otherKeysName() async throws {
        let authority = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("Callhome CA s1") }
        let key = SigningKey().publicKey
        func leaf(_ subject: DistinguishedName) throws -> Certificate {
            try Certificate(
                version: .v3, serialNumber: .init(), publicKey: .init(key.key), notValidBefore: time.date,
                notValidAfter: (time + .seconds(60)).date, issuer: name, subject: subject,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions { Critical(try ExtendedKeyUsage([.clientAuth])) },
                issuerPrivateKey: .init(authority))
        }
        #expect(AgentCertificate(try leaf(AgentCertificate.subject(key, host: "h1")))?.host == "h1")
        #expect(AgentCertificate(try leaf(AgentCertificate.subject(SigningKey().publicKey, host: "h1"))) == nil)
        #expect(AgentCertificate(try leaf(try DistinguishedName { CommonName(key.id) })) == nil)
    }

    @Test("A certificate is renewed by what is left of it, and where a wrong clock made it last too long")
    func due() {
        func needs(_ left: Duration?) -> Bool {
            AgentTrust(root: "r", certifiedUntil: left.map { time + $0 }).needsCertificate(at: time)
        }
        #expect(needs(nil))
        #expect(needs(.seconds(-86_400 * 4000)) && needs(.zero) && needs(AgentCertificate.renewal - .seconds(1)))
        #expect(!needs(AgentCertificate.renewal + .seconds(1)) && !needs(AgentCertificate.lifetime))
        #expect(needs(AgentCertificate.lifetime + AgentCertificate.renewal + .seconds(1)))
        #expect(needs(.seconds(86_400 * 3 * 365)))
        #expect(AgentTrust(root: "r", certifiedUntil: time + AgentCertificate.lifetime).isDue(root: "s", at: time))
        #expect(!AgentTrust(root: "r", certifiedUntil: time + AgentCertificate.lifetime).isDue(root: "r", at: time))
    }
}

@Suite("Agents say what they trust, and are vouched for anew")
struct RenewalTests {
    private func request(_ live: LiveCollector, _ host: HostID, root: String? = nil) -> RenewalRequest {
        RenewalRequest(host: host, root: root ?? live.program.environment.tlsRoot.fingerprint)
    }

    private func ask(
        _ live: LiveCollector, _ request: RenewalRequest, by key: SigningKey, as type: PayloadType = .renewalRequest
    ) async throws -> Transfer.HTTPResponse {
        try await live.send(
            "POST", Routes.renewal,
            try WireFormat.encode(Envelope.sign(WireFormat.encode(request), as: type, with: key)),
            headers: [(name: "content-type", value: "application/json")])
    }

    private func renewal(_ live: LiveCollector, _ response: Transfer.HTTPResponse) throws -> Renewal {
        let envelope = try WireFormat.decode(Envelope.self, from: response.body)
        return try WireFormat.decode(
            Renewal.self, from: envelope.verified(as: .renewal, by: live.program.environment.signingKey.publicKey))
    }

    /// As if 0.1 had enrolled it.
    private func enrolledBefore(_ live: LiveCollector, _ host: HostID) async throws -> SigningAgent {
        let agent = SigningAgent(host)
        let token = try await live.token()
        _ = try await live.store.enrol(
            AcceptedEnrolment(
                tokenID: token.id, host: host, hostname: "srv-\(host)", key: agent.key.publicKey, certificate: "of 0.1",
                replaces: false), at: Timestamp(Date()))
        try await live.store.beginTrustMove { _ in nil }
        return agent
    }

    private func report(_ live: LiveCollector, _ agent: inout SigningAgent) async throws -> Receipt {
        try live.receipt(try await live.post([try agent.sign(agent.report(.faults([])))]))
    }

    @Test("Receipts name the root until the agent says, signed, that it trusts it; then its certificate is a new one")
    func moves() async throws {
        try await LiveCollector.with { live in
            var agent = try await enrolledBefore(live, "h1")
            let root = live.program.environment.tlsRoot
            #expect(try await report(live, &agent).root == root.pem)
            #expect(try await report(live, &agent).root == root.pem)
            #expect(try await live.store.trustingEarlier(than: root.fingerprint, limit: 5) == ["srv-h1"])
            let line = CollectorAPI.ServerLine(try #require(try await live.store.server(host: "h1")))
            #expect(line.because.contains("still trusts the CA of before"))

            let first = try renewal(live, try await ask(live, request(live, "h1"), by: agent.key))
            #expect(first.host == "h1" && first.keyID == agent.key.publicKey.id)
            let leaf = try Certificate(pemEncoded: first.certificate)
            let named = await CertificateAuthority.host(
                of: leaf, by: live.program.authority.certificate, through: [])
            #expect(named?.host == "h1" && named?.key == agent.key.publicKey)
            // Asked again, the same: nobody makes the collector sign as often as they like.
            #expect(try renewal(live, try await ask(live, request(live, "h1"), by: agent.key)) == first)
            #expect(try await report(live, &agent).root == nil)
            #expect(try await live.store.trustingEarlier(than: root.fingerprint, limit: 5).isEmpty)
            let moved = CollectorAPI.ServerLine(try #require(try await live.store.server(host: "h1")))
            #expect(!moved.because.contains("CA of before"))
            let events = try await live.store.events(host: "h1", limit: 10)
            #expect(events.filter { $0.kind == .trustMoved }.count == 1)
            // What its later reports are kept with.
            #expect(try await live.store.agentKey(id: agent.key.publicKey.id)?.certificate == first.certificate)
        }
    }

    @Test(
        "An agent that enrolled with the root has nothing to do until its certificate runs out, by the collector's clock"
    )
    func enrolledNow() async throws {
        try await LiveCollector.with { live in
            var (agent, answer) = try await live.enrolled("h1")
            #expect(try await report(live, &agent).root == nil)
            // Whatever the agent's clock says.
            agent.time = Timestamp(milliseconds: 4_000_000_000_000)
            #expect(try await report(live, &agent).root == nil)
            let time = Timestamp(Date())
            for later in [Duration.seconds(70 * 86_400), .seconds(4000 * 86_400), .seconds(-4000 * 86_400)] {
                let receipt = try await live.store.accept(
                    VerifiedBatch(
                        host: "h1", reports: [try agent.verified(agent.report(.faults([])))],
                        root: live.program.environment.tlsRoot), at: time + later)
                #expect(receipt.root == live.program.environment.tlsRoot.pem, "\(later)")
            }
            let renewed = try await live.store.renew(
                agent.key.publicKey, host: "h1", root: live.program.environment.tlsRoot.fingerprint,
                at: time + .seconds(4000 * 86_400)
            ) { end in "until \(end.milliseconds)" }
            #expect(renewed != answer.certificate && renewed.hasPrefix("until "))
        }
    }

    @Test("Nobody speaks for another server, nor without its key, nor of another root, nor with a key that was revoked")
    func refusals() async throws {
        try await LiveCollector.with { live in
            let victim = try await enrolledBefore(live, "h1")
            let (neighbour, _) = try await live.enrolled("h2")
            func refusal(
                _ request: RenewalRequest, by key: SigningKey, as type: PayloadType = .renewalRequest
            ) async throws -> String {
                let response = try await ask(live, request, by: key, as: type)
                return "\(response.status) \(try live.problem(response).code)"
            }
            let asked = request(live, "h1")
            #expect(try await refusal(asked, by: neighbour.key) == "403 wrong-host")
            #expect(try await refusal(asked, by: SigningKey()) == "401 unknown-key")
            // The victim's own signature, on something else that it signs.
            #expect(try await refusal(asked, by: victim.key, as: .report) == "401 bad-signature")
            let other = request(live, "h1", root: String(repeating: "0", count: 64))
            #expect(try await refusal(other, by: victim.key) == "409 other-root")
            // Its name on the neighbour's signature.
            var stolen = try Envelope.sign(WireFormat.encode(asked), as: .renewalRequest, with: neighbour.key)
            stolen.signatures[0].keyid = victim.key.publicKey.id
            let answer = try await live.send(
                "POST", Routes.renewal, try WireFormat.encode(stolen),
                headers: [(name: "content-type", value: "application/json")])
            #expect(try live.problem(answer).code == "bad-signature")
            let root = live.program.environment.tlsRoot.fingerprint
            #expect(try await live.store.trustingEarlier(than: root, limit: 5) == ["srv-h1"])
            try await live.store.revokeKeys(host: "h1", because: "stolen", at: Timestamp(Date()))
            #expect(try await refusal(asked, by: victim.key) == "403 revoked-key")
            // Whoever may not speak keeps nobody waiting.
            #expect(try await live.store.trustingEarlier(than: root, limit: 5).isEmpty)
        }
    }

    @Test(
        "A token that names the CA of before lets nobody in, whoever brings it; used, it still answers the one who used it"
    )
    func outdatedToken() async throws {
        try await LiveCollector.with { live in
            let time = Timestamp(Date())
            for (id, used) in [("old1", false), ("old2", true)] {
                try await live.store.save(
                    IssuedToken(
                        id: id, purpose: .server, secretHash: OneTimeTokens.hash("0123456789abcdef"), note: "",
                        createdAt: time, expiresAt: time + .seconds(60), usedAt: used ? time : nil, usedBy: nil))
            }
            func ask(_ id: String) async throws -> Problem {
                try live.problem(
                    try await live.enrol(
                        EnrolmentRequest(
                            tokenID: id, tokenSecret: "0123456789abcdef", host: "h1", hostname: "srv", replace: nil,
                            signedBy: SigningKey())))
            }
            let refused = try await ask("old1")
            #expect(refused.code == "token-outdated")
            #expect(refused.message.contains(live.program.environment.tlsRoot.fingerprint))
            #expect(try await ask("old2").code == "token-used")
            let lines = try await live.program.administration.tokens(for: .server, at: time)
            #expect(lines.first { $0.id == "old1" }?.state == "outdated")
        }
    }
}

@Suite("Sites are paired in nobody's place, and learn the root by signed word alone")
struct SiteTrustTests {
    private func pair(
        _ partner: LiveCollector, site: String, ca: String, key: SigningKey = SigningKey()
    ) async throws -> String {
        let token = try await partner.token(.site)
        let response = try await partner.send(
            "POST", PairingRequest.path,
            try WireFormat.encode(PairingRequest(token: token, site: site, name: "x", ca: ca, signedBy: key)),
            headers: [(name: "content-type", value: "application/json")])
        return response.status == 200 ? "200" : "\(response.status) \(try partner.problem(response).code)"
    }

    @Test("With another site's CA or ours, under another site's name, or with a CA of another name, no site is paired")
    func takeovers() async throws {
        try await LiveCollector.with { partner in
            let (first, key) = (try CertificateAuthority(site: "s1"), SigningKey())
            let ours = partner.program.environment
            #expect(try await pair(partner, site: "s1", ca: first.certificatePEM, key: key) == "200")
            let before = try await partner.store.pairedSites()
            // Ours, and that of a site that is there: its agents' reports would be taken from somebody else.
            #expect(try await pair(partner, site: "s2", ca: ours.ca) == "422 malformed")
            #expect(try await pair(partner, site: ours.identity.site + "x", ca: ours.ca) == "422 malformed")
            #expect(try await pair(partner, site: "s2", ca: first.certificatePEM) == "422 malformed")
            #expect(try await pair(partner, site: "s2", ca: ours.tlsRoot.pem) == "422 malformed")
            // The name of one that is there.
            let again = try CertificateAuthority(site: "s1").certificatePEM
            #expect(try await pair(partner, site: "s1", ca: again) == "409 site-known")
            // A CA that bears the name of our TLS root: our CA's word for it would look like the root's.
            let namesake = try TLSRoot(site: ours.identity.site).certificatePEM
            #expect(try await pair(partner, site: "s2", ca: namesake) == "422 malformed")
            #expect(try await partner.store.pairedSites() == before)
            // The same site again, with a new token.
            #expect(try await pair(partner, site: "s1", ca: first.certificatePEM, key: key) == "200")
        }
    }

    /// A partner, and a site that trusts the partner's CA, as 0.1 paired them.
    private func pairedBefore(
        _ work: (_ partner: LiveCollector, _ site: LiveCollector, _ channel: any HeartbeatReceiver) async throws -> Void
    ) async throws {
        try await LiveCollector.with { partner in
            let recipient = SampleRecipient.partner(
                partner.url, name: "service", token: try await partner.token(.site))
            try await LiveCollector.with {
                $0.recipients = [recipient]
                $0.heartbeatInterval = .seconds(86_400)
            } _: { site in
                try await PairingService(environment: site.program.environment).pair(recipient)
                let channel = try #require(
                    recipient.makeChannel(site.store, site.program.environment.signingKey) as? any HeartbeatReceiver)
                try await work(partner, site, channel)
            }
        }
    }

    private func heartbeat(_ site: LiveCollector, number: Int64 = 1) -> CollectorHeartbeat {
        CollectorHeartbeat(
            site: site.program.environment.identity.site, version: "1", time: SampleFault.time, interval: 60,
            openCases: 0, waiting: 0, counter: number)
    }

    @Test("A site that trusts the root says so with its sign of life, and the partner knows")
    func knows() async throws {
        try await pairedBefore { partner, site, channel in
            let root = partner.program.environment.tlsRoot.fingerprint
            #expect(try await partner.store.pairedSites().map(\.root) == [root])
            try await channel.announce(heartbeat(site))
            let trust = try #require(try await site.store.partnerTrust(recipient: "service"))
            #expect(CertificateAuthority.fingerprint(ofPEM: trust.ca) == root)
            #expect(try await partner.store.trustingEarlier(than: root, limit: 5).isEmpty)
        }
    }

    @Test("A sign of life that names no root, or another one, is answered with the root, signed for that site")
    func told() async throws {
        try await pairedBefore { partner, site, _ in
            for (number, root) in [nil, "0000"].enumerated() {
                var beat = heartbeat(site, number: Int64(number))
                beat.root = root
                let sent = try Envelope.sign(
                    WireFormat.encode(beat), as: .heartbeat, with: site.program.environment.signingKey)
                let answer = try await partner.send(
                    "POST", Routes.heartbeats, try WireFormat.encode(sent),
                    headers: [(name: "content-type", value: "application/json")])
                let envelope = try WireFormat.decode(Envelope.self, from: answer.body)
                let notice = try WireFormat.decode(
                    RootNotice.self,
                    from: envelope.verified(as: .rootNotice, by: partner.program.environment.signingKey.publicKey))
                #expect(notice.site == beat.site && notice.root == partner.program.environment.tlsRoot.pem)
            }
        }
    }

    @Test(
        "Another root is taken where the partner signed it for this site and is reached by it; else the old one stays")
    func takes() async throws {
        try await pairedBefore { partner, site, channel in
            let channel = try #require(channel as? PartnerCollectorChannel)
            let (environment, own) = (partner.program.environment, site.program.environment.identity.site)
            var before = try #require(try await site.store.partnerTrust(recipient: "service"))
            before.ca = environment.ca
            try await site.store.save(before)
            func take(
                _ root: String, for name: String? = nil, by key: SigningKey? = nil, as type: PayloadType = .rootNotice
            )
                async throws -> String?
            {
                let notice = RootNotice(site: name ?? own, root: root)
                let envelope = try Envelope.sign(
                    WireFormat.encode(notice), as: type, with: key ?? environment.signingKey)
                await channel.take(envelope, from: before, as: own, at: Timestamp(Date()))
                return try await site.store.partnerTrust(recipient: "service")?.ca
            }
            let root = environment.tlsRoot.pem
            #expect(try await take(root, by: SigningKey()) == environment.ca)
            #expect(try await take(root, for: "another site") == environment.ca)
            #expect(try await take(root, as: .receipt) == environment.ca)
            #expect(try await take(environment.ca) == environment.ca)
            #expect(try await take(TLSRoot(site: "x").certificatePEM) == environment.ca)
            #expect(try await take("no certificate") == environment.ca)
            #expect(try await take(root) == root)
        }
    }
}
