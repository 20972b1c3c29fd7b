import Reports

@testable import Collector

/// The outbox.
extension MemoryTransaction {
    /// Messages of one case and recipient that are kept.
    private static let messagesKept = 50

    func toldRows(caseNumber: String) throws -> [ToldRow] {
        (ledger.told[caseNumber] ?? [:]).values.map(\.value).sorted { $0.recipient < $1.recipient }
    }

    func toldRow(caseNumber: String, recipient: String) throws -> ToldRow? {
        ledger.told[caseNumber]?[recipient]?.value
    }

    func save(_ row: ToldRow) throws {
        ledger.told[row.caseNumber, default: [:]][row.recipient] = Kept(row)
        if row.isOwed {
            ledger.owed[row.recipient, default: []].insert(row.caseNumber)
        } else {
            ledger.owed[row.recipient]?.remove(row.caseNumber)
        }
    }

    func dueRows(recipient: String, at time: Timestamp, limit: Int, order: DueOrder) throws -> [ToldRow] {
        func isDue(_ row: ToldRow) -> Bool {
            !DeliveryRules.isAhead(row.next, of: time)
                && !(row.claimedUntil.map { DeliveryRules.isAhead($0, of: time) } ?? false)
        }
        func isBefore(_ one: ToldRow, _ other: ToldRow) -> Bool {
            if order == .leastTried, (one.rank == 0) == (other.rank == 0), one.lastAttempt != other.lastAttempt {
                return (one.lastAttempt?.milliseconds ?? 0) < (other.lastAttempt?.milliseconds ?? 0)
            }
            return (one.rank, one.owedSince, one.caseNumber) < (other.rank, other.owedSince, other.caseNumber)
        }
        let due = try owedRows(recipient: recipient).filter { isDue($0) && (order != .newTestsOnly || $0.rank == 0) }
        return Array(due.sorted(by: isBefore).prefix(max(0, limit)))
    }

    func owedRows(recipient: String) throws -> [ToldRow] {
        (ledger.owed[recipient] ?? []).compactMap { ledger.told[$0]?[recipient]?.value }
            .sorted { ($0.owedSince, $0.caseNumber) < ($1.owedSince, $1.caseNumber) }
    }

    func parkedRows(recipient: String, at time: Timestamp) throws -> [ToldRow] {
        try owedRows(recipient: recipient).filter { $0.next > time }
    }

    func undivertedRows(recipient: String, limit: Int) throws -> [ToldRow] {
        Array(try owedRows(recipient: recipient).filter { $0.standIn == nil }.prefix(limit))
    }

    func unsettledRows(except recipients: [String]) throws -> [ToldRow] {
        try ledger.told.keys.sorted().flatMap { number in
            let isOpen = !(try findCase(number: number)?.isClosed ?? true)
            return try toldRows(caseNumber: number).filter {
                !recipients.contains($0.recipient) && ($0.isOwed || isOpen)
            }
        }
    }

    func rows(ofCasesClosedSince time: Timestamp) throws -> [ToldRow] {
        try ledger.told.keys.sorted().flatMap { number in
            guard let found = try findCase(number: number), found.isClosed, let closed = found.closedAt, closed >= time
            else { return [ToldRow]() }
            return try toldRows(caseNumber: number)
        }
    }

    func runningRows() throws -> [ToldRow] { owedByAll.filter { $0.claimedUntil != nil } }

    private var owedByAll: [ToldRow] {
        ledger.owed.keys.sorted().flatMap { name in
            (ledger.owed[name] ?? []).sorted().compactMap { ledger.told[$0]?[name]?.value }
        }
    }

    func attemptsRunning(at time: Timestamp) throws -> [String: Int] {
        let running = owedByAll.filter { row in
            row.claimedUntil.map { DeliveryRules.isAhead($0, of: time) } ?? false
        }
        return Dictionary(grouping: running, by: \.recipient).mapValues(\.count)
    }

    func openCaseNumbers() throws -> [String] {
        ledger.cases.values.map(\.value.body).filter { !$0.isClosed }.map(\.number).sorted()
    }

    // MARK: Recipients

    func recipientHealths() throws -> [RecipientHealth] { ledger.recipients.values.sorted { $0.name < $1.name } }
    func recipientHealth(_ name: String) throws -> RecipientHealth? { ledger.recipients[name] }
    func save(_ health: RecipientHealth) throws { ledger.recipients[health.name] = health }

    func recipientStates(_ addressees: [CasePolicy.Addressee]) throws -> [RecipientState] {
        var healths = ledger.recipients
        for addressee in addressees where healths[addressee.name] == nil {
            healths[addressee.name] = RecipientHealth(name: addressee.name, channel: addressee.kind)
        }
        return try healths.values.sorted { $0.name < $1.name }.compactMap { health in
            let owed = try owedRows(recipient: health.name)
            guard !owed.isEmpty || addressees.contains(where: { $0.name == health.name }) else { return nil }
            let refused = owed.filter(\.isRefused).sorted {
                ($0.failingSince?.milliseconds ?? 0) < ($1.failingSince?.milliseconds ?? 0)
            }
            let error = (refused + owed).lazy.compactMap(\.lastError).first
            return RecipientState(
                health, waiting: owed.count, refused: (refused.count, refused.first?.failingSince, error))
        }
    }

    // MARK: Messages

    func save(_ record: DeliveryRecord) throws {
        let isNew = ledger.messages[record.id] == nil
        ledger.messages[record.id] = Kept(record)
        guard isNew else { return }
        ledger.messagesOfCase[record.caseNumber, default: []].append(record.id)
        let own = (ledger.messagesOfCase[record.caseNumber] ?? []).filter {
            ledger.messages[$0]?.value.recipient == record.recipient
        }
        guard own.count > MemoryTransaction.messagesKept else { return }
        let old = Set(own.prefix(own.count - MemoryTransaction.messagesKept))
        for id in old { ledger.messages[id] = nil }
        ledger.messagesOfCase[record.caseNumber]?.removeAll { old.contains($0) }
    }

    func deliveryRecord(id: String) throws -> DeliveryRecord? { ledger.messages[id]?.value }

    func deliveryRecords(caseNumber: String) throws -> [DeliveryRecord] {
        (ledger.messagesOfCase[caseNumber] ?? []).compactMap { ledger.messages[$0]?.value }
    }

    func messagesBegun(
        caseNumber: String, recipient: String, since: Timestamp
    ) throws -> (count: Int, oldest: Timestamp?) {
        let begun = try deliveryRecords(caseNumber: caseNumber).filter {
            $0.recipient == recipient && $0.begunAt > since
        }
        return (begun.count, begun.map(\.begunAt).min())
    }

    func reports(caseNumber: String) throws -> (reports: [Envelope], certificates: [String]) {
        let kept = ledger.reportsOfCase[caseNumber]?.value ?? []
        let certificates: [String] = kept.compactMap(\.certificate).reduce(into: []) { all, pem in
            if !all.contains(pem) { all.append(pem) }
        }
        return (kept.map(\.envelope), certificates)
    }

    // MARK: The clock

    func moveOutbox(by shift: Duration) throws {
        for var row in owedByAll {
            row.next = row.next + shift
            row.claimedUntil = row.claimedUntil.map { $0 + shift }
            row.failingSince = row.failingSince.map { $0 + shift }
            try save(row)
        }
        for var health in ledger.recipients.values {
            health.holdUntil = health.holdUntil.map { $0 + shift }
            health.failingSince = health.failingSince.map { $0 + shift }
            try save(health)
        }
    }
}
