import Reports

extension CasePolicy {
    init(_ configuration: CollectorConfiguration) {
        site = configuration.site
        let fallbacks = Set(configuration.recipients.compactMap(\.fallback))
        recipients = configuration.recipients.map {
            Addressee(name: $0.name, kind: $0.kind, standsIn: fallbacks.contains($0.name))
        }
        casesPerHostPerHour = configuration.casesPerHostPerHour
    }
}
