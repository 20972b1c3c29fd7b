import FaultPatterns
import FoundationEssentials

/// Reads the files that go with a trainer's model: what the trainer could not know. YAML or JSON.
enum ModelSideFiles {
    /// Where each feature comes from: `name: expression`, or `name: {attribute: NAME}`.
    static func sources(_ path: String) throws -> [String: ModelImport.Source] {
        var sources: [String: ModelImport.Source] = [:]
        for entry in try mapping(try read(path), of: "the features' file") {
            let source = try source(entry)
            try ModelImport.check(source, at: entry.value)
            sources[entry.key] = source
        }
        return sources
    }

    private static func source(_ entry: SourceNode.Entry) throws -> ModelImport.Source {
        switch entry.value.content {
        case .scalar(let text) where !text.isEmpty: return .expression(text)
        case .mapping(let fields):
            if fields.count == 1, case .scalar(let text) = fields[0].value.content, !text.isEmpty {
                if fields[0].key == "attribute" { return .attribute(text) }
                if fields[0].key == "expression" { return .expression(text) }
            }
            fallthrough
        default:
            throw PatternProblem(
                entry.location,
                "\(entry.key.prefix(60)) is an expression, or `{attribute: NAME}` for an attribute of the component")
        }
    }

    /// The categories of features: `name: [first, second, …]`, in the order of the trainer's numbers.
    static func categories(_ path: String) throws -> [String: [String]] {
        var categories: [String: [String]] = [:]
        for entry in try mapping(try read(path), of: "the categories' file") {
            categories[entry.key] = try list(entry.value, of: entry.key).map { try text($0, of: "a category") }
        }
        return categories
    }

    /// The calibration: `[{score: 0.3, hazard: {30: 0.41, 90: 0.6}}, …]`; days also as `30d`.
    static func calibration(_ path: String) throws -> [EnsembleFormat.Step] {
        try list(try read(path), of: "the calibration").map { item in
            var step = EnsembleFormat.Step(score: .nan, hazard: [:])
            for entry in try mapping(item, of: "a step of the calibration") {
                switch entry.key {
                case "score": step.score = try number(entry.value, of: "score")
                case "hazard":
                    for share in try mapping(entry.value, of: "`hazard`") {
                        let days = share.key.hasSuffix("d") ? String(share.key.dropLast()) : share.key
                        step.hazard[days] = try number(share.value, of: share.key)
                    }
                default:
                    throw PatternProblem(
                        entry.location, "`\(entry.key.prefix(60))` is not `score` and not `hazard`")
                }
            }
            guard !step.score.isNaN else { throw PatternProblem(item.location, "a step needs its `score`") }
            return step
        }
    }

    /// Names of features, one per line.
    static func names(_ path: String) throws -> [String] {
        String(decoding: try bytes(path), as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }

    static func bytes(_ path: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw PatternProblem(
                SourceLocation(file: path), "the file cannot be read; look whether it is there, and at its permissions")
        }
        return data
    }

    // MARK: Parts

    private static func read(_ path: String) throws -> SourceNode { try PatternYAML.read(try bytes(path), file: path) }

    private static func mapping(_ node: SourceNode, of what: String) throws -> [SourceNode.Entry] {
        guard case .mapping(let entries) = node.content else {
            throw PatternProblem(node.location, "\(what) is a mapping of keys and values")
        }
        return entries
    }

    private static func list(_ node: SourceNode, of what: String) throws -> [SourceNode] {
        guard case .sequence(let items) = node.content else {
            throw PatternProblem(node.location, "\(what.prefix(60)) is a list")
        }
        return items
    }

    private static func text(_ node: SourceNode, of what: String) throws -> String {
        guard case .scalar(let text) = node.content else { throw PatternProblem(node.location, "\(what) is a text") }
        return text
    }

    private static func number(_ node: SourceNode, of what: String) throws -> Double {
        guard let number = Double(try text(node, of: what)) else {
            throw PatternProblem(node.location, "`\(what.prefix(60))` is a number")
        }
        return number
    }
}
