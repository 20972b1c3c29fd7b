import FoundationEssentials
import Glibc
public import PatternChannel

/// Files of channels on this machine: read no further than a limit, and written whole.
public enum ChannelFiles {
    static let folders = ["metadata", "targets"]

    public static func isFolder(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
    }

    /// A plain file: a pipe or a device would never end.
    public static func read(_ path: String, atMost limit: Int) -> ChannelUpdate.Answer {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return errno == ENOENT ? .absent : failed(errno) }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { return failed(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { return .failed(because: "it is no plain file") }
        guard status.st_size <= limit else { return .tooLarge }
        var bytes = Data(count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(file, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { return failed(errno) }
            guard got > 0 else { break }
            count += got
        }
        return .bytes(bytes.prefix(count))
    }

    private static func failed(_ number: CInt) -> ChannelUpdate.Answer {
        .failed(because: unsafe String(cString: strerror(number)))
    }

    /// Files of a channel's folders, as far as there are: `metadata/timestamp.json`.
    public static func paths(in folder: String) -> [String] {
        folders.flatMap { name in
            let found = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)")) ?? []
            return found.sorted().map { "\(name)/\($0)" }
        }
    }

    /// Writes a channel's files one after the other, each whole and on the disk before the next: whoever reads meanwhile, or
    /// after the power was lost, finds one state or the other.
    public static func write(_ files: [ChannelFile], to folder: String) throws(ChannelFileError) {
        for name in folders {
            do {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            } catch {
                throw ChannelFileError(
                    "\(folder)/\(name): the folder cannot be made; look at the permissions above it")
            }
        }
        for file in files {
            let path = "\(folder)/\(file.path)"
            if case .bytes(file.bytes) = read(path, atMost: file.bytes.count) { continue }
            try write(file.bytes, to: path, in: folder)
        }
    }

    private static func write(_ bytes: Data, to path: String, in folder: String) throws(ChannelFileError) {
        // Beside the two folders, so that nobody takes half a file for one.
        let new = folder + "/.new"
        let file = unsafe open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard file >= 0 else {
            throw ChannelFileError("\(path): the file cannot be written: \(unsafe String(cString: strerror(errno)))")
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        let isWhole = rest.isEmpty && fsync(file) == 0
        close(file)
        guard isWhole, unsafe rename(new, path) == 0 else {
            _ = unsafe unlink(new)
            throw ChannelFileError("\(path): the file could not be written whole; look whether the disk is full")
        }
    }
}

/// A file of a mirror that cannot be written, and what to do.
public struct ChannelFileError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    init(_ description: String) { self.description = description }
}
