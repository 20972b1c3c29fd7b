import FoundationEssentials

/// Values of mail headers: whatever they hold, they cannot end their line or begin another header.
enum MailHeader {
    /// RFC 5322, section 2.1.1: the length to fold at, and the hard limit with room for a name.
    private static let lineLength = 78
    private static let longestWord = 900
    /// Bytes of UTF-8 in one encoded word: 75 characters less `=?utf-8?B?` and `?=`, in base64.
    private static let encodedWordBytes = 45

    /// `Name: value`, folded; in encoded words (RFC 2047) where it is not plain ASCII.
    static func unstructured(_ name: String, _ value: String) -> String {
        let clean = withoutControls(value)
        let words = clean.split(separator: " ", omittingEmptySubsequences: false)
        let isPlain =
            clean.utf8.allSatisfy { $0 < 0x7F } && !clean.contains("=?") && clean == clean.trimmingASCIISpace()
        guard isPlain, !words.contains(where: { $0.utf8.count > longestWord }), !clean.contains("  ") else {
            return "\(name): " + encodedWords(clean)
        }
        var text = "\(name):"
        var length = text.utf8.count
        for (index, word) in words.enumerated() {
            if index > 0, length + 1 + word.utf8.count > lineLength {
                text += "\r\n"
                length = 0
            }
            text += " " + word
            length += 1 + word.utf8.count
        }
        return text
    }

    /// One address; one that is none is written as words without meaning, as a header may not be left out.
    static func address(_ text: String) -> String {
        guard let address = MailAddress(text) else { return encodedWords(withoutControls(text)) + " <>" }
        return address.words.isEmpty
            ? address.mailbox : phrase(withoutControls(address.words)) + " <\(address.mailbox)>"
    }

    static func identifier(_ text: String) -> String {
        let plain = text.unicodeScalars.filter { $0.value > 0x20 && $0.value < 0x7F && $0 != "<" && $0 != ">" }
        return String(String.UnicodeScalarView(plain.prefix(250)))
    }

    /// `filename="…"` or, where it is not plain ASCII, RFC 2231's `filename*=`.
    static func filename(_ text: String) -> String {
        let clean = String(withoutControls(text).map { "/\\\"".contains($0) ? "_" : $0 }.prefix(100))
        if clean.utf8.allSatisfy({ $0 < 0x80 }) { return "filename=\"\(clean)\"" }
        let encoded = clean.utf8.map { byte in
            HTTPTransfer.isToken(String(UnicodeScalar(byte))) && byte < 0x7F && !"*'%".utf8.contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + QuotedPrintable.hexadecimal(byte)
        }
        return "filename*=utf-8''" + encoded.joined()
    }

    private static func phrase(_ words: String) -> String {
        let isPlain =
            words.utf8.count <= 60
            && words.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || " -_".utf8.contains(byte)
            }
        return isPlain ? words : encodedWords(words)
    }

    private static func encodedWords(_ text: String) -> String {
        var words: [String] = []
        var bytes: [UInt8] = []
        // A character may not be split over two words.
        for scalar in text.unicodeScalars {
            let next = Array(String(scalar).utf8)
            if bytes.count + next.count > encodedWordBytes {
                words.append("=?utf-8?B?\(Data(bytes).base64EncodedString())?=")
                bytes = []
            }
            bytes += next
        }
        words.append("=?utf-8?B?\(Data(bytes).base64EncodedString())?=")
        return words.joined(separator: "\r\n ")
    }

    private static func withoutControls(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}

/// RFC 5322, section 3.3.
enum MailDate {
    /// 9999-12-31T23:59:59Z and 1970-01-01T00:00:00Z: a clock that is further off is written as the nearer end.
    private static let range: ClosedRange<Int64> = 0...253_402_300_799

    static func text(milliseconds: Int64) -> String {
        let seconds = min(max(milliseconds / 1000, range.lowerBound), range.upperBound)
        let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
        // Days since 0000-03-01, in eras of 400 years: the leap day is the last of its year.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 2 : marchMonth - 10
        let year = yearOfEra + era * 400 + (month < 2 ? 1 : 0)
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        return "\(weekdays[Int(days % 7)]), \(day) \(names[Int(month)]) \(year) \(clock) +0000"
    }
}
