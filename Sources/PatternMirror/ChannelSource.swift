public import FoundationEssentials
public import PatternChannel
public import Reports
public import Transfer

/// Where a channel's files come from: a folder, one file on a stick, or a server.
public enum ChannelSource: Sendable {
    case folder(String)
    case archive(ChannelArchive)
    /// - Parameter proxy: `http://server:port`; nil for none.
    case server(base: String, trust: Trust, proxy: String? = nil)

    /// What is inside a pack, as whoever takes it reads packs.
    public typealias Inspection = @Sendable (Data) async throws -> PackContents

    /// Bytes of headers beside a file of a server.
    private static let headerBytes = 32 << 10

    /// What a person named: an address, a file that ends in .tar, or a folder.
    /// - Parameter trust: what a server's certificate may come from.
    public init(named name: String, trust: Trust = .system) throws(ChannelSourceProblem) {
        if name.hasPrefix("https://") {
            self = .server(base: name.hasSuffix("/") ? String(name.dropLast()) : name, trust: trust)
            return
        }
        guard !name.contains("://") else {
            throw .strange("\(name) is no folder, no .tar file and no address with https://")
        }
        guard name.hasSuffix(".tar") else {
            guard ChannelFiles.isFolder(name) else {
                throw .missing("\(name): there is no such folder; a channel in one file ends in .tar")
            }
            self = .folder(name)
            return
        }
        switch ChannelFiles.read(name, atMost: ChannelLimits.archiveBytes) {
        case .bytes(let bytes):
            do { self = .archive(try ChannelArchive(tar: bytes)) } catch { throw .noArchive("\(name): \(error)") }
        case .tooLarge: throw .noArchive("\(name) is larger than \(ChannelLimits.archiveBytes) bytes")
        case .failed(let because): throw .unreadable("\(name) cannot be read: \(because)")
        case .absent, .contents, .unreadable: throw .missing("\(name): there is no such file")
        }
    }

    /// One file of it.
    /// - Parameter span: until it is there; what is slower has not come. Files of this machine are not waited for.
    public func read(
        _ path: String, atMost limit: Int, within span: Duration = ChannelPatience.standard.file
    ) async -> ChannelUpdate.Answer {
        switch self {
        case .folder(let folder): return ChannelFiles.read("\(folder)/\(path)", atMost: limit)
        case .archive(let archive):
            guard let bytes = archive.files[path] else { return .absent }
            return bytes.count > limit ? .tooLarge : .bytes(bytes)
        case .server(let base, let trust, let proxy):
            let transfer = HTTPTransfer(
                HTTPTransfer.Options(
                    trust: trust, proxy: proxy, timeout: span,
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
    public var paths: [String]? {
        switch self {
        case .folder(let folder): ChannelFiles.paths(in: folder)
        case .archive(let archive): archive.files.keys.sorted()
        case .server: nil
        }
    }

    /// Runs one update to its end.
    /// - Parameters:
    ///   - held: a source whose packs need not come again.
    ///   - patience: a server that is slower has not answered. New roots that came until then stay, and the next update goes on.
    public func update(
        of trusted: TrustedChannel, _ rules: ChannelRules, floor: ChannelFloor? = nil, at time: Timestamp,
        held: ChannelSource? = nil, patience: ChannelPatience = .standard, inspecting inspect: Inspection
    ) async -> (trusted: TrustedChannel, ending: ChannelUpdate.Ending) {
        var update = ChannelUpdate(of: trusted, rules: rules, floor: floor, at: time)
        // What is looked at here meanwhile takes no time of the server.
        var rest = patience.update
        while true {
            switch update.step {
            case .read(let path, let limit):
                if path.hasPrefix("targets/"), case .bytes(let bytes) = await held?.read(path, atMost: limit),
                    path.hasPrefix("targets/\(ContentHash.sha256(bytes)).")
                {
                    update.take(.bytes(bytes))
                } else {
                    let begun = ContinuousClock.now
                    let answer = await read(path, atMost: limit, within: min(patience.file, rest))
                    rest -= ContinuousClock.now - begun
                    // No wait is so short that it would be none.
                    if rest >= .milliseconds(1) {
                        update.take(answer)
                    } else {
                        update.take(.failed(because: "the whole update took longer than \(patience.update)"))
                    }
                }
            case .inspect(_, let bytes):
                do { update.take(.contents(try await inspect(bytes))) } catch {
                    update.take(.unreadable(because: "\(error)"))
                }
            case .ended(let ending): return (update.trusted, ending)
            }
        }
    }

    /// What a mirror holds already, from its pinned root on, and why all of it is refused; nil where it is good, or only begun.
    public func standing(
        on pinned: TrustedChannel, _ rules: ChannelRules, at time: Timestamp, inspecting inspect: Inspection
    ) async -> (trusted: TrustedChannel, refusal: ChannelRefusal?) {
        let (trusted, ending) = await update(of: pinned, rules, at: time, inspecting: inspect)
        switch ending.refusal {
        // New roots can have come alone, with nothing below them, or with what the keys of before them had signed.
        case nil, .missing(ChannelPath.timestamp), .signatures(ChannelPath.timestamp, _, _, _, _):
            return (trusted, nil)
        case .some(let refusal): return (trusted, refusal)
        }
    }
}

/// How long a server may take: one that drips its files holds nobody for longer, whatever it drips and however often.
public struct ChannelPatience: Hashable, Sendable {
    /// Until one file is there.
    public var file: Duration
    /// Of all files of an update together, as many roots and packs as there are.
    public var update: Duration

    public init(file: Duration, update: Duration) {
        self.file = file
        self.update = update
    }

    /// The largest pack comes over 2.3 Mbit/s, and all packs that a channel may have take four minutes then.
    public static let standard = ChannelPatience(file: .seconds(120), update: .seconds(600))
}

/// Why what a person named is no source.
public enum ChannelSourceProblem: Error, Hashable, Sendable {
    /// It is written like none.
    case strange(String)
    case missing(String)
    case unreadable(String)
    /// The file is there, and is no channel.
    case noArchive(String)
}

extension ChannelSourceProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .strange(let words), .missing(let words), .unreadable(let words), .noArchive(let words): words
        }
    }
}
