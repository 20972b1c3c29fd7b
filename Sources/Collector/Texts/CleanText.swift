/// Makes strings that came from machines fit for people's eyes, mail headers and markup.
enum CleanText {
    /// Characters of one field in a ticket or page; longer ones end in `…`.
    static let fieldCharacters = 300

    /// One line without control characters, without marks that turn the direction of writing (which can make a serial
    /// read backwards), without line separators; runs of blanks become one.
    static func line(_ text: String, limit: Int = fieldCharacters) -> String {
        var result = String.UnicodeScalarView()
        var pendingBlank = false
        // Bounded before anything else is done with it: a field may be megabytes long.
        for scalar in text.unicodeScalars.prefix(limit * 4) {
            if scalar.properties.isWhitespace || isControl(scalar) {
                pendingBlank = !result.isEmpty
            } else if !isInvisible(scalar) {
                if pendingBlank { result.append(" ") }
                pendingBlank = false
                result.append(scalar)
            }
        }
        let line = String(result)
        return line.count <= limit ? line : String(line.prefix(limit - 1)) + "…"
    }

    /// Text in HTML, between tags or in a quoted attribute. It works on scalars: a quote with a combining accent is one
    /// `Character`, and still ends an attribute for a browser.
    static func html(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            case "\0": result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .format, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}
