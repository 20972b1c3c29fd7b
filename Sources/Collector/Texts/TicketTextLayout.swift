extension TicketText {
    /// Columns of the plain text.
    static let columns = 76

    /// For mail clients without HTML, and for reading aloud.
    var plain: String {
        var text = ""
        for (index, section) in sections.enumerated() {
            // The first line is what must be read first (TEST!), so the first section stands without its title.
            if index > 0 { text += "\n\(section.title)\n\(String(repeating: "-", count: section.title.count))\n" }
            for line in section.lines {
                switch line {
                case .paragraph(let paragraph): text += TicketText.wrapped(paragraph)
                case .field(let label, let value): text += TicketText.wrapped("\(label): \(value)", indent: 2)
                case .warning(let warning): text += TicketText.wrapped("!! \(warning)", indent: 3)
                }
            }
        }
        return text
    }

    /// One simple page: no script, no image, nothing to load.
    var html: String {
        var body = ""
        for (index, section) in sections.enumerated() {
            if index > 0 { body += "<h2 style=\"\(Style.heading)\">\(CleanText.html(section.title))</h2>\n" }
            var rows = ""
            func closeRows() {
                if !rows.isEmpty { body += "<table role=\"presentation\" style=\"\(Style.table)\">\n\(rows)</table>\n" }
                rows = ""
            }
            for line in section.lines {
                switch line {
                case .paragraph(let text):
                    closeRows()
                    body += "<p style=\"\(Style.paragraph)\">\(CleanText.html(text))</p>\n"
                case .warning(let text):
                    closeRows()
                    body += "<p style=\"\(Style.warning)\">\(CleanText.html(text))</p>\n"
                case .field(let label, let value):
                    rows += "<tr><td style=\"\(Style.label)\">\(CleanText.html(label))</td>"
                    rows += "<td style=\"\(Style.value)\">\(CleanText.html(value))</td></tr>\n"
                }
            }
            closeRows()
        }
        return """
            <!DOCTYPE html>
            <html><head><meta charset="utf-8"><title>\(CleanText.html(subject))</title></head>
            <body style="\(Style.body)">
            \(body)</body></html>

            """
    }

    /// Mail clients drop style sheets; only styles at the elements survive.
    private enum Style {
        static let body =
            "font-family:sans-serif;font-size:15px;line-height:1.45;color:#1c2733;max-width:44em;margin:1em"
        static let heading = "font-size:16px;margin:1.4em 0 .3em;border-bottom:1px solid #c8d2dc;padding-bottom:.2em"
        static let paragraph = "margin:.4em 0"
        static let warning =
            "margin:.5em 0;padding:.6em .8em;background:#fff3cd;border-left:4px solid #b8860b;color:#3d2f00"
        static let table = "border-collapse:collapse;margin:.2em 0"
        static let label = "padding:.15em 1.2em .15em 0;color:#52606d;vertical-align:top"
        static let value = "padding:.15em 0;vertical-align:top"
    }

    /// Breaks at blanks; a word longer than a line stands alone.
    static func wrapped(_ text: String, indent: Int = 0) -> String {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > columns {
                lines.append(line)
                line = String(repeating: " ", count: indent)
                line += word
            } else {
                line += line.isEmpty ? "\(word)" : " \(word)"
            }
        }
        lines.append(line)
        return lines.joined(separator: "\n") + "\n"
    }
}
