public import FoundationEssentials
import Reports

/// The tests that a built pack carries beside its patterns, run where the pack is to be used: by the engine that is to run it.
public struct PackTests: Sendable {
    /// A test that went otherwise than it states.
    public struct Failure: Hashable, Sendable, CustomStringConvertible {
        public var pattern: String
        public var test: String
        public var message: String
        public var description: String { "the test \"\(test)\" of \(pattern) fails: \(message)" }
    }

    /// How many went as they state.
    public private(set) var passed = 0
    /// The first of each pattern.
    public private(set) var failures: [Failure] = []

    /// What stands in the pack besides the patterns; whoever only runs them does not look at it.
    private struct Carried: Decodable {
        var tests: [String: [SourceNode]]?
    }

    /// Runs the tests of each pattern by itself, as its author does. A pattern that this program cannot read has none here, and
    /// a test that it cannot read says nothing: whoever wrote it has a newer one.
    /// - Parameter excluded: ids of patterns that do not run here, as their maker or the site wants it.
    /// - Throws: why the pack cannot be read.
    public init(of json: Data, except excluded: Set<String> = []) throws(PatternPackError) {
        let content = try PackContent(json: json)
        let carried: [String: [SourceNode]]
        do { carried = try JSONDecoder().decode(Carried.self, from: json).tests ?? [:] } catch {
            throw .unreadable(because: "its tests are not written as tests")
        }
        guard !carried.isEmpty else { return }
        for tree in content.patterns {
            guard let id = tree.patternID, !excluded.contains(id), let tests = carried[id],
                let alone = try? PatternPack(alone: tree, of: content), let pattern = alone.patterns.first
            else { continue }
            run(tests, of: pattern, in: alone)
        }
    }

    private mutating func run(_ tests: [SourceNode], of pattern: Pattern, in pack: PatternPack) {
        for node in tests {
            guard let test = try? PatternTest(reading: node, of: pattern, tables: pack.book.tables) else { continue }
            guard let problem = test.problem(in: test.run(pack, pattern)) else {
                passed += 1
                continue
            }
            failures.append(Failure(pattern: pattern.id, test: test.name, message: problem))
            return
        }
    }
}

extension PatternPack {
    /// One pattern of a built pack, for its own tests.
    fileprivate init(alone tree: SourceNode, of content: PackContent) throws(PatternPackError) {
        var alone = content
        alone.patterns = [tree]
        // Models take longer to check than most patterns: only those that it names.
        alone.models = content.models?.filter { tree.mentions($0.key) }
        try self.init(alone, hash: "", trialsCount: true)
    }
}

extension SourceNode {
    /// Whether a word stands anywhere in its texts.
    fileprivate func mentions(_ word: String) -> Bool {
        switch content {
        case .scalar(let text): text.contains(word)
        case .sequence(let items): items.contains { $0.mentions(word) }
        case .mapping(let entries): entries.contains { $0.value.mentions(word) }
        }
    }
}
