import Daemon
import Foundation
import Glibc
import Reports
import Testing

@testable import SensorAgent

@Suite("Control socket", .timeLimit(.minutes(1)))
struct ControlSocketTests {
    let directory: ScratchDirectory
    var path: String { "\(directory.path)/agent.sock" }

    init() throws { directory = try ScratchDirectory() }

    /// Serves while `body` runs.
    private func serving(
        patience: Duration = .seconds(5), _ body: () async throws -> Void
    ) async throws {
        let socket = ControlSocket(path: path, patience: patience, log: SpoolFixture.log) { request in
            ControlResponse(problem: Problem(code: request.verb.rawValue, message: request.test ?? ""))
        }
        let task = Task { try await socket.run() }
        try await WatchFixture.eventually("the socket listens") { (try? client()) != nil }
        try await body()
        task.cancel()
        try await task.value
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    private func client() throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw SocketError(doing: "connecting to", path: path, code: errno)
        }
        return descriptor
    }

    /// Says `bytes` and reads until the other end closes.
    private func exchange(_ bytes: Data) async throws -> Data {
        let handle = FileHandle(fileDescriptor: try client(), closeOnDealloc: true)
        return await readAll(handle, saying: bytes)
    }

    /// On a thread that may block: the tasks of the program under test need the others.
    private func readAll(_ handle: FileHandle, saying bytes: Data = Data()) async -> Data {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                // The other end may have closed already: no signal for that.
                _ = unsafe bytes.withUnsafeBytes {
                    unsafe send(handle.fileDescriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                // A connection that is reset says as much as one that is closed.
                continuation.resume(returning: (try? handle.readToEnd()) ?? Data())
            }
        }
    }

    @Test("A request gets its answer, one line each")
    func answer() async throws {
        try await serving {
            var line = try WireFormat.encode(ControlRequest(verb: .testProgress, test: "t1"))
            line.append(0x0A)
            let answer = try await exchange(line)
            #expect(answer.last == 0x0A)
            let response = try WireFormat.decode(ControlResponse.self, from: answer)
            #expect(response.problem == Problem(code: "testProgress", message: "t1"))
        }
    }

    @Test("Garbage is answered with a problem, and the next client is served")
    func garbage() async throws {
        try await serving {
            let answer = try await exchange(Data("GET / HTTP/1.1\r\n\n".utf8))
            #expect(try WireFormat.decode(ControlResponse.self, from: answer).problem?.code == "malformed")
            let next = try await exchange(Data("{\"verb\":\"status\"}\n".utf8))
            #expect(try WireFormat.decode(ControlResponse.self, from: next).problem?.code == "status")
        }
    }

    @Test("A line at the limit is read, one past it is dropped")
    func lineLimit() async throws {
        try await serving {
            let frame = "{\"verb\":\"testProgress\",\"test\":\"\"}".utf8.count
            for (length, isAnswered) in [(ControlSocket.requestBytes, true), (ControlSocket.requestBytes + 1, false)] {
                let filler = String(repeating: "x", count: length - frame)
                let answer = try await exchange(Data("{\"verb\":\"testProgress\",\"test\":\"\(filler)\"}\n".utf8))
                #expect(answer.isEmpty != isAnswered, "\(length)")
            }
        }
    }

    @Test("A client that says nothing is dropped, and others are served meanwhile")
    func slowClient() async throws {
        try await serving(patience: .milliseconds(300)) {
            let silent = FileHandle(fileDescriptor: try client(), closeOnDealloc: true)
            let answer = try await exchange(Data("{\"verb\":\"status\"}\n".utf8))
            #expect(!answer.isEmpty)
            #expect(await readAll(silent).isEmpty)
        }
    }

    @Test("More clients than are served at once are closed, not kept waiting")
    func tooMany() async throws {
        try await serving {
            var silent: [FileHandle] = []
            for _ in 0..<ControlSocket.connections {
                silent.append(FileHandle(fileDescriptor: try client(), closeOnDealloc: true))
            }
            let refused = try await exchange(Data("{\"verb\":\"status\"}\n".utf8))
            #expect(refused.isEmpty)
            silent.removeAll()
            try await WatchFixture.eventually("there is room again") {
                try await !exchange(Data("{\"verb\":\"status\"}\n".utf8)).isEmpty
            }
        }
    }

    @Test("A name that a dead process left is taken over; one that is answered is not")
    func takeover() async throws {
        do {
            let left = try UnixListener(path: path)
            let error = #expect(throws: SocketError.self) { _ = try UnixListener(path: path) }
            #expect(error?.code == EADDRINUSE && error?.description.contains(path) == true)
            withExtendedLifetime(left) {}
        }
        // Bound, and closed without its name: what a killed process leaves.
        try leaveSocket()
        try await serving {}
    }

    @Test("A name that is no socket's is refused, and what it names is kept")
    func noSocket() throws {
        try Data("mine".utf8).write(to: URL(filePath: path))
        let error = #expect(throws: SocketError.self) { _ = try UnixListener(path: path) }
        #expect(error?.code == EEXIST)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    private func leaveSocket() throws {
        let descriptor = try SocketName.make(path)
        defer { close(descriptor) }
        #expect(unsafe SocketName.withAddress(of: path) { unsafe bind(descriptor, $0, $1) } == nil)
    }
}
