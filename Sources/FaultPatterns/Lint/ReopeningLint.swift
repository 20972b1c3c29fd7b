import Reports

/// Faults that clear while `when` still holds by what it remembers: they open again by themselves, with nothing new.
extension PatternLint {
    func reopening(_ clear: Expression, in linted: LintedPattern) -> [LintFinding] {
        guard let condition = linted.condition, let clearing = linted.form(clear) else { return [] }
        // It clears after `clear_for`, and opens again no sooner than after `for`.
        let lasting = linted.pattern.clearPersistence.span + linted.pattern.persistence.span
        for held in condition.conjunctions {
            for way in clearing.conjunctions where way.joined(held) != nil {
                guard let memory = held.memory(while: way), memory.window > lasting else { continue }
                return [
                    LintFinding(
                        .opensAgain, of: linted.pattern.id, at: clear.location,
                        "the fault clears and opens again with nothing new: what `when` remembers "
                            + "(\(memory.subject)) can outlast what fulfils `clear` by "
                            + TimeSpan.source(memory.window - lasting),
                        mend: "let `clear` ask for the end of it as well, or let `clear_for` be as long as the window")
                ]
            }
        }
        return []
    }
}

/// For how long a condition goes on holding after the last thing that it counts.
private struct ConditionMemory {
    /// What ends first.
    var subject: String
    /// Milliseconds.
    var window: Int64
}

extension Conjunction {
    /// For how long this may still hold by what it remembers while `way` does; nil where it remembers nothing, and
    /// where what `way` says of the same signals may end it sooner.
    fileprivate func memory(while way: Conjunction) -> ConditionMemory? {
        var first: ConditionMemory?
        for (text, own) in operands.sorted(by: { $0.key < $1.key }) {
            guard var window = window(of: text, own) else { return nil }
            let signals = Set(own.flatMap(\.signals))
            if way.operands[text] == nil {
                for (other, theirs) in way.operands where !signals.isDisjoint(with: theirs.flatMap(\.signals)) {
                    guard let family = family(of: text), theirs.contains(where: { $0.longestWindow > 0 }) else {
                        // A count is not undone by the value as it is now.
                        if self.family(of: text) != nil { continue }
                        return nil
                    }
                    // Only of counts over a longer and a shorter time is it known how they go together.
                    guard let shorter = way.family(of: other), shorter.name == family.name else { return nil }
                    window -= min(window, shorter.window)
                }
            }
            guard window < first?.window ?? .max else { continue }
            first = ConditionMemory(subject: text, window: window)
        }
        return first
    }

    private func family(of text: String) -> ComparedQuantity.Family? { ranges.keys.first { $0.text == text }?.family }

    /// How long one requirement may last after what it counts has ended, in milliseconds; the highest number where
    /// nothing ends it, nil where that is not known.
    private func window(of text: String, _ own: [Expression]) -> Int64? {
        let longest = own.map(\.longestWindow).max() ?? 0
        guard longest > 0 else { return .max }
        // Of two values it is not known which of them ends it.
        guard own.count == 1 else { return nil }
        if let truth = facts[text] { return truth && !own[0].isOfNow ? longest : .max }
        // That there are few of something may go on for ever.
        guard let (quantity, range) = ranges.first(where: { $0.key.text == text }) else { return nil }
        return quantity.family != nil && range.low <= 0 ? .max : longest
    }
}

extension Expression {
    /// The signals that it speaks of.
    fileprivate var signals: [Signal] {
        parts.compactMap { if case .signal(let signal) = $0.kind { signal } else { nil } }
    }

    /// Milliseconds; 0 where it is about the present alone.
    fileprivate var longestWindow: Int64 {
        parts.map { part in
            switch part.kind {
            case .window(_, let span), .span(let span): span
            default: 0
            }
        }.max() ?? 0
    }

    /// Whether it goes on for as long as something is, or is not, at present: that nothing is told, or that what came
    /// second lasts.
    fileprivate var isOfNow: Bool {
        if case .call(let name, _) = kind { ["absent_over_time", "sequence"].contains(name) } else { false }
    }
}
