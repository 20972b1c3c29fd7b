import Reports

extension CollectorAPI.ServerLine {
    init(_ server: Server) {
        let status = ServerStatus(server)
        self.init(
            host: server.host, hostname: server.hostname, state: status.mark.rawValue,
            because: status.because(in: .english), openCases: server.openCases,
            acceptedBlindSpots: server.accepted?.count ?? 0, lastContact: server.lastContact,
            agentVersion: server.agentVersion, chassis: server.chassis)
    }
}

extension CollectorAPI.BlindSpot {
    init(_ spot: BlindSpot) {
        let state =
            switch spot.subject {
            case .mode(let mode): mode.state
            case .probe(let probe): probe.state
            }
        self.init(
            name: spot.name, title: spot.title(in: .english), state: state,
            reasons: spot.reasons.map { Reason(because: $0.because, parts: $0.parts, step: $0.step) },
            accepted: spot.acceptance.map { Acceptance(by: $0.by, because: $0.because, acceptedAt: $0.acceptedAt) })
    }
}

extension CollectorAPI.CaseLine {
    init(_ found: Case) {
        self.init(
            number: found.number, state: found.state.rawValue, urgency: found.urgency, test: found.test != nil,
            host: found.host, hostname: found.hostname, title: found.title(in: .english), suspect: found.suspect,
            openedAt: found.openedAt, updatedAt: found.updatedAt, closedAt: found.closedAt)
    }
}

extension CollectorAPI.CaseDetail {
    init(_ found: Case, deliveries: [DeliveryRecord], among recipients: [String]) {
        self.init(
            summary: CollectorAPI.CaseLine(found), faults: found.members.map(\.fault),
            history: found.history.map {
                CollectorAPI.CaseStep(time: $0.time, kind: $0.kind.rawValue, by: $0.by, because: $0.because)
            },
            deliveries: deliveries.map(CollectorAPI.DeliveryLine.init),
            unheard: Unheard(found, deliveries, among: recipients)?.words(in: .english),
            work: found.folded.outcomes.map(CollectorAPI.WorkLine.init))
    }
}

extension CollectorAPI.WorkLine {
    init(_ outcome: WorkFold.Outcome) {
        let step = outcome.step
        self.init(
            time: step.time, kind: step.kind.rawValue, who: step.who, place: step.place, why: step.why,
            notApplied: outcome.notApplied?.words(in: .english))
    }
}

extension CollectorAPI.DeliveryLine {
    init(_ delivery: DeliveryRecord) {
        self.init(
            id: delivery.id, recipient: delivery.recipient, channel: delivery.channel.rawValue,
            state: delivery.state.rawValue, event: delivery.event, attempts: delivery.attempts,
            deliveredAt: delivery.deliveredAt, nextAttempt: delivery.nextAttempt, lastError: delivery.lastError,
            refusedBy: delivery.refusedBy, reference: delivery.reference, insteadOf: delivery.insteadOf)
    }
}

extension CollectorAPI.RecipientLine {
    init(_ state: RecipientState) {
        self.init(
            name: state.name, channel: state.channel.rawValue, waiting: state.waiting, refused: state.refused,
            delivered: state.delivered, lastDelivered: state.lastDelivered, failingSince: state.failingSince,
            holdUntil: state.holdUntil, lastError: state.lastError)
    }
}

extension Case {
    /// The title of its most urgent fault.
    func title(in language: Language) -> String {
        guard let fault = openFaults.first ?? members.last?.fault else { return key }
        return fault.text(in: language.rawValue).title
    }
}
