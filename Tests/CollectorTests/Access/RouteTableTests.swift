import Foundation
import Hummingbird
import Reports
import Testing
import Transfer

@testable import Collector

@Suite("Who may ask for which route")
struct RouteTableTests {
    // MARK: The table and the routers

    private func access(_ fleet: TestFleet) throws -> (AuthorityMiddleware, ConsolePages) {
        let pages = try ConsolePages(fleet.environment)
        return (
            AuthorityMiddleware(
                environment: fleet.environment, authenticator: Authenticator(store: fleet.store), pages: pages), pages
        )
    }

    private func names(_ router: Router<CollectorContext>) -> [String] {
        router.routes.map { "\($0.method.rawValue) \($0.path)" }.sorted()
    }

    private let listed = RouteTable.rows.map { "\($0.method.rawValue) \(RouterPath($0.path))" }.sorted()

    @Test("The table names every route of the server once, and none that is not registered")
    func complete() async throws {
        let (access, pages) = try access(try await TestFleet())
        let routes = CollectorProgram.routes(access, pages, try CertificateAuthority(site: "s1"), BoundAddress())
        let registered = names(CollectorProgram.router(access, routes))
        #expect(registered == listed)
        #expect(registered.count > 30)
    }

    @Test("The table names every route of the local socket, and each is one that the server has too")
    func local() async throws {
        let (access, _) = try access(try await TestFleet())
        let registered = names(CollectorProgram.router(access, CollectorProgram.localRoutes(access)))
        #expect(Set(registered).count == registered.count)
        #expect(Set(registered).isSubset(of: listed))
        #expect(registered.count > 5)
    }

    /// A route that somebody adds and forgets in the table.
    private struct ForgottenRoute: RouteProvider {
        func addRoutes(to router: Router<CollectorContext>) {
            router.get("/forgotten") { _, _ in Response(status: .ok) }
            router.get("/forgotten/:host") { _, _ in Response(status: .ok) }
        }
    }

    @Test("A route that the table does not name is refused whoever asks")
    func forgotten() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        try await withWeb(fleet, more: [ForgottenRoute()]) { web in
            _ = try await web.login()
            for path in ["/forgotten", "/forgotten/h1"] {
                let answer = try await web.get(path)
                #expect(answer.status == 403)
                #expect(try WireFormat.decode(Problem.self, from: answer.body).code == "no-authority")
            }
            #expect(try await web.get("/nowhere").status == 404)
        }
    }

    // MARK: Each row, by each kind of asker

    /// Who asks, from least to most.
    enum Asker: CaseIterable {
        /// Shows nothing.
        case nobody
        /// Shows what is well formed, and what nobody gave out.
        case forger
        /// Shows what is good elsewhere: a session where an API token belongs and the other way round, the form of
        /// another browser, a server's token where a collector's belongs, another server's key.
        case neighbour
        /// Is logged in to the console, and has no more than that.
        case viewer
        /// Shows what the row asks for.
        case rightful
    }

    /// - Returns: what the answer's status may be.
    private static func expected(_ authority: Authority, _ asker: Asker) -> Set<Int> {
        switch (authority, asker) {
        // Open: the answer itself, another page, or that there is no such test.
        case (.anyone, _): [200, 303, 404]
        case (.anyoneInShort, _): [200]
        case (.visitor, _): [200]
        // What was asked for; that there is no such thing; that the case is closed already.
        case (.account, .rightful): [200, 204, 404, 409]
        case (.account, _): [401]
        case (.session, .rightful), (.session, .viewer): [200, 303]
        case (.sessionForm, .rightful): [303, 404, 409]
        case (.sessionForm, .viewer): [403]
        // To the login.
        case (.session, _), (.sessionForm, _): [303]
        case (.loginForm, .rightful): [303]
        case (.loginForm, _): [403]
        case (.password, .rightful), (.joinToken, .rightful), (.pairingToken, .rightful),
            (.agentSignature, .rightful):
            [200]
        case (.siteSignature, .rightful): [200, 204]
        // There is nothing to look at.
        case (.password, .nobody), (.joinToken, .nobody), (.pairingToken, .nobody), (.agentSignature, .nobody),
            (.siteSignature, .nobody):
            [400]
        case (.agentSignature, .neighbour): [403]
        case (.password, _), (.joinToken, _), (.pairingToken, _), (.agentSignature, _), (.siteSignature, _): [401]
        }
    }

    @Test("Each row opens to whoever shows what it asks for, and to nobody else", arguments: Asker.allCases)
    func rows(asker: Asker) async throws {
        let site = try await GuardedSite()
        var seen: Set<Authority> = []
        try await withWeb(site.fleet) { web in
            for row in RouteTable.rows {
                seen.insert(row.authority)
                let answer = try await HTTPTransfer().send(try await site.request(row, by: asker, to: web.base))
                let expected = RouteTableTests.expected(row.authority, asker)
                let what = "\(row.method) \(row.path) by \(asker): \(answer.status) \(answer.text.prefix(200))"
                #expect(expected.contains(answer.status), "\(what)")
                let isLogin = answer.status == 303 && answer.headers["location"] == "/login"
                switch row.authority {
                case .session, .sessionForm:
                    let isOpen = asker == .rightful || asker == .viewer
                    let leadsToLogin = !isOpen || (row.path == "/logout" && asker == .rightful)
                    #expect(isLogin == leadsToLogin, "\(what)")
                    if !isOpen { #expect(!answer.text.contains(GuardedSite.secret), "\(what)") }
                case .account where asker == .rightful: break
                default: #expect(!answer.text.contains(GuardedSite.secret), "\(what)")
                }
            }
        }
        #expect(seen == Set(Authority.allCases))
        if asker != .rightful { try await site.expectUntouched() }
    }
}

/// A collector with two servers, a paired site, two accounts and a token of each kind.
private struct GuardedSite {
    /// What routes know and must not tell.
    static let secret = "srv-secret"

    let fleet: TestFleet
    private let number: String
    private let key: SigningKey
    private let epoch: Int64
    private let otherKey: SigningKey
    private let siteKey = SigningKey()
    private let siteCA: String
    private let joinToken: JoinToken
    private let pairingToken: JoinToken

    init() async throws {
        fleet = try await TestFleet()
        try await fleet.addAdmin()
        let time = fleet.clock.time
        try await fleet.store.save(
            Account(name: "other", passwordHash: try Password.hash("another password"), createdAt: time))
        let server = try await fleet.enrol("h1", hostname: GuardedSite.secret)
        (key, epoch) = (server.key, server.epoch)
        try await server.heartbeat([("disks", "ok", "")])
        try await server.open(SampleTicket.fault)
        otherKey = try await fleet.enrol("h2", hostname: "srv-2").key
        number = try #require(try await fleet.store.cases(CaseQuery()).first).number
        let tokens = OneTimeTokens(store: fleet.store, root: fleet.environment.tlsRoot.fingerprint)
        func token(_ purpose: IssuedToken.Purpose) async throws -> JoinToken {
            try await tokens.create(
                purpose, note: "", lifetime: .seconds(3600), at: time)
        }
        joinToken = try await token(.server)
        pairingToken = try await token(.site)
        siteCA = try CertificateAuthority(site: "s9").certificatePEM
        let otherCA = try CertificateAuthority(site: "s2").certificatePEM
        try await fleet.store.pair(
            PairedSite(
                id: "s2", name: "Praxis Süd", ca: otherCA, crossCertificate: otherCA, key: siteKey.publicKey,
                pairedAt: time, isSilent: false),
            token: try await token(.site).id, at: time)
    }

    func expectUntouched() async throws {
        let found = try #require(try await fleet.store.findCase(number: number))
        #expect(found.state == .open)
        #expect(try await fleet.store.cases(CaseQuery()).count == 1)
        #expect(try await fleet.store.servers().map(\.host).sorted() == ["h1", "h2"])
        #expect(try await fleet.store.pairedSites().map(\.id) == ["s2"])
        #expect(try await fleet.store.pairedSites().map(\.lastHeartbeat) == [nil])
    }

    /// The secret of a login that is good until tomorrow.
    private func login(_ kind: AccessToken.Kind) async throws -> String {
        let secret = RandomBytes.make(32).hexadecimal
        let time = fleet.clock.time
        try await fleet.store.save(
            AccessToken(
                hash: Authenticator.hash(secret), kind: kind, account: "admin", note: "", createdAt: time,
                expiresAt: time + .seconds(86_400)))
        return secret
    }

    func request(
        _ row: RouteTable.Row, by asker: RouteTableTests.Asker, to base: String
    ) async throws -> Transfer.HTTPRequest {
        let values = ["host": "h1", "number": number, "language": "de", "id": "x", "name": "nobody", "file": "f"]
        let path = values.reduce(row.path) { $0.replacing("{\($1.key)}", with: $1.value) }
        let isForm = row.authority == .loginForm || row.authority == .sessionForm
        var headers = [
            (name: "content-type", value: isForm ? "application/x-www-form-urlencoded" : "application/json")
        ]
        let madeUp = RandomBytes.make(32).hexadecimal
        var csrf = ConsoleRequest.csrf(for: madeUp)
        var cookies: [String: String] = [:]
        var bearer: String?
        switch asker {
        case .nobody: csrf = ""
        case .forger:
            bearer = madeUp
            cookies[ConsoleRequest.sessionCookie] = madeUp
            // The form is that of another secret than the cookie's.
            csrf = ConsoleRequest.csrf(for: "guessed")
        case .neighbour:
            bearer = try await login(.session)
            cookies[ConsoleRequest.sessionCookie] = try await login(.api)
            cookies[ConsoleRequest.formCookie] = RandomBytes.make(32).hexadecimal
        case .viewer: cookies[ConsoleRequest.sessionCookie] = try await login(.session)
        case .rightful:
            bearer = try await login(.api)
            cookies[ConsoleRequest.formCookie] = madeUp
            if row.authority == .session || row.authority == .sessionForm {
                let session = try await login(.session)
                cookies[ConsoleRequest.sessionCookie] = session
                csrf = ConsoleRequest.csrf(for: session)
            }
        }
        if let bearer { headers.append((name: "authorization", value: "Bearer \(bearer)")) }
        if !cookies.isEmpty {
            headers.append((name: "cookie", value: cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")))
        }
        let body = isForm ? form(csrf, by: asker) : try json(of: row, by: asker)
        return Transfer.HTTPRequest(method: row.method.rawValue, url: base + path, headers: headers, body: body)
    }

    private func form(_ csrf: String, by asker: RouteTableTests.Asker) -> Data {
        asker == .nobody
            ? Data() : Data("because=x&all=true&name=admin&password=correct+horse+battery&csrf=\(csrf)".utf8)
    }

    private func json(of row: RouteTable.Row, by asker: RouteTableTests.Asker) throws -> Data? {
        if row.method == .get { return nil }
        if asker == .nobody { return Data("{}".utf8) }
        let forged = SigningKey()
        switch row.authority {
        case .anyone, .anyoneInShort, .visitor, .session, .loginForm, .sessionForm: return nil
        // Fits decisions about cases, about blind spots and about parts.
        case .account:
            return row.method == .post ? Data(#"{"all": true, "part": "disk:x", "because": "x"}"#.utf8) : nil
        case .password:
            let password = [.neighbour: "another password", .rightful: "correct horse battery"][asker] ?? "guessed"
            return try WireFormat.encode(CollectorAPI.Login(name: "admin", password: password, note: ""))
        case .joinToken:
            let token = token(asker, right: joinToken, wrong: pairingToken)
            return try WireFormat.encode(
                EnrolmentRequest(
                    tokenID: token.id, tokenSecret: token.secret, host: "h9", hostname: "srv-9", replace: nil,
                    signedBy: forged))
        case .pairingToken:
            return try WireFormat.encode(
                PairingRequest(
                    token: token(asker, right: pairingToken, wrong: joinToken), site: "s9", name: "Praxis", ca: siteCA,
                    signedBy: forged))
        case .agentSignature:
            let keys: [RouteTableTests.Asker: SigningKey] = [.neighbour: otherKey, .rightful: key]
            if row.path == Routes.renewal {
                let renewal = RenewalRequest(host: "h1", root: fleet.environment.tlsRoot.fingerprint)
                return try WireFormat.encode(
                    Envelope.sign(WireFormat.encode(renewal), as: .renewalRequest, with: keys[asker] ?? forged))
            }
            var agent = SigningAgent("h1", key: keys[asker] ?? forged)
            agent.epoch = epoch
            return try EnvelopeLines.encode([
                try agent.sign(agent.report(.faults([SampleFault.change(.opened, SampleFault.make("f1"))])))
            ])
        case .siteSignature:
            // A server's key is known here, and is no site's.
            let keys: [RouteTableTests.Asker: SigningKey] = [.neighbour: key, .rightful: siteKey]
            return try message(to: row.path, signedBy: keys[asker] ?? forged)
        }
    }

    private func token(_ asker: RouteTableTests.Asker, right: JoinToken, wrong: JoinToken) -> JoinToken {
        switch asker {
        case .rightful: right
        case .neighbour: wrong
        case .nobody, .forger, .viewer:
            // The id may be seen by others; the secret is what counts.
            JoinToken(
                id: right.id, secret: String(repeating: "0", count: 32),
                caFingerprint: String(repeating: "0", count: 64))
        }
    }

    private func message(to path: String, signedBy key: SigningKey) throws -> Data {
        if path == Routes.heartbeats {
            let heartbeat = CollectorHeartbeat(
                site: "s2", version: "1", time: fleet.clock.time, interval: 60, openCases: 0, waiting: 0)
            return try WireFormat.encode(Envelope.sign(WireFormat.encode(heartbeat), as: .heartbeat, with: key))
        }
        let ticket = try Envelope.sign(WireFormat.encode(SampleTicket.make()), as: .ticket, with: key)
        return try WireFormat.encode(RelayedTicket(id: "m1", ticket: ticket, reports: [], certificates: []))
    }
}
