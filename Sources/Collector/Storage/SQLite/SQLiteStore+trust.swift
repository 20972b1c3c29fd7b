import FoundationEssentials
import GRDB
import Reports

/// Tokens, keys, sites, partners and logins.
extension SQLiteStore {
    // MARK: Tokens

    func save(_ token: IssuedToken) async throws(StoreError) {
        try await write("saving a token") { try $0.save(token) }
    }

    func token(id: String) async throws(StoreError) -> IssuedToken? {
        try await read("reading a token") { try $0.token(id: id) }
    }

    func tokens(_ purpose: IssuedToken.Purpose) async throws(StoreError) -> [IssuedToken] {
        try await read("listing tokens") {
            try $0.bodies(
                IssuedToken.self, "SELECT id, body FROM token WHERE purpose = ? ORDER BY created DESC, id",
                [purpose.rawValue])
        }
    }

    func revokeToken(id: String, at time: Timestamp) async throws(StoreError) {
        try await write("revoking a token") { transaction in
            guard var token = try transaction.token(id: id) else { throw StoreError.notFound(what: "token \(id)") }
            token.revokedAt = token.revokedAt ?? time
            try transaction.save(token)
        }
    }

    // MARK: Enrolment

    func enrol(_ enrolment: AcceptedEnrolment, at time: Timestamp) async throws(StoreError) -> Int64 {
        try await write("enrolling a server") { transaction in
            try transaction.useUp(token: enrolment.tokenID, by: enrolment.host, at: time)
            let known = try transaction.serverRecord(host: enrolment.host)
            if let server = known?.server, !enrolment.replaces {
                // Copies of one disk have one machine-id(5): whoever replaces then takes a running server's place.
                let seen = server.lastContact.map { ", last heard of at \($0)" } ?? ""
                throw StoreError.conflict(
                    because: "\(CleanText.line(server.hostname, limit: 80)) is enrolled with this machine's id "
                        + "\(enrolment.host)\(seen). If this is that server, installed anew: callhome-collector tokens create "
                        + "--replace \(enrolment.host). "
                        + "If it is another one, copied from the same disk, give it an id of its own first: "
                        + "rm /etc/machine-id; systemd-machine-id-setup")
            }
            try transaction.revokeKeys(host: enrolment.host, because: "replaced by a new enrolment", at: time)
            try transaction.run(
                """
                INSERT INTO agent_key (id, host, public_key, certificate, enrolled) VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (id) DO UPDATE SET host = ?2, certificate = ?4, enrolled = ?5, revoked = NULL, because = NULL
                """,
                [
                    enrolment.key.id, enrolment.host, enrolment.key.bytes, enrolment.certificate, time.milliseconds,
                ])
            let epoch = known.map { $0.positions.epoch + 1 } ?? 1
            var record =
                known ?? ServerRecord(server: Server(enrolment, at: time), positions: StreamPositions(epoch: 1))
            record.positions = StreamPositions(epoch: epoch)
            record.server.epoch = epoch
            record.server.hostname = enrolment.hostname
            record.server.enrolledAt = time
            record.server.lastHeartbeat = nil
            record.server.trust = enrolment.trust
            if record.server.state != .silent { record.server.state = .expected }
            try transaction.save(record)
            let sentence =
                known == nil
                ? "The server was enrolled." : "The server was enrolled anew and goes on as \(enrolment.host)."
            try transaction.note(
                ServerEvent(time: time, kind: known == nil ? .enrolled : .replaced, because: sentence),
                host: enrolment.host)
            return epoch
        }
    }

    func revokeKeys(host: HostID, because: String, at time: Timestamp) async throws(StoreError) {
        try await write("revoking keys") { [policy] transaction in
            guard var record = try transaction.serverRecord(host: host) else {
                throw StoreError.notFound(what: "server \(host)")
            }
            try transaction.revokeKeys(host: host, because: because, at: time)
            record.server.state = .revoked
            try transaction.save(record)
            try transaction.note(
                ServerEvent(time: time, kind: .keyRevoked, because: "The key was revoked: \(because)"), host: host)
            // Nobody waits for a server that may no longer speak.
            if let found = try transaction.openCase(host: host, key: "silence") {
                _ = try CaseRecorder(transaction: transaction, policy: policy, time: time).close(
                    found, by: "collector", because: "The key of the server was revoked: \(because)", chassis: Part())
            }
        }
    }

    // MARK: Pairing

    func pair(_ site: PairedSite, token: String, at time: Timestamp) async throws(StoreError) {
        try await write("pairing with a site") { transaction in
            try transaction.useUp(token: token, by: site.id, at: time)
            var site = site
            if let known = try transaction.pairedSite(id: site.id), known.key == site.key {
                // Paired once more: what it signed before is taken no second time.
                site.heartbeatNumber = known.heartbeatNumber
                site.countsHeartbeats = known.countsHeartbeats
            }
            try transaction.save(site)
        }
    }

    func pairedSites() async throws(StoreError) -> [PairedSite] {
        try await read("listing paired sites") {
            try $0.bodies(PairedSite.self, "SELECT id, body FROM site ORDER BY id")
        }
    }

    func pairedSite(keyID: String) async throws(StoreError) -> PairedSite? {
        try await read("reading a paired site") {
            try $0.body(PairedSite.self, "SELECT id, body FROM site WHERE key = ?", [keyID])
        }
    }

    func save(_ trust: PartnerTrust) async throws(StoreError) {
        try await write("saving a partner") { transaction in
            try transaction.run(
                "INSERT INTO partner VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                [trust.recipient, try transaction.encode(trust)])
        }
    }

    func partnerTrust(recipient: String) async throws(StoreError) -> PartnerTrust? {
        try await read("reading a partner") {
            try $0.body(PartnerTrust.self, "SELECT recipient, body FROM partner WHERE recipient = ?", [recipient])
        }
    }

    func accept(_ ticket: VerifiedTicket, at time: Timestamp) async throws(StoreError) -> TicketAcceptance {
        try await write("storing a ticket") { [policy] transaction in
            try RelayRecorder(transaction: transaction, policy: policy, time: time).accept(ticket)
        }
    }

    func nextHeartbeat(at time: Timestamp) async throws(StoreError) -> Int64 {
        try await write("numbering a heartbeat") { transaction in
            let last = try transaction.setting("heartbeats").flatMap { Int64($0) } ?? 0
            // After an older copy of the database was put back, the time is past every number that was used.
            let next = max(last == .max ? last : last + 1, time.milliseconds)
            try transaction.set("heartbeats", to: String(next))
            return next
        }
    }

    func recordSiteHeartbeat(_ heartbeat: SiteHeartbeat, at time: Timestamp) async throws(StoreError) {
        let site = heartbeat.site
        try await write("recording a sign of life") { [policy] transaction in
            guard var found = try transaction.pairedSite(id: site) else {
                throw StoreError.notFound(what: "paired site \(site)")
            }
            if let number = heartbeat.number {
                if found.countsHeartbeats ?? false, !heartbeat.isCounted {
                    throw StoreError.conflict(
                        because: "\(found.name) numbers its heartbeats, and this one has no number")
                }
                // The first number of a site that did not count before is compared with nothing.
                let isFirst = heartbeat.isCounted && !(found.countsHeartbeats ?? false)
                if !isFirst, let last = found.heartbeatNumber, number <= last {
                    throw StoreError.conflict(
                        because: "this heartbeat of \(found.name) is no newer than the last that was taken")
                }
                found.heartbeatNumber = number
                if heartbeat.isCounted { found.countsHeartbeats = true }
            }
            found.lastHeartbeat = time
            found.heartbeatInterval = heartbeat.interval
            found.isSilent = false
            try transaction.save(found)
            try CaseRecorder(transaction: transaction, policy: policy, time: time).endSilence(
                of: site, name: found.name, chassis: Part())
        }
    }

    // MARK: Moving to the TLS root

    func renew(
        _ key: VerifyingKey, host: HostID, root: String, at time: Timestamp,
        certify: @escaping @Sendable (Timestamp) throws -> String
    ) async throws(StoreError) -> String {
        try await write("renewing a certificate") { transaction in
            guard var record = try transaction.serverRecord(host: host),
                var held = try transaction.agentKey(id: key.id),
                held.host == host, held.revokedAt == nil
            else { throw StoreError.notFound(what: "key \(key.id.prefix(16)) of \(host)") }
            var trust = record.server.trust ?? AgentTrust()
            trust.root = root
            if trust.needsCertificate(at: time) {
                let end = time + AgentCertificate.lifetime
                held.certificate = try certify(end)
                trust.certifiedUntil = end
                try transaction.run(
                    "UPDATE agent_key SET certificate = ? WHERE id = ?", [held.certificate, key.id])
            }
            guard trust != record.server.trust else { return held.certificate }
            if record.server.trust?.root != root {
                try transaction.note(
                    ServerEvent(
                        time: time, kind: .trustMoved, because: "Its agent trusts the collector's TLS root alone now."),
                    host: host)
            }
            record.server.trust = trust
            try transaction.save(record)
            return held.certificate
        }
    }

    func beginTrustMove(
        crossCertify: @escaping @Sendable (PairedSite) throws -> String?
    ) async throws(StoreError) {
        try await write("preparing for the TLS root") { transaction in
            // What cannot be read keeps nobody from moving.
            for host in try String.fetchAll(transaction.db, sql: "SELECT host FROM server") {
                guard var record = try? transaction.serverRecord(host: host), record.server.trust == nil else {
                    continue
                }
                record.server.trust = AgentTrust()
                try transaction.save(record)
            }
            for id in try String.fetchAll(transaction.db, sql: "SELECT id FROM site") {
                guard var site = try? transaction.pairedSite(id: id), let cross = try? crossCertify(site) else {
                    continue
                }
                // What is handed on with its cases bears the new one too.
                try transaction.run(
                    "UPDATE case_report SET certificate = replace(certificate, ?1, ?2) WHERE instr(certificate, ?1) > 0",
                    [site.crossCertificate, cross])
                site.crossCertificate = cross
                try transaction.save(site)
            }
        }
    }

    /// A field of a row's JSON; NULL where the row cannot be read, which is told where it is needed.
    private static func field(_ path: String) -> String {
        "CASE WHEN json_valid(body) THEN json_extract(body, '$.\(path)') END"
    }

    func isAnyRootTrusted() async throws(StoreError) -> Bool {
        try await read("looking for servers that trust a root") { transaction in
            let sql = """
                SELECT 1 FROM server WHERE \(SQLiteStore.field("server.trust.root")) IS NOT NULL
                AND \(SQLiteStore.field("server.state")) <> 'revoked' LIMIT 1
                """
            return try Int.fetchOne(transaction.db, sql: sql) != nil
        }
    }

    func recordTrust(site: String, root: String) async throws(StoreError) {
        try await write("noting which root a site trusts") { transaction in
            guard var found = try transaction.pairedSite(id: site), found.root != root else { return }
            found.root = root
            try transaction.save(found)
        }
    }

    func trustingEarlier(than root: String, limit: Int) async throws(StoreError) -> [String] {
        try await read("looking who trusts the CA of before") { transaction in
            let servers = """
                SELECT COALESCE(\(SQLiteStore.field("server.hostname")), host) FROM server
                WHERE \(SQLiteStore.field("server.trust.root")) IS NOT ?1
                AND \(SQLiteStore.field("server.state")) <> 'revoked' LIMIT ?2
                """
            let sites = """
                SELECT COALESCE(\(SQLiteStore.field("name")), id) FROM site
                WHERE json_valid(body) AND \(SQLiteStore.field("root")) IS NOT ?1 LIMIT ?2
                """
            let names = try [servers, sites].flatMap {
                try String.fetchAll(transaction.db, sql: $0, arguments: [root, limit])
            }
            return Array(names.prefix(limit))
        }
    }

    // MARK: Accounts

    func account(name: String) async throws(StoreError) -> Account? {
        try await read("reading an account") {
            try $0.account(name: name)
        }
    }

    func accounts() async throws(StoreError) -> [Account] {
        try await read("listing accounts") {
            try $0.bodies(Account.self, "SELECT name, body FROM account ORDER BY name")
        }
    }

    func save(_ account: Account) async throws(StoreError) {
        try await write("saving an account") { transaction in
            let known = try transaction.account(name: account.name)
            try transaction.run(
                "INSERT INTO account VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                [account.name, try transaction.encode(account)])
            // Whoever knows the old password, or took a login by it, is out.
            guard known?.passwordHash != account.passwordHash else { return }
            try transaction.run("DELETE FROM access_token WHERE account = ?", [account.name])
        }
    }

    func removeAccount(name: String) async throws(StoreError) {
        try await write("removing an account") { transaction in
            let others = try Int.fetchOne(
                transaction.db.cachedStatement(sql: "SELECT count(*) FROM account WHERE name <> ?"), arguments: [name])
            guard others ?? 0 > 0 else {
                throw StoreError.conflict(
                    because: "\(name) is the only login: make another one first, or nobody could come in any more")
            }
            try transaction.run("DELETE FROM access_token WHERE account = ?", [name])
            try transaction.run("DELETE FROM account WHERE name = ?", [name])
        }
    }

    func save(_ token: AccessToken, ofLogin account: Account) async throws(StoreError) {
        try await write("saving a login") { transaction in
            guard try transaction.account(name: account.name)?.passwordHash == account.passwordHash else {
                throw StoreError.conflict(because: "the password of \(account.name) was changed just now")
            }
            try transaction.save(token)
        }
    }

    func logins(account: String) async throws(StoreError) -> [AccessToken] {
        try await read("listing logins") {
            try $0.bodies(
                AccessToken.self,
                "SELECT account, body FROM access_token WHERE account = ? ORDER BY created DESC, hash",
                [account])
        }
    }

    func save(_ token: AccessToken) async throws(StoreError) {
        try await write("saving an access token") { try $0.save(token) }
    }

    func accessToken(hash: String) async throws(StoreError) -> AccessToken? {
        try await read("reading an access token") {
            try $0.body(AccessToken.self, "SELECT account, body FROM access_token WHERE hash = ?", [hash])
        }
    }

    func accessTokens(account: String) async throws(StoreError) -> [AccessToken] {
        try await read("listing access tokens") {
            try $0.bodies(
                AccessToken.self,
                "SELECT account, body FROM access_token WHERE account = ? AND kind = 'api' ORDER BY created DESC, hash",
                [account])
        }
    }

    func deleteAccessToken(hash: String) async throws(StoreError) {
        try await write("deleting an access token") { try $0.run("DELETE FROM access_token WHERE hash = ?", [hash]) }
    }
}

extension SQLiteTransaction {
    func agentKey(id: String) throws -> AgentKey? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM agent_key WHERE id = ?"), arguments: [id]
        ).map { row in
            AgentKey(
                key: try VerifyingKey(bytes: row["public_key"]), host: row["host"], certificate: row["certificate"],
                enrolledAt: Timestamp(milliseconds: row["enrolled"]),
                revokedAt: (row["revoked"] as Int64?).map { Timestamp(milliseconds: $0) },
                revokedBecause: row["because"])
        }
    }

    func account(name: String) throws -> Account? {
        try body(Account.self, "SELECT name, body FROM account WHERE name = ?", [name])
    }

    func save(_ token: AccessToken) throws {
        try run(
            "INSERT INTO access_token VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                + "expires = excluded.expires, body = excluded.body",
            [
                token.hash, token.kind.rawValue, token.account, token.createdAt.milliseconds,
                token.expiresAt.milliseconds, try encode(token),
            ])
    }

    func token(id: String) throws -> IssuedToken? {
        try body(IssuedToken.self, "SELECT id, body FROM token WHERE id = ?", [id])
    }

    func save(_ token: IssuedToken) throws {
        try run(
            "INSERT INTO token VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            [token.id, token.purpose.rawValue, token.createdAt.milliseconds, try encode(token)])
    }

    /// A token works once: whoever comes second, even at the same moment, is refused.
    func useUp(token id: String, by user: String, at time: Timestamp) throws {
        guard var token = try token(id: id) else { throw StoreError.notFound(what: "token \(id)") }
        guard token.usedAt == nil else {
            throw StoreError.conflict(because: "token \(id) was used already: make another one")
        }
        token.usedAt = time
        token.usedBy = user
        try save(token)
    }

    func revokeKeys(host: HostID, because: String, at time: Timestamp) throws {
        try run(
            "UPDATE agent_key SET revoked = ?, because = ? WHERE host = ? AND revoked IS NULL",
            [time.milliseconds, because, host])
    }
}

extension Server {
    /// A server that was just enrolled and has reported nothing yet.
    init(_ enrolment: AcceptedEnrolment, at time: Timestamp) {
        self.init(
            host: enrolment.host, hostname: enrolment.hostname, state: .expected, enrolledAt: time, chassis: Part(),
            epoch: 1,
            reportCounts: [:], openCases: 0)
    }
}
