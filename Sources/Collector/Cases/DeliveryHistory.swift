import Reports

/// The lines about messages in a case's history.
enum DeliveryHistory {
    typealias Line = (kind: Case.Event.Kind, because: String)

    /// - Returns: nil for a repeated failure, which adds nothing new.
    static func line(_ answer: DeliveryAnswer, to delivery: Delivery) -> Line? {
        let (name, message) = (
            delivery.recipient, "message \(delivery.ticket.revision) (\(delivery.ticket.event.rawValue))"
        )
        switch answer {
        case .taken(let reference):
            let named = reference.text.map { "; its reference is \($0)" } ?? ""
            let missing =
                (delivery.refused + reference.refused).words.map { ", but these of its addresses refused it: \($0)" }
                ?? ""
            return (.delivered, ended("\(name) took \(message)\(named)\(missing)"))
        case .refused(let because):
            guard delivery.attempts == 0 else { return nil }
            return (
                .deliveryFailed,
                "\(name) refused \(message): \(ended(because)) It is offered again in an hour, and when the case changes."
            )
        case .failed(_, let because):
            guard delivery.attempts == 0 else { return nil }
            return (.deliveryFailed, "\(name) did not take \(message): \(ended(because)) It is tried again.")
        case .partly(_, let refused, let because):
            guard delivery.attempts == 0 || !refused.isEmpty else { return nil }
            return (
                .deliveryFailed,
                "\(name) took \(message), but not for all of its addresses: \(ended(because)) Those that may take it later are tried again."
            )
        }
    }

    static func replaced(_ old: TicketOrder, by new: TicketOrder, for recipient: String) -> Line {
        (
            .replaced,
            "\(recipient) had not confirmed message \(old.revision): message \(new.revision) takes its place, with the case as it stands."
        )
    }

    static func renewed(_ old: TicketOrder, for recipient: String) -> Line {
        (
            .replaced,
            "The collector did not run for a while, and may not know what \(recipient) was told meanwhile: message \(old.revision), which "
                + "was not confirmed, is made anew."
        )
    }

    static func diverted(from recipient: String, to fallback: String, because: String) -> Line {
        (.diverted, "\(recipient) does not take the message (\(because)); \(fallback) is told as well.")
    }

    static func untold(_ recipient: String, because: String) -> Line {
        (.notTold, "\(recipient) is told nothing: \(because).")
    }

    /// - Parameter told: the newest that it confirmed.
    static func gone(_ recipient: String, told: TicketOrder?, heir: String?) -> Line {
        let last = told.map { "the last that it took is message \($0.revision), and it " } ?? "it took no message, and "
        let next = heir.map { " \($0) is told instead." } ?? ""
        return (.notTold, "\(recipient) is configured no more: \(last)was never told the end.\(next)")
    }

    static func dropped(_ recipient: String, by: String, because: String) -> Line {
        (.notTold, ended("\(by) dropped what \(recipient) was owed: \(because)"))
    }

    static func askedAgain(_ recipient: String, by: String, because: String) -> Line {
        (.resent, ended("\(by) asked that \(recipient) is told of the case as it stands: \(because)"))
    }

    /// What others say may end as a sentence does.
    private static func ended(_ text: String) -> String {
        text.hasSuffix(".") || text.hasSuffix("?") || text.hasSuffix("!") ? text : "\(text)."
    }
}
