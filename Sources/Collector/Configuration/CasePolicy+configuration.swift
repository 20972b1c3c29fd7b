import Reports

extension CasePolicy {
    init(_ configuration: CollectorConfiguration) {
        let chain = FallbackChain(configuration.recipients)
        self.init(
            site: configuration.site,
            recipients: configuration.recipients.map {
                Addressee(
                    name: $0.name, kind: $0.kind, standsIn: chain.standIns.contains($0.name),
                    fallback: chain.fallbacks[$0.name])
            }, casesPerHostPerHour: configuration.casesPerHostPerHour)
        rules = DeliveryRules(limits: configuration.outbox)
    }
}
