import FaultPatterns
import Foundation
import Reports

/// Not Foundation's.
typealias Measurement = Reports.Measurement

/// Patterns and machines of the tests.
enum Fixtures {
    static let start = Timestamp(seconds: 1_767_225_600)
    static let pending = Signal("hw.physical_disk.smart", ["attribute": "197.raw"])
    static let reported = Signal("hw.physical_disk.smart", ["attribute": "187.raw"])
    static let crc = Signal("hw.physical_disk.smart", ["attribute": "199.raw"])
    static let temperature = Signal("hw.temperature")
    static let health = Signal("hw.physical_disk.smart.health")
    static let ioError = Signal("hw.physical_disk.io_error", ["operation": "any"])
    static let disk = ComponentID(.disk, "wwn-1")

    static let definitions: [String: String] = [
        "pending": pending.description, "reported": reported.description, "temperature": temperature.description,
        "health": health.description, "errors": ioError.description,
    ]

    /// A pattern as it stands in a pack, with some fields otherwise; nil takes a field out.
    static func pattern(_ id: String = "disk.test", _ changes: [String: Any?] = [:]) -> [String: Any] {
        var fields: [String: Any] = [
            "id": id, "revision": "1", "status": "active", "evidence": "B", "applies_to": ["component": "disk"],
            "let": definitions, "when": "pending >= 16", "urgency": "plan",
            "suspects": [["part": "self", "certainty": "0.9"]], "action": "replace-planned",
            "provenance": "vendor's rule", "sources": ["a test"],
            "text": [
                "en": ["title": "t", "description": "d", "impact": "i", "action": "a"],
                "de": ["title": "t", "description": "d", "impact": "i", "action": "a"],
            ],
        ]
        for (key, value) in changes { fields[key] = value }
        return fields
    }

    static func json(_ patterns: [[String: Any]], _ changes: [String: Any] = [:]) -> Data {
        var pack: [String: Any] = ["format": 1, "engine_level": 1, "version": "0.1.0", "patterns": patterns]
        for (key, value) in changes { pack[key] = value }
        return (try? JSONSerialization.data(withJSONObject: pack, options: [.sortedKeys])) ?? Data()
    }

    static func pack(_ patterns: [String: Any]...) throws -> PatternPack { try PatternPack(json: json(patterns)) }

    static func component(serial: String = "S1", location: String? = "Bay 3") -> Component {
        Component(
            id: disk, kind: .disk, parent: ComponentID(.chassis, "1"), name: "/dev/sda",
            part: Part(manufacturer: "Maker", model: "M", serial: serial, location: location),
            attributes: ["bus": "ata", "rotational": "1"])
    }

    static func counter(
        _ value: UInt64, _ signal: Signal = pending, after seconds: Int64, of component: ComponentID = disk
    ) -> Observation {
        Observation(
            component: component, signal: signal, measurement: .counter(value), time: start + .seconds(seconds))
    }

    static func seen(_ measurement: Measurement, _ signal: Signal, after seconds: Int64) -> Observation {
        Observation(component: disk, signal: signal, measurement: measurement, time: start + .seconds(seconds))
    }
}

/// A diagnosis that is told things second by second.
struct Patient {
    var diagnosis: Diagnosis

    init(_ pack: PatternPack) {
        diagnosis = Diagnosis(patterns: pack)
        _ = diagnosis.know([Fixtures.component()], at: Fixtures.start)
    }

    mutating func show(_ observations: Observation..., at seconds: Int64) -> [FaultChange] {
        diagnosis.observe(observations, at: Fixtures.start + .seconds(seconds))
    }

    mutating func show(reported value: UInt64, at seconds: Int64) -> [FaultChange] {
        show(Fixtures.counter(value, Fixtures.reported, after: seconds), at: seconds)
    }

    mutating func show(pending value: UInt64, at seconds: Int64) -> [FaultChange] {
        show(Fixtures.counter(value, after: seconds), at: seconds)
    }
}
