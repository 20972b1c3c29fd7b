import Reports

/// What the store needs to know of the configuration to turn cases into messages.
struct CasePolicy: Hashable, Sendable {
    struct Addressee: Hashable, Sendable {
        var name: String
        var kind: ChannelKind
        /// Named as the fallback of another: it gets only what that one does not take.
        var standsIn = false
        /// Who is told what this one does not take.
        var fallback: String?
    }
    var site: Ticket.Site
    /// Everyone who gets tickets.
    var recipients: [Addressee]
    var casesPerHostPerHour: Int
    var rules = DeliveryRules()

    init(site: Ticket.Site, recipients: [Addressee], casesPerHostPerHour: Int) {
        self.site = site
        self.recipients = recipients
        self.casesPerHostPerHour = casesPerHostPerHour
    }

    func addressee(_ name: String) -> Addressee? { recipients.first { $0.name == name } }

    /// What is missing where there is no such recipient, with what can be named instead.
    func missing(_ name: String) -> String {
        let shown = CleanText.line(name, limit: 80)
        let names = recipients.map(\.name)
        guard !names.isEmpty else { return "recipient \(shown): none is configured" }
        return "recipient \(shown): there are \(names.sorted().prefix(20).joined(separator: ", "))"
    }

    var stormSentence: String {
        """
        More than \(casesPerHostPerHour) parts of one server failed within an hour: look for a common cause first \
        (power, cooling, backplane, controller).
        """
    }
}
