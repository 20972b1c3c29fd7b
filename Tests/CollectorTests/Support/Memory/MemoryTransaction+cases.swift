import Reports

@testable import Collector

/// The collector itself, and its cases.
extension MemoryTransaction {
    // MARK: Settings

    func identity() throws -> StoreIdentity {
        if let identity = ledger.identity { return identity }
        let new = StoreIdentity.random()
        ledger.identity = new
        return new
    }

    func setting<Value: Codable & Sendable>(_ name: String, as type: Value.Type) throws -> Value? {
        ledger.settings[name] as? Value
    }

    func set<Value: Codable & Sendable>(_ name: String, to value: Value) throws { ledger.settings[name] = value }

    // MARK: Cases

    func newTicketNumber() throws -> String {
        let known = ledger.cases
        return try TicketNumber.draw(using: &ledger.numbers) { known[$0] != nil }
    }

    func findCase(number: String) throws -> Case? { ledger.cases[number]?.value.body }

    func caseHolding(fault: FaultID, host: HostID) throws -> Case? {
        try ledger.caseOfFault[.init(host, fault)].flatMap { try findCase(number: $0) }
    }

    func openCase(host: HostID, key: String) throws -> Case? {
        ownRows(of: host).first { $0.subject == key && !$0.body.isClosed }?.body
    }

    func openCases(host: HostID) throws -> [Case] {
        ownRows(of: host).map(\.body).filter { !$0.isClosed }.sorted {
            ($0.openedAt, $0.number) < ($1.openedAt, $1.number)
        }
    }

    private func ownRows(of host: HostID) -> [MemoryLedger.CaseRow] {
        (ledger.casesOfHost[host] ?? []).compactMap { ledger.cases[$0]?.value }
    }

    func cases(_ query: CaseQuery) throws -> [Case] {
        let chosen = try chosen(query).map { (found: $0, gravity: gravity(of: $0)) }.sorted { one, other in
            if one.gravity != other.gravity { return one.gravity < other.gravity }
            return (one.found.openedAt, one.found.number) > (other.found.openedAt, other.found.number)
        }
        return chosen.dropFirst(max(0, query.offset)).prefix(max(0, query.limit)).map(\.found)
    }

    func countCases(_ query: CaseQuery) throws -> Int { try chosen(query).count }

    private func chosen(_ query: CaseQuery) throws -> [Case] {
        ledger.cases.values.map(\.value.body).filter {
            query.states.contains($0.state) && (query.host == nil || $0.host == query.host)
        }
    }

    private func gravity(of found: Case) -> Int {
        guard !found.isClosed else { return 20 }
        let rank = [Urgency.order, .plan, .watch].firstIndex(of: found.urgency) ?? 3
        return rank + (isTest(found) ? 10 : 0)
    }

    private func isTest(_ found: Case) -> Bool { ledger.tests.values.contains { $0.number == found.number } }

    func openCases(weighedFor host: HostID?) throws -> [CaseWeight] {
        let open = ledger.cases.values.map(\.value.body).filter {
            !$0.isClosed && $0.sender == nil && (host == nil || $0.host == host) && !isTest($0)
        }
        return Dictionary(grouping: open) { MemoryLedger.HostAnd($0.host, $0.urgency) }
            .map { CaseWeight(host: $0.key.host, urgency: $0.key.name, cases: $0.value.count) }
            .sorted { ($0.host, $0.urgency ?? .inform) < ($1.host, $1.urgency ?? .inform) }
    }

    func relayedCase(sender: String, store: String?, number: String) throws -> Case? {
        newest { $0.body.sender == sender && $0.senderStore == store && $0.senderNumber == number }
    }

    func relayedCase(of origin: Ticket.Origin) throws -> Case? {
        newest { $0.body.sender != nil && $0.senderStore == origin.store && $0.senderNumber == origin.number }
    }

    private func newest(_ isMeant: (MemoryLedger.CaseRow) -> Bool) -> Case? {
        ledger.cases.values.map(\.value).filter(isMeant)
            .max { ($0.body.openedAt, $0.body.number) < ($1.body.openedAt, $1.body.number) }?.body
    }

    func casesOpened(host: HostID, origin: Case.Origin, since: Timestamp) throws -> Int {
        ownRows(of: host).count { $0.body.origin == origin && $0.body.openedAt > since }
    }

    func newestCase(host: HostID, origin: Case.Origin, since: Timestamp) throws -> Case? {
        ownRows(of: host).map(\.body).filter { $0.origin == origin && $0.openedAt > since }
            .max { ($0.openedAt, $0.number) < ($1.openedAt, $1.number) }
    }

    func save(_ found: Case, senderNumber: String?) throws {
        let known = ledger.cases[found.number]?.value
        let subject = known.map { $0.body.key == found.key ? $0.subject : found.key } ?? found.key
        let row = MemoryLedger.CaseRow(
            body: found, subject: subject, senderNumber: senderNumber ?? known?.senderNumber,
            senderStore: found.relayed?.origin?.store ?? known?.senderStore)
        if found.sender == nil, !found.isClosed,
            let other = try openCase(host: found.host, key: row.subject), other.number != found.number
        {
            throw NotUnique(what: "an open case about \(row.subject) of \(found.host), \(other.number)")
        }
        ledger.cases[found.number] = Kept(row)
        guard found.sender == nil else { return }
        if known == nil { ledger.casesOfHost[found.host, default: []].append(found.number) }
        guard !found.isClosed else { return }
        for member in found.members where member.isOpen {
            let fault = MemoryLedger.HostAnd(found.host, member.fault.id)
            if let before = ledger.caseOfFault[fault], before != found.number {
                ledger.faultsOfCase[before]?.remove(member.fault.id)
            }
            ledger.caseOfFault[fault] = found.number
            ledger.faultsOfCase[found.number, default: []].insert(member.fault.id)
        }
    }

    func keep(_ report: Envelope, certificate: String?, caseNumber: String) throws {
        let known = ledger.reportsOfCase[caseNumber]?.value ?? []
        guard known.last?.envelope.signatures != report.signatures else { return }
        let reports = known + [MemoryLedger.KeptReport(envelope: report, certificate: certificate)]
        ledger.reportsOfCase[caseNumber] = Kept(Array(reports.suffix(CaseLimits.reports)))
    }

    func forgetReports(caseNumber: String) throws { ledger.reportsOfCase[caseNumber] = nil }

    func replaceCertificate(_ old: String, by new: String) throws {
        for (number, reports) in ledger.reportsOfCase {
            let replaced = reports.value.map { report in
                var report = report
                report.certificate = report.certificate?.replacing(old, with: new)
                return report
            }
            ledger.reportsOfCase[number] = Kept(replaced)
        }
    }

    func saveTest(id: String, caseNumber: String, at time: Timestamp) throws {
        guard ledger.tests[id] == nil else { return }
        ledger.tests[id] = MemoryLedger.BegunTest(number: caseNumber, accepted: time)
    }

    func testRecord(id: String) throws -> TestRecord? {
        guard let test = ledger.tests[id], let found = try findCase(number: test.number) else { return nil }
        return TestRecord(
            id: id, acceptedAt: test.accepted, caseNumber: test.number, caseOpenedAt: found.openedAt)
    }

    // MARK: What stands

    func mirroredFaults(host: HostID, states: [MirroredFault.State]) throws -> [MirroredFault] {
        (ledger.mirror[host] ?? [:]).values.map(\.value).filter { states.contains($0.state) }
            .sorted { ($0.stamp, $0.fault.rawValue) < ($1.stamp, $1.fault.rawValue) }
    }

    func mirroredFault(_ fault: FaultID, host: HostID) throws -> MirroredFault? { ledger.mirror[host]?[fault]?.value }

    func save(_ row: MirroredFault, host: HostID) throws { ledger.mirror[host, default: [:]][row.fault] = Kept(row) }

    func highestStamp(host: HostID) throws -> Int64 {
        ledger.mirror[host]?.values.map(\.value.stamp).max() ?? 0
    }

    func faultsHolding(caseNumber: String) throws -> [FaultID] {
        guard let host = ledger.cases[caseNumber]?.value.body.host, let rows = ledger.mirror[host] else { return [] }
        return (ledger.faultsOfCase[caseNumber] ?? []).filter { rows[$0]?.value.state.holdsCase ?? false }
            .sorted { $0.rawValue < $1.rawValue }
    }

    func countMirroredFaults(host: HostID, most: Int) throws -> Int {
        let rows = ledger.mirror[host] ?? [:]
        guard rows.count > most else { return rows.count }
        let over = rows.values.map(\.value).filter { $0.state == .cleared }
            .sorted { ($0.changedAt, $0.stamp) < ($1.changedAt, $1.stamp) }.prefix(rows.count - most)
        for row in over { ledger.mirror[host]?[row.fault] = nil }
        return rows.count - over.count
    }

    func statementBegun(host: HostID) throws -> StatementBegun? {
        guard let parts = ledger.statements[host], let first = parts.first else { return nil }
        return StatementBegun(
            answers: first.answers, parts: parts.count, of: first.of, faults: parts.reduce(0) { $0 + $1.faults.count })
    }

    func statementParts(host: HostID) throws -> [FaultStatement] { ledger.statements[host] ?? [] }

    func save(_ part: FaultStatement, host: HostID) throws {
        let others = (ledger.statements[host] ?? []).filter { $0.part != part.part }
        ledger.statements[host] = (others + [part]).sorted { $0.part < $1.part }
    }

    func forgetStatementParts(host: HostID) throws { ledger.statements[host] = nil }
}
