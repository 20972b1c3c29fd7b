import Reports

/// `/delivery`: how each recipient is doing.
struct DeliveryPage: Sendable {
    struct Row: Sendable {
        var name: String
        var link: String
        var channel: String
        var badge: Badge?
        var waiting: Int
        /// How many of these it refused; nil where none.
        var refused: Int?
        var delivered: Int
        var lastDelivered: String
        var error: String?
        /// When it is tried again; nil while nothing holds it.
        var nextAttempt: String?
        /// Whether there is something to try or to drop.
        var isOwed: Bool
    }

    let frame: PageLayout
    let w: [String: String]
    let rows: [Row]

    init(_ states: [RecipientState], frame: PageLayout, language: Language) {
        self.frame = frame
        w = ConsoleStrings.all(in: language)
        let words = TicketStrings(language: language)
        rows = states.map { state in
            Row(
                name: CleanText.line(state.name, limit: 60), link: "/delivery/\(ConsoleLink.segment(state.name))",
                channel: state.channel.rawValue,
                badge: state.failingSince != nil
                    ? Badge(DeliveryRecord.State.retrying, in: language)
                    : !state.refusing.isEmpty ? Badge(DeliveryRecord.State.refused, in: language) : nil,
                waiting: state.waiting, refused: state.refused > 0 ? state.refused : nil,
                delivered: state.delivered, lastDelivered: state.lastDelivered.map { words.time($0) } ?? "–",
                error: state.lastError.map { CleanText.line($0) }, nextAttempt: state.holdUntil.map { words.time($0) },
                isOwed: state.waiting > 0)
        }
    }
}

/// `/login`, and pages that show one message.
struct MessagePage: Sendable {
    let frame: PageLayout
    let w: [String: String]
    let message: String?
    /// Where to go back to.
    let link: String?

    init(message: String?, link: String?, frame: PageLayout, language: Language) {
        self.frame = frame
        self.message = message
        self.link = link
        w = ConsoleStrings.all(in: language)
    }
}
