import Reports

/// Applies the reports of one agent inside one transaction: each once, in order, or not at all.
struct ReportRecorder {
    let transaction: any CollectorLedger
    let policy: CasePolicy
    let time: Timestamp

    func accept(_ batch: VerifiedBatch) throws -> Receipt {
        guard var record = try transaction.serverRecord(host: batch.host) else {
            throw StoreError.notFound(what: "server \(batch.host)")
        }
        let store = try transaction.storeRecord()
        try store.checkIsCurrent()
        var refused: [Receipt.Refusal] = []
        // Of many, the newest account is compared: those before it are of a moment that is over.
        var newest: Report?
        record.server.lastContact = time
        var strange: Set<ReportStream> = []
        for report in batch.reports where !strange.contains(report.position.stream) {
            let hash = Receipt.contentHash(of: report.envelope.payload)
            let (decision, ended) = record.positions.decide(report.position, hash: hash)
            if let ended { try noteNewEpoch(record.positions.epoch, after: ended, host: batch.host) }
            switch decision {
            case .apply:
                if case .report(let applied) = report.content {
                    record.boots = record.boots ?? BootWatch()
                    record.boots?.note(
                        boot: String(applied.boot.prefix(100)), uptime: applied.uptime, in: report.position.stream,
                        at: time)
                }
                if let refusal = try apply(report, to: &record) { refused.append(refusal) }
                if case .report(let applied) = report.content, applied.standing != nil { newest = applied }
            case .repeated: break
            case .other:
                strange.insert(report.position.stream)
                try note(
                    .oldEpoch,
                    "Another report came as number \(report.position.sequence) of \(report.position.stream.rawValue) than the one "
                        + "that is here: an old copy of the agent's spool is in use, or a second machine reports in this name. The "
                        + "agent was told to begin a new epoch.", batch.host)
            // An agent asks by it how far its reports have come, before it numbers any.
            case .oldEpoch where report.position.epoch == 0: break
            case .gap(let expected, let isNew):
                if isNew { try noteGap(report.position, expected: expected, host: batch.host) }
            case .oldEpoch(let known):
                try note(
                    .oldEpoch,
                    "Reports of epoch \(report.position.epoch) came, but epoch \(known) is known: an old "
                        + "copy of the agent's spool is in use. The agent was told to begin a new epoch.", batch.host)
            case .impossible(let because):
                refused.append(refusal(of: report, because: because))
                try note(.refused, because, batch.host)
            }
        }
        try watchIdentity(&record)
        if let newest { try mirror.compare(newest, with: &record) }
        record.server.epoch = record.positions.epoch
        try transaction.save(record)
        return Receipt(
            host: batch.host, epoch: record.positions.epoch, progress: record.positions.progress, refused: refused,
            acceptedBlindSpots: record.server.accepted?.names,
            asks: try DeclarationRecorder(transaction: transaction, time: time).asks(of: batch.host),
            root: batch.root.flatMap { root in
                (record.server.trust ?? AgentTrust()).isDue(root: root.fingerprint, at: time) ? root.pem : nil
            }, stamp: try transaction.highestStamp(host: batch.host),
            restate: record.question.flatMap { $0.answeredAt == nil ? $0.id : nil },
            collector: Receipt.Collector(store: try transaction.identity().site, epoch: store.epoch), time: time)
    }

    private var mirror: MirrorRecorder { MirrorRecorder(transaction: transaction, policy: policy, time: time) }

    /// Whether one machine reports in this name, or two.
    private func watchIdentity(_ record: inout ServerRecord) throws {
        guard let returns = record.boots?.returns, !returns.isEmpty else { return }
        let quiet = ClockReckoning.threshold(BootWatch.quiet, before: time, over: try transaction.leaps())
        let book = CaseRecorder(transaction: transaction, policy: policy, time: time)
        let server = record.server
        switch record.boots?.decide(quietSince: quiet) {
        case .becameTwo:
            let fault = CollectorFaults.twofold(server, at: time)
            try book.apply(
                FaultChange(kind: .opened, fault: fault, because: fault.because, time: time), host: server.host,
                hostname: server.hostname, origin: .identity, report: nil)
        case .becameOne:
            let found = try transaction.openCase(host: server.host, key: CaseRules.twofoldKey)
            for fault in found?.openFaults ?? [] {
                let because = "For a day one machine alone has reported as \(server.hostname)."
                try book.apply(
                    FaultChange(kind: .cleared, fault: fault, because: because, time: time), host: server.host,
                    hostname: server.hostname, origin: .identity, report: nil)
            }
        case .nothing, nil: break
        }
    }

    private func refusal(of report: VerifiedReport, because: String) -> Receipt.Refusal {
        Receipt.Refusal(stream: report.position.stream, sequence: report.position.sequence, because: because)
    }

    private func apply(_ verified: VerifiedReport, to record: inout ServerRecord) throws -> Receipt.Refusal? {
        let host = record.server.host
        switch verified.content {
        case .malformed(let because):
            try note(
                .refused, "A report of \(verified.position.stream.rawValue) is refused: \(because)", host)
            return refusal(of: verified, because: because)
        case .report(let report):
            if let because = try overBudget(report, host: host) {
                try note(.refused, because, host)
                return refusal(of: verified, because: because)
            }
            describe(report, in: &record.server)
            try apply(report, verified, to: &record)
            return nil
        }
    }

    /// Why the server's tests are enough for now; nil while they are not. The sentence is the same each time, so that it
    /// is said once.
    private func overBudget(_ report: Report, host: HostID) throws -> String? {
        let tests: Int
        switch report.content {
        case .test: tests = 1
        case .faults(let changes): tests = Set(changes.compactMap { $0.kind == .cleared ? nil : $0.fault.test }).count
        default: return nil
        }
        guard tests > 0 else { return nil }
        let begun = try transaction.casesOpened(host: host, origin: .test, since: time - .seconds(3600))
        guard begun + tests > ReportLimits.testsPerHour else { return nil }
        return "More than \(ReportLimits.testsPerHour) tests of one server in an hour: nobody is told of the others. "
            + "Try again in an hour."
    }

    private func describe(_ report: Report, in server: inout Server) {
        let kind = report.content.kind
        // Names that came before there was a limit slow down every page.
        for long in server.reportCounts.keys where long.utf8.count > ReportLimits.kindBytes {
            server.reportCounts["other", default: 0] += server.reportCounts.removeValue(forKey: long) ?? 0
        }
        let known = server.reportCounts.count < FleetLimits.reportKinds || server.reportCounts[kind] != nil
        server.reportCounts[known ? kind : "other", default: 0] += 1
        if server.state == .expected { server.state = .connected }
        if !report.hostname.isEmpty { server.hostname = report.hostname }
        server.agentVersion = String(report.agentVersion.prefix(100))
        server.boot = String(report.boot.prefix(100))
    }

    private func apply(_ report: Report, _ verified: VerifiedReport, to record: inout ServerRecord) throws {
        let host = record.server.host
        switch report.content {
        case .faults(let changes):
            // The raising before the clearing: a part whose fault has another id by now keeps its case.
            var room = try mirror.room(for: changes.count, of: host)
            for change in changes where change.kind == .opened {
                record.openings = record.openings ?? FaultOpenings()
                record.openings?.note(change.fault, at: time)
            }
            for change in changes where change.kind != .cleared {
                try apply(change, verified, record.server, room: &room)
            }
            for change in changes where change.kind == .cleared {
                try apply(change, verified, record.server, room: &room)
            }
        case .test(let test):
            let change = FaultChange(
                kind: .opened, fault: CollectorFaults.defused(test.fault, test: test.id), because: test.fault.because,
                time: report.time)
            var room = 0
            try apply(change, verified, record.server, room: &room)
        case .inventory(let inventory): try apply(inventory, to: &record.server)
        case .heartbeat(let heartbeat): try apply(heartbeat, sent: report.time, to: &record.server)
        case .samples(let samples): try transaction.save(samples, host: host, at: time)
        case .declaration(let answer):
            try DeclarationRecorder(transaction: transaction, time: time).take(answer, from: host)
        case .statement(let statement): try mirror.take(statement, of: &record, report: verified)
        case .dropped(let dropped):
            try note(
                .dropped,
                "The agent dropped reports \(verified.position.first) to \(verified.position.sequence) of "
                    + "\(verified.position.stream.rawValue): \(dropped.reason.prefix(200)).", host)
        case .unknown(let kind):
            if record.server.reportCounts[kind] == 1 {
                try note(
                    .unknownKind,
                    "Reports of the kind \(kind.prefix(100)) are kept, but not understood: this "
                        + "collector is older than the agent.", host)
            }
        }
        if verified.position.stream == .faults || isUnknown(report.content) {
            try transaction.archive(verified, kind: report.content.kind, host: host, at: time)
        }
    }

    private func isUnknown(_ content: ReportContent) -> Bool {
        if case .unknown = content { true } else { false }
    }

    private func apply(
        _ change: FaultChange, _ verified: VerifiedReport, _ server: Server, room: inout Int
    ) throws {
        var change = change
        if let test = change.fault.test { change.fault = CollectorFaults.defused(change.fault, test: test) }
        try mirror.enter(change, of: server.host, in: verified.position.epoch, room: &room)
        let book = CaseRecorder(transaction: transaction, policy: policy, time: time)
        let outcome = try book.apply(
            change, host: server.host, hostname: server.hostname, origin: change.fault.test == nil ? .faults : .test,
            report: verified)
        if change.kind == .opened { try mirror.replaceUnconfirmed(by: change.fault, of: server) }
        if case .opened(let found, _) = outcome, let test = found.test {
            try transaction.saveTest(id: test, caseNumber: found.number, at: time)
        }
    }

    private func apply(_ inventory: Inventory, to server: inout Server) throws {
        let seen = try partsSeen(before: inventory, host: server.host)
        try transaction.save(inventory, host: server.host)
        try BlindSpotRecorder(transaction: transaction, time: time).end(by: inventory, server: &server)
        if let chassis = inventory.components.first(where: { $0.kind == .chassis }) { server.chassis = chassis.part }
        let book = CaseRecorder(transaction: transaction, policy: policy, time: time)
        for found in try transaction.openCases(host: server.host) {
            guard let because = CaseRules.exchange(of: found, in: inventory, after: seen) else { continue }
            _ = try book.close(found, by: "inventory", because: because)
            try note(.partExchanged, "\(because) Case \(found.number) was closed.", server.host)
        }
    }

    /// What the inventories before this one listed; this one is noted for the next.
    private func partsSeen(before inventory: Inventory, host: HostID) throws -> PartsSeen {
        let stored = try transaction.partsSeen(host: host)
        let previous = try transaction.inventory(host: host)
        if previous == inventory, !stored.sightings.isEmpty { return stored }
        var seen = stored
        // Of a collector that noted nothing yet, the newest inventory is there.
        if seen.sightings.isEmpty, let previous { seen.note(previous) }
        var next = seen
        next.note(inventory)
        try transaction.save(next, replacing: stored, host: host)
        return seen
    }

    private func apply(_ heartbeat: Heartbeat, sent: Timestamp, to server: inout Server) throws {
        // By name: two probes that change their states with each other are news.
        let states = { (heartbeat: Heartbeat) in heartbeat.coverage.map { [$0.probe, $0.state] } }
        let before = server.heartbeat.map(states)
        server.heartbeat = heartbeat
        // Failure modes come with the inventory; probes, with every heartbeat.
        if server.accepted != nil, before != states(heartbeat) {
            try BlindSpotRecorder(transaction: transaction, time: time).end(
                by: try transaction.inventory(host: server.host), server: &server)
        }
        server.lastHeartbeat = time
        // Only heartbeats give the clock's offset: they are sent at once, while other reports may have waited.
        server.clockOffset = (sent - time).inMilliseconds
        if server.state == .silent || server.state == .expected { server.state = .connected }
        try CaseRecorder(transaction: transaction, policy: policy, time: time)
            .endSilence(of: server.host, name: server.hostname)
    }

    // MARK: Events

    private func note(_ kind: ServerEvent.Kind, _ because: String, _ host: HostID) throws {
        try transaction.note(ServerEvent(time: time, kind: kind, because: because), host: host)
    }

    private func noteNewEpoch(_ epoch: Int64, after ended: Int64, host: HostID) throws {
        try note(
            .newEpoch,
            "The agent began epoch \(epoch) after \(ended): its spool moved, between its disk and memory, or was lost, restored "
                + "or made anew. What had not arrived of epoch \(ended) comes in the new one, as far as the agent has it.",
            host)
    }

    private func noteGap(_ position: ReportPosition, expected: Int64, host: HostID) throws {
        try note(
            .gap,
            "Report \(position.sequence) of \(position.stream.rawValue) came before \(expected): it was not "
                + "taken, and the agent was asked to send from \(expected).", host)
    }
}
