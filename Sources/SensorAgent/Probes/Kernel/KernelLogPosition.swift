import Reports

/// How far the kernel's log was read, so that no record is reported twice; and what could not be read.
struct KernelLogPosition: Hashable, Sendable {
    static let probe = "kernel-log"

    private(set) var boot = ""
    /// The number of the newest record that was read.
    private(set) var sequence: UInt64?
    /// Records overwritten before they were read, this boot.
    private(set) var lost: UInt64 = 0
    /// Messages that the kernel left out itself (`callbacks suppressed`), this boot.
    var suppressed: UInt64 = 0
    /// Events of more kinds than one look distinguishes, this boot.
    var untold: UInt64 = 0
    /// Of the lost records those that somebody waited for, lately.
    var missed = MissedEvents()

    /// Goes on from what was stored.
    /// - Returns: whether the log is to be read from its beginning, skipping what was reported.
    mutating func resumes(_ cursor: ProbeCursor?, boot: String) -> Bool {
        if self.boot == boot, cursor == nil || cursor == self.cursor { return false }
        self = KernelLogPosition()
        self.boot = boot
        // BOOT SEQUENCE LOST SUPPRESSED UNTOLD, and where records were missed lately, how many and when
        let words = (cursor?.value ?? "").split(separator: " ")
        let numbers = words.dropFirst().compactMap { UInt64($0) }
        guard words.first.map(String.init) == boot, [4, 6].contains(numbers.count) else { return true }
        sequence = numbers[0]
        lost = numbers[1]
        suppressed = numbers[2]
        untold = numbers[3]
        if numbers.count == 6, let time = Int64(exactly: numbers[5]) {
            missed = MissedEvents(count: numbers[4], newest: Timestamp(milliseconds: time))
        }
        return true
    }

    /// Notes what was overwritten during a look.
    /// - Parameters:
    ///   - before: `lost` before the look.
    ///   - isFirst: whether no message of this boot was read before.
    ///   - uptime: since the machine started; nil: not known.
    mutating func note(lostSince before: UInt64, isFirst: Bool, uptime: Duration?, at time: Timestamp) {
        let wasAwaited = !isFirst || (uptime.map { $0 < KernelLogProbe.startup } ?? false)
        missed.add(wasAwaited ? lost - before : 0, at: time)
    }

    /// nil before the first record.
    var cursor: ProbeCursor? {
        sequence.map {
            let recent = missed.newest.map { " \(missed.count) \(max(0, $0.milliseconds))" } ?? ""
            return ProbeCursor(
                probe: KernelLogPosition.probe, value: "\(boot) \($0) \(lost) \(suppressed) \(untold)\(recent)")
        }
    }

    /// The message of a record that was not reported before; nil for others, and for what programs wrote.
    mutating func take(_ next: KernelLogDevice.Next) -> KernelMessage? {
        guard case .record(let bytes) = next, let number = KernelMessage.sequence(ofRecord: bytes) else { return nil }
        if let sequence {
            guard number > sequence else { return nil }
            lost += number - sequence - 1
        } else {
            // The first record that is left of this boot: those before it were never seen.
            lost += number
        }
        sequence = number
        return KernelMessage(record: bytes)
    }
}
