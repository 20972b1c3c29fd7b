import Daemon
import FoundationEssentials
import Glibc

/// A listening socket in the file system, unix(7). Its name goes with its last owner.
final class UnixListener: Sendable {
    let descriptor: Int32
    private let path: String

    /// Connections that may wait to be accepted.
    private static let backlog: Int32 = 16

    /// - Throws: `EADDRINUSE` when somebody answers there already; a name that a dead process left is taken over.
    init(path: String) throws(SocketError) {
        try SocketName.takeOver(path)
        let listening = try SocketName.make(path)
        if let code = unsafe SocketName.withAddress(of: path, { unsafe bind(listening, $0, $1) }) {
            close(listening)
            throw SocketError(doing: "listening on", path: path, code: code)
        }
        guard unsafe chmod(path, 0o600) == 0, listen(listening, UnixListener.backlog) == 0 else {
            let code = errno
            close(listening)
            throw SocketError(doing: "listening on", path: path, code: code)
        }
        self.descriptor = listening
        self.path = path
    }

    deinit {
        unsafe unlink(path)
        close(descriptor)
    }

    /// The next connection; nil when none waits.
    func accept() -> UnixConnection? {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { return nil }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return UnixConnection(descriptor: accepted)
    }
}

/// One connection. Closed with its last owner.
final class UnixConnection: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }

    /// The user at the other end, as the kernel saw it when it connected (SO_PEERCRED, unix(7)).
    var peerUser: uid_t? {
        // struct ucred: pid, uid, gid, 32 bits each.
        var credentials = [UInt32](repeating: .max, count: 3)
        var length = socklen_t(credentials.count * MemoryLayout<UInt32>.size)
        let result = unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length)
        return result == 0 && length == 12 ? credentials[1] : nil
    }

    /// One line without its end; nil when it is longer than `limit` bytes or not there within `deadline`.
    func readLine(limit: Int, deadline: Duration) -> Data? {
        let end = ContinuousClock.now + deadline
        var line = Data()
        var chunk = [UInt8](repeating: 0, count: 4096)
        while line.count <= limit {
            guard isReady(POLLIN, until: end) else { return nil }
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            if let newline = chunk[..<count].firstIndex(of: 0x0A) {
                line.append(contentsOf: chunk[..<newline])
                return line.count <= limit ? line : nil
            }
            line.append(contentsOf: chunk[..<count])
        }
        return nil
    }

    /// Writes all, or gives up at the deadline: a reader that does not read is left alone.
    func write(_ data: Data, deadline: Duration) {
        let end = ContinuousClock.now + deadline
        var rest = data[...]
        while !rest.isEmpty, isReady(POLLOUT, until: end) {
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = unsafe rest.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, flags) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private func isReady(_ event: Int32, until end: ContinuousClock.Instant) -> Bool {
        let left = ContinuousClock.now.duration(to: end).components
        let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
        guard milliseconds > 0 else { return false }
        var polled = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        return unsafe poll(&polled, 1, Int32(clamping: milliseconds)) == 1
    }
}
