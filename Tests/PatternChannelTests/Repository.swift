import Foundation
import PatternChannel
import Reports

/// A channel's files in memory, as a maker, a mirror or an attacker has them.
struct Repository {
    var files: [String: Data] = [:]

    mutating func write(_ new: [ChannelFile]) { for file in new { files[file.path] = file.bytes } }

    /// Runs one update to its end.
    /// - Parameter answer: in place of what the repository would give.
    func update(
        _ trusted: inout TrustedChannel, _ rules: ChannelRules = ChannelRules(channel: "vendor"),
        floor: ChannelFloor? = nil, at time: Timestamp = Repository.now,
        answer: (String) -> ChannelUpdate.Answer? = { _ in nil }
    ) -> ChannelUpdate.Ending {
        var update = ChannelUpdate(of: trusted, rules: rules, floor: floor, at: time)
        while true {
            switch update.step {
            case .read(let path, let limit):
                update.take(answer(path) ?? self.answer(path, limit))
            case .inspect(_, let bytes): update.take(Pack.answer(bytes))
            case .ended(let ending):
                trusted = update.trusted
                return ending
            }
        }
    }

    private func answer(_ path: String, _ limit: Int) -> ChannelUpdate.Answer {
        guard let bytes = files[path] else { return .absent }
        return bytes.count > limit ? .tooLarge : .bytes(bytes)
    }

    static let now = Timestamp(seconds: 1_800_000_000)
}

/// A pack as the tests write it: what a channel needs to know of one, and no patterns.
struct Pack: Codable {
    var engineLevel: Int
    var patterns: [String: Int]

    enum CodingKeys: String, CodingKey {
        case engineLevel = "engine_level"
        case patterns
    }

    init(_ patterns: [String: Int], engineLevel: Int = 3) {
        self.patterns = patterns
        self.engineLevel = engineLevel
    }

    static func answer(_ bytes: Data) -> ChannelUpdate.Answer {
        guard let pack = try? JSONDecoder().decode(Pack.self, from: bytes) else {
            return .unreadable(because: "it is no pack")
        }
        return .contents(PackContents(engineLevel: pack.engineLevel, patterns: pack.patterns))
    }

    func published(as name: String = "patterns.json") throws -> ChannelPublisher.Pack {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return ChannelPublisher.Pack(
            name: name, bytes: try encoder.encode(self),
            contents: PackContents(engineLevel: engineLevel, patterns: patterns))
    }
}

/// Whoever makes a channel: three keys for the root, one for what is published.
struct Maker {
    var rootKeys = (0..<3).map { _ in SigningKey() }
    var online = SigningKey()
    var repository = Repository()
    var trusted: TrustedChannel
    let pinned: Data

    init(expires: Timestamp = Repository.now + .seconds(1_000_000)) throws {
        pinned = try Maker.root(after: nil, rootKeys, online, by: Array(rootKeys.prefix(2)), expires)
        trusted = try TrustedChannel(pinned: pinned)
        repository.files[ChannelPath.root(1)] = pinned
    }

    static func root(
        after before: Data?, _ rootKeys: [SigningKey], _ online: SigningKey, by signers: [SigningKey],
        _ expires: Timestamp = Repository.now + .seconds(1_000_000)
    ) throws -> Data {
        try signers.reduce(
            try ChannelPublisher.root(
                after: before, rootKeys: rootKeys.map(\.publicKey), threshold: 2, onlineKeys: [online.publicKey],
                expires: expires)
        ) { try ChannelPublisher.sign($0, with: $1) }
    }

    /// - Parameter lasts: seconds, of the timestamp.
    @discardableResult
    mutating func publish(
        _ packs: [ChannelPublisher.Pack]?, withdrawing withdrawn: [Withdrawal] = [], lasts: Int64 = 600_000,
        with keys: [SigningKey]? = nil
    ) throws -> [ChannelFile] {
        var release = ChannelPublisher.Release(
            packs: packs, at: Repository.now, lasts: .seconds(900_000), timestampLasts: .seconds(lasts))
        release.withdrawn = withdrawn
        let files = try ChannelPublisher.publish(release, in: trusted, keys: keys ?? [online])
        repository.write(files)
        _ = repository.update(&trusted)
        return files
    }

    /// A root that follows, in place.
    mutating func rotate(by signers: [SigningKey]) throws {
        let next = try Maker.root(after: trusted.root.bytes, rootKeys, online, by: signers)
        repository.files[ChannelPath.root(trusted.root.content.version + 1)] = next
        _ = repository.update(&trusted)
    }
}
