import Reports

/// Finds words in a pattern file that no agent reports: kinds of part, attributes and their values, codes of mends, and
/// labels of signals. A pattern with one of them is well formed, and never fires.
///
/// Only files are held against it. Packs may come from a newer build, which knows more words.
struct PatternVocabulary {
    private static let kinds = ComponentKind.known.map(\.rawValue)

    /// - Throws: the first strange word, with its place and what may be meant.
    static func check(_ tree: SourceNode) throws(PatternProblem) {
        try selection(tree.node(under: "applies_to"), isComponent: true)
        try selection(tree.node(under: "except"))
        try suspects(tree.node(under: "suspects"))
        try action(tree.node(under: "action"))
        try units(tree.node(under: "tunable"))
        for item in tree.node(under: "explains")?.items ?? [] { try explained(item) }
        for variant in tree.node(under: "variants")?.items ?? [] {
            try selection(variant.node(under: "with"), isExact: false)
            try suspects(variant.node(under: "suspects"))
            try action(variant.node(under: "action"))
        }
        for test in tree.node(under: "tests")?.items ?? [] {
            guard case .mapping(let others)? = test.node(under: "components")?.content else { continue }
            for other in others { try kind(other.value.node(under: "kind")) }
        }
    }

    /// - Throws: the first signal with a label that no probe reports, and the first kind of part in a function that
    ///   does not exist.
    static func check(_ pattern: Pattern) throws(PatternProblem) {
        for part in ([pattern] + pattern.variants.compactMap(\.pattern)).flatMap(\.allExpressions).flatMap(\.parts) {
            switch part.kind {
            case .signal(let signal):
                if let objection = SignalCatalogue.formObjection(to: signal) {
                    throw PatternProblem(part.location, objection)
                }
            case .call("above", let arguments):
                if case .text(let word)? = arguments.first?.kind { try kind(word, at: arguments[0].location) }
            case .call("active", let arguments):
                if case .text(let scope)? = arguments.last?.kind { try self.scope(scope, at: arguments[0].location) }
            default: continue
            }
        }
    }

    // MARK: Parts

    private static func units(_ node: SourceNode?) throws(PatternProblem) {
        guard case .mapping(let entries)? = node?.content else { return }
        let known = Set(SignalCatalogue.entries.map(\.unit))
        for entry in entries {
            guard let unit = entry.value.node(under: "unit"), case .scalar(let text) = unit.content else { continue }
            guard !known.contains(text.trimmed) else { continue }
            throw PatternProblem(
                unit.location,
                "no signal is in \(text.trimmed.prefix(60)); \(Wording.hint(text.trimmed, among: known.sorted()))")
        }
    }

    private static func kind(_ node: SourceNode?) throws(PatternProblem) {
        guard let node, case .scalar(let text) = node.content else { return }
        try kind(text.trimmed, at: node.location)
    }

    private static func kind(_ word: String, at place: SourceLocation) throws(PatternProblem) {
        guard !kinds.contains(word) else { return }
        throw PatternProblem(
            place, "no kind of part is called \(word.prefix(60)); \(Wording.hint(word, among: kinds))")
    }

    private static func scope(_ text: String, at place: SourceLocation) throws(PatternProblem) {
        if case .under(let kind)? = Scope(text) { try self.kind(kind.rawValue, at: place) }
    }

    /// - Parameter isExact: whether texts without `*` are compared letter by letter, as in `applies_to`.
    private static func selection(
        _ node: SourceNode?, isComponent: Bool = false, isExact: Bool = true
    ) throws(PatternProblem) {
        guard case .mapping(let entries)? = node?.content else { return }
        for entry in entries {
            if isComponent, entry.key == "component" {
                for item in entry.value.items { try kind(item) }
                continue
            }
            guard let known = AttributeCatalogue.entry(named: entry.key) else {
                let names = AttributeCatalogue.entries.map(\.name) + (isComponent ? ["component"] : [])
                throw PatternProblem(
                    entry.location,
                    "no part has an attribute `\(entry.key.prefix(60))`; \(Wording.hint(entry.key, among: names))")
            }
            guard !known.values.isEmpty else { continue }
            for item in entry.value.items {
                guard case .scalar(let text) = item.content else { continue }
                let value = text.trimmed
                let isOne = known.values.contains {
                    isExact && !value.contains("*") ? value == $0 : Glob.matches(value, $0)
                }
                guard !isOne else { continue }
                throw PatternProblem(
                    item.location,
                    "`\(entry.key)` is never \(value.prefix(60)); it is one of \(known.values.joined(separator: ", "))")
            }
        }
    }

    private static func suspects(_ node: SourceNode?) throws(PatternProblem) {
        for item in node?.items ?? [] {
            guard let part = item.node(under: "part"), case .scalar(let text) = part.content else { continue }
            let word = text.trimmed
            guard !["self", "parent"].contains(word), !kinds.contains(word) else { continue }
            throw PatternProblem(
                part.location,
                "no kind of part is called \(word.prefix(60)); \(Wording.hint(word, among: kinds + ["self", "parent"]))"
            )
        }
    }

    private static func action(_ node: SourceNode?) throws(PatternProblem) {
        guard let node, case .scalar(let text) = node.content else { return }
        let code = text.trimmed
        guard !ActionCatalogue.all.contains(code) else { return }
        throw PatternProblem(
            node.location, "no mend has the code \(code.prefix(60)); \(Wording.hint(code, among: ActionCatalogue.all))")
    }

    private static func explained(_ node: SourceNode) throws(PatternProblem) {
        guard case .scalar(let text) = node.content else { return }
        let words = text.split(separator: " ").map(String.init)
        guard let under = words.firstIndex(of: "under"), under > 0, under + 1 < words.count,
            !["self", "parent"].contains(words[under + 1])
        else { return }
        try kind(words[under + 1], at: node.location)
    }
}

extension SourceNode {
    /// What stands under a key of a mapping.
    func node(under key: String) -> SourceNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }
}
