public import Reports

/// A pattern that its maker takes back: it is disabled wherever it runs, before any ring.
public struct Withdrawal: Hashable, Sendable, Codable {
    /// The pattern's id.
    public var pattern: String
    public var because: String

    public init(pattern: String, because: String) {
        self.pattern = pattern
        self.because = because
    }
}

/// What a pack holds, as whoever reads packs says it.
public struct PackContents: Hashable, Sendable {
    public var engineLevel: Int
    /// Revisions by the patterns' ids.
    public var patterns: [String: Int]
    /// Patterns that the reader cannot read: a newer program can.
    public var unread: Set<String>

    public init(engineLevel: Int, patterns: [String: Int], unread: Set<String> = []) {
        self.engineLevel = engineLevel
        self.patterns = patterns
        self.unread = unread
    }
}

/// A pack as its channel lists it.
public struct ListedPack: Hashable, Sendable {
    /// Its target path: a name without a folder.
    public var name: String
    /// Bytes.
    public var length: Int
    /// 64 lower-case hexadecimal digits.
    public var sha256: String
    public var engineLevel: Int
    /// Revisions by the patterns' ids.
    public var patterns: [String: Int]
    public var withdrawals: [Withdrawal]

    public init(
        name: String, length: Int, sha256: String, engineLevel: Int, patterns: [String: Int], withdrawals: [Withdrawal]
    ) {
        self.name = name
        self.length = length
        self.sha256 = sha256
        self.engineLevel = engineLevel
        self.patterns = patterns
        self.withdrawals = withdrawals
    }

    /// Whether a name is one that a pack may have: no path leads out of its folder, and an archive's name field holds it.
    public static func isName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return (1...ChannelLimits.nameBytes).contains(bytes.count) && bytes[0] != UInt8(ascii: ".")
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "._-".utf8.contains(byte)
                }
            }
    }

    init(_ name: String, _ fields: MetadataFields) throws(MetadataProblem) {
        guard ListedPack.isName(name) else {
            throw MetadataProblem(
                "\(fields.place): a pack's name has at most \(ChannelLimits.nameBytes) letters, digits, ., _ and -")
        }
        self.name = name
        length = Int(try fields.number("length", in: 1...Int64(ChannelLimits.packBytes)))
        sha256 = try fields.sha256()
        let custom = try fields.object("custom")
        engineLevel = Int(try custom.number("engine_level", in: 1...1_000_000))
        patterns = [:]
        let listed = try custom.object("patterns")
        for (id, value) in try listed.sorted(atMost: ChannelLimits.patterns) {
            guard case .number(let revision) = value, (0...1_000_000_000).contains(revision),
                id.utf8.count <= ChannelLimits.idBytes
            else { throw MetadataProblem("\(listed.at(id)): an id and the number of its revision are needed") }
            patterns[id] = Int(revision)
        }
        withdrawals = []
        guard custom.members["withdrawals"] != nil else { return }
        for item in try custom.array("withdrawals", atMost: ChannelLimits.withdrawals) {
            let fields = try MetadataFields(item, at: custom.at("withdrawals"))
            withdrawals.append(
                Withdrawal(
                    pattern: try fields.text("pattern", bytes: ChannelLimits.idBytes),
                    because: try fields.text("because", bytes: ChannelLimits.reasonBytes)))
        }
    }

    var value: MetadataValue {
        var custom: [String: MetadataValue] = [
            "engine_level": .number(Int64(engineLevel)),
            "patterns": .object(patterns.mapValues { .number(Int64($0)) }),
        ]
        if !withdrawals.isEmpty {
            custom["withdrawals"] = .array(
                withdrawals.map { .object(["pattern": .text($0.pattern), "because": .text($0.because)]) })
        }
        return .object([
            "length": .number(Int64(length)), "hashes": .object(["sha256": .text(sha256)]), "custom": .object(custom),
        ])
    }
}

/// `N.targets.json`: the packs.
public struct TargetsMetadata: MetadataContent {
    public static let role = ChannelRole.targets
    public static let maximumBytes = ChannelLimits.targetsBytes
    public var version: Int64
    public var expires: Timestamp
    /// In the order of their names.
    public var packs: [ListedPack]
    /// Whether it delegates packs to further roles, which nobody here follows.
    public private(set) var delegates = false

    public init(version: Int64, expires: Timestamp, packs: [ListedPack]) {
        self.version = version
        self.expires = expires
        self.packs = packs.sorted { $0.name < $1.name }
    }

    public init(signed: MetadataValue) throws(MetadataProblem) {
        let fields = try MetadataFields(signed, at: "signed")
        let head = try MetadataHead(fields, of: .targets)
        version = head.version
        expires = head.expires
        packs = []
        let listed = try fields.object("targets")
        for (name, value) in try listed.sorted(atMost: ChannelLimits.packs) {
            packs.append(try ListedPack(name, try MetadataFields(value, at: listed.at(name))))
        }
        let bytes = packs.reduce(0) { $0 + $1.length }
        guard bytes <= ChannelLimits.allPackBytes else {
            throw MetadataProblem("the packs have \(bytes) bytes of \(ChannelLimits.allPackBytes)")
        }
        delegates = fields.members["delegations"] != nil
    }

    public var signed: MetadataValue {
        var members = MetadataHead(version: version, expires: expires).members(of: .targets)
        members["targets"] = .object(Dictionary(uniqueKeysWithValues: packs.map { ($0.name, $0.value) }))
        return .object(members)
    }
}
