import Reports

/// Takes the fields of a mapping one by one, and refuses what is left: a misspelt key must not pass as absent.
struct MappingReader {
    let location: SourceLocation
    private let what: String
    /// The keys that it may have, where they are known.
    private let keys: [String]
    private var entries: [SourceNode.Entry]

    init(_ node: SourceNode, what: String, keys: [String] = []) throws(PatternProblem) {
        guard case .mapping(let entries) = node.content else {
            throw PatternProblem(node.location, "\(what) is a mapping of keys and values")
        }
        self.what = what
        self.keys = keys
        self.entries = entries
        location = node.location
    }

    mutating func optional(_ key: String) -> SourceNode? {
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
        return entries.remove(at: index).value
    }

    mutating func required(_ key: String) throws(PatternProblem) -> SourceNode {
        if let node = optional(key) { return node }
        // What is missing often is there, misspelt.
        let strangers = entries.filter { !keys.contains($0.key) }
        if !keys.isEmpty, let near = Wording.near(key, among: strangers.map(\.key), limit: 1).first,
            let entry = strangers.first(where: { $0.key == near })
        {
            throw PatternProblem(
                entry.location,
                "\(what) needs `\(key)`, and `\(near.prefix(60))` is not one of its keys; mend its spelling")
        }
        throw PatternProblem(location, "\(what) needs `\(key)`")
    }

    mutating func text(_ key: String) throws(PatternProblem) -> String { try required(key).text(of: key) }

    mutating func optionalText(_ key: String) throws(PatternProblem) -> String? {
        guard let node = optional(key) else { return nil }
        return try node.text(of: key)
    }

    /// The keys that were not taken, in the order of the file.
    var rest: [SourceNode.Entry] { entries }

    func refuseRest() throws(PatternProblem) {
        guard let stranger = entries.first else { return }
        let near = Wording.near(stranger.key, among: keys, limit: 1).first.map { " (perhaps `\($0)`)" } ?? ""
        throw PatternProblem(
            stranger.location,
            "`\(stranger.key.prefix(60))` is not a key of \(what); mend its spelling or take it out\(near)")
    }
}

extension SourceNode {
    /// Text that is there: not empty, not too long.
    func text(of key: String) throws(PatternProblem) -> String {
        guard case .scalar(let text) = content else { throw PatternProblem(location, "`\(key)` is a text") }
        let trimmed = text.trimmed
        guard !trimmed.isEmpty else { throw PatternProblem(location, "`\(key)` is empty") }
        let length = trimmed.unicodeScalars.count
        guard length <= PatternLimits.textCharacters else {
            throw PatternProblem(
                location, "`\(key)` has \(length) characters; the limit is \(PatternLimits.textCharacters)")
        }
        // What moves a terminal's cursor, or ends a line of a log or a mail's head, is no text.
        guard !trimmed.unicodeScalars.contains(where: \.isControl) else {
            throw PatternProblem(location, "`\(key)` holds control characters; take them out")
        }
        return trimmed
    }

    func word<Word: RawRepresentable & CaseIterable>(
        of key: String, as type: Word.Type
    ) throws(PatternProblem) -> Word where Word.RawValue == String {
        let text = try text(of: key)
        guard let word = Word(rawValue: text) else {
            let all = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw PatternProblem(location, "`\(key)` is one of \(all), not \(text.prefix(60))")
        }
        return word
    }

    func integer(of key: String, in range: ClosedRange<Int>) throws(PatternProblem) -> Int {
        let text = try text(of: key)
        guard let value = Int(text), range.contains(value) else {
            throw PatternProblem(
                location,
                "`\(key)` is a whole number from \(range.lowerBound) to \(range.upperBound), not \(text.prefix(60))")
        }
        return value
    }

    func share(of key: String) throws(PatternProblem) -> Double {
        let text = try text(of: key)
        guard let value = Double(text), value >= 0, value <= 1 else {
            throw PatternProblem(location, "`\(key)` is a number from 0 to 1, not \(text.prefix(60))")
        }
        return value
    }

    func weight(of key: String) throws(PatternProblem) -> Double {
        let text = try text(of: key)
        guard let value = Double(text), value > 0, value <= 1_000_000 else {
            throw PatternProblem(location, "`\(key)` is a number above 0, at most 1000000, not \(text.prefix(60))")
        }
        return value
    }

    func span(of key: String) throws(PatternProblem) -> Int64 {
        let text = try text(of: key)
        guard let value = TimeSpan.milliseconds(text) else {
            throw PatternProblem(
                location,
                "`\(key)` is a length of time such as 30s, 5m, 24h or 7d, at most "
                    + "\(PatternLimits.windowDays) days, not \(text.prefix(60))")
        }
        return value
    }

    /// One item or a list of them.
    var items: [SourceNode] {
        if case .sequence(let items) = content { items } else { [self] }
    }
}

extension Unicode.Scalar {
    /// All control characters but tab and the ends of lines.
    fileprivate var isControl: Bool {
        switch value {
        case 0x09, 0x0A, 0x0D: false
        case 0x00...0x1F, 0x7F...0x9F: true
        default: false
        }
    }
}

extension StringProtocol {
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }
}
