import FaultPatterns
import FoundationEssentials
import PatternChannel
import Reports
import Transfer

/// Where a channel's files come from: a folder, one file on a stick, or a server.
enum ChannelSource {
    case folder(String)
    case archive(ChannelArchive)
    case server(base: String, trust: Trust)

    /// Until a file of a server is there; what is slower has not come.
    private static let timeout = Duration.seconds(120)
    /// Bytes of headers beside a file of a server.
    private static let headerBytes = 32 << 10

    /// What a person named. Ends the command where it cannot be one.
    /// - Parameter ca: PEM file of the only authority that a server's certificate may come from.
    static func named(_ name: String, ca: String? = nil) throws -> ChannelSource {
        if name.hasPrefix("https://") {
            var trust = Trust.system
            if let ca {
                trust = .pinned(caPEM: String(decoding: try ChannelFiles.required(ca, atMost: 1 << 20), as: UTF8.self))
            }
            return .server(base: name.hasSuffix("/") ? String(name.dropLast()) : name, trust: trust)
        }
        guard !name.contains("://") else {
            Console.complain("\(name) is no folder, no .tar file and no address with https://")
            throw ExitStatus.usage.exit
        }
        guard name.hasSuffix(".tar") else {
            guard ChannelFiles.isFolder(name) else {
                Console.complain("\(name): there is no such folder; a channel in one file ends in .tar")
                throw ExitStatus.missing.exit
            }
            return .folder(name)
        }
        let bytes = try ChannelFiles.required(name, atMost: ChannelLimits.archiveBytes)
        do { return .archive(try ChannelArchive(tar: bytes)) } catch {
            Console.complain("\(name): \(error)")
            throw ExitStatus.data.exit
        }
    }

    /// One file of it.
    func read(_ path: String, atMost limit: Int) async -> ChannelUpdate.Answer {
        switch self {
        case .folder(let folder): return ChannelFiles.read("\(folder)/\(path)", atMost: limit)
        case .archive(let archive):
            guard let bytes = archive.files[path] else { return .absent }
            return bytes.count > limit ? .tooLarge : .bytes(bytes)
        case .server(let base, let trust):
            let transfer = HTTPTransfer(
                HTTPTransfer.Options(
                    trust: trust, timeout: ChannelSource.timeout,
                    maximumResponseBytes: limit + ChannelSource.headerBytes))
            do {
                let response = try await transfer.send(HTTPRequest(url: "\(base)/\(path)"))
                switch response.status {
                case 200: return response.body.count > limit ? .tooLarge : .bytes(response.body)
                case 403, 404, 410: return .absent
                default: return .failed(because: "the server answered \(response.status)")
                }
            } catch {
                if case .tooLarge = error { return .tooLarge }
                return .failed(because: "\(error)")
            }
        }
    }

    /// Files of the channel's two folders; nil for a server, which lists none.
    var paths: [String]? {
        switch self {
        case .folder(let folder): ChannelFiles.paths(in: folder)
        case .archive(let archive): archive.files.keys.sorted()
        case .server: nil
        }
    }

    /// Runs one update to its end.
    /// - Parameter held: a source whose packs need not come again.
    func update(
        of trusted: TrustedChannel, _ rules: ChannelRules, floor: ChannelFloor? = nil, at time: Timestamp,
        held: ChannelSource? = nil
    ) async -> (trusted: TrustedChannel, ending: ChannelUpdate.Ending) {
        var update = ChannelUpdate(of: trusted, rules: rules, floor: floor, at: time)
        while true {
            switch update.step {
            case .read(let path, let limit):
                if path.hasPrefix("targets/"), case .bytes(let bytes) = await held?.read(path, atMost: limit),
                    path.hasPrefix("targets/\(ContentHash.sha256(bytes)).")
                {
                    update.take(.bytes(bytes))
                } else {
                    update.take(await read(path, atMost: limit))
                }
            case .inspect(_, let bytes):
                do { update.take(.contents(try PackContents(of: bytes))) } catch {
                    update.take(.unreadable(because: "\(error)"))
                }
            case .ended(let ending): return (update.trusted, ending)
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
}
