import Glibc

/// A TCP connection to a service of this machine that speaks in lines. Closed with its last owner.
final class LineConnection {
    private let descriptor: Int32
    private var pending: [UInt8] = []
    private let end: ContinuousClock.Instant

    /// Bytes of one line; a longer one ends the connection.
    static let lineBytes = 4_096

    enum Failure: Error, Hashable {
        case refused(errno: Int32)
        case timedOut
        case closed
        case lineTooLong(limit: Int)
    }

    /// Connects to `port` of 127.0.0.1.
    /// - Parameter deadline: for everything that is sent over the connection.
    init(loopbackPort port: UInt16, deadline: Duration) throws(Failure) {
        end = ContinuousClock.now + deadline
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let made = socket(AF_INET, kind, 0)
        guard made >= 0 else { throw .refused(errno: errno) }
        descriptor = made
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(made, $0, length) }
        }
        if result == 0 { return }
        guard errno == EINPROGRESS else { throw .refused(errno: errno) }
        try wait(POLLOUT)
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe getsockopt(made, SOL_SOCKET, SO_ERROR, &code, &size)
        guard code == 0 else { throw .refused(errno: code) }
    }

    deinit { close(descriptor) }

    private func wait(_ event: Int32) throws(Failure) {
        while true {
            let left = ContinuousClock.now.duration(to: end).components
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
            guard milliseconds > 0 else { throw .timedOut }
            var polled = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            let ready = unsafe poll(&polled, 1, Int32(clamping: milliseconds))
            if ready == 1 { return }
            if ready == 0 { throw .timedOut }
            guard errno == EINTR else { throw .closed }
        }
    }

    func send(line: String) throws(Failure) {
        var rest = Array("\(line)\n".utf8)[...]
        while !rest.isEmpty {
            try wait(POLLOUT)
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { throw .closed }
            rest = rest.dropFirst(count)
        }
    }

    /// The next line without its end.
    func readLine() throws(Failure) -> String {
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            if let newline = pending.firstIndex(of: 0x0A) {
                let line = String(decoding: pending[..<newline], as: UTF8.self)
                pending.removeFirst(newline + 1)
                return line
            }
            guard pending.count <= LineConnection.lineBytes else {
                throw .lineTooLong(limit: LineConnection.lineBytes)
            }
            try wait(POLLIN)
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { throw .closed }
            pending += chunk[..<count]
        }
    }
}
