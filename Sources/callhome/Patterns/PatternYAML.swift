import FaultPatterns
import FoundationEssentials
import Yams

/// Reads YAML into the tree that patterns are read from, keeping every line and column. The only user of Yams.
enum PatternYAML {
    /// Bytes of one pattern file.
    static let fileBytes = 256 << 10
    /// Nodes of one file, aliases spread out: a file of a few lines can be made to unfold into billions.
    static let nodes = 20_000

    /// - Throws: what is wrong, with its line and column.
    static func read(_ data: Data, file: String) throws(PatternProblem) -> SourceNode {
        guard data.count <= fileBytes else {
            throw PatternProblem(
                SourceLocation(file: file), "the file has \(data.count) bytes; the limit for a pattern is \(fileBytes)")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw PatternProblem(SourceLocation(file: file), "the file is not UTF-8; store it as UTF-8")
        }
        return try read(text, file: file)
    }

    /// Reads a pattern file on, past what the author wrote as YAML reads otherwise.
    /// - Returns: the tree, where all its problems can be reported, and what has to be mended before it is YAML.
    static func readAll(_ data: Data, file: String) -> (tree: SourceNode?, problems: [PatternProblem]) {
        var text = AuthoredYAML(data, file: file)
        var found = text.tabs
        guard found.isEmpty else { return (nil, found) }
        while true {
            do throws(PatternProblem) {
                return (try read(text.text.map { Data($0.utf8) } ?? data, file: file), found)
            } catch {
                let mended = text.quote(error)
                found.append(mended ?? error)
                guard mended != nil, found.count < AuthoredYAML.limit else { return (nil, found) }
            }
        }
    }

    private static func read(_ text: String, file: String) throws(PatternProblem) -> SourceNode {
        let root: Node?
        do { root = try compose(yaml: text) } catch { throw problem(error, file: file) }
        guard let root else { throw PatternProblem(SourceLocation(file: file, line: 1), "the file is empty") }
        var budget = nodes
        return try convert(root, file: file, budget: &budget)
    }

    private static func convert(_ node: Node, file: String, budget: inout Int) throws(PatternProblem) -> SourceNode {
        let place = SourceLocation(file: file, line: node.mark?.line, column: node.mark?.column)
        budget -= 1
        // Of the file as a whole: no single line is to be mended.
        guard budget > 0 else {
            throw PatternProblem(SourceLocation(file: file), "the file unfolds into more than \(nodes) values")
        }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain
            return SourceNode(.scalar(scalar.string), at: place, isVerbatim: isPlain)
        case .sequence(let sequence):
            var items: [SourceNode] = []
            for item in sequence { items.append(try convert(item, file: file, budget: &budget)) }
            return SourceNode(.sequence(items), at: place)
        case .mapping(let mapping):
            var entries: [SourceNode.Entry] = []
            for (key, value) in mapping {
                let keyPlace = SourceLocation(file: file, line: key.mark?.line, column: key.mark?.column)
                guard case .scalar(let name) = key else { throw PatternProblem(keyPlace, "a key is a text") }
                let entry = SourceNode.Entry(
                    key: name.string, location: keyPlace, value: try convert(value, file: file, budget: &budget))
                entries.append(entry)
            }
            return SourceNode(.mapping(entries), at: place)
        case .alias:
            throw PatternProblem(place, "aliases are not used in patterns; write the value out")
        }
    }

    private static func problem(_ error: any Error, file: String) -> PatternProblem {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            PatternProblem(SourceLocation(file: file, line: mark.line, column: mark.column), "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            PatternProblem(
                SourceLocation(file: file, line: context.mark.line, column: context.mark.column),
                "the key `\(keys.first?.prefix(60) ?? "?")` stands twice")
        case .reader(let problem, _, _, _):
            PatternProblem(SourceLocation(file: file), "not YAML: \(problem)")
        default: PatternProblem(SourceLocation(file: file), "not YAML: \(error)")
        }
    }
}
