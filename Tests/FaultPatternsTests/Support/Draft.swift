import Reports

@testable import FaultPatterns

/// A pattern file, each of its keys on a line of its own; `lines` says which.
struct Draft {
    var tree: SourceNode
    var lines: [String: Int] = [:]

    init(_ changes: [String: Any?] = [:]) {
        var fields = Fixtures.pattern("disk.test")
        fields["let"] = ["pending": Fixtures.pending.description]
        fields["tests"] = [
            ["name": "fires", "series": ["pending": "0 20"], "expect": ["at": "2"]],
            ["name": "does not", "series": ["pending": "0 2"], "expect": "none"],
            ["name": "gaps", "series": ["pending": "_x2"], "expect": "none"],
        ]
        for (key, value) in changes { fields[key] = value }
        var entries: [SourceNode.Entry] = []
        for (index, field) in fields.sorted(by: { $0.key < $1.key }).enumerated() {
            lines[field.key] = index + 1
            let place = FaultPatterns.SourceLocation(file: "test.yaml", line: index + 1, column: 1)
            entries.append(
                SourceNode.Entry(key: field.key, location: place, value: Self.node(field.value, at: place)))
        }
        tree = SourceNode(
            .mapping(entries), at: FaultPatterns.SourceLocation(file: "test.yaml", line: 1, column: 1))
    }

    private static func node(_ value: Any, at place: FaultPatterns.SourceLocation) -> SourceNode {
        switch value {
        case let list as [Any]: SourceNode(.sequence(list.map { node($0, at: place) }), at: place)
        case let map as [String: Any]:
            SourceNode(
                .mapping(
                    map.sorted { $0.key < $1.key }.map {
                        SourceNode.Entry(key: $0.key, location: place, value: node($0.value, at: place))
                    }), at: place)
        default: SourceNode(.scalar("\(value)"), at: place)
        }
    }

    var problem: PatternProblem? {
        do throws(PatternProblem) {
            _ = try PatternFile(reading: tree)
            return nil
        } catch { return error }
    }
}
