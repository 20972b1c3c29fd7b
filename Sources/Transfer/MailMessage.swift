public import FoundationEssentials

/// A mail: RFC 5322 headers, a text, perhaps the same in HTML, and attachments (RFC 2045 to 2047).
public struct MailMessage: Sendable {
    public struct Attachment: Sendable {
        public var filename: String
        public var contentType: String
        public var data: Data
        public init(filename: String, contentType: String, data: Data) {
            self.filename = filename
            self.contentType = contentType
            self.data = data
        }
    }

    /// `name@server` or `Words <name@server>`.
    public var from: String
    public var to: [String]
    public var subject: String
    public var text: String
    public var html: String?
    public var attachments: [Attachment]
    /// `unique@server`, without angle brackets: the same whenever the same message is sent again.
    public var messageID: String
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var date: Int64
    /// Further headers. Those that a message writes itself, and names that are none, are left out.
    public var headers: [(name: String, value: String)]

    public init(
        from: String, to: [String], subject: String, text: String, html: String? = nil, attachments: [Attachment] = [],
        messageID: String, date: Int64, headers: [(name: String, value: String)] = []
    ) {
        self.from = from
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
        self.attachments = attachments
        self.messageID = messageID
        self.date = date
        self.headers = headers
    }

    private static let ownHeaders: Set<String> = [
        "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding",
        "bcc",
        "cc", "sender", "return-path",
    ]

    /// The whole message, with CRLF line ends, in ASCII, no line longer than 998 bytes or beginning with a dot.
    public func rfc5322() -> Data {
        var lines = [
            "Date: " + MailDate.text(milliseconds: date),
            "From: " + MailHeader.address(from),
            "To: " + to.map(MailHeader.address).joined(separator: ",\r\n "),
            "Message-ID: <" + MailHeader.identifier(messageID) + ">",
            MailHeader.unstructured("Subject", subject),
        ]
        for (name, value) in headers
        where HTTPTransfer.isToken(name) && !MailMessage.ownHeaders.contains(name.lowercased()) {
            lines.append(MailHeader.unstructured(name, value))
        }
        lines.append("MIME-Version: 1.0")
        var body = MimePart.text(text, subtype: "plain")
        if let html { body = .multipart("alternative", [body, .text(html, subtype: "html")]) }
        if !attachments.isEmpty { body = .multipart("mixed", [body] + attachments.map(MimePart.attachment)) }
        return Data((lines.joined(separator: "\r\n") + "\r\n" + body.text).utf8)
    }
}

/// `name@server` or `Words <name@server>`, of which `words` may be empty.
struct MailAddress {
    var words: String
    var mailbox: String

    init?(_ text: String) {
        if let open = text.lastIndex(of: "<"), text.hasSuffix(">") {
            words = text[..<open].trimmingASCIISpace()
            mailbox = String(text[text.index(after: open)...].dropLast())
        } else {
            words = ""
            mailbox = text.trimmingASCIISpace()
        }
        // Printable ASCII that needs no quoting; SMTPUTF8 (RFC 6531) is not used, as not every relay has it.
        let isPlain = mailbox.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>()[]\\,;:\"".utf8.contains($0) }
        let sides = mailbox.split(separator: "@", omittingEmptySubsequences: false)
        guard isPlain, sides.count == 2, sides.allSatisfy({ !$0.isEmpty }), mailbox.utf8.count <= 254 else {
            return nil
        }
    }
}

/// One part of a message with its own headers, encoded.
struct MimePart {
    /// Headers, an empty line, the content.
    var text: String

    /// No encoded content can hold it: in quoted-printable `=` is followed by two digits, in base64 it ends the line.
    private static let boundaryPrefix = "=_callhome_"

    static func text(_ text: String, subtype: String) -> MimePart {
        MimePart(
            text: "Content-Type: text/\(subtype); charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                + QuotedPrintable.encode(text) + "\r\n")
    }

    static func attachment(_ attachment: MailMessage.Attachment) -> MimePart {
        let fields = attachment.contentType.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isType = fields.count == 2 && fields.allSatisfy(HTTPTransfer.isToken)
        var lines = ["Content-Type: \(isType ? attachment.contentType : "application/octet-stream")"]
        lines.append("Content-Transfer-Encoding: base64")
        lines.append("Content-Disposition: attachment;\r\n " + MailHeader.filename(attachment.filename))
        lines.append("")
        let base64 = Array(attachment.data.base64EncodedString().utf8)
        for start in stride(from: 0, to: base64.count, by: 76) {
            lines.append(String(decoding: base64[start..<min(start + 76, base64.count)], as: UTF8.self))
        }
        return MimePart(text: lines.joined(separator: "\r\n") + "\r\n")
    }

    static func multipart(_ subtype: String, _ parts: [MimePart]) -> MimePart {
        let boundary = boundaryPrefix + subtype
        let head = "Content-Type: multipart/\(subtype);\r\n boundary=\"\(boundary)\"\r\n\r\n"
        return MimePart(
            text: head + parts.map { "--\(boundary)\r\n\($0.text)" }.joined() + "--\(boundary)--\r\n")
    }
}

/// RFC 2045, section 6.7.
enum QuotedPrintable {
    private static let lineLength = 76

    static func encode(_ text: String) -> String {
        let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
            .split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { encode(line: Array($0.utf8)) }.joined(separator: "\r\n")
    }

    private static func encode(line: [UInt8]) -> String {
        var text = ""
        var length = 0
        for (index, byte) in line.enumerated() {
            let isSpace = byte == 0x20 || byte == 0x09
            var isPlain = (0x21...0x7E).contains(byte) && byte != 0x3D || isSpace && index != line.count - 1
            // What a relay may touch at the start of a line: SMTP's dot, mbox's "From ".
            if length == 0, byte == 0x2E || byte == 0x46 { isPlain = false }
            let piece = isPlain ? String(UnicodeScalar(byte)) : "=" + hexadecimal(byte)
            if length + piece.utf8.count > lineLength - 1 {
                text += "=\r\n"
                length = 0
                if byte == 0x2E || byte == 0x46 {
                    text += "=" + hexadecimal(byte)
                    length = 3
                    continue
                }
            }
            text += piece
            length += piece.utf8.count
        }
        return text
    }

    static func hexadecimal(_ byte: UInt8) -> String {
        let digits = Array("0123456789ABCDEF")
        return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }
}
