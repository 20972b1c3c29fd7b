import Reports

/// Carries out what `CaseRules` decide: saves cases and puts the deliveries they cause into the outbox.
struct CaseRecorder {
    let transaction: any StoreTransaction
    let policy: CasePolicy
    let time: Timestamp

    /// Applies one fault change of one of our own hosts.
    /// - Parameter reopens: the fault stands again by its agent's word: where its case closed because it had ended, that case
    ///   goes on.
    /// - Returns: what became of it, with the reason.
    @discardableResult
    func apply(
        _ change: FaultChange, host: HostID, hostname: String, origin: Case.Origin, report: VerifiedReport?,
        chassis: Part, reopens: Bool = false
    ) throws -> CaseChange {
        let key = CaseRules.key(of: change.fault)
        var current =
            try transaction.caseHolding(fault: change.fault.id, host: host)
            ?? transaction.openCase(host: host, key: key)
        if let found = current, found.isClosed, change.kind != .cleared {
            // The fault's own case is closed: if it got worse, it may belong to another open case of the part by now.
            if let open = try transaction.openCase(host: host, key: key) { current = open }
        }
        var isAgain = false
        if reopens, let found = current, let again = CaseRules.reopening(found, by: change.fault.id),
            try transaction.openCase(host: host, key: found.key) == nil
        {
            current = again
            isAgain = true
        }
        var opening = CaseRules.Opening(origin: origin, host: host, hostname: hostname, key: key)
        if change.kind != .cleared, current?.isClosed ?? true, origin == .faults, try isStorm(host: host) {
            current = try transaction.openCase(host: host, key: CaseRecorder.stormKey)
            if current == nil {
                current = try stormAgain(host: host)
                isAgain = current != nil
            }
            opening.origin = .storm
            opening.key = CaseRecorder.stormKey
        }
        let unlisted = try current.map { found in
            let listed = Set(found.members.map(\.fault.id))
            return try transaction.faultsHolding(caseNumber: found.number).count { !listed.contains($0) }
        }
        var outcome = CaseRules.applying(change, to: current, opening: opening, unlisted: unlisted ?? 0, at: time)
        if isAgain, case .updated(let found, _, let because) = outcome {
            outcome = .updated(found, notice: found.urgency.makesTicket ? .send : .keepQuiet, because: because)
        }
        if case .opened(var found, let because) = outcome {
            found.number = try transaction.newTicketNumber()
            found.perhapsOrderedSince = try transaction.storeRecord().perhapsOrdered(problemOf: change.fault.openedAt)
            outcome = .opened(found, because: because)
        }
        try carryOut(outcome, report: report, chassis: chassis)
        return outcome
    }

    private static let stormKey = "storm"

    private func isStorm(host: HostID) throws -> Bool {
        try transaction.casesOpened(host: host, origin: .faults, since: time - CaseRecorder.hour)
            >= policy.casesPerHostPerHour
    }

    private static let hour = Duration.seconds(3600)

    /// The storm case of the last hour, opened again: one case stands for the rest, also where its faults come and go.
    private func stormAgain(host: HostID) throws -> Case? {
        guard var found = try transaction.newestCase(host: host, origin: .storm, since: time - CaseRecorder.hour)
        else { return nil }
        found.state = .open
        (found.closedAt, found.closedBecause) = (nil, nil)
        // What it held before has cleared, or somebody closed it: what comes now is told as what is new.
        for index in found.members.indices { found.members[index].isOpen = false }
        return found
    }

    private func carryOut(_ outcome: CaseChange, report: VerifiedReport?, chassis: Part) throws {
        switch outcome {
        case .opened(let found, let because):
            try keep(report, with: found)
            if found.origin == .storm { try noteStorm(found) }
            let sentence = found.origin == .storm ? "\(policy.stormSentence) The newest: \(because)" : because
            try finish(found, event: .opened, notice: found.urgency.makesTicket || found.test != nil, sentence, chassis)
        case .updated(let found, let notice, let because):
            try keep(report, with: found)
            try finish(found, event: .updated, notice: notice == .send, because, chassis)
        case .closed(let found, let because):
            try keep(report, with: found)
            try finish(found, event: .closed, notice: found.revision > 0 && found.test == nil, because, chassis)
        case .unchanged: break
        }
    }

    private func keep(_ report: VerifiedReport?, with found: Case) throws {
        guard let report else { return }
        try transaction.keep(report.envelope, certificate: report.certificate, caseNumber: found.number)
    }

    private func noteStorm(_ found: Case) throws {
        try transaction.note(
            ServerEvent(
                time: time, kind: .storm, because: "\(policy.stormSentence) They are gathered in case \(found.number)."),
            host: found.host)
    }

    /// Saves the case and, with `notice`, one delivery for every recipient, all in this transaction.
    func finish(
        _ found: Case, event: Ticket.Event, notice: Bool, _ because: String, _ chassis: Part,
        senderNumber: String? = nil
    ) throws {
        var found = found
        guard notice else { return try transaction.save(found, senderNumber: senderNumber) }
        found.revision += 1
        // A case of before names its problem from now on, by the first fault that it remembers.
        if found.sender == nil, found.problem == nil, let first = found.members.first {
            found.problem = Ticket.problem(host: found.host, fault: first.fault.id)
        }
        // The first message about a case is its opening, whatever step caused it.
        let told: Ticket.Event = found.test != nil ? .test : found.revision == 1 && event == .updated ? .opened : event
        let writer = TicketWriter(
            site: policy.site, store: try transaction.identity().site, epoch: try transaction.storeRecord().epoch)
        let ticket = writer.ticket(for: found, event: told, chassis: chassis, because: because)
        try transaction.save(found, senderNumber: senderNumber)
        let wait = told == .opened || told == .test ? nil : try pause(beforeTelling: found)
        for recipient in policy.recipients where !recipient.standsIn {
            if told == .updated || wait != nil {
                try transaction.supersedeUpdates(caseNumber: found.number, recipient: recipient.name, all: wait != nil)
            }
            if told == .test { try transaction.retryNow(recipient: recipient.name, at: time) }
            var delivery = Delivery(ticket, to: recipient, insteadOf: nil, at: time)
            if let wait { delivery.nextAttempt = time + wait }
            try transaction.enqueue(delivery)
        }
    }

    /// How long a message about the case has to wait; nil where it may go at once. A case that changes all the time is
    /// told of often enough, and then as it stands: what waits gives way to what is newer, and nothing is kept back.
    private func pause(beforeTelling found: Case) throws -> Duration? {
        let (count, oldest) = try transaction.messages(caseNumber: found.number, since: time - CaseRecorder.hour)
        guard count >= ReportLimits.messagesPerCaseAndHour, let oldest else { return nil }
        return max(.zero, oldest + CaseRecorder.hour - time)
    }

    /// Does what a person decided. Of an open case only: one that is acknowledged stays as it is.
    func decide(_ decision: CaseDecision, on found: Case) throws -> Case {
        switch decision.kind {
        case .acknowledge:
            guard found.state == .open else { return found }
            let acknowledged = CaseRules.acknowledging(found, by: decision.by, because: decision.because, at: time)
            try transaction.save(acknowledged, senderNumber: nil)
            return acknowledged
        case .close:
            let chassis = try transaction.serverRecord(host: found.host)?.server.chassis ?? Part()
            return try close(found, by: decision.by, because: decision.because, chassis: chassis)
        case .replaced: return try declare(.replaced, decision, on: found)
        case .repaired: return try declare(.repaired, decision, on: found)
        case .acquitted: return try declare(.acquitted, decision, on: found)
        }
    }

    private func declare(_ verb: PartDeclaration.Verb, _ decision: CaseDecision, on found: Case) throws -> Case {
        try DeclarationRecorder(transaction: transaction, time: time).declare(
            verb, on: found, by: decision.by, because: decision.because)
    }

    /// Closes a case by a person's word or by what the inventory shows.
    func close(_ found: Case, by: String, because: String, chassis: Part) throws -> Case {
        let closed = CaseRules.closing(found, by: by, because: because, at: time)
        try finish(closed, event: .closed, notice: closed.revision > 0 && closed.test == nil, because, chassis)
        return try transaction.findCase(number: found.number) ?? closed
    }

    /// Ends whatever silence case of `subject` is open: it reported.
    func endSilence(of subject: String, name: String, chassis: Part) throws {
        guard let found = try transaction.openCase(host: subject, key: "silence") else { return }
        for fault in found.openFaults {
            let change = FaultChange(
                kind: .cleared, fault: fault, because: "\(name) was heard from again at \(time).", time: time)
            try apply(change, host: subject, hostname: name, origin: .silence, report: nil, chassis: chassis)
        }
    }
}

/// What the store needs to know to turn cases into deliveries.
struct CasePolicy: Hashable, Sendable {
    struct Addressee: Hashable, Sendable {
        var name: String
        var kind: ChannelKind
        /// Named as the fallback of another: it gets only what that one does not take.
        var standsIn = false
    }
    var site: Ticket.Site
    /// Everyone who gets tickets.
    var recipients: [Addressee]
    var casesPerHostPerHour: Int

    init(site: Ticket.Site, recipients: [Addressee], casesPerHostPerHour: Int) {
        self.site = site
        self.recipients = recipients
        self.casesPerHostPerHour = casesPerHostPerHour
    }

    var stormSentence: String {
        """
        More than \(casesPerHostPerHour) parts of one server failed within an hour: look for a common cause first \
        (power, cooling, backplane, controller).
        """
    }
}

extension Delivery {
    /// A new message for one recipient.
    init(_ ticket: Ticket, to recipient: CasePolicy.Addressee, insteadOf: String?, at time: Timestamp) {
        self.init(
            id: Delivery.id(
                caseNumber: ticket.number, revision: ticket.revision, recipient: recipient.name, epoch: ticket.epoch),
            caseNumber: ticket.number, recipient: recipient.name, channel: recipient.kind, ticket: ticket, reports: [],
            certificates: [], state: .queued, attempts: 0, createdAt: time, nextAttempt: time, insteadOf: insteadOf)
    }
}
