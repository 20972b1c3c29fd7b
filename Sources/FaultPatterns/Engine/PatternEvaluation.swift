import Reports

/// The result of one pattern for one component at one moment, given the one before.
extension ComponentMemory {
    /// - Parameter isSample: false where only time went on.
    mutating func evaluate(
        place: Int, at moment: Int64, isSample: Bool, known: [ComponentID: Component], book: Rulebook,
        writing: Replay.Writing
    ) -> FaultChange? {
        let entry = layout.patterns[place].entry
        let compiled = layout.patterns[place].compiled
        let isAlways = compiled.isAlwaysEvaluated
        if isAlways { setResting(place, false) }
        var sequencesRest = true
        for sequence in compiled.sequences {
            let first = truth(sequence.first, at: moment, book)
            let second = truth(sequence.second, at: moment, book)
            let (blindA, blindB) = (
                becameUnknown(sequence.first, at: moment, book), becameUnknown(sequence.second, at: moment, book)
            )
            if blindA != nil || blindB != nil {
                sequences[sequence.number]?.becomeUnknown(a: blindA, b: blindB, within: sequence.within)
            }
            sequences[sequence.number, default: SequenceMemory()]
                .take(a: first, b: second, at: Timestamp(milliseconds: moment), within: sequence.within)
            hasNewWindows = true
            // The same once more changes nothing of what it remembers.
            if first != .no || second != .no { sequencesRest = false }
        }
        let before = progress[entry]
        if before == nil {
            // Nearly always: no fault, nothing on its way to one, and a condition that does not hold.
            if faults.index(forKey: entry) == nil {
                if !compiled.models.isEmpty {
                    guard !compiled.sureTerms.contains(where: { truth($0, at: moment, book) == .no }) else {
                        endAcquittal(of: entry)
                        setResting(place, true)
                        return nil
                    }
                    refreshScores(of: compiled.models, at: moment, book)
                }
                let holds = truth(compiled.condition, at: moment, book)
                if holds == .no { endAcquittal(of: entry) }
                guard holds == .yes else {
                    if isAlways, compiled.models.isEmpty, sequencesRest { setResting(place, true) }
                    return nil
                }
            } else if compiled.isLatchedAtOneUrgency,
                faults[entry]?.urgency == compiled.highestUrgency || book.isOnTrial(compiled.pattern)
            {
                return nil
            }
        }
        if !compiled.models.isEmpty { refreshScores(of: compiled.models, at: moment, book) }
        let step = PatternEvaluation(
            pattern: compiled, known: known, book: book, moment: moment, isSample: isSample, writing: writing)
        var outcome = step.outcome(open: faults[entry], progress: before, of: self)
        if outcome.change?.kind == .opened {
            if let quiet = acquittals[entry], let fault = outcome.change?.fault, fault.urgency <= quiet {
                outcome.change = nil
            } else {
                endAcquittal(of: entry)
                outcome.change = outcome.change.map { sayAgain($0) }
            }
        } else if before != nil, outcome.progress == nil, outcome.change == nil, faults[entry] == nil {
            endAcquittal(of: entry)
        }
        if outcome.progress != before {
            progress[entry] = outcome.progress
            hasNewLatches = true
        }
        if let change = outcome.change {
            faults[entry] = change.kind == .cleared ? nil : change.fault
            hasNewLatches = true
        }
        return outcome.change
    }

    /// Whether an open fault's condition holds no more, so that it clears when it has been so for long enough.
    func isEnding(_ entry: Int, _ pattern: CompiledPattern, at moment: Int64, _ book: Rulebook) -> Bool {
        if case .never = pattern.clearing { return false }
        return progress[entry] != nil || truth(pattern.condition, at: moment, book) == .no
    }
}

private struct PatternEvaluation {
    let pattern: CompiledPattern
    let known: [ComponentID: Component]
    let book: Rulebook
    let moment: Int64
    let isSample: Bool
    let writing: Replay.Writing

    struct Outcome {
        var progress: Progress?
        var change: FaultChange?
    }

    private var now: Timestamp { Timestamp(milliseconds: moment) }

    private func writer(_ memory: borrowing ComponentMemory) -> FaultWriter {
        FaultWriter(
            pattern: pattern, memory: copy memory, known: known, book: book, moment: moment, writing: writing)
    }

    func outcome(open: Fault?, progress: Progress?, of memory: borrowing ComponentMemory) -> Outcome {
        if let open { whileOpen(open, progress, memory) } else { whileClosed(progress, memory) }
    }

    private func whileClosed(_ progress: Progress?, _ memory: borrowing ComponentMemory) -> Outcome {
        let truth = memory.truth(pattern.condition, at: moment, book)
        let (next, isReached) = step(progress, truth, pattern.pattern.persistence) {
            memory.lapse(pattern.condition, being: true, at: moment, book)
        }
        guard isReached else { return Outcome(progress: next) }
        let (urgency, time) = urgency(memory)
        let writer = writer(memory)
        let fault = writer.fault(urgency: urgency, timeToFailure: time, openedAt: now)
        return Outcome(change: FaultChange(kind: .opened, fault: fault, because: fault.because, time: now))
    }

    private func whileOpen(_ open: Fault, _ progress: Progress?, _ memory: borrowing ComponentMemory) -> Outcome {
        let ended: Truth =
            switch pattern.clearing {
            case .never: .no
            case .inverse: !memory.truth(pattern.condition, at: moment, book)
            case .condition(let program): memory.truth(program, at: moment, book)
            }
        let (next, isReached) = step(progress, ended, pattern.pattern.clearPersistence) {
            switch pattern.clearing {
            case .never: .never
            case .inverse: memory.lapse(pattern.condition, being: false, at: moment, book)
            case .condition(let program): memory.lapse(program, being: true, at: moment, book)
            }
        }
        if isReached { return Outcome(change: cleared(open, memory)) }
        return Outcome(progress: next, change: raised(open, memory))
    }

    private func cleared(_ open: Fault, _ memory: borrowing ComponentMemory) -> FaultChange {
        let reasons: [String] =
            if writing == .brief {
                []
            } else if case .condition(let program) = pattern.clearing {
                memory.reasons(program, being: true, at: moment, book)
            } else {
                memory.reasons(pattern.condition, being: false, at: moment, book)
            }
        var fault = open
        fault.updatedAt = now
        fault.evidence =
            writer(memory).evidence
        let sentence = FaultWriter.sentence(reasons.joined(separator: "; "), pattern.pattern.clearPersistence)
        return FaultChange(kind: .cleared, fault: fault, because: "Cleared: \(sentence)", time: now)
    }

    /// An urgency may rise while the condition holds; it never falls.
    private func raised(_ open: Fault, _ memory: borrowing ComponentMemory) -> FaultChange? {
        guard open.urgency < pattern.highestUrgency, memory.truth(pattern.condition, at: moment, book) == .yes else {
            return nil
        }
        let (urgency, time) = urgency(memory)
        guard urgency > open.urgency else { return nil }
        let writer = writer(memory)
        var fault = writer.fault(urgency: urgency, timeToFailure: time, openedAt: open.openedAt)
        fault.id = open.id
        fault.test = open.test
        fault.updatedAt = now
        return FaultChange(
            kind: .updated, fault: fault,
            because: "Urgency rises from \(open.urgency.rawValue) to \(urgency.rawValue): \(fault.because)", time: now)
    }

    /// The first case that holds. A case that is unknown is passed over, but what follows may not be more urgent than it
    /// would have been.
    private func urgency(_ memory: borrowing ComponentMemory) -> (Urgency, TimeToFailure?) {
        var ceiling: Urgency = book.isOnTrial(pattern.pattern) ? .inform : .order
        // Which part it is, is not settled yet: it is judged, and none is sent for it.
        if known[memory.id]?.attributes["provisional"] != nil { ceiling = min(ceiling, .plan) }
        for urgencyCase in pattern.urgencyCases {
            switch urgencyCase.when.map({ memory.truth($0, at: moment, book) }) ?? .yes {
            case .yes:
                return (
                    min(urgencyCase.urgency, ceiling), timeLeft(urgencyCase.timeRule ?? pattern.timeRule, memory)
                )
            case .unknown: ceiling = min(ceiling, urgencyCase.urgency)
            case .no: continue
            }
        }
        return (min(.inform, ceiling), timeLeft(pattern.timeRule, memory))
    }

    private func timeLeft(
        _ rule: CompiledPattern.TimeRule?, _ memory: borrowing ComponentMemory
    ) -> TimeToFailure? {
        switch rule {
        case .fixed(let time): return time
        case .trend(let program):
            let left = memory.number(program, at: moment, book)
            guard left.low.isFinite, left.low >= 0 else { return nil }
            let day = 86_400.0
            return TimeToFailure(earliest: left.low / day, latest: left.high.isFinite ? left.high / day : nil)
        case .model(let number):
            let score = memory.score(ofModel: number, at: moment, book)
            return book.tables.models[number].ensemble.hazard(at: score).map {
                TimeToFailure(earliest: 0, latest: nil, hazard: $0)
            }
        case nil: return nil
        }
    }

    /// Goes one step on the way: what holds adds to it, what does not ends it, what is unknown or not watched stops its
    /// clock.
    /// - Parameter lapse: since when what it rests on is not watched.
    private func step(
        _ progress: Progress?, _ truth: Truth, _ persistence: Pattern.Persistence, _ lapse: () -> Lapse
    ) -> (Progress?, isReached: Bool) {
        switch truth {
        case .no: return (nil, false)
        case .unknown:
            guard var held = progress else { return (nil, false) }
            if held.heldAt == nil { held.heldAt = now }
            return (held, false)
        case .yes:
            var next = progress ?? Progress(since: now, samples: 0)
            let found = persistence.span > 0 && progress != nil ? lapse() : Lapse.never
            if let heldAt = next.heldAt {
                next.hold(from: heldAt, until: now)
                next.heldAt = nil
            }
            if let ended = found.ended { next.hold(from: Timestamp(milliseconds: ended), until: now) }
            if isSample, next.samples < persistence.samples, next.newest.map({ $0 < now }) ?? true {
                next.samples += 1
                next.newest = now
            }
            let end = found.open.map { Timestamp(milliseconds: $0) } ?? now
            let isReached = next.samples >= persistence.samples && next.watched(until: end) >= persistence.span
            return isReached ? (nil, true) : (next, false)
        }
    }
}
