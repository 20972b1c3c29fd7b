import Foundation
import Reports

/// Recorded sensors as machines that umockdev can show to libsensors.
enum RecordedSensors {
    static let canBeShown = isInstalled("umockdev-run") && isInstalled("sensors")

    /// One recording; `exact` holds each value where they were recorded to the digit, and is nil where the values come
    /// from a text for people or from the files themselves.
    struct Recording: Sendable {
        var name: String
        var machine: MadeMachine
        var exact: Set<MadeMachine.Printed>?
    }

    /// Every recording of `sensors` and every recorded tree that has a chip with values.
    static func all() async throws -> [Recording] {
        var recordings: [Recording] = []
        for file in Recordings.entries("sensors") {
            let text = Recordings.text(file)
            let printed =
                text.contains("\"Adapter\"")
                ? MadeMachine.printed(json: text)
                : text.contains("_input: ") ? MadeMachine.printed(raw: text) : []
            let machine = printed.isEmpty ? MadeMachine(text: text) : MadeMachine(printed: printed)
            recordings.append(
                Recording(
                    name: file.lastPathComponent, machine: machine,
                    exact: printed.isEmpty ? nil : Set(printed.map(\.value))))
        }
        for entry in Recordings.entries("sysfs") where mayHaveSensors(entry) {
            guard let tree = try await RecordedTree(entry) else { continue }
            recordings.append(Recording(name: entry.lastPathComponent, machine: MadeMachine(tree: tree.root)))
        }
        return recordings.filter { $0.machine.chips.contains { !$0.attributes.isEmpty } }
    }

    private static func mayHaveSensors(_ tree: URL) -> Bool {
        ["hwmon", "telegraf-temp", "-sys", "libnvme_config", "pcp_scsi-map-root"].contains {
            tree.lastPathComponent.contains($0)
        }
    }

    /// What the agent's probe sees of `machine` through the real libsensors; nil where it refuses.
    static func reading(of machine: MadeMachine) async throws -> RepeatedReading? {
        struct Document: Decodable {
            struct Entry: Decodable {
                var components: [Component]?
                var observations: [Observation]?
            }
            var probes: [Entry]
        }
        let scratch = try ScratchFolder()
        try scratch.write("machine", machine.description)
        let (_, output) = try await run(
            "umockdev-run",
            [
                "-d", scratch.url.appending(path: "machine").path, "--", Recordings.agent.path, "probe", "chip-sensors",
                "--json",
            ])
        let entry = try JSONDecoder().decode(Document.self, from: output).probes.first
        guard let components = entry?.components, let observations = entry?.observations else { return nil }
        return RepeatedReading(components: components, observations: observations)
    }
}
