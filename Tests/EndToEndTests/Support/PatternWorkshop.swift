import Foundation
import TestSupport

/// A maker of patterns, by the command alone: a folder with keys, a signed root, packs, and the channel that they go into.
final class PatternWorkshop {
    let folder: URL
    /// The pattern of the first packs.
    static let pattern = Site.packageRoot.appending(path: "patterns/disk/ata-active-uncorrectable.yaml").path
    /// The maker's clock; nil: the system's.
    private let clock: LeapingClock?

    /// - Parameter clock: shows the maker another time than the system's.
    init(at clock: LeapingClock? = nil) throws {
        self.clock = clock
        folder = FileManager.default.temporaryDirectory.appending(path: "callhome-channel-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["anna", "bert", "cora", "server"] { try done("keygen", "F/\(name)") }
        try done(
            "root", "-o", "F/1.root.json", "--root-key", "F/anna.pub", "--root-key", "F/bert.pub", "--root-key",
            "F/cora.pub", "--online-key", "F/server.pub")
        try done("sign", "F/1.root.json", "--key", "F/anna.pem")
        try done("sign", "F/1.root.json", "--key", "F/bert.pem")
        try build("one")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func build(_ version: String) throws {
        try done("build", PatternWorkshop.pattern, "-o", "F/patterns.json", "--pack-version", version)
    }

    /// The pack of patterns that are written here: YAML by the names of their files.
    /// - Returns: its path.
    @discardableResult
    func build(_ version: String, _ patterns: [String: String]) throws -> String {
        let source = folder.appending(path: "patterns-\(version)")
        try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
        for (name, text) in patterns { try Data(text.utf8).write(to: source.appending(path: "\(name).yaml")) }
        try done("build", source.path, "-o", "F/\(version).json", "--pack-version", version)
        return folder.appending(path: "\(version).json").path
    }

    /// - Parameter words: `F` at the beginning is the folder.
    @discardableResult
    func run(_ words: String...) throws -> (status: Int32, output: String) { try run(words) }

    private func run(_ words: [String]) throws -> (status: Int32, output: String) {
        let arguments =
            ["patterns"] + words.map { $0.hasPrefix("F/") ? folder.path + $0.dropFirst() : $0 }
        guard let clock else { return try Program.run(Program.built("callhome"), arguments) }
        return try Program.run("/usr/bin/env", clock.environment + [Program.built("callhome")] + arguments)
    }

    func done(_ words: String...) throws { try done(words) }

    private func done(_ words: [String]) throws {
        let result = try run(words)
        guard result.status == 0 else { throw ProgramError(what: "\(words): \(result.output)") }
    }

    func publish(_ words: String..., key: String = "server") throws {
        try done(["publish", "F/channel", "--key", "F/\(key).pem"] + words)
    }

    func bytes(_ path: String) -> Data? { FileManager.default.contents(atPath: folder.appending(path: path).path) }

    /// Every file of a channel's folder.
    func files(_ name: String) throws -> [String: Data] {
        let base = folder.appending(path: name)
        return try FileManager.default.subpathsOfDirectory(atPath: base.path).reduce(into: [:]) { found, path in
            // Nil for a folder.
            found[path] = FileManager.default.contents(atPath: base.appending(path: path).path)
        }
    }

    func verified(_ name: String, _ words: String...) throws -> (status: Int32, report: Report) {
        let result = try runProgram(
            Program.built("callhome"),
            [
                "patterns", "verify", folder.appending(path: name).path, "--root", folder.path + "/1.root.json",
                "--json",
            ]
                + words)
        return (result.status, try JSONDecoder().decode(Report.self, from: result.output))
    }

    struct Report: Decodable {
        struct Said: Decodable { var reason: String }
        struct Metadata: Decodable {
            var role: String
            var version: Int
        }
        struct Pack: Decodable {
            struct Withdrawal: Decodable { var pattern: String }
            var name: String
            var patterns: Int
            var sha256: String
            var withdrawn: [Withdrawal]
        }
        var refusal: Said?
        var warnings: [Said]
        var metadata: [Metadata]
        var packs: [Pack]
        var leftAside: [String]

        func version(_ role: String) -> Int? { metadata.first { $0.role == role }?.version }
    }
}
