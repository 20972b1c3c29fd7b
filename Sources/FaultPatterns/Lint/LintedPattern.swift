import Reports

/// A pattern, or a variant of one, with its conditions as lint reasons about them.
struct LintedPattern: Sendable {
    struct UrgencyCase: Sendable {
        /// Nil for the last case, which holds always, and for what cannot be looked through.
        var holds: DisjunctiveForm?
        var fails: DisjunctiveForm?
        var isLast: Bool
        var urgency: Urgency
    }

    let file: PatternFile
    let pattern: Pattern
    let isVariant: Bool
    let definitions: [String: Expression]
    /// Nil where it has too many ways to be looked through.
    let condition: DisjunctiveForm?
    let cases: [UrgencyCase]

    init(_ file: PatternFile, _ pattern: Pattern, isVariant: Bool) {
        self.file = file
        self.pattern = pattern
        self.isVariant = isVariant
        let definitions = Dictionary(
            pattern.definitions.map { ($0.name, $0.expression) }, uniquingKeysWith: { _, last in last })
        self.definitions = definitions
        condition = DisjunctiveForm(pattern.condition, definitions: definitions)
        cases = pattern.urgencyCases.map { urgencyCase in
            UrgencyCase(
                holds: urgencyCase.when.flatMap { DisjunctiveForm($0, definitions: definitions) },
                fails: urgencyCase.when.flatMap { DisjunctiveForm($0, definitions: definitions, negated: true) },
                isLast: urgencyCase.when == nil, urgency: urgencyCase.urgency)
        }
    }

    /// The pattern of a file, and those of its variants that are otherwise.
    static func all(of file: PatternFile) -> [LintedPattern] {
        [LintedPattern(file, file.pattern, isVariant: false)]
            + file.pattern.variants.compactMap { variant in
                variant.pattern.map { LintedPattern(file, $0, isVariant: true) }
            }
    }

    func form(_ expression: Expression, negated: Bool = false) -> DisjunctiveForm? {
        DisjunctiveForm(expression, definitions: definitions, negated: negated)
    }

    /// Which cases of `urgency` can be the first that holds while a condition does; nil where that is too much to list.
    func reachable(while form: DisjunctiveForm) -> [Bool]? {
        var rest = form
        var reached: [Bool] = []
        for urgencyCase in cases {
            guard !urgencyCase.isLast else {
                reached.append(rest.canHold)
                continue
            }
            guard let holds = urgencyCase.holds, let fails = urgencyCase.fails, let hit = rest.and(holds),
                let others = rest.and(fails)
            else { return nil }
            reached.append(hit.canHold)
            rest = others
        }
        return reached
    }

    /// The urgencies that its fault may have while a condition holds.
    func urgencies(while form: DisjunctiveForm) -> [Urgency] {
        guard let reached = reachable(while: form) else { return cases.map(\.urgency) }
        return zip(cases, reached).filter(\.1).map(\.0.urgency)
    }
}

extension PatternFile {
    /// Where a field stands; the pattern itself where there is no such field.
    func place(of path: String...) -> SourceLocation {
        var node = tree
        var place = tree.location
        for key in path {
            guard case .mapping(let entries) = node.content, let entry = entries.first(where: { $0.key == key })
            else { return place }
            (node, place) = (entry.value, entry.location)
        }
        return place
    }
}
