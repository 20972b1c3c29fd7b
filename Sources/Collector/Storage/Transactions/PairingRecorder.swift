import Reports

/// Pairs with other collectors' sites and takes their signs of life, each inside one transaction.
struct PairingRecorder {
    let transaction: any CollectorLedger
    let policy: CasePolicy
    let time: Timestamp

    func pair(_ site: PairedSite, token: String) throws {
        try transaction.useUp(token: token, by: site.id, at: time)
        var site = site
        if let known = try transaction.pairedSite(id: site.id), known.key == site.key {
            // Paired once more: what it signed before is taken no second time.
            site.heartbeatTerm = known.heartbeatTerm
            site.heartbeatNumber = known.heartbeatNumber
            site.countsHeartbeats = known.countsHeartbeats
        }
        try transaction.save(site)
    }

    func take(_ heartbeat: SiteHeartbeat) throws {
        let site = heartbeat.site
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
            let lastTerm = found.heartbeatTerm ?? 0
            if !isFirst, let last = found.heartbeatNumber, (heartbeat.term, number) <= (lastTerm, last) {
                throw StoreError.conflict(
                    because: "this heartbeat of \(found.name) is no newer than the last that was taken")
            }
            found.heartbeatNumber = number
            if heartbeat.term > 0 { found.heartbeatTerm = heartbeat.term }
            if heartbeat.isCounted { found.countsHeartbeats = true }
        }
        found.lastHeartbeat = time
        found.heartbeatInterval = heartbeat.interval
        found.isSilent = false
        try transaction.save(found)
        try CaseRecorder(transaction: transaction, policy: policy, time: time).endSilence(
            of: site, name: found.name)
    }
}
