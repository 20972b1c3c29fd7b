public import FoundationEssentials
public import Reports

/// What a reader has been told of a channel before it reads.
public struct ChannelRules: Hashable, Sendable {
    /// The name that the reader has for it.
    public var channel: String
    /// Ids of patterns begin with it and a point: a partner's channel. Nil for one that may have any.
    public var prefix: String?

    public init(channel: String, prefix: String? = nil) {
        self.channel = channel
        self.prefix = prefix
    }

    func allows(_ id: String) -> Bool { prefix.map { id.hasPrefix("\($0).") } ?? true }
}

/// How far a channel has come, as a signed receipt tells: whoever offers less is held back.
public struct ChannelFloor: Hashable, Sendable, Codable {
    public var channel: String
    public var timestampVersion: Int64

    public init(channel: String, timestampVersion: Int64) {
        self.channel = channel
        self.timestampVersion = timestampVersion
    }
}

/// One update of a channel, as a dialogue: it says what it needs next, is told what came, and ends with what is trusted
/// then, or with a refusal. It reads no file, no line and no clock.
///
/// The order is that of the client workflow of the specification (5.3 to 5.7). Two things are otherwise: what is out of date
/// is said and stops nothing, for there are sites without a line and servers whose clock is decades off; and timestamp,
/// snapshot and targets become trusted together, once every pack is there, so that an update that breaks off leaves what was
/// before it and no half. Roots become trusted one by one.
public struct ChannelUpdate: Sendable {
    public enum Step: Hashable, Sendable {
        /// Read this file of the repository, and not more of it than so many bytes.
        case read(path: String, atMost: Int)
        /// Say what is in this pack, whose bytes are those that were signed for.
        case inspect(pack: String, bytes: Data)
        case ended(Ending)
    }

    public struct Ending: Hashable, Sendable {
        /// Nil where all was taken, or nothing is new.
        public var refusal: ChannelRefusal?
        /// Whether there is a newer timestamp than before.
        public var isNew: Bool
        public var warnings: [ChannelWarning]
        /// What was verified, byte for byte, in the order in which a mirror writes it: whoever reads the mirror meanwhile finds
        /// one state or the other. New roots also where the rest is refused.
        public var files: [ChannelFile]
    }

    public enum Answer: Sendable {
        case bytes(Data)
        /// The source has no such file.
        case absent
        /// The source has more than was to be read.
        case tooLarge
        /// The source did not answer, or was too slow.
        case failed(because: String)
        /// Of the pack that was to be inspected.
        case contents(PackContents)
        case unreadable(because: String)
    }

    public private(set) var step: Step
    /// What is trusted so far.
    public private(set) var trusted: TrustedChannel

    private let rules: ChannelRules
    private let floor: Int64?
    private let time: Timestamp
    private var stage = Stage.root
    private var newRoots: [ChannelFile] = []
    private var warnings: [ChannelWarning] = []
    private var newTimestamp: SignedMetadata<TimestampMetadata>?
    private var newSnapshot: SignedMetadata<SnapshotMetadata>?
    private var newTargets: SignedMetadata<TargetsMetadata>?
    private var packs: [ChannelFile] = []

    private enum Stage { case root, timestamp, snapshot, targets, pack(ListedPack) }

    /// - Parameters:
    ///   - floor: what a receipt told; one of another channel says nothing here.
    ///   - time: now, by whatever clock there is.
    public init(of trusted: TrustedChannel, rules: ChannelRules, floor: ChannelFloor? = nil, at time: Timestamp) {
        self.trusted = trusted
        self.rules = rules
        self.floor = floor.flatMap { $0.channel == rules.channel ? $0.timestampVersion : nil }
        self.time = time
        step = .read(
            path: ChannelPath.root(trusted.root.content.version + 1), atMost: RootMetadata.maximumBytes)
    }

    /// Goes on with what came of the step before. An update that has ended stays so.
    public mutating func take(_ answer: Answer) {
        do throws(ChannelRefusal) {
            switch step {
            case .ended: return
            case .read(let path, let limit): try read(answer, of: path, limit)
            case .inspect(let pack, let bytes): try inspected(answer, pack, bytes)
            }
        } catch {
            end(error)
        }
    }

    private mutating func read(_ answer: Answer, of path: String, _ limit: Int) throws(ChannelRefusal) {
        let bytes: Data
        switch answer {
        case .bytes(let data):
            guard data.count <= limit else { throw .tooLarge(file: path, limit: limit) }
            bytes = data
        case .absent:
            if case .root = stage { return askTimestamp() }
            throw .missing(file: path)
        case .tooLarge: throw .tooLarge(file: path, limit: limit)
        case .failed(let because): throw .unavailable(file: path, because: because)
        case .contents, .unreadable: return
        }
        switch stage {
        case .root: try takeRoot(bytes, path)
        case .timestamp: try takeTimestamp(bytes, path)
        case .snapshot: try takeSnapshot(bytes, path)
        case .targets: try takeTargets(bytes, path)
        case .pack(let pack): try takePack(bytes, pack, path)
        }
    }

    // MARK: 5.3, the root

    private mutating func takeRoot(_ bytes: Data, _ path: String) throws(ChannelRefusal) {
        let next = try trusted.root.followed(by: bytes, named: path)
        let wanted = next.content.version
        trusted.follow(next)
        newRoots.append(ChannelFile(path: path, bytes: bytes))
        guard newRoots.count < ChannelLimits.rootsPerUpdate else { throw .tooManyRoots(through: wanted) }
        step = .read(path: ChannelPath.root(wanted + 1), atMost: RootMetadata.maximumBytes)
    }

    // MARK: 5.4, the timestamp

    private mutating func askTimestamp() {
        stage = .timestamp
        step = .read(path: ChannelPath.timestamp, atMost: TimestampMetadata.maximumBytes)
    }

    private mutating func takeTimestamp(_ bytes: Data, _ path: String) throws(ChannelRefusal) {
        let next = try SignedMetadata<TimestampMetadata>(bytes, named: path)
        try next.check(by: trusted.root.content, named: path)
        let version = next.content.version
        if let known = trusted.timestamp {
            guard version >= known.content.version else {
                throw .rollback(file: path, found: version, known: known.content.version)
            }
            if version == known.content.version, next.signedBytes != known.signedBytes {
                warnings.append(.twoOfOneVersion(file: path, version: version))
            }
            let (found, least) = (next.content.snapshot.version, known.content.snapshot.version)
            guard version == known.content.version || found >= least else {
                throw .rollback(file: path + " for the snapshot", found: found, known: least)
            }
        }
        if let floor, version < floor { throw .behind(found: version, told: floor) }
        if let known = trusted.timestamp, version == known.content.version, trusted.targets != nil { return end(nil) }
        // Of two files of one version the first stays, also where the rest of it is read anew.
        newTimestamp = trusted.timestamp?.content.version == version ? trusted.timestamp : next
        askListed(.snapshot, newTimestamp?.content.snapshot, SnapshotMetadata.maximumBytes)
        stage = .snapshot
    }

    /// - Parameter limit: bytes, where the list does not say how many there are.
    private mutating func askListed(_ role: ChannelRole, _ listed: ListedMetadata?, _ limit: Int) {
        guard let listed else { return }
        step = .read(
            path: ChannelPath.metadata(role, version: listed.version, in: trusted.root.content),
            atMost: min(listed.length ?? limit, limit))
    }

    // MARK: 5.5, the snapshot

    private mutating func takeSnapshot(_ bytes: Data, _ path: String) throws(ChannelRefusal) {
        let next: SignedMetadata<SnapshotMetadata> = try listed(bytes, path, newTimestamp?.content.snapshot)
        for (name, known) in trusted.snapshot?.content.files ?? [:] {
            guard let found = next.content.files[name] else { throw .dropped(file: name, by: path) }
            guard found.version >= known.version else {
                throw .rollback(file: "\(path) for \(name)", found: found.version, known: known.version)
            }
        }
        newSnapshot = next
        stage = .targets
        askListed(.targets, next.content.files[SnapshotMetadata.targets], TargetsMetadata.maximumBytes)
    }

    /// A file that another one lists: its hash, where it is listed, comes before anything is read of it.
    private func listed<Content>(
        _ bytes: Data, _ path: String, _ listed: ListedMetadata?
    ) throws(ChannelRefusal) -> SignedMetadata<Content> {
        if let length = listed?.length, length != bytes.count {
            throw .otherLength(file: path, found: bytes.count, wanted: length)
        }
        if let hash = listed?.sha256, hash != ContentHash.sha256(bytes) { throw .otherHash(file: path) }
        let next = try SignedMetadata<Content>(bytes, named: path)
        try next.check(by: trusted.root.content, named: path)
        guard let listed, next.content.version == listed.version else {
            throw .otherVersion(file: path, found: next.content.version, wanted: listed?.version ?? 0)
        }
        return next
    }

    // MARK: 5.6, the targets

    private mutating func takeTargets(_ bytes: Data, _ path: String) throws(ChannelRefusal) {
        let next: SignedMetadata<TargetsMetadata> = try listed(
            bytes, path, newSnapshot?.content.files[SnapshotMetadata.targets])
        for pack in next.content.packs {
            let ids = pack.patterns.keys.sorted() + pack.withdrawals.map(\.pattern)
            if let prefix = rules.prefix, let foreign = ids.first(where: { !rules.allows($0) }) {
                throw .foreignPattern(pack: pack.name, id: foreign, prefix: prefix)
            }
        }
        if next.content.delegates { warnings.append(.delegations(file: path)) }
        newTargets = next
        askNextPack()
    }

    // MARK: 5.7, the packs

    private mutating func askNextPack() {
        guard let listed = newTargets?.content.packs else { return }
        guard packs.count < listed.count else { return accept() }
        let pack = listed[packs.count]
        stage = .pack(pack)
        step = .read(path: ChannelPath.pack(pack, in: trusted.root.content), atMost: pack.length)
    }

    private mutating func takePack(_ bytes: Data, _ pack: ListedPack, _ path: String) throws(ChannelRefusal) {
        guard bytes.count == pack.length else {
            throw .otherLength(file: path, found: bytes.count, wanted: pack.length)
        }
        guard ContentHash.sha256(bytes) == pack.sha256 else { throw .otherHash(file: path) }
        step = .inspect(pack: pack.name, bytes: bytes)
    }

    private mutating func inspected(_ answer: Answer, _ name: String, _ bytes: Data) throws(ChannelRefusal) {
        guard case .pack(let pack) = stage else { return }
        switch answer {
        case .contents(let contents): try pack.compare(contents)
        case .unreadable(let because): throw .unreadablePack(pack: name, because: because)
        case .bytes, .absent, .tooLarge, .failed: return
        }
        packs.append(ChannelFile(path: ChannelPath.pack(pack, in: trusted.root.content), bytes: bytes))
        askNextPack()
    }

    // MARK: The end

    private mutating func accept() {
        guard let newTimestamp, let newSnapshot, let newTargets else { return }
        let root = trusted.root.content
        let files =
            packs + [
                ChannelFile(
                    path: ChannelPath.metadata(.targets, version: newTargets.content.version, in: root),
                    bytes: newTargets.bytes),
                ChannelFile(
                    path: ChannelPath.metadata(.snapshot, version: newSnapshot.content.version, in: root),
                    bytes: newSnapshot.bytes),
                ChannelFile(path: ChannelPath.timestamp, bytes: newTimestamp.bytes),
            ]
        let isNew = trusted.timestamp?.content.version != newTimestamp.content.version
        trusted.timestamp = newTimestamp
        trusted.snapshot = newSnapshot
        trusted.targets = newTargets
        step = .ended(
            Ending(
                refusal: nil, isNew: isNew, warnings: warnings + trusted.expired(at: time), files: newRoots + files))
    }

    private mutating func end(_ refusal: ChannelRefusal?) {
        step = .ended(
            Ending(refusal: refusal, isNew: false, warnings: warnings + trusted.expired(at: time), files: newRoots))
    }
}

extension ListedPack {
    /// What was signed for is what is inside, and nothing beside it.
    fileprivate func compare(_ contents: PackContents) throws(ChannelRefusal) {
        func refuse(_ because: String) -> ChannelRefusal { .otherContents(pack: name, because: because) }
        let found = Set(contents.patterns.keys).union(contents.unread)
        if let extra = found.subtracting(patterns.keys).min() { throw refuse("it holds \(extra), which is not listed") }
        if let lacking = Set(patterns.keys).subtracting(found).min() { throw refuse("it lacks \(lacking)") }
        for (id, revision) in contents.patterns.sorted(by: { $0.key < $1.key }) where patterns[id] != revision {
            throw refuse("\(id) is revision \(revision), and \(patterns[id] ?? 0) was signed for")
        }
        guard contents.engineLevel == engineLevel else {
            throw refuse("it needs engine level \(contents.engineLevel), and \(engineLevel) was signed for")
        }
    }
}
