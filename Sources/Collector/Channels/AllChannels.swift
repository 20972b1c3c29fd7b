/// Every channel there is.
enum AllChannels {
    static func channel(for recipient: Recipient, in environment: CollectorEnvironment) -> any PartnerChannel {
        switch recipient.kind {
        case .email: EmailChannel(recipient)
        case .webhook: WebhookChannel(recipient)
        case .partner: PartnerCollectorChannel(recipient, in: environment)
        }
    }
}
