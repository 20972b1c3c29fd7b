import Foundation
import Reports
import SwiftASN1
import Testing
import Transfer
import X509

@testable import Collector

@Suite("Enrolment over TLS")
struct EnrolmentTests {
    @Test("A token yields a certificate by the CA that the token names, and reports are taken from then on")
    func joins() async throws {
        try await LiveCollector.with { live in
            let token = try await live.token()
            let pem = try await live.send("GET", Routes.ca, trust: .unverified).body
            let ca = try Certificate(pemEncoded: String(decoding: pem, as: UTF8.self))
            #expect(try CertificateAuthority.fingerprint(of: ca) == token.caFingerprint)
            var (agent, answer) = try await live.enrolled("h1")
            #expect(answer.ca == String(decoding: pem, as: UTF8.self))
            #expect(answer.collectors == [live.url])
            let leaf = try Certificate(pemEncoded: answer.certificate)
            let authority = try Certificate(pemEncoded: live.program.environment.ca)
            let named = try #require(await CertificateAuthority.host(of: leaf, by: authority, through: []))
            #expect(named.host == "h1")
            #expect(named.key == agent.key.publicKey)
            let report = try agent.sign(agent.report(.faults([SampleFault.change(.opened, SampleFault.make("f1"))])))
            let response = try await live.post([report])
            #expect(response.status == 200)
            #expect(try live.receipt(response).through(.faults) == 1)
        }
    }

    @Test("A token works once; the same server asking again with the same key gets the same answer")
    func once() async throws {
        try await LiveCollector.with { live in
            let token = try await live.token()
            let request = try EnrolmentRequest(
                tokenID: token.id, tokenSecret: token.secret, host: "h1", hostname: "srv", replace: nil,
                signedBy: SigningKey())
            let first = try await live.enrol(request)
            #expect(first.status == 200)
            #expect(try await live.enrol(request).body == first.body)
            let other = try EnrolmentRequest(
                tokenID: token.id, tokenSecret: token.secret, host: "h2", hostname: "srv", replace: nil,
                signedBy: SigningKey())
            let refused = try await live.enrol(other)
            #expect(refused.status == 409)
            #expect(try live.problem(refused).code == "token-used")
        }
    }

    @Test(
        "A token of the other kind is refused with the command that makes the right one; an unknown one, with the known"
    )
    func otherKind() async throws {
        let fleet = try await TestFleet()
        let time = fleet.clock.time
        let tokens = OneTimeTokens(store: fleet.store, root: String(repeating: "0", count: 64))
        for (purpose, wanted, command) in [
            (IssuedToken.Purpose.site, IssuedToken.Purpose.server, "tokens create"), (.server, .site, "pair create"),
        ] {
            let token = try await tokens.create(
                purpose, note: "", lifetime: .seconds(60), at: time)
            let refused = await #expect(throws: RequestProblem.self) {
                try await tokens.admitted(id: token.id, secret: token.secret, purpose: wanted, at: time)
            }
            #expect(refused.map { "\($0)".contains("callhome-collector \(command)") } == true)
            let guessed = await #expect(throws: RequestProblem.self) {
                try await tokens.admitted(id: token.id, secret: "0123456789abcdef", purpose: wanted, at: time)
            }
            #expect(guessed.map { "\($0)".contains("is not of this collector") } == true)
        }
    }

    @Test("Wrong secrets, ended and revoked tokens, missing proof and bad names are refused, each in its own words")
    func refusals() async throws {
        try await LiveCollector.with { live in
            let good = try await live.token()
            func ask(
                _ token: JoinToken, secret: String? = nil, host: String = "h1",
                change: (inout EnrolmentRequest) -> Void = { _ in }
            ) async throws -> String {
                var request = try EnrolmentRequest(
                    tokenID: token.id, tokenSecret: secret ?? token.secret, host: host, hostname: "srv", replace: nil,
                    signedBy: SigningKey())
                change(&request)
                let response = try await live.enrol(request)
                return "\(response.status) \(try live.problem(response).code)"
            }
            #expect(try await ask(good, secret: "0123456789abcdef") == "401 unknown-token")
            #expect(try await ask(try await live.token(.site)) == "401 unknown-token")
            #expect(try await ask(try await live.token(lifetime: .seconds(-1))) == "403 token-expired")
            let revoked = try await live.token()
            try await live.store.revokeToken(id: revoked.id, at: SampleFault.time)
            #expect(try await ask(revoked) == "403 token-revoked")
            #expect(try await ask(good) { $0.key = SigningKey().publicKey } == "403 no-proof")
            #expect(try await ask(good, host: "../etc") == "422 bad-name")
            #expect(try await ask(good) { $0.replace = "nobody" } == "404 not-found")
            #expect(try await live.store.servers().isEmpty)
        }
    }

    @Test("A replaced server keeps its id and history; its old key is refused for good")
    func replaces() async throws {
        try await LiveCollector.with { live in
            var (old, _) = try await live.enrolled("h1")
            _ = try await live.post([
                try old.sign(old.report(.faults([SampleFault.change(.opened, SampleFault.make("f1"))])))
            ])
            var (new, answer) = try await live.enrolled("h2", replace: "srv-h1")
            #expect(answer.host == "h1")
            #expect(answer.epoch == 2)
            let refused = try await live.post([try old.sign(old.report(.faults([])))])
            #expect(refused.status == 403)
            #expect(try live.problem(refused).code == "revoked-key")
            #expect(try await live.post([try new.sign(new.report(.faults([])))]).status == 200)
            #expect(try await live.store.cases(CaseQuery(host: "h1")).count == 1)
        }
    }

    @Test("A token takes the place of the server that it names, of no other, and of none where it names none")
    func boundPlaces() async throws {
        try await LiveCollector.with { live in
            _ = try await live.enrolled("h1")
            _ = try await live.enrolled("h2")
            func ask(_ token: JoinToken, host: String, replace: String?, key: SigningKey = SigningKey()) async throws
                -> String
            {
                let answer = try await live.enrol(
                    EnrolmentRequest(
                        tokenID: token.id, tokenSecret: token.secret, host: host, hostname: "srv", replace: replace,
                        signedBy: key))
                return answer.status == 200 ? "200" : "\(answer.status) \(try live.problem(answer).code)"
            }
            let plain = try await live.token()
            #expect(try await ask(plain, host: "h3", replace: "srv-h1") == "403 token-replaces-not")
            #expect(try await ask(plain, host: "h1", replace: "h1") == "403 token-replaces-not")
            let bound = try await live.token(replacing: "h1")
            #expect(try await ask(bound, host: "h3", replace: "srv-h2") == "403 token-replaces-not")
            #expect(try await ask(bound, host: "h3", replace: nil) == "403 token-replaces")
            // Refusals use no token up.
            let key = SigningKey()
            #expect(try await ask(bound, host: "h3", replace: "srv-h1", key: key) == "200")
            #expect(try await ask(bound, host: "h3", replace: "srv-h1", key: key) == "200", "asked again")
            #expect(try await ask(bound, host: "h4", replace: "srv-h1") == "409 token-used")
            #expect(try await ask(plain, host: "h3b", replace: nil) == "200")
            #expect(try await live.store.servers().map(\.host).sorted() == ["h1", "h2", "h3b"])
        }
    }

    @Test("Whose place is taken is part of the proof: nobody on the way adds, changes or removes it")
    func provenPlace() throws {
        let key = SigningKey()
        func request(_ replace: String?) throws -> EnrolmentRequest {
            try EnrolmentRequest(
                tokenID: "t", tokenSecret: "s", host: "h9", hostname: "srv", replace: replace, signedBy: key)
        }
        for (signed, sent) in [(nil, "h1"), ("h1", "h2"), ("h1", nil)] as [(String?, String?)] {
            var changed = try request(signed)
            #expect(changed.isProven)
            changed.replace = sent
            #expect(!changed.isProven, "\(signed ?? "-") to \(sent ?? "-")")
        }
        // What agents of before sign, who replace nobody.
        #expect(
            EnrolmentRequest.proofBytes(tokenID: "t", host: "h9", key: key.publicKey)
                == Data("callhome-enrol-v1\nt\nh9\n\(key.publicKey.id)".utf8))
    }

    @Test("Authority, keys and login survive a restart; the login is told once")
    func restart() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "callhome-restart-\(UUID().uuidString)")
            .path
        var firsts: [String] = []
        for start in 1...2 {
            try await LiveCollector.with {
                $0.dataDirectory = folder
            } _: { live in
                firsts.append(live.program.environment.ca + live.program.environment.tlsRoot.pem)
                #expect((live.program.firstLogin != nil) == (start == 1))
                let mode = try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? Int
                #expect(mode == 0o700)
            }
        }
        try FileManager.default.removeItem(atPath: folder)
        #expect(firsts[0] == firsts[1])
    }

    @Test("A client that trusts other authorities does not get through, and one by another name neither")
    func wrongTLS() async throws {
        try await LiveCollector.with { live in
            await #expect(throws: TransferError.self) { try await live.send("GET", Routes.ca, trust: .system) }
            for other in [
                try CertificateAuthority(site: "other").certificatePEM, try TLSRoot(site: "other").certificatePEM,
                live.program.environment.ca,
            ] {
                await #expect(throws: TransferError.self) {
                    try await live.send("GET", Routes.ca, trust: .collector(rootPEM: other))
                }
            }
        }
    }

    @Test("Addresses are written into certificates as bytes")
    func addresses() {
        #expect(IPAddressBytes.parse("127.0.0.1") == [127, 0, 0, 1])
        #expect(IPAddressBytes.parse("::1") == Array(repeating: 0, count: 15) + [1])
        #expect(IPAddressBytes.parse("fe80::1:2")?.suffix(4) == [0, 1, 0, 2])
        for text in [
            "256.1.1.1", "1.2.3", "a.b.c.d", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9", "host.example", "::+1", "::-1",
            "+1.2.3.4",
        ] {
            #expect(IPAddressBytes.parse(text) == nil, "\(text)")
        }
    }
}
