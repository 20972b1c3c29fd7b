import Reports

/// Signals that no pattern judges and why that is right: `patterns/context-signals.yaml`.
///
/// Each entry names what judges the signal instead, a pattern, a signal or a model, or of what it is a covariate.
/// Under `context` stand signals that no pattern judges at all, under `values` kinds of parts, values of labels and
/// words of states that none judges, of signals that are judged otherwise.
public struct ContextSignals: Sendable {
    /// The name of the file, beside the folders of the patterns.
    public static let fileName = "context-signals.yaml"
    /// Names of signals under `context`, at most.
    public static let limit = 55

    /// Of what a signal that says nothing by itself is a covariate.
    enum Covariate: String, CaseIterable, Sendable { case load, setting, life }

    struct Entry: Sendable {
        var signal: Signal
        /// By label the only values that are meant.
        var values: [String: [String]]
        /// Empty: of any kind of part.
        var kinds: [ComponentKind]
        /// Words of the state; empty: any.
        var words: [String]
        /// Patterns, signals or models that judge it instead.
        var judges: [String]
        var covariate: Covariate?
        var why: String
        /// Whether no pattern judges the signal at all.
        var isWhole: Bool
        var location: SourceLocation

        func covers(_ unit: ToldUnit) -> Bool {
            unit.isMeant(by: signal)
                && values.allSatisfy { label, some in unit.labels[label].map(some.contains) ?? false }
                && (kinds.isEmpty || kinds.contains(unit.kind))
                && (words.isEmpty || unit.word.map(words.contains) ?? true)
        }
    }

    let entries: [Entry]
    let location: SourceLocation

    /// - Throws: what is wrong, with its line and the mend.
    public init(reading tree: SourceNode) throws(PatternProblem) {
        location = tree.location
        guard case .mapping(let top) = tree.content, top.allSatisfy({ ContextSignals.lists.contains($0.key) }) else {
            throw PatternProblem(
                tree.location, "the file has the lists \(ContextSignals.lists.joined(separator: " and "))")
        }
        var entries: [Entry] = []
        for list in top {
            guard case .sequence(let items) = list.value.content else {
                throw PatternProblem(list.location, "`\(list.key)` is a list of entries")
            }
            let isWhole = list.key == ContextSignals.lists.first
            for item in items { entries.append(try ContextSignals.entry(item, isWhole: isWhole)) }
            let names = Set(entries.filter(\.isWhole).map(\.signal.name))
            guard names.count <= ContextSignals.limit else {
                throw PatternProblem(
                    list.location,
                    "\(names.count) signals are context only; the limit is \(ContextSignals.limit): write a pattern")
            }
        }
        self.entries = entries
    }

    private static let lists = ["context", "values"]
    private static let keys = ["signal", "with", "of", "is", "judge", "covariate", "why"]

    private static func entry(_ item: SourceNode, isWhole: Bool) throws(PatternProblem) -> Entry {
        guard case .mapping(let fields) = item.content else {
            throw PatternProblem(item.location, "an entry has the keys \(keys.joined(separator: ", "))")
        }
        for field in fields where !keys.contains(field.key) {
            throw PatternProblem(
                field.location, "no key is called `\(field.key)`; there are \(keys.joined(separator: ", "))")
        }
        func texts(_ key: String) throws(PatternProblem) -> [String] {
            guard let field = fields.first(where: { $0.key == key }) else { return [] }
            return try ContextSignals.texts(of: field)
        }
        guard let name = fields.first(where: { $0.key == "signal" })?.value else {
            throw PatternProblem(item.location, "an entry needs `signal`")
        }
        guard case .signal(let signal) = try ExpressionParser.parse(name).kind,
            let known = SignalCatalogue.entry(named: signal.name)
        else { throw PatternProblem(name.location, "`signal` is a signal of the catalogue, with labels or without") }
        for label in signal.labels where known.labels[label.key] == nil {
            throw PatternProblem(name.location, "\(signal.name) has no label \(label.key)")
        }
        var values: [String: [String]] = [:]
        if case .mapping(let labels)? = fields.first(where: { $0.key == "with" })?.value.content {
            for label in labels {
                guard known.labels[label.key] != nil else {
                    throw PatternProblem(label.location, "\(signal.name) has no label \(label.key)")
                }
                values[label.key] = try ContextSignals.texts(of: label)
            }
        }
        let covariates = try texts("covariate")
        let covariate = covariates.first.flatMap(Covariate.init)
        guard covariates.isEmpty || covariate != nil else {
            throw PatternProblem(
                item.location,
                "`covariate` is one of \(Covariate.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let kinds = try texts("of").map(ComponentKind.init(rawValue:))
        if let unknown = kinds.first(where: { !ComponentKind.known.contains($0) }) {
            throw PatternProblem(item.location, "no kind of part is called \(unknown.rawValue)")
        }
        let judges = try texts("judge")
        guard !judges.isEmpty || covariate != nil else {
            throw PatternProblem(
                item.location,
                "an entry that names no `judge` and no `covariate` is no reason: say what judges it instead")
        }
        guard let why = try texts("why").first, !why.isEmpty else {
            throw PatternProblem(item.location, "an entry needs `why`: a sentence")
        }
        return Entry(
            signal: signal, values: values, kinds: kinds, words: try texts("is"), judges: judges, covariate: covariate,
            why: why,
            isWhole: isWhole, location: item.location)
    }

    /// A word, or a list of words.
    private static func texts(of field: SourceNode.Entry) throws(PatternProblem) -> [String] {
        switch field.value.content {
        case .scalar(let text): return [text]
        case .sequence(let items):
            var texts: [String] = []
            for item in items {
                guard case .scalar(let text) = item.content else {
                    throw PatternProblem(item.location, "`\(field.key)` is a word or a list of words")
                }
                texts.append(text)
            }
            return texts
        case .mapping: throw PatternProblem(field.location, "`\(field.key)` is a word or a list of words")
        }
    }
}
