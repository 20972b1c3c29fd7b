import Glibc

/// What stat(2) returns for a path, links followed.
public struct FileStatus: Hashable, Sendable {
    public var owner: UInt32
    public var group: UInt32
    /// Permission bits: 0o600.
    public var mode: UInt32
    public var isDirectory: Bool
    public var isSocket: Bool

    /// - Throws: `ENOENT` where there is nothing.
    public init(of path: String) throws(Failure) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw Failure(code: errno) }
        owner = status.st_uid
        group = status.st_gid
        mode = status.st_mode & 0o7777
        isDirectory = status.st_mode & S_IFMT == S_IFDIR
        isSocket = status.st_mode & S_IFMT == S_IFSOCK
    }

    /// What the system returned instead.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// errno(3).
        public var code: Int32
        public var description: String { unsafe String(cString: strerror(code)) }
    }
}
