import Reports

extension CasePolicy {
    init(_ configuration: CollectorConfiguration) {
        site = configuration.site
        let standIns = FallbackChain(configuration.recipients).standIns
        recipients = configuration.recipients.map {
            Addressee(name: $0.name, kind: $0.kind, standsIn: standIns.contains($0.name))
        }
        casesPerHostPerHour = configuration.casesPerHostPerHour
    }
}
