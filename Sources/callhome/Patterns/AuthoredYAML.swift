import FaultPatterns
import FoundationEssentials

/// A pattern file as its author sees it: lines of keys and values. Shows how what a YAML parser stumbles over is
/// written, for most of it is an expression that YAML reads as something else.
struct AuthoredYAML {
    /// Mistakes of one file that are reported.
    static let limit = 50

    /// nil where the file is no text.
    private(set) var text: String? { didSet { lines = AuthoredYAML.lines(text) } }
    private var lines: [Substring]
    private let file: String

    init(_ data: Data, file: String) {
        text = data.count <= PatternYAML.fileBytes ? String(validating: data, as: UTF8.self) : nil
        lines = AuthoredYAML.lines(text)
        self.file = file
    }

    private static func lines(_ text: String?) -> [Substring] {
        (text ?? "").split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// Lines that are indented with tabs, which YAML forbids. What hangs under which key they leave open, so that
    /// nothing else is reported of such a file.
    var tabs: [PatternProblem] {
        let found = lines.enumerated().compactMap { number, line -> PatternProblem? in
            let indent = line.prefix { $0 == " " || $0 == "\t" }
            guard let tab = indent.firstIndex(of: "\t"), indent.endIndex < line.endIndex, line[indent.endIndex] != "\r"
            else { return nil }
            let column = line.distance(from: line.startIndex, to: tab) + 1
            return PatternProblem(
                SourceLocation(file: file, line: number + 1, column: column), "indent with spaces, not tabs")
        }
        return Array(found.prefix(AuthoredYAML.limit))
    }

    /// Quotes the value at which the parser stopped, so that the rest can be read.
    /// - Returns: what the author should write; nil where the problem is another one.
    mutating func quote(_ problem: PatternProblem) -> PatternProblem? {
        guard let line = problem.location.line else { return nil }
        // The parser may notice it on the next line with text.
        for number in stride(from: min(line, lines.count), through: max(1, line - AuthoredYAML.reach), by: -1) {
            guard let value = AuthoredYAML.value(of: lines[number - 1]), AuthoredYAML.isMisread(value) else { continue }
            let line = lines[number - 1]
            let place = SourceLocation(
                file: file, line: number, column: line.distance(from: line.startIndex, to: value.startIndex) + 1)
            let quoted = "'\(value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'"
            let key = line[..<value.startIndex].drop { $0 == " " || $0 == "-" }
            var mended = lines
            mended[number - 1] = line[..<value.startIndex] + Substring(quoted)
            text = mended.joined(separator: "\n")
            return PatternProblem(
                place,
                "an expression that begins with > or another sign of YAML's, or contains quotes or `: `, must be quoted as "
                    + "a whole: \(key.prefix(40))\(quoted.prefix(80))")
        }
        return nil
    }

    /// Lines before that of the complaint which may hold its cause.
    private static let reach = 2

    /// What stands behind `key: ` or `- key: ` on a line, without a comment.
    private static func value(of line: Substring) -> Substring? {
        let body = line.drop { $0 == " " || $0 == "-" }
        let key = body.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
        let rest = body[key.endIndex...]
        guard !key.isEmpty, rest.hasPrefix(": ") else { return nil }
        var value = rest.dropFirst(2).drop { $0 == " " }
        while let last = value.last, last.isWhitespace { value = value.dropLast() }
        return value.isEmpty ? nil : value
    }

    /// Whether YAML reads the value otherwise than as the text that stands there.
    private static func isMisread(_ value: Substring) -> Bool {
        switch value.first {
        case ">", "|": value.dropFirst().contains { !"+-0123456789".contains($0) }
        case "\"", "'": hasMoreBehindQuotes(value)
        case "!", "%", "@", "`", "?": true
        case "{": value.contains("}") && !value.hasSuffix("}")
        case "[": value.contains("]") && !value.hasSuffix("]")
        case "#": false
        default: value.contains(": ") || value.hasSuffix(":")
        }
    }

    /// `"opened" == 3`: text behind the quote that closes the first one.
    private static func hasMoreBehindQuotes(_ value: Substring) -> Bool {
        guard let quote = value.first else { return false }
        var index = value.index(after: value.startIndex)
        while index < value.endIndex {
            let next = value.index(after: index)
            if quote == "\"", value[index] == "\\" {
                index = next < value.endIndex ? value.index(after: next) : next
            } else if value[index] == quote {
                guard quote == "'", next < value.endIndex, value[next] == "'" else {
                    let rest = value[next...].drop { $0 == " " }
                    return !rest.isEmpty && rest.first != "#"
                }
                index = value.index(after: next)
            } else {
                index = next
            }
        }
        return false
    }
}
