import Foundation
import TestSupport

/// A real program under test: started, killed without warning, started again.
///
/// What it prints goes to a file of its own, so that a failing test can show it. Used by one test at a time.
final class Program: @unchecked Sendable {
    let executable: String
    let arguments: [String]
    let log: URL
    private var child: ChildProcess?

    init(_ name: String, _ executable: String, _ arguments: [String], in folder: URL) {
        self.executable = executable
        self.arguments = arguments
        log = folder.appending(path: "\(name).log")
    }

    deinit { killNow() }

    /// The programs that were built beside this test.
    static func built(_ name: String) -> String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: own).deletingLastPathComponent().appending(path: name).path
    }

    func start() throws { child = try ChildProcess(executable, arguments, log: log) }

    /// SIGKILL, and the end of it.
    func killNow() {
        guard let child else { return }
        self.child = nil
        kill(child.identifier, SIGKILL)
        child.wait()
    }

    /// SIGTERM, and the end of it.
    /// - Returns: its exit status.
    @discardableResult
    func stop() throws -> Int32 {
        guard let child else { throw ProgramError(what: "\(executable) does not run") }
        self.child = nil
        kill(child.identifier, SIGTERM)
        return child.wait()
    }

    /// 0 while it does not run.
    var processIdentifier: Int32 { child?.identifier ?? 0 }

    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// Runs a program to its end.
    static func run(_ executable: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let result = try runProgram(executable, arguments, withErrors: true)
        return (result.status, String(decoding: result.output, as: UTF8.self))
    }
}

struct ProgramError: Error, CustomStringConvertible {
    var what: String
    var description: String { what }
}

/// Asks again every 50 ms until the answer is there or the time is over: real processes have no clock to be given.
@discardableResult
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
