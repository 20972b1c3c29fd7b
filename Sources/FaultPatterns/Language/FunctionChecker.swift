import Reports

/// The functions of the language: what they take, and what of it is remembered.
extension ExpressionChecker {
    static let functions: [String] = [
        "abs", "above", "absent_over_time", "active", "avg_over_time", "baseline", "bits", "bucket", "changes", "count",
        "count_over_time", "cusum_high", "cusum_low", "days_since", "delta", "deriv", "distinct", "distinct_by",
        "events", "groups", "increase", "known_for", "lifetime_max", "lifetime_min", "max", "max_of", "max_over_time",
        "min", "min_over_time",
        "model", "parent", "peers_count", "peers_mad", "peers_median", "predict_linear", "quantile_over_time", "rate",
        "resets", "rises", "rising_days", "sequence", "serd", "serd_by", "stddev_over_time", "sum_of", "sum_over_time",
        "time_to",
        "under_count", "under_max", "under_min", "under_sum", "z",
    ]

    mutating func call(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> CheckedExpression {
        switch name {
        case "increase", "rises", "rising_days", "rate": return .number(try ofRises(name, arguments, at: place))
        case "min_over_time", "max_over_time", "avg_over_time", "sum_over_time", "count_over_time",
            "stddev_over_time", "delta", "changes", "resets", "quantile_over_time":
            return .number(try ofWindow(name, arguments, at: place))
        case "deriv", "predict_linear", "time_to": return .number(try ofTrend(name, arguments, at: place))
        case "baseline", "z", "cusum_low", "cusum_high": return .number(try ofBaseline(name, arguments, at: place))
        case "lifetime_max", "lifetime_min", "known_for": return .number(try lifelong(name, arguments, at: place))
        case "days_since": return .number(try daysSince(arguments, at: place))
        case "first_nonzero", "last_increase": return try moment(name, arguments, at: place)
        case "abs", "min", "max": return .number(try choice(name, arguments, at: place))
        case "count": return .number(try count(arguments, at: place))
        case "bits": return .number(try bits(arguments, at: place))
        case "serd", "serd_by": return .truth(try serd(name, arguments, at: place))
        case "distinct", "distinct_by": return .number(try distinct(name, arguments, at: place))
        case "events", "sum_of", "max_of": return .number(try measured(name, arguments, at: place))
        case "groups": return .number(try groups(arguments, at: place))
        case "bucket": return .truth(try bucket(arguments, at: place))
        case "absent_over_time": return .truth(try absent(arguments, at: place))
        case "sequence": return .truth(try sequence(arguments, at: place))
        case "parent", "above", "under_max", "under_min", "under_sum", "under_count", "peers_median", "peers_mad",
            "peers_count":
            return try remote(name, arguments, at: place)
        case "active": return .number(try active(arguments, at: place))
        case "model": return .number(try model(arguments, at: place))
        default:
            throw PatternProblem(
                place,
                "no function is called `\(name.prefix(40))`; \(Wording.hint(name, among: Self.functions))")
        }
    }

    // MARK: Arguments

    private func usage(_ place: SourceLocation, _ name: String, _ form: String) -> PatternProblem {
        PatternProblem(place, "\(name) is written \(form)")
    }

    /// The window of `x[24h]` in milliseconds, and what it is of.
    private func window(_ expression: Expression) -> (inner: Expression, span: Int64)? {
        guard case .window(let inner, let span) = expression.kind else { return nil }
        return (inner, span)
    }

    private func constant(_ expression: Expression) -> Double? {
        switch expression.kind {
        case .number(let value): value
        case .negative(let inner): constant(inner).map { -$0 }
        default: nil
        }
    }

    private func text(_ expression: Expression) -> String? {
        if case .text(let text) = expression.kind { text } else { nil }
    }

    private func whole(
        _ expression: Expression, of name: String, upTo limit: Int
    ) throws(PatternProblem) -> Int {
        guard let value = constant(expression), let count = Int(exactly: value), (1...limit).contains(count) else {
            throw PatternProblem(expression.location, "\(name) counts from 1 to \(limit) events, in whole numbers")
        }
        return count
    }

    private func span(_ expression: Expression, of name: String) throws(PatternProblem) -> Int64 {
        guard case .span(let milliseconds) = expression.kind else {
            throw PatternProblem(expression.location, "\(name) needs a length of time here, such as 10m or 24h")
        }
        return milliseconds
    }

    struct Operand {
        var number: Int
        var entry: SignalCatalogue.Entry
        var label: String
        var unit: String
    }

    /// The signal that a function is over: named itself, by `let`, or a bit field or remote value.
    mutating func signal(_ expression: Expression, for function: String) throws(PatternProblem) -> Operand {
        let checked = try check(expression)
        let found: (number: Int, label: String, unit: String?)? =
            switch checked {
            case .number(let program):
                if case .signal(let number) = program.step { (number, program.label, program.unit) } else { nil }
            case .state(let number, let label), .event(let number, let label): (number, label, nil)
            case .truth, .text, .moment: nil
            }
        guard let found, let entry = catalogueEntry(of: found.number) else {
            throw PatternProblem(
                expression.location,
                "\(function) is over a signal, not over \(checked.words): write the signal, or a name of `let` that is one"
            )
        }
        return Operand(number: found.number, entry: entry, label: found.label, unit: found.unit ?? entry.unit)
    }

    private func catalogueEntry(of signal: Int) -> SignalCatalogue.Entry? {
        if case .remote(.faults) = tables.sources[signal] { return SignalCatalogue.openFaults }
        return SignalCatalogue.entry(named: tables.signals[signal].name)
    }

    private mutating func numeric(_ expression: Expression, for function: String) throws(PatternProblem) -> Operand {
        let operand = try signal(expression, for: function)
        guard operand.entry.kind == .gauge || operand.entry.kind == .counter else {
            throw PatternProblem(
                expression.location,
                "\(function) is for numbers; \(operand.entry.name) is "
                    + (operand.entry.kind == .event
                        ? "an event: count events with serd(x, 10, 10m)"
                        : "a \(operand.entry.kind.rawValue): compare it with one of its words, x == \"failed\""))
        }
        return operand
    }

    private mutating func counter(_ expression: Expression, for function: String) throws(PatternProblem) -> Operand {
        let operand = try signal(expression, for: function)
        guard operand.entry.kind == .counter else {
            throw PatternProblem(
                expression.location,
                "\(function) is for counters; \(operand.entry.name) is a\(operand.entry.kind == .event ? "n" : "") "
                    + operand.entry.kind.rawValue
                    + (operand.entry.kind == .gauge
                        ? ": use delta(x[…])" : operand.entry.kind == .event ? ": use serd(x, 10, 10m)" : ""))
        }
        return operand
    }

    private mutating func event(_ expression: Expression, for function: String) throws(PatternProblem) -> Operand {
        let operand = try signal(expression, for: function)
        guard operand.entry.kind == .event else {
            throw PatternProblem(
                expression.location,
                "\(function) counts events; \(operand.entry.name) is a \(operand.entry.kind.rawValue)"
                    + (operand.entry.kind == .counter ? ": use increase(x[…])" : ""))
        }
        return operand
    }

    private mutating func answer(_ operand: Operand, _ rule: MemoryRule, _ question: Question) -> Int {
        let memory = tables.number(of: MemorySlot(signal: operand.number, rule: rule))
        usedMemories.insert(memory)
        let number = tables.number(of: Answer(memory: memory, question: question))
        usedAnswers.insert(number)
        return number
    }

    private mutating func program(
        _ operand: Operand, _ rule: MemoryRule, _ question: Question, unit: String?, label: String,
        keepsSignal: Bool = true
    ) -> NumberProgram {
        NumberProgram(
            step: .answer(answer(operand, rule, question)), unit: unit, label: label,
            signal: keepsSignal ? tables.signals[operand.number] : nil)
    }

    private func rises(of operand: Operand) -> MemoryRule { .rises(counting(of: operand)) }

    private func counting(of operand: Operand) -> SignalCatalogue.Counting {
        SignalCatalogue.counting(of: tables.signals[operand.number], on: kinds)
    }

    // MARK: Over time

    private mutating func ofRises(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        guard arguments.count == 1, let (inner, span) = window(arguments[0]) else {
            throw usage(place, name, "\(name)(x[24h])")
        }
        let x = try counter(inner, for: name)
        let words = TimeSpan.words(span)
        return switch name {
        case "rises":
            program(
                x, rises(of: x), .rises(span), unit: "{reading}", label: "readings with more \(x.label) in \(words)",
                keepsSignal: false)
        case "rising_days":
            program(
                x, rises(of: x), .risingDays(span), unit: "d", label: "days with more \(x.label) in \(words)",
                keepsSignal: false)
        case "rate":
            program(
                x, rises(of: x), .rate(span), unit: "\(x.unit)/s", label: "\(x.label) per second over \(words)",
                keepsSignal: false)
        default:
            program(x, rises(of: x), .increase(span), unit: x.unit, label: "increase of \(x.label) in \(words)")
        }
    }

    private mutating func ofWindow(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        let isQuantile = name == "quantile_over_time"
        guard arguments.count == (isQuantile ? 2 : 1), let (inner, span) = window(arguments[arguments.count - 1])
        else { throw usage(place, name, isQuantile ? "quantile_over_time(0.5, x[24h])" : "\(name)(x[1h])") }
        let x = try numeric(inner, for: name)
        let words = TimeSpan.words(span)
        let rule = MemoryRule.samples(span)
        func counted(_ question: Question, _ label: String) -> NumberProgram {
            program(x, rule, question, unit: "1", label: "\(label) \(x.label) in \(words)", keepsSignal: false)
        }
        func measured(_ question: Question, _ label: String) -> NumberProgram {
            program(x, rule, question, unit: x.unit, label: "\(label) \(x.label) in \(words)")
        }
        switch name {
        case "max_over_time": return measured(.highest, "highest")
        case "min_over_time": return measured(.lowest, "lowest")
        case "avg_over_time": return measured(.average, "mean")
        case "sum_over_time": return measured(.sum, "sum of")
        case "stddev_over_time": return measured(.deviation, "spread of")
        case "delta": return measured(.delta, "change of")
        case "count_over_time": return counted(.count, "readings of")
        case "changes": return counted(.changes, "changes of")
        case "resets": return counted(.resets, "resets of")
        default:
            guard let share = constant(arguments[0]), share >= 0, share <= 1 else {
                throw PatternProblem(arguments[0].location, "a quantile is a number from 0 to 1")
            }
            return measured(.quantile(share), "\(Quantity.digits(share * 100)) % quantile of")
        }
    }

    private mutating func ofTrend(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        let form =
            name == "deriv"
            ? "deriv(x[14d])" : name == "time_to" ? "time_to(x[14d], limit)" : "predict_linear(x[14d], 30d)"
        guard arguments.count == (name == "deriv" ? 1 : 2), let (inner, span) = window(arguments[0]) else {
            throw usage(place, name, form)
        }
        let x = try numeric(inner, for: name)
        let words = TimeSpan.words(span)
        let rule = MemoryRule.trend(span, hasMedianLine: name == "time_to")
        switch name {
        case "deriv":
            return program(
                x, rule, .slope, unit: "\(x.unit)/s", label: "trend of \(x.label) over \(words)", keepsSignal: false)
        case "predict_linear":
            let ahead = try self.span(arguments[1], of: name)
            return program(
                x, rule, .prediction(ahead), unit: x.unit, label: "\(x.label) expected in \(TimeSpan.words(ahead))")
        default:
            let limit = try number(arguments[1])
            try sameUnit(
                NumberProgram(step: .signal(x.number), unit: x.unit, label: x.label), limit, doing: "compared",
                at: arguments[1].location)
            let question: Question
            switch limit.step {
            case .constant(let value): question = .timeTo(.constant(value))
            case .signal(let number): question = .timeTo(.signal(number))
            default:
                throw PatternProblem(
                    arguments[1].location, "the limit of time_to is a plain number or a signal, no calculation")
            }
            return program(
                x, rule, question, unit: "s", label: "time until \(x.label) reaches its limit", keepsSignal: false)
        }
    }

    private mutating func ofBaseline(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        let isCusum = name.hasPrefix("cusum")
        let form =
            isCusum
            ? "\(name)(x[30d], 0.5) or \(name)(x[30d], 0.5, c, width)" : "\(name)(x[30d]) or \(name)(x[30d], c, width)"
        let own = isCusum ? 2 : 1
        guard arguments.count == own || arguments.count == own + 2, let (inner, span) = window(arguments[0]) else {
            throw usage(place, name, form)
        }
        let x = try numeric(inner, for: name)
        var covariate: Int?
        var width = 1.0
        if arguments.count == own + 2 {
            covariate = try numeric(arguments[own], for: name).number
            guard let value = constant(arguments[own + 1]), value > 0, value.isFinite else {
                throw PatternProblem(arguments[own + 1].location, "the width of a bin is a number above 0")
            }
            width = value
        }
        var allowance = 0.5
        if isCusum {
            guard let value = constant(arguments[1]), value >= 0, value <= 100 else {
                throw PatternProblem(
                    arguments[1].location, "the allowance of \(name) is a number of sigmas from 0 to 100")
            }
            allowance = value
        }
        let rule = MemoryRule.baseline(span, covariate: covariate, width: width, allowance: allowance)
        switch name {
        case "baseline":
            return program(x, rule, .mean, unit: x.unit, label: "usual \(x.label)")
        case "z":
            return program(
                x, rule, .score, unit: "1", label: "deviation of \(x.label) from usual", keepsSignal: false)
        default:
            let question: Question = name == "cusum_low" ? .cusumLow : .cusumHigh
            return program(
                x, rule, question, unit: "1",
                label: "cumulated deviation of \(x.label) \(name == "cusum_low" ? "below" : "above") usual",
                keepsSignal: false)
        }
    }

    // MARK: Of a part's life

    private mutating func lifelong(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        guard arguments.count == 1 else { throw usage(place, name, "\(name)(x)") }
        let x = try numeric(arguments[0], for: name)
        return switch name {
        case "known_for":
            program(
                x, .lifetime, .knownFor, unit: "s", label: "time that \(x.label) has been watched", keepsSignal: false)
        case "lifetime_min":
            program(x, .lifetime, .lowestEver, unit: x.unit, label: "lowest \(x.label) ever seen")
        default: program(x, .lifetime, .highestEver, unit: x.unit, label: "highest \(x.label) ever seen")
        }
    }

    private mutating func moment(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> CheckedExpression {
        guard arguments.count == 1 else { throw usage(place, name, "days_since(\(name)(x))") }
        let x = try counter(arguments[0], for: name)
        let memory = tables.number(of: MemorySlot(signal: x.number, rule: rises(of: x)))
        usedMemories.insert(memory)
        let isFirst = name == "first_nonzero"
        return .moment(
            memory: memory, isFirst ? .daysSinceNonzero : .daysSinceIncrease,
            label: isFirst ? "days since the first \(x.label)" : "days since the last rise of \(x.label)")
    }

    private mutating func daysSince(
        _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        guard arguments.count == 1, case .moment(let memory, let question, let label) = try check(arguments[0]) else {
            throw usage(place, "days_since", "days_since(first_nonzero(x)) or days_since(last_increase(x))")
        }
        let number = tables.number(of: Answer(memory: memory, question: question))
        usedAnswers.insert(number)
        return NumberProgram(step: .answer(number), unit: "d", label: label)
    }

    // MARK: Of several values

    private mutating func choice(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        guard arguments.count == (name == "abs" ? 1 : 2) else {
            throw usage(place, name, name == "abs" ? "abs(x)" : "\(name)(a, b)")
        }
        let first = try number(arguments[0])
        if name == "abs" {
            return NumberProgram(
                step: .absolute(first), unit: first.unit, label: "size of \(first.words)", signal: first.signal)
        }
        let second = try number(arguments[1])
        try sameUnit(first, second, doing: "compared", at: place)
        return NumberProgram(
            step: name == "min" ? .least(first, second) : .greatest(first, second), unit: first.unit ?? second.unit,
            label: "the \(name == "min" ? "lower" : "higher") of \(first.words) and \(second.words)",
            signal: first.signal ?? second.signal)
    }

    private mutating func count(
        _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        var conditions: [TruthProgram] = []
        for argument in arguments { conditions.append(try truth(argument)) }
        return NumberProgram(
            step: .count(conditions), unit: nil, label: "signs among \(conditions.count)")
    }

    private mutating func bits(
        _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        guard arguments.count == 3, let offset = constant(arguments[1]).flatMap(Int.init(exactly:)),
            let width = constant(arguments[2]).flatMap(Int.init(exactly:)), offset >= 0, width >= 1,
            offset + width <= 64
        else { throw usage(place, "bits", "bits(x, offset, width), of 64 bits") }
        let x = try counter(arguments[0], for: "bits")
        let field = tables.number(ofBits: offset, width: width, of: x.number)
        usedSignals.insert(field)
        return NumberProgram(step: .signal(field), unit: x.unit, label: x.label, signal: tables.signals[x.number])
    }

    // MARK: Events

    private func labels(_ expression: Expression, of operand: Operand) throws(PatternProblem) -> [String] {
        let names = (text(expression) ?? "").split(separator: ",").map { String($0.trimmed) }
        guard !names.isEmpty, names.allSatisfy({ operand.entry.labels[$0] != nil }) else {
            throw PatternProblem(
                expression.location,
                "the labels of \(operand.entry.name) are \(operand.entry.labels.keys.sorted().joined(separator: ", ")); "
                    + "write them in quotes, with commas between")
        }
        return names
    }

    private mutating func serd(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> TruthProgram {
        let isKeyed = name == "serd_by"
        let form = isKeyed ? "serd_by(\"page\", event, 2, 24h)" : "serd(event, 10, 10m)"
        guard arguments.count == (isKeyed ? 4 : 3) else { throw usage(place, name, form) }
        let rest = arguments.suffix(3)
        let x = try event(rest[rest.startIndex], for: name)
        let count = try whole(rest[rest.startIndex + 1], of: name, upTo: PatternLimits.events)
        let within = try span(rest[rest.startIndex + 2], of: name)
        let number: Int
        var label = x.label
        if isKeyed {
            let names = try labels(arguments[0], of: x)
            number = answer(x, .keyedEvents(labels: names, count: count, within: within), .keyedCount)
            label += " of one \(names.joined(separator: " and "))"
        } else {
            number = answer(x, .events(count: count, within: within), .eventCount)
        }
        return .events(answer: number, label: label, count: count, within: within)
    }

    private mutating func distinct(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        let isGrouped = name == "distinct_by"
        guard arguments.count == (isGrouped ? 4 : 3) else {
            throw usage(
                place, name,
                isGrouped ? "distinct_by(\"bank,row\", \"column\", event, 24h)" : "distinct(\"device\", event, 24h)")
        }
        let x = try event(arguments[arguments.count - 2], for: name)
        let within = try span(arguments[arguments.count - 1], of: name)
        let values = try labels(arguments[arguments.count - 3], of: x)
        guard values.count == 1 || isGrouped else {
            throw PatternProblem(arguments[arguments.count - 3].location, "\(name) counts the values of one label")
        }
        let names = values.map { "\($0)s" }.joined(separator: " and as many ")
        let group = isGrouped ? try labels(arguments[0], of: x) : []
        let place = group.isEmpty ? "" : " within one \(group.joined(separator: " and "))"
        return program(
            x, .distinct(group: group, labels: values, within: within), .distinctCount, unit: "1",
            label: "different \(names) with \(x.label)\(place) in \(TimeSpan.words(within))", keepsSignal: false)
    }

    /// One label that an expression names.
    private func label(_ expression: Expression, of operand: Operand, for name: String) throws(PatternProblem) -> String
    {
        let names = try labels(expression, of: operand)
        guard names.count == 1 else {
            throw PatternProblem(expression.location, "\(name) takes one label here")
        }
        return names[0]
    }

    private mutating func measured(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        let (form, counts) =
            switch name {
            case "events": ("events(event, 6h)", 2...2)
            case "max_of": ("max_of(\"beat_span\", event, 6h)", 3...3)
            default: ("sum_of(\"bits\", event, 6h), or sum_of(\"bits\", \"error\", event, 6h)", 3...4)
            }
        guard counts.contains(arguments.count) else { throw usage(place, name, form) }
        let x = try event(arguments[arguments.count - 2], for: name)
        let within = try span(arguments[arguments.count - 1], of: name)
        let measured = arguments.count > 2 ? try label(arguments[0], of: x, for: name) : nil
        let once = arguments.count > 3 ? try label(arguments[1], of: x, for: name) : nil
        let words =
            switch (name, measured) {
            case ("max_of", let measured?): "highest \(measured) of \(x.label)"
            case (_, let measured?): "\(measured) of \(once.map { "every \($0) of " } ?? "")\(x.label)"
            case (_, nil): x.label
            }
        return program(
            x, .measured(label: measured, once: once, within: within),
            name == "max_of" ? .measuredHighest : .measuredSum, unit: "1",
            label: "\(words) in \(TimeSpan.words(within))", keepsSignal: false)
    }

    private mutating func groups(
        _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        let pairs = (arguments.count - 3) / 2
        guard arguments.count % 2 == 1, (1...PatternLimits.groupLabels).contains(pairs) else {
            throw usage(
                place, "groups",
                "groups(\"bank,row\", \"column\", 2, event, 1h), with up to \(PatternLimits.groupLabels) labels and limits"
            )
        }
        let x = try event(arguments[arguments.count - 2], for: "groups")
        let within = try span(arguments[arguments.count - 1], of: "groups")
        let group = try labels(arguments[0], of: x)
        var values: [String] = []
        var limits: [Int] = []
        for pair in 0..<pairs {
            values.append(try label(arguments[1 + 2 * pair], of: x, for: "groups"))
            limits.append(try whole(arguments[2 + 2 * pair], of: "groups", upTo: PatternLimits.groupValues))
        }
        guard Set(values).count == values.count else {
            throw PatternProblem(arguments[1].location, "groups counts the values of each label once")
        }
        let each = zip(values, limits).map { "\($1) different \($0)s" }.joined(separator: " and ")
        return program(
            x, .distinct(group: group, labels: values, within: within), .groupCount(limits), unit: "1",
            label: "places of one \(group.joined(separator: " and ")) that have \(each) with \(x.label) in "
                + TimeSpan.words(within), keepsSignal: false)
    }

    private mutating func bucket(
        _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> TruthProgram {
        guard arguments.count == 3 else { throw usage(place, "bucket", "bucket(x, 10, 24h)") }
        let x = try signal(arguments[0], for: "bucket")
        guard x.entry.kind == .event || x.entry.kind == .counter else {
            throw PatternProblem(
                arguments[0].location,
                "bucket is for events and counters; \(x.entry.name) is a \(x.entry.kind.rawValue)")
        }
        let count = try whole(arguments[1], of: "bucket", upTo: 1_000_000)
        let within = try span(arguments[2], of: "bucket")
        let number = answer(x, .bucket(count: count, within: within, counting(of: x)), .level)
        return .events(answer: number, label: "\(x.label), leaking", count: count, within: within)
    }

    private mutating func absent(
        _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> TruthProgram {
        guard arguments.count == 1, let (inner, span) = window(arguments[0]) else {
            throw usage(place, "absent_over_time", "absent_over_time(x[1h])")
        }
        let x = try signal(inner, for: "absent_over_time")
        looksForAbsence = true
        return .absent(signal: x.number, label: x.label, within: span)
    }

    private mutating func sequence(
        _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> TruthProgram {
        guard arguments.count == 3 else { throw usage(place, "sequence", "sequence(a, b, 7d)") }
        let first = try truth(arguments[0])
        let second = try truth(arguments[1])
        let within = try span(arguments[2], of: "sequence")
        let number = tables.number(ofSequence: "\(patternID)#\(sequences.count)")
        sequences.append((number, first, second, within))
        return .sequence(number, first, second, within: within)
    }

    // MARK: Other components

    private mutating func remote(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> CheckedExpression {
        let whereabouts: CrossComponentQuery.Place
        var digest = CrossComponentQuery.Aggregation.highest
        let operand: Expression
        switch name {
        case "parent":
            guard arguments.count == 1 else { throw usage(place, name, "parent(x)") }
            (whereabouts, operand) = (.parent, arguments[0])
        case "above":
            guard arguments.count == 2, let kind = text(arguments[0]) else {
                throw usage(place, name, "above(\"chassis\", x)")
            }
            (whereabouts, operand) = (.above(ComponentKind(rawValue: kind)), arguments[1])
        case "peers_median", "peers_mad", "peers_count":
            guard (1...3).contains(arguments.count) else {
                throw usage(place, name, "\(name)(x), \(name)(x, \"model\") or \(name)(x, \"model\", anywhere)")
            }
            var sharing: String?
            if arguments.count >= 2 {
                guard let attribute = text(arguments[1]) else {
                    throw PatternProblem(
                        arguments[1].location, "the attribute that the siblings share stands in quotes")
                }
                sharing = attribute
            }
            digest = name == "peers_median" ? .median : name == "peers_mad" ? .deviation : .count
            let isAnywhere = arguments.count == 3
            if isAnywhere {
                guard case .name("anywhere") = arguments[2].kind else {
                    throw PatternProblem(
                        arguments[2].location, "siblings hang on the same part, or else they are \(name)(…, anywhere)")
                }
            }
            (whereabouts, operand) = (.peers(sharing: sharing, isAnywhere: isAnywhere), arguments[0])
        default:
            guard arguments.count == 1 else { throw usage(place, name, "\(name)(x)") }
            digest = CrossComponentQuery.Aggregation(rawValue: String(name.dropFirst(6))) ?? .count
            (whereabouts, operand) = (.under, arguments[0])
        }
        let before = usedSignals
        let wasElsewhere = isElsewhere
        isElsewhere = true
        defer { isElsewhere = wasElsewhere }
        let checked = try check(operand)
        var source: (number: Int, label: String, unit: String?)?
        var isState = false
        switch checked {
        case .number(let program):
            if case .signal(let number) = program.step { source = (number, program.label, program.unit) }
        case .state(let number, let label):
            (source, isState) = ((number, label, nil), true)
        case .truth, .event, .text, .moment: break
        }
        guard let source, case .told = tables.sources[source.number] else {
            throw PatternProblem(
                operand.location, "\(name) is over a signal of the other component, not over \(checked.words)")
        }
        if isState, digest != .highest || whereabouts == .under {
            if digest != .count {
                throw PatternProblem(operand.location, "\(name) is for numbers; \(source.label) is a state")
            }
        }
        let number = tables.number(of: CrossComponentQuery.signal(source.number, digest, whereabouts))
        usedSignals = before.union([number])
        let whose =
            switch whereabouts {
            case .parent: "\(source.label) of what it hangs on"
            case .above(let kind): "\(source.label) of the \(kind.rawValue)"
            case .under: "\(digest.rawValue) of \(source.label) under it"
            case .peers:
                digest == .count
                    ? "siblings with \(source.label)" : "\(digest.rawValue) of its siblings' \(source.label)"
            }
        if isState, digest == .highest { return .state(signal: number, label: whose) }
        return .number(
            NumberProgram(
                step: .signal(number), unit: digest == .count ? "1" : source.unit, label: whose,
                signal: digest == .count ? nil : tables.signals[source.number]))
    }

    private mutating func active(
        _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        guard (1...2).contains(arguments.count), let text = text(arguments[0]), !text.isEmpty else {
            throw usage(place, "active", "active(\"disk.ata.link-*\", under self)")
        }
        var scope = Scope.underOwn
        if arguments.count == 2 {
            let words: String? =
                switch arguments[1].kind {
                case .text(let words), .name(let words): words
                default: nil
                }
            guard let found = words.flatMap(Scope.init) else {
                throw PatternProblem(
                    arguments[1].location,
                    "the place is one of \(Scope.allWords)")
            }
            scope = found
        }
        watchedClasses.append((ClassPattern(text: text), place))
        let number = tables.number(of: CrossComponentQuery.faults(ClassPattern(text: text), scope))
        usedSignals.insert(number)
        return NumberProgram(
            step: .signal(number), unit: nil, label: "parts with \(text) \(scope.text)")
    }

    // MARK: Models

    private mutating func model(
        _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        guard arguments.count == 1, let name = text(arguments[0]) else {
            throw usage(place, "model", "model(\"disk-hdd\")")
        }
        guard let ensemble = ensembles[name] else {
            let known = ensembles.keys.sorted().joined(separator: ", ")
            throw PatternProblem(
                place,
                "there is no model \(name.prefix(60)); "
                    + (known.isEmpty
                        ? "put it in the folder `models` as \(name.prefix(60)).json" : "there are \(known)"))
        }
        var features: [ModelProgram.Feature] = []
        for feature in ensemble.features {
            if let attribute = feature.attribute {
                features.append(.attribute(attribute))
                continue
            }
            let node = SourceNode(
                .scalar(feature.expression ?? ""),
                at: SourceLocation(file: "models/\(name).json, feature \(feature.name)"))
            features.append(.number(try number(ofFeature: try ExpressionParser.parse(node))))
        }
        let key = "\(name) \(kinds.map(\.rawValue).joined(separator: ","))"
        let number =
            tables.number(ofModel: key) ?? tables.add(ModelProgram(ensemble: ensemble, features: features), key: key)
        usedModels.insert(number)
        return NumberProgram(step: .model(number), unit: "1", label: "the score of the model \(name)")
    }
}
