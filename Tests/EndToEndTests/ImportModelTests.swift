import Foundation
import Testing

/// `callhome patterns import-model`, as authors run it.
@Suite("Importing a model")
struct ImportModelTests {
    private static let models = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/Models")

    private func run(_ arguments: String...) throws -> (status: Int32, output: String) {
        try Program.run(Program.built("callhome"), ["patterns", "import-model"] + arguments)
    }

    private func inFolder(_ work: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "callhome-model-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try work(folder)
    }

    @Test("A model with its side files becomes data that says where each feature comes from, and what a score means")
    func imports() throws {
        try inFolder { folder in
            let features = folder.appending(path: "features.yaml")
            try Data(
                """
                pending: 'increase(hw.physical_disk.smart{attribute="197.raw"}[7d])'
                temperature: hw.temperature
                power_on_hours: known_for(hw.temperature) / 3600
                model: {attribute: model}
                firmware: {attribute: firmware}
                """.utf8
            ).write(to: features)
            let calibration = folder.appending(path: "calibration.json")
            try Data(#"[{"score":0.3,"hazard":{"30d":0.41,"90":0.6}}]"#.utf8).write(to: calibration)
            let output = folder.appending(path: "disk-30d.json")
            let result = try run(
                Self.models.appending(path: "lightgbm.txt").path, "-o", output.path, "--features", features.path,
                "--calibration", calibration.path, "--provenance", "invented", "--trained-on", "nothing")
            #expect(result.status == 0, "\(result.output)")
            #expect(
                result.output.contains("4 trees,") && result.output.contains("left out, because no split asks them"))
            let object = try #require(
                try JSONSerialization.jsonObject(with: try Data(contentsOf: output)) as? [String: Any])
            #expect(object["name"] as? String == "disk-30d")
            let listed = try #require(object["features"] as? [[String: Any]])
            #expect(listed.first { $0["name"] as? String == "model" }?["attribute"] as? String == "model")
            #expect(
                listed.first { $0["name"] as? String == "temperature" }?["expression"] as? String == "hw.temperature")
            let steps = try #require(object["calibration"] as? [[String: Any]])
            #expect(steps.first?["hazard"] as? [String: Double] == ["30": 0.41, "90": 0.6])
        }
    }

    @Test("What cannot be used is refused with file and reason, and nothing is written")
    func refuses() throws {
        try inFolder { folder in
            let output = folder.appending(path: "m.json")
            let dump = Self.models.appending(path: "xgboost-dump.json").path
            let base = try run(dump, "-o", output.path)
            #expect(base.status == 65 && base.output.contains("\(dump): ") && base.output.contains("--base-score"))
            let unnamed = try run(dump, "-o", output.path, "--base-score", "0.5")
            #expect(unnamed.status == 65 && unnamed.output.contains("--categories"))
            let absent = try run(folder.appending(path: "none.txt").path, "-o", output.path)
            #expect(absent.status == 66 && absent.output.contains("cannot be read"))
            let features = folder.appending(path: "features.yaml")
            try Data("pending: [1]\n".utf8).write(to: features)
            let wrong = try run(dump, "-o", output.path, "--features", features.path)
            #expect(wrong.status == 65 && wrong.output.contains("\(features.path):1:"))
            let nowhere = try run(
                Self.models.appending(path: "lightgbm.txt").path, "-o", folder.appending(path: "no/m.json").path)
            #expect(nowhere.status == 73 && nowhere.output.contains("there is no folder"))
            #expect(!FileManager.default.fileExists(atPath: output.path))
        }
    }
}
