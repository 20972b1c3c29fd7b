import Foundation

/// The command lines that a text for people names.
struct CommandLines {
    struct Line: Hashable, CustomStringConvertible {
        var number: Int
        var text: String
        /// It stands in a block to be copied, and not in a sentence.
        var isWhole: Bool

        var description: String { "\(number): \(text)" }

        /// As a shell takes them apart, up to a comment, a pipe or the next command.
        var words: [String] {
            var words: [String] = []
            for word in text.replacing("\\\n", with: " ").split(whereSeparator: \.isWhitespace) {
                if word.hasPrefix("#") || ["|", "||", "&&", "<", ">", "2>", "&"].contains(word) { break }
                words.append(word.trimmingCharacters(in: CharacterSet(charactersIn: "\"'[]").union([";"])))
                if word.hasSuffix(";") { break }
            }
            return words
        }
    }

    private static let programs = ["callhome", "callhome-agent", "callhome-collector"]

    private static func program(_ text: some StringProtocol) -> String? {
        let first = text.prefix { !$0.isWhitespace }
        return programs.first { first == $0 }
    }

    /// Of a page in Markdown: blocks of code, and code within sentences (which may break over two lines).
    static func markdown(_ text: String) -> [Line] {
        var found: [Line] = []
        var isBlock = false
        var block: Line?
        var prose: [Substring] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            prose.append("")
            if line.drop(while: { $0 == " " }).hasPrefix("```") {
                isBlock.toggle()
                continue
            }
            guard isBlock || line.hasPrefix("    ") else {
                prose[index] = line
                continue
            }
            let code = line.trimmingCharacters(in: .whitespaces)
            if var open = block {
                open.text += "\n" + code
                block = open
            } else if program(code) != nil {
                block = Line(number: index + 1, text: code, isWhole: true)
            }
            if !code.hasSuffix("\\"), let whole = block {
                found.append(whole)
                block = nil
            }
        }
        return found + spans(in: prose.joined(separator: "\n"))
    }

    /// Of Swift, YAML or a configuration file: what stands between backticks on one line.
    static func source(_ text: String) -> [Line] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { index, line in
            spans(in: String(line)).map { Line(number: index + 1, text: $0.text, isWhole: false) }
        }
    }

    private static func spans(in text: String) -> [Line] {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        var number = 1
        var found: [Line] = []
        for (index, part) in parts.enumerated() {
            if index > 0, index < parts.count - 1, program(part) != nil {
                // What a program puts into its own text is a value.
                let span = String(part).replacing(#/\\\([^`]*\)/#, with: "VALUE")
                found.append(Line(number: number, text: span.replacing("\n", with: " "), isWhole: false))
            }
            number += part.count { $0 == "\n" }
        }
        return found
    }
}
