import Reports

/// Reads the expressions of patterns: PromQL's words where the meaning is PromQL's.
///
///     or       = and { "or" and }
///     and      = not { "and" not }
///     not      = "not" not | compare
///     compare  = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
///     sum      = product { ("+" | "-") product }
///     product  = unary { ("*" | "/") unary }
///     unary    = "-" unary | primary
///     primary  = NUMBER | SPAN | STRING | "true" | "false" | "(" or ")" | SCOPE
///              | ( NAME | SIGNAL | NAME "(" or { "," or } ")" ) [ "[" SPAN "]" ]
///     SCOPE    = ( "under" | "beside" ) NAME
///     SIGNAL   = a name with a dot, and labels: hw.physical_disk.smart{attribute="197.raw"}
struct ExpressionParser {
    private enum Token: Equatable {
        case number(Double), span(Int64), text(String), word(String), symbol(String), end

        var words: String {
            switch self {
            case .number, .span: "a number"
            case .text(let text): "\"\(text.prefix(40))\""
            case .word(let text), .symbol(let text): "`\(text.prefix(60))`"
            case .end: "the end"
            }
        }
    }

    private static let operators: Set<String> = ["and", "or", "not"]

    private let node: SourceNode
    private let characters: [Character]
    private var position = 0
    private var token = Token.end
    private var tokenStart = 0
    private var depth = 0

    /// - Throws: `PatternProblem` with file, line and column of the character that cannot be read.
    static func parse(_ node: SourceNode) throws(PatternProblem) -> Expression {
        guard case .scalar(let text) = node.content else {
            throw PatternProblem(
                node.location, "an expression is one line of text; put it in quotes if YAML reads a list")
        }
        // What one reads as one character may be made of a million.
        guard text.unicodeScalars.count <= PatternLimits.expressionCharacters else {
            throw PatternProblem(
                node.location,
                "an expression of \(text.unicodeScalars.count) characters; the limit is \(PatternLimits.expressionCharacters): use `let`"
            )
        }
        var parser = ExpressionParser(node: node, text: text)
        try parser.advance()
        let expression = try parser.or()
        guard parser.token == .end else {
            throw parser.problem("\(parser.token.words) is not expected here; join conditions with `and` or `or`")
        }
        return expression
    }

    private init(node: SourceNode, text: String) {
        self.node = node
        characters = Array(text)
    }

    // MARK: Grammar

    private mutating func or() throws(PatternProblem) -> Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternLimits.expressionDepth else {
            throw problem("parentheses nest more than \(PatternLimits.expressionDepth) deep; use `let`")
        }
        var left = try and()
        while token == .word("or") {
            let place = location
            try advance()
            left = Expression(kind: .or(left, try and()), location: place)
        }
        return left
    }

    private mutating func and() throws(PatternProblem) -> Expression {
        var left = try not()
        while token == .word("and") {
            let place = location
            try advance()
            left = Expression(kind: .and(left, try not()), location: place)
        }
        return left
    }

    private mutating func not() throws(PatternProblem) -> Expression {
        guard token == .word("not") else { return try compare() }
        let place = location
        try advance()
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternLimits.expressionDepth else { throw problem("too many `not`") }
        return Expression(kind: .not(try not()), location: place)
    }

    private mutating func compare() throws(PatternProblem) -> Expression {
        let left = try sum()
        guard case .symbol(let symbol) = token, let comparison = Expression.Comparison(rawValue: symbol) else {
            return left
        }
        let place = location
        try advance()
        let right = try sum()
        if case .symbol(let next) = token, Expression.Comparison(rawValue: next) != nil {
            throw problem("comparisons do not chain; write `a < b and b < c`")
        }
        return Expression(kind: .compare(comparison, left, right), location: place)
    }

    private mutating func sum() throws(PatternProblem) -> Expression {
        var left = try product()
        while case .symbol(let symbol) = token, symbol == "+" || symbol == "-",
            let operation = Expression.Arithmetic(rawValue: symbol)
        {
            let place = location
            try advance()
            left = Expression(kind: .arithmetic(operation, left, try product()), location: place)
        }
        return left
    }

    private mutating func product() throws(PatternProblem) -> Expression {
        var left = try unary()
        while case .symbol(let symbol) = token, symbol == "*" || symbol == "/",
            let operation = Expression.Arithmetic(rawValue: symbol)
        {
            let place = location
            try advance()
            left = Expression(kind: .arithmetic(operation, left, try unary()), location: place)
        }
        return left
    }

    private mutating func unary() throws(PatternProblem) -> Expression {
        guard token == .symbol("-") else { return try primary() }
        let place = location
        try advance()
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternLimits.expressionDepth else { throw problem("too many signs") }
        return Expression(kind: .negative(try unary()), location: place)
    }

    private mutating func primary() throws(PatternProblem) -> Expression {
        let place = location
        switch token {
        case .number(let value):
            try advance()
            return Expression(kind: .number(value), location: place)
        case .span(let milliseconds):
            try advance()
            return Expression(kind: .span(milliseconds), location: place)
        case .text(let text):
            try advance()
            return Expression(kind: .text(text), location: place)
        case .symbol("("):
            try advance()
            let inner = try or()
            try expect(")")
            return inner
        case .word("and"), .word("or"), .word("not"):
            throw problem("\(token.words) needs something before and after it")
        case .word(let word):
            try advance()
            return try named(word, at: place)
        case .symbol, .end:
            throw problem("\(token.words) stands where a value is expected: a number, a signal, or a name of `let`")
        }
    }

    private mutating func named(_ word: String, at place: SourceLocation) throws(PatternProblem) -> Expression {
        if word == "true" || word == "false" { return Expression(kind: .truth(word == "true"), location: place) }
        if word == "under" || word == "beside", case .word(let whose) = token, !Self.operators.contains(whose) {
            try advance()
            return Expression(kind: .text("\(word) \(whose)"), location: place)
        }
        var value: Expression
        if token == .symbol("(") {
            try advance()
            var arguments = [try or()]
            while token == .symbol(",") {
                try advance()
                arguments.append(try or())
            }
            try expect(")")
            value = Expression(kind: .call(word, arguments), location: place)
        } else if word.contains(".") || word.contains("{") {
            guard let signal = Signal(parsing: word) else {
                throw PatternProblem(place, "\(word.prefix(80)) is not a signal; write name{label=\"value\"}")
            }
            value = Expression(kind: .signal(signal), location: place)
        } else {
            value = Expression(kind: .name(word), location: place)
        }
        guard token == .symbol("[") else { return value }
        try advance()
        guard case .span(let window) = token else {
            throw problem("a window needs a length of time, such as [24h]; found \(token.words)")
        }
        try advance()
        try expect("]")
        value = Expression(kind: .window(value, window), location: place)
        return value
    }

    private mutating func expect(_ symbol: String) throws(PatternProblem) {
        guard token == .symbol(symbol) else { throw problem("`\(symbol)` is missing before \(token.words)") }
        try advance()
    }

    // MARK: Tokens

    private var location: SourceLocation { place(of: tokenStart) }

    private func place(of offset: Int) -> SourceLocation {
        var place = node.location
        if node.isVerbatim, let column = place.column {
            place.column =
                column + characters[..<min(offset, characters.count)].reduce(0) { $0 + $1.unicodeScalars.count }
        }
        return place
    }

    private func problem(_ message: String) -> PatternProblem {
        let before = String(characters[..<min(tokenStart, characters.count)].suffix(30))
        return PatternProblem(location, before.isEmpty ? message : "\(message) (after `\(before)`)")
    }

    private mutating func advance() throws(PatternProblem) {
        while position < characters.count, characters[position].isWhitespace { position += 1 }
        tokenStart = position
        guard position < characters.count else {
            token = .end
            return
        }
        let character = characters[position]
        if character.isASCII, character.isNumber {
            token = try number()
        } else if character.isASCII, character.isLetter || character == "_" {
            token = try word()
        } else if character == "\"" {
            token = try quoted()
        } else {
            token = try symbol()
        }
    }

    private mutating func number() throws(PatternProblem) -> Token {
        let text = take { $0.isASCII && ($0.isNumber || $0.isLetter || $0 == "." || $0 == "_") }
        if let value = Double(text), value.isFinite, !text.contains("x"), !text.contains("p") { return .number(value) }
        if let span = TimeSpan.milliseconds(text) { return .span(span) }
        throw problem(
            "\(text.prefix(40)) is neither a number nor a length of time such as 30s, 5m, 24h or 7d, at most "
                + "\(PatternLimits.windowDays) days; other units are not written: a number has the unit of what it is "
                + "compared with")
    }

    private mutating func word() throws(PatternProblem) -> Token {
        var text = take { $0.isASCII && ($0.isNumber || $0.isLetter || $0 == "." || $0 == "_") }
        guard position < characters.count, characters[position] == "{" else { return .word(text) }
        var inQuotes = false
        while position < characters.count {
            let character = characters[position]
            text.append(character)
            position += 1
            if character == "\"" { inQuotes.toggle() }
            if character == "}", !inQuotes { return .word(text) }
        }
        throw problem("the labels of \(text.prefix(60)) do not end; `}` is missing")
    }

    private mutating func quoted() throws(PatternProblem) -> Token {
        position += 1
        let text = take { $0 != "\"" }
        guard position < characters.count else { throw problem("the text does not end; `\"` is missing") }
        position += 1
        return .text(text)
    }

    /// What is meant by signs of other languages.
    private static let hints = [
        "=": "equality is written ==", "&": "write `and`", "|": "write `or`",
        "!": "write `not`, or != between two values",
        "%": "a share is a number from 0 to 1: 5 % is 0.05", "'": "a text stands in double quotes",
        "°": "units are not written: a number has the unit of what it is compared with",
    ]

    private mutating func symbol() throws(PatternProblem) -> Token {
        let two = String(characters[position...].prefix(2))
        if ["<=", ">=", "==", "!="].contains(two) {
            position += 2
            return .symbol(two)
        }
        let one = String(characters[position])
        guard "<>+-*/()[],".contains(one) else {
            throw problem("`\(one)` means nothing here" + (Self.hints[one].map { "; \($0)" } ?? ""))
        }
        position += 1
        return .symbol(one)
    }

    private mutating func take(while belongs: (Character) -> Bool) -> String {
        let start = position
        while position < characters.count, belongs(characters[position]) { position += 1 }
        return String(characters[start..<position])
    }
}
