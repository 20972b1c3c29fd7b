public import Reports

/// Who judges one thing that probes tell.
public struct JudgedUnit: Sendable, Encodable {
    public var signal: String
    public var part: ComponentKind
    /// Of the labels that have few values.
    public var labels: [String: String]
    /// Of a state.
    public var word: String?
    /// Patterns that look at it to open their fault or to make it more urgent.
    public var judges: [String]
    /// Whether it is on the list of signals that no pattern has to judge.
    public var isContext: Bool

    private enum CodingKeys: String, CodingKey { case signal, part, labels, word, judges, isContext = "context" }
}

/// What probes tell and nobody judges: it is recognised in full, and no fault opens.
extension PatternLint {
    /// Units that neither a pattern nor the list of context signals answers for.
    static func unjudged(
        _ units: [ToldUnit] = ToldUnit.all, by judges: [Judge], context: [ContextSignals.Entry]
    ) -> [ToldUnit] {
        units.filter { unit in !judges.contains { $0.judges(unit) } && !context.contains { $0.covers(unit) } }
    }

    /// Everything that probes tell, in the order of its names, with who judges it.
    public func judgedUnits() -> [JudgedUnit] {
        let judges = shipped.map { Judge($0) }
        return ToldUnit.all.map { unit in
            JudgedUnit(
                signal: unit.signal, part: unit.kind, labels: unit.labels, word: unit.word,
                judges: judges.filter { $0.judges(unit) }.map(\.pattern),
                isContext: context?.entries.contains { $0.covers(unit) } ?? false)
        }
    }

    func judgements(_ context: ContextSignals) -> [LintFinding] {
        let judges = shipped.map { Judge($0) }
        let unjudged = PatternLint.unjudged(by: judges, context: context.entries)
        // One finding for a signal of a part: with all its labels and words it would be a page.
        var found: [LintFinding] = []
        for (signal, units) in Dictionary(grouping: unjudged, by: \.signal).sorted(by: { $0.key < $1.key }) {
            let some = units.prefix(4).map(\.description).joined(separator: ", ")
            found.append(
                LintFinding(
                    .unjudged, of: "", at: context.location,
                    "no pattern judges what probes tell: \(some)"
                        + (units.count > 4 ? " and \(units.count - 4) more" : ""),
                    mend: "write a pattern for `\(signal)`, or enter it here with what judges it instead"))
        }
        return found + context.entries.flatMap { entryFindings(of: $0, judges: judges) }
    }

    private func entryFindings(of entry: ContextSignals.Entry, judges: [Judge]) -> [LintFinding] {
        var found: [LintFinding] = []
        let units = ToldUnit.all.filter { entry.covers($0) }
        if units.isEmpty || units.contains(where: { unit in judges.contains { $0.judges(unit) } }) {
            found.append(
                LintFinding(
                    .unjudged, of: "", at: entry.location,
                    units.isEmpty
                        ? "no probe tells \(entry.signal) of such a part"
                        : "patterns judge \(entry.signal), or some of what is meant here, themselves",
                    mend: "take the entry out, or what they judge out of it"))
        }
        for judge in entry.judges where !isJudge(judge, judges) {
            found.append(
                LintFinding(
                    .unjudged, of: "", at: entry.location,
                    "\(judge) judges nothing: it is no pattern that ships, no model of one, and no signal that one "
                        + "looks at", mend: "name what judges \(entry.signal) instead"))
        }
        return found
    }

    private func isJudge(_ name: String, _ judges: [Judge]) -> Bool {
        judges.contains { judge in
            judge.pattern == name || judge.questions.contains { $0.signal.name == name }
        } || shipped.contains { file in file.models.contains { $0.name == name } }
    }
}
