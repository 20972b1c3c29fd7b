import Reports

/// Tokens, keys, sites and partners.
extension CollectorStore {
    // MARK: Enrolment

    func agentKey(id: String) async throws(StoreError) -> AgentKey? {
        try await read("reading a key") { try $0.agentKey(id: id) }
    }

    func save(_ token: IssuedToken) async throws(StoreError) {
        try await transaction("saving a token") { try $0.save(token) }
    }

    func token(id: String) async throws(StoreError) -> IssuedToken? {
        try await read("reading a token") { try $0.token(id: id) }
    }

    /// Newest first.
    func tokens(_ purpose: IssuedToken.Purpose) async throws(StoreError) -> [IssuedToken] {
        try await read("listing tokens") { try $0.tokens(purpose) }
    }

    func revokeToken(id: String, at time: Timestamp) async throws(StoreError) {
        try await transaction("revoking a token") { transaction in
            guard var token = try transaction.token(id: id) else { throw StoreError.notFound(what: "token \(id)") }
            token.revokedAt = token.revokedAt ?? time
            try transaction.save(token)
        }
    }

    /// Uses the token up and remembers the key. The epoch to begin with is 1, or one past what a replaced server had.
    func enrol(_ enrolment: AcceptedEnrolment, at time: Timestamp) async throws(StoreError) -> Int64 {
        try await transaction("enrolling a server") { [policy] transaction in
            try EnrolmentRecorder(transaction: transaction, policy: policy, time: time).enrol(enrolment)
        }
    }

    /// All keys of the host: its later reports are refused.
    func revokeKeys(host: HostID, because: String, at time: Timestamp) async throws(StoreError) {
        try await transaction("revoking keys") { [policy] transaction in
            try EnrolmentRecorder(transaction: transaction, policy: policy, time: time)
                .revoke(host: host, because: because)
        }
    }

    // MARK: Pairing and relaying

    func pair(_ site: PairedSite, token: String, at time: Timestamp) async throws(StoreError) {
        try await transaction("pairing with a site") { [policy] transaction in
            try PairingRecorder(transaction: transaction, policy: policy, time: time).pair(site, token: token)
        }
    }

    func pairedSites() async throws(StoreError) -> [PairedSite] {
        try await read("listing paired sites") { try $0.pairedSites() }
    }

    func pairedSite(keyID: String) async throws(StoreError) -> PairedSite? {
        try await read("reading a paired site") { try $0.pairedSite(keyID: keyID) }
    }

    func save(_ trust: PartnerTrust) async throws(StoreError) {
        try await transaction("saving a partner") { try $0.save(trust) }
    }

    func partnerTrust(recipient: String) async throws(StoreError) -> PartnerTrust? {
        try await read("reading a partner") { try $0.partnerTrust(recipient: recipient) }
    }

    /// Takes a ticket of a paired site: once by its id, and never an older revision over a newer.
    func accept(_ ticket: VerifiedTicket, at time: Timestamp) async throws(StoreError) -> TicketAcceptance {
        try await transaction("storing a ticket") { [policy] transaction in
            try RelayRecorder(transaction: transaction, policy: policy, time: time).accept(ticket)
        }
    }

    /// The number of this collector's next heartbeat: higher than all before, and than those of a database that was lost.
    func nextHeartbeat(at time: Timestamp) async throws(StoreError) -> Int64 {
        try await transaction("numbering a heartbeat") { transaction in
            let last = try transaction.setting("heartbeats", as: Int64.self) ?? 0
            // After an older copy of the database was put back, the time is past every number that was used.
            let next = max(last == .max ? last : last + 1, time.milliseconds)
            try transaction.set("heartbeats", to: next)
            return next
        }
    }

    /// - Throws: `conflict` for one that is no newer than the last.
    func recordSiteHeartbeat(_ heartbeat: SiteHeartbeat, at time: Timestamp) async throws(StoreError) {
        try await transaction("recording a sign of life") { [policy] transaction in
            try PairingRecorder(transaction: transaction, policy: policy, time: time).take(heartbeat)
        }
    }

    // MARK: Moving to the TLS root

    /// Remembers which root the agent trusts alone, and gives the certificate of its key: a new one, made by `certify`, where
    /// one is due.
    /// - Parameter root: fingerprint of the TLS root.
    func renew(
        _ key: VerifyingKey, host: HostID, root: String, at time: Timestamp,
        certify: @escaping @Sendable (Timestamp) throws -> String
    ) async throws(StoreError) -> String {
        try await transaction("renewing a certificate") { [policy] transaction in
            try EnrolmentRecorder(transaction: transaction, policy: policy, time: time)
                .renew(key, host: host, root: root, certify: certify)
        }
    }

    /// Notes of every server of before that it trusts the site's CA still, and takes sites' new cross-certificates.
    /// - Parameter crossCertify: nil for a site whose certificate may stay.
    func beginTrustMove(
        crossCertify: @escaping @Sendable (PairedSite) throws -> String?
    ) async throws(StoreError) {
        try await transaction("preparing for the TLS root") { transaction in
            // What cannot be read keeps nobody from moving.
            for host in try transaction.hosts() {
                guard var record = try? transaction.serverRecord(host: host), record.server.trust == nil else {
                    continue
                }
                record.server.trust = AgentTrust()
                try transaction.save(record)
            }
            for id in try transaction.siteIDs() {
                guard var site = try? transaction.pairedSite(id: id), let cross = try? crossCertify(site) else {
                    continue
                }
                // What is handed on with its cases bears the new one too.
                try transaction.replaceCertificate(site.crossCertificate, by: cross)
                site.crossCertificate = cross
                try transaction.save(site)
            }
        }
    }

    /// Whether some server that may report trusts a TLS root alone.
    func isAnyRootTrusted() async throws(StoreError) -> Bool {
        try await read("looking for servers that trust a root") { try $0.isAnyRootTrusted() }
    }

    /// A paired site trusts this root of ours alone, as it says, signed.
    func recordTrust(site: String, root: String) async throws(StoreError) {
        try await transaction("noting which root a site trusts") { transaction in
            guard var found = try transaction.pairedSite(id: site), found.root != root else { return }
            found.root = root
            try transaction.save(found)
        }
    }

    /// Names of servers that may report, and of sites, that do not trust this root alone.
    func trustingEarlier(than root: String, limit: Int) async throws(StoreError) -> [String] {
        try await read("looking who trusts the CA of before") { try $0.trustingEarlier(than: root, limit: limit) }
    }
}
