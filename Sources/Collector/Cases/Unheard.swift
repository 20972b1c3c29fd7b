import Reports

/// Why nobody is told of a case though it is one that makes tickets.
enum Unheard: Hashable, Sendable {
    /// No recipient is set.
    case noRecipient
    /// There are recipients, and no message was made for any of them: they came later, or stand in for others.
    case noMessage(recipients: [String])

    /// - Parameter recipients: names of those that are configured.
    /// - Returns: nil where a message was made.
    init?(_ deliveries: [DeliveryRecord], among recipients: [String]) {
        guard !deliveries.contains(where: { $0.state != .superseded }) else { return nil }
        self = recipients.isEmpty ? .noRecipient : .noMessage(recipients: recipients)
    }

    /// - Returns: nil where the case makes no ticket, or a message was made for somebody.
    init?(_ found: Case, _ deliveries: [DeliveryRecord], among recipients: [String]) {
        guard found.test != nil || found.revision > 0, !found.isClosed else { return nil }
        self.init(deliveries, among: recipients)
    }

    /// Why, and what to do.
    func words(in language: Language) -> String {
        switch self {
        case .noRecipient:
            language(
                "nobody is told of faults: set recipient.NAME.kind and its fields in collector.conf, then systemctl "
                    + "restart callhome-collector",
                "niemand erfährt von Fehlern: recipient.NAME.kind und die Felder dazu in collector.conf setzen, dann "
                    + "systemctl restart callhome-collector")
        case .noMessage(let recipients):
            language(
                "no message was made for any recipient (\(Unheard.listed(recipients))): nobody was told. Check them with "
                    + "callhome-collector check-config, then send a new test",
                "für keinen Empfänger (\(Unheard.listed(recipients))) entstand eine Nachricht: niemand wurde "
                    + "benachrichtigt. Mit callhome-collector check-config prüfen, dann einen neuen Test schicken")
        }
    }

    private static let shown = 5

    private static func listed(_ names: [String]) -> String {
        let shown = names.prefix(Unheard.shown).map { String($0.prefix(60)) }.joined(separator: ", ")
        return shown + (names.count > Unheard.shown ? ", …" : "")
    }
}
