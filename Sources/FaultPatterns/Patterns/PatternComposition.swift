public import FoundationEssentials
import Reports

/// The patterns of several makers as one rule base, less what they took back, with what the site changed.
///
/// No maker may replace another's pattern: of two packs with one id the later is refused, with all that its maker brings,
/// and what came before it stays. What patterns say of each other (`explains`, `active`, models) holds over all of them.
public struct PatternComposition: Sendable {
    /// What one maker brings: the packs of one version of its channel, or the pack of the package.
    public struct Member: Sendable {
        /// What the site calls the maker: the channel's name.
        public var name: String
        /// The bytes of built packs.
        public var packs: [Data]
        /// Its patterns' ids begin with it and a dot; nil: it is bound to none.
        public var prefix: String?
        /// Why it has taken back patterns of its own, by their ids.
        public var withdrawals: [String: String]

        public init(name: String, packs: [Data], prefix: String? = nil, withdrawals: [String: String] = [:]) {
            self.name = name
            self.packs = packs
            self.prefix = prefix
            self.withdrawals = withdrawals
        }
    }

    /// A maker whose packs are left out, and why.
    public struct Refusal: Hashable, Sendable, CustomStringConvertible {
        public var member: String
        /// A sentence without its end.
        public var because: String
        public var description: String { "the patterns of \(member) are refused: \(because)" }
    }

    public let pack: PatternPack
    /// Makers that were left out; what the others bring works without them.
    public let refused: [Refusal]

    /// - Parameters:
    ///   - members: those that are bound to a prefix come after all others; else the order decides who is refused where
    ///     two bring one id, and nothing else.
    ///   - overlay: what the site changed.
    ///   - trialsCount: takes patterns on trial for active ones, to see what they would do.
    /// - Throws: why nothing is left that could run.
    public init(
        _ members: [Member], overlay: PatternOverlay? = nil, trialsCount: Bool = false
    ) throws(PatternPackError) {
        var parts = ComposedParts()
        var refused: [Refusal] = []
        let bound = members.filter { $0.prefix != nil }
            .sorted { ($0.prefix ?? "", $0.name) < ($1.prefix ?? "", $1.name) }
        for member in members.filter({ $0.prefix == nil }) + bound {
            do throws(PatternPackError) { parts = try parts.adding(member) } catch {
                refused.append(Refusal(member: String(member.name.prefix(100)), because: "\(error)"))
            }
        }
        guard refused.count < members.count else { throw .noneLeft(refused) }
        self.refused = refused
        let changes = PatternChanges(withdrawals: parts.withdrawals, overlay: overlay, to: parts.content.patterns)
        var content = parts.content
        content.patterns += changes.added
        pack = try PatternPack(
            content, hash: parts.hash(overlay: overlay), trialsCount: trialsCount, mayBeNewer: true, changes: changes)
    }
}

/// What was taken of the members so far.
private struct ComposedParts {
    var content = PackContent(
        format: PatternLimits.packFormat, engineLevel: 1, version: "", patterns: [], models: nil)
    /// By the ids of patterns that are there.
    var withdrawals: [String: String] = [:]
    private var hashes: [String] = []
    private var bytes = 0
    /// Whose pattern it is, by id; whose model, by name.
    private var owners: [String: String] = [:]
    private var modelOwners: [String: String] = [:]

    /// - Throws: why the member is refused, with all that it brings.
    func adding(_ member: PatternComposition.Member) throws(PatternPackError) -> ComposedParts {
        var next = self
        let name = String(member.name.prefix(100))
        // In the order of their hashes: the same packs are the same composition, however they are listed.
        let packs = member.packs.map { (hash: ContentHash.sha256($0), json: $0) }.sorted { $0.hash < $1.hash }
        for pack in packs where !next.hashes.contains(pack.hash) {
            next.bytes += pack.json.count
            guard next.bytes <= PatternLimits.compositionBytes else { throw .tooLarge(bytes: next.bytes) }
            try next.take(try PackContent(json: pack.json), of: name, prefix: member.prefix)
            next.hashes.append(pack.hash)
        }
        for (id, because) in member.withdrawals where next.owners[id] == name {
            next.withdrawals[id] = String(because.prefix(PatternLimits.reasonCharacters))
        }
        return next
    }

    private mutating func take(
        _ pack: PackContent, of name: String, prefix: String?
    ) throws(PatternPackError) {
        for tree in pack.patterns {
            guard let id = tree.patternID else { throw .unreadable(because: "a pattern of it has no id") }
            if let prefix, !id.hasPrefix("\(prefix).") { throw .foreign(id: id, prefix: prefix) }
            if let other = owners[id] { throw .taken(id: id, by: other) }
            owners[id] = name
        }
        // A model that cannot be computed is its maker's own.
        _ = try pack.ensembles()
        for (model, form) in pack.models ?? [:] {
            if let other = modelOwners[model], content.models?[model] != form {
                throw .model(
                    name: String(model.prefix(100)), because: "\(other) brings another one of this name")
            }
            content.models = content.models ?? [:]
            content.models?[model] = form
            modelOwners[model] = modelOwners[model] ?? name
        }
        content.patterns += pack.patterns
        guard content.patterns.count <= PatternLimits.patterns else {
            throw .tooMany(patterns: content.patterns.count)
        }
        content.engineLevel = max(content.engineLevel, pack.engineLevel)
        if !hashes.isEmpty { content.patterns.sort { ($0.patternID ?? "") < ($1.patternID ?? "") } }
        let versions = Set(content.version.split(separator: "+").map(String.init) + [pack.version])
        content.version = versions.sorted().joined(separator: "+")
    }

    /// Of one pack as it is, its own hash; else of what there is together, in whatever order it was named.
    func hash(overlay: PatternOverlay?) -> String {
        if hashes.count == 1, withdrawals.isEmpty, overlay?.isEmpty ?? true { return hashes[0] }
        var lines = hashes.sorted().map { "pack \($0)" } + withdrawals.keys.sorted().map { "withdrawn \($0)" }
        if let overlay, !overlay.isEmpty { lines.append("overlay \(overlay.contentHash)") }
        return ContentHash.sha256(Data(lines.joined(separator: "\n").utf8))
    }
}
