public import FoundationEssentials
public import Reports

/// What a site changes of the patterns that it gets: it may switch a pattern off, set it on trial, choose parameters within
/// the pattern's own bounds, and add patterns of its own. It is kept over updates.
///
/// An entry that no longer fits what the makers bring has no effect, which is told (`OverlayEntry.inactive`), and harms
/// nothing else.
public struct PatternOverlay: Sendable {
    /// The ids of a site's own patterns begin so.
    public static let prefix = "site."
    static let format = "1"

    struct Parameter: Sendable {
        var name: String
        var value: String
    }

    struct Tuning: Sendable {
        var parameters: [Parameter]
        var because: String
    }

    /// SHA-256 of its bytes, 64 hexadecimal digits.
    public let contentHash: String
    /// Why patterns are switched off, by their ids.
    let disabled: [String: String]
    /// Why patterns are on trial, by their ids.
    let shadowed: [String: String]
    let tuned: [String: Tuning]
    /// As they are written.
    let added: [SourceNode]

    /// Whether it changes nothing.
    public var isEmpty: Bool { disabled.isEmpty && shadowed.isEmpty && tuned.isEmpty && added.isEmpty }

    /// Reads what `callhome patterns overlay` wrote.
    /// - Throws: why the whole is refused; patterns run on without it.
    public init(json: Data) throws(PatternProblem) {
        let place = SourceLocation(file: "overlay")
        guard json.count <= PatternLimits.overlayBytes else {
            throw PatternProblem(
                place, "the overlay has \(json.count) bytes; the limit is \(PatternLimits.overlayBytes)")
        }
        guard PackContent.depth(of: json) <= PatternLimits.packDepth else {
            throw PatternProblem(place, "the overlay nests more than \(PatternLimits.packDepth) levels")
        }
        let tree: SourceNode
        do { tree = try JSONDecoder().decode(SourceNode.self, from: json) } catch {
            throw PatternProblem(
                place, "the overlay is not JSON; make it with `callhome patterns overlay FILE -o overlay.json`")
        }
        try self.init(reading: tree.located(in: place.file), hash: ContentHash.sha256(json))
    }

    /// The bytes that agents read, of the file that a person wrote.
    /// - Parameter added: the file's own patterns, checked: they go in without their tests.
    /// - Throws: why it is refused, with line and column, and the mend.
    public static func json(
        of tree: SourceNode, adding added: [PatternFile]
    ) throws(PatternProblem) -> Data {
        guard case .mapping(var entries) = tree.content else { throw PatternOverlay.noMapping(tree) }
        entries.removeAll { ["add", "format"].contains($0.key) }
        func append(_ key: String, _ content: SourceNode.Content) {
            entries.append(
                SourceNode.Entry(key: key, location: tree.location, value: SourceNode(content, at: tree.location)))
        }
        append("format", .scalar(format))
        if !added.isEmpty { append("add", .sequence(added.map(\.shippedTree))) }
        let whole = SourceNode(.mapping(entries), at: tree.location)
        _ = try PatternOverlay(reading: whole)
        do { return try WireFormat.encode(whole) } catch {
            throw PatternProblem(tree.location, "the overlay cannot be written: \(error)")
        }
    }

    /// The patterns that a file adds, as they are written.
    public static func added(in tree: SourceNode) -> [SourceNode] { tree.node(under: "add")?.items ?? [] }

    /// - Parameter tree: the file that a person wrote.
    /// - Throws: the first thing that an overlay may not do, with line and column.
    public init(reading tree: SourceNode) throws(PatternProblem) { try self.init(reading: tree, hash: "") }

    private static func noMapping(_ tree: SourceNode) -> PatternProblem {
        PatternProblem(
            tree.location,
            "an overlay is a mapping with `disable`, `shadow`, `tune` and `add`, each of which may be missing")
    }

    private init(reading tree: SourceNode, hash: String) throws(PatternProblem) {
        contentHash = hash
        guard case .mapping(let entries) = tree.content else { throw PatternOverlay.noMapping(tree) }
        for entry in entries where !["format", "disable", "shadow", "tune", "add"].contains(entry.key) {
            throw PatternProblem(
                entry.location,
                "an overlay cannot say `\(entry.key.prefix(60))`: it may `disable`, `shadow`, `tune` and `add`, and change "
                    + "nothing else of a pattern")
        }
        if let format = tree.node(under: "format"), try format.text(of: "format") != PatternOverlay.format {
            throw PatternProblem(format.location, "this program reads overlays of format \(PatternOverlay.format)")
        }
        let disabled = try PatternOverlay.reasons(tree.node(under: "disable"), "disable")
        let shadowed = try PatternOverlay.reasons(tree.node(under: "shadow"), "shadow")
        let tuned = try PatternOverlay.tunings(tree.node(under: "tune"))
        (self.disabled, self.shadowed, self.tuned) = (disabled, shadowed, tuned)
        if let node = tree.node(under: "shadow") ?? tree.node(under: "tune"),
            let id = disabled.keys.sorted().first(where: { shadowed[$0] != nil || tuned[$0] != nil })
        {
            throw PatternProblem(
                node.location, "\(id) is switched off by `disable`; take its other entry out, or that one")
        }
        added = PatternOverlay.added(in: tree)
        guard disabled.count + shadowed.count + tuned.count <= PatternLimits.overlayEntries,
            added.count <= PatternLimits.overlayPatterns
        else {
            throw PatternProblem(
                tree.location,
                "an overlay changes \(PatternLimits.overlayEntries) patterns and adds \(PatternLimits.overlayPatterns) at most"
            )
        }
        var ids: Set<String> = []
        for pattern in added {
            guard let id = pattern.patternID, id.hasPrefix(PatternOverlay.prefix) else {
                throw PatternProblem(
                    pattern.location,
                    "a pattern that a site adds has an id that begins with \(PatternOverlay.prefix), such as "
                        + "site.tape-library-hot")
            }
            guard ids.insert(id).inserted else {
                throw PatternProblem(pattern.location, "two patterns are called \(id); give one another id")
            }
        }
    }

    private static func entries(_ node: SourceNode?, _ key: String) throws(PatternProblem) -> [SourceNode.Entry] {
        guard let node else { return [] }
        guard case .mapping(let entries) = node.content else {
            throw PatternProblem(node.location, "`\(key)` is a mapping of patterns' ids")
        }
        return entries
    }

    /// A pattern's id and why: `disk.ata.link-crc: the cables are on order`.
    private static func reasons(_ node: SourceNode?, _ key: String) throws(PatternProblem) -> [String: String] {
        var reasons: [String: String] = [:]
        for entry in try entries(node, key) {
            guard case .scalar = entry.value.content else {
                throw PatternProblem(
                    entry.location,
                    "`\(key)` says of a pattern only why, in a sentence: \(entry.key.prefix(60)): the cables are on order"
                )
            }
            reasons[try id(entry)] = try reason(entry.value, of: entry.key)
        }
        return reasons
    }

    private static func id(_ entry: SourceNode.Entry) throws(PatternProblem) -> String {
        guard (1...100).contains(entry.key.utf8.count) else {
            throw PatternProblem(entry.location, "`\(entry.key.prefix(60))` is no pattern's id")
        }
        return entry.key
    }

    private static func reason(_ node: SourceNode, of key: String) throws(PatternProblem) -> String {
        let text = try node.text(of: key)
        guard text.unicodeScalars.count <= PatternLimits.reasonCharacters else {
            throw PatternProblem(
                node.location, "why has at most \(PatternLimits.reasonCharacters) characters")
        }
        return text
    }

    /// `backup.overdue: { limit: 8d, because: backups run weekly here }`.
    private static func tunings(_ node: SourceNode?) throws(PatternProblem) -> [String: Tuning] {
        var tunings: [String: Tuning] = [:]
        for entry in try entries(node, "tune") {
            var fields = try MappingReader(entry.value, what: "`tune` of \(entry.key.prefix(60))")
            let because = try reason(try fields.required("because"), of: "because")
            var parameters: [Parameter] = []
            for field in fields.rest {
                guard case .scalar = field.value.content else {
                    throw PatternProblem(
                        field.location,
                        "`tune` gives parameters of `tunable` a number or a length of time; "
                            + "`\(field.key.prefix(60))` of a pattern cannot be changed otherwise")
                }
                parameters.append(
                    Parameter(name: String(field.key.prefix(60)), value: try field.value.text(of: field.key)))
            }
            guard (1...PatternLimits.tunables).contains(parameters.count) else {
                throw PatternProblem(
                    entry.location, "`tune` of \(entry.key.prefix(60)) names 1 to \(PatternLimits.tunables) parameters")
            }
            tunings[try id(entry)] = Tuning(parameters: parameters.sorted { $0.name < $1.name }, because: because)
        }
        return tunings
    }
}

/// One thing that a site changes of the patterns that it gets, and whether it has any effect.
public struct OverlayEntry: Hashable, Sendable, Encodable {
    public enum Action: String, Hashable, Sendable, Encodable {
        case disable, shadow, tune, add
    }

    public var action: Action
    public var pattern: String
    /// The site's reason; of a pattern that it adds, none.
    public var because: String
    /// `tune`: the parameter, and what it is to be.
    public var parameter: String?
    public var value: String?
    /// Why it has no effect; nil where it has.
    public var inactive: OverlayObjection?
}

/// Why an entry of an overlay has no effect, in a sentence without its end.
public struct OverlayObjection: Hashable, Sendable, CustomStringConvertible {
    private let english: String
    private let german: String

    init(_ english: String, _ german: String) { (self.english, self.german) = (english, german) }

    public func words(in language: Language) -> String { language(english, german) }
    public var description: String { english }
}

extension OverlayObjection: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(english)
    }
}
