/// What the recipient calls the case; nil where it returns none.
struct TicketReference: Hashable, Sendable {
    var text: String?
    /// Of several addresses of the recipient those that will never take it.
    var refused: [AddressRefusal] = []
}

/// One of several addresses of a recipient that refused a message for good.
struct AddressRefusal: Hashable, Sendable, Codable {
    var address: String
    /// In the recipient's words.
    var because: String
}

extension [AddressRefusal] {
    /// Each with its reason; nil where there is none.
    var words: String? {
        isEmpty ? nil : map { "\($0.address) (\($0.because))" }.joined(separator: ", ")
    }
}

/// Why a message was not taken.
enum ChannelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// May be taken later; `after` where the recipient stated when.
    case retry(after: Duration?, because: String)
    /// The recipient will not take this message as it is: a person must look at it. It is still tried, seldom.
    case rejected(because: String)
    /// Some of its addresses may take it later. What `reached` names has it, what `refused` names will never take it: neither is tried
    /// again.
    case partly(reached: [String], refused: [AddressRefusal] = [], because: String)

    var description: String {
        switch self {
        case .retry(_, let because), .rejected(let because), .partly(_, _, let because): because
        }
    }
}
