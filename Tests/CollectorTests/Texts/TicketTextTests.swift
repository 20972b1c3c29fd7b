import Reports
import Testing

@testable import Collector

@Suite("Texts of tickets")
struct TicketTextTests {
    private func text(_ language: Language, _ change: (inout Ticket) -> Void = { _ in }) -> TicketText {
        TicketText(SampleTicket.make(change), in: language)
    }

    @Test("The subject names case, urgency, part, place and server")
    func subject() {
        #expect(text(.english).subject == "[CH-7K3Q-000012] Order: disk in Bay 3 of srv-1")
        #expect(text(.german).subject == "[CH-7K3Q-000012] Bestellen: Festplatte in Bay 3 von srv-1")
    }

    @Test("The subject of later messages says what happened", arguments: [Ticket.Event.updated, .closed])
    func laterSubjects(event: Ticket.Event) {
        let english = text(.english) { $0.event = event }.subject
        #expect(english.contains(event == .closed ? "Closed: " : "Update (Order): "))
    }

    @Test("Everything that finds, orders and pulls the right part is in the text", arguments: Language.allCases)
    func whole(language: Language) {
        let plain = text(language).plain
        for word in [
            "Seagate", "ST4000NM0035", "1V4107", "ZC1A2B3C", "TN03", "Bay 3", "90 %", "Praxis Nord", "Deich 1, Husum",
            "Frau Jensen, 123", "srv-1", "Dell R740", "ABC123", "24 sectors", "197.raw",
            "24 pending sectors (limit 16) in two readings.", "measured on 812 failures", "CH-7K3Q-000012",
        ] {
            #expect(plain.split { $0.isWhitespace }.joined(separator: " ").contains(word), "\(word) is missing")
        }
    }

    @Test(
        "Where no part is known to be at fault, no sentence speaks of one that is to be sent or replaced",
        arguments: Urgency.allCases)
    func noPart(urgency: Urgency) {
        for language in Language.allCases {
            let plain = text(language) {
                $0.suspect.kind = .server
                $0.urgency = urgency
                $0.faults = []
            }.plain
            for words in ["part is to be", "part is being", "Das Teil"] { #expect(!plain.contains(words), "\(plain)") }
        }
    }

    @Test("The technician is told which serial number must be read before the part is pulled")
    func serial() {
        #expect(text(.english).plain.contains("Compare the serial number before you pull: it must read ZC1A2B3C."))
        #expect(text(.german).plain.contains("die Seriennummer vergleichen: Sie muss ZC1A2B3C lauten."))
    }

    @Test("A part without a serial number is said to have none, and the contact is to be asked")
    func noSerial() {
        let plain = text(.english) { $0.suspect.part.serial = nil }.plain
        #expect(plain.contains("Serial number: not shown by the machine"))
        #expect(plain.contains("does not show this part's serial number."))
        #expect(!plain.contains("must read"))
    }

    @Test("It is never claimed that a part can be pulled from a running server", arguments: Language.allCases)
    func safeToPull(language: Language) {
        let plain = text(language).plain.replacing("\n   ", with: " ")
        #expect(plain.contains(language("is not known. Ask before", "ist nicht bekannt. Vor dem Ziehen")))
    }

    @Test("Two who were told, and one who is told twice, read that one part is enough", arguments: Language.allCases)
    func agreement(language: Language) {
        func plain(_ change: (inout Ticket) -> Void) -> String {
            text(language, change).plain.split { $0.isWhitespace }.joined(separator: " ")
        }
        #expect(
            plain { $0.insteadOf = "desk\r\nBcc: x" }.contains(
                language("desk Bcc: x should have got", "für desk Bcc: x bestimmt")))
        #expect(
            plain { $0.standIn = "spare" }.contains(
                language("spare was told as well", "spare hat diese Nachricht auch")))
        #expect(plain { $0.repeated = true }.contains(language("act on it once", "nur einmal handeln")))
        #expect(!plain { _ in }.contains(language("act on it once", "nur einmal handeln")))
    }

    @Test("A test says in subject and first line that nothing must be sent", arguments: Language.allCases)
    func testTicket(language: Language) {
        let text = text(language) { ticket in
            ticket.test = true
            ticket.event = .test
        }
        #expect(text.subject.contains(language("TEST, send nothing", "TEST, nichts schicken")))
        let first = text.plain.split(separator: "\n").first ?? ""
        #expect(first.contains(language("TEST: nothing must be sent", "TEST: Es ist nichts zu schicken")))
        #expect(!text.plain.contains(language("Please send this part", "Bitte dieses Teil")))
    }

    @Test("A test's ticket has only sentences of its own language, and one who reads it knows who asked for it")
    func testLanguage() {
        let text = text(.german) { ticket in
            (ticket.test, ticket.event) = (true, .test)
            ticket.because = "the test value is 1, as `callhome test` asked"
            ticket.faults[0].because = ticket.because
            ticket.faults[0].provenance = "a test, started by a person"
            ticket.faults[0].texts["de"]?.impact = "Keine. Der Server arbeitet wie zuvor."
            ticket.faults[0].evidence = []
        }
        let plain = text.plain.split { $0.isWhitespace }.joined(separator: " ")
        #expect(plain.contains("Anlass: Jemand hat diesen Test auf srv-1 angefordert (callhome test)."))
        #expect(plain.contains("Auswirkungen: Keine. Der Server arbeitet wie zuvor."))
        for english in [" the ", " test value", "started by", "asked"] {
            #expect(!plain.contains(english), "\(english): \(plain)")
        }
    }

    @Test("One sign of a test is enough to send nothing")
    func oneSign() {
        #expect(SampleTicket.make { $0.test = true }.isTest)
        #expect(SampleTicket.make { $0.event = .test }.isTest)
        #expect(SampleTicket.make { $0.suspect.kind = .test }.isTest)
        #expect(SampleTicket.make { $0.faults[0].test = "t" }.isTest)
        #expect(!SampleTicket.make().isTest)
    }

    @Test("A closed case asks for nothing and stops what was not sent", arguments: Language.allCases)
    func closed(language: Language) {
        let plain = text(language) { $0.event = .closed }.plain
        #expect(plain.contains(language("The case is closed", "Der Fall ist erledigt")))
        #expect(!plain.contains(language("Please send", "Bitte dieses Teil")))
        #expect(!plain.contains(language("Before you pull it", "Vor dem Ausbau")))
    }

    @Test("A silent server orders nothing and shows no part")
    func silence() {
        let plain = text(.english) { ticket in
            ticket.suspect = Suspect(
                component: nil, kind: .server, name: "srv-1", part: Part(serial: "ABC123"), certainty: 1)
        }.plain
        #expect(plain.contains("Nothing can be ordered yet"))
        #expect(!plain.contains("The part\n"))
        #expect(!plain.contains("pull"))
    }

    @Test("Urgency is explained, and the time left is an interval")
    func urgency() {
        let plain = text(.english) { $0.urgency = .plan }.plain.replacing("\n  ", with: " ")
        #expect(plain.contains("Plan: The part is to be replaced at the next visit."))
        #expect(plain.contains("Probably fails between 3 days and 30 days from now."))
        #expect(plain.contains("Of 100 such parts, 52 failed within 30 days."))
        #expect(text(.english) { $0.faults[0].timeToFailure = nil }.plain.contains("Cannot be predicted."))
    }

    @Test(
        "Times left are readable in both languages, whatever the numbers",
        arguments: [
            (TimeToFailure(earliest: 0, latest: 1), "probably within 24 hours", "innerhalb von 24 Stunden"),
            (TimeToFailure(earliest: 5), "at least 5 days", "mindestens 5 Tage;"),
            (TimeToFailure(earliest: 0), "at any time.", "jederzeit ausfallen."),
            (TimeToFailure(earliest: .nan, latest: .infinity), "many years", "vielen Jahren"),
            (TimeToFailure(earliest: -1, latest: 1e300), "many years", "vielen Jahren"),
        ])
    func times(time: TimeToFailure, english: String, german: String) {
        #expect(TicketStrings(language: .english).timeLeft(time).contains(english))
        #expect(TicketStrings(language: .german).timeLeft(time).contains(german))
    }

    @Test("A fault in no known language is shown in English, or by its class")
    func otherLanguages() {
        #expect(text(.german) { $0.faults[0].texts["de"] = nil }.plain.contains("A disk is failing"))
        #expect(text(.german) { $0.faults[0].texts = [:] }.plain.contains("disk.ata.media-failing"))
        #expect(text(.german) { $0.faults = [] }.plain.contains("ZC1A2B3C"))
    }

    @Test("Strings of the machine cannot begin a line of the mail's head, or markup, or turn the direction of writing")
    func hostile() {
        let evil = "x\r\nBcc: thief@example.org\r\n\r\n<script>alert(1)</script>\u{202E}drawkcab\u{2028}\u{0}"
        let text = text(.english) { ticket in
            ticket.number = evil
            ticket.server.hostname = evil
            ticket.suspect.name = evil
            ticket.suspect.part = Part(
                manufacturer: evil, model: evil, partNumber: evil, serial: evil, firmware: evil, location: evil)
            ticket.faults[0].because = evil
            ticket.faults[0].texts = ["en": FaultText(title: evil, description: evil, impact: evil, action: evil)]
            ticket.faults[0].evidence[0].value = evil
        }
        #expect(!text.subject.unicodeScalars.contains { $0.properties.generalCategory == .control })
        #expect(!text.plain.split(separator: "\n").contains { $0.hasPrefix("Bcc:") })
        #expect(!text.html.contains("<script"))
        for result in [text.subject, text.plain, text.html] {
            #expect(!result.unicodeScalars.contains("\u{202E}"))
            #expect(!result.unicodeScalars.contains("\u{2028}"))
            #expect(!result.unicodeScalars.contains("\r"))
        }
    }

    @Test("A quote that carries an accent is escaped like any other")
    func combined() {
        #expect(CleanText.html("\"\u{301} onclick='x'") == "&quot;\u{301} onclick=&#39;x&#39;")
        #expect(CleanText.html("<\u{338}b>") == "&lt;\u{338}b&gt;")
    }

    @Test("Strings of a million characters make a mail of bounded size")
    func huge() {
        let huge = String(repeating: "ä b", count: 400_000)
        let text = text(.german) { ticket in
            ticket.suspect.part.model = huge
            ticket.faults = Array(repeating: ticket.faults[0], count: 64)
            for index in ticket.faults.indices {
                ticket.faults[index].because = huge
                ticket.faults[index].evidence = Array(
                    repeating: Evidence(
                        component: SampleTicket.disk, signal: Signal("hw.x"), value: huge, time: SampleTicket.time),
                    count: 100)
            }
        }
        #expect(text.subject.count <= TicketText.subjectCharacters)
        #expect(text.plain.utf8.count < 200_000)
        #expect(text.plain.contains("Und 58 weitere im Anhang."))
    }

    @Test("A kind of part that this version does not know is shown by its name")
    func unknownKind() {
        #expect(TicketStrings(language: .german).kind(ComponentKind(rawValue: "quantum_link")) == "quantum link")
    }

    @Test(
        "The language is the first known one of Accept-Language by weight",
        arguments: [
            ("de-DE,de;q=0.9,en;q=0.8", Language.german), ("en-US,en;q=0.9,de;q=0.8", .english), ("fr", .english),
            ("en;q=0.1, de;q=0.2", .german), ("de;q=nonsense, en;q=0.1", .english), ("", .english),
        ])
    func language(header: String, language: Language) {
        #expect(Language.preferred(byHeader: header) == language)
    }
}
