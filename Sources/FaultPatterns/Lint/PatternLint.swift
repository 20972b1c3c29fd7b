/// Finds what is wrong inside patterns and between them, beyond what keeps them from being read.
public struct PatternLint: Sendable {
    let files: [PatternFile]
    /// Those that go into a pack.
    let shipped: [PatternFile]
    let isWhole: Bool
    let context: ContextSignals?

    /// - Parameters:
    ///   - files: the patterns, in the order of their files.
    ///   - isWhole: whether these are all patterns of a pack, so that what one states of others can be looked up.
    ///   - context: signals that no pattern has to judge; nil: whether all are judged is not looked at.
    public init(_ files: [PatternFile], isWhole: Bool, context: ContextSignals? = nil) {
        self.files = files
        self.isWhole = isWhole
        self.context = context
        shipped = files.filter { $0.pattern.status == .active || $0.pattern.status == .shadow }
    }

    /// What would be wrong with conditions where a site chooses a parameter's bound.
    private func extremes(of file: PatternFile) -> [LintFinding] {
        // A file whose bounds cannot be read was refused.
        ((try? file.extremes()) ?? []).flatMap { words, file in
            LintedPattern.all(of: file).flatMap(conditions).map { $0.telling("with \(words) of `tunable`") }
        }
    }

    /// All findings, in the order of files and lines, each once.
    public func findings() -> [LintFinding] {
        var found: [LintFinding] = []
        for file in shipped {
            var ofConditions: [LintFinding] = []
            for linted in LintedPattern.all(of: file) {
                ofConditions += conditions(of: linted)
                found += tables(of: linted)
            }
            found += ofConditions
            if ofConditions.isEmpty { found += extremes(of: file) }
            found += texts(of: file)
            found += grounds(of: file)
            found += definitions(of: file)
            found += sources(of: file)
        }
        found += neighbours()
        if isWhole, let context { found += judgements(context) }
        if isWhole {
            found += PatternPack.problems(between: shipped).map { problem in
                let owner = shipped.first { $0.tree.location.file == problem.location.file }?.pattern.id ?? ""
                let parts = problem.message.split(separator: ";", maxSplits: 1).map(\.trimmed)
                return LintFinding(
                    .dangling, of: owner, at: problem.location, parts.first ?? "", mend: parts.last ?? "")
            }
        }
        var seen: Set<LintFinding> = []
        return found.filter { seen.insert($0).inserted }.sorted {
            ($0.location.file, $0.location.line ?? 0, $0.location.column ?? 0, $0.rule.rawValue)
                < ($1.location.file, $1.location.line ?? 0, $1.location.column ?? 0, $1.rule.rawValue)
        }
    }
}
