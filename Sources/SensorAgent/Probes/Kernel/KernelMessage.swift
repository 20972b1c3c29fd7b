import Reports

/// One message of the kernel, from a record of `/dev/kmsg` or a line of a recorded log.
struct KernelMessage: Hashable, Sendable {
    /// Bytes of one message that are looked at; the kernel's own limit is 1,024 (PRINTKRB_RECORD_MAX).
    static let textBytes = 1024

    /// When it was written, on a clock that only measures intervals.
    enum Stamp: Hashable, Sendable {
        /// Since boot.
        case uptime(Duration)
        /// Of a wall clock, from an arbitrary origin: syslog names no year.
        case wall(Duration)
    }

    /// The kernel's number of the record; recorded logs have none.
    var sequence: UInt64?
    var stamp: Stamp?
    /// Its text, without stamp and caller.
    var text: [UInt8]

    var words: String { String(decoding: text, as: UTF8.self) }

    // MARK: /dev/kmsg

    /// A record as read from `/dev/kmsg` (Documentation/ABI/testing/dev-kmsg): `6,339,5140900,-;text`, then lines of
    /// properties, which are left out. nil where it is none, and for what programs wrote there: its facility is not 0.
    init?(record: some Sequence<UInt8>) {
        let line = Array(record.prefix(KernelMessage.textBytes + 256).prefix { $0 != 0x0A })
        guard let semicolon = line.firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let fields = line[..<semicolon].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count >= 3, let priority = KernelMessage.number(fields[0]), priority < 8,
            let sequence = KernelMessage.number(fields[1]), let microseconds = KernelMessage.number(fields[2])
        else { return nil }
        self.sequence = sequence
        stamp = .uptime(.microseconds(Int64(clamping: microseconds)))
        text = KernelMessage.unescaped(line[(semicolon + 1)...])
    }

    /// The sequence number of a record, whoever wrote it.
    static func sequence(ofRecord record: some Sequence<UInt8>) -> UInt64? {
        let fields = Array(record.prefix(64)).split(
            separator: UInt8(ascii: ","), maxSplits: 2, omittingEmptySubsequences: false)
        return fields.count == 3 && number(fields[0]) != nil ? number(fields[1]) : nil
    }

    /// `\x0a` and the like stand for bytes that do not print.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst(), text.count < textBytes {
            if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"),
                let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            {
                text.append(value)
                rest = rest.dropFirst(3)
            } else {
                text.append(byte)
            }
        }
        return text
    }

    // MARK: Recorded logs

    /// A line of a recorded log in any of its forms: a record of `/dev/kmsg`, dmesg (plain, `-T`, `--time-format iso`,
    /// with level or caller), syslog, journalctl (short, short-iso, short-monotonic), or the bare text. nil for what
    /// other programs logged, and for empty lines.
    init?(line: some Sequence<UInt8>) {
        var rest = Array(line.prefix(KernelMessage.textBytes + 256))[...]
        KernelMessage.dropBlanks(&rest)
        // Quoted in mail.
        while rest.first == UInt8(ascii: ">") || rest.first == UInt8(ascii: "|") {
            rest = rest.dropFirst()
            KernelMessage.dropBlanks(&rest)
        }
        if KernelMessage.sequence(ofRecord: rest) != nil {
            guard let message = KernelMessage(record: rest) else { return nil }
            self = message
            return
        }
        if rest.first == UInt8(ascii: "<"), let end = rest.firstIndex(of: UInt8(ascii: ">")),
            KernelMessage.number(rest[(rest.startIndex + 1)..<end]) != nil
        {
            rest = rest[(end + 1)...]
        }
        sequence = nil
        stamp = KernelMessage.takeWallTime(&rest)
        if stamp != nil {
            // `host kernel: …`; dmesg --time-format iso has neither.
            guard KernelMessage.takeTag(&rest) != false else { return nil }
        }
        while let inside = KernelMessage.takeBrackets(&rest) {
            if case .uptime = inside { stamp = inside } else { stamp = stamp ?? inside }
        }
        if stamp != nil, KernelMessage.takeTag(&rest) == false { return nil }
        while let inside = KernelMessage.takeBrackets(&rest) { stamp = stamp ?? inside }
        text = Array(rest.prefix(KernelMessage.textBytes))
        while let last = text.last, last <= 0x20 { text.removeLast() }
        guard !text.isEmpty else { return nil }
    }

    /// Takes `HOST kernel: ` away. true: it stood there; false: another program's tag stood there; nil: no tag.
    private static func takeTag(_ rest: inout ArraySlice<UInt8>) -> Bool? {
        let words = rest.prefix(160).split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: true)
        guard let first = words.first else { return nil }
        if first.elementsEqual("kernel:".utf8) {
            rest = rest[first.endIndex...]
            dropBlanks(&rest)
            return true
        }
        guard words.count >= 2, !first.contains(UInt8(ascii: ":")), !first.contains(UInt8(ascii: "[")) else {
            return nil
        }
        if words[1].elementsEqual("kernel:".utf8) {
            rest = rest[words[1].endIndex...]
            dropBlanks(&rest)
            return true
        }
        // `host sshd[123]:` is a program; `mce: [Hardware Error]:` has its colon in the first word.
        return words[1].suffix(2).elementsEqual("]:".utf8) && words[1].contains(UInt8(ascii: "[")) ? false : nil
    }

    /// Takes `[12.345678]`, `[Tue Apr  3 10:00:00 2018]`, `[   T12]` or `[ C3]` away. Other brackets are text.
    private static func takeBrackets(_ rest: inout ArraySlice<UInt8>) -> Stamp?? {
        guard rest.first == UInt8(ascii: "["), let end = rest.prefix(48).firstIndex(of: UInt8(ascii: "]")) else {
            return nil
        }
        var inside = rest[(rest.startIndex + 1)..<end]
        dropBlanks(&inside)
        let stamp: Stamp?
        if let seconds = fraction(inside) {
            stamp = .uptime(seconds)
        } else if let kind = inside.first, kind == UInt8(ascii: "T") || kind == UInt8(ascii: "C"),
            number(inside.dropFirst()) != nil
        {
            stamp = nil
        } else if let wall = takeWallTime(&inside) {
            stamp = wall
        } else {
            return nil
        }
        rest = rest[(end + 1)...]
        dropBlanks(&rest)
        return .some(stamp)
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Takes `2026-11-21T08:15:30.123+0100`, `Nov 21 08:15:30` or `Tue Nov 21 08:15:30 2026` away.
    private static func takeWallTime(_ rest: inout ArraySlice<UInt8>) -> Stamp? {
        var words = rest.prefix(40).split(separator: 0x20, omittingEmptySubsequences: true)[...]
        if let word = words.first, word.count >= 19, let stamp = isoTime(word) {
            rest = rest[word.endIndex...]
            dropBlanks(&rest)
            return stamp
        }
        if let day = words.first, day.count == 3, words.count >= 5, month(words[1]) != nil { words = words.dropFirst() }
        guard words.count >= 3, let month = words.first.flatMap(month), let day = number(words[words.startIndex + 1]),
            (1...31).contains(day), let time = clock(words[words.startIndex + 2])
        else { return nil }
        var end = words[words.startIndex + 2].endIndex
        if words.count > 3, words[words.startIndex + 3].count == 4, number(words[words.startIndex + 3]) != nil {
            end = words[words.startIndex + 3].endIndex
        }
        rest = rest[end...]
        dropBlanks(&rest)
        return .wall(.seconds((Int64(month) * 31 + Int64(day)) * 86_400) + time)
    }

    private static func month(_ word: ArraySlice<UInt8>) -> Int? {
        months.firstIndex { word.elementsEqual($0.utf8) }
    }

    /// The zone is left out: one log has one.
    private static func isoTime(_ word: ArraySlice<UInt8>) -> Stamp? {
        let text = Array(word)
        guard text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"), text[10] == UInt8(ascii: "T"),
            let month = number(text[5..<7]), let day = number(text[8..<10]), let time = clock(text[11...])
        else { return nil }
        return .wall(.seconds(Int64(clamping: (month * 31 + day) * 86_400)) + time)
    }

    /// `08:15:30`, `08:15:30.123456` or `08:15:30,123`.
    private static func clock(_ word: ArraySlice<UInt8>) -> Duration? {
        let parts = word.prefix(8).split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 3, let hour = number(parts[0]), let minute = number(parts[1]),
            let second = number(parts[2]), hour < 24, minute < 60, second < 61
        else { return nil }
        let decimals = word.dropFirst(8)
        let point = decimals.first == UInt8(ascii: ".") || decimals.first == UInt8(ascii: ",")
        let milliseconds = point ? number(decimals.dropFirst().prefix(3)) ?? 0 : 0
        return .seconds(Int64(hour * 3600 + minute * 60 + second)) + .milliseconds(Int64(milliseconds))
    }

    /// `12.345678` as a time since boot.
    private static func fraction(_ text: ArraySlice<UInt8>) -> Duration? {
        guard let point = text.firstIndex(of: UInt8(ascii: ".")), let seconds = number(text[..<point]),
            let decimals = number(text[(point + 1)...].prefix(6)), text.endIndex - point == 7
        else { return nil }
        return .seconds(Int64(clamping: seconds)) + .microseconds(Int64(decimals))
    }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// A decimal number of at most 19 digits.
    static func number(_ digits: some Collection<UInt8>) -> UInt64? {
        guard !digits.isEmpty, digits.count <= 19, digits.allSatisfy(isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + UInt64($1 - 0x30) }
    }

    private static func dropBlanks(_ rest: inout ArraySlice<UInt8>) {
        while let first = rest.first, first <= 0x20 { rest = rest.dropFirst() }
    }
}
