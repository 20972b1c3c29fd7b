import Reports

/// Where the event log was read up to, and what was seen in earlier looks; the value of the probe's cursor.
struct IPMICursor: StoredCursor, Hashable, Sendable {
    /// The last record reported, its 16 bytes in hexadecimal: number, time and content, so that a number that came
    /// again after the log was cleared or wrapped is noticed. Empty while the log was empty.
    var last: String
    /// When the log was erased last, by the BMC's clock.
    var erased: UInt32
    /// See `IPMISensorSignals.seen`.
    var seen: [String]

    init(last: String, erased: UInt32, seen: [String]) {
        self.last = last
        self.erased = erased
        self.seen = seen
    }
}

/// The state of the log as Get SEL Info gives it (section 31.2), 14 bytes.
struct IPMIEventLogInfo: Hashable, Sendable {
    var entries: Int
    var freeBytes: Int
    /// Seconds of the BMC's clock; all ones where the log was never added to, or erased.
    var added: UInt32
    var erased: UInt32
    /// An entry was lost because the log is full.
    var hasOverflowed: Bool

    init?(parsing bytes: [UInt8]) {
        guard bytes.count == 14 else { return nil }
        func word(_ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }
        func double(_ at: Int) -> UInt32 { UInt32(word(at)) | UInt32(word(at + 2)) << 16 }
        entries = word(1)
        freeBytes = word(3)
        added = double(5)
        erased = double(9)
        hasOverflowed = bytes[13] & 0x80 != 0
    }

    /// The share that is used, 0 to 1; FFFFh free bytes mean "that much or more".
    var used: Double {
        if hasOverflowed { return 1 }
        let taken = Double(entries * IPMIEvent.bytes)
        return taken + Double(freeBytes) > 0 ? taken / (taken + Double(freeBytes)) : 0
    }
}

/// One answer to Get SEL Entry: the number of the next record, and a record.
struct IPMIEventLogEntry: Hashable, Sendable {
    var next: UInt16
    var record: [UInt8]

    /// - Parameter bytes: 2 bytes and 16.
    init?(parsing bytes: [UInt8]) {
        guard bytes.count == 2 + IPMIEvent.bytes else { return nil }
        next = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        record = Array(bytes[2...])
    }

    var text: String { record.map { hexadecimal(UInt64($0), digits: 2) }.joined() }
}

/// Reads the log's new entries through a function that gives one record by its number.
///
/// Numbers grow from record to record, mostly by one; 0000h is the first record and FFFFh the last, and each answer has
/// the next number, FFFFh after the last.
struct IPMIEventLog: Sendable {
    /// Records read in one look; the rest comes in the next one.
    static let recordsPerLook = 100
    /// Of a log seen for the first time, entries not older than this are reported: what is older was there before
    /// anybody asked for judgement, and its state, if it lasts, is reported by the sensors.
    static let firstAge: UInt32 = 86_400

    /// Why a look at the log ended without news.
    enum Failure: Error, Hashable, Sendable {
        /// The BMC did not answer, or not with a record.
        case unreadable
    }

    private(set) var events: [IPMIEvent] = []
    /// The last record that was reported; empty when the log is.
    private(set) var last: String
    /// Whether there is more to read.
    private(set) var hasMore = false

    /// - Parameters:
    ///   - cursor: of the look before; nil for the first look ever.
    ///   - clock: the BMC's own time in seconds, where it gives it; entries are dated by it.
    ///   - entry: gives the record of a number; nil when the BMC gives none for it.
    init(
        since cursor: IPMICursor?, info: IPMIEventLogInfo, clock: UInt32?,
        entry: @Sendable (UInt16) async -> IPMIEventLogEntry?
    ) async throws(Failure) {
        last = cursor?.last ?? ""
        guard info.entries > 0 else {
            last = ""
            return
        }
        guard let newest = await entry(0xFFFF) else { throw .unreadable }
        if newest.text == last { return }
        var next: UInt16 = 0
        // Entries up to this time were reported; nil: all are new.
        var toldUntil: UInt32?
        if let cursor, let known = IPMIEventLog.bytes(cursor.last) {
            let told = IPMIEvent(parsing: known)
            if let found = await entry(told?.record ?? 0), found.text == cursor.last {
                next = found.next
            } else if cursor.erased == info.erased {
                // The log went round, or the BMC reports no erasure: only what is younger is new for sure.
                toldUntil = told?.seconds
            }
        } else if cursor == nil {
            next = await IPMIEventLog.start(info, newest: newest, entry)
        }
        for _ in 0..<IPMIEventLog.recordsPerLook where next != 0xFFFF {
            guard let found = await entry(next) else { break }
            // A BMC that names a record as its own next one must not hold us.
            let isLoop = found.text == last
            last = found.text
            if let event = IPMIEvent(parsing: found.record), cursor != nil || IPMIEventLog.isYoung(event, clock),
                toldUntil.map({ told in event.seconds.map { $0 > told } ?? false }) ?? true
            {
                events.append(event)
            }
            next = isLoop ? 0xFFFF : found.next
        }
        hasMore = next != 0xFFFF
    }

    /// Where to begin in a log that is seen for the first time: at most one look before its end.
    private static func start(
        _ info: IPMIEventLogInfo, newest: IPMIEventLogEntry, _ entry: @Sendable (UInt16) async -> IPMIEventLogEntry?
    ) async -> UInt16 {
        guard info.entries > recordsPerLook else { return 0 }
        let number = UInt16(newest.record[0]) | UInt16(newest.record[1]) << 8
        guard number >= UInt16(recordsPerLook) else { return number }
        let guess = number - UInt16(recordsPerLook - 1)
        return await entry(guess) == nil ? number : guess
    }

    private static func isYoung(_ event: IPMIEvent, _ clock: UInt32?) -> Bool {
        guard let clock, let seconds = event.seconds else { return false }
        return seconds <= clock && clock - seconds <= firstAge
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 2 * IPMIEvent.bytes else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { at in
            UInt8(String(decoding: digits[at...(at + 1)], as: UTF8.self), radix: 16)
        }
        return bytes.count == IPMIEvent.bytes ? bytes : nil
    }
}
