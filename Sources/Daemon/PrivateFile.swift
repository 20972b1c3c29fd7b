public import FoundationEssentials
import Glibc

/// Files and folders that only their owner may use: made so, whatever the umask is, and never changed afterwards to be so.
public enum PrivateFile {
    /// What follows a file's name while it is written: one that stays was broken off.
    public static let partSuffix = ".new"

    /// Replaces the file as a whole (mode 0600): after a crash or a power failure there is the old one or the new one.
    public static func write(_ data: Data, to path: String) throws(PrivateFileError) {
        let part = path + partSuffix
        _ = unsafe unlink(part)
        let file = unsafe open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw PrivateFileError(doing: "making", path: part, code: errno) }
        do {
            defer { close(file) }
            // The umask can have taken away from the mode, never added to it.
            guard fchmod(file, 0o600) == 0 else { throw PrivateFileError(doing: "making", path: part, code: errno) }
            var rest = data[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw PrivateFileError(doing: "writing", path: part, code: errno) }
                rest = rest.dropFirst(count)
            }
            guard fsync(file) == 0 else { throw PrivateFileError(doing: "writing", path: part, code: errno) }
        }
        guard unsafe rename(part, path) == 0 else { throw PrivateFileError(doing: "writing", path: path, code: errno) }
        // The name must survive a power failure as well as the content.
        let folder = unsafe open(parent(of: path), O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        _ = fsync(folder)
        close(folder)
    }

    /// Makes an empty file (mode 0600) where there is none, for a library that would make it with a mode of its own.
    public static func reserve(_ path: String) throws(PrivateFileError) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if file < 0, errno == EEXIST { return }
        guard file >= 0 else { throw PrivateFileError(doing: "making", path: path, code: errno) }
        defer { close(file) }
        guard fchmod(file, 0o600) == 0 else { throw PrivateFileError(doing: "making", path: path, code: errno) }
    }

    /// Makes the folder, and those above it that are missing (mode 0700). One that is there is left as it is.
    public static func makeFolder(_ path: String) throws(PrivateFileError) {
        if unsafe mkdir(path, 0o700) == 0 {
            guard unsafe chmod(path, 0o700) == 0 else {
                throw PrivateFileError(doing: "making", path: path, code: errno)
            }
            return
        }
        let code = errno
        switch code {
        case EEXIST:
            guard let status = try? FileStatus(of: path), status.isDirectory else {
                throw PrivateFileError(doing: "making", path: path, code: ENOTDIR)
            }
        case ENOENT where parent(of: path) != path:
            try makeFolder(parent(of: path))
            // Once: there are file systems whose folders take no other (`/proc`), and say the same for ever.
            guard unsafe mkdir(path, 0o700) == 0, unsafe chmod(path, 0o700) == 0 else {
                throw PrivateFileError(doing: "making", path: path, code: errno)
            }
        default: throw PrivateFileError(doing: "making", path: path, code: code)
        }
    }

    private static func parent(of path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// What the system refused about a private file or folder.
public struct PrivateFileError: Error, Hashable, Sendable, CustomStringConvertible {
    public var doing: String
    public var path: String
    /// errno(3).
    public var code: Int32
    /// The system's words.
    public var because: String { unsafe String(cString: strerror(code)) }
    public var description: String { "\(doing) \(path) failed: \(because)" }
}
