import Glibc
import Synchronization

/// Held by the collector that works in a data directory, so that no second one takes its socket and its deliveries away.
/// The kernel lets go of it when the process ends, however it ends (flock(2)).
final class DataDirectoryLock: Sendable {
    private let descriptor: Mutex<Int32?>

    /// - Throws: where another collector holds it: which process that is, and what to do.
    init(_ directory: DataDirectory) throws(DataDirectoryError) {
        let path = directory.lockFile
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            throw DataDirectoryError(doing: "opening", path: path, code: errno)
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = DataDirectoryLock.text(of: file)
            close(file)
            throw DataDirectoryError(
                doing: "starting in", path: directory.path,
                because: code == EWOULDBLOCK
                    ? "another collector works there (process \(holder.isEmpty ? "unknown" : holder)): stop it first "
                        + "(systemctl stop callhome-collector), or give this one a directory of its own as `data`"
                    : unsafe String(cString: strerror(code)))
        }
        // For people: the lock itself is what counts.
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(file, 0)
        _ = unsafe write(file, text, text.count)
        descriptor = Mutex(file)
    }

    deinit { release() }

    /// Lets another collector in; a second time does nothing.
    func release() {
        descriptor.withLock { file in
            if let open = file { close(open) }
            file = nil
        }
    }

    /// The digits of the process that wrote the file.
    private static func text(of file: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, $0.count, 0) }
        return String(decoding: bytes.prefix(max(0, count)).prefix { (0x30...0x39).contains($0) }, as: UTF8.self)
    }
}
