import Foundation
import Glibc

/// A real program under test: started, killed without warning, started again.
///
/// What it prints goes to a file of its own, so that a failing test can show it.
///
/// Used by one test at a time.
final class Program: @unchecked Sendable {
    let name: String
    let executable: String
    let arguments: [String]
    let environment: [String: String]
    let log: URL
    private var child: Process?

    init(
        _ name: String, _ executable: String, _ arguments: [String], in folder: URL, environment: [String: String] = [:]
    ) {
        self.name = name
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        log = folder.appending(path: "\(name).log")
    }

    deinit { killNow() }

    /// The programs that were built beside this test.
    static func built(_ name: String) -> String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: own).deletingLastPathComponent().appending(path: name).path
    }

    func start() throws {
        if !FileManager.default.fileExists(atPath: log.path) { try Data().write(to: log) }
        let handle = try FileHandle(forWritingTo: log)
        try handle.seekToEnd()
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        try handle.close()
        child = process
    }

    /// SIGKILL, and the end of it.
    func killNow() { end(with: SIGKILL) }

    /// SIGTERM, and the end of it.
    func stop() { end(with: SIGTERM) }

    private func end(with signal: Int32) {
        guard let process = child else { return }
        child = nil
        if process.isRunning { kill(process.processIdentifier, signal) }
        process.waitUntilExit()
    }

    var isRunning: Bool { child?.isRunning ?? false }

    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// Runs a program to its end.
    static func run(_ executable: String, _ arguments: [String], environment: [String: String] = [:]) throws
        -> (status: Int32, output: String)
    {
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let words = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: words, as: UTF8.self))
    }
}

struct ProgramError: Error, CustomStringConvertible {
    var what: String
    var description: String { what }
}

/// Asks again every 50 ms until the answer is there or the time is over: real processes have no clock to be given.
func eventually<Value>(
    within limit: Duration, _ what: String, _ ask: () throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + limit
    while true {
        if let value = try ask() { return value }
        guard ContinuousClock.now < end else { throw ProgramError(what: "\(what): not within \(limit)") }
        try await Task.sleep(for: .milliseconds(50))
    }
}

/// A free port on the loopback interface.
func freePort() throws -> Int {
    let answer = try Program.run(
        "/usr/bin/python3",
        ["-c", "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"])
    guard let port = Int(answer.output.trimmingCharacters(in: .whitespacesAndNewlines)) else {
        throw ProgramError(what: "no free port: \(answer.output)")
    }
    return port
}
