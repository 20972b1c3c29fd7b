import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

/// A recording of a disk that does not tell whether it spins: silence must not pass for health.
@Suite("Disks whose kind is not told")
struct DiskKindTests {
    private static let start = Timestamp(seconds: 1_795_953_600)

    /// An ATA disk without `rotation_rate`, with these attributes and raw values.
    private static func assessment(of attributes: [(id: Int, raw: Int)]) throws -> Assessment {
        let table = attributes.map { #"{"id": \#($0.id), "name": "x", "raw": {"value": \#($0.raw), "string": "x"}}"# }
        let json = """
            {"smartctl": {"exit_status": 0}, "device": {"name": "/dev/sda", "type": "sat", "protocol": "ATA"},
             "model_name": "DISK", "serial_number": "S1",
             "ata_smart_attributes": {"table": [\(table.joined(separator: ", "))]}}
            """
        let report = try SmartctlReport(parsing: Array(json.utf8), at: start)
        let result = ProbeResult(components: [report.disk] + report.parts, observations: report.observations)
        return Assessment(of: [("disk-health", .success(result))], at: start, by: try ShippedPack.built())
    }

    private static let bad = [(5, 1200), (187, 40), (197, 310), (198, 310)].map { (id: $0.0, raw: $0.1) }

    @Test("A disk with attributes of moving parts is a hard disk: its bad sectors open faults")
    func hardDisk() throws {
        for mechanical in [3, 10, 191, 193] {
            let assessment = try Self.assessment(of: Self.bad + [(id: mechanical, raw: 0)])
            #expect(assessment.exitCode == 1 && assessment.unjudged.isEmpty)
            #expect(assessment.changes.contains { $0.fault.pattern.hasPrefix("disk.ata.") }, "\(mechanical)")
        }
    }

    @Test("A disk with attributes of flash is an SSD; one with both, as early SSDs have them, is left open")
    func flash() throws {
        let kind = { (attributes: [(id: Int, raw: Int)]) in
            try Self.assessment(of: attributes).document.probes.first.flatMap { try? $0.outcome.get() }?
                .components.first { $0.kind == .disk }?.attributes["rotational"]
        }
        #expect(try kind([(177, 3)]) == "0")
        #expect(try kind([(3, 3)]) == "1")
        #expect(try kind([(3, 3), (233, 3)]) == nil)
        #expect(try kind(Self.bad) == nil)
    }

    @Test("What is for one kind only, of a disk whose kind is not told, is named as not judged, with what to do")
    func unjudged() throws {
        let assessment = try Self.assessment(of: Self.bad)
        let patterns = try #require(assessment.unjudged.first).patterns
        #expect(assessment.unjudged.count == 1)
        #expect(patterns.contains("disk.ata.several-symptoms") && patterns == patterns.sorted())
        let english = assessment.text(in: .english)
        #expect(english.contains("Not judged, because it is not told whether this is a hard disk or an SSD"))
        #expect(english.contains("disk.ata.several-symptoms") && english.contains("rotation_rate"))
        #expect(assessment.text(in: .german).contains("Nicht beurteilt"))
        let json = try PrintedJSON.text(of: assessment, isOneLine: true)
        #expect(json.contains(#""unjudged":[{"#) && json.contains(#""attribute":"rotational""#))
    }

    @Test("One of a thing is one thing, and bytes are whole")
    func plurals() throws {
        let disk = Component(id: ComponentID(.disk, "x"), kind: .disk, name: "/dev/sda")
        let size = Observation(
            component: disk.id, signal: Signal("hw.physical_disk.size"), measurement: .reading(4_000_787_030_016),
            time: Self.start)
        let assessment = Assessment(
            of: [("disk-health", .success(ProbeResult(components: [disk], observations: [size])))], at: Self.start,
            by: try ShippedPack.built())
        let english = assessment.text(in: .english)
        #expect(english.contains("disk-health: 1 component, 1 value\n") && english.contains("= 4000787030016 By"))
        #expect(assessment.text(in: .german).contains("disk-health: 1 Teil, 1 Wert\n"))
    }

    @Test("What a short look cannot know of a count is said to be so far, and what it is compared with has a value")
    func soFar() throws {
        let near = try Self.assessment(of: Self.bad + [(id: 3, raw: 0)]).near.flatMap(\.lacks)
        let growth = near.filter { $0.hasPrefix("growth in a week") }
        #expect(growth.allSatisfy { $0.contains("so far") && $0.contains(", which is ") }, "\(growth)")
        #expect(!near.contains { $0.hasPrefix("week is") })
    }
}
