public import Glibc

/// What the system refused about a socket.
public struct SocketError: Error, Hashable, Sendable, CustomStringConvertible {
    public var doing: String
    public var path: String
    /// errno(3).
    public var code: Int32

    public init(doing: String, path: String, code: Int32) {
        self.doing = doing
        self.path = path
        self.code = code
    }

    public var description: String { "\(doing) \(path): \(unsafe String(cString: strerror(code)))" }
}

/// The name of a Unix-domain socket in the file system, unix(7).
public enum SocketName {
    /// Makes the name free to be listened on: a socket that a dead process left is removed.
    /// - Throws: `EADDRINUSE` when somebody answers there, and `EEXIST` when it is the name of something else than a
    ///   socket, which nobody meant to lose.
    public static func takeOver(_ path: String) throws(SocketError) {
        let descriptor = try make(path)
        defer { close(descriptor) }
        guard let code = unsafe withAddress(of: path, { unsafe connect(descriptor, $0, $1) }) else {
            throw SocketError(doing: "listening on", path: path, code: EADDRINUSE)
        }
        switch code {
        case ENOENT: return
        case ECONNREFUSED, EPROTOTYPE:
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else { return }
            guard status.st_mode & S_IFMT == S_IFSOCK else {
                throw SocketError(doing: "listening on", path: path, code: EEXIST)
            }
            guard unsafe unlink(path) == 0 || errno == ENOENT else {
                throw SocketError(doing: "removing", path: path, code: errno)
            }
        // Its owner is alive and has more connections waiting than it takes.
        case EAGAIN, EINPROGRESS: throw SocketError(doing: "listening on", path: path, code: EADDRINUSE)
        default: throw SocketError(doing: "listening on", path: path, code: code)
        }
    }

    /// A socket that neither waits nor is inherited; the caller closes it.
    public static func make(_ path: String) throws(SocketError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw SocketError(doing: "making a socket for", path: path, code: errno) }
        return descriptor
    }

    /// Calls with the address of `path`. Returns the error number, nil when it went well.
    public static func withAddress(
        of path: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        // One byte of sun_path (108 bytes) is for the end.
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return ENAMETOOLONG }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe call($0, length) }
        }
        return result == 0 ? nil : errno
    }
}
