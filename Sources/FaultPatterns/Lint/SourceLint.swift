import Reports

/// Signals that a pattern waits for and that no probe reports: it is well formed, and is never evaluated on a server.
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
                guard !isReported, !kinds.contains(.test), seen.insert(name).inserted else { return nil }
                let parts = kinds.isEmpty ? "" : " of a \(kinds.map(\.rawValue).joined(separator: " or "))"
                let why = SignalSources.withoutProbe[name].map { " (\($0))" } ?? ""
                return LintFinding(
                    .unreported, of: file.pattern.id, at: asked.location, "no probe reports `\(name)`\(parts)\(why)",
                    mend: "ask for another signal, or leave it a draft until a probe reports this one",
                    severity: .warning)
            }
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
