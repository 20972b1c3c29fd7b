import Reports

@testable import Collector

/// Made-up faults that tests change at one place each.
enum SampleFault {
    static let time = Timestamp(seconds: 1_795_000_000)

    static func part(serial: String = "S1", location: String? = "Bay 3") -> Part {
        Part(manufacturer: "Example", model: "HDD", serial: serial, location: location)
    }

    static func make(
        _ id: String, blaming component: String = "sda", urgency: Urgency = .order, part: Part = part()
    ) -> Fault {
        Fault(
            id: FaultID(rawValue: id), pattern: "disk.pending", revision: 1, faultClass: "disk.failing",
            component: ComponentID(.disk, component),
            suspects: [
                Suspect(
                    component: ComponentID(.disk, component), kind: .disk, name: "/dev/\(component)", part: part,
                    certainty: 0.9)
            ], urgency: urgency, because: "24 pending sectors",
            texts: ["en": FaultText(title: "Disk failing", description: "d", impact: "i", action: "a")],
            action: "replace-planned", provenance: "vendor's rule", openedAt: time, updatedAt: time)
    }

    static func change(
        _ kind: FaultChange.Kind, _ fault: Fault, because: String = "it was seen"
    ) -> FaultChange { FaultChange(kind: kind, fault: fault, because: because, time: time) }

    static func disk(_ name: String, serial: String, location: String? = "Bay 3") -> Component {
        Component(
            id: ComponentID(.disk, name), kind: .disk, name: "/dev/\(name)",
            part: part(serial: serial, location: location))
    }
}
