import Reports

@testable import Collector

/// How a site would behave that lacks a rule: what it is given is changed so that the rule cannot bite. What is shipped has no
/// switch for it.
extension SimulatedWorld {
    /// The reports of a request as a site without the broken rule would understand them.
    func doctored(_ request: Request, at site: Int) throws -> [SimulatedSpool.Waiting] {
        guard let broken = rules.broken else { return request.reports }
        var reports = request.reports
        switch broken {
        case .positionsAreChecked:
            guard request.epoch > 0 else { break }
            try change(request.host, at: site) { record in
                guard record.positions.epoch == request.epoch, let first = reports.first else { return }
                record.positions = SimulatedWorld.positions(record.positions, request.stream, before: first.first)
            }
        case .comparedAtTheSamePosition:
            let through = collectors[site].ledger.servers[request.host]?.value.positions.faults ?? 0
            for index in reports.indices where request.stream == .telemetry {
                reports[index].standing?.through = through
                reports[index].standing?.epoch = request.epoch
            }
        case .statementIsWhole:
            for index in reports.indices {
                guard case .statement(var statement) = reports[index].content else { continue }
                (statement.part, statement.of) = (1, 1)
                reports[index].content = .statement(statement)
            }
        case .absenceIsNoRecovery:
            for (fault, row) in collectors[site].ledger.mirror[request.host] ?? [:] where row.value.state == .standing {
                var row = row.value
                row.epoch = request.epoch
                collectors[site].ledger.mirror[request.host]?[fault] = Kept(row)
            }
        case .raisingBeforeClearing:
            for index in reports.indices {
                guard case .faults(let changes) = reports[index].content else { continue }
                try clearFirst(changes, of: request, at: site)
            }
        default: break
        }
        return reports
    }

    private func change(_ host: HostID, at site: Int, _ body: (inout ServerRecord) -> Void) throws {
        guard var record = collectors[site].ledger.servers[host]?.value else { return }
        body(&record)
        collectors[site].ledger.servers[host] = Kept(record)
    }

    /// As if nothing from `first` on had been applied.
    private static func positions(
        _ known: StreamPositions, _ stream: ReportStream, before first: Int64
    ) -> StreamPositions {
        var positions = StreamPositions(epoch: known.epoch)
        for other in ReportStream.allCases {
            let through = other == stream ? first - 1 : known.through(other)
            guard through > 0 else { continue }
            _ = positions.decide(
                ReportPosition(epoch: known.epoch, stream: other, first: 1, sequence: through))
        }
        return positions
    }

    private func clearFirst(_ changes: [FaultChange], of request: Request, at site: Int) throws {
        guard let record = collectors[site].ledger.servers[request.host]?.value, record.positions.epoch == request.epoch
        else { return }
        let (time, policy) = (time, collectors[site].policy)
        try collectors[site].ledger.transaction("clearing first") { transaction in
            let book = CaseRecorder(transaction: transaction, policy: policy, time: time)
            for change in changes where change.kind == .cleared {
                var room = 1
                try MirrorRecorder(transaction: transaction, policy: policy, time: time)
                    .enter(change, of: request.host, in: request.epoch, room: &room)
                try book.apply(
                    change, host: request.host, hostname: record.server.hostname, origin: .faults, report: nil)
            }
        }
    }

    // MARK: What goes on to recipients

    /// A partner that does not compare what comes with what it has.
    func forgetRevision(of ticket: VerifiedTicket) throws {
        let partner = doors[partner]
        for (number, row) in collectors[partner].ledger.cases
        where row.value.body.sender == ticket.sender && row.value.senderNumber == ticket.ticket.number {
            var row = row.value
            row.body.relayed?.revision = 0
            row.body.relayed?.epoch = nil
            collectors[partner].ledger.cases[number] = Kept(row)
        }
        collectors[partner].ledger.acceptances = [:]
    }

    private func change(_ row: ToldRow, at collector: Int, _ body: (inout ToldRow) -> Void) {
        var row = row
        body(&row)
        do {
            try collectors[collector].ledger.transaction("distorting") { try $0.save(row) }
        } catch {
            fail("!", "an unexpected error: \(error)")
        }
    }

    private func rows(of collector: Int) -> [ToldRow] {
        collectors[collector].ledger.told.values.flatMap { $0.values.map(\.value) }
    }

    /// What a worker without a rule would have made of an answer.
    func distort(_ answer: DeliveryAnswer, to delivery: Delivery, _ collector: Int) {
        guard rules.broken != nil,
            let row = collectors[collector].ledger.told[delivery.caseNumber]?[delivery.recipient]?.value
        else { return }
        switch answer {
        case .failed where !rules.hold(.unknownIsOwed): change(row, at: collector) { $0.settle() }
        case .failed where !rules.hold(.unknownMayHaveCome): change(row, at: collector) { $0.trying = nil }
        case .refused where !rules.hold(.refusedComesAgain):
            change(row, at: collector) { $0.next = time + .seconds(47 * 3600) }
        case .partly where !rules.hold(.reachedAreRemembered):
            change(row, at: collector) { $0.trying?.reached = nil }
        default: break
        }
    }

    /// A process that stores what it sends when it was sent has forgotten it when it dies before.
    func forgetWhatWasBegun(_ collector: Int) {
        guard !rules.hold(.storedBeforeSent) else { return }
        for row in rows(of: collector) where row.claimedUntil != nil && row.trying?.attempts == 0 {
            change(row, at: collector) { ($0.trying, $0.claimedUntil) = (nil, nil) }
        }
    }

    /// Who stands in for another is told once.
    func endFallbacks(_ collector: Int) {
        guard !rules.hold(.fallbackToTheEnd) else { return }
        for row in rows(of: collector) where row.insteadOf != nil && row.told != nil && row.isOwed {
            change(row, at: collector) { $0.settle() }
        }
    }

    /// A worker that hands out messages as they come, and not by case and recipient.
    func repeatOlder(than delivery: Delivery, _ collector: Int) {
        guard !rules.hold(.neverOlder) else { return }
        let key = "\(delivery.recipient) \(delivery.caseNumber)"
        let before = collectors[collector].sentLast.updateValue(delivery, forKey: key)
        guard let before, before.order < delivery.order else { return }
        checkSent(before, by: collector)
        send(
            .deliver(collector: collector, life: collectors[collector].life, before),
            over: link(of: before, from: collector))
    }
}
