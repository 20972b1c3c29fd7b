/// What the recipient calls the case; nil where it returns none.
struct TicketReference: Hashable, Sendable {
    var text: String?
    /// Of several addresses of the recipient those that will not get it, with the reason, in one sentence.
    var missing: String?
}

/// Why a message was not taken.
enum ChannelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// May be taken later; `after` where the recipient stated when.
    case retry(after: Duration?, because: String)
    /// The recipient will not take this message as it is: a person must look at it. It is still tried, seldom.
    case rejected(because: String)
    /// Some of its addresses have it, and some may take it later: all but those are `reached`, and are not tried again.
    case partly(reached: [String], because: String)

    var description: String {
        switch self {
        case .retry(_, let because), .rejected(let because), .partly(_, let because): because
        }
    }
}
