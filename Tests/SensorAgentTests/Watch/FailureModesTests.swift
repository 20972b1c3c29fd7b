import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Failure modes that would be seen")
struct FailureModesTests {
    private static let disk = Component(
        id: ComponentID(.disk, "wwn-1"), kind: .disk, name: "/dev/sda", part: Part(location: "Bay 3"))

    private static func pattern(_ id: String, kind: String, when: String) -> [String: Any] {
        let text = ["title": "It breaks", "description": "d", "impact": "i", "action": "a"]
        return [
            "id": id, "revision": "1", "status": "active", "evidence": "B", "applies_to": ["component": kind],
            "when": when, "urgency": "plan", "suspects": [["part": "self", "certainty": "0.9"]],
            "action": "replace-planned", "provenance": "vendor's rule", "sources": ["a test"],
            "text": ["en": text, "de": text.merging(["title": "Es geht kaputt"]) { _, new in new }],
        ]
    }

    private static func pack(_ patterns: [String: Any]...) throws -> PatternPack {
        let pack: [String: Any] = ["format": 1, "engine_level": 1, "version": "0.1.0", "patterns": patterns]
        return try PatternPack(json: JSONSerialization.data(withJSONObject: pack))
    }

    private static func probe(_ name: String, _ state: String, _ because: String = "") -> Heartbeat.Coverage {
        Heartbeat.Coverage(probe: name, state: state, because: because, components: 0, signals: 0, lastSuccess: nil)
    }

    private func mode(
        kind: String = "disk", when: String, told measurement: Reports.Measurement? = nil,
        _ coverage: Heartbeat.Coverage...,
        components: [Component] = [FailureModesTests.disk]
    ) throws -> FailureMode {
        let pack = try FailureModesTests.pack(FailureModesTests.pattern("a.pattern", kind: kind, when: when))
        var diagnosis = Diagnosis(patterns: pack)
        let time = Timestamp(seconds: 1_700_000_000)
        _ = diagnosis.know(components, at: time)
        if let measurement {
            let signal = Signal("hw.physical_disk.media_errors")
            _ = diagnosis.observe(
                [Observation(component: Self.disk.id, signal: signal, measurement: measurement, time: time)], at: time)
        }
        let modes = FailureModes(pack, coverage: coverage, components: components)
            .modes(of: diagnosis.sights(hears: FailureModes.hears(coverage)))
        return try #require(modes.first)
    }

    @Test("What is read is seen, under its title in both languages")
    func seen() throws {
        let mode = try mode(
            when: "hw.physical_disk.media_errors > 0", told: .counter(0), Self.probe("disk-health", "ok"))
        #expect(mode.state == "seen")
        #expect(mode.parts == 1 && mode.seen == 1)
        #expect(mode.reasons.isEmpty)
        #expect(mode.title(in: "de") == "Es geht kaputt")
        #expect(mode.title(in: "fr") == "It breaks")
    }

    @Test("A probe that has no permission is the reason, with the part's place")
    func denied() throws {
        let mode = try mode(
            when: "hw.physical_disk.media_errors > 0", Self.probe("disk-health", "denied", "no permission to read it"))
        #expect(mode.state == "unseen")
        #expect(
            mode.reasons == [
                FailureMode.Reason(
                    because: "disk-health is denied: no permission to read it", count: 1, parts: ["Bay 3"])
            ])
    }

    @Test("A part that does not tell a signal, while its probe reads, leaves nothing to do")
    func notTold() throws {
        let mode = try mode(when: "hw.physical_disk.media_errors > 0", Self.probe("disk-health", "ok"))
        #expect(mode.state == "unseen")
        #expect(mode.reasons.first?.because.hasSuffix("nothing needs to be done") == true)
    }

    @Test("Events are unseen while no probe hears them, and seen when one does")
    func events() throws {
        let condition = "serd(hw.physical_disk.io_error{operation=\"any\"}, 1, 1d)"
        let deaf = try mode(when: condition, Self.probe("kernel-log", "denied", "no permission to read /dev/kmsg"))
        #expect(deaf.reasons.first?.because == "kernel-log is denied: no permission to read /dev/kmsg")
        #expect(try mode(when: condition, Self.probe("kernel-log", "ok")).state == "seen")
    }

    @Test("A server without any fan that can be read is blind; one without a GPU lacks nothing")
    func withoutParts() throws {
        let fans = try mode(
            kind: "fan", when: "hw.fan.speed < 100", Self.probe("chip-sensors", "absent", "load the driver"))
        #expect(fans.state == "unseen")
        #expect(fans.reasons.map(\.because) == ["chip-sensors sees nothing: load the driver"])
        let gpu = try mode(
            kind: "gpu", when: "hw.gpu.row_remaps{cause=\"failed\"} > 0", Self.probe("gpu", "absent", "none"))
        #expect(gpu.state == "absent")
        #expect(!gpu.isBlind)
    }

    /// The mode of a pattern of the chassis that counts faults of fans or of disks of one make.
    private func modeAbove(_ condition: String, fans: [Component], _ coverage: Heartbeat.Coverage...) throws
        -> FailureMode
    {
        var batch = Self.pattern("disk.batch", kind: "disk", when: "hw.physical_disk.media_errors > 0")
        batch["applies_to"] = ["component": "disk", "model": "M9*"]
        let pack = try Self.pack(
            Self.pattern("fan.slow", kind: "fan", when: "hw.fan.speed < 100"), batch,
            Self.pattern("chassis.sick", kind: "chassis", when: condition))
        let chassis = Component(id: ComponentID(.chassis, "main"), kind: .chassis, name: "chassis")
        var diagnosis = Diagnosis(patterns: pack)
        _ = diagnosis.know([chassis, Self.disk] + fans, at: Timestamp(seconds: 1_700_000_000))
        let modes = FailureModes(pack, coverage: coverage, components: [chassis, Self.disk] + fans)
            .modes(of: diagnosis.sights(hears: FailureModes.hears(coverage)))
        return try #require(modes.first { $0.pattern == "chassis.sick" })
    }

    @Test("A mode that counts faults of others is as blind as they are, for their reason")
    func inherited() throws {
        let fan = Component(
            id: ComponentID(.fan, "1"), kind: .fan, parent: ComponentID(.chassis, "main"), name: "fan 1")
        let condition = "active(\"fan.slow\", under self) >= 1"
        let denied = Self.probe("chip-sensors", "denied", "no permission to read it")
        let silent = try modeAbove(condition, fans: [fan], denied)
        #expect(silent.state == "unseen")
        #expect(silent.reasons.map(\.because) == ["chip-sensors is denied: no permission to read it"])
        let without = try modeAbove(condition, fans: [], Self.probe("chip-sensors", "absent", "load the driver"))
        #expect(without.state == "unseen")
        #expect(without.reasons.map(\.because) == ["chip-sensors sees nothing: load the driver"])
    }

    @Test("A mode that counts faults of parts that the machine has not is absent, and no blindness")
    func nothingToCount() throws {
        let mode = try modeAbove("active(\"disk.batch\", anywhere) >= 2", fans: [])
        #expect(mode.state == "absent")
        #expect(!mode.isBlind)
    }

    @Test("Every signal that a shipped pattern may name has a probe that tells it")
    func sources() {
        for entry in SignalCatalogue.entries where !entry.name.hasPrefix("callhome.") {
            #expect(!SignalSources.probes(of: Signal(entry.name)).isEmpty, "\(entry.name)")
        }
    }
}
