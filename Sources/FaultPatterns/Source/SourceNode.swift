/// Where something stands in a pattern file or a pack.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
    public var file: String
    /// From 1; absent in packs, where a pattern is one line of JSON.
    public var line: Int?
    /// From 1, in Unicode scalars.
    public var column: Int?

    public init(file: String, line: Int? = nil, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String {
        guard let line else { return file }
        guard let column else { return "\(file):\(line)" }
        return "\(file):\(line):\(column)"
    }
}

/// What is wrong with a pattern, where, and how to mend it.
public struct PatternProblem: Error, Hashable, Sendable, CustomStringConvertible {
    public var location: SourceLocation
    public var message: String

    public init(_ location: SourceLocation, _ message: String) {
        self.location = location
        self.message = message
    }

    public var description: String { "\(location): \(message)" }
}

/// A pattern as written: text, lists and mappings, each with its place.
///
/// All scalars are text; the reader of a field decides what the text means. So `on` is never a truth value and `1.10`
/// never loses its zero, which are YAML's two classic traps.
public struct SourceNode: Sendable {
    public struct Entry: Sendable {
        public var key: String
        public var location: SourceLocation
        public var value: SourceNode
        public init(key: String, location: SourceLocation, value: SourceNode) {
            self.key = key
            self.location = location
            self.value = value
        }
    }

    public indirect enum Content: Sendable {
        case scalar(String)
        case sequence([SourceNode])
        case mapping([Entry])
    }

    public var content: Content
    public var location: SourceLocation
    /// True where the text stands in the file as it is, so that a character's column is known.
    public var isVerbatim: Bool

    public init(_ content: Content, at location: SourceLocation, isVerbatim: Bool = false) {
        self.content = content
        self.location = location
        self.isVerbatim = isVerbatim
    }

    /// The same tree without one key of its top mapping.
    func without(_ key: String) -> SourceNode {
        guard case .mapping(let entries) = content else { return self }
        return SourceNode(.mapping(entries.filter { $0.key != key }), at: location)
    }

    func located(in file: String) -> SourceNode {
        let place = SourceLocation(file: file)
        switch content {
        case .scalar: return SourceNode(content, at: place)
        case .sequence(let items): return SourceNode(.sequence(items.map { $0.located(in: file) }), at: place)
        case .mapping(let entries):
            return SourceNode(
                .mapping(entries.map { Entry(key: $0.key, location: place, value: $0.value.located(in: file)) }),
                at: place)
        }
    }

    /// The text under a key of a mapping, if there is such a text.
    func text(under key: String) -> String? {
        guard case .mapping(let entries) = content, let entry = entries.first(where: { $0.key == key }),
            case .scalar(let text) = entry.value.content
        else { return nil }
        return text
    }
}

extension SourceNode: Codable {
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        location = SourceLocation(file: "pack")
        isVerbatim = false
        // Asked in the order of what there is most of: each wrong question costs an error that is made and thrown away.
        let single = try decoder.singleValueContainer()
        if let text = try? single.decode(String.self) {
            content = .scalar(text)
        } else if let object = try? decoder.container(keyedBy: Key.self) {
            var entries: [Entry] = []
            for key in object.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
                entries.append(
                    Entry(
                        key: key.stringValue, location: location, value: try object.decode(SourceNode.self, forKey: key)
                    ))
            }
            content = .mapping(entries)
        } else if var list = try? decoder.unkeyedContainer() {
            var items: [SourceNode] = []
            while !list.isAtEnd { items.append(try list.decode(SourceNode.self)) }
            content = .sequence(items)
        } else if let truth = try? single.decode(Bool.self) {
            // Packs are written with text only; numbers and truths of other writers are taken as their text.
            content = .scalar(truth ? "true" : "false")
        } else if let number = try? single.decode(Int64.self) {
            content = .scalar(String(number))
        } else {
            content = .scalar(String(try single.decode(Double.self)))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch content {
        case .scalar(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .sequence(let items):
            var container = encoder.singleValueContainer()
            try container.encode(items)
        case .mapping(let entries):
            var container = encoder.container(keyedBy: Key.self)
            for entry in entries { try container.encode(entry.value, forKey: Key(stringValue: entry.key)) }
        }
    }
}
