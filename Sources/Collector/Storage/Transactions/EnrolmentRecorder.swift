import Reports

/// Lets servers in, renews what they are vouched for with, and shuts them out, each inside one transaction.
struct EnrolmentRecorder {
    let transaction: any CollectorLedger
    let policy: CasePolicy
    let time: Timestamp

    /// Uses the token up and remembers the key.
    /// - Returns: the epoch to begin with.
    func enrol(_ enrolment: AcceptedEnrolment) throws -> Int64 {
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
                    + "rm /etc/machine-id; systemd-machine-id-setup. "
                    + "If it is a second agent on that server, enrol it at another collector: here a machine has one")
        }
        try transaction.revokeKeys(host: enrolment.host, because: "replaced by a new enrolment", at: time)
        try transaction.save(
            AgentKey(
                key: enrolment.key, host: enrolment.host, certificate: enrolment.certificate, enrolledAt: time))
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
        try note(known == nil ? .enrolled : .replaced, sentence, enrolment.host)
        return epoch
    }

    /// All keys of the host: its later reports are refused.
    func revoke(host: HostID, because: String) throws {
        guard var record = try transaction.serverRecord(host: host) else {
            throw StoreError.notFound(what: "server \(host)")
        }
        try transaction.revokeKeys(host: host, because: because, at: time)
        record.server.state = .revoked
        try transaction.save(record)
        try note(.keyRevoked, "The key was revoked: \(because)", host)
        // Nobody waits for a server that may no longer speak.
        if let found = try transaction.openCase(host: host, key: "silence") {
            _ = try CaseRecorder(transaction: transaction, policy: policy, time: time).close(
                found, by: "collector", because: "The key of the server was revoked: \(because)")
        }
    }

    /// - Returns: the certificate of the key.
    func renew(
        _ key: VerifyingKey, host: HostID, root: String, certify: (Timestamp) throws -> String
    ) throws -> String {
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
            try transaction.save(held)
        }
        guard trust != record.server.trust else { return held.certificate }
        if record.server.trust?.root != root {
            try note(.trustMoved, "Its agent trusts the collector's TLS root alone now.", host)
        }
        record.server.trust = trust
        try transaction.save(record)
        return held.certificate
    }

    private func note(_ kind: ServerEvent.Kind, _ because: String, _ host: HostID) throws {
        try transaction.note(ServerEvent(time: time, kind: kind, because: because), host: host)
    }
}

extension CollectorLedger {
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
}

extension Server {
    /// A server that was just enrolled and has reported nothing yet.
    fileprivate init(_ enrolment: AcceptedEnrolment, at time: Timestamp) {
        self.init(
            host: enrolment.host, hostname: enrolment.hostname, state: .expected, enrolledAt: time, chassis: Part(),
            epoch: 1,
            reportCounts: [:], openCases: 0)
    }
}
