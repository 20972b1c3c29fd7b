import Foundation
import Reports

@testable import SensorAgent

/// The project's own recordings, and inputs made up for the signals that no recording shows.
enum MadeUpLooks {
    static let all = Task { try await looks() }

    private static func looks() async throws -> [RecordedLook] {
        var looks = try await RecordedLook.recording(
            Recordings.own("smartctl/ata.json"), as: "ata.json", by: ["disk-health"])
        looks += try await RecordedLook.sensors(
            Recordings.own("sensors/every-feature.json"), as: "every-feature.json")
        for output in MadeUpOutputs.all {
            looks.append(try await look(with: output.probe, ["input": output.text], then: ["input": output.then]))
        }
        for tree in MadeUpTrees.all {
            looks.append(try await look(with: tree.probe, tree.files, links: tree.links, then: tree.then))
        }
        looks.append(try await siteChecks())
        looks.append(chip())
        return looks
    }

    /// Two looks of one probe, a minute apart.
    /// - Parameters:
    ///   - files: the tree; a file `input` is the recorded output of the probe's tool.
    ///   - links: symbolic links in it, and where they lead.
    ///   - changes: files that are otherwise at the second look.
    private static func look(
        with name: String, _ files: [String: String], links: [String: String] = [:], then changes: [String: String]
    ) async throws -> RecordedLook {
        let scratch = try ScratchFolder()
        for (path, text) in files { try scratch.write(path, text + "\n") }
        for (path, target) in links { try scratch.link(path, to: target) }
        let input = files["input"].map { _ in scratch.url.appending(path: "input").path }
        let probes = AllProbes.make(tree: SysTree(root: scratch.url.path), input: input)
        guard let probe = probes.first(where: { $0.name == name }) else { throw ProbeError.absent(because: name) }
        let first = try await probe.observe(at: RecordedLook.time, since: nil)
        for (path, text) in changes { try scratch.write(path, text + "\n") }
        let second = try await probe.observe(at: RecordedLook.time + .seconds(60), since: first.cursor)
        return RecordedLook(row: "", probe: name, reported: Set([first, second].flatMap(ReportedSignal.all)))
    }

    /// What libsensors alone finds on a chip.
    private static func chip() -> RecordedLook {
        let features = [
            SensorFeature(name: "cpu0_vid", label: "cpu0_vid", kind: .vid, subfeatures: ["cpu0_vid"]),
            SensorFeature(name: "beep_enable", label: "beep_enable", kind: .beepEnable, subfeatures: ["beep_enable"]),
            SensorFeature(name: "extra1", label: "extra1", kind: .other, subfeatures: ["extra1_input"]),
            SensorFeature(name: "power1", label: "power1", kind: .power, subfeatures: ["power1_cap_max"]),
        ]
        let chip = SensorChip(
            name: "w83627hf-isa-0290", prefix: "w83627hf", adapter: nil, path: "/sys/class/hwmon/hwmon0",
            features: features)
        let result = ChipSensorSignals(chips: [chip]).result(values: [1.5, 1, 2, 500], at: RecordedLook.time)
        return RecordedLook(row: "", probe: "chip-sensors", reported: Set(ReportedSignal.all(of: result)))
    }

    /// Checks run on the machine itself alone.
    private static func siteChecks() async throws -> RecordedLook {
        let scratch = try ScratchFolder()
        for (name, script) in ["check_disk": "echo 'OK | /=12MB'", "backup": "echo BACKUP_AGE=7200"] {
            _ = try scratch.program(name, "#!/bin/sh\n\(script)\n")
        }
        let probe = SiteCheckProbe(tree: SysTree(), folder: scratch.url.path, owner: geteuid())
        let result = try await probe.observe(at: RecordedLook.time, since: nil)
        return RecordedLook(row: "", probe: probe.name, reported: Set(ReportedSignal.all(of: result)))
    }
}
