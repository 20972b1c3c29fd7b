import Reports

/// Keeps who fell silent, inside one transaction.
struct SilenceRecorder {
    let transaction: any CollectorLedger
    let policy: CasePolicy
    let time: Timestamp

    /// Who should be heard.
    func subjects() throws -> [LivenessSubject] {
        try transaction.serverRecords().map(\.server).filter { $0.state != .revoked }.map(LivenessSubject.init)
            + transaction.pairedSites().map(LivenessSubject.init)
    }

    /// Saves the watch and opens one case for each subject that fell silent.
    func record(_ watch: LivenessMonitor, silent: [LivenessFinding]) throws {
        try transaction.set("silence", to: watch)
        for finding in silent {
            // It may have reported since the subjects were read: look again.
            guard try mark(finding) else { continue }
            let fault = CollectorFaults.silence(finding, at: time)
            try CaseRecorder(transaction: transaction, policy: policy, time: time).apply(
                FaultChange(kind: .opened, fault: fault, because: finding.because, time: time),
                host: finding.subject.id, hostname: finding.subject.name, origin: .silence, report: nil)
        }
    }

    /// - Returns: whether it is still silent, and was not known to be.
    private func mark(_ finding: LivenessFinding) throws -> Bool {
        switch finding.subject.kind {
        case .server:
            guard var record = try transaction.serverRecord(host: finding.subject.id), record.server.state != .revoked,
                record.server.state != .silent, record.server.lastHeartbeat == finding.subject.lastHeartbeat
            else { return false }
            record.server.state = .silent
            try transaction.save(record)
            return true
        case .site:
            guard var site = try transaction.pairedSite(id: finding.subject.id), !site.isSilent,
                site.lastHeartbeat == finding.subject.lastHeartbeat
            else { return false }
            site.isSilent = true
            try transaction.save(site)
            return true
        }
    }
}

extension LivenessSubject {
    fileprivate init(_ server: Server) {
        self.init(
            kind: .server, id: server.host, name: server.hostname, since: server.enrolledAt,
            lastHeartbeat: server.lastHeartbeat, interval: server.heartbeat?.interval,
            isStopped: server.heartbeat?.stopping ?? false, away: server.heartbeat?.away,
            isSilent: server.state == .silent)
    }

    fileprivate init(_ site: PairedSite) {
        self.init(
            kind: .site, id: site.id, name: site.name, since: site.pairedAt, lastHeartbeat: site.lastHeartbeat,
            interval: site.heartbeatInterval, isSilent: site.isSilent)
    }
}
