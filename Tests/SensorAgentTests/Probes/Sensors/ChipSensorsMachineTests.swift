import Foundation
import Testing

/// The real libsensors and the real `sensors` on made-up machines: what both see must be the same.
@Suite("Chip sensors on recorded machines")
struct ChipSensorsMachineTests {
    /// What one machine showed.
    private struct Comparison {
        var values = 0
        var features: Set<String> = []
        var kinds: Set<String> = []
        var missing: [String] = []
        var printed: Set<MadeMachine.Printed> = []
    }

    @Test(
        "each value, limit and alarm that sensors -j prints is in once --json, equal to three decimals",
        .enabled(if: RecordedSensors.canBeShown, "umockdev and lm-sensors are not installed"), .timeLimit(.minutes(5)))
    func sameAsSensors() async throws {
        let own = MadeMachine.printed(json: Recordings.text(Recordings.own("sensors/every-feature.json")))
        let made = RecordedSensors.Recording(
            name: "every-feature.json", machine: MadeMachine(printed: own), exact: Set(own.map(\.value)))
        let machines = [made] + (try await RecordedSensors.all())
        var total = Comparison()
        var exact = 0
        // Trees whose value files were recorded empty: sensors can read nothing there either.
        var silent: [String] = []
        for recording in machines {
            let name = recording.name
            let comparison = try await compare(recording.machine)
            #expect(comparison.missing.isEmpty, "\(name): \(comparison.missing.prefix(5))")
            if comparison.values == 0 { silent.append(name) }
            if let recorded = recording.exact {
                let lost = recorded.subtracting(comparison.printed)
                #expect(lost.isEmpty, "\(name): not the recorded machine: \(lost.prefix(5))")
                exact += recorded.count
            }
            total.values += comparison.values
            total.features.formUnion(comparison.features.map { "\(name)/\($0)" })
            total.kinds.formUnion(comparison.kinds)
        }
        #expect(
            total.kinds.isSuperset(of: [
                "voltage", "temperature", "fan", "power", "current", "energy", "humidity", "intrusion", "hw.chip.vid",
                "hw.chip.beep_enable",
            ]))
        #expect(silent.count <= 1, "sensors printed nothing on \(silent)")
        print(
            "chip sensors: \(machines.count) machines, \(total.features.count) features, \(total.values) values compared, "
                + "\(exact) of them exactly as recorded; kinds: \(total.kinds.sorted().joined(separator: " "))")
    }

    /// Runs `sensors -j` and the agent on `machine`, and looks for each printed value in the agent's output.
    private func compare(_ machine: MadeMachine) async throws -> Comparison {
        let scratch = try ScratchFolder()
        try scratch.write("machine", machine.description)
        let folder = scratch.url.path
        // libsensors reads alike for both: same files, same /etc/sensors3.conf.
        let command =
            "sensors -j >\(folder)/sensors 2>/dev/null; '\(Recordings.agent.path)' once --json >\(folder)/once"
        _ = try await run("umockdev-run", ["-d", "\(folder)/machine", "--", "sh", "-c", command])
        let printed = MadeMachine.printed(json: Recordings.text(scratch.url.appending(path: "sensors")))
        let document = try JSONSerialization.jsonObject(with: Data(contentsOf: scratch.url.appending(path: "once")))
        let probes = (document as? [String: Any])?["probes"] as? [[String: Any]] ?? []
        let probe = probes.first { $0["probe"] as? String == "chip-sensors" } ?? [:]

        var comparison = Comparison()
        comparison.printed = Set(printed.map(\.value))
        var seen: [String: [String]] = [:]
        for observation in probe["observations"] as? [[String: Any]] ?? [] {
            guard let component = observation["component"] as? String, let source = observation["source"] as? String,
                let signal = observation["signal"] as? String, let value = Self.value(of: observation)
            else { continue }
            let kind = component.prefix { $0 != ":" }
            let chip = component.dropFirst(kind.count + 1).prefix { $0 != "/" && $0 != "#" }
            seen["\(chip)/\(source)", default: []].append(String(format: "%.3f", value))
            comparison.kinds.insert(kind == "chip" ? signal : String(kind))
            if signal == "hw.chip.vid" { comparison.kinds.insert(signal) }
        }
        for (value, _) in printed {
            comparison.values += 1
            comparison.features.insert("\(value.chip)/\(value.subfeature.split(separator: "_").first ?? "")")
            let wanted = value.text == "-0.000" ? "0.000" : value.text
            if !(seen["\(value.chip)/\(value.subfeature)"] ?? []).contains(where: {
                $0 == wanted || ($0 == "-0.000" && wanted == "0.000")
            }) {
                let found = seen["\(value.chip)/\(value.subfeature)"] ?? []
                comparison.missing.append("\(value.chip) \(value.subfeature) = \(value.text), found \(found)")
            }
        }
        return comparison
    }

    /// The value as read: `read` where the measurement must not be judged by, else what the measurement holds.
    private static func value(of observation: [String: Any]) -> Double? {
        if let read = observation["read"] as? Double { return read }
        let measurement = observation["measurement"] as? [String: Any] ?? [:]
        if let state = measurement["state"] as? String { return state == "asserted" ? 1 : 0 }
        return measurement["reading"] as? Double
    }
}
