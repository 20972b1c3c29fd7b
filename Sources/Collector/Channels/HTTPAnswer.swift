import FoundationEssentials
import Reports
import Transfer

extension ChannelError {
    /// What an answer other than 2xx means for the message; nil for 2xx.
    init?(_ response: Transfer.HTTPResponse, from recipient: String) {
        if (200..<300).contains(response.status) { return nil }
        let words = ChannelError.words(of: response)
        let because = "\(recipient) answered \(response.status)" + (words.isEmpty ? "" : ": \(words)")
        switch response.status {
        // The partner has to decide which of two copies goes on, and then takes it.
        case 409 where ChannelError.code(of: response) == "not-current":
            self = .retry(after: retryAfter(response), because: because)
        case 410:
            self = .rejected(
                because: "\(because). It says that it is gone for good: remove the recipient or mend its URL")
        case 300..<400: self = .rejected(because: "\(because). Redirects are not followed: set the URL it should go to")
        // Of the 4xx, these speak of the moment and not of the message.
        case 401, 403, 404, 408, 421, 425, 429: self = .retry(after: retryAfter(response), because: because)
        case 400..<500: self = .rejected(because: because)
        default: self = .retry(after: retryAfter(response), because: because)
        }
        func retryAfter(_ response: Transfer.HTTPResponse) -> Duration? {
            response.headers["retry-after"].flatMap(Int64.init).map { .seconds(max(0, min($0, 86_400))) }
        }
    }

    private static func code(of response: Transfer.HTTPResponse) -> String? {
        (try? WireFormat.decode(Problem.self, from: response.body))?.code
    }

    private static func words(of response: Transfer.HTTPResponse) -> String {
        if let problem = try? WireFormat.decode(Problem.self, from: response.body) {
            return CleanText.line(problem.message, limit: ChannelLimits.answerCharacters)
        }
        // The first words of a text are a help; those of an HTML page are not.
        guard response.headers["content-type"]?.hasPrefix("text/plain") ?? false else { return "" }
        return CleanText.line(
            String(decoding: response.body.prefix(4 * ChannelLimits.answerCharacters), as: UTF8.self),
            limit: ChannelLimits.answerCharacters)
    }
}
