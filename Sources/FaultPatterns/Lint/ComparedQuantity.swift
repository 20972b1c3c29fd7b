import Reports

/// What a comparison is about, so that comparisons of one thing can be held against each other.
struct ComparedQuantity: Hashable, Sendable {
    /// How a value over a window changes as the window gets longer.
    struct Family: Hashable, Sendable {
        var name: String
        /// Milliseconds.
        var window: Int64
    }

    /// The quantity's expression, with all definitions written out.
    var text: String
    /// Set where a longer window can only have the same value or a higher one.
    var family: Family?
    /// The values that it can have at all.
    var domain: ValueRange
    var isWhole: Bool

    init(text: String, family: Family? = nil, domain: ValueRange = .all, isWhole: Bool = false) {
        self.text = text
        self.family = family
        self.domain = domain
        self.isWhole = isWhole
    }

    /// - Parameter expression: with all definitions written out.
    init(_ expression: Expression) {
        self.init(text: expression.source)
        if ComparedQuantity.isNeverNegative(expression) { domain = ValueRange(low: 0) }
        if case .call("model", _) = expression.kind { domain.high = 1 }
        isWhole = ComparedQuantity.isWhole(expression)
        if case .call(let name, let arguments) = expression.kind,
            ["increase", "rises", "max_over_time", "changes", "resets", "count_over_time"].contains(name),
            let first = arguments.first, case .window(let inner, let window) = first.kind
        {
            family = Family(name: "\(name) \(inner.source)", window: window)
        }
        if case .call(let name, let arguments) = expression.kind,
            ["distinct", "distinct_by", "events", "groups", "max_of", "sum_of"].contains(name),
            let last = arguments.last, case .span(let window) = last.kind
        {
            family = Family(
                name: "\(name) \(arguments.dropLast().map(\.source).joined(separator: ", "))", window: window)
        }
    }

    /// Two that are equal by text are one quantity.
    static func == (left: ComparedQuantity, right: ComparedQuantity) -> Bool { left.text == right.text }
    func hash(into hasher: inout Hasher) { hasher.combine(text) }

    private static let counts: Set<String> = [
        "increase", "rises", "changes", "resets", "count", "count_over_time", "distinct", "distinct_by", "events",
        "groups", "sum_of", "max_of", "under_count",
        "peers_count", "active", "bits",
    ]

    private static func isCounter(_ expression: Expression) -> Bool {
        if case .signal(let signal) = expression.kind {
            return SignalCatalogue.entry(named: signal.name)?.kind == .counter
        }
        return false
    }

    private static func isNeverNegative(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .number(let value): value >= 0
        case .span: true
        case .signal: isCounter(expression)
        case .call(let name, let arguments):
            counts.contains(name)
                || [
                    "abs", "rate", "known_for", "days_since", "stddev_over_time", "cusum_low", "cusum_high", "model",
                    "peers_mad",
                ].contains(name)
                || (isOfValues(name) && arguments.allSatisfy { isNeverNegative($0.windowed) })
        case .arithmetic(.minus, _, _): false
        case .arithmetic(_, let left, let right): isNeverNegative(left) && isNeverNegative(right)
        default: false
        }
    }

    private static func isWhole(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .number(let value): value == value.rounded()
        case .signal: isCounter(expression)
        case .call(let name, let arguments):
            counts.contains(name) || (isOfValues(name) && arguments.allSatisfy { isWhole($0.windowed) })
        case .arithmetic(.over, _, _): false
        case .arithmetic(_, let left, let right): isWhole(left) && isWhole(right)
        case .negative(let inner): isWhole(inner)
        default: false
        }
    }

    /// Functions whose value is one of those that they are given.
    private static func isOfValues(_ name: String) -> Bool {
        ["min", "max", "lifetime_max", "lifetime_min", "max_over_time", "min_over_time", "parent", "under_max"]
            .contains(name)
    }
}

extension Expression {
    /// What a window is of; itself where it is none.
    var windowed: Expression { if case .window(let inner, _) = kind { inner } else { self } }

    /// The number that it is, where it is one whatever is read.
    var constantValue: Double? {
        switch kind {
        case .number(let value): return value
        case .span(let milliseconds): return Double(milliseconds) / 1_000
        case .negative(let inner): return inner.constantValue.map { -$0 }
        case .arithmetic(let operation, let left, let right):
            guard let one = left.constantValue, let other = right.constantValue else { return nil }
            switch operation {
            case .plus: return one + other
            case .minus: return one - other
            case .times: return one * other
            case .over: return other == 0 ? nil : one / other
            }
        default: return nil
        }
    }
}
