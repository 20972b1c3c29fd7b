import Reports

/// What one pattern says of one component at one moment, given what it said before.
struct Judgement {
    let pattern: CompiledPattern
    let known: [ComponentID: Component]
    let evaluation: Evaluation
    /// False where only time went on.
    let isSample: Bool

    struct Outcome {
        var progress: Progress?
        var change: FaultChange?
    }

    private var now: Timestamp { evaluation.now }
    private var writer: FaultWriter {
        FaultWriter(pattern: pattern, evaluation: evaluation, component: evaluation.memory.id, known: known)
    }

    func outcome(open: Fault?, progress: Progress?) -> Outcome {
        if let open { whileOpen(open, progress) } else { whileClosed(progress) }
    }

    private func whileClosed(_ progress: Progress?) -> Outcome {
        let (next, isReached) = step(progress, evaluation.truth(pattern.condition), pattern.pattern.persistence)
        guard isReached else { return Outcome(progress: next) }
        let (urgency, time) = urgency()
        let fault = writer.fault(urgency: urgency, timeToFailure: time, openedAt: now)
        return Outcome(change: FaultChange(kind: .opened, fault: fault, because: fault.because, time: now))
    }

    private func whileOpen(_ open: Fault, _ progress: Progress?) -> Outcome {
        let ended: Truth =
            switch pattern.clearing {
            case .never: .no
            case .inverse: !evaluation.truth(pattern.condition)
            case .condition(let program): evaluation.truth(program)
            }
        let (next, isReached) = step(progress, ended, pattern.pattern.clearPersistence)
        if isReached { return Outcome(change: cleared(open)) }
        return Outcome(progress: next, change: raised(open))
    }

    private func cleared(_ open: Fault) -> FaultChange {
        let reasons: [String] =
            if case .condition(let program) = pattern.clearing { evaluation.reasons(program, being: true) } else {
                evaluation.reasons(pattern.condition, being: false)
            }
        var fault = open
        fault.updatedAt = now
        fault.evidence = writer.evidence
        let sentence = FaultWriter.sentence(reasons.joined(separator: "; "), pattern.pattern.clearPersistence)
        return FaultChange(kind: .cleared, fault: fault, because: "Cleared: \(sentence)", time: now)
    }

    /// An urgency may rise while the condition holds; it never falls.
    private func raised(_ open: Fault) -> FaultChange? {
        guard evaluation.truth(pattern.condition) == .yes else { return nil }
        let (urgency, time) = urgency()
        guard urgency > open.urgency else { return nil }
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
    private func urgency() -> (Urgency, TimeToFailure?) {
        var ceiling: Urgency = pattern.pattern.status == .shadow ? .inform : .order
        for urgencyCase in pattern.urgencyCases {
            switch urgencyCase.when.map(evaluation.truth) ?? .yes {
            case .yes:
                return (min(urgencyCase.urgency, ceiling), urgencyCase.timeToFailure ?? pattern.pattern.timeToFailure)
            case .unknown: ceiling = min(ceiling, urgencyCase.urgency)
            case .no: continue
            }
        }
        return (min(.inform, ceiling), pattern.pattern.timeToFailure)
    }

    /// Goes one step on the way: what holds adds to it, what does not ends it, what is unknown stops its clock.
    private func step(
        _ progress: Progress?, _ truth: Truth, _ persistence: Pattern.Persistence
    ) -> (Progress?, isReached: Bool) {
        switch truth {
        case .no: return (nil, false)
        case .unknown:
            guard var held = progress else { return (nil, false) }
            if held.heldAt == nil { held.heldAt = now }
            return (held, false)
        case .yes:
            var next = progress ?? Progress(since: now, samples: 0)
            if let heldAt = next.heldAt {
                next.since = next.since + (now - heldAt)
                next.heldAt = nil
            }
            if isSample, next.samples < persistence.samples, next.newest.map({ $0 < now }) ?? true {
                next.samples += 1
                next.newest = now
            }
            let isReached =
                next.samples >= persistence.samples && (now - next.since).inMilliseconds >= persistence.span
            return isReached ? (nil, true) : (next, false)
        }
    }
}
