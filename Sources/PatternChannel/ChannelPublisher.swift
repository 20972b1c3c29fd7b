public import FoundationEssentials
public import Reports

/// Makes the next version of a channel's metadata, of what stands now. What it makes is what `ChannelUpdate` takes.
public enum ChannelPublisher {
    /// A root that nobody has signed yet: the one after `before`, or the first.
    /// - Parameters:
    ///   - rootKeys: kept offline, by as many people.
    ///   - threshold: how many of them must sign, of this root and of the one before.
    ///   - onlineKeys: of targets, snapshot and timestamp; one signature is enough.
    public static func root(
        after before: Data?, rootKeys: [VerifyingKey], threshold: Int, onlineKeys: [VerifyingKey], expires: Timestamp
    ) throws(PublishingProblem) -> Data {
        var version: Int64 = 1
        if let before {
            do { version = try TrustedChannel(pinned: before).root.content.version + 1 } catch { throw .refused(error) }
        }
        guard threshold >= 1, threshold <= Set(rootKeys).count else {
            throw .keys("\(threshold) of \(Set(rootKeys).count) keys cannot sign the root")
        }
        guard !onlineKeys.isEmpty else { throw .keys("no key would sign what is published") }
        guard Set(rootKeys).isDisjoint(with: onlineKeys) else {
            throw .keys("a key of the root signs what is published too; whoever takes it from the server has the root")
        }
        var keys: [String: ChannelKey] = [:]
        for key in (rootKeys + onlineKeys).map(ChannelKey.init) { keys[key.id] = key }
        let online = RoleKeys(keyIDs: Set(onlineKeys.map { ChannelKey($0).id }).sorted(), threshold: 1)
        let offline = RoleKeys(keyIDs: Set(rootKeys.map { ChannelKey($0).id }).sorted(), threshold: threshold)
        let root = RootMetadata(
            version: version, expires: expires, keys: keys,
            roles: [.root: offline, .targets: online, .snapshot: online, .timestamp: online])
        return MetadataFile.unsigned(root.signed)
    }

    /// The file with one more signature, by the name that it has for the key, or by the key's own.
    public static func sign(_ file: Data, with key: SigningKey) throws(PublishingProblem) -> Data {
        do {
            let read = try MetadataFile(file)
            let root = try? RootMetadata(signed: read.signed)
            let named = root?.keys.first { $0.value.verifying == key.publicKey }?.key
            let signature = try key.signature(for: read.signed.canonical)
            return read.signed(with: signature, as: named ?? ChannelKey(key.publicKey).id)
        } catch {
            throw .file("\(error)")
        }
    }

    /// How many of its own keys have signed a root, and how many of them are needed.
    public static func signatures(of root: Data) throws(PublishingProblem) -> (found: Int, needed: Int) {
        do throws(ChannelRefusal) {
            let file = try SignedMetadata<RootMetadata>(root, named: "the root")
            return (file.signers(of: file.content).count, file.content.roles[.root]?.threshold ?? 0)
        } catch {
            throw .refused(error)
        }
    }

    /// A pack that is to be published.
    public struct Pack: Sendable {
        public var name: String
        public var bytes: Data
        public var contents: PackContents

        public init(name: String, bytes: Data, contents: PackContents) {
            self.name = name
            self.bytes = bytes
            self.contents = contents
        }
    }

    /// What is to stand in the channel from now on.
    public struct Release: Sendable {
        /// Nil: those that stand there.
        public var packs: [Pack]?
        /// Patterns that are taken back, from now on as well.
        public var withdrawn: [Withdrawal] = []
        /// Patterns that are taken back no more.
        public var restored: Set<String> = []
        /// A root that follows, signed; nil: the one that stands there.
        public var root: Data?
        /// The new version is above this one, whatever is known of those before it.
        public var above: Int64 = 0
        public var now: Timestamp
        /// Until targets and snapshot, and until the timestamp, say that they are fresh.
        public var lasts: Duration
        public var timestampLasts: Duration

        public init(packs: [Pack]?, at now: Timestamp, lasts: Duration, timestampLasts: Duration) {
            self.packs = packs
            self.now = now
            self.lasts = lasts
            self.timestampLasts = timestampLasts
        }
    }

    /// Targets, snapshot and timestamp with the packs, in the order in which they are to be written. All three bear one
    /// version, one above the highest of those before it.
    /// - Parameter channel: what stands there now, under the root that stands there now.
    public static func publish(
        _ release: Release, in channel: TrustedChannel, keys: [SigningKey]
    ) throws(PublishingProblem) -> [ChannelFile] {
        var files: [ChannelFile] = []
        var root = channel.root
        if let next = release.root, next != root.bytes {
            let path = ChannelPath.root(root.content.version + 1)
            do throws(ChannelRefusal) { root = try root.followed(by: next, named: path) } catch {
                throw .refused(error)
            }
            files.append(ChannelFile(path: path, bytes: next))
        }
        guard root.content.consistentSnapshot else { throw .keys("the root is not one of consistent snapshots") }
        let packs = try listing(release, in: channel)
        let before = [
            channel.targets?.content.version, channel.snapshot?.content.version, channel.timestamp?.content.version,
            release.above,
        ]
        let version = before.compactMap(\.self).reduce(0, max) + 1
        let expires = release.now + release.lasts
        let targets = TargetsMetadata(version: version, expires: expires, packs: packs)
        let snapshot = SnapshotMetadata(version: version, expires: expires, targetsVersion: version)
        let timestamp = TimestampMetadata(
            version: version, expires: release.now + release.timestampLasts, snapshotVersion: version)
        for pack in release.packs ?? [] {
            guard let listed = packs.first(where: { $0.name == pack.name }) else { continue }
            files.append(ChannelFile(path: ChannelPath.pack(listed, in: root.content), bytes: pack.bytes))
        }
        files.append(try file(targets, targets.signed, root.content, keys))
        files.append(try file(snapshot, snapshot.signed, root.content, keys))
        files.append(try file(timestamp, timestamp.signed, root.content, keys))
        return files
    }

    private static func listing(
        _ release: Release, in channel: TrustedChannel
    ) throws(PublishingProblem) -> [ListedPack] {
        let before = channel.targets?.content.packs ?? []
        var withdrawn = before.flatMap(\.withdrawals).filter { !release.restored.contains($0.pattern) }
        withdrawn.removeAll { old in release.withdrawn.contains { $0.pattern == old.pattern } }
        withdrawn += release.withdrawn
        // The same list stands beside each pack: a reader of one of them knows all.
        var seen: Set<String> = []
        let withdrawals = withdrawn.filter { seen.insert($0.pattern).inserted }.sorted { $0.pattern < $1.pattern }
        let listed =
            release.packs.map { packs in
                packs.map { pack in
                    ListedPack(
                        name: pack.name, length: pack.bytes.count, sha256: ContentHash.sha256(pack.bytes),
                        engineLevel: pack.contents.engineLevel, patterns: pack.contents.patterns, withdrawals: [])
                }
            } ?? before
        guard !listed.isEmpty else { throw .packs("no pack stands in the channel yet; name one") }
        guard Set(listed.map(\.name)).count == listed.count else { throw .packs("two packs have one name") }
        return listed.map { pack in
            var pack = pack
            pack.withdrawals = withdrawals
            return pack
        }
    }

    /// Signs a file, and reads it as any reader will.
    private static func file<Content: MetadataContent>(
        _ content: Content, _ value: MetadataValue, _ root: RootMetadata, _ keys: [SigningKey]
    ) throws(PublishingProblem) -> ChannelFile {
        let path =
            Content.role == .timestamp
            ? ChannelPath.timestamp : ChannelPath.metadata(Content.role, version: content.version, in: root)
        let named = root.keys(of: Content.role)
        var bytes = MetadataFile.unsigned(value)
        do {
            for key in keys {
                guard let id = named.first(where: { $0.value == key.publicKey })?.key else { continue }
                bytes = try MetadataFile(bytes).signed(with: try key.signature(for: value.canonical), as: id)
            }
            guard bytes.count <= Content.maximumBytes else {
                throw ChannelRefusal.tooLarge(file: path, limit: Content.maximumBytes)
            }
            try SignedMetadata<Content>(bytes, named: path).check(by: root, named: path)
        } catch let refusal as ChannelRefusal {
            throw .refused(refusal)
        } catch {
            throw .file("\(error)")
        }
        return ChannelFile(path: path, bytes: bytes)
    }
}

/// Why nothing is published.
public enum PublishingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case keys(String)
    case packs(String)
    case file(String)
    /// Readers would refuse it.
    case refused(ChannelRefusal)

    public var description: String {
        switch self {
        case .keys(let because), .packs(let because), .file(let because): because
        case .refused(let refusal): "\(refusal)"
        }
    }
}
