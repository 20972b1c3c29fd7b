/// The name of one measured quantity of a component: a catalogue name and, where one name covers many, its labels.
///
/// Written `hw.physical_disk.smart{attribute="197.raw"}`, on the wire as in patterns.
public struct Signal: Hashable, Sendable, CustomStringConvertible {
    public struct Label: Hashable, Sendable {
        public var key: String
        public var value: String
        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    public let name: String
    /// Sorted by key, so that equal signals are equal values.
    public let labels: [Label]

    public init(_ name: String, _ labels: [String: String] = [:]) {
        self.name = name
        self.labels = labels.map(Label.init).sorted { $0.key < $1.key }
    }

    /// Reads the written form; nil when it is none.
    public init?(parsing text: String) {
        guard let brace = text.firstIndex(of: "{") else {
            guard !text.isEmpty, text.allSatisfy(Signal.isNameCharacter) else { return nil }
            name = text
            labels = []
            return
        }
        let head = String(text[..<brace])
        guard !head.isEmpty, head.allSatisfy(Signal.isNameCharacter), text.last == "}" else { return nil }
        var rest = text[text.index(after: brace)...].dropLast()
        var found: [Label] = []
        while !rest.isEmpty {
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let key = rest[..<equals].filter { $0 != " " }
            rest = rest[rest.index(after: equals)...].drop { $0 == " " }
            guard !key.isEmpty, rest.first == "\"" else { return nil }
            rest = rest.dropFirst()
            var value = ""
            var closed = false
            while let character = rest.popFirst() {
                if character == "\\", let next = rest.popFirst() {
                    value.append(next)
                } else if character == "\"" {
                    closed = true
                    break
                } else {
                    value.append(character)
                }
            }
            guard closed else { return nil }
            found.append(Label(key: key, value: value))
            rest = rest.drop { $0 == " " }
            if rest.first == "," { rest = rest.dropFirst() } else if !rest.isEmpty { return nil }
        }
        name = head
        labels = found.sorted { $0.key < $1.key }
    }

    public subscript(label key: String) -> String? { labels.first { $0.key == key }?.value }

    public var description: String {
        guard !labels.isEmpty else { return name }
        let inside = labels.map { label in
            let escaped = label.value.reduce(into: "") { text, character in
                if character == "\"" || character == "\\" { text.append("\\") }
                text.append(character)
            }
            return "\(label.key)=\"\(escaped)\""
        }
        return "\(name){\(inside.joined(separator: ","))}"
    }

    private static func isNameCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "_" || character == ".")
    }
}

extension Signal: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let signal = Signal(parsing: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not a signal name: \(text.prefix(80))")
        }
        self = signal
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
