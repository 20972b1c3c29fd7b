import Reports

/// Which sensors and fans of one chip share their air, as far as the labels show: those of the processor, and those of
/// the case.
struct SensorZones: Sendable {
    private let zones: Set<String>

    private static let words: [(zone: String, words: [String])] = [
        ("cpu", ["cpu"]), ("system", ["sys", "case", "chassis", "cha_fan", "cha fan", "rear fan", "front fan"]),
    ]

    /// Only what has a fan and a temperature is a zone: without both there is nothing to report.
    init(_ features: [SensorFeature]) {
        let named = { (kind: SensorFeature.Kind) in
            Set(features.filter { $0.kind == kind }.compactMap { SensorZones.zone(label: $0.label) })
        }
        zones = named(.fan).intersection(named(.temperature))
    }

    static func id(_ zone: String, chipName: String) -> ComponentID { ComponentID(.zone, "\(chipName)/\(zone)") }

    func components(chipName: String, parent: ComponentID) -> [Component] {
        zones.sorted().map { zone in
            Component(
                id: SensorZones.id(zone, chipName: chipName), kind: .zone, parent: parent,
                name: zone == "cpu" ? "air of the processor" : "air in the case")
        }
    }

    func zone(of feature: SensorFeature) -> String? {
        guard feature.kind == .fan || feature.kind == .temperature, let zone = SensorZones.zone(label: feature.label),
            zones.contains(zone)
        else { return nil }
        return zone
    }

    private static func zone(label: String) -> String? {
        let label = label.lowercased()
        // PCH_CPU_TEMP is the value the processor gave the chipset, if any.
        guard !label.contains("pch") else { return nil }
        return words.first { $0.words.contains { label.contains($0) } }?.zone
    }

    /// `inlet` for the air that the server draws in, `exhaust` for what it blows out; nil where the label has neither.
    /// `Ambient` is neither: on many boards it is the air beside a hot chip.
    static func role(label: String) -> String? {
        let label = label.lowercased()
        if ["inlet", "intake", "air in"].contains(where: { label.contains($0) }) { return "inlet" }
        if ["exhaust", "outlet", "air out"].contains(where: { label.contains($0) }) { return "exhaust" }
        return nil
    }
}
