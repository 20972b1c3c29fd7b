import Reports

/// A number or a length of time of a pattern that a site may choose, between the bounds that the pattern's author gives.
///
/// It stands in expressions and in the sentence by its name. What a pattern says was tested with the default; the bounds are
/// as far as its author answers for it.
struct Tunable: Sendable {
    enum Value: Hashable, Sendable {
        case number(Double)
        /// Milliseconds.
        case span(Int64)

        init?(_ text: String) {
            if let span = TimeSpan.milliseconds(text) {
                self = .span(span)
            } else if let number = Double(text), number.isFinite, abs(number) <= PatternLimits.largestValue,
                text.allSatisfy({ $0.isASCII && !"xXpP".contains($0) })
            {
                self = .number(number)
            } else {
                return nil
            }
        }

        /// To compare with others of its kind: the number itself, or milliseconds.
        var size: Double {
            switch self {
            case .number(let number): number
            case .span(let span): Double(span)
            }
        }

        var isSpan: Bool { if case .span = self { true } else { false } }

        /// As a pattern writes it.
        var source: String {
            switch self {
            case .number(let number): Quantity.exact(number)
            case .span(let span): TimeSpan.source(span)
            }
        }
    }

    var name: String
    /// What counts.
    var value: Value
    let standard: Value
    let lowest: Value
    let highest: Value
    /// UCUM; nil: that of what it is compared with.
    let unit: String?
    let location: SourceLocation

    init(_ entry: SourceNode.Entry) throws(PatternProblem) {
        let name = entry.key
        self.name = name
        location = entry.location
        // Beside the parameters a site says why.
        guard SourceNode.isName(name), name != "because" else {
            throw PatternProblem(
                entry.location, "`\(name.prefix(60))` cannot be a name: use letters, digits and _")
        }
        var fields = try MappingReader(
            entry.value, what: "the parameter `\(name)`", keys: ["default", "min", "max", "unit"])
        func value(_ key: String) throws(PatternProblem) -> Value {
            let node = try fields.required(key)
            guard let value = Value(try node.text(of: key)) else {
                throw PatternProblem(
                    node.location, "`\(key)` of `\(name)` is a number, or a length of time such as 30s, 5m, 24h or 7d")
            }
            return value
        }
        standard = try value("default")
        lowest = try value("min")
        highest = try value("max")
        self.value = standard
        unit = try fields.optionalText("unit")
        try fields.refuseRest()
        guard lowest.isSpan == standard.isSpan, highest.isSpan == standard.isSpan else {
            throw PatternProblem(
                entry.location, "of `\(name)` the default and its bounds are all numbers, or all lengths of time")
        }
        if unit != nil, standard.isSpan {
            throw PatternProblem(entry.location, "`\(name)` is a length of time, which has its unit; take `unit` out")
        }
        guard lowest.size < highest.size, (lowest.size...highest.size).contains(standard.size) else {
            throw PatternProblem(
                entry.location, "of `\(name)`, `min` is less than `max`, and `default` lies between them, both included"
            )
        }
    }

    /// Where default and bounds are whole numbers, so is every choice: it may count something.
    var isWhole: Bool {
        [standard, lowest, highest].allSatisfy { value in
            if case .number(let number) = value { number == number.rounded() } else { false }
        }
    }

    /// Why it cannot be so much; nil where it can.
    func objection(to text: String) -> OverlayObjection? {
        guard let wanted = Value(text) else {
            return OverlayObjection(
                "\(name): \(text.prefix(60)) is neither a number nor a length of time",
                "\(name): \(text.prefix(60)) ist weder eine Zahl noch eine Zeitspanne")
        }
        guard wanted.isSpan == standard.isSpan else {
            return OverlayObjection(
                "\(name) is a \(standard.isSpan ? "length of time" : "number"), such as \(standard.source)",
                "\(name) ist eine \(standard.isSpan ? "Zeitspanne" : "Zahl"), etwa \(standard.source)")
        }
        guard (lowest.size...highest.size).contains(wanted.size) else {
            return OverlayObjection(
                "\(name) is \(wanted.source), and the pattern allows \(lowest.source) to \(highest.source)",
                "\(name) ist \(wanted.source), und das Muster erlaubt \(lowest.source) bis \(highest.source)")
        }
        guard !isWhole || wanted.size == wanted.size.rounded() else {
            return OverlayObjection(
                "\(name) is a whole number, from \(lowest.source) to \(highest.source)",
                "\(name) ist eine ganze Zahl, von \(lowest.source) bis \(highest.source)")
        }
        return nil
    }

    /// What stands for its name.
    var expression: Expression {
        switch value {
        case .number(let number): Expression(kind: .number(number), location: location, unit: unit)
        case .span(let span): Expression(kind: .span(span), location: location)
        }
    }
}

extension SourceNode {
    /// Whether a word can be a name in expressions.
    static func isName(_ word: String) -> Bool {
        guard let first = word.first, first.isASCII, first.isLetter else { return false }
        return word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            && !["and", "or", "not", "true", "false"].contains(word)
    }
}

extension PatternFile {
    /// The file with one parameter after the other at each of its bounds, and in words which.
    ///
    /// What holds of expressions and of their limits holds wherever a site may put them, or the author is told.
    func extremes() throws(PatternProblem) -> [(words: String, file: PatternFile)] {
        var found: [(words: String, file: PatternFile)] = []
        for parameter in pattern.tunables {
            for value in [parameter.lowest, parameter.highest] where value != parameter.standard {
                let words = "\(parameter.name) = \(value.source)"
                do throws(PatternProblem) {
                    let file = try PatternFile(
                        reading: tree, models: models, depth: .expressions, tuning: [parameter.name: value])
                    found.append((words, file))
                } catch {
                    throw PatternProblem(error.location, "with \(words) of `tunable`: \(error.message)")
                }
            }
        }
        return found
    }

    /// - Throws: the first parameter that nothing uses.
    func requireUse() throws(PatternProblem) {
        func mentions(_ node: SourceNode, _ name: String) -> Bool {
            switch node.content {
            case .scalar(let text): text.contains(name)
            case .sequence(let items): items.contains { mentions($0, name) }
            case .mapping(let entries): entries.contains { mentions($0.value, name) }
            }
        }
        let users = ["let", "when", "clear", "urgency", "because", "variants"].compactMap { tree.node(under: $0) }
        for parameter in pattern.tunables where !users.contains(where: { mentions($0, parameter.name) }) {
            throw PatternProblem(
                parameter.location, "`\(parameter.name)` of `tunable` is never used; take it out")
        }
    }
}

extension Pattern {
    /// - Parameter names: of `let`, which a parameter may not share.
    static func tunables(_ node: SourceNode?, besides names: Set<String>) throws(PatternProblem) -> [Tunable] {
        guard let node else { return [] }
        guard case .mapping(let entries) = node.content, !entries.isEmpty else {
            throw PatternProblem(
                node.location, "`tunable` is a mapping of names: { limit: { default: 16, min: 8, max: 64 } }")
        }
        guard entries.count <= PatternLimits.tunables else {
            throw PatternProblem(
                node.location, "`tunable` has \(entries.count) parameters; the limit is \(PatternLimits.tunables)")
        }
        var tunables: [Tunable] = []
        for entry in entries {
            guard !names.contains(entry.key) else {
                throw PatternProblem(
                    entry.location, "`\(entry.key.prefix(60))` is a name of `let` already; give the parameter another")
            }
            tunables.append(try Tunable(entry))
        }
        return tunables.sorted { $0.name < $1.name }
    }

    /// Puts the parameters' values in the place of their names.
    mutating func fillIn() {
        guard !tunables.isEmpty else { return }
        let values = Dictionary(tunables.map { ($0.name, $0.expression) }, uniquingKeysWith: { first, _ in first })
        definitions = definitions.map { ($0.name, $0.expression.expanded(by: values)) }
        condition = condition.expanded(by: values)
        if case .expression(let clear) = clearing { clearing = .expression(clear.expanded(by: values)) }
        for index in urgencyCases.indices {
            urgencyCases[index].when = urgencyCases[index].when?.expanded(by: values)
        }
    }
}
