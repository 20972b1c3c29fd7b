import FaultPatterns
import Foundation
import Reports

/// Patterns made for measuring: as small as a pattern can be, in the form in which agents load them.
struct BenchPack {
    static let temperature = Signal("hw.temperature")
    static let reported = DiskSignals.raw(187)
    static let ioError = Signal("hw.physical_disk.io_error", ["operation": "any"])

    private var patterns: [[String: Any]] = []

    mutating func add(_ id: String, on kind: String = "disk", when condition: String, clear: String? = nil) {
        let text = ["title": "t", "description": "d", "impact": "i", "action": "a"]
        var fields: [String: Any] = [
            "id": id, "revision": "1", "status": "active", "evidence": "B", "engine_level": "2",
            "applies_to": ["component": kind], "when": condition, "urgency": "plan",
            "suspects": [["part": "self", "certainty": "0.9"]], "action": "replace-planned",
            "provenance": "vendor's rule", "sources": ["a benchmark"], "text": ["en": text, "de": text],
        ]
        fields["clear"] = clear
        patterns.append(fields)
    }

    /// Patterns that have nothing to do with a disk's temperature: one half are for disks and look at other signals, the
    /// other half are for fans.
    mutating func addUnrelated(_ count: Int) {
        for number in 0..<count {
            if number.isMultiple(of: 2) {
                add("unrelated.p\(number)", when: "hw.physical_disk.smart{attribute=\"x\(number).raw\"} > 5")
            } else {
                add("unrelated.p\(number)", on: "fan", when: "hw.fan.speed < \(number % 900)")
            }
        }
    }

    func json() throws -> Data {
        let pack: [String: Any] = ["format": 1, "engine_level": 2, "version": "bench", "patterns": patterns]
        return try JSONSerialization.data(withJSONObject: pack, options: [.sortedKeys])
    }

    func built() throws -> PatternPack { try PatternPack(json: json()) }
}

/// Disks to be told of.
enum BenchDisk {
    static let start = Timestamp(seconds: 1_767_225_600)

    static func id(_ number: Int) -> ComponentID { ComponentID(.disk, "wwn-\(number)") }

    static func component(_ number: Int = 0) -> Component {
        Component(
            id: id(number), kind: .disk, parent: ComponentID(.chassis, "1"), name: "disk \(number)",
            part: Part(manufacturer: "Seagate", model: "ST4000DM000", serial: "S\(number)", firmware: "CC54"),
            attributes: ["bus": "ata", "rotational": "1"])
    }

    /// Raw values of a healthy ATA disk that stay as they are.
    private static let still: [(attribute: UInt64, value: UInt64)] = [
        (3, 0), (10, 0), (12, 17), (183, 0), (184, 0), (187, 0), (188, 0), (189, 0), (191, 0), (192, 17),
        (196, 0), (197, 0), (198, 0), (199, 0), (200, 0),
    ]

    /// What an ATA disk says in one round.
    /// - Parameter reallocated: sectors that it has replaced; a healthy disk none.
    static func values(round: Int, reallocated: UInt64 = 0) -> [(signal: Signal, measurement: Reports.Measurement)] {
        let number = UInt64(round)
        let hours = 20_000 + number
        let warmth = 24 + number % 9
        let moving: [(attribute: UInt64, value: UInt64)] = [
            (1, number &* 7_919 & 0xFFF_FFFF), (5, reallocated), (7, number * 31), (9, hours), (190, warmth),
            (193, 4_000 + number),
            (194, warmth), (240, hours), (241, number &* 90_000), (242, number &* 190_000),
        ]
        var told: [(signal: Signal, measurement: Reports.Measurement)] = (still + moving).map { raw in
            (DiskSignals.raw(raw.attribute), .counter(raw.value))
        }
        told.append((DiskSignals.temperature, .reading(Double(warmth))))
        told.append((DiskSignals.powerOnTime, .counter(hours)))
        told.append((DiskSignals.powerCycles, .counter(17)))
        told.append((DiskSignals.health, .state("passed")))
        return told
    }
}
