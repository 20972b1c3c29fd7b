import FoundationEssentials
import Reports

/// Keeps what recipients know of cases in agreement with the cases, inside one transaction: what `Routing` and
/// `DeliveryRules` decide is carried out here, whatever the database.
///
/// A message goes out in three steps: `begin` chooses it and makes it durable, then it is sent, then `record` notes the
/// answer.
struct OutboxRecorder {
    let transaction: any CollectorLedger
    let policy: CasePolicy
    let time: Timestamp

    private var rules: DeliveryRules { policy.rules }

    // MARK: A case changed

    /// Every recipient is to know the case as it is now, at its new revision. The lines that this adds stand in `found`,
    /// which the caller saves.
    func owe(_ found: inout Case, because: String) throws {
        let rows = try transaction.toldRows(caseNumber: found.number)
        let isPerhapsTold = found.isPerhapsTold(at: time)
        for recipient in policy.recipients {
            let known = rows.first { $0.recipient == recipient.name }
            // A fallback is told of what it was told of; a recipient that never heard of the case is not told its end.
            let isNew = !recipient.standsIn && (!found.isClosed || isPerhapsTold)
            guard var row = known ?? (isNew ? newRow(for: recipient.name, of: found) : nil) else { continue }
            row.isEnded = false
            if !row.isOwed { row.owedSince = time }
            row.want = try order(of: found)
            if isPerhapsTold, row.isUntold { row.perhaps = row.want }
            (row.because, row.urgency, row.isTest) = (because, found.urgency, found.test != nil)
            row.next = time
            if case .nothing(let because) = rules.turn(of: row, isClosed: found.isClosed, isTest: found.test != nil) {
                settle(&row, of: &found, because: because)
            } else {
                switch Routing.answer(try question(of: found, row)) {
                case .tell: break
                case .hold(let until, _): row.next = until
                case .never(let because): settle(&row, of: &found, because: because)
                }
            }
            if row.isNewTest { try release(row.recipient) }
            try transaction.save(row)
        }
        if found.isClosed, found.perhapsDiverted == true {
            try oweEnd(toFallbacksOf: found, because: because)
            found.perhapsDiverted = nil
        }
    }

    /// Who stands in for another, and was told nothing here, may hold the case for open by the word of another store.
    private func oweEnd(toFallbacksOf found: Case, because: String) throws {
        for recipient in policy.recipients where recipient.standsIn {
            guard try transaction.toldRow(caseNumber: found.number, recipient: recipient.name) == nil else { continue }
            let other = policy.recipients.first { $0.fallback == recipient.name }?.name
            var row = newRow(for: recipient.name, of: found, insteadOf: other)
            row.because = because
            row.want = try order(of: found)
            row.perhaps = row.want
            try transaction.save(row)
        }
    }

    /// Where a message about the case as it is now stands.
    func order(of found: Case) throws -> TicketOrder {
        TicketOrder(epoch: try transaction.storeRecord().epoch, revision: found.revision)
    }

    private func writer() throws -> TicketWriter {
        TicketWriter(
            site: policy.site, store: try transaction.identity().site, epoch: try transaction.storeRecord().epoch)
    }

    /// A test that is over is told to nobody any more.
    func settleTest(_ found: Case) throws {
        for var row in try transaction.toldRows(caseNumber: found.number) where row.isOwed {
            try end(row.trying, as: .dropped)
            row.settle()
            try transaction.save(row)
        }
    }

    /// Nothing is owed any more, and the case says why.
    private func settle(_ row: inout ToldRow, of found: inout Case, because: String) {
        row.settle()
        guard found.test == nil else { return }
        found.note(DeliveryHistory.untold(row.recipient, because: because), by: row.recipient, at: time)
    }

    func newRow(for recipient: String, of found: Case, insteadOf: String? = nil) -> ToldRow {
        ToldRow(
            caseNumber: found.number, recipient: recipient, because: "", urgency: found.urgency,
            isTest: found.test != nil, owedSince: time, insteadOf: insteadOf)
    }

    /// Whether the recipient is to be told now.
    private func question(of found: Case, _ row: ToldRow) throws -> Routing.Question {
        let (count, oldest) = try transaction.messagesBegun(
            caseNumber: found.number, recipient: row.recipient, since: time - Routing.window)
        return Routing.Question(
            step: .due, urgency: found.urgency, isTest: found.test != nil,
            isKnown: row.isAskedAgain || !row.isUntold, recent: count, oldest: oldest, time: time)
    }

    // MARK: 1 Whose turn it is

    /// Chooses what is sent now and stores that it was begun.
    /// - Parameter newID: makes an id that no other message has.
    func begin(newID: () -> String) throws -> [Delivery] {
        var begun: [Delivery] = []
        let healths = try transaction.recipientHealths()
        var running = try transaction.attemptsRunning(at: time)
        for recipient in policy.recipients {
            let health =
                healths.first { $0.name == recipient.name }
                ?? RecipientHealth(name: recipient.name, channel: recipient.kind)
            try divertAll(of: recipient, health)
            let own = running[recipient.name] ?? 0
            let more = try begin(
                recipient, rules.room(health, own: own, all: running.values.reduce(0, +), at: time), newID)
            running[recipient.name] = own + more.count
            begun += more
        }
        return begun
    }

    private func begin(
        _ recipient: CasePolicy.Addressee, _ room: DeliveryRules.Room, _ newID: () -> String
    ) throws -> [Delivery] {
        let (limit, order): (Int, DueOrder) =
            switch room {
            case .newTests(let count, _): (count, .newTestsOnly)
            case .probe: (1, .leastTried)
            case .turns(let count): (count, .turns)
            }
        var begun: [Delivery] = []
        while begun.count < limit {
            let due = try transaction.dueRows(
                recipient: recipient.name, at: time, limit: limit - begun.count, order: order)
            if due.isEmpty { break }
            for row in due { if let delivery = try begin(row, recipient, newID) { begun.append(delivery) } }
        }
        return begun
    }

    /// - Returns: nil where nothing is to be sent; the row says so, and is not due any more.
    private func begin(
        _ row: ToldRow, _ recipient: CasePolicy.Addressee, _ newID: () -> String
    ) throws -> Delivery? {
        var row = row
        guard var found = try transaction.findCase(number: row.caseNumber) else {
            // It would be due for ever, and keep others from their turn.
            row.settle()
            row.lastError = "its case cannot be read"
            try transaction.save(row)
            return nil
        }
        switch rules.turn(of: row, isClosed: found.isClosed, isTest: found.test != nil) {
        case .nothing(let because):
            try end(row.trying, as: .dropped)
            settle(&row, of: &found, because: because)
            try transaction.save(row)
            try transaction.save(found, senderNumber: nil)
            return nil
        case .again(let trying):
            row = rules.begun(row, trying, at: time)
        case .new(let event, let old):
            switch Routing.answer(try question(of: found, row)) {
            case .tell: break
            case .hold(let until, _):
                row.next = until
                try transaction.save(row)
                return nil
            case .never(let because):
                settle(&row, of: &found, because: because)
                try transaction.save(row)
                try transaction.save(found, senderNumber: nil)
                return nil
            }
            row = rules.begun(row, try message(event, replacing: old, for: row, of: found, newID), at: time)
            if let old, let new = row.trying {
                try end(old, as: .superseded)
                if old.order.revision != new.order.revision {
                    found.note(
                        DeliveryHistory.replaced(old.order, by: new.order, for: row.recipient), by: row.recipient,
                        at: time)
                    try transaction.save(found, senderNumber: nil)
                }
            }
        }
        try transaction.save(row)
        guard let trying = row.trying else { return nil }
        try transaction.save(record(of: trying, row, recipient.kind))
        let (reports, certificates) = try transaction.reports(caseNumber: found.number)
        return Delivery(
            id: trying.id, caseNumber: row.caseNumber, recipient: row.recipient, channel: recipient.kind,
            ticket: trying.ticket, reports: reports, certificates: certificates, attempts: trying.attempts,
            createdAt: trying.beganAt, reached: trying.reached ?? [], refused: trying.refused ?? [])
    }

    private func message(
        _ event: Ticket.Event, replacing old: ToldRow.Trying?, for row: ToldRow, of found: Case, _ newID: () -> String
    ) throws -> ToldRow.Trying {
        // Of what was refused each time nothing arrived; of everything else it may have.
        let isRepeated =
            (row.isAskedAgain && (row.told != nil || row.taken != nil)) || row.perhaps != nil
            || (old.map { $0.answer != .refused } ?? false)
        let ticket = try writer().ticket(
            for: found, event: event, chassis: try transaction.serverRecord(host: found.host)?.server.chassis ?? Part(),
            to: row, isRepeated: isRepeated && event != .closed)
        return ToldRow.Trying(
            id: newID(), order: try order(of: found), ticket: ticket, attempts: 0, answer: .none,
            beganAt: time)
    }

    /// The line of a message that was begun, for pages.
    private func record(of trying: ToldRow.Trying, _ row: ToldRow, _ channel: ChannelKind) -> DeliveryRecord {
        DeliveryRecord(
            id: trying.id, caseNumber: row.caseNumber, recipient: row.recipient, channel: channel,
            order: trying.order, event: trying.ticket.event, state: row.claimedUntil == nil ? .retrying : .claimed,
            attempts: trying.attempts, createdAt: row.owedSince, begunAt: trying.beganAt,
            nextAttempt: row.claimedUntil ?? row.next,
            lastError: row.lastError, insteadOf: row.insteadOf)
    }

    private func end(_ trying: ToldRow.Trying?, as state: DeliveryRecord.State) throws {
        guard let trying, var record = try transaction.deliveryRecord(id: trying.id) else { return }
        record.state = state
        try transaction.save(record)
    }

    // MARK: 3 What came of it

    /// - Parameter jitter: 0..<1.
    func record(_ answer: DeliveryAnswer, to delivery: Delivery, jitter: Double) throws {
        guard let stored = try transaction.toldRow(caseNumber: delivery.caseNumber, recipient: delivery.recipient)
        else {
            throw StoreError.notFound(what: "message \(delivery.id)")
        }
        let known = try health(delivery.recipient, delivery.channel)
        guard let next = rules.answered(answer, to: delivery, stored, known, at: time, jitter: jitter) else { return }
        var row = next.row
        try transaction.save(next.health)
        if var record = try transaction.deliveryRecord(id: delivery.id) {
            note(answer, to: delivery, of: row, next.health, in: &record)
            try transaction.save(record)
        }
        guard var found = try transaction.findCase(number: row.caseNumber) else { return try transaction.save(row) }
        if let line = DeliveryHistory.line(answer, to: delivery) { found.note(line, by: row.recipient, at: time) }
        // Who has the case only now knows nothing of what people did about it before.
        if stored.told == nil, row.told != nil { try transaction.logAgain(caseNumber: found.number, at: time) }
        if rules.isDiverted(row, next.health, at: time) { try divert(&row, of: &found) }
        try transaction.save(row)
        try transaction.save(found, senderNumber: nil)
        guard found.test != nil, !found.isClosed, try isTold(found) else { return }
        _ = try CaseRecorder(transaction: transaction, policy: policy, time: time).close(
            found, by: "collector", because: "Every recipient confirmed the test.")
    }

    private func note(
        _ answer: DeliveryAnswer, to delivery: Delivery, of row: ToldRow, _ health: RecipientHealth,
        in record: inout DeliveryRecord
    ) {
        record.attempts += 1
        let refused = delivery.refused + answer.refusals
        record.refusedBy = refused.isEmpty ? nil : refused.map(\.address)
        if case .taken(let reference) = answer {
            record.state = .delivered
            record.deliveredAt = time
            record.reference = reference.text
            record.lastError = (delivery.refused + reference.refused).words.map { "not taken by \($0)" }
        } else {
            record.state = if case .refused = answer { .refused } else { .retrying }
            record.lastError = row.lastError
            record.nextAttempt = max(row.next, health.holdUntil ?? row.next)
        }
    }

    private func isTold(_ found: Case) throws -> Bool {
        let rows = try transaction.toldRows(caseNumber: found.number)
        return !rows.isEmpty && rows.allSatisfy { !$0.isOwed && $0.told != nil }
    }

    private func health(_ name: String, _ channel: ChannelKind) throws -> RecipientHealth {
        try transaction.recipientHealth(name) ?? RecipientHealth(name: name, channel: channel)
    }

    // MARK: Fallbacks

    private func divertAll(of recipient: CasePolicy.Addressee, _ health: RecipientHealth) throws {
        guard let since = health.failingSince, time - since >= rules.limits.alarmAfter, recipient.fallback != nil else {
            return
        }
        for var row in try transaction.undivertedRows(
            recipient: recipient.name, limit: DeliveryRules.Limits.diversions)
        {
            guard rules.isDiverted(row, health, at: time), var found = try transaction.findCase(number: row.caseNumber)
            else { continue }
            try divert(&row, of: &found, because: health.lastError)
            guard row.standIn != nil else { continue }
            try transaction.save(row)
            try transaction.save(found, senderNumber: nil)
        }
    }

    /// The fallback is told as well, from now on, and each of the two of the other. Never back to whom it stands in for.
    private func divert(_ row: inout ToldRow, of found: inout Case, because: String? = nil) throws {
        guard let name = policy.addressee(row.recipient)?.fallback, name != row.recipient, name != row.insteadOf,
            policy.addressee(name) != nil
        else { return }
        row.standIn = name
        if row.trying != nil {
            // What was begun does not name the fallback: the recipient is told anew.
            found.revision += 1
            row.want = try order(of: found)
        }
        guard try tell(name, of: found, insteadOf: row) else { return }
        found.note(
            DeliveryHistory.diverted(
                from: row.recipient, to: name, because: row.lastError ?? because ?? "it does not answer"),
            by: row.recipient, at: time)
    }

    /// - Returns: false where the other one is told of the case already.
    private func tell(_ name: String, of found: Case, insteadOf row: ToldRow) throws -> Bool {
        guard try transaction.toldRow(caseNumber: found.number, recipient: name) == nil else { return false }
        var other = newRow(for: name, of: found, insteadOf: row.recipient)
        other.because = row.because
        other.want = try order(of: found)
        try transaction.save(other)
        return true
    }

    // MARK: What people and the configuration change

    /// At a start: no attempt runs; who was configured otherwise is not held any more; who is configured no more is owed nothing
    /// any more, and what it was owed goes to the first that is.
    /// - Parameter fingerprints: hash of each recipient's settings.
    func resume(_ fingerprints: [String: String]) throws {
        for recipient in policy.recipients {
            var health = try health(recipient.name, recipient.kind)
            let fingerprint = fingerprints[recipient.name]
            guard health.fingerprint != fingerprint || health.channel != recipient.kind else { continue }
            if health.fingerprint != nil { try release(recipient.name) }
            health = try self.health(recipient.name, recipient.kind)
            health.refusing = nil
            (health.fingerprint, health.channel) = (fingerprint, recipient.kind)
            try transaction.save(health)
        }
        // Only one collector works on a store: what it was sending when it ended may be sent again at once.
        for var row in try transaction.runningRows() {
            row.claimedUntil = nil
            try transaction.save(row)
        }
        let heir = policy.recipients.first { !$0.standsIn }?.name
        for row in try transaction.unsettledRows(except: policy.recipients.map(\.name)) where !row.isEnded {
            try leave(row, heir: heir)
        }
    }

    private func leave(_ row: ToldRow, heir: String?) throws {
        var row = row
        let isOwed = row.isOwed
        try end(row.trying, as: .dropped)
        if var found = try transaction.findCase(number: row.caseNumber) {
            var next: String?
            if isOwed, !found.isClosed, let heir, try tell(heir, of: found, insteadOf: row) { next = heir }
            found.note(DeliveryHistory.gone(row.recipient, told: row.told, heir: next), by: row.recipient, at: time)
            try transaction.save(found, senderNumber: nil)
        }
        row.settle()
        row.isEnded = true
        try transaction.save(row)
    }

    /// Nothing holds the recipient any more, and nothing that it refused is parked.
    func release(_ name: String) throws {
        if var health = try transaction.recipientHealth(name) {
            health.release()
            try transaction.save(health)
        }
        for var row in try transaction.parkedRows(recipient: name, at: time) {
            row.next = time
            try transaction.save(row)
        }
    }

    /// - Returns: how many cases it is owed now that it was not.
    func catchUp(_ name: String, by: String, because: String) throws -> Int {
        try requireConfigured(name)
        var count = 0
        for number in try transaction.openCaseNumbers() {
            guard var found = try transaction.findCase(number: number), found.test == nil, found.revision > 0,
                found.urgency.makesTicket
            else { continue }
            var row = try transaction.toldRow(caseNumber: number, recipient: name) ?? newRow(for: name, of: found)
            guard !row.isOwed, row.told.map({ $0.revision < found.revision }) ?? true else { continue }
            try ask(for: &row, of: &found, by: by, because: because)
            try transaction.save(row)
            try transaction.save(found, senderNumber: nil)
            count += 1
        }
        return count
    }

    /// - Returns: of how many cases it was owed something.
    func drop(_ name: String, by: String, because: String) throws -> Int {
        let rows = try transaction.owedRows(recipient: name)
        if rows.isEmpty { try requireKnown(name) }
        for var row in rows {
            try end(row.trying, as: .dropped)
            row.settle()
            try transaction.save(row)
            guard var found = try transaction.findCase(number: row.caseNumber) else { continue }
            found.note(DeliveryHistory.dropped(name, by: by, because: because), by: by, at: time)
            try transaction.save(found, senderNumber: nil)
        }
        return rows.count
    }

    /// - Returns: of how many cases it is owed something.
    func tryNow(_ name: String) throws -> Int {
        try requireConfigured(name)
        try release(name)
        return try transaction.owedRows(recipient: name).count
    }

    /// The case as it stands, once more, under a new message id.
    /// - Parameter name: nil for all who were told, and all who are to be.
    func resend(_ number: String, to name: String?, by: String, because: String) throws -> Case {
        guard var found = try transaction.findCase(number: number) else {
            throw StoreError.noCase(number)
        }
        if found.test != nil {
            throw StoreError.conflict(because: "case \(number) is a test: send a new one with callhome test")
        }
        if let name { try requireConfigured(name) }
        found.revision = max(1, found.revision)
        let rows = try transaction.toldRows(caseNumber: number)
        for recipient in policy.recipients where name == nil || recipient.name == name {
            let known = rows.first { $0.recipient == recipient.name }
            // Who never heard of it is told because it is named, or because the case goes on.
            let isMeant = name != nil || !(recipient.standsIn || found.isClosed)
            guard var row = known ?? (isMeant ? newRow(for: recipient.name, of: found) : nil) else { continue }
            try ask(for: &row, of: &found, by: by, because: because)
            try transaction.save(row)
        }
        try transaction.save(found, senderNumber: nil)
        return found
    }

    /// At a start in a new epoch. The store may be a snapshot that was put back, of which nothing here tells: what it had begun
    /// may be older than what was told since, and would be sent after it. Only whoever was gone for no longer than a restart takes, on a
    /// machine that was on meanwhile, is known to be the same, and repeats what it was sending as it was.
    /// - Parameter pause: for how long nobody worked on the store; nil where the machine was off.
    func renew(after pause: Duration?) throws {
        guard pause.map({ $0 > DeliveryRules.Limits.restart }) ?? true,
            try transaction.storeRecord().standing.maySend
        else { return }
        for var row in try transaction.unsettledRows(except: []) where row.trying != nil && !row.isEnded {
            guard var found = try transaction.findCase(number: row.caseNumber) else { continue }
            row.want = try order(of: found)
            try transaction.save(row)
            guard found.test == nil, let trying = row.trying else { continue }
            found.note(DeliveryHistory.renewed(trying.order, for: row.recipient), by: row.recipient, at: time)
            try transaction.save(found, senderNumber: nil)
        }
    }

    /// The store goes on in the place of one that may have told more, after its record says so: a recipient may hold a case for
    /// closed that is open here, or for open that has ended here. Whoever knows of a case is told how it stands, in the new epoch,
    /// and what was begun is made anew; whoever is owed a first message may have had it of the other. So may a fallback, which is told
    /// the end alone: while the case stands the other's word does.
    /// - Parameter knownUntil: what was told after it, the store may not know.
    func tellOfTakeover(knownUntil: Timestamp) throws {
        let unsettled = try transaction.unsettledRows(except: [])
        let ended = try transaction.rows(ofCasesClosedSince: knownUntil - CaseRules.goesOn)
            .filter { row in !row.isOwed && !row.isUntold }
        for var row in unsettled + ended where !(row.isEnded || row.isTest) {
            guard var found = try transaction.findCase(number: row.caseNumber),
                row.isOwed || !found.isClosed || CaseRules.mayGoOn(found)
            else { continue }
            if row.isUntold {
                guard let want = row.want, row.isOwed else { continue }
                row.perhaps = want
            }
            try ask(
                for: &row, of: &found, by: "the collector",
                because: "it goes on in the place of another, which may have told of it since")
            try transaction.save(row)
            try transaction.save(found, senderNumber: nil)
        }
        let because = "The collector goes on in the place of another, which may have told of it since."
        for number in Set(ended.map(\.caseNumber)).sorted() {
            guard let found = try transaction.findCase(number: number), found.isClosed, found.test == nil,
                CaseRules.mayGoOn(found)
            else { continue }
            try oweEnd(toFallbacksOf: found, because: because)
        }
        // Where the other told of a case of which nobody was told here, its fault has changed since, or ended: whatever its agent tells
        // of it next. And where it told a fallback, that waits for the end.
        let hasFallbacks = policy.recipients.contains(where: \.standsIn)
        for number in try transaction.openCaseNumbers() {
            guard var found = try transaction.findCase(number: number), found.test == nil,
                hasFallbacks || found.revision == 0
            else { continue }
            if found.revision == 0 { found = CaseRules.perhapsTold(found, at: time) }
            if hasFallbacks { found.perhapsDiverted = true }
            try transaction.save(found, senderNumber: nil)
        }
    }

    private func ask(for row: inout ToldRow, of found: inout Case, by: String, because: String) throws {
        if !row.isOwed { row.owedSince = time }
        (row.isAskedAgain, row.isEnded) = (true, false)
        (row.next, row.urgency, row.because) = (time, found.urgency, "\(by): \(because)")
        row.want = try order(of: found)
        found.note(DeliveryHistory.askedAgain(row.recipient, by: by, because: because), by: by, at: time)
    }

    private func requireConfigured(_ name: String) throws {
        guard policy.addressee(name) == nil else { return }
        throw StoreError.notFound(what: policy.missing(name))
    }

    private func requireKnown(_ name: String) throws {
        guard policy.addressee(name) == nil, try transaction.recipientHealth(name) == nil else { return }
        throw StoreError.notFound(what: policy.missing(name))
    }
}

extension Case {
    mutating func note(_ line: DeliveryHistory.Line, by: String, at time: Timestamp) {
        note(line.kind, by: by, because: line.because, at: time)
    }
}
