import Reports

extension Expression {
    /// How tightly an operator binds: what binds less tightly stands in brackets inside what binds more.
    private var tightness: Int {
        switch kind {
        case .or: 1
        case .and: 2
        case .not: 3
        case .compare: 4
        case .arithmetic(.plus, _, _), .arithmetic(.minus, _, _): 5
        case .arithmetic: 6
        case .negative: 7
        case .number, .span, .text, .truth, .name, .signal, .window, .call: 8
        }
    }

    private func source(within tightness: Int) -> String {
        self.tightness < tightness ? "(\(source))" : source
    }

    /// The expression on one line, as an author may write it. Equal expressions have equal texts.
    var source: String {
        switch kind {
        case .number(let value): return Quantity.exact(value)
        case .span(let milliseconds): return TimeSpan.source(milliseconds)
        case .text(let text): return "\"\(text)\""
        case .truth(let value): return value ? "true" : "false"
        case .name(let name): return name
        case .signal(let signal): return signal.description
        case .window(let inner, let span): return "\(inner.source(within: 8))[\(TimeSpan.source(span))]"
        case .call(let name, let arguments):
            // A place is a text to the parser, and is written without quotes.
            let texts = arguments.enumerated().map { index, argument in
                if name == "active", index == 1, case .text(let scope) = argument.kind {
                    scope
                } else {
                    argument.source
                }
            }
            return "\(name)(\(texts.joined(separator: ", ")))"
        case .not(let inner): return "not \(inner.source(within: 4))"
        case .and(let left, let right): return "\(left.source(within: 2)) and \(right.source(within: 3))"
        case .or(let left, let right): return "\(left.source(within: 1)) or \(right.source(within: 2))"
        case .compare(let comparison, let left, let right):
            return "\(left.source(within: 5)) \(comparison.rawValue) \(right.source(within: 5))"
        case .arithmetic(let operation, let left, let right):
            let own = tightness
            return "\(left.source(within: own)) \(operation.rawValue) \(right.source(within: own + 1))"
        case .negative(let inner): return "-\(inner.source(within: 8))"
        }
    }

    /// The same with definitions of `let` in the place of their names.
    func expanded(by definitions: [String: Expression]) -> Expression {
        func expand(_ inner: Expression) -> Expression { inner.expanded(by: definitions) }
        var result = self
        switch kind {
        case .number, .span, .text, .truth, .signal: break
        case .name(let name):
            if let definition = definitions[name] {
                let meant = expand(definition)
                (result.kind, result.unit) = (meant.kind, meant.unit)
            }
        case .window(let inner, let span): result.kind = .window(expand(inner), span)
        case .call(let name, let arguments): result.kind = .call(name, arguments.map(expand))
        case .not(let inner): result.kind = .not(expand(inner))
        case .and(let left, let right): result.kind = .and(expand(left), expand(right))
        case .or(let left, let right): result.kind = .or(expand(left), expand(right))
        case .compare(let comparison, let left, let right):
            result.kind = .compare(comparison, expand(left), expand(right))
        case .arithmetic(let operation, let left, let right):
            result.kind = .arithmetic(operation, expand(left), expand(right))
        case .negative(let inner): result.kind = .negative(expand(inner))
        }
        return result
    }

    /// All parts of the expression, itself first.
    var parts: [Expression] {
        switch kind {
        case .number, .span, .text, .truth, .name, .signal: [self]
        case .window(let inner, _), .not(let inner), .negative(let inner): [self] + inner.parts
        case .call(_, let arguments): [self] + arguments.flatMap(\.parts)
        case .and(let left, let right), .or(let left, let right), .compare(_, let left, let right),
            .arithmetic(_, let left, let right):
            [self] + left.parts + right.parts
        }
    }
}

extension TimeSpan {
    /// As patterns write it: `7d`.
    static func source(_ milliseconds: Int64) -> String {
        for (letter, size) in [("d", Int64(86_400_000)), ("h", 3_600_000), ("m", 60_000)]
        where milliseconds % size == 0 {
            return "\(milliseconds / size)\(letter)"
        }
        return "\(milliseconds / 1_000)s"
    }
}

extension Quantity {
    /// A number with all its digits, whole numbers whole.
    static func exact(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        return "\(value)"
    }
}
