/// How a recipient is reached, with what that needs. Every channel there is stands here: a channel is its file, and its
/// name in each of the three places of this one.
enum Channel: Hashable, Sendable {
    case email(EmailSettings), webhook(WebhookSettings), partner(PartnerSettings)

    static let all = [Row(Channel.email), Row(Channel.webhook), Row(Channel.partner)]

    var settings: any ChannelSettings {
        switch self {
        case .email(let settings): settings
        case .webhook(let settings): settings
        case .partner(let settings): settings
        }
    }
}
