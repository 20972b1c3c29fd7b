import FoundationEssentials
import Glibc
import Reports

/// Asks the agent of this machine: one line of JSON each way over its control socket, unix(7).
struct ControlClient {
    static let standardSocket = "/run/callhome/agent.sock"
    /// Bytes of an answer; a status with thousands of faults fits.
    static let responseBytes = 32 << 20

    /// Why the agent did not answer, and what to do.
    struct Unreachable: Error, CustomStringConvertible {
        var description: String
        var status = ExitStatus.unavailable
    }

    let socket: String

    /// - Parameter timeout: until the answer is there.
    func ask(_ request: ControlRequest, timeout: Duration = .seconds(30)) throws(Unreachable) -> ControlResponse {
        let descriptor = try connected()
        defer { close(descriptor) }
        let end = ContinuousClock.now + timeout
        do {
            var line = try WireFormat.encode(request)
            line.append(0x0A)
            try send(line, to: descriptor)
            return try WireFormat.decode(ControlResponse.self, from: try receive(from: descriptor, until: end))
        } catch let error as Unreachable {
            throw error
        } catch {
            throw Unreachable(
                description:
                    "what answers at \(socket) speaks otherwise than an agent of this version: is it a collector's "
                    + "socket, or was only one of the two programs upgraded? An agent's is \(ControlClient.standardSocket)."
            )
        }
    }

    private func connected() throws(Unreachable) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(socket.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Unreachable(description: "\(socket): the path is too long for a socket")
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure(errno) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, length)
            }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw failure(code)
        }
        return descriptor
    }

    private func failure(_ code: Int32) -> Unreachable {
        switch code {
        case EACCES:
            Unreachable(
                description: "\(socket): only root and the agent's own user may ask; use sudo", status: .permission)
        case ENOENT, ECONNREFUSED:
            Unreachable(
                description: "no agent answers at \(socket): start it (systemctl start callhome-agent) and look at "
                    + "journalctl -u callhome-agent")
        default: Unreachable(description: "\(socket): \(unsafe String(cString: strerror(code)))")
        }
    }

    private func send(_ data: Data, to descriptor: Int32) throws(Unreachable) {
        var rest = data[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(errno) }
            rest = rest.dropFirst(count)
        }
    }

    private func receive(from descriptor: Int32, until end: ContinuousClock.Instant) throws(Unreachable) -> Data {
        var line = Data()
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while line.count <= ControlClient.responseBytes {
            let left = ContinuousClock.now.duration(to: end)
            var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard left > .zero, unsafe poll(&polled, 1, Int32(clamping: left.inMilliseconds)) == 1 else {
                throw Unreachable(
                    description: "the agent at \(socket) does not answer in time: it may be overloaded",
                    status: .tryAgain)
            }
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw Unreachable(
                    description: "the agent at \(socket) closed the connection: it may be busy; try again",
                    status: .tryAgain)
            }
            if let newline = chunk[..<count].firstIndex(of: 0x0A) {
                line.append(contentsOf: chunk[..<newline])
                return line
            }
            line.append(contentsOf: chunk[..<count])
        }
        throw Unreachable(description: "the agent at \(socket) answers without an end")
    }
}
