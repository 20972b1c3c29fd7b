public import FoundationEssentials
public import Reports

/// A file of a channel by its path in the repository.
public struct ChannelFile: Hashable, Sendable {
    /// `metadata/2.root.json`, `targets/HASH.NAME`.
    public var path: String
    public var bytes: Data

    public init(path: String, bytes: Data) {
        self.path = path
        self.bytes = bytes
    }
}

/// Where the files of a channel lie, from the root of the repository.
public enum ChannelPath {
    public static let timestamp = "metadata/timestamp.json"
    public static func root(_ version: Int64) -> String { "metadata/\(version).root.json" }

    /// Whether a path is that of a file of one version: a pack, targets or a snapshot.
    public static func isVersioned(_ path: String) -> Bool {
        let (folder, name) = parts(path)
        let head = name.prefix { $0 != "." }
        guard folder == "metadata" else { return folder == "targets" && HexDigits.bytes(of: head, count: 32) != nil }
        return version(path) != nil && !name.hasSuffix(".root.json")
    }

    /// Whether a path is that of a root of some version, be it there or not.
    public static func isRoot(_ path: String) -> Bool {
        version(path).map { path == root($0) } ?? false
    }

    /// The highest version that targets and snapshots of these paths bear; 0 where there is none.
    public static func highestVersion(in paths: [String]) -> Int64 {
        paths.filter(isVersioned).compactMap(version).max() ?? 0
    }

    /// Of `metadata/12.targets.json` 12.
    private static func version(_ path: String) -> Int64? {
        let (folder, name) = parts(path)
        guard folder == "metadata", name.hasSuffix(".json"), let end = name.firstIndex(of: ".") else { return nil }
        // As it is written: `Int64` would take +1 and 01 as well.
        return Int64(name[..<end]).flatMap { number in
            (1..<ChannelLimits.version).contains(number) && name[..<end] == "\(number)" ? number : nil
        }
    }

    private static func parts(_ path: String) -> (folder: Substring, name: Substring) {
        let parts = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        return (parts[0], parts.count == 2 ? parts[1] : "")
    }

    static func metadata(_ role: ChannelRole, version: Int64, in root: RootMetadata) -> String {
        root.consistentSnapshot ? "metadata/\(version).\(role.rawValue).json" : "metadata/\(role.rawValue).json"
    }

    static func pack(_ pack: ListedPack, in root: RootMetadata) -> String {
        "targets/\(root.consistentSnapshot ? "\(pack.sha256)." : "")\(pack.name)"
    }
}

/// What is trusted of a channel: it begins with a root that came by another way, and only verified files change it.
public struct TrustedChannel: Sendable {
    public internal(set) var root: SignedMetadata<RootMetadata>
    /// Nil before the first update, and once its keys were exchanged.
    public internal(set) var timestamp: SignedMetadata<TimestampMetadata>?
    public internal(set) var snapshot: SignedMetadata<SnapshotMetadata>?
    /// The packs.
    public internal(set) var targets: SignedMetadata<TargetsMetadata>?

    /// - Parameter root: the bytes of the root that is pinned.
    /// - Throws: where it is no root that its own keys have signed.
    public init(pinned root: Data) throws(ChannelRefusal) {
        let name = "the pinned root"
        guard root.count <= RootMetadata.maximumBytes else {
            throw .tooLarge(file: name, limit: RootMetadata.maximumBytes)
        }
        self.root = try SignedMetadata<RootMetadata>(root, named: name)
        try self.root.check(by: self.root.content, named: name)
    }

    /// Takes the root that follows: its keys count from here on.
    ///
    /// Where a key of the timestamp or the snapshot was taken out, both are forgotten (specification 5.3.11): whoever stole it
    /// may have signed a version so high that no true one ever passes it. What the new keys have not signed goes too.
    mutating func follow(_ next: SignedMetadata<RootMetadata>) {
        let (old, new) = (root.content, next.content)
        root = next
        let isRotated = [ChannelRole.timestamp, .snapshot].contains { role in
            !Set(old.keys(of: role).values).isSubset(of: new.keys(of: role).values)
        }
        if isRotated || !isTrusted(timestamp) || !isTrusted(snapshot) {
            timestamp = nil
            snapshot = nil
        }
        if !isTrusted(targets) { targets = nil }
    }

    private func isTrusted<Content>(_ metadata: SignedMetadata<Content>?) -> Bool {
        do throws(ChannelRefusal) { try metadata?.check(by: root.content, named: "") } catch { return false }
        return true
    }

    /// Paths of the packs and of the metadata above them; empty where the channel is not whole.
    public var paths: [String] {
        guard timestamp != nil, let snapshot, let targets else { return [] }
        let root = root.content
        return targets.content.packs.map { ChannelPath.pack($0, in: root) } + [
            ChannelPath.metadata(.targets, version: targets.content.version, in: root),
            ChannelPath.metadata(.snapshot, version: snapshot.content.version, in: root), ChannelPath.timestamp,
        ]
    }

    /// Where a pack that is listed lies: `targets/HASH.NAME`.
    public func path(of pack: ListedPack) -> String { ChannelPath.pack(pack, in: root.content) }

    /// What has been out of date since when, by a clock that may be wrong: it is said, and stops nothing.
    public func expired(at time: Timestamp) -> [ChannelWarning] {
        let all: [(ChannelRole, (version: Int64, expires: Timestamp)?)] = [
            (.root, (root.content.version, root.content.expires)),
            (.timestamp, timestamp.map { ($0.content.version, $0.content.expires) }),
            (.snapshot, snapshot.map { ($0.content.version, $0.content.expires) }),
            (.targets, targets.map { ($0.content.version, $0.content.expires) }),
        ]
        return all.compactMap { role, state in
            guard let state, state.expires <= time else { return nil }
            return .expired(role, version: state.version, since: state.expires)
        }
    }
}
