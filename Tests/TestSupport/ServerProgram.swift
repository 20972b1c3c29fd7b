public import Foundation

/// A real server for a test: a Python program of Tests/Fixtures/Servers, ended with this object.
///
/// The program prints one line of JSON once it listens; what it prints after that is `output`.
public final class ServerProgram: @unchecked Sendable {
    /// The first line: ports, certificates, paths.
    public let facts: [String: String]
    private let child: ChildProcess
    private let printed = Printed()

    public static let packageRoot = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    public static func script(_ name: String) -> String {
        packageRoot.appending(path: "Tests/Fixtures/Servers/\(name).py").path
    }

    /// - Parameter name: file name without `.py`.
    public init(_ name: String, _ arguments: [String] = []) throws {
        child = try ChildProcess("/usr/bin/python3", ["-W", "ignore", ServerProgram.script(name)] + arguments)
        var line = Data()
        while !line.contains(0x0A) {
            let piece = child.output.availableData
            if piece.isEmpty { throw ChildProcessError.endedEarly(name) }
            line.append(piece)
        }
        let end = line.firstIndex(of: 0x0A) ?? line.endIndex
        facts = try JSONDecoder().decode([String: String].self, from: line[..<end])
        printed.append(line[end...].dropFirst())
        let reader = Thread { [child, printed] in
            while case let piece = child.output.availableData, !piece.isEmpty { printed.append(piece) }
        }
        reader.start()
    }

    deinit {
        kill(child.identifier, SIGKILL)
        child.wait()
    }

    public subscript(_ fact: String) -> String { facts[fact] ?? "" }

    /// The lines printed so far.
    public var output: [String] { printed.lines }

    /// The printed lines that are wanted, once there are `count` of them, or what there is after ten seconds: a program
    /// prints before it answers, but what it printed comes by another way than its answer.
    public func output<Line>(of count: Int = 1, _ wanted: (String) throws -> Line?) async throws -> [Line] {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            let found = try output.compactMap(wanted)
            if found.count >= count || ContinuousClock.now >= end { return found }
            await Task.yield()
        }
    }

    /// Sends one line to the program's standard input.
    public func tell(_ line: String) { child.input.write(Data((line + "\n").utf8)) }

    private final class Printed: @unchecked Sendable {
        private let lock = NSLock()
        private var data = Data()
        func append(_ piece: Data) { lock.withLock { data.append(piece) } }
        /// Without one that is still being printed.
        var lines: [String] {
            let whole = lock.withLock { data.lastIndex(of: 0x0A).map { data[...$0] } ?? Data() }
            return String(decoding: whole, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }
}
