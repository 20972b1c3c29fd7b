import Dispatch
import Foundation
import TestSupport
import Testing

/// Where the recordings of real machines lie, beside the checkout; they are not part of the project.
enum Recordings {
    static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Files and folders of one kind, sorted; empty where the recordings are absent: see `recorded`.
    static func entries(_ kind: String) -> [URL] {
        let entries = try? FileManager.default.contentsOfDirectory(at: folder(kind), includingPropertiesForKeys: nil)
        return (entries ?? []).sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    static func folder(_ kind: String) -> URL {
        package.appending(path: "../shared/fixtures/\(kind)").standardizedFileURL
    }

    /// The project's own fixture at `path` below Tests/Fixtures.
    static func own(_ path: String) -> URL { package.appending(path: "Tests/Fixtures/\(path)") }

    /// The agent that was built beside these tests.
    static var agent: URL {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "callhome-agent")
    }

    static func text(_ file: URL) -> String {
        (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

extension Trait where Self == ConditionTrait {
    /// The test counts as skipped where one of these kinds of recordings is not beside the checkout.
    static func recorded(_ kinds: String...) -> Self {
        .enabled("no recordings: \(kinds.joined(separator: ", "))") {
            kinds.allSatisfy { FileManager.default.fileExists(atPath: Recordings.folder($0).path) }
        }
    }
}

/// A folder that is removed when the test has ended.
final class ScratchFolder: Sendable {
    let url: URL

    /// - Parameter folder: where it is made; nil: where temporary files go.
    init(in folder: URL? = nil) throws {
        url = (folder ?? FileManager.default.temporaryDirectory).appending(path: "callhome-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes `bytes` at `path`, with the folders that it needs.
    func write(_ path: String, _ bytes: some Sequence<UInt8>) throws {
        let file = url.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    func write(_ path: String, _ text: String) throws { try write(path, text.utf8) }

    /// A program at `path`, that can be run at once.
    /// - Returns: its whole path.
    func program(_ path: String, _ text: String) throws -> String {
        let file = url.appending(path: path).path
        try writeProgram(text, at: file)
        return file
    }

    /// Makes a symbolic link at `path`, with the folders that it needs.
    func link(_ path: String, to target: String) throws {
        let file = url.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: target)
    }
}

/// Runs a program to its end and returns its exit status and standard output; it waits outside the cooperative pool.
@discardableResult
func run(_ program: String, _ arguments: [String]) async throws -> (Int32, Data) {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [program] + arguments
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            continuation.resume(
                with: Result {
                    try process.run()
                    let data = output.fileHandleForReading.readDataToEndOfFile()
                    process.waitUntilExit()
                    return (process.terminationStatus, data)
                })
        }
    }
}

/// Whether a program is installed.
func isInstalled(_ program: String) -> Bool {
    ["/usr/bin", "/usr/sbin", "/usr/local/bin"].contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
    }
}
