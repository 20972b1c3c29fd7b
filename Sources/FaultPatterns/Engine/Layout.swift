import Reports

/// How the memory of a component is laid out, for all components that the same patterns are for: which signals have a
/// slot, what each slot feeds, and which patterns a change concerns.
///
/// A sample costs what hangs on its slot and nothing else. The limits that patterns compare a signal with stand in one
/// sorted row a slot: as long as a value stays between the same two limits, no pattern is looked at.
final class Layout: Sendable {
    /// A limit on a slot, and the pattern (its place in this layout) that compares with it.
    struct Limit: Sendable {
        var value: Double
        var pattern: Int32
    }

    struct SlotPlan: Sendable {
        /// The signal's number in the pack.
        var signal: Int
        /// In the order of the values.
        var limits: [Limit] = []
        /// Patterns to be judged at any change of the value.
        var watchers: [Int32] = []
        /// Memories fed with it, by their places here.
        var memories: [Int32] = []
        /// Memories that are fed at the end of a moment, when their covariate is in.
        var lateMemories: [Int32] = []
        /// Bit fields taken from it.
        var fields: [(slot: Int32, offset: UInt64, mask: UInt64)] = []
        var needsEveryReading = false
        /// Patterns that look at it in any way: what it is a sample for.
        var patterns: [Int32] = []
    }

    struct MemoryPlan: Sendable {
        /// The memory's number in the pack.
        var number: Int
        var rule: MemoryRule
        /// Must receive every reading, also of one that repeats the value before it.
        let needsEveryReading: Bool
        var slot: Int32
        /// The slot of the covariate, or -1.
        var covariate: Int32 = -1
        var answers: [Int32] = []
        var patterns: [Int32] = []

        init(number: Int, rule: MemoryRule, slot: Int32) {
            self.number = number
            self.rule = rule
            self.slot = slot
            needsEveryReading = rule.needsEveryReading
        }
    }

    struct AnswerPlan: Sendable {
        var memory: Int32
        var question: Question
        /// The slot of the limit of `time_to`, or -1.
        var limitSlot: Int32 = -1
        /// The values at which some pattern changes its mind, sorted.
        var limits: [Double] = []
        /// No pattern wants more of it than which side of its limits it is on.
        var isOnlyCompared = true
        /// Nothing but the first reading and time move it.
        let hangsOnFirstReading: Bool
        var patterns: [Int32] = []

        init(memory: Int32, question: Question) {
            self.memory = memory
            self.question = question
            hangsOnFirstReading = question == .knownFor
        }
    }

    struct PatternPlan: Sendable {
        /// The entry of the rule base.
        var entry: Int
        let compiled: CompiledPattern
        var slots: [Int32]
        var rest: Rest
    }

    /// How long a pattern that is judged at every sample may be left alone once its condition is known not to hold.
    /// Whatever could make it hold marks the pattern by itself, as with patterns that are not judged at every sample.
    enum Rest: Sendable {
        case never
        /// A model is not asked while a term beside it does not hold.
        case untilMarked
        /// A sequence remembers also that something was not known: until one of its signals is stale.
        case untilStale
    }

    let patterns: [PatternPlan]
    let slots: [SlotPlan]
    let memories: [MemoryPlan]
    let answers: [AnswerPlan]
    /// By the pack's numbers; -1 where there is none here.
    let slotOfSignal: [Int32]
    let memoryOfNumber: [Int32]
    let answerOfNumber: [Int32]
    /// Places of patterns that are judged whenever one of their signals is reported.
    let alwaysJudged: [Int32]
    let ticking: [Int32]
    let lateMemories: [Int32]
    /// Slots that are read from other components.
    let remoteSlots: [Int32]
    /// Places of patterns whose conditions look for what does not come.
    let absenceWatchers: [Int32]
    /// Places of patterns of which only an open fault hangs on what does not come.
    let absenceEnders: [Int32]
    var looksForAbsence: Bool { !absenceWatchers.isEmpty || !absenceEnders.isEmpty }
    /// Places by the entry's number in the rule base.
    let patternOfEntry: [Int: Int]

    init(_ chosen: [(entry: Int, compiled: CompiledPattern)], exported: [Int], tables: ProgramTables) {
        var slots: [SlotPlan] = []
        var memories: [MemoryPlan] = []
        var answers: [AnswerPlan] = []
        var slotOfSignal = [Int32](repeating: -1, count: tables.signals.count)
        var memoryOfNumber = [Int32](repeating: -1, count: tables.memories.count)
        var answerOfNumber = [Int32](repeating: -1, count: tables.answers.count)
        var patterns: [PatternPlan] = []

        func slot(of signal: Int) -> Int32 {
            if slotOfSignal[signal] >= 0 { return slotOfSignal[signal] }
            if case .bits(let base, let offset, let width) = tables.sources[signal] {
                let from = slot(of: base)
                slots.append(SlotPlan(signal: signal))
                slotOfSignal[signal] = Int32(slots.count - 1)
                let mask = width >= 64 ? UInt64.max : (UInt64(1) << UInt64(width)) - 1
                slots[Int(from)].fields.append((Int32(slots.count - 1), UInt64(offset), mask))
            } else {
                slots.append(SlotPlan(signal: signal))
                slotOfSignal[signal] = Int32(slots.count - 1)
            }
            return slotOfSignal[signal]
        }
        func memory(of number: Int) -> Int32 {
            if memoryOfNumber[number] >= 0 { return memoryOfNumber[number] }
            let source = tables.memories[number]
            let own = slot(of: source.signal)
            var plan = MemoryPlan(number: number, rule: source.rule, slot: own)
            if case .baseline(_, let covariate, _, _) = source.rule {
                if let covariate { plan.covariate = slot(of: covariate) }
                slots[Int(own)].lateMemories.append(Int32(memories.count))
            } else {
                slots[Int(own)].memories.append(Int32(memories.count))
            }
            if source.rule.needsEveryReading { slots[Int(own)].needsEveryReading = true }
            memories.append(plan)
            memoryOfNumber[number] = Int32(memories.count - 1)
            return memoryOfNumber[number]
        }
        func answer(of number: Int) -> Int32 {
            if answerOfNumber[number] >= 0 { return answerOfNumber[number] }
            let source = tables.answers[number]
            let from = memory(of: source.memory)
            var plan = AnswerPlan(memory: from, question: source.question)
            if case .timeTo(.signal(let limit)) = source.question { plan.limitSlot = slot(of: limit) }
            answers.append(plan)
            answerOfNumber[number] = Int32(answers.count - 1)
            memories[Int(from)].answers.append(answerOfNumber[number])
            return answerOfNumber[number]
        }

        var always: [Int32] = []
        for signal in exported { _ = slot(of: signal) }
        for (place, choice) in chosen.enumerated() {
            let compiled = choice.compiled
            let own = Int32(place)
            var looksAt: Set<Int32> = []
            for signal in compiled.signals { looksAt.insert(slot(of: signal)) }
            for number in compiled.memories {
                let index = Int(memory(of: number))
                memories[index].patterns.append(own)
                looksAt.insert(memories[index].slot)
            }
            for number in compiled.answers {
                let index = Int(answer(of: number))
                answers[index].patterns.append(own)
                if answers[index].limitSlot >= 0 { looksAt.insert(answers[index].limitSlot) }
            }
            // A field comes with the signal that it is taken from.
            for slot in looksAt {
                if case .bits(let base, _, _) = tables.sources[slots[Int(slot)].signal] {
                    looksAt.insert(slotOfSignal[base])
                }
            }
            for slot in looksAt { slots[Int(slot)].patterns.append(own) }
            // What each slot and running answer is compared with.
            var uses = ProgramUses()
            uses.take(compiled)
            for (signal, values) in uses.comparedSignals {
                let index = Int(slot(of: signal))
                for value in values { slots[index].limits.append(Limit(value: value, pattern: own)) }
            }
            for signal in uses.otherSignals { slots[Int(slot(of: signal))].watchers.append(own) }
            var isAlways = compiled.isAlwaysEvaluated
            var mayRest = compiled.memories.allSatisfy { tables.memories[$0].rule.isMovedByItsSignalOnly }
            if !compiled.models.isEmpty, !compiled.sequences.isEmpty { mayRest = false }
            for (number, values) in uses.comparedAnswers { answers[Int(answer(of: number))].limits += values }
            for number in uses.otherAnswers {
                answers[Int(answer(of: number))].isOnlyCompared = false
                if tables.answers[number].question.isRunning {
                    isAlways = true
                    mayRest = false
                }
            }
            if isAlways { always.append(own) }
            let rest: Rest = !mayRest ? .never : compiled.sequences.isEmpty ? .untilMarked : .untilStale
            patterns.append(
                PatternPlan(entry: choice.entry, compiled: compiled, slots: looksAt.sorted(), rest: rest))
        }
        for index in slots.indices {
            slots[index].limits.sort { ($0.value, $0.pattern) < ($1.value, $1.pattern) }
            slots[index].watchers.sort()
        }
        for index in answers.indices {
            answers[index].limits.sort()
            if answers[index].question.isRunning { answers[index].isOnlyCompared = false }
        }
        self.slots = slots
        self.memories = memories
        self.answers = answers
        self.patterns = patterns
        self.slotOfSignal = slotOfSignal
        self.memoryOfNumber = memoryOfNumber
        self.answerOfNumber = answerOfNumber
        alwaysJudged = always
        ticking = patterns.indices.filter { patterns[$0].compiled.needsTicks }.map { Int32($0) }
        lateMemories = memories.indices.filter { if case .baseline = memories[$0].rule { true } else { false } }
            .map { Int32($0) }
        remoteSlots = slots.indices.filter {
            if case .remote = tables.sources[slots[$0].signal] { true } else { false }
        }
        .map { Int32($0) }
        let absence = patterns.indices.filter { patterns[$0].compiled.looksForAbsence }
        let watchers = absence.filter {
            // What a model's features look for is not seen in the condition.
            patterns[$0].compiled.condition.looksForAbsence || !patterns[$0].compiled.models.isEmpty
        }
        absenceWatchers = watchers.map { Int32($0) }
        absenceEnders = absence.filter { !watchers.contains($0) }.map { Int32($0) }
        patternOfEntry = Dictionary(
            patterns.enumerated().map { ($1.entry, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

/// What the programs of a pattern compare with constants, and what they use otherwise.
struct ProgramUses {
    var comparedSignals: [Int: [Double]] = [:]
    var otherSignals: Set<Int> = []
    var comparedAnswers: [Int: [Double]] = [:]
    var otherAnswers: Set<Int> = []

    mutating func take(_ pattern: CompiledPattern) {
        take(pattern.condition)
        if case .condition(let program) = pattern.clearing { take(program) }
        for urgencyCase in pattern.urgencyCases {
            if let when = urgencyCase.when { take(when) }
        }
    }

    private mutating func take(_ program: TruthProgram) {
        switch program {
        case .constant: break
        case .compare(_, let left, let right):
            if case .constant(let limit) = right.step, compare(left, limit) { return }
            if case .constant(let limit) = left.step, compare(right, limit) { return }
            take(left)
            take(right)
        case .stateIs(let signal, _, _, _): otherSignals.insert(signal)
        case .events(let answer, _, let count, _): comparedAnswers[answer, default: []].append(Double(count))
        case .absent(let signal, _, _): otherSignals.insert(signal)
        case .sequence(_, let first, let second, _):
            take(first)
            take(second)
        case .not(let inner): take(inner)
        case .and(let left, let right), .or(let left, let right):
            take(left)
            take(right)
        }
    }

    private mutating func compare(_ program: NumberProgram, _ limit: Double) -> Bool {
        switch program.step {
        case .signal(let signal):
            comparedSignals[signal, default: []].append(limit)
            return true
        case .answer(let answer):
            comparedAnswers[answer, default: []].append(limit)
            return true
        default: return false
        }
    }

    private mutating func take(_ program: NumberProgram) {
        switch program.step {
        case .constant: break
        case .signal(let signal): otherSignals.insert(signal)
        case .answer(let answer): otherAnswers.insert(answer)
        case .arithmetic(_, let left, let right), .least(let left, let right), .greatest(let left, let right):
            take(left)
            take(right)
        case .negative(let inner), .absolute(let inner): take(inner)
        case .count(let conditions): for condition in conditions { take(condition) }
        // Judged at every reading anyway.
        case .model: break
        }
    }
}
