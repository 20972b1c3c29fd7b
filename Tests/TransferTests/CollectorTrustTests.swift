import Foundation
import TestSupport
import Testing
import Transfer

/// Each kind of server is a TLS server of its own, with its certificate chain, that answers whatever it is asked.
@Suite("Whom the trust in a collector takes for one")
struct CollectorTrustTests {
    private static let server = Result { try ServerProgram("impostors") }
    private let server: ServerProgram
    /// What this test asks for, and no other one that runs beside it.
    private let path = "/\(UUID().uuidString)"

    init() throws { server = try CollectorTrustTests.server.get() }

    private func ask(_ kind: String, trust: Trust) async throws -> Int {
        try await HTTPTransfer(HTTPTransfer.Options(trust: trust, timeout: .seconds(20))).send(
            HTTPRequest(method: "POST", url: "https://127.0.0.1:\(server[kind])\(path)", body: Data("secret".utf8))
        ).status
    }

    /// Whether this one was asked for anything by this test, beyond the handshake.
    private func wasAsked(_ kind: String) async throws -> Bool {
        let response = try await HTTPTransfer(HTTPTransfer.Options(trust: .collector(rootPEM: server["root"]))).send(
            HTTPRequest(url: "https://127.0.0.1:\(server["good"])/requests"))
        return String(decoding: response.body, as: UTF8.self).contains("\"\(kind) \(path)\"")
    }

    @Test("A server of the root, by address or name, with whatever else in its chain, is a collector, time and again")
    func good() async throws {
        let root = Trust.collector(rootPEM: server["root"])
        for kind in ["good", "good", "withCross", "withPartners"] {
            #expect(try await ask(kind, trust: root) == 200, "\(kind)")
        }
        // Whoever has not moved yet gets there by the certificate of the CA of before.
        #expect(try await ask("withCross", trust: .collector(rootPEM: server["earlier"])) == 200)
    }

    @Test(
        "Nobody else is: no agent, no partner, no certificate for another use or without a name, and it is asked nothing",
        arguments: [
            // Under the TLS root, and not for a server.
            "noUsage", "clientUsage", "anyUsage", "commonNameOnly", "emailName", "authorityItself", "clientAndAny",
            "otherName", "expired", "underLeaf", "underClient", "selfSigned",
            // Under what agents are vouched for by.
            "agentOfBefore", "agentOfNow", "serverByAgentsCA", "agentAsAuthority", "partnerOfBefore", "partnerOfNow",
            // Called like the root, and not it.
            "namesake",
        ])
    func impostors(_ kind: String) async throws {
        let error = await #expect(throws: TransferError.self) {
            try await ask(kind, trust: .collector(rootPEM: server["root"]))
        }
        guard case .tls = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try await !wasAsked(kind))
    }

    @Test(
        "Towards whoever still trusts the CA of before, an agent is no collector either, nor is a site that was bound",
        arguments: ["agentOfBefore", "agentOfNow", "agentAsAuthority", "partnerOfNow"])
    func impostorsOfBefore(_ kind: String) async throws {
        await #expect(throws: TransferError.self) {
            try await ask(kind, trust: .collector(rootPEM: server["earlier"]))
        }
        #expect(try await !wasAsked(kind))
    }

    @Test("The impostor of before is real: who only looks at the chain asks it")
    func theFlaw() async throws {
        #expect(try await ask("agentOfBefore", trust: .pinned(caPEM: server["earlier"])) == 200)
        #expect(try await ask("partnerOfBefore", trust: .pinned(caPEM: server["earlier"])) == 200)
        #expect(try await wasAsked("agentOfBefore"))
        #expect(try await wasAsked("partnerOfBefore"))
    }

    @Test("A connection that was made without the look at the certificate is not used with it")
    func keptConnection() async throws {
        for _ in 0..<3 {
            #expect(try await ask("noUsage2", trust: .pinned(caPEM: server["root"])) == 200)
            await #expect(throws: TransferError.self) {
                try await ask("noUsage2", trust: .collector(rootPEM: server["root"]))
            }
        }
    }

    @Test(
        "A clock that is ahead of all that is known by more than a year locks nobody out; what is known ends certificates still"
    )
    func wrongClock() async throws {
        let now = Int64(Date().timeIntervalSince1970)
        let day: Int64 = 86_400
        func ask(_ kind: String, known days: Int64) async throws -> Bool {
            do {
                return try await self.ask(
                    kind, trust: .collector(rootPEM: server["root"], knownTime: now - days * day)) == 200
            } catch TransferError.tls { return false }
        }
        // Ended a year ago: to this machine's clock, as a good one is to a clock that is a year ahead.
        #expect(try await ask("expired", known: 420))
        #expect(try await !ask("expired", known: 390))
        #expect(try await !ask("expired", known: 0))
        #expect(try await !ask("expired", known: -10_000))
        // Ended a year and a half ago, after which it was heard of: it has ended, whatever the clock.
        #expect(try await !ask("longExpired", known: 500))
        #expect(try await ask("longExpired", known: 600))
        // The dates are all that is let go.
        for kind in ["agentOfBefore", "noUsage", "commonNameOnly", "otherName", "namesake"] {
            #expect(try await !ask(kind, known: 10_000), "\(kind)")
        }
        #expect(try await ask("good", known: 10_000))
        #expect(try await ask("good", known: 0))
        await #expect(throws: TransferError.self) {
            try await self.ask("expired", trust: .collector(rootPEM: server["root"]))
        }
    }

    @Test("A collector is never asked in clear")
    func clear() async throws {
        await #expect(throws: TransferError.self) {
            try await HTTPTransfer(HTTPTransfer.Options(trust: .collector(rootPEM: server["root"]))).send(
                HTTPRequest(url: "http://127.0.0.1:\(server["good"])/"))
        }
    }

    @Test("What a certificate says of itself is read; what is cut short or bears something twice is no certificate")
    func outline() throws {
        let root = try #require(CertificateOutline(pem: server["root"]))
        #expect(root.isAuthority && root.isForServers && root.pathLength == 0 && root.objectionAsRoot == nil)
        #expect(root.objectionAsServer != nil)
        #expect(root.endsAt - Int64(Date().timeIntervalSince1970) > 364 * 86_400 - 3600)
        #expect(root.endsAt - Int64(Date().timeIntervalSince1970) < 366 * 86_400)
        let earlier = try #require(CertificateOutline(pem: server["earlier"]))
        #expect(earlier.isAuthority && !earlier.isForServers && earlier.objectionAsRoot != nil)
        let base64 = server["root"].split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
        let der = try #require(Data(base64Encoded: base64))
        #expect(CertificateOutline(der: der) == root)
        for length in 0..<der.count { #expect(CertificateOutline(der: der.prefix(length)) == nil, "\(length)") }
        // Whatever a byte becomes, reading ends.
        for place in der.indices {
            for value in [UInt8(0x00), 0x80, 0x84, 0xFF] {
                var changed = der
                changed[place] = value
                _ = CertificateOutline(der: changed)
            }
        }
    }
}
