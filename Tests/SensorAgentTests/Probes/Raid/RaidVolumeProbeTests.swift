import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Groups of disks")
struct RaidVolumesTests {
    static let start = Timestamp(seconds: 1_763_712_000)

    /// A machine with two disks in one mirror.
    private func mirror() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        for (disk, wwn) in [("sda", "naa.5000c500aaaaaaa1"), ("sdb", "naa.5000c500aaaaaaa2")] {
            try scratch.write("sys/block/\(disk)/device/wwid", "\(wwn)\n")
            try scratch.write("sys/class/block/\(disk)/device/wwid", "\(wwn)\n")
        }
        try array(scratch, degraded: 0, action: "idle", members: ["sda1": ("in_sync", "0"), "sdb1": ("in_sync", "1")])
        return scratch
    }

    private func array(
        _ scratch: ScratchFolder, degraded: Int, action: String, members: [String: (state: String, slot: String)]
    ) throws {
        let folder = "sys/block/md0/md"
        try? FileManager.default.removeItem(at: scratch.url.appending(path: folder))
        for (file, text) in [
            "array_state": "clean", "level": "raid1", "metadata_version": "1.2", "raid_disks": "2",
            "degraded": "\(degraded)", "sync_action": action, "sync_completed": action == "idle" ? "none" : "1 / 4",
            "mismatch_cnt": "0", "uuid": "0a1b2c3d-0000-0000-0000-000000000001",
        ] { try scratch.write("\(folder)/\(file)", "\(text)\n") }
        for (name, member) in members {
            try scratch.write("\(folder)/dev-\(name)/state", "\(member.state)\n")
            try scratch.write("\(folder)/dev-\(name)/slot", "\(member.slot)\n")
            try scratch.write("\(folder)/dev-\(name)/errors", "3\n")
            try scratch.write("\(folder)/dev-\(name)/bad_blocks", "128 8\n512 8\n")
        }
    }

    private func states(_ result: ProbeResult, _ signal: String) -> [String: String] {
        var states: [String: String] = [:]
        for observation in result.observations where observation.signal.name == signal {
            if case .state(let state) = observation.measurement { states[observation.component.rawValue] = state }
        }
        return states
    }

    @Test("a mirror whose disk fails, is taken out, and is replaced, names that disk from the first to the last")
    func life() async throws {
        let scratch = try mirror()
        let tree = SysTree(root: scratch.url.path)
        let first = "disk:wwn-0x5000c500aaaaaaa1"
        let second = "disk:wwn-0x5000c500aaaaaaa2"
        let group = "raid_array:md-0a1b2c3d-0000-0000-0000-000000000001"
        var probe = RaidVolumeProbe(tree: tree)
        var result = try await probe.observe(at: Self.start, since: nil)
        #expect(states(result, "hw.raid.state") == [group: "ok"])
        #expect(states(result, "hw.raid.membership") == [first: "in_sync", second: "in_sync"])
        #expect(
            result.observations.contains {
                $0.signal == Signal("hw.raid.bad_ranges") && $0.measurement == .reading(2)
            })

        try array(
            scratch, degraded: 1, action: "idle", members: ["sda1": ("in_sync", "0"), "sdb1": ("faulty", "none")])
        result = try await probe.observe(at: Self.start + .seconds(60), since: result.cursor)
        #expect(states(result, "hw.raid.state") == [group: "degraded"])
        #expect(states(result, "hw.raid.membership") == [first: "in_sync", second: "faulty"])

        // The disk is pulled and the agent starts anew: only the cursor knows which one it was.
        try array(scratch, degraded: 1, action: "idle", members: ["sda1": ("in_sync", "0")])
        try FileManager.default.removeItem(at: scratch.url.appending(path: "sys/block/sdb"))
        try FileManager.default.removeItem(at: scratch.url.appending(path: "sys/class/block/sdb"))
        probe = RaidVolumeProbe(tree: tree)
        result = try await probe.observe(at: Self.start + .seconds(120), since: result.cursor)
        #expect(states(result, "hw.raid.membership") == [first: "in_sync", second: "missing"])
        #expect(result.components.contains { $0.id.rawValue == second })

        try scratch.write("sys/block/sdc/device/wwid", "naa.5000c500aaaaaaa3\n")
        try scratch.write("sys/class/block/sdc/device/wwid", "naa.5000c500aaaaaaa3\n")
        let third = "disk:wwn-0x5000c500aaaaaaa3"
        try array(scratch, degraded: 1, action: "recover", members: ["sda1": ("in_sync", "0"), "sdc1": ("spare", "1")])
        result = try await probe.observe(at: Self.start + .seconds(180), since: result.cursor)
        #expect(states(result, "hw.raid.state") == [group: "rebuilding"])
        #expect(
            states(result, "hw.raid.membership") == [first: "in_sync", second: "missing", third: "rebuilding"])

        try array(scratch, degraded: 0, action: "idle", members: ["sda1": ("in_sync", "0"), "sdc1": ("in_sync", "1")])
        result = try await probe.observe(at: Self.start + .seconds(240), since: result.cursor)
        #expect(states(result, "hw.raid.state") == [group: "ok"])
        #expect(states(result, "hw.raid.membership") == [first: "in_sync", second: "replaced", third: "in_sync"])

        result = try await probe.observe(at: Self.start + .seconds(7_200), since: result.cursor)
        #expect(states(result, "hw.raid.membership") == [first: "in_sync", third: "in_sync"])
    }

    @Test("the age of the last scrub is that of the one that was seen to end; before, only a long watch says something")
    func scrub() async throws {
        let scratch = try mirror()
        let probe = RaidVolumeProbe(tree: SysTree(root: scratch.url.path))
        let members = ["sda1": (state: "in_sync", slot: "0"), "sdb1": (state: "in_sync", slot: "1")]
        var cursor: ProbeCursor?
        func age(after hours: Int64, _ action: String) async throws -> Reports.Measurement? {
            try array(scratch, degraded: 0, action: action, members: members)
            let result = try await probe.observe(at: Self.start + .seconds(hours * 3600), since: cursor)
            cursor = result.cursor
            return result.observations.first { $0.signal.name == "hw.raid.scrub.age" }?.measurement
        }
        #expect(try await age(after: 0, "idle") == nil)
        #expect(try await age(after: 30 * 24, "idle") == nil)
        #expect(try await age(after: 46 * 24, "idle") == .reading(46 * 86_400))
        #expect(try await age(after: 46 * 24 + 10, "check") == .reading(46 * 86_400 + 36_000))
        #expect(try await age(after: 46 * 24 + 12, "idle") == .reading(0))
        #expect(try await age(after: 46 * 24 + 13, "idle") == .reading(3_600))
        // A clock that went back says nothing.
        #expect(try await age(after: 1, "idle") == nil)
    }

    @Test("the cursor does not change while nothing happens, so that nothing is stored")
    func cursor() async throws {
        let scratch = try mirror()
        let probe = RaidVolumeProbe(tree: SysTree(root: scratch.url.path))
        let first = try await probe.observe(at: Self.start, since: nil)
        let second = try await probe.observe(at: Self.start + .seconds(60), since: first.cursor)
        #expect(first.cursor == second.cursor)
        let damaged = ProbeCursor(probe: "raid", value: "{\"groups\":7")
        #expect(try await probe.observe(at: Self.start, since: damaged).cursor == first.cursor)
    }

    @Test("a machine without groups of disks says so")
    func absent() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("sys/block/sda/size", "1\n")
        await #expect {
            try await RaidVolumeProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.start, since: nil)
        } throws: { error in
            if case ProbeError.absent = error { true } else { false }
        }
    }

    @Test("all that is told stands in the signal catalogue")
    func catalogue() async throws {
        let scratch = try mirror()
        let result = try await RaidVolumeProbe(tree: SysTree(root: scratch.url.path)).observe(
            at: Self.start, since: nil)
        expectInCatalogue(result)
    }
}

/// Holds each observation against the signal catalogue.
func expectInCatalogue(_ result: ProbeResult, sourceLocation: SourceLocation = #_sourceLocation) {
    let kinds = Dictionary(result.components.map { ($0.id, $0.kind) }, uniquingKeysWith: { first, _ in first })
    for observation in result.observations {
        let kind = kinds[observation.component]
        #expect(kind != nil, "\(observation.component) is no component", sourceLocation: sourceLocation)
        let objection = kind.flatMap {
            SignalCatalogue.objection(to: observation.signal, of: $0, measurement: observation.measurement)
        }
        #expect(objection == nil, sourceLocation: sourceLocation)
    }
}
