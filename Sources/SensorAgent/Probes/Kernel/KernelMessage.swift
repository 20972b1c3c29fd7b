import Reports

/// One message of the kernel, from a record of `/dev/kmsg` or a line of a recorded log.
struct KernelMessage: Hashable, Sendable {
    /// Bytes of one message that are looked at; the kernel's own limit is 1,024 (PRINTKRB_RECORD_MAX).
    static let textBytes = 1024
    /// Repetitions that one line of a recorded log may stand for.
    static let repetitions: UInt64 = 1_000_000

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
    /// Whether the line itself says that the kernel wrote it, by a record's facility, a tag or the brackets of dmesg.
    var isSigned = false
    /// How many equal messages it stands for: `message repeated 3 times: [ … ]` of rsyslog.
    var count: UInt64 = 1
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
        isSigned = true
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
            if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), let value = escaped(rest.dropFirst()) {
                text.append(value)
                rest = rest.dropFirst(3)
            } else {
                text.append(byte)
            }
        }
        return text
    }

    /// Two digits: `UInt8` would take a sign, and one alone, as well.
    private static func escaped(_ bytes: ArraySlice<UInt8>) -> UInt8? {
        let digits = bytes.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        return digits.count == 2 ? UInt8(digits[0] << 4 | digits[1]) : nil
    }

    // MARK: Recorded logs

    /// A line of a recorded log in any of its forms: a record of `/dev/kmsg`, dmesg (plain, `-T`, `-H`, `-d`, `-x`,
    /// `--time-format iso`, with level or caller), syslog, journalctl (short, short-iso, short-monotonic), or the bare
    /// text; times in the words of any language. nil for what other programs logged, and for empty lines.
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
        if let isKernels = KernelMessage.takeFacility(&rest) {
            guard isKernels else { return nil }
            isSigned = true
        }
        sequence = nil
        if let wall = KernelMessage.takeWallTime(&rest, before: .tag) {
            stamp = wall
            // `host kernel: …`; dmesg --time-format iso has neither.
            let isKernels = KernelMessage.takeTag(&rest)
            guard isKernels != false else { return nil }
            isSigned = isSigned || isKernels == true
        }
        while let inside = KernelMessage.takeBrackets(&rest) {
            isSigned = true
            if case .uptime = inside { stamp = inside } else { stamp = stamp ?? inside }
        }
        if isSigned || stamp != nil, KernelMessage.takeTag(&rest) == false { return nil }
        count = KernelMessage.takeRepetition(&rest)
        while let inside = KernelMessage.takeBrackets(&rest) { stamp = stamp ?? inside }
        text = Array(rest.prefix(KernelMessage.textBytes))
        while let last = text.last, last <= 0x20 { text.removeLast() }
        guard !text.isEmpty else { return nil }
    }

    /// Takes `kern  :err   : ` of `dmesg -x` away. true: the kernel wrote the line; false: a program; nil: no such words.
    private static func takeFacility(_ rest: inout ArraySlice<UInt8>) -> Bool? {
        let parts = rest.prefix(24).split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count >= 4, parts[0].first.map(isLetter) == true else { return nil }
        let facility = parts[0].prefix { $0 != 0x20 }
        let level = parts[1].prefix { $0 != 0x20 }
        guard parts[0].dropFirst(facility.count).allSatisfy({ $0 == 0x20 }),
            parts[1].dropFirst(level.count).allSatisfy({ $0 == 0x20 }),
            levels.contains(where: { level.elementsEqual($0) })
        else { return nil }
        rest = rest[parts[2].startIndex...]
        dropBlanks(&rest)
        return facility.elementsEqual("kern".utf8)
    }

    private static let levels = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"]
        .map { Array($0.utf8) }

    /// Takes `message repeated 3 times: [` and the bracket at the end away.
    private static func takeRepetition(_ rest: inout ArraySlice<UInt8>) -> UInt64 {
        let mark = Array("message repeated ".utf8)
        guard rest.starts(with: mark) else { return 1 }
        let digits = rest.dropFirst(mark.count).prefix(while: isDigit)
        let opening = Array(" times: [".utf8)
        guard let count = number(digits), rest[digits.endIndex...].starts(with: opening) else { return 1 }
        rest = rest[(digits.endIndex + opening.count)...]
        while let last = rest.last, last <= 0x20 { rest.removeLast() }
        if rest.last == UInt8(ascii: "]") { rest.removeLast() }
        dropBlanks(&rest)
        return min(max(1, count), KernelMessage.repetitions)
    }

    /// Takes `HOST kernel: ` away. true: it stood there; false: another program's tag stood there; nil: no tag.
    private static func takeTag(_ rest: inout ArraySlice<UInt8>) -> Bool? {
        let words = rest.prefix(160).split(separator: 0x20, maxSplits: 3, omittingEmptySubsequences: true)
        guard let first = words.first else { return nil }
        if first.elementsEqual("kernel:".utf8) {
            rest = rest[first.endIndex...]
            dropBlanks(&rest)
            return true
        }
        guard words.count >= 2, !first.contains(UInt8(ascii: ":")), !first.contains(UInt8(ascii: "[")) else {
            return nil
        }
        // `host kern.warn kernel: ` of BusyBox.
        let tag = words[1].starts(with: "kern.".utf8) && words.count >= 3 ? words[2] : words[1]
        if tag.elementsEqual("kernel:".utf8) {
            rest = rest[tag.endIndex...]
            dropBlanks(&rest)
            return true
        }
        // `host sshd[123]:` is a program; `mce: [Hardware Error]:` has its colon in the first word.
        return words[1].suffix(2).elementsEqual("]:".utf8) && words[1].contains(UInt8(ascii: "[")) ? false : nil
    }

    /// Takes `[12.345678]`, `[12.345678 <    0.000012>]`, `[Tue Apr  3 10:00:00 2018]`, `[Apr 3 10:00]`, `[  +0.000012]`,
    /// `[   T12]` or `[ C3]` away. Other brackets are text.
    private static func takeBrackets(_ rest: inout ArraySlice<UInt8>) -> Stamp?? {
        guard rest.first == UInt8(ascii: "["), let end = rest.prefix(64).firstIndex(of: UInt8(ascii: "]")) else {
            return nil
        }
        var inside = rest[(rest.startIndex + 1)..<end]
        dropBlanks(&inside)
        let stamp: Stamp?
        if let seconds = fraction(inside.prefix { $0 != 0x20 }), inside.isWhole(orBefore: UInt8(ascii: "<")) {
            stamp = .uptime(seconds)
        } else if inside.first == UInt8(ascii: "+"), fraction(inside.dropFirst()) != nil {
            // So long after the line before.
            stamp = nil
        } else if let kind = inside.first, kind == UInt8(ascii: "T") || kind == UInt8(ascii: "C"),
            number(inside.dropFirst()) != nil
        {
            stamp = nil
        } else if let wall = takeWallTime(&inside, before: .nothing) {
            stamp = wall
        } else if let minute = minute(inside) {
            stamp = minute
        } else {
            return nil
        }
        rest = rest[(end + 1)...]
        dropBlanks(&rest)
        return .some(stamp)
    }

    /// What follows a wall time, by which a time is known whose month is of a language that is not.
    private enum Following { case tag, nothing }

    /// Takes `2026-11-21T08:15:30.123+0100`, `Nov 21 08:15:30` or `Tue Nov 21 08:15:30 2026` away, in any language.
    /// - Returns: `.some(nil)` for a time whose month is not known.
    private static func takeWallTime(_ rest: inout ArraySlice<UInt8>, before following: Following) -> Stamp?? {
        guard rest.first != UInt8(ascii: "[") else { return nil }
        var words = rest.prefix(64).split(separator: 0x20, maxSplits: 6, omittingEmptySubsequences: true)[...]
        if let word = words.first, word.count >= 19, let stamp = isoTime(word) {
            rest = rest[word.endIndex...]
            dropBlanks(&rest)
            return stamp
        }
        // `1737434504.283302 host kernel: ` and `Tue 2025-01-21 04:41:44 UTC host kernel: ` (journalctl -o short-unix,
        // short-full).
        if let word = words.first, word.count >= 17, let seconds = fraction(word) {
            rest = rest[word.endIndex...]
            dropBlanks(&rest)
            return .wall(seconds)
        }
        if words.count >= 5, words[1].count == 10,
            let stamp = isoTime(ArraySlice(Array(words[1]) + [UInt8(ascii: "T")] + Array(words[2])))
        {
            rest = rest[words[3].endIndex...]
            dropBlanks(&rest)
            return stamp
        }
        // The day of the week, if any, stands before the month.
        guard let at = words.dropFirst(2).prefix(2).firstIndex(where: { clock($0) != nil }),
            let time = clock(words[at]),
            let day = number(words[at - 1]), (1...31).contains(day), !words[at - 2].contains(where: { $0 < 0x20 }),
            words[at - 2].count <= 16
        else { return nil }
        words = words[(at - 2)...]
        var end = words[at].endIndex
        if words.endIndex > at + 1, words[at + 1].count == 4, number(words[at + 1]) != nil {
            end = words[at + 1].endIndex
        }
        var after = rest[end...]
        dropBlanks(&after)
        guard let month = LogMonths.number(of: words[at - 2]) else {
            switch following {
            case .nothing: guard after.isEmpty, end > words[at].endIndex else { return nil }
            case .tag:
                var behind = after
                guard takeTag(&behind) == true else { return nil }
            }
            rest = after
            return .some(nil)
        }
        rest = after
        return .wall(.seconds((Int64(month) * 31 + Int64(day)) * 86_400) + time)
    }

    /// `Apr 3 10:00` or `Apr03 10:00` of `dmesg -H`.
    private static func minute(_ inside: ArraySlice<UInt8>) -> Stamp? {
        let words = inside.split(separator: 0x20, omittingEmptySubsequences: true)
        guard let last = words.last, words.count == 2 || words.count == 3, last.count == 5,
            let time = clock(ArraySlice(Array(last) + Array(":00".utf8)))
        else { return nil }
        let name = words.count == 3 ? words[0] : words[0].prefix { !isDigit($0) }
        let digits = words.count == 3 ? words[1] : words[0].dropFirst(name.count)
        guard let month = LogMonths.number(of: name), let day = number(digits), (1...31).contains(day) else {
            return nil
        }
        return .wall(.seconds((Int64(month) * 31 + Int64(day)) * 86_400) + time)
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

    /// Seconds; the kernel prints six decimals, who shortens a log for a report may leave fewer.
    private static func fraction(_ text: ArraySlice<UInt8>) -> Duration? {
        guard let point = text.firstIndex(of: UInt8(ascii: ".")), let seconds = number(text[..<point]) else {
            return nil
        }
        let digits = text[(point + 1)...]
        guard (1...9).contains(digits.count), let decimals = number(digits) else { return nil }
        let nanoseconds = (digits.count..<9).reduce(decimals) { value, _ in value * 10 }
        return .seconds(Int64(clamping: seconds)) + .nanoseconds(Int64(nanoseconds))
    }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    /// A decimal number of at most 19 digits.
    static func number(_ digits: some Collection<UInt8>) -> UInt64? {
        guard !digits.isEmpty, digits.count <= 19, digits.allSatisfy(isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + UInt64($1 - 0x30) }
    }

    private static func dropBlanks(_ rest: inout ArraySlice<UInt8>) {
        while let first = rest.first, first <= 0x20 { rest = rest.dropFirst() }
    }
}

extension ArraySlice<UInt8> {
    /// Whether there is one word alone, or the next one begins with `byte`.
    fileprivate func isWhole(orBefore byte: UInt8) -> Bool {
        guard let blank = firstIndex(of: 0x20) else { return true }
        return self[blank...].first { $0 != 0x20 } == byte
    }
}
