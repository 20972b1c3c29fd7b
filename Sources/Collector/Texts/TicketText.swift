import Reports

/// A ticket in words: for a person without IT knowledge who must act on it, and for the technician with the part in
/// the hand. Every string of the ticket is taken as hostile.
struct TicketText: Sendable, Hashable {
    enum Line: Sendable, Hashable {
        case paragraph(String)
        /// A label and its value.
        case field(String, String)
        /// What must not be overlooked.
        case warning(String)
    }

    struct Section: Sendable, Hashable {
        var title: String
        var lines: [Line]
    }

    /// Characters of a subject line; mail clients show fewer.
    static let subjectCharacters = 160
    /// Faults of a case that are written out; the attached JSON has them all.
    static let faultsShown = 6

    var subject: String
    var sections: [Section]

    init(_ ticket: Ticket, in language: Language) {
        let writer = TicketTextWriter(ticket: ticket, language: language)
        subject = writer.subject
        sections = writer.sections.filter { !$0.lines.isEmpty }
    }
}

extension Ticket {
    /// True where anything in the ticket marks it as a test: one sign is enough to send no part.
    var isTest: Bool {
        test || event == .test || suspect.kind == .test || faults.contains { $0.test != nil }
    }
}

/// Chooses the words of one ticket.
private struct TicketTextWriter {
    var ticket: Ticket
    var language: Language
    var words: TicketStrings { TicketStrings(language: language) }
    var part: Part { ticket.suspect.part }
    /// The server itself is no part that could be shipped.
    var namesPart: Bool { ticket.suspect.kind != .server && ticket.suspect.kind != .test }

    func clean(_ text: String) -> String { CleanText.line(text) }
    func filled(_ text: String?) -> String? {
        guard let text else { return nil }
        let line = clean(text)
        return line.isEmpty ? nil : line
    }

    // MARK: Subject

    var subject: String {
        let number = CleanText.line(ticket.number, limit: 40)
        let text = "[\(number)] \(verb): \(what)"
        return CleanText.line(text, limit: TicketText.subjectCharacters)
    }

    private var verb: String {
        if ticket.isTest { return language("TEST, send nothing", "TEST, nichts schicken") }
        switch ticket.event {
        case .opened, .test: return words.urgency(ticket.urgency)
        case .updated: return language("Update", "Änderung") + " (\(words.urgency(ticket.urgency)))"
        case .closed: return language("Closed", "Erledigt")
        }
    }

    private var what: String {
        let server = filled(ticket.server.hostname) ?? clean(ticket.server.host)
        guard namesPart else {
            return ticket.isTest ? "Callhome, \(server)" : language("server \(server)", "Server \(server)")
        }
        let kind = words.kind(ticket.suspect.kind)
        if let location = filled(part.location) {
            return language("\(kind) in \(location) of \(server)", "\(kind) in \(location) von \(server)")
        }
        let name = words.name(of: ticket.suspect).what
        return language("\(name) of \(server)", "\(name) von \(server)")
    }

    // MARK: Sections

    var sections: [TicketText.Section] {
        [whatToDo, partSection, beforePulling, place, urgency, why, evidence, otherSuspects, about]
    }

    private var whatToDo: TicketText.Section {
        var lines: [TicketText.Line] = []
        if ticket.isTest {
            lines.append(
                .warning(
                    language(
                        "TEST: nothing must be sent and nobody must travel. This message only proves that messages arrive.",
                        "TEST: Es ist nichts zu schicken und niemand muss fahren. Diese Nachricht zeigt nur, dass Meldungen ankommen."
                    )))
            return .init(title: language("What is to be done", "Was ist zu tun"), lines: lines)
        }
        lines.append(.paragraph(instruction))
        if ticket.event != .closed, let since = ticket.perhapsOrderedSince {
            lines.append(.warning(words.perhapsOrdered(since: since)))
        }
        lines += agreements.map { .warning($0) }
        if ticket.event != .closed, let action = filled(text?.action) { lines.append(.paragraph(action)) }
        return .init(title: language("What is to be done", "Was ist zu tun"), lines: lines)
    }

    /// What keeps two recipients, or one that is told twice, from sending two parts.
    private var agreements: [String] {
        var sentences: [String] = []
        if let other = filled(ticket.insteadOf) {
            sentences.append(
                language(
                    "\(other) should have got this message and did not take it; it may still arrive there. Agree with them which of you acts on it.",
                    "Diese Nachricht war für \(other) bestimmt und wurde dort nicht angenommen; sie kann noch ankommen. Bitte miteinander klären, wer sich kümmert."
                ))
        }
        if let other = filled(ticket.standIn) {
            sentences.append(
                language(
                    "\(other) was told as well, because this message was not taken here at first. Agree with them which of you acts on it.",
                    "\(other) hat diese Nachricht auch, weil sie hier zunächst nicht angenommen wurde. Bitte miteinander klären, wer sich kümmert."
                ))
        }
        if ticket.repeated ?? false {
            sentences.append(
                language(
                    "This may be known to you: an earlier message about the same case went out. It is one case: act on it once.",
                    "Das ist vielleicht schon bekannt: Zu diesem Fall ging bereits eine Nachricht hinaus. Es ist derselbe Fall: bitte nur einmal handeln."
                ))
        }
        return sentences
    }

    private var instruction: String {
        if ticket.event == .closed {
            return language(
                "The case is closed: nothing more is to be done. A part that has not been sent yet must not be sent.",
                "Der Fall ist erledigt: Es ist nichts mehr zu tun. Ein noch nicht verschicktes Teil bitte nicht mehr schicken."
            )
        }
        guard namesPart else {
            return language(
                "Nothing can be ordered yet: no single part is known to be at fault. Please look into it.",
                "Es kann noch nichts bestellt werden: Es steht kein einzelnes Teil fest. Bitte nachsehen.")
        }
        let kind = words.kind(ticket.suspect.kind)
        switch ticket.urgency {
        case .order:
            return language("Please send this part now: \(kind).", "Bitte dieses Teil jetzt schicken: \(kind).")
        case .plan:
            return language(
                "Please bring this part to the next visit: \(kind).",
                "Bitte dieses Teil zum nächsten Besuch mitbringen: \(kind).")
        case .inform, .watch: return words.meaning(of: ticket.urgency)
        }
    }

    private var partSection: TicketText.Section {
        var lines: [TicketText.Line] = []
        guard namesPart else { return .init(title: "", lines: []) }
        let unknown = language("not shown by the machine", "zeigt die Maschine nicht an")
        lines.append(.field(language("Part", "Teil"), words.name(of: ticket.suspect).what))
        lines.append(.field(language("Manufacturer", "Hersteller"), filled(part.manufacturer) ?? unknown))
        lines.append(.field(language("Model", "Modell"), filled(part.model) ?? unknown))
        lines.append(.field(language("Part number", "Teilenummer"), filled(part.partNumber) ?? unknown))
        lines.append(.field(language("Serial number", "Seriennummer"), filled(part.serial) ?? unknown))
        lines.append(.field(language("Location", "Einbauort"), filled(part.location) ?? unknown))
        if let firmware = filled(part.firmware) { lines.append(.field(language("Firmware", "Firmware"), firmware)) }
        lines.append(
            .field(
                language("Certainty that this part is to blame", "Sicherheit, dass es dieses Teil ist"),
                words.certainty(ticket.suspect.certainty)))
        return .init(title: language("The part", "Das Teil"), lines: lines)
    }

    private var beforePulling: TicketText.Section {
        guard namesPart, !ticket.isTest, ticket.event != .closed else { return .init(title: "", lines: []) }
        var lines: [TicketText.Line] = []
        if let serial = filled(part.serial) {
            lines.append(
                .warning(
                    language(
                        "Compare the serial number before you pull: it must read \(serial). If it reads otherwise, stop and ask.",
                        "Vor dem Ziehen die Seriennummer vergleichen: Sie muss \(serial) lauten. Steht dort etwas anderes: aufhören und nachfragen."
                    )))
        } else {
            lines.append(
                .warning(
                    language(
                        "The machine does not show this part's serial number. Ask the contact on site to confirm which part it is before you pull it.",
                        "Die Maschine zeigt die Seriennummer dieses Teils nicht an. Vor dem Ziehen mit dem Ansprechpartner vor Ort klären, welches Teil es ist."
                    )))
        }
        lines.append(
            .warning(
                language(
                    "Whether the server keeps running without this part is not known. Ask before you pull it from a running server.",
                    "Ob der Server ohne dieses Teil weiterläuft, ist nicht bekannt. Vor dem Ziehen am laufenden Server nachfragen."
                )))
        return .init(title: language("Before you pull it", "Vor dem Ausbau"), lines: lines)
    }

    private var place: TicketText.Section {
        var lines: [TicketText.Line] = []
        func add(_ label: String, _ value: String?) {
            if let value = filled(value) { lines.append(.field(label, value)) }
        }
        add(language("Site", "Standort"), ticket.site.name)
        add(language("Address", "Anschrift"), ticket.site.address)
        add(language("Contact", "Ansprechpartner"), ticket.site.contact)
        add(language("Server", "Server"), ticket.server.hostname)
        let chassis = ticket.server.part
        add(
            language("Server model", "Server-Modell"),
            [chassis.manufacturer, chassis.model].compactMap(filled).joined(separator: " "))
        add(language("Server serial number", "Server-Seriennummer"), chassis.serial)
        add(language("Server location", "Server-Einbauort"), chassis.location)
        return .init(title: language("Where", "Wo"), lines: lines)
    }

    private var urgency: TicketText.Section {
        guard !ticket.isTest, ticket.event != .closed else { return .init(title: "", lines: []) }
        return .init(
            title: language("How urgent", "Wie dringend"),
            lines: [
                .field(words.urgency(ticket.urgency), words.meaning(of: ticket.urgency, namesPart: namesPart)),
                .field(language("Time left", "Verbleibende Zeit"), words.timeLeft(ticket.faults.first?.timeToFailure)),
            ])
    }

    private var text: FaultText? { ticket.faults.first?.text(in: language.rawValue) }

    private var occasion: String? {
        guard ticket.isTest else { return filled(ticket.because) }
        let server = filled(ticket.server.hostname) ?? clean(ticket.server.host)
        return language(
            "Somebody asked for this test on \(server) (callhome test).",
            "Jemand hat diesen Test auf \(server) angefordert (callhome test).")
    }

    private var why: TicketText.Section {
        var lines: [TicketText.Line] = []
        if let because = occasion { lines.append(.field(language("Reason for this message", "Anlass"), because)) }
        for fault in ticket.faults.prefix(TicketText.faultsShown) {
            let text = fault.text(in: language.rawValue)
            if let title = filled(text.title) { lines.append(.paragraph(title)) }
            if let description = filled(text.description) { lines.append(.paragraph(description)) }
            if let impact = filled(text.impact) {
                lines.append(.field(language("Impact", "Auswirkungen"), impact))
            }
            // Of a test there is nothing to explain, and what the agent wrote is English.
            guard !ticket.isTest else { continue }
            if let because = filled(fault.because) {
                lines.append(.field(language("Why we think so", "Warum wir das meinen"), because))
            }
            if let provenance = filled(fault.provenance) {
                lines.append(.field(language("Where the rule comes from", "Herkunft der Regel"), provenance))
            }
        }
        let left = ticket.faults.count - TicketText.faultsShown
        if left > 0 {
            lines.append(.paragraph(language("And \(left) more in the attachment.", "Und \(left) weitere im Anhang.")))
        }
        return .init(title: language("Why", "Warum"), lines: lines)
    }

    private var evidence: TicketText.Section {
        var lines: [TicketText.Line] = []
        for fault in ticket.faults.prefix(TicketText.faultsShown) {
            for piece in fault.evidence.prefix(WireLimits.evidencePerFault) {
                let label = CleanText.line("\(piece.signal) \(piece.component)", limit: 160)
                lines.append(.field(label, "\(clean(piece.value)) (\(words.time(piece.time)))"))
            }
        }
        return .init(title: language("Readings", "Messwerte"), lines: lines)
    }

    private var otherSuspects: TicketText.Section {
        let others = (ticket.faults.first?.suspects ?? []).filter { $0.component != ticket.suspect.component }
        let lines = others.prefix(TicketText.faultsShown).map { suspect in
            let name = words.name(of: suspect)
            let details = [name.place, suspect.part.model, suspect.part.serial].compactMap(filled)
            return TicketText.Line.field(
                name.what,
                ([words.certainty(suspect.certainty)] + details).joined(separator: ", "))
        }
        return .init(title: language("What else may be to blame", "Was es sonst sein könnte"), lines: lines)
    }

    private var about: TicketText.Section {
        var lines: [TicketText.Line] = [
            .field(language("Case", "Fall"), CleanText.line(ticket.number, limit: 40)),
            .field(language("Message", "Nachricht"), "\(ticket.revision)"),
            .field(language("Opened", "Eröffnet"), words.time(ticket.openedAt)),
        ]
        if let closed = ticket.closedAt { lines.append(.field(language("Closed", "Erledigt"), words.time(closed))) }
        lines.append(
            .paragraph(
                language(
                    "Please keep the case number in the subject of every answer. All details for programs are in the attached ticket.json.",
                    "Bitte die Fallnummer im Betreff jeder Antwort stehen lassen. Alle Angaben für Programme stehen im Anhang ticket.json."
                )))
        return .init(title: language("About this case", "Zu diesem Fall"), lines: lines)
    }
}
