import FoundationEssentials
import Glibc
import PatternChannel
import Reports

/// Files of channels and keys on this machine: read no further than a limit, and written whole.
enum ChannelFiles {
    static let folders = ["metadata", "targets"]

    static func isFolder(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
    }

    /// A plain file: a pipe or a device would never end.
    static func read(_ path: String, atMost limit: Int) -> ChannelUpdate.Answer {
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

    /// A file that a command cannot do without. Ends the command where it does not come.
    static func required(_ path: String, atMost limit: Int) throws -> Data {
        switch read(path, atMost: limit) {
        case .bytes(let bytes): return bytes
        case .tooLarge:
            Console.complain("\(path) is larger than \(limit) bytes")
            throw ExitStatus.data.exit
        case .failed(let because):
            Console.complain("\(path) cannot be read: \(because)")
            throw ExitStatus.unreadable.exit
        case .absent, .contents, .unreadable:
            Console.complain("\(path): there is no such file")
            throw ExitStatus.missing.exit
        }
    }

    /// Files of a channel's folders, as far as there are: `metadata/timestamp.json`.
    static func paths(in folder: String) -> [String] {
        folders.flatMap { name in
            let found = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)")) ?? []
            return found.sorted().map { "\(name)/\($0)" }
        }
    }

    /// Writes a channel's files one after the other, each whole. Ends the command where one cannot be written.
    static func write(_ files: [ChannelFile], to folder: String) throws {
        for name in folders {
            do {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            } catch {
                Console.complain("\(folder)/\(name): the folder cannot be made; look at the permissions above it")
                throw ExitStatus.cannotWrite.exit
            }
        }
        for file in files {
            let path = "\(folder)/\(file.path)"
            if case .bytes(file.bytes) = read(path, atMost: file.bytes.count) { continue }
            try OutputPath(path: path).write(file.bytes)
        }
    }

    /// Writes a file that only its owner may read, and never over another one. Ends the command where that fails.
    static func writePrivate(_ bytes: Data, to path: String) throws {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            Console.complain(
                errno == EEXIST
                    ? "\(path) is there already: no key is written over another; name another file"
                    : "\(path): the file cannot be written: \(unsafe String(cString: strerror(errno)))")
            throw ExitStatus.cannotWrite.exit
        }
        defer { close(file) }
        let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
        guard fchmod(file, 0o600) == 0, written == bytes.count, fsync(file) == 0 else {
            _ = unsafe unlink(path)
            Console.complain("\(path): the file could not be written whole; look whether the disk is full")
            throw ExitStatus.cannotWrite.exit
        }
    }

    /// The private key of a file.
    static func signingKey(_ path: String) throws -> SigningKey {
        let bytes = try required(path, atMost: KeyFile.maximumBytes)
        do { return try KeyFile.signingKey(pem: bytes) } catch {
            Console.complain("\(path): \(error)")
            throw ExitStatus.data.exit
        }
    }

    static func verifyingKey(_ path: String) throws -> VerifyingKey {
        let bytes = try required(path, atMost: KeyFile.maximumBytes)
        do { return try KeyFile.verifyingKey(pem: bytes) } catch {
            Console.complain("\(path): \(error)")
            throw ExitStatus.data.exit
        }
    }

    /// What begins to be trusted: a root that came by another way than the channel.
    static func pinned(_ path: String) throws -> TrustedChannel {
        let bytes = try required(path, atMost: ChannelLimits.rootBytes)
        do { return try TrustedChannel(pinned: bytes) } catch {
            Console.complain("\(path): \(error)")
            throw ExitStatus.data.exit
        }
    }
}

extension Timestamp {
    /// This machine's clock.
    static var now: Timestamp { Timestamp(Date()) }
}
