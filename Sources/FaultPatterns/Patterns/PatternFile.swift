import Reports

/// One pattern file: the pattern, type-checked, and its tests.
public struct PatternFile: Sendable {
    public let pattern: Pattern
    public let tests: [PatternTest]
    /// What its expressions need of the engine.
    public let engineLevel: Int
    let tree: SourceNode
    let models: [PatternModel]
    /// Fault classes that it looks for on other components.
    let watchedClasses: [(faultClass: ClassPattern, location: SourceLocation)]

    /// - Parameter models: the tree ensembles that it may name.
    /// - Throws: what is wrong, with file, line and column, and the mend.
    public init(reading tree: SourceNode, models: [PatternModel] = []) throws(PatternProblem) {
        try self.init(reading: tree, models: models, depth: .whole)
    }

    /// What a pack holds of it.
    init(packed pattern: Pattern, watching classes: [(faultClass: ClassPattern, location: SourceLocation)]) {
        self.pattern = pattern
        tests = []
        engineLevel = pattern.engineLevel
        tree = SourceNode(.mapping([]), at: SourceLocation(file: ""))
        models = []
        watchedClasses = classes
    }

    /// How far a file is judged.
    enum Depth: Int, Comparable {
        /// Its keys and their values; expressions are parsed.
        case structure
        /// Also whether the expressions fit.
        case expressions
        /// Also its tests, but not which kinds of them there must be.
        case testsWithoutKinds
        case whole

        static func < (left: Depth, right: Depth) -> Bool { left.rawValue < right.rawValue }
    }

    init(
        reading tree: SourceNode, models: [PatternModel], depth: Depth, tuning: [String: Tunable.Value] = [:]
    ) throws(PatternProblem) {
        self.tree = tree
        self.models = models
        let ensembles = Dictionary(models.map { ($0.name, $0.ensemble) }, uniquingKeysWith: { first, _ in first })
        // The words first: of a misspelt kind of part no signal fits, and that is not what is wrong.
        try PatternVocabulary.check(tree)
        pattern = try Pattern(reading: tree, isStrict: true, tuning: tuning)
        guard depth > .structure else {
            (tests, watchedClasses, engineLevel) = ([], [], pattern.engineLevel)
            return
        }
        try PatternVocabulary.check(pattern)
        var tables = ProgramTables()
        var all: [CompiledPattern] = []
        let entry = try PatternEntry(compiling: pattern, into: &all, tables: &tables, ensembles: ensembles)
        let compiled = all[entry.base]
        watchedClasses = all.flatMap(\.watchedClasses)
        engineLevel = max(pattern.engineLevel, PatternFile.level(of: tree, tables: tables))
        guard depth > .expressions else {
            tests = []
            return
        }
        guard case .mapping(let entries) = tree.content, let list = entries.first(where: { $0.key == "tests" })?.value,
            case .sequence(let items) = list.content
        else {
            throw PatternProblem(
                tree.location,
                "\(pattern.id) has no `tests`; it needs one that fires, one that does not, and one with "
                    + "missing data")
        }
        var tests: [PatternTest] = []
        for item in items { tests.append(try PatternTest(reading: item, of: pattern, tables: tables)) }
        self.tests = tests
        if depth == .whole { try requireKinds(of: compiled, tables: tables, at: list.location) }
        try requireUse()
        _ = try extremes()
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
        let counts = compiled.memories.contains { number in
            if case .rises(let counting) = tables.memories[number].rule { counting != .level } else { false }
        }
        if counts, !tests.contains(where: \.hasReset) { missing.append("one in which the counter falls") }
        guard missing.isEmpty else {
            throw PatternProblem(place, "the tests of \(pattern.id) lack \(missing.joined(separator: ", and "))")
        }
    }

    /// Level 2 brought variants, causes, models and all functions but the first few; level 3 that `distinct_by` counts
    /// several labels together; level 4 the scope `unidentified`, of `explains` and of `active`; level 5 `tunable`; level 6 `events`, `groups`,
    /// `sum_of` and `max_of`, and `active` over time, and siblings `anywhere`.
    private static func level(of tree: SourceNode, tables: ProgramTables) -> Int {
        let looksForUnidentified = tables.sources.contains { source in
            if case .remote(.faults(_, .unidentified)) = source { true } else { false }
        }
        let explainsUnidentified = tree.node(under: "explains")?.items.contains { item in
            guard case .scalar(let text) = item.content else { return false }
            return text.split(separator: " ").dropFirst().contains("unidentified")
        }
        let measuresEvents = tables.answers.contains { answer in
            switch answer.question {
            case .groupCount, .measuredSum, .measuredHighest: true
            default: false
            }
        }
        let followsFaults = tables.memories.contains { memory in
            if case .remote(.faults) = tables.sources[memory.signal] { true } else { false }
        }
        let comparesAnywhere = tables.sources.contains { source in
            if case .remote(.signal(_, _, .peers(_, isAnywhere: true))) = source { true } else { false }
        }
        if measuresEvents || followsFaults || comparesAnywhere { return 6 }
        if tree.node(under: "tunable") != nil { return 5 }
        if looksForUnidentified || explainsUnidentified == true { return 4 }
        let hasNewKeys = ["variants", "explains", "weight"].contains { key in
            if case .mapping(let entries) = tree.content { entries.contains { $0.key == key } } else { false }
        }
        let isOfFirstLevel = tables.answers.allSatisfy { answer in
            switch answer.question {
            case .increase, .highest, .lowest, .highestEver, .knownFor, .eventCount: true
            default: false
            }
        }
        let hasNewSources = tables.sources.contains { $0 != .told }
        let countsTogether = tables.memories.contains { memory in
            if case .distinct(_, let labels, _) = memory.rule { labels.count > 1 } else { false }
        }
        if countsTogether { return 3 }
        let isNew =
            hasNewKeys || !isOfFirstLevel || hasNewSources || !tables.models.isEmpty || !tables.sequences.isEmpty
            || !tables.openEvents.isEmpty
        return isNew ? 2 : 1
    }

    /// The pattern as it goes into a pack: without its tests, which stand beside all patterns, and with the level that it needs.
    var shippedTree: SourceNode {
        guard case .mapping(var entries) = tree.without("tests").content else { return tree }
        entries.removeAll { $0.key == "engine_level" }
        if engineLevel > 1 {
            entries.append(
                SourceNode.Entry(
                    key: "engine_level", location: tree.location,
                    value: SourceNode(.scalar("\(engineLevel)"), at: tree.location)))
        }
        return SourceNode(.mapping(entries), at: tree.location)
    }
}
