import Reports

/// What a pattern looks at, what exactly it computes, when it fires and clears, and what it has to do with others.
public struct PatternExplanation: Sendable, Encodable {
    public struct InputSignal: Sendable, Encodable {
        public var signal: String
        public var label: String
        public var kind: String
        /// UCUM.
        public var unit: String
        public var description: String
    }

    public struct Definition: Sendable, Encodable {
        public var name: String
        public var source: String
        public var words: String
    }

    public struct Function: Sendable, Encodable {
        public var name: String
        public var meaning: String
    }

    public var summary: PatternSummary
    public var signals: [InputSignal]
    public var definitions: [Definition]
    public var functions: [Function]
    public var models: [String]
    /// Patterns whose faults this one is the cause of, and those that are the cause of this one's.
    public var explains: [String]
    public var explainedBy: [String]
    /// Patterns that look for this one's faults.
    public var watchedBy: [String]
    /// What a site changed of it.
    public var overlay: [OverlayEntry]
    public var example: WorkedExample?

    /// - Parameter all: the patterns that may have to do with it.
    public init(_ file: PatternFile, among all: [PatternFile], overlay: [OverlayEntry] = []) {
        self.overlay = overlay
        let pattern = file.pattern
        summary = PatternSummary(file)
        let variants = pattern.variants.compactMap(\.pattern)
        let words = ExpressionText(pattern)
        var seen: Set<String> = []
        let parts = ([pattern] + variants).flatMap(\.allExpressions).flatMap(\.parts)
        signals = parts.compactMap { part in
            guard case .signal(let signal) = part.kind, seen.insert(signal.description).inserted,
                let entry = SignalCatalogue.entry(named: signal.name)
            else { return nil }
            return InputSignal(
                signal: signal.description, label: Quantity.label(of: signal), kind: entry.kind.rawValue,
                unit: entry.unit, description: entry.description)
        }
        definitions = pattern.definitions.compactMap { definition in
            if case .signal = definition.expression.kind { return nil }
            return Definition(
                name: definition.name, source: definition.expression.source,
                words: words.quantity(definition.expression))
        }
        var names: Set<String> = []
        functions = parts.compactMap { part in
            guard case .call(let name, _) = part.kind, names.insert(name).inserted,
                let meaning = ExpressionText.meaning(of: name)
            else { return nil }
            return Function(name: name, meaning: meaning)
        }
        models = parts.compactMap { part in
            guard case .call("model", let arguments) = part.kind, case .text(let name)? = arguments.first?.kind else {
                return nil
            }
            return name
        }
        let others = all.filter { $0.pattern.id != pattern.id }
        explains = others.filter { other in
            pattern.explanations.contains { $0.faultClass.matches(other.pattern.faultClass) }
        }.map(\.pattern.id).sorted()
        explainedBy = others.filter { other in
            other.pattern.explanations.contains { $0.faultClass.matches(pattern.faultClass) }
        }.map(\.pattern.id).sorted()
        watchedBy = others.filter { other in
            other.watchedClasses.contains { $0.faultClass.matches(pattern.faultClass) }
        }.map(\.pattern.id).sorted()
        example = WorkedExample(file)
    }
}

extension Pattern {
    /// Everything that it computes.
    var allExpressions: [Expression] {
        var all = definitions.map(\.expression) + [condition]
        if case .expression(let clear) = clearing { all.append(clear) }
        return all + urgencyCases.compactMap(\.when)
    }
}
