public import FoundationEssentials
public import Reports

/// A built rule base: patterns, type-checked and compiled, under a version and a hash of the content.
public struct PatternPack: Sendable {
    /// A pattern of the pack that does not run, and why; the rest works without it.
    public struct Skipped: Hashable, Sendable {
        public enum Cause: Hashable, Sendable {
            /// This program cannot run it.
            case unread
            /// Its maker has taken it back.
            case withdrawn
            /// The site has switched it off.
            case switchedOff
        }

        public var id: String
        /// A sentence without its end: of this program, or the maker's or the site's own.
        public var because: String
        public var cause: Cause
        /// False for one on trial.
        public var isActive: Bool
        /// The kinds of part it is for, as far as this program knows them.
        public var kinds: [ComponentKind]
        /// What it reports, by language; empty where the pattern does not state it in the known form.
        public var titles: [String: String]

        fileprivate init(_ id: String, _ tree: SourceNode, _ cause: Cause, because: String) {
            self.id = id
            self.cause = cause
            var sentence = because
            while sentence.last == "." { sentence.removeLast() }
            self.because = sentence
            isActive = tree.text(under: "status") != Pattern.Status.shadow.rawValue
            let items = tree.node(under: "applies_to")?.node(under: "component")?.items ?? []
            kinds = items.compactMap { item in
                guard case .scalar(let word) = item.content else { return nil }
                return ComponentKind(rawValue: String(word.prefix(100)))
            }
            titles = [:]
            for language in Language.allCases {
                titles[language.rawValue] = tree.node(under: "text")?.node(under: language.rawValue)?
                    .text(under: "title").map { String($0.prefix(PatternLimits.textCharacters)) }
            }
        }
    }

    /// Counts breaking changes of the pack itself.
    public let format: Int
    /// The highest level that any of its patterns asks for.
    public let engineLevel: Int
    public let version: String
    /// SHA-256 of the pack's bytes, 64 hexadecimal digits; of several packs together, of what they are made of.
    public let contentHash: String
    /// Patterns that this program cannot run.
    public let skipped: [Skipped]
    /// Patterns that their makers have taken back, and those that the site has switched off.
    public let disabled: [Skipped]
    /// What the site changed, entry by entry; empty where it changed nothing.
    public let overlay: [OverlayEntry]

    /// Tree ensembles by their names.
    public let ensembles: [String: TreeEnsemble]
    let book: Rulebook

    /// The patterns, without their variants.
    public var patterns: [Pattern] { book.entries.map { book.compiled[$0.base].pattern } }

    /// Whether all its patterns are on trial, so that no fault of it makes a ticket.
    public var isOnTrial: Bool { !patterns.isEmpty && patterns.allSatisfy { $0.status == .shadow } }

    /// Parses and type-checks a built pack.
    ///
    /// Whoever built the pack has checked it. A pattern that cannot be read here speaks of signals, kinds or words that
    /// came after this program, and is skipped by itself (`skipped`): a server that is updated later keeps the rest.
    /// - Parameter trialsCount: takes patterns on trial for active ones, to see what they would do.
    /// - Throws: why the whole pack is refused; also where none of its patterns can be read.
    public init(json: Data, trialsCount: Bool = false) throws(PatternPackError) {
        try self.init(
            try PackContent(json: json), hash: ContentHash.sha256(json), trialsCount: trialsCount, mayBeNewer: true)
    }

    /// Builds a pack of pattern files. Drafts and retired patterns stay out; the tests stand beside the patterns.
    /// - Parameter trialsCount: takes patterns on trial for active ones, to see what they would do.
    public init(
        building files: [PatternFile], models: [PatternModel] = [], version: String, trialsCount: Bool = false
    ) throws(PatternPackError) {
        let content = try PackContent(of: files, models, version)
        try self.init(content, hash: ContentHash.sha256(try content.json()), trialsCount: trialsCount)
    }

    /// The patterns as files without tests, which are not read with a pack: for whoever shows and explains them.
    public var files: [PatternFile] {
        book.entries.map { entry in
            let all = [entry.base] + entry.variants.compactMap(\.compiled)
            return PatternFile(
                packed: book.compiled[entry.base].pattern, watching: all.flatMap { book.compiled[$0].watchedClasses })
        }
    }

    /// The bytes of such a pack: what `init(json:)` reads. The same patterns and version give the same bytes.
    public static func json(
        building files: [PatternFile], models: [PatternModel] = [], version: String
    ) throws(PatternPackError) -> Data {
        try PackContent(of: files, models, version).json()
    }

    /// One pattern for its own tests: whatever its status, and whatever it explains or looks for.
    init(alone file: PatternFile) throws(PatternPackError) {
        let models = Dictionary(file.models.map { ($0.name, $0.form) }, uniquingKeysWith: { first, _ in first })
        try self.init(
            PackContent(
                format: PatternLimits.packFormat, engineLevel: file.engineLevel, version: "test",
                patterns: [file.tree.without("tests")], models: models.isEmpty ? nil : models),
            hash: "", trialsCount: true)
    }

    /// - Parameters:
    ///   - mayBeNewer: skips a pattern that cannot be read, instead of refusing the pack.
    ///   - changes: what its makers and the site say of single patterns.
    init(
        _ content: PackContent, hash: String, trialsCount: Bool = false, mayBeNewer: Bool = false,
        changes: PatternChanges = PatternChanges()
    ) throws(PatternPackError) {
        guard content.patterns.count <= PatternLimits.patterns else { throw .tooMany(patterns: content.patterns.count) }
        format = content.format
        engineLevel = content.engineLevel
        version = String(content.version.prefix(100))
        contentHash = hash
        let ensembles = try content.ensembles()
        self.ensembles = ensembles
        var changes = changes
        var tables = ProgramTables()
        var compiled: [CompiledPattern] = []
        var entries: [PatternEntry] = []
        var skipped: [Skipped] = []
        var disabled: [Skipped] = []
        var firstProblem: PatternProblem?
        var seen: Set<String> = []
        for (index, tree) in content.patterns.enumerated() {
            let id = tree.patternID ?? "number \(index + 1)"
            guard seen.insert(id).inserted else { throw .duplicate(id: id) }
            if let (cause, because) = changes.reasonToDisable(id) {
                disabled.append(Skipped(id, tree, cause, because: because))
                continue
            }
            if let level = tree.text(under: "engine_level").flatMap(Int.init), level > PatternLimits.engineLevel {
                let because = "needs engine level \(level); this program has \(PatternLimits.engineLevel)"
                skipped.append(Skipped(id, tree, .unread, because: because))
                continue
            }
            // A tree that was built here knows its file and line; one out of a pack knows its pattern.
            let located = tree.location.line == nil ? tree.located(in: "pattern \(id)") : tree
            let compiledBefore = compiled.count
            func entry() throws(PatternProblem) -> PatternEntry {
                try PatternEntry(
                    compiling: try changes.pattern(of: id, reading: located), into: &compiled, tables: &tables,
                    ensembles: ensembles)
            }
            do throws(PatternProblem) {
                do throws(PatternProblem) { entries.append(try entry()) } catch {
                    guard changes.giveUpTuning(id, because: error) else { throw error }
                    compiled.removeSubrange(compiledBefore...)
                    entries.append(try entry())
                }
            } catch {
                guard mayBeNewer else { throw .pattern(error) }
                compiled.removeSubrange(compiledBefore...)
                firstProblem = firstProblem ?? error
                skipped.append(
                    Skipped(
                        id, tree, .unread,
                        because: "this program, \(CallhomeVersion.current), cannot read it: \(error.message)"))
            }
        }
        if let firstProblem, entries.isEmpty { throw .pattern(firstProblem) }
        self.skipped = skipped
        self.disabled = disabled
        overlay = changes.outcome(disabled: disabled, skipped: skipped)
        book = Rulebook(
            entries, compiled: compiled, tables: tables, skipped: Set(skipped.map(\.id)), disabled: disabled,
            trialsCount: trialsCount)
    }

    /// What does not fit between patterns that each fit by themselves: classes that are explained or looked for and that
    /// no pattern reports, and patterns that look for each other's faults in a circle.
    public static func problems(between files: [PatternFile]) -> [PatternProblem] {
        var problems: [PatternProblem] = []
        let classes = Set(files.map(\.pattern.faultClass))
        func isDangling(_ wanted: ClassPattern) -> Bool { !classes.contains(where: wanted.matches) }
        for file in files {
            for explanation in file.pattern.explanations where isDangling(explanation.faultClass) {
                problems.append(
                    PatternProblem(
                        explanation.location,
                        "`explains` names \(explanation.faultClass.text.prefix(100)), and no pattern tells of such a fault; "
                            + "mend its spelling or take it out"))
            }
            for watched in file.watchedClasses where isDangling(watched.faultClass) {
                problems.append(
                    PatternProblem(
                        watched.location,
                        "`active` looks for \(watched.faultClass.text.prefix(100)), and no pattern tells of such a fault; "
                            + "mend its spelling or take it out"))
            }
        }
        // Who looks for whom: a chain is judged round by round, a circle never ends.
        var reach: [String: Int] = [:]
        for _ in 0...PatternLimits.activeRounds {
            for file in files where !file.watchedClasses.isEmpty {
                let below = files.filter { other in
                    file.watchedClasses.contains { $0.faultClass.matches(other.pattern.faultClass) }
                }
                reach[file.pattern.id] = 1 + (below.compactMap { reach[$0.pattern.id] }.max() ?? 0)
            }
        }
        for file in files where reach[file.pattern.id] ?? 0 > PatternLimits.activeRounds {
            guard let watched = file.watchedClasses.first else { continue }
            problems.append(
                PatternProblem(
                    watched.location,
                    "`active` goes round in a circle, or through more than \(PatternLimits.activeRounds) patterns; "
                        + "look for the first sign instead"))
        }
        return problems
    }

    /// Whether a file is a built pack, whatever is wrong with it otherwise.
    public static func isPack(_ data: Data) -> Bool {
        struct Head: Decodable {
            struct Presence: Decodable { init(from decoder: any Decoder) {} }
            var format: Int
            var patterns: Presence
        }
        guard data.first == UInt8(ascii: "{"), data.count <= PatternLimits.packBytes,
            PackContent.depth(of: data) <= PatternLimits.packDepth
        else { return false }
        return (try? JSONDecoder().decode(Head.self, from: data)) != nil
    }

    /// Version and the beginning of the hash, for heartbeats: `1.4.2 sha256:1b4f0e98c7d2`.
    public var identity: String { "\(version) sha256:\(contentHash.prefix(12))" }
}

extension PatternPack: CustomStringConvertible {
    public var description: String { identity }
}

/// Why a pack is refused as a whole.
public enum PatternPackError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooLarge(bytes: Int)
    case tooDeep
    case tooMany(patterns: Int)
    case unreadable(because: String)
    case wrongFormat(found: Int)
    case duplicate(id: String)
    case pattern(PatternProblem)
    /// The pattern's id does not begin as its maker's must.
    case foreign(id: String, prefix: String)
    /// Another maker has a pattern of this name already.
    case taken(id: String, by: String)
    /// Of several makers' packs, none is left.
    case noneLeft([PatternComposition.Refusal])
    case model(name: String, because: String)

    public var description: String {
        switch self {
        case .tooLarge(let bytes):
            "the pattern pack has \(bytes) bytes; the limit is \(PatternLimits.packBytes)"
        case .tooDeep:
            "the pattern pack nests more than \(PatternLimits.packDepth) levels; it was not made by `patterns build`"
        case .tooMany(let patterns): "the pattern pack has \(patterns) patterns; the limit is \(PatternLimits.patterns)"
        case .unreadable(let because):
            "the pattern pack cannot be read: \(because); make it anew with `callhome patterns build`"
        case .wrongFormat(let found):
            "the pattern pack has format \(found), this program reads \(PatternLimits.packFormat); install the pack of its release"
        case .duplicate(let id): "two patterns are called \(id); give one another id"
        case .pattern(let problem): "\(problem)"
        case .foreign(let id, let prefix):
            "the pattern \(id) is not this maker's: the ids of its patterns begin with \(prefix.prefix(60))."
        case .taken(let id, let owner):
            "the pattern \(id) is there already, of \(owner): nobody replaces another's pattern; give it another id"
        case .noneLeft(let refusals):
            refusals.isEmpty ? "there is no pack of patterns" : refusals.map { "\($0)" }.joined(separator: "; ")
        case .model(let name, let because):
            "the model \(name) of the pattern pack cannot be used: \(because); import it anew with `callhome patterns import-model`"
        }
    }
}
