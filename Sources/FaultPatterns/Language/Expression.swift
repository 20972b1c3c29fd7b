import Reports

/// A condition or a quantity as an author wrote it, before its names and types are checked.
struct Expression: Sendable {
    enum Comparison: String, Sendable {
        case less = "<"
        case atMost = "<="
        case more = ">"
        case atLeast = ">="
        case equal = "=="
        case unequal = "!="

        /// Between a value and a limit, in a sentence.
        var words: String {
            switch self {
            case .less: "less than"
            case .atMost: "at most"
            case .more: "more than"
            case .atLeast: "at least"
            case .equal: "equal to"
            case .unequal: "other than"
            }
        }

        /// What holds where this does not.
        var opposite: Comparison {
            switch self {
            case .less: .atLeast
            case .atMost: .more
            case .more: .atMost
            case .atLeast: .less
            case .equal: .unequal
            case .unequal: .equal
            }
        }
    }

    enum Arithmetic: String, Sendable {
        case plus = "+"
        case minus = "-"
        case times = "*"
        case over = "/"
    }

    indirect enum Kind: Sendable {
        case number(Double)
        /// Milliseconds.
        case span(Int64)
        case text(String)
        case truth(Bool)
        /// A definition of `let`.
        case name(String)
        case signal(Signal)
        /// `x[24h]`; milliseconds.
        case window(Expression, Int64)
        case call(String, [Expression])
        case not(Expression)
        case and(Expression, Expression)
        case or(Expression, Expression)
        case compare(Comparison, Expression, Expression)
        case arithmetic(Arithmetic, Expression, Expression)
        case negative(Expression)
    }

    var kind: Kind
    var location: SourceLocation
    /// Of a number that stands for a parameter: its unit, UCUM. A number that is written has that of the other side.
    var unit: String?
}
