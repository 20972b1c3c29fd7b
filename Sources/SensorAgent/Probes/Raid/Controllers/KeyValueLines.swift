/// Text of `key : value` lines, as the programs of RAID controllers print it for people.
struct KeyValueLines: Sendable {
    /// Lines taken of one text.
    static let lineLimit = 200_000

    struct Line: Hashable, Sendable {
        /// The whole line without blanks around it.
        var text: String
        /// In lower case, without blanks around it; empty where there is no colon.
        var key: String
        var value: String
        /// The value with the blanks around it, for texts of fixed columns.
        var columns: String
    }

    private(set) var lines: [Line] = []

    init(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        for line in text.split(whereSeparator: \.isNewline).prefix(KeyValueLines.lineLimit) {
            let bare = KeyValueLines.trimmed(line)
            guard !bare.isEmpty else { continue }
            guard let colon = bare.firstIndex(of: ":") else {
                lines.append(Line(text: String(bare), key: "", value: "", columns: ""))
                continue
            }
            // `PCI Address (Domain:Bus:Device.Function): 0000:5C:00.0`: a colon in brackets parts nothing.
            var mark = colon
            if let open = bare.firstIndex(of: "("), open < colon, let close = bare[open...].firstIndex(of: ")"),
                let next = bare[close...].firstIndex(of: ":"), bare[..<open].contains("Address")
            {
                mark = next
            }
            lines.append(
                Line(
                    text: String(bare), key: KeyValueLines.trimmed(bare[..<mark]).lowercased(),
                    value: String(KeyValueLines.trimmed(bare[bare.index(after: mark)...])),
                    columns: String(line[line.index(after: mark)...])))
        }
    }

    static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
