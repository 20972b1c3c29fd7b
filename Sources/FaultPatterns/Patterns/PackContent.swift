import FoundationEssentials
import Reports

/// What stands in a pack.
struct PackContent: Codable {
    var format: Int
    var engineLevel: Int
    var version: String
    var patterns: [SourceNode]
    var models: [String: EnsembleFormat]?
    /// The patterns' own tests, by the patterns' ids. Who runs patterns reads over them: `PackTests` runs them.
    var tests: [String: [SourceNode]]?

    enum CodingKeys: String, CodingKey {
        case format
        case engineLevel = "engine_level"
        case version, patterns, models, tests
    }
}

extension PackContent {
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        format = try container.decode(Int.self, forKey: .format)
        engineLevel = try container.decode(Int.self, forKey: .engineLevel)
        version = try container.decode(String.self, forKey: .version)
        patterns = try container.decode([SourceNode].self, forKey: .patterns)
        models = try container.decodeIfPresent([String: EnsembleFormat].self, forKey: .models)
    }
}

extension PackContent {
    /// Reads a built pack; its patterns are not looked into.
    init(json: Data) throws(PatternPackError) {
        guard json.count <= PatternLimits.packBytes else { throw .tooLarge(bytes: json.count) }
        guard PackContent.depth(of: json) <= PatternLimits.packDepth else { throw .tooDeep }
        do { self = try JSONDecoder().decode(PackContent.self, from: json) } catch {
            throw .unreadable(because: PackContent.words(for: error))
        }
        guard format == PatternLimits.packFormat else { throw .wrongFormat(found: format) }
        guard patterns.count <= PatternLimits.patterns else { throw .tooMany(patterns: patterns.count) }
    }

    /// - Throws: what does not fit between the patterns.
    init(of files: [PatternFile], _ models: [PatternModel], _ version: String) throws(PatternPackError) {
        let shipped = files.filter { $0.pattern.status == .active || $0.pattern.status == .shadow }
            .sorted { $0.pattern.id < $1.pattern.id }
        if let problem = PatternPack.problems(between: shipped).first { throw .pattern(problem) }
        let levels = shipped.map(\.engineLevel)
        self.init(
            format: PatternLimits.packFormat, engineLevel: levels.max() ?? 1, version: version,
            patterns: shipped.map(\.shippedTree),
            models: models.isEmpty
                ? nil
                : Dictionary(models.map { ($0.name, $0.form) }, uniquingKeysWith: { first, _ in first }),
            tests: Dictionary(
                shipped.compactMap { file in file.tree.node(under: "tests").map { (file.pattern.id, $0.items) } },
                uniquingKeysWith: { first, _ in first }))
    }

    /// Its models, ready to be computed.
    func ensembles() throws(PatternPackError) -> [String: TreeEnsemble] {
        var ensembles: [String: TreeEnsemble] = [:]
        for (name, form) in models ?? [:] {
            do { ensembles[name] = try PatternModel(form).ensemble } catch {
                throw .model(name: String(name.prefix(100)), because: "\(error)")
            }
        }
        return ensembles
    }

    func json() throws(PatternPackError) -> Data {
        let json: Data
        do { json = try WireFormat.encode(self) } catch { throw .unreadable(because: "\(error)") }
        guard json.count <= PatternLimits.packBytes else { throw .tooLarge(bytes: json.count) }
        return json
    }

    // MARK: Reading

    /// Levels of nesting, counted before any parser recurses into them.
    static func depth(of json: Data) -> Int {
        var depth = 0
        var deepest = 0
        var inText = false
        var isEscaped = false
        for byte in json {
            if inText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte
                    == UInt8(ascii: "\"")
                {
                    inText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
        return deepest
    }

    private static func words(for error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _): "the key `\(key.stringValue)` is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "it is not JSON"
                : "\(context.codingPath.map(\.stringValue).joined(separator: ".")) is of the wrong type"
        default: "it is not JSON"
        }
    }
}

extension SourceNode {
    /// The id of the pattern that is written here, as its reader takes it; nil where there is none.
    var patternID: String? { text(under: "id").map { String($0.trimmed.prefix(100)) } }
}
