import Reports

/// Computes programs on what is remembered of one component at one time.
extension ComponentMemory {
    private func latest(_ signal: Int, at now: Int64) -> Slot? {
        guard let place = slot(of: signal), !slots[place].isStale(at: now) else { return nil }
        return slots[place]
    }

    private func number(ofSignal signal: Int, at now: Int64) -> Bounds {
        guard let slot = latest(signal, at: now), slot.isNumber else { return .unknown }
        return Bounds(slot.value)
    }

    func number(_ program: NumberProgram, at now: Int64, _ book: Rulebook) -> Bounds {
        switch program.step {
        case .constant(let value): return Bounds(value)
        case .signal(let signal): return number(ofSignal: signal, at: now)
        case .answer(let answer): return bounds(ofAnswer: answer, at: now)
        case .negative(let inner): return -number(inner, at: now, book)
        case .absolute(let inner):
            let value = number(inner, at: now, book)
            if value.low >= 0 { return value }
            if value.high <= 0 { return -value }
            return Bounds(low: 0, high: max(-value.low, value.high))
        case .least(let left, let right):
            let (one, other) = (number(left, at: now, book), number(right, at: now, book))
            return Bounds(low: min(one.low, other.low), high: min(one.high, other.high))
        case .greatest(let left, let right):
            let (one, other) = (number(left, at: now, book), number(right, at: now, book))
            return Bounds(low: max(one.low, other.low), high: max(one.high, other.high))
        case .count(let conditions):
            var (sure, possible) = (0, 0)
            for condition in conditions {
                switch truth(condition, at: now, book) {
                case .yes:
                    sure += 1
                    possible += 1
                case .unknown: possible += 1
                case .no: break
                }
            }
            return Bounds(low: Double(sure), high: Double(possible))
        case .arithmetic(let operation, let left, let right):
            let (one, other) = (number(left, at: now, book), number(right, at: now, book))
            return switch operation {
            case .plus: one + other
            case .minus: one - other
            case .times: one * other
            case .over: one / other
            }
        case .model(let number): return Bounds(score(ofModel: number, at: now, book))
        }
    }

    /// The features of a model: a quantity that is known in part counts as what is sure of it, an unknown one as missing.
    func features(ofModel number: Int, at now: Int64, _ book: Rulebook) -> [Double] {
        let model = book.tables.models[number]
        let sources = model.sources
        var values = [Double](repeating: .nan, count: sources.count)
        for index in values.indices {
            let known: Bounds
            switch sources[index] {
            case .signal(let signal): known = self.number(ofSignal: signal, at: now)
            case .answer(let answer): known = bounds(ofAnswer: answer, at: now)
            case .computed(let place):
                switch model.features[place] {
                case .number(let program): known = self.number(program, at: now, book)
                case .attribute(let name):
                    values[index] =
                        attributes[name].map { model.ensemble.value(of: $0, for: place) } ?? .nan
                    continue
                }
            }
            values[index] = known.low.isFinite ? known.low : known.high.isFinite ? known.high : .nan
        }
        return values
    }

    func score(ofModel number: Int, at now: Int64, _ book: Rulebook) -> Double {
        if let memory = scores[number], memory.time == now { return memory.score }
        return book.tables.models[number].ensemble.score(features(ofModel: number, at: now, book).span)
    }

    /// Asks models anew where an input has left the range in which their score stays as it is.
    mutating func refreshScores(of models: [Int], at now: Int64, _ book: Rulebook) {
        for model in models {
            let values = features(ofModel: model, at: now, book)
            scores[model, default: ScoreCache()].refresh(values, of: book.tables.models[model], at: now)
        }
    }

    func truth(_ program: TruthProgram, at now: Int64, _ book: Rulebook) -> Truth {
        switch program {
        case .constant(let value): return Truth(value)
        case .compare(let comparison, let left, let right):
            return Truth.compare(number(left, at: now, book), comparison, number(right, at: now, book))
        case .stateIs(let signal, _, let word, let negated):
            guard let place = slot(of: signal), slots[place].content == .state, !slots[place].isStale(at: now) else {
                return .unknown
            }
            return Truth((text(ofSlot: place) == word) != negated)
        case .events(let answer, _, let count, _):
            return Truth.compare(bounds(ofAnswer: answer, at: now), .atLeast, Bounds(Double(count)))
        case .absent(let signal, _, let within):
            guard let place = slot(of: signal), slots[place].content != .none, slots[place].readTime != .min else {
                return .unknown
            }
            // Counted to the newest sample of the component: while nothing of it is read, nothing is missed.
            let silence = Timestamp(milliseconds: newest).milliseconds(
                since: Timestamp(milliseconds: slots[place].readTime))
            return Truth(silence > within)
        case .sequence(let number, _, let second, _):
            guard let memory = sequences[number] else { return truth(second, at: now, book) == .no ? .no : .unknown }
            return memory.truth
        case .not(let inner): return !truth(inner, at: now, book)
        case .and(let left, let right):
            let first = truth(left, at: now, book)
            if first == .no { return .no }
            let second = truth(right, at: now, book)
            return second == .no ? .no : first == .yes && second == .yes ? .yes : .unknown
        case .or(let left, let right):
            let first = truth(left, at: now, book)
            if first == .yes { return .yes }
            let second = truth(right, at: now, book)
            return second == .yes ? .yes : first == .no && second == .no ? .no : .unknown
        }
    }

    // MARK: In words

    /// The comparisons that made a condition what it is, as parts of a sentence with the values and the limits.
    func reasons(_ program: TruthProgram, being wanted: Bool, at now: Int64, _ book: Rulebook) -> [String] {
        guard truth(program, at: now, book) == Truth(wanted) else { return [] }
        switch program {
        case .constant: return []
        case .not(let inner): return reasons(inner, being: !wanted, at: now, book)
        case .and(let left, let right), .or(let left, let right):
            return reasons(left, being: wanted, at: now, book) + reasons(right, being: wanted, at: now, book)
        case .compare(let comparison, let left, let right):
            let limit = right.isConstant ? right.words(for: left) : "\(right.words), \(words(right, at: now, book))"
            let relation = "\(wanted ? "" : "not ")\(comparison.words) \(limit)"
            return ["\(left.words) is \(words(left, at: now, book)) (\(relation))"]
        case .stateIs(let signal, let label, _, _):
            guard let place = slot(of: signal), let value = slots[place].measurement(text: text(ofSlot: place)) else {
                return []
            }
            return ["\(label) is \(Quantity.words(value, of: book.tables.signals[signal]))"]
        case .events(let answer, let label, let count, let window):
            let found = Quantity.digits(max(0, bounds(ofAnswer: answer, at: now).low.rounded(.down)))
            return ["\(found) times \(label) within \(TimeSpan.words(window)) (limit \(count))"]
        case .absent(_, let label, let within): return ["no \(label) for \(TimeSpan.words(within))"]
        case .sequence(_, let first, let second, _):
            return reasons(first, being: wanted, at: now, book) + reasons(second, being: wanted, at: now, book)
        }
    }

    func words(_ program: NumberProgram, at now: Int64, _ book: Rulebook) -> String {
        Quantity.words(number(program, at: now, book), unit: program.unit ?? "", of: program.signal)
    }

    func words(_ pieces: [CompiledPattern.Piece], at now: Int64, _ book: Rulebook) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .number(let program): words(program, at: now, book)
            case .state(let signal):
                slot(of: signal).flatMap { place in slots[place].measurement(text: text(ofSlot: place)) }
                    .map { Quantity.words($0, of: book.tables.signals[signal]) } ?? "not known"
            }
        }.joined()
    }
}

extension NumberProgram {
    /// A constant limit, in the unit of what it limits.
    func words(for value: NumberProgram) -> String {
        guard case .constant(let constant) = step else { return words }
        return Quantity.words(constant, unit: value.unit ?? unit ?? "", of: value.signal)
    }
}
