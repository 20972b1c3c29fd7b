import Reports

/// Lines of CSV in memory, eight bytes of which can be looked at in one step.
///
/// Valid while the array that it looks into is borrowed. The eight bytes behind `count` belong to the buffer too, so that
/// a whole word can be read at every place up to the end.
@safe struct CSVBytes {
    /// Bytes that a buffer must have behind its last line.
    static let padding = 8

    private let base: UnsafeRawPointer
    let count: Int

    /// - Parameter buffer: lines, and `padding` bytes more.
    /// - Returns: nil for a buffer that is too small to have its padding.
    init?(_ buffer: UnsafeRawBufferPointer) {
        guard let address = buffer.baseAddress, buffer.count >= CSVBytes.padding else { return nil }
        unsafe base = address
        count = buffer.count - CSVBytes.padding
    }

    @inline(__always)
    subscript(_ place: Int) -> UInt8 {
        precondition(place >= 0 && place < count + CSVBytes.padding)
        return unsafe base.load(fromByteOffset: place, as: UInt8.self)
    }

    /// The eight bytes from `place` on, the first one lowest.
    @inline(__always)
    func word(_ place: Int) -> UInt64 {
        precondition(place >= 0 && place <= count)
        return UInt64(littleEndian: unsafe base.loadUnaligned(fromByteOffset: place, as: UInt64.self))
    }

    // MARK: Lines and fields

    struct Line {
        /// Fields of the line, also where there was no room for all their ends.
        var fields: Int
        /// Where the next line begins.
        var next: Int
    }

    /// Finds the fields of the line at `start`: their ends, counted from there, so that one field begins a byte behind the
    /// end of the last.
    @inline(__always)
    func split(_ start: Int, into ends: inout MutableSpan<Int32>) -> Line {
        var place = start
        var fields = 0
        let room = ends.count
        while place < count {
            let bytes = word(place)
            var commas = CSVBytes.marks(bytes, UInt8(ascii: ","))
            var newlines = CSVBytes.marks(bytes, UInt8(ascii: "\n"))
            if count &- place < 8 {
                // What lies behind the end is no line's.
                let within: UInt64 = 1 << UInt64((count &- place) &* 8) &- 1
                commas &= within
                newlines &= within
            }
            // Of the commas those before the newline; all, where there is none.
            commas &= (newlines & (0 &- newlines)) &- 1
            while commas != 0 {
                let at = place &+ (commas.trailingZeroBitCount >> 3)
                if fields < room { ends[fields] = Int32(truncatingIfNeeded: at &- start) }
                fields &+= 1
                commas &= commas &- 1
            }
            if newlines != 0 {
                var end = place &+ (newlines.trailingZeroBitCount >> 3)
                let next = end &+ 1
                // RFC 4180 ends lines with CR LF.
                if end > start, self[end &- 1] == UInt8(ascii: "\r") { end &-= 1 }
                if fields < room { ends[fields] = Int32(truncatingIfNeeded: end &- start) }
                return Line(fields: fields &+ 1, next: next)
            }
            place &+= 8
        }
        if fields < room { ends[fields] = Int32(truncatingIfNeeded: count &- start) }
        return Line(fields: fields + 1, next: count)
    }

    /// Whether the `length` bytes at `place` are those at `earlier` but for digits that have become other digits. Of a whole
    /// line, its newline included, this shows that the fields lie where those of the earlier one do.
    @inline(__always)
    func isShaped(_ place: Int, like earlier: Int, length: Int) -> Bool {
        guard length <= count &- place else { return false }
        var offset = 0
        while offset < length {
            let (now, before) = (word(place &+ offset), word(earlier &+ offset))
            var difference = now ^ before
            let rest = length &- offset
            if rest < 8 { difference &= 1 << UInt64(rest &* 8) &- 1 }
            if difference != 0 {
                let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
                let changed = ((difference & low) &+ low) | difference
                let others = (CSVBytes.nonDigits(now) | CSVBytes.nonDigits(before)) & changed
                if others & ~low != 0 { return false }
            }
            offset &+= 8
        }
        return true
    }

    /// The highest bit of each byte of `word` that is no digit; the other bits are anything. Without carries from byte to
    /// byte: of a digit, `0` taken away by exclusive or leaves less than 10, of anything else more.
    @inline(__always)
    private static func nonDigits(_ word: UInt64) -> UInt64 {
        let digits = word ^ 0x3030_3030_3030_3030
        return ((digits & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7676_7676_7676_7676) | digits
    }

    /// Where the line at `start` ends: at its newline, or where the bytes do.
    func lineEnd(_ start: Int) -> Int {
        var place = start
        while place < count {
            let marks = CSVBytes.marks(word(place), UInt8(ascii: "\n"))
            if marks != 0 { return min(count, place + marks.trailingZeroBitCount >> 3) }
            place += 8
        }
        return count
    }

    /// The highest bit of each byte of `word` that is `byte`. Exact, without carries from byte to byte (Warren, Hacker's
    /// Delight, 6-1).
    @inline(__always)
    static func marks(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        let difference = word ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        return ~(((difference & low) &+ low) | difference | low)
    }

    // MARK: Fields

    @inline(__always)
    func isEqual(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.count == right.count else { return false }
        var rest = left.count
        var (first, second) = (left.lowerBound, right.lowerBound)
        while rest > 8 {
            if word(first) != word(second) { return false }
            first &+= 8
            second &+= 8
            rest &-= 8
        }
        let difference = word(first) ^ word(second)
        return rest == 0 || difference << UInt64(64 &- rest &* 8) == 0
    }

    func isEqual(_ field: Range<Int>, _ bytes: [UInt8]) -> Bool {
        guard field.count == bytes.count else { return false }
        return zip(field, bytes).allSatisfy { self[$0] == $1 }
    }

    func bytes(_ field: Range<Int>) -> [UInt8] { field.map { self[$0] } }

    func text(_ field: Range<Int>) -> String { String(decoding: bytes(field), as: UTF8.self) }

    // MARK: Numbers

    enum Number: Equatable {
        case none
        case value(Double)
        case malformed
    }

    /// A number that is not negative, as counters and SMART values are. Decimals are read where they are zeros or the
    /// value is small; what is no number, negative, or 2^64 and more is malformed.
    @inline(__always)
    func number(_ field: Range<Int>) -> Number {
        if field.isEmpty { return .none }
        let first = self[field.lowerBound] &- UInt8(ascii: "0")
        return field.count == 1 && first < 10 ? .value(Double(first)) : longNumber(field)
    }

    private func longNumber(_ field: Range<Int>) -> Number {
        var value: UInt64 = 0
        for place in field {
            let digit = self[place] &- UInt8(ascii: "0")
            guard digit < 10 else { return decimal(field) }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return .malformed }
            value = sum
        }
        // Of what has no double of its own near the end, none becomes 2^64, which is no counter.
        return .value(min(Double(value), CSVBytes.largest))
    }

    /// The largest double below 2^64.
    private static let largest = 0x1p64.nextDown

    private func decimal(_ field: Range<Int>) -> Number {
        guard field.count <= CSVBytes.decimalBytes, let value = Double(text(field)), value.isFinite, value >= 0,
            value < 0x1p64
        else { return .malformed }
        return .value(value)
    }

    /// Bytes of the longest decimal that is read.
    private static let decimalBytes = 40

    /// Days since 1970 of a date `2016-04-01`, whatever follows behind it after a blank or a T; nil for what is none, and
    /// for dates before 1990 or after 2100.
    func day(_ field: Range<Int>) -> Int? {
        guard field.count >= 10 else { return nil }
        let start = field.lowerBound
        guard self[start + 4] == UInt8(ascii: "-"), self[start + 7] == UInt8(ascii: "-") else { return nil }
        if field.count > 10, self[start + 10] != UInt8(ascii: "T"), self[start + 10] != UInt8(ascii: " ") { return nil }
        guard let year = digits(start, 4), let month = digits(start + 5, 2), let day = digits(start + 8, 2) else {
            return nil
        }
        return CalendarDay.number(year: year, month: month, day: day)
    }

    /// The day of a date that is later in the same month than another one, which is known; nil for what is not so plain.
    @inline(__always)
    func dayInMonth(_ field: Range<Int>, after before: Range<Int>, on day: Int) -> Int? {
        guard field.count == 10, before.count == 10, word(field.lowerBound) == word(before.lowerBound),
            let new = digits(field.lowerBound + 8, 2), let old = digits(before.lowerBound + 8, 2), new > old,
            new <= CSVBytes.shortestMonth
        else { return nil }
        return day + new - old
    }

    /// Days that each month has.
    private static let shortestMonth = 28

    @inline(__always)
    private func digits(_ start: Int, _ count: Int) -> Int? {
        var value = 0
        for place in start..<(start + count) {
            let digit = self[place] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }
}
