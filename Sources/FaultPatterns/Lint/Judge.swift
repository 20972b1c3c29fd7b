import Reports

/// What a pattern looks at to open its fault, or to make it more urgent: it judges these.
struct Judge: Sendable {
    /// One signal that it asks for.
    struct Question: Hashable, Sendable {
        var signal: Signal
        /// Kinds of parts that it is asked of; nil: of any.
        var kinds: [ComponentKind]?
        /// Words of the state that count; nil: any word, or no state.
        var words: Words?
    }

    enum Words: Hashable, Sendable {
        case only(String)
        case allBut(String)

        func contains(_ word: String) -> Bool {
            switch self {
            case .only(let one): one == word
            case .allBut(let one): one != word
            }
        }
    }

    let pattern: String
    private(set) var questions: Set<Question> = []

    init(_ file: PatternFile) { self.init(file.pattern, models: file.models) }

    /// - Parameter models: the tree ensembles that the pattern may ask: it judges what they look at.
    init(_ base: Pattern, models: [PatternModel]) {
        pattern = base.id
        for pattern in [base] + base.variants.compactMap(\.pattern) {
            let definitions = Dictionary(
                pattern.definitions.map { ($0.name, $0.expression) }, uniquingKeysWith: { _, last in last })
            for expression in [pattern.condition] + pattern.urgencyCases.compactMap(\.when) {
                ask(expression.expanded(by: definitions), of: pattern.kinds, negated: false, models: models)
            }
        }
    }

    func judges(_ unit: ToldUnit) -> Bool {
        questions.contains { question in
            unit.isMeant(by: question.signal) && question.kinds?.contains(unit.kind) ?? true
                && (unit.word.flatMap { word in question.words.map { $0.contains(word) } } ?? true)
        }
    }

    private mutating func ask(
        _ expression: Expression, of kinds: [ComponentKind]?, negated: Bool, models: [PatternModel]
    ) {
        func ask(_ inner: Expression, _ judge: inout Judge) {
            judge.ask(inner, of: kinds, negated: negated, models: models)
        }
        switch expression.kind {
        case .number, .span, .text, .truth, .name: break
        case .signal(let signal): questions.insert(Question(signal: signal, kinds: kinds))
        case .window(let inner, _), .negative(let inner): ask(inner, &self)
        case .not(let inner): self.ask(inner, of: kinds, negated: !negated, models: models)
        case .and(let left, let right), .or(let left, let right), .arithmetic(_, let left, let right):
            ask(left, &self)
            ask(right, &self)
        case .compare(let comparison, let left, let right):
            if let question = Judge.question(comparison, left, right, of: kinds, negated: negated) {
                questions.insert(question)
            } else {
                ask(left, &self)
                ask(right, &self)
            }
        case .call("absent_over_time", _): break
        case .call("model", let arguments):
            guard case .text(let name)? = arguments.first?.kind,
                let model = models.first(where: { $0.name == name })
            else { return }
            for feature in model.form.features {
                guard let text = feature.expression,
                    let inner = try? ExpressionParser.parse(
                        SourceNode(.scalar(text), at: expression.location))
                else { continue }
                ask(inner, &self)
            }
        case .call(let name, let arguments):
            var asked = kinds
            if name == "parent" || name.hasPrefix("under_") { asked = nil }
            if name == "above", case .text(let kind)? = arguments.first?.kind {
                asked = [ComponentKind(rawValue: kind)]
            }
            for argument in arguments { self.ask(argument, of: asked, negated: negated, models: models) }
        }
    }

    /// A state compared with a word.
    private static func question(
        _ comparison: Expression.Comparison, _ left: Expression, _ right: Expression, of kinds: [ComponentKind]?,
        negated: Bool
    ) -> Question? {
        let sides = [(left, right), (right, left)].lazy.compactMap { one, other -> (Signal, String, Bool)? in
            guard case .text(let word) = other.kind else { return nil }
            switch one.kind {
            case .signal(let signal): return (signal, word, true)
            case .call("parent", let inner):
                guard case .signal(let signal)? = inner.first?.kind else { return nil }
                return (signal, word, false)
            default: return nil
            }
        }
        guard let (signal, word, isOwn) = sides.first else { return nil }
        let holds = (comparison == .equal) != negated
        return Question(signal: signal, kinds: isOwn ? kinds : nil, words: holds ? .only(word) : .allBut(word))
    }
}
