import Reports

extension PatternFile {
    /// All that is wrong with a pattern file, by line: an author mends it in one go.
    ///
    /// What is read and what is checked throws the first mistake. Here each is noted, what it spoiled is put right by
    /// something that fits, and the rest is read again. What can only be judged by what was spoiled is not: it would be
    /// reported with mistakes that nobody made.
    /// - Returns: nothing where the file can be used.
    public static func problems(in tree: SourceNode, models: [PatternModel] = []) -> [PatternProblem] {
        var survey = PatternSurvey(tree: tree, models: models)
        return survey.problems()
    }
}

/// Notes one mistake after the other. See `PatternFile.problems(in:)`.
private struct PatternSurvey {
    /// Mistakes of one file that are reported; a file of another kind has one in each line.
    static let limit = 50

    var tree: SourceNode
    let models: [PatternModel]
    /// How far the file can still be judged.
    var depth = PatternFile.Depth.whole
    /// Definitions of `let` that were taken out.
    var spoiled: Set<String> = []

    init(tree: SourceNode, models: [PatternModel]) {
        self.tree = tree
        self.models = models
    }

    mutating func problems() -> [PatternProblem] {
        var found: [PatternProblem] = []
        while found.count < PatternSurvey.limit {
            guard let problem = first() else { break }
            guard !found.contains(problem) else { break }
            found.append(problem)
            guard putRight(problem) else { break }
        }
        return found.enumerated().sorted { left, right in
            (left.element.location.line ?? 0, left.offset) < (right.element.location.line ?? 0, right.offset)
        }.map(\.element)
    }

    private func first() -> PatternProblem? {
        do throws(PatternProblem) {
            _ = try PatternFile(reading: tree, models: models, depth: depth)
            return nil
        } catch { return error }
    }

    // MARK: Putting right

    /// What stands in for a value that is wrong; nil where the key may be left out.
    private static func stand(in key: String, at place: SourceLocation) -> SourceNode? {
        func scalar(_ text: String) -> SourceNode { SourceNode(.scalar(text), at: place) }
        func mapping(_ entries: [(String, SourceNode)]) -> SourceNode {
            SourceNode(.mapping(entries.map { SourceNode.Entry(key: $0, location: place, value: $1) }), at: place)
        }
        switch key {
        case "id": return scalar("pattern.survey")
        case "revision": return scalar("1")
        case "status": return scalar(Pattern.Status.shadow.rawValue)
        case "evidence": return scalar(Pattern.EvidenceGrade.standard.rawValue)
        case "applies_to": return mapping([("component", scalar(ComponentKind.disk.rawValue))])
        case "when": return scalar("hw.temperature > 0")
        case "urgency": return scalar(Urgency.inform.rawValue)
        case "suspects": return mapping([("part", scalar("self")), ("certainty", scalar("0.5"))])
        case "action": return ActionCatalogue.all.first.map(scalar)
        case "provenance", "sources": return scalar("survey")
        case "text":
            let words = ["title", "description", "impact", "action"].map { ($0, scalar("survey")) }
            return mapping(Language.allCases.map { ($0.rawValue, mapping(words)) })
        default: return nil
        }
    }

    private static let required = [
        "id", "revision", "status", "evidence", "applies_to", "when", "urgency", "suspects", "action", "provenance",
        "text", "sources",
    ]

    /// - Returns: false where nothing more can be reported.
    private mutating func putRight(_ problem: PatternProblem) -> Bool {
        guard case .mapping(var entries) = tree.content else { return false }
        if problem.location == tree.location, let key = missing(in: entries),
            problem.message.hasSuffix(" needs `\(key)`")
        {
            guard let value = PatternSurvey.stand(in: key, at: tree.location) else { return false }
            entries.append(SourceNode.Entry(key: key, location: tree.location, value: value))
            spoil(key)
            tree = SourceNode(.mapping(entries), at: tree.location)
            return true
        }
        guard let index = index(of: problem.location, in: entries) else { return false }
        let entry = entries[index]
        guard Pattern.keys.contains(entry.key) else { return rename(index, in: entries) }
        switch entry.key {
        case "let": return removeDefinition(at: problem.location, index, in: entries)
        case "tests", "variants", "explains": return removeItem(at: problem.location, index, in: entries)
        case "when": return replaceCondition(index, in: entries)
        default:
            if let value = PatternSurvey.stand(in: entry.key, at: entry.value.location) {
                entries[index].value = value
            } else {
                entries.remove(at: index)
            }
            spoil(entry.key)
            tree = SourceNode(.mapping(entries), at: tree.location)
            return true
        }
    }

    /// What was judged by that key cannot be judged any more.
    private mutating func spoil(_ key: String) {
        switch key {
        case "applies_to", "when", "tunable": depth = .structure
        case "tests": break
        // The tests state what urgency comes of it, and when.
        case "urgency", "for", "clear", "clear_for", "class", "except": depth = min(depth, .expressions)
        default: break
        }
    }

    private func missing(in entries: [SourceNode.Entry]) -> String? {
        PatternSurvey.required.first { key in !entries.contains { $0.key == key } }
    }

    /// The entry that a place lies in: the last one that begins at or before it.
    private func index(of place: SourceLocation, in entries: [SourceNode.Entry]) -> Int? {
        entries.indices.filter { PatternSurvey.isInOrder(entries[$0].location, place) }.max { left, right in
            PatternSurvey.isInOrder(entries[left].location, entries[right].location)
        }
    }

    private static func isInOrder(_ left: SourceLocation, _ right: SourceLocation) -> Bool {
        (left.line ?? 0, left.column ?? 0) <= (right.line ?? 0, right.column ?? 0)
    }

    /// A misspelt key is read as the one that it may mean, where that one is missing; else it is left out.
    private mutating func rename(_ index: Int, in entries: [SourceNode.Entry]) -> Bool {
        var entries = entries
        let free = Pattern.keys.filter { key in !entries.contains { $0.key == key } }
        if let near = Wording.near(entries[index].key, among: free, limit: 1).first {
            entries[index].key = near
        } else {
            entries.remove(at: index)
        }
        tree = SourceNode(.mapping(entries), at: tree.location)
        return true
    }

    private mutating func removeItem(
        at place: SourceLocation, _ index: Int, in entries: [SourceNode.Entry]
    ) -> Bool {
        var entries = entries
        let list = entries[index]
        depth = min(depth, list.key == "tests" ? .testsWithoutKinds : .expressions)
        guard case .sequence(var items) = list.value.content, place != list.location,
            let number = items.indices.last(where: { PatternSurvey.isInOrder(items[$0].location, place) })
        else {
            // The list itself, or what it lacks.
            entries.remove(at: index)
            if list.key == "tests" { depth = min(depth, .expressions) }
            tree = SourceNode(.mapping(entries), at: tree.location)
            return list.key != "tests"
        }
        items.remove(at: number)
        entries[index].value = SourceNode(.sequence(items), at: list.value.location)
        tree = SourceNode(.mapping(entries), at: tree.location)
        return true
    }

    /// Takes a definition out, and what uses it: that would be reported for a name that is not there.
    private mutating func removeDefinition(
        at place: SourceLocation, _ index: Int, in entries: [SourceNode.Entry]
    ) -> Bool {
        var entries = entries
        guard case .mapping(var definitions) = entries[index].value.content,
            let number = definitions.indices.last(where: { PatternSurvey.isInOrder(definitions[$0].location, place) })
        else {
            entries.remove(at: index)
            tree = SourceNode(.mapping(entries), at: tree.location)
            depth = .structure
            return true
        }
        spoiled.insert(definitions.remove(at: number).key)
        depth = min(depth, .expressions)
        var isGrowing = true
        while isGrowing {
            let users = definitions.filter { uses($0.value) }
            spoiled.formUnion(users.map(\.key))
            definitions.removeAll { entry in users.contains { $0.key == entry.key } }
            isGrowing = !users.isEmpty
        }
        entries[index].value = SourceNode(.mapping(definitions), at: entries[index].value.location)
        for key in ["clear", "because", "time_to_failure", "urgency", "variants"] {
            guard let user = entries.firstIndex(where: { $0.key == key }), uses(entries[user].value) else { continue }
            if let value = PatternSurvey.stand(in: key, at: entries[user].value.location) {
                entries[user].value = value
            } else {
                entries.remove(at: user)
            }
        }
        if let condition = entries.first(where: { $0.key == "when" }), uses(condition.value) { depth = .structure }
        tree = SourceNode(.mapping(entries), at: tree.location)
        return true
    }

    /// Whether a text below names a definition that was taken out.
    private func uses(_ node: SourceNode) -> Bool {
        switch node.content {
        case .scalar(let text):
            let words = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")) }
            return words.contains { spoiled.contains(String($0)) }
        case .sequence(let items): return items.contains(where: uses)
        case .mapping(let entries): return entries.contains { uses($0.value) }
        }
    }

    /// A condition that does not fit gives way to another one of the file, which is to be checked as well.
    private mutating func replaceCondition(_ index: Int, in entries: [SourceNode.Entry]) -> Bool {
        var entries = entries
        if depth > .structure, let other = otherCondition(in: &entries) {
            entries[index].value = other
            depth = min(depth, .expressions)
        } else if depth > .structure, let value = PatternSurvey.stand(in: "when", at: entries[index].value.location) {
            entries[index].value = value
            depth = .structure
        } else {
            // At this depth it is only parsed: the place of the parser's complaint is the condition's own.
            guard let value = PatternSurvey.stand(in: "when", at: entries[index].value.location) else { return false }
            entries[index].value = value
        }
        tree = SourceNode(.mapping(entries), at: tree.location)
        return true
    }

    /// `clear`, or what an urgency hangs on; taken out of its place.
    private func otherCondition(in entries: inout [SourceNode.Entry]) -> SourceNode? {
        if let clear = entries.firstIndex(where: { $0.key == "clear" }),
            case .scalar(let text) = entries[clear].value.content,
            text.trimmed != "never"
        {
            return entries.remove(at: clear).value
        }
        guard let urgency = entries.firstIndex(where: { $0.key == "urgency" }),
            case .sequence(var cases) = entries[urgency].value.content,
            let first = cases.firstIndex(where: { $0.node(under: "when") != nil })
        else { return nil }
        let condition = cases.remove(at: first).node(under: "when")
        entries[urgency].value = SourceNode(.sequence(cases), at: entries[urgency].value.location)
        return condition
    }
}
