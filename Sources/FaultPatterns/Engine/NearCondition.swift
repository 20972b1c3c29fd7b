public import Reports

/// A pattern that is not fulfilled on a component and is not far from it: what holds already, and what keeps it from a
/// fault. For people who ask why nothing is said of a part.
///
/// Near is what somebody who looks at the values would point at: a count that did not begin at zero and has not grown, a
/// reading within a tenth of its limit, some of the events that are wanted, a condition that holds and waits for time or
/// readings. Patterns of which nothing is told are not near.
public struct NearCondition: Hashable, Sendable, Codable {
    public var pattern: String
    public var component: ComponentID
    /// Comparisons that hold, as parts of a sentence with values and limits.
    public var holds: [String]
    /// What keeps it from a fault, likewise; never empty.
    public var lacks: [String]
    /// Since when all of it has held, where only time or readings are wanting.
    public var since: Timestamp?
    /// Whether the pattern is on trial, so that it would only be shown.
    public var isOnTrial: Bool
}

extension Diagnosis {
    /// The patterns that came near a fault at the newest time, in the order of components and patterns.
    public var nearConditions: [NearCondition] {
        memories.flatMap { memory in
            memory.layout.patterns.compactMap { plan -> NearCondition? in
                guard memory.faults[plan.entry] == nil else { return nil }
                return NearCondition(of: plan.compiled, progress: memory.progress[plan.entry], memory, book)
            }
        }.sorted { ($0.component, $0.pattern) < ($1.component, $1.pattern) }
    }

    /// Faults that are open and not reported, because another one that is open explains them; the oldest first.
    public var explainedFaults: [Fault] {
        let told = Set(openFaults.map(\.id))
        return memories.flatMap { $0.faults.values }.filter { !told.contains($0.id) }
            .sorted { ($0.openedAt, $0.component, $0.pattern) < ($1.openedAt, $1.component, $1.pattern) }
    }
}

extension NumberProgram {
    /// Whether a limit is given by the pattern or the device: near to its own highest value is every value.
    fileprivate var isGiven: Bool {
        switch step {
        case .constant, .signal: true
        case .answer, .model, .count: false
        case .arithmetic(_, let left, let right), .least(let left, let right), .greatest(let left, let right):
            left.isGiven && right.isGiven
        case .negative(let inner), .absolute(let inner): inner.isGiven
        }
    }
}

extension NearCondition {
    fileprivate init?(
        of compiled: CompiledPattern, progress: Progress?, _ memory: ComponentMemory, _ book: Rulebook
    ) {
        let now = memory.newest
        guard now != .min else { return nil }
        let pattern = compiled.pattern
        let holding = memory.reasons(compiled.condition, being: true, at: now, book)
        if let progress {
            // Held by a value that is not known any more, it is on its way all the same.
            self.init(
                pattern: pattern.id, component: memory.id, holds: holding,
                lacks: [pattern.persistence.words], since: progress.since,
                isOnTrial: book.isOnTrial(pattern))
            return
        }
        guard memory.truth(compiled.condition, at: now, book) != .yes else { return nil }
        let approach = Approach(to: compiled.condition, being: true, memory, now, book)
        guard approach.isNear, !approach.lacks.isEmpty else { return nil }
        self.init(
            pattern: pattern.id, component: memory.id, holds: approach.holds, lacks: approach.lacks, since: nil,
            isOnTrial: book.isOnTrial(pattern))
    }
}

/// How near a condition is to what is wanted of it.
private struct Approach {
    var holds: [String] = []
    var lacks: [String] = []
    /// Whether it is there, or all that is wanting is near.
    var isNear = false

    init(
        to program: TruthProgram, being wanted: Bool, _ memory: ComponentMemory, _ now: Int64, _ book: Rulebook
    ) {
        if memory.truth(program, at: now, book) == Truth(wanted) {
            isNear = true
            holds = memory.reasons(program, being: wanted, at: now, book)
            return
        }
        func inner(_ program: TruthProgram, _ wanted: Bool) -> Approach {
            Approach(to: program, being: wanted, memory, now, book)
        }
        switch program {
        case .constant: break
        case .not(let other): self = inner(other, !wanted)
        case .and(let left, let right): join(inner(left, wanted), inner(right, wanted), needsBoth: wanted)
        case .or(let left, let right): join(inner(left, wanted), inner(right, wanted), needsBoth: !wanted)
        case .compare(let comparison, let left, let right):
            // Of a comparison that is to fail, the opposite is to hold.
            let comparison = wanted ? comparison : comparison.opposite
            let (value, limit) = (memory.number(left, at: now, book), memory.number(right, at: now, book))
            isNear =
                right.isGiven && Approach.isNear(value, comparison, limit)
                || Approach.counts(left, comparison, memory, book)
            // Seen for less than its window, a counter may have grown by more than is known of.
            func found(_ program: NumberProgram, _ bounds: Bounds) -> String {
                memory.words(program, at: now, book) + (bounds.low == bounds.high ? "" : " so far")
            }
            let words =
                right.isConstant ? right.words(for: left) : "\(right.words), which is \(found(right, limit))"
            lacks = ["\(left.words) is \(found(left, value)) (wanted: \(comparison.words) \(words))"]
        case .stateIs: break
        case .events(let answer, let label, let count, let window):
            let found = memory.bounds(ofAnswer: answer, at: now).low
            isNear = wanted && found > 0
            lacks = [
                "\(Quantity.digits(max(0, found.rounded(.down)))) times \(label) within \(TimeSpan.words(window)) "
                    + "(wanted: \(count))"
            ]
        // What is not missed yet, or did not happen in this order, is not near to it.
        case .absent, .sequence: break
        }
    }

    private mutating func join(_ left: Approach, _ right: Approach, needsBoth: Bool) {
        if needsBoth {
            isNear = left.isNear && right.isNear
            holds = left.holds + right.holds
            lacks = left.lacks + right.lacks
        } else {
            let near = [left, right].filter(\.isNear)
            isNear = !near.isEmpty
            holds = near.flatMap(\.holds)
            lacks = near.flatMap(\.lacks)
        }
    }

    /// Within a tenth of a limit that is not zero.
    private static func isNear(_ value: Bounds, _ comparison: Expression.Comparison, _ limit: Bounds) -> Bool {
        guard value.low == value.high, limit.low == limit.high, limit.low != 0, value.low != 0 else { return false }
        switch comparison {
        case .more, .atLeast, .less, .atMost: return abs(value.low - limit.low) <= abs(limit.low) / 10
        case .equal, .unequal: return false
        }
    }

    /// Whether it counts what has happened: some of it in the window, or before the first look.
    private static func counts(
        _ program: NumberProgram, _ comparison: Expression.Comparison, _ memory: ComponentMemory, _ book: Rulebook
    ) -> Bool {
        guard comparison == .more || comparison == .atLeast, case .answer(let number) = program.step else {
            return false
        }
        let answer = book.tables.answers[number]
        switch answer.question {
        case .eventCount, .keyedCount, .distinctCount, .groupCount, .measuredSum, .measuredHighest, .level:
            return memory.bounds(ofAnswer: number, at: memory.newest).low > 0
        case .increase, .rises, .risingDays, .rate:
            guard let place = memory.slot(of: book.tables.memories[answer.memory].signal) else { return false }
            return memory.slots[place].isNumber && memory.slots[place].value > 0
        default: return false
        }
    }
}
