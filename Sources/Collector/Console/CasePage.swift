import Reports

/// `/cases/{number}`: one case with everything that a technician and an administrator need.
struct CasePage: Sendable {
    struct Field: Sendable {
        var label: String
        var value: String
    }

    struct FaultRow: Sendable {
        var title: String
        var description: String?
        var impact: String?
        var action: String?
        /// nil for a test, which has no more reason than that somebody asked for it.
        var because: String?
        var provenance: String?
        var isOpen: Bool
    }

    struct EvidenceRow: Sendable {
        var signal: String
        var component: String
        var value: String
        var time: String
    }

    struct Step: Sendable {
        var time: String
        var kind: String
        var by: String
        var because: String
    }

    /// A step of the case's work.
    struct WorkRow: Sendable {
        var time: String
        var kind: String
        var author: String
        var why: String
        /// nil where it counts.
        var notApplied: String?
    }

    struct DeliveryRow: Sendable {
        var recipient: String
        var badge: Badge
        var event: String
        var attempts: Int
        var time: String
        var reference: String?
        var error: String?
        var insteadOf: String?
    }

    let frame: PageLayout
    let w: [String: String]
    let number: String
    let link: String
    let title: String
    let urgency: Badge
    let state: Badge
    let meaning: String
    let isTest: Bool
    let isOpen: Bool
    let mayAcknowledge: Bool
    let hostname: String
    let serverLink: String
    let namesPart: Bool
    let fields: [Field]
    let serial: String?
    let timeLeft: String
    let faults: [FaultRow]
    let suspects: [Field]
    let evidence: [EvidenceRow]
    let steps: [Step]
    /// What people did about it at all collectors, in the order that all agree on.
    let work: [WorkRow]
    let deliveries: [DeliveryRow]
    /// Why nobody was told; nil where somebody was, or is to be.
    let unheard: String?
    /// That it may have been ordered under another number; nil where it was not.
    let perhapsOrdered: String?
    let closedBecause: String?
    /// Whether what a person says of the part can be passed on to its server.
    let mayDeclare: Bool
    /// Whether it can be told once more: it was told, and is no test.
    let mayResend: Bool
    /// What people declared of the part, and what became of it.
    let declarations: [String]

    init(
        _ found: Case, deliveries: [DeliveryRecord], unheard: Unheard? = nil, frame: PageLayout, language: Language
    ) {
        let words = TicketStrings(language: language)
        func filled(_ text: String?) -> String? { text.map { CleanText.line($0) }.flatMap { $0.isEmpty ? nil : $0 } }
        self.frame = frame
        w = ConsoleStrings.all(in: language)
        number = CleanText.line(found.number, limit: 40)
        link = "/cases/\(ConsoleLink.segment(found.number))"
        title = CleanText.line(found.title(in: language), limit: 200)
        urgency = Badge(urgencyOf: found, in: language)
        state = Badge(found.state, in: language)
        isTest = found.test != nil
        isOpen = !found.isClosed
        mayAcknowledge = found.state == .open
        hostname = CleanText.line(found.hostname, limit: 80)
        serverLink = "/servers/\(ConsoleLink.segment(found.host))"
        namesPart = ![.server, .test].contains(found.suspect.kind)
        meaning = words.meaning(of: found.urgency, namesPart: namesPart)
        fields =
            CasePage.siteFields(found.relayed?.site, in: language)
            + CasePage.fields(of: found.suspect, words: words, labels: w)
        serial = filled(found.suspect.part.serial)
        let first = found.openFaults.first ?? found.members.last?.fault
        timeLeft = words.timeLeft(first?.timeToFailure)
        faults = found.membersByWeight.map { member in
            let text = member.fault.text(in: language.rawValue)
            return FaultRow(
                title: CleanText.line(text.title), description: filled(text.description), impact: filled(text.impact),
                action: filled(text.action), because: found.test == nil ? filled(member.fault.because) : nil,
                provenance: found.test == nil ? filled(member.fault.provenance) : nil, isOpen: member.isOpen)
        }
        suspects = (first?.suspects ?? []).filter { $0.component != found.suspect.component }.map { suspect in
            Field(
                label: CleanText.line(words.name(of: suspect).text, limit: 160),
                value: words.certainty(suspect.certainty))
        }
        evidence = found.membersByWeight.flatMap(\.fault.evidence).prefix(64).map { piece in
            EvidenceRow(
                signal: CleanText.line("\(piece.signal)", limit: 120),
                component: CleanText.line("\(piece.component)", limit: 80),
                value: CleanText.line(piece.value), time: words.time(piece.time))
        }
        steps = found.history.reversed().map { event in
            Step(
                time: words.time(event.time), kind: CasePage.word(event.kind, in: language),
                by: CleanText.line(event.by, limit: 80), because: CleanText.line(event.because, limit: 600))
        }
        work = found.folded.outcomes.map { CasePage.row($0, words: words) }
        self.unheard = unheard.map { reason in
            (found.test == nil
                ? language("Nobody was told of this case: ", "Von diesem Fall hat niemand erfahren: ")
                : language("This test failed, it reached nobody: ", "Dieser Test ist gescheitert, er kam nirgends an: "))
                + reason.words(in: language) + "."
        }
        self.deliveries = deliveries.reversed().map { CasePage.row($0, words: words) }
        perhapsOrdered = found.isClosed ? nil : found.perhapsOrderedSince.map { words.perhapsOrdered(since: $0) }
        closedBecause = filled(found.closedBecause)
        mayDeclare = !found.isClosed && (found.origin == .faults || found.origin == .storm)
        mayResend = found.test == nil && found.revision > 0
        declarations = (found.declarations ?? []).map { CasePage.sentence($0, in: language) }
    }

    /// `Replaced, said anna: waiting for the server.`
    private static func sentence(_ declared: DeclaredPart, in language: Language) -> String {
        let verb =
            switch declared.declaration.verb {
            case .replaced: language("Replaced", "Ersetzt")
            case .repaired: language("Repaired", "Repariert")
            case .acquitted: language("The part is well", "Das Teil ist in Ordnung")
            }
        let state =
            switch declared.answer?.state {
            case nil: language("waiting until the server reports", "wartet, bis der Server sich meldet")
            case .applied: language("applied on the server", "auf dem Server ausgeführt")
            case .refused: language("refused by the server", "vom Server abgelehnt")
            case .expired: language("arrived too late at the server", "kam zu spät beim Server an")
            }
        let by = CleanText.line(declared.declaration.by, limit: 80)
        let why = declared.answer?.state == .refused ? declared.answer.map { " (\(CleanText.line($0.because)))" } : nil
        return "\(verb) (\(by)): \(state)\(why ?? "")."
    }

    /// Where a part has to go, for a case that another site's collector handed on: host names repeat from site to site.
    private static func siteFields(_ site: Ticket.Site?, in language: Language) -> [Field] {
        guard let site else { return [] }
        return [
            (language("Site", "Standort"), site.name), (language("Address", "Anschrift"), site.address),
            (language("Contact", "Ansprechpartner"), site.contact),
        ].map { label, value in
            let text = CleanText.line(value)
            return Field(label: label, value: text.isEmpty ? language("not given", "nicht angegeben") : text)
        }
    }

    private static func fields(of suspect: Suspect, words: TicketStrings, labels: [String: String]) -> [Field] {
        let part = suspect.part
        let values: [(String, String?)] = [
            ("part", words.name(of: suspect).what), ("location", part.location),
            ("serial", part.serial),
            ("maker", part.manufacturer), ("model", part.model), ("partNumber", part.partNumber),
            ("firmware", part.firmware),
            ("certainty", words.certainty(suspect.certainty)),
        ]
        return values.map { key, value in
            let text = CleanText.line(value ?? "")
            return Field(label: labels[key] ?? key, value: text.isEmpty ? labels["notShown"] ?? "–" : text)
        }
    }

    private static func word(_ kind: Case.Event.Kind, in language: Language) -> String {
        switch kind {
        case .opened: language("Opened", "Eröffnet")
        case .updated: language("Changed", "Geändert")
        case .acknowledged: language("Acknowledged", "Übernommen")
        case .closed: language("Closed", "Erledigt")
        case .delivered: language("Delivered", "Zugestellt")
        case .deliveryFailed: language("Not taken yet", "Noch nicht angenommen")
        case .diverted: language("Sent to the fallback", "An den Ersatz geschickt")
        case .declared: language("Part declared", "Teil gemeldet")
        case .replaced: language("Message replaced", "Nachricht ersetzt")
        case .notTold: language("Not told", "Nicht benachrichtigt")
        case .resent: language("To be told again", "Noch einmal zu melden")
        }
    }

    private static func row(_ outcome: WorkFold.Outcome, words: TicketStrings) -> WorkRow {
        let step = outcome.step
        return WorkRow(
            time: words.time(step.time), kind: CleanText.line(step.kind.words(in: words.language), limit: 40),
            author: CleanText.line("\(step.who) · \(step.place)", limit: 200),
            why: CleanText.line(step.why, limit: 600), notApplied: outcome.notApplied?.words(in: words.language))
    }

    private static func row(_ delivery: DeliveryRecord, words: TicketStrings) -> DeliveryRow {
        let event =
            switch delivery.event {
            case .opened: words.language("Opened", "Eröffnet")
            case .updated: words.language("Changed", "Geändert")
            case .closed: words.language("Closed", "Erledigt")
            case .test: words.language("Test", "Test")
            }
        return DeliveryRow(
            recipient: "\(CleanText.line(delivery.recipient, limit: 60)) (\(delivery.channel.rawValue))",
            badge: Badge(delivery.state, in: words.language), event: event, attempts: delivery.attempts,
            time: words.time(delivery.deliveredAt ?? delivery.createdAt),
            reference: delivery.reference.map { CleanText.line($0, limit: 80) },
            error: delivery.lastError.map { CleanText.line($0) },
            insteadOf: delivery.insteadOf.map { CleanText.line($0, limit: 60) })
    }
}
