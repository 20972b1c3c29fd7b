import Reports

/// What every page of the console shows around its content.
struct PageLayout: Sendable {
    struct Alarm: Sendable {
        var text: String
        var detail: String
    }

    var lang: String
    var title: String
    /// Who is logged in; nil on the login page.
    var account: String?
    var csrf: String
    /// Where the language switch leads.
    var german: String
    var english: String
    var isGerman: Bool
    var onServers: Bool
    var onCases: Bool
    var onDelivery: Bool
    var onPatterns: Bool
    /// Seconds until the page loads itself again; nil on pages with something to fill in.
    var refresh: Int?
    var alarms: [Alarm]
}

/// A word with the class that colours it. The word is enough: no colour is needed to understand it.
struct Badge: Sendable {
    var word: String
    var style: String

    init(_ status: ServerStatus, in language: Language) {
        word = status.word(in: language)
        style = status.mark.rawValue
    }

    init(_ urgency: Urgency, in language: Language) {
        word = TicketStrings(language: language).urgency(urgency)
        style = urgency.rawValue
    }

    /// How urgent the case is; a test is never that, and is shown as a test.
    init(urgencyOf found: Case, in language: Language) {
        guard found.test != nil else {
            self.init(found.urgency, in: language)
            return
        }
        self.init(word: language("Test", "Test"), style: "test")
    }

    init(word: String, style: String) { (self.word, self.style) = (word, style) }

    init(_ state: Case.State, in language: Language) {
        switch state {
        case .open: (word, style) = (language("Open", "Offen"), "open")
        case .acknowledged: (word, style) = (language("Acknowledged", "In Arbeit"), "acknowledged")
        case .closed: (word, style) = (language("Closed", "Erledigt"), "closed")
        }
    }

    init(_ state: DeliveryRecord.State, in language: Language) {
        switch state {
        case .queued: (word, style) = (language("Waiting", "Wartet"), "watch")
        case .claimed: (word, style) = (language("Being sent", "Wird gesendet"), "watch")
        case .delivered: (word, style) = (language("Delivered", "Zugestellt"), "good")
        case .retrying: (word, style) = (language("Not taken yet", "Noch nicht angenommen"), "plan")
        case .refused: (word, style) = (language("Refused", "Abgelehnt"), "plan")
        case .superseded: (word, style) = (language("Replaced by a newer one", "Durch neuere ersetzt"), "revoked")
        case .dropped: (word, style) = (language("Given up", "Aufgegeben"), "revoked")
        }
    }

    /// Of a probe's coverage.
    init(coverage state: String, in language: Language) {
        switch state {
        case "ok": (word, style) = (language("Reads", "Liest"), "good")
        case "absent": (word, style) = (language("Not in this machine", "Nicht in dieser Maschine"), "revoked")
        case "disabled": (word, style) = (language("Switched off", "Abgeschaltet"), "revoked")
        case "denied": (word, style) = (language("No access", "Kein Zugriff"), "unknown")
        case "seen": (word, style) = (language("Seen", "Zu sehen"), "seen")
        case "unseen": (word, style) = (language("Not seen", "Nicht zu sehen"), "unknown")
        case "partly": (word, style) = (language("Seen in part", "Teils zu sehen"), "unknown")
        case "failing": (word, style) = (language("Fails", "Scheitert"), "unknown")
        case "hanging": (word, style) = (language("Hangs", "Hängt"), "unknown")
        default: (word, style) = (CleanText.line(state, limit: 40), "unknown")
        }
    }
}

/// One row of the list of cases.
struct CaseRow: Sendable {
    var number: String
    var link: String
    var title: String
    var urgency: Badge
    var state: Badge
    var hostname: String
    /// What it is, which, and where.
    var part: String
    var opened: String

    init(_ found: Case, in language: Language) {
        let words = TicketStrings(language: language)
        number = CleanText.line(found.number, limit: 40)
        link = "/cases/\(ConsoleLink.segment(found.number))"
        title = CleanText.line(found.title(in: language), limit: 160)
        urgency = Badge(urgencyOf: found, in: language)
        state = Badge(found.state, in: language)
        let site = found.relayed.map { ", \($0.site.name)" } ?? ""
        hostname = CleanText.line(found.hostname + site, limit: 80)
        part = words.name(of: found.suspect, calling: found.suspect.part.model).text
        opened = words.time(found.openedAt)
    }
}

enum ConsoleLink {
    /// A segment of a path, percent-encoded (RFC 3986 section 2.1): names of hosts come from agents.
    static func segment(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-_~.".utf8.contains(byte)
            result += isPlain ? String(UnicodeScalar(byte)) : "%" + [byte].hexadecimal.uppercased()
        }
        return result
    }
}
