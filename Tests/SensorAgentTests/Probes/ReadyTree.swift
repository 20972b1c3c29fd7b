import Foundation

@testable import SensorAgent

/// A recorded `/sys` with the links that it lost on the way, as `Laboratory/trees.py` makes them again, and what a
/// script of its own reads in it.
struct ReadyTree {
    let tree: SysTree
    private let scratch: ScratchFolder
    private static let script = Recordings.package.appending(path: "Tests/Independent/sysfs.py").path

    /// nil where the recording is not there.
    init?(_ kind: String, _ name: String) async throws {
        scratch = try ScratchFolder()
        let folder = scratch.url.appending(path: "tree").path
        let (status, output) = try await run("python3", [ReadyTree.script, "ready", kind, name, folder])
        guard status == 0, String(decoding: output, as: UTF8.self).hasPrefix("true") else { return nil }
        tree = SysTree(root: folder)
    }

    /// What the script reads of the tree.
    func read<Answer: Decodable>(_ command: String, as type: Answer.Type = Answer.self) async throws -> Answer {
        let folder = scratch.url.appending(path: "tree").path
        let (_, output) = try await run("python3", [ReadyTree.script, command, folder])
        return try JSONDecoder().decode(type, from: output)
    }
}
