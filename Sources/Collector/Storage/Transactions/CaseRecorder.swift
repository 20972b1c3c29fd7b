import Reports

/// Carries out what `CaseRules` decide: saves cases and puts the deliveries they cause into the outbox.
struct CaseRecorder {
    let transaction: any StoreTransaction
    let policy: CasePolicy
    let time: Timestamp

    /// Applies one fault change of one of our own hosts.
    /// - Returns: what became of it, with the reason.
    @discardableResult
    func apply(
        _ change: FaultChange, host: HostID, hostname: String, origin: Case.Origin, report: VerifiedReport?,
        chassis: Part
    ) throws -> CaseChange {
        let key = CaseRules.key(of: change.fault)
        var current =
            try transaction.caseHolding(fault: change.fault.id, host: host)
            ?? transaction.openCase(host: host, key: key)
        if let found = current, found.isClosed, change.kind != .cleared {
            // The fault's own case is closed: if it got worse, it may belong to another open case of the part by now.
            if let open = try transaction.openCase(host: host, key: key) { current = open }
        }
        var opening = CaseRules.Opening(number: "", origin: origin, host: host, hostname: hostname, key: key)
        if change.kind != .cleared, current?.isClosed ?? true, origin == .faults, try isStorm(host: host) {
            current = try transaction.openCase(host: host, key: CaseRecorder.stormKey)
            opening.origin = .storm
            opening.key = CaseRecorder.stormKey
        }
        if change.kind != .cleared, current?.isClosed ?? true { opening.number = try transaction.nextTicketNumber() }
        let outcome = CaseRules.applying(change, to: current, opening: opening, at: time)
        try carryOut(outcome, report: report, chassis: chassis)
        return outcome
    }

    private static let stormKey = "storm"

    private func isStorm(host: HostID) throws -> Bool {
        try transaction.casesOpened(host: host, since: time - .seconds(3600)) >= policy.casesPerHostPerHour
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
        // The first message about a case is its opening, whatever step caused it.
        let told: Ticket.Event = found.test != nil ? .test : found.revision == 1 && event == .updated ? .opened : event
        let ticket = TicketWriter(site: policy.site).ticket(for: found, event: told, chassis: chassis, because: because)
        try transaction.save(found, senderNumber: senderNumber)
        for recipient in policy.recipients where !recipient.standsIn {
            if told == .updated {
                try transaction.supersedeUpdates(caseNumber: found.number, recipient: recipient.name, at: time)
            }
            if told == .test { try transaction.retryNow(recipient: recipient.name, at: time) }
            try transaction.enqueue(Delivery(ticket, to: recipient, insteadOf: nil, at: time))
        }
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
            id: Delivery.id(caseNumber: ticket.number, revision: ticket.revision, recipient: recipient.name),
            caseNumber: ticket.number, recipient: recipient.name, channel: recipient.kind, ticket: ticket, reports: [],
            certificates: [], state: .queued, attempts: 0, createdAt: time, nextAttempt: time, insteadOf: insteadOf)
    }
}
