import Reports

/// One pattern file: the pattern, type-checked, and its tests.
public struct PatternFile: Sendable {
    public let pattern: Pattern
    public let tests: [PatternTest]
    let tree: SourceNode

    /// - Throws: what is wrong, with file, line and column, and the mend.
    public init(reading tree: SourceNode) throws(PatternProblem) {
        self.tree = tree
        pattern = try Pattern(reading: tree, isStrict: true)
        var tables = ProgramTables()
        let compiled = try CompiledPattern(pattern, tables: &tables)
        guard case .mapping(let entries) = tree.content, let list = entries.first(where: { $0.key == "tests" })?.value,
            case .sequence(let items) = list.content
        else {
            throw PatternProblem(
                tree.location,
                "\(pattern.id) has no `tests`; it needs one that fires, one that does not, and one with "
                    + "missing data")
        }
        var tests: [PatternTest] = []
        for item in items { tests.append(try PatternTest(reading: item, of: compiled, tables: tables)) }
        self.tests = tests
        try requireKinds(of: compiled, tables: tables, at: list.location)
    }

    private func requireKinds(
        of compiled: CompiledPattern, tables: ProgramTables, at place: SourceLocation
    ) throws(PatternProblem) {
        var missing: [String] = []
        if !tests.contains(where: { $0.expectation.fires }) { missing.append("one that fires") }
        if !tests.contains(where: { !$0.expectation.fires && !$0.hasGaps }) {
            missing.append("one with all data that does not fire")
        }
        if !tests.contains(where: \.hasGaps) { missing.append("one with missing data (`_` or `unavailable`)") }
        let counts = compiled.memories.contains {
            if case .increase = tables.memories[$0].rule { true } else { false }
        }
        if counts, !tests.contains(where: \.hasReset) { missing.append("one in which the counter falls") }
        guard missing.isEmpty else {
            throw PatternProblem(place, "the tests of \(pattern.id) lack \(missing.joined(separator: ", and "))")
        }
    }
}
