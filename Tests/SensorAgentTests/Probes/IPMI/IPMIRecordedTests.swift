import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Recorded outputs of BMC tools")
struct IPMIRecordedTests {
    @Test("every recorded output is parsed, or refused with a reason", .recorded("ipmi"))
    func recordings() async throws {
        var parsed: [String: Int] = [:]
        var refused: [String] = []
        let files = Recordings.entries("ipmi")
        guard !files.isEmpty else { return }
        for file in files {
            do {
                let bytes = Array(try Data(contentsOf: file))
                let recording = try IPMIRecording(parsing: bytes, parts: IPMIParts(), at: BMC.now)
                parsed[recording.kind.rawValue, default: 0] += 1
                #expect(BMC.objections(to: recording.result) == [], "\(file.lastPathComponent)")
            } catch let refusal as IPMIRefusal {
                refused.append("\(file.lastPathComponent): \(refusal)")
            }
        }
        print("ipmi: \(files.count) files, parsed \(parsed.sorted { $0.key < $1.key }), refused \(refused.count):")
        for line in refused { print("  \(line)") }
        #expect(parsed == ["sensors": 17, "events": 3, "inventory": 8, "power": 2])
        #expect(refused.count == 5)
    }

    @Test("readings and limits are those that a script reads from the same table", .recorded("ipmi"))
    func independent() async throws {
        let script = Recordings.own("ipmi/table.py").path
        var compared = 0
        for file in Recordings.entries("ipmi") where file.lastPathComponent.contains("sensor") {
            let text = Recordings.text(file)
            guard text.split(separator: "\n").first?.split(separator: "|").count ?? 0 >= 10 else { continue }
            let (status, data) = try await run("python3", [script, file.path])
            #expect(status == 0)
            struct Row: Decodable {
                var name: String
                var reading: Double
                var limits: [String: Double]
            }
            let rows = try JSONDecoder().decode([Row].self, from: data)
            let sensors = try IPMISensorOutput(parsing: Array(text.utf8)).sensors.filter {
                if case .value = $0.reading { true } else { false }
            }
            #expect(sensors.map(\.name) == rows.map(\.name), "\(file.lastPathComponent)")
            for (sensor, row) in zip(sensors, rows) {
                guard case .value(let value, _) = sensor.reading else { continue }
                #expect(value == row.reading)
                #expect(sensor.limits == row.limits, "\(sensor.name)")
                compared += 1 + row.limits.count
            }
        }
        print("ipmi: \(compared) readings and limits compared with a script's")
    }
}
