import Reports

/// Signals, labels and words that a pattern waits for and that no probe reports: it is well formed, and is never
/// evaluated on a server.
extension PatternLint {
    func sources(of file: PatternFile) -> [LintFinding] {
        var seen: Set<String> = []
        return ([file.pattern] + file.pattern.variants.compactMap(\.pattern)).flatMap { pattern in
            pattern.askedSignals.compactMap { asked -> LintFinding? in
                let name = asked.signal.name
                let kinds = asked.isOwn ? pattern.kinds : []
                let isReported =
                    kinds.isEmpty
                    ? !SignalSources.probes(of: name).isEmpty
                    : kinds.contains { !SignalSources.probes(of: name, on: $0).isEmpty }
                guard !kinds.contains(.test) else { return nil }
                guard !isReported else {
                    return unreportedValue(of: asked, kinds, in: file).flatMap {
                        seen.insert($0.message).inserted ? $0 : nil
                    }
                }
                guard seen.insert(name).inserted else { return nil }
                let parts = kinds.isEmpty ? "" : " of a \(kinds.map(\.rawValue).joined(separator: " or "))"
                let why = SignalSources.withoutProbe[name].map { " (\($0))" } ?? ""
                return LintFinding(
                    .unreported, of: file.pattern.id, at: asked.location, "no probe reports `\(name)`\(parts)\(why)",
                    mend: "ask for another signal, or leave it a draft until a probe reports this one")
            } + unreportedWords(of: pattern, in: file)
        }
    }

    /// A value of a label that no probe tells of such a part.
    private func unreportedValue(
        of asked: Pattern.AskedSignal, _ kinds: [ComponentKind], in file: PatternFile
    ) -> LintFinding? {
        for label in asked.signal.labels {
            let told = kinds.filter { !SignalSources.probes(of: asked.signal.name, on: $0).isEmpty }.map {
                SignalSources.values(of: label.key, in: asked.signal.name, on: $0)
            }
            guard !told.isEmpty, told.allSatisfy({ $0.map { !$0.contains(label.value) } ?? false }) else { continue }
            return LintFinding(
                .unreported, of: file.pattern.id, at: asked.location,
                "no probe reports `\(asked.signal)` of a \(kinds.map(\.rawValue).joined(separator: " or "))",
                mend: "ask for another value, or leave it a draft until a probe reports this one")
        }
        return nil
    }

    /// Words that states are compared with and never have.
    private func unreportedWords(of pattern: Pattern, in file: PatternFile) -> [LintFinding] {
        let definitions = Dictionary(
            pattern.definitions.map { ($0.name, $0.expression) }, uniquingKeysWith: { _, last in last })
        return pattern.allExpressions.flatMap(\.parts).compactMap { part in
            guard case .compare(_, let left, let right) = part.kind else { return nil }
            for (one, other) in [(left, right), (right, left)] {
                guard case .text(let word) = other.kind,
                    case .signal(let signal) = one.expanded(by: definitions).kind,
                    let words = SignalCatalogue.words(ofState: signal.name),
                    !words.well.contains(word), !words.other.contains(word)
                else { continue }
                return LintFinding(
                    .unreported, of: file.pattern.id, at: other.location,
                    "`\(signal.name)` is never \"\(word)\"",
                    mend: "write one of \((words.well + words.other).joined(separator: ", "))")
            }
            return nil
        }
    }
}

extension Pattern {
    /// A signal that is asked for, where, and whether of the pattern's own part.
    fileprivate struct AskedSignal {
        var signal: Signal
        var location: SourceLocation
        var isOwn: Bool
    }

    fileprivate var askedSignals: [AskedSignal] {
        var others: Set<String> = []
        for expression in allExpressions { others.formUnion(expression.namesOfOthers) }
        let named = definitions.flatMap { $0.expression.asked(isOwn: !others.contains($0.name)) }
        return named + allExpressions.dropFirst(definitions.count).flatMap { $0.asked(isOwn: true) }
    }
}

extension Expression {
    /// Whether it is a question to other parts: what a part hangs on, or what hangs on it.
    private var isOfOthers: Bool {
        guard case .call(let name, _) = kind else { return false }
        return name == "parent" || name == "above" || name.hasPrefix("under_")
    }

    /// Names of `let` that other parts are asked for.
    fileprivate var namesOfOthers: Set<String> {
        var names: Set<String> = []
        for part in parts where part.isOfOthers {
            for case .name(let name) in part.parts.map(\.kind) { names.insert(name) }
        }
        return names
    }

    fileprivate func asked(isOwn: Bool) -> [Pattern.AskedSignal] {
        let ofOthers = Set(parts.filter(\.isOfOthers).flatMap(\.parts).map(\.location))
        return parts.compactMap { part in
            guard case .signal(let signal) = part.kind else { return nil }
            return Pattern.AskedSignal(
                signal: signal, location: part.location, isOwn: isOwn && !ofOthers.contains(part.location))
        }
    }
}
