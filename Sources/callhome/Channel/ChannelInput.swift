import FaultPatterns
import FoundationEssentials
import Glibc
import PatternChannel
import PatternMirror
import Reports
import Transfer

/// What a command is told of channels and keys: files that it cannot do without, and sources that a person named.
enum ChannelInput {
    /// A file that a command cannot do without. Ends the command where it does not come.
    static func required(_ path: String, atMost limit: Int) throws -> Data {
        switch ChannelFiles.read(path, atMost: limit) {
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

    /// Writes a channel's files. Ends the command where one cannot be written.
    static func written<Value>(
        _ body: () async throws(ChannelFileError) -> Value
    ) async throws -> Value {
        do { return try await body() } catch {
            Console.complain("\(error)")
            throw ExitStatus.cannotWrite.exit
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

    /// What a person named. Ends the command where it cannot be one.
    /// - Parameter ca: PEM file of the only authority that a server's certificate may come from.
    static func source(named name: String, ca: String? = nil) throws -> ChannelSource {
        let trust = try ca.map {
            Trust.pinned(caPEM: String(decoding: try required($0, atMost: 1 << 20), as: UTF8.self))
        }
        do { return try ChannelSource(named: name, trust: trust ?? .system) } catch {
            Console.complain("\(error)")
            switch error {
            case .strange: throw ExitStatus.usage.exit
            case .missing: throw ExitStatus.missing.exit
            case .unreadable: throw ExitStatus.unreadable.exit
            case .noArchive: throw ExitStatus.data.exit
            }
        }
    }
}

extension PackContents {
    /// What the pattern engine finds in a pack.
    init(of pack: Data) throws(PatternPackError) {
        let read = try PatternPack(json: pack)
        self.init(
            engineLevel: read.engineLevel,
            patterns: Dictionary(read.patterns.map { ($0.id, $0.revision) }, uniquingKeysWith: { first, _ in first }),
            unread: Set(read.skipped.map(\.id)))
    }

    /// The same, for whoever takes any reader.
    static let byTheEngine: ChannelSource.Inspection = { try PackContents(of: $0) }
}

extension Timestamp {
    /// This machine's clock.
    static var now: Timestamp { Timestamp(Date()) }
}
