import Reports

/// Since when nobody watches what a judgement rests on; milliseconds since 1970.
struct Lapse {
    /// It goes on.
    var open: Int64?
    /// It ended with the samples of this moment.
    var ended: Int64?

    static let never = Lapse(open: nil, ended: nil)

    /// Of what rests on both.
    func both(_ other: Lapse) -> Lapse {
        Lapse(open: Lapse.earlier(open, other.open), ended: Lapse.earlier(ended, other.ended))
    }

    /// Of what either is enough for.
    func either(_ other: Lapse) -> Lapse {
        Lapse(open: Lapse.later(open, other.open), ended: Lapse.later(ended, other.ended))
    }

    private static func earlier(_ one: Int64?, _ other: Int64?) -> Int64? {
        guard let one else { return other }
        return other.map { min(one, $0) } ?? one
    }

    /// None is later than any.
    private static func later(_ one: Int64?, _ other: Int64?) -> Int64? {
        guard let one, let other else { return nil }
        return max(one, other)
    }
}

/// What a judgement rests on, and whether that is watched.
extension ComponentMemory {
    /// - Parameter truth: what the program is found to be; an unknown one is held anyway.
    func lapse(_ program: TruthProgram, being truth: Bool, at now: Int64, _ book: Rulebook) -> Lapse {
        switch program {
        // What does not come is missed while other things of the part come.
        case .constant, .absent: return .never
        case .compare(_, let left, let right): return lapse(left, at: now, book).both(lapse(right, at: now, book))
        case .stateIs(let signal, _, _, _): return lapse(ofSignal: signal, at: now)
        case .events(let answer, _, _, _): return lapse(ofAnswer: answer, at: now)
        case .sequence(_, _, let second, _): return lapse(second, being: truth, at: now, book)
        case .not(let inner): return lapse(inner, being: !truth, at: now, book)
        case .and(let left, let right): return lapse(left, right, areAllNeeded: truth, being: truth, at: now, book)
        case .or(let left, let right): return lapse(left, right, areAllNeeded: !truth, being: truth, at: now, book)
        }
    }

    private func lapse(
        _ left: TruthProgram, _ right: TruthProgram, areAllNeeded: Bool, being truth: Bool, at now: Int64,
        _ book: Rulebook
    ) -> Lapse {
        func own(_ program: TruthProgram) -> Lapse? {
            guard areAllNeeded || self.truth(program, at: now, book) == Truth(truth) else { return nil }
            return lapse(program, being: truth, at: now, book)
        }
        guard let one = own(left) else { return own(right) ?? .never }
        guard let other = own(right) else { return one }
        return areAllNeeded ? one.both(other) : one.either(other)
    }

    private func lapse(_ program: NumberProgram, at now: Int64, _ book: Rulebook) -> Lapse {
        switch program.step {
        case .constant: return .never
        case .signal(let signal): return lapse(ofSignal: signal, at: now)
        case .answer(let answer): return lapse(ofAnswer: answer, at: now)
        case .negative(let inner), .absolute(let inner): return lapse(inner, at: now, book)
        case .least(let left, let right), .greatest(let left, let right), .arithmetic(_, let left, let right):
            return lapse(left, at: now, book).both(lapse(right, at: now, book))
        case .count(let conditions):
            return conditions.reduce(.never) { found, condition in
                switch truth(condition, at: now, book) {
                case .yes: found.both(lapse(condition, being: true, at: now, book))
                case .no: found.both(lapse(condition, being: false, at: now, book))
                case .unknown: found
                }
            }
        case .model(let number):
            return book.tables.models[number].sources.reduce(.never) { found, source in
                switch source {
                case .signal(let signal): found.both(lapse(ofSignal: signal, at: now))
                case .answer(let answer): found.both(lapse(ofAnswer: answer, at: now))
                case .computed: found
                }
            }
        }
    }

    /// When what a program looks at became too old to be known by; nil where all of it has been read in time, up to this
    /// moment.
    func becameUnknown(_ program: TruthProgram, at now: Int64, _ book: Rulebook) -> Timestamp? {
        guard let since = silence(program, at: now, book) else { return nil }
        let end = Timestamp(milliseconds: since).plus(PatternLimits.staleAfter)
        return end.milliseconds <= now ? end : nil
    }

    /// Since when the first of all that a program looks at was not read, until this moment.
    private func silence(_ program: TruthProgram, at now: Int64, _ book: Rulebook) -> Int64? {
        func earlier(_ one: Int64?, _ other: Int64?) -> Int64? {
            guard let one, let other else { return one ?? other }
            return min(one, other)
        }
        func earliest(_ lapse: Lapse) -> Int64? { earlier(lapse.open, lapse.ended) }
        switch program {
        case .constant, .absent: return nil
        case .compare(_, let left, let right):
            return earlier(earliest(lapse(left, at: now, book)), earliest(lapse(right, at: now, book)))
        case .stateIs(let signal, _, _, _): return earliest(lapse(ofSignal: signal, at: now))
        case .events(let answer, _, _, _): return earliest(lapse(ofAnswer: answer, at: now))
        case .sequence(_, let first, let second, _), .and(let first, let second), .or(let first, let second):
            return earlier(silence(first, at: now, book), silence(second, at: now, book))
        case .not(let inner): return silence(inner, at: now, book)
        }
    }

    private func lapse(ofSignal signal: Int, at now: Int64) -> Lapse {
        slot(of: signal).map { lapse(ofSlot: $0, at: now) } ?? .never
    }

    private func lapse(ofAnswer number: Int, at now: Int64) -> Lapse {
        let place = Int(layout.answerOfNumber[number])
        guard place >= 0 else { return .never }
        let memory = layout.memories[Int(layout.answers[place].memory)]
        return lapse(ofSlot: Int(memory.slot), at: now)
    }
}
