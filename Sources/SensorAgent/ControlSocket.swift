import Dispatch
import FoundationEssentials
import Glibc
import Logging
import Reports
import Synchronization

/// Answers `callhome status`, `test` and `enroll`: one line of JSON in, one line of JSON out, for root and for the
/// agent's own user. It has threads of its own, so that it answers while probes hang.
struct ControlSocket: Service {
    /// Bytes of one request.
    static let requestBytes = 64 << 10
    /// Connections served at once; more are closed.
    static let connections = 8
    private let path: String
    private let patience: Duration
    private let answer: @Sendable (ControlRequest) async -> ControlResponse
    private let log: Logger

    /// - Parameter patience: how long a client may take to send its line, and to take the answer.
    init(
        path: String, patience: Duration = .seconds(5), log: Logger,
        answer: @escaping @Sendable (ControlRequest) async -> ControlResponse
    ) {
        self.path = path
        self.patience = patience
        self.log = log
        self.answer = answer
    }

    /// Serves until the task is cancelled.
    /// - Throws: `SocketError` where the socket cannot be made.
    func run() async throws {
        let listener = try UnixListener(path: path)
        let queue = DispatchQueue(label: "callhome.control", attributes: .concurrent)
        let open = OpenConnections()
        let source = DispatchSource.makeReadSource(fileDescriptor: listener.descriptor, queue: queue)
        source.setEventHandler {
            while let connection = listener.accept() {
                guard open.enter() else { continue }
                queue.async { serve(connection, on: queue) { open.leave() } }
            }
        }
        source.resume()
        await AgentServices.cancellation()
        await withCheckedContinuation { stopped in
            source.setCancelHandler { stopped.resume() }
            source.cancel()
        }
    }

    /// One request, one answer, on a thread that may block for as long as the client is patient with itself.
    private func serve(_ connection: UnixConnection, on queue: DispatchQueue, done: @escaping @Sendable () -> Void) {
        let user = connection.peerUser
        guard let user, user == 0 || user == geteuid() else {
            log.warning("control socket: refused", metadata: ["uid": "\(user.map(String.init) ?? "unknown")"])
            let problem = Problem(code: "denied", message: "Only root and the agent's own user may ask: use sudo.")
            write(ControlResponse(problem: problem), to: connection)
            return done()
        }
        guard let line = connection.readLine(limit: ControlSocket.requestBytes, deadline: patience) else {
            return done()
        }
        guard let request = try? WireFormat.decode(ControlRequest.self, from: line) else {
            let problem = Problem(code: "malformed", message: "That was no request of this agent's version.")
            write(ControlResponse(problem: problem), to: connection)
            return done()
        }
        Task {
            let response = await answer(request)
            queue.async {
                write(response, to: connection)
                done()
            }
        }
    }

    private func write(_ response: ControlResponse, to connection: UnixConnection) {
        // Every number in a response is finite, so that encoding cannot fail; a client that gets nothing reports so.
        guard var line = try? WireFormat.encode(response) else { return }
        line.append(0x0A)
        connection.write(line, deadline: patience)
    }
}

/// Counts the connections that are being served.
private final class OpenConnections: Sendable {
    private let count = Mutex(0)

    /// False when as many as may be are served already.
    func enter() -> Bool {
        count.withLock { count in
            guard count < ControlSocket.connections else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}
