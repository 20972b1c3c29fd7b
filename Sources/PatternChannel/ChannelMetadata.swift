public import Reports

/// The four roles of The Update Framework.
public enum ChannelRole: String, Sendable, CaseIterable, Codable { case root, targets, snapshot, timestamp }

/// What stands in each kind of metadata.
public protocol MetadataContent: Sendable {
    static var role: ChannelRole { get }
    /// Bytes of a file of it.
    static var maximumBytes: Int { get }
    /// Counts up; the newest that is known never falls.
    var version: Int64 { get }
    /// Until when whoever signed it says that it is fresh.
    var expires: Timestamp { get }
    init(signed: MetadataValue) throws(MetadataProblem)
}

/// The members that every kind has.
struct MetadataHead {
    var version: Int64
    var expires: Timestamp

    /// The version of the specification that is written.
    static let specification = "1.0.33"

    init(version: Int64, expires: Timestamp) {
        self.version = version
        self.expires = expires
    }

    init(_ fields: MetadataFields, of role: ChannelRole) throws(MetadataProblem) {
        let kind = try fields.text("_type", bytes: 100)
        guard kind == role.rawValue else {
            throw MetadataProblem("it is \(kind.debugDescription), not \(role.rawValue)")
        }
        let specification = try fields.text("spec_version", bytes: 100)
        guard specification.hasPrefix("1.") else {
            throw MetadataProblem(
                "it is of version \(specification.debugDescription) of the specification; 1.0 is read")
        }
        version = try fields.number("version", in: 1...ChannelLimits.version)
        let text = try fields.text("expires", bytes: 100)
        guard text.utf8.count == 20, text.hasSuffix("Z"), let time = Timestamp(text: text) else {
            throw MetadataProblem("\(fields.at("expires")): a time such as 2026-11-21T07:15:00Z is needed")
        }
        expires = time
    }

    func members(of role: ChannelRole) -> [String: MetadataValue] {
        [
            "_type": .text(role.rawValue), "spec_version": .text(MetadataHead.specification),
            "version": .number(version), "expires": .text(expires.rfc3339),
        ]
    }
}

/// Which keys sign a role, and how many of them are needed.
public struct RoleKeys: Hashable, Sendable {
    public var keyIDs: [String]
    public var threshold: Int

    public init(keyIDs: [String], threshold: Int) {
        self.keyIDs = keyIDs
        self.threshold = threshold
    }
}

/// `N.root.json`: who may sign what.
public struct RootMetadata: MetadataContent {
    public static let role = ChannelRole.root
    public static let maximumBytes = ChannelLimits.rootBytes
    public var version: Int64
    public var expires: Timestamp
    public var consistentSnapshot: Bool
    public var keys: [String: ChannelKey]
    public var roles: [ChannelRole: RoleKeys]

    public init(
        version: Int64, expires: Timestamp, consistentSnapshot: Bool = true, keys: [String: ChannelKey],
        roles: [ChannelRole: RoleKeys]
    ) {
        self.version = version
        self.expires = expires
        self.consistentSnapshot = consistentSnapshot
        self.keys = keys
        self.roles = roles
    }

    public init(signed: MetadataValue) throws(MetadataProblem) {
        let fields = try MetadataFields(signed, at: "signed")
        let head = try MetadataHead(fields, of: .root)
        version = head.version
        expires = head.expires
        consistentSnapshot =
            fields.members["consistent_snapshot"] == nil ? false : try fields.flag("consistent_snapshot")
        keys = [:]
        let listed = try fields.object("keys")
        for (id, value) in try listed.sorted(atMost: ChannelLimits.keys) {
            keys[id] = try ChannelKey(value, at: listed.at(id))
        }
        roles = [:]
        let named = try fields.object("roles")
        for role in ChannelRole.allCases {
            let fields = try named.object(role.rawValue)
            var ids: [String] = []
            for item in try fields.array("keyids", atMost: ChannelLimits.signatures) {
                guard case .text(let id) = item, !ids.contains(id) else {
                    throw MetadataProblem("\(fields.at("keyids")): each is a text, and stands once")
                }
                ids.append(id)
            }
            let threshold = try fields.number("threshold", in: 1...Int64(ChannelLimits.signatures))
            roles[role] = RoleKeys(keyIDs: ids, threshold: Int(threshold))
        }
    }

    /// What is signed.
    public var signed: MetadataValue {
        var members = MetadataHead(version: version, expires: expires).members(of: .root)
        members["consistent_snapshot"] = .flag(consistentSnapshot)
        members["keys"] = .object(keys.mapValues(\.value))
        var roles: [String: MetadataValue] = [:]
        for (role, keys) in self.roles {
            roles[role.rawValue] = .object([
                "keyids": .array(keys.keyIDs.map { .text($0) }), "threshold": .number(Int64(keys.threshold)),
            ])
        }
        members["roles"] = .object(roles)
        return .object(members)
    }

    /// The keys of a role that can verify, by their ids.
    func keys(of role: ChannelRole) -> [String: VerifyingKey] {
        var found: [String: VerifyingKey] = [:]
        for id in roles[role]?.keyIDs ?? [] { found[id] = keys[id]?.verifying }
        return found
    }
}

/// How one metadata file is listed in another.
public struct ListedMetadata: Hashable, Sendable {
    public var version: Int64
    /// Bytes; nil where the list does not say.
    public var length: Int?
    /// 64 hexadecimal digits; nil where the list does not say.
    public var sha256: String?

    init(version: Int64) { self.version = version }

    init(_ fields: MetadataFields) throws(MetadataProblem) {
        version = try fields.number("version", in: 1...ChannelLimits.version)
        length = fields.members["length"] == nil ? nil : Int(try fields.number("length", in: 1...1 << 30))
        sha256 = fields.members["hashes"] == nil ? nil : try fields.sha256()
    }

    var value: MetadataValue { .object(["version": .number(version)]) }
}

/// `N.snapshot.json`: which versions belong together.
public struct SnapshotMetadata: MetadataContent {
    public static let role = ChannelRole.snapshot
    public static let maximumBytes = ChannelLimits.snapshotBytes
    public var version: Int64
    public var expires: Timestamp
    /// By name without version: `targets.json`.
    public var files: [String: ListedMetadata]

    public init(version: Int64, expires: Timestamp, targetsVersion: Int64) {
        self.version = version
        self.expires = expires
        files = [SnapshotMetadata.targets: ListedMetadata(version: targetsVersion)]
    }

    static let targets = "targets.json"

    public init(signed: MetadataValue) throws(MetadataProblem) {
        let fields = try MetadataFields(signed, at: "signed")
        let head = try MetadataHead(fields, of: .snapshot)
        version = head.version
        expires = head.expires
        files = [:]
        let listed = try fields.object("meta")
        for (name, value) in try listed.sorted(atMost: ChannelLimits.listedFiles) {
            files[name] = try ListedMetadata(try MetadataFields(value, at: listed.at(name)))
        }
        guard files[SnapshotMetadata.targets] != nil else {
            throw MetadataProblem("\(listed.at(SnapshotMetadata.targets)) is missing")
        }
    }

    public var signed: MetadataValue {
        var members = MetadataHead(version: version, expires: expires).members(of: .snapshot)
        members["meta"] = .object(files.mapValues(\.value))
        return .object(members)
    }
}

/// `timestamp.json`: the newest snapshot.
public struct TimestampMetadata: MetadataContent {
    public static let role = ChannelRole.timestamp
    public static let maximumBytes = ChannelLimits.timestampBytes
    public var version: Int64
    public var expires: Timestamp
    public var snapshot: ListedMetadata

    public init(version: Int64, expires: Timestamp, snapshotVersion: Int64) {
        self.version = version
        self.expires = expires
        snapshot = ListedMetadata(version: snapshotVersion)
    }

    private static let snapshotName = "snapshot.json"

    public init(signed: MetadataValue) throws(MetadataProblem) {
        let fields = try MetadataFields(signed, at: "signed")
        let head = try MetadataHead(fields, of: .timestamp)
        version = head.version
        expires = head.expires
        snapshot = try ListedMetadata(try fields.object("meta").object(TimestampMetadata.snapshotName))
    }

    public var signed: MetadataValue {
        var members = MetadataHead(version: version, expires: expires).members(of: .timestamp)
        members["meta"] = .object([TimestampMetadata.snapshotName: snapshot.value])
        return .object(members)
    }
}
