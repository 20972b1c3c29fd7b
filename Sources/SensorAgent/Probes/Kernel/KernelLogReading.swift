import Reports

/// What a run of messages reports: pure, and bounded whatever comes.
struct KernelLogReading {
    /// Facts kept of one look; a flood beyond them is only counted.
    static let facts = 20_000
    /// What one message may count, or say to be missing: no kernel writes more.
    static let most: UInt64 = 1 << 32

    private let table: KernelMessageTable
    private(set) var facts: [KernelFact] = []
    /// Facts beyond the limit.
    private(set) var untold: UInt64 = 0
    /// What the kernel reports as left out.
    private(set) var suppressed: UInt64 = 0
    /// What whoever kept the log reports as lost.
    private(set) var lost: UInt64 = 0
    /// Whether any message had a stamp or mark of the kernel's, or was of a known kind: else it is no log of a kernel.
    private(set) var isRecognised = false
    private var blocks: KernelBlocks
    /// Whether disks or cards were attached meanwhile.
    private(set) var devicesChanged = false
    /// The stamp of the last message.
    private(set) var newest: KernelMessage.Stamp?
    private(set) var states: KernelLogStates
    /// Names of disks by SCSI address, as messages give both.
    private(set) var diskNames: [String: String] = [:]
    /// When things got their names.
    private(set) var attachments = KernelAttachments()
    private var last: KernelMessage?

    /// - Parameter states: what earlier messages of the same boot mean for these.
    init(table: KernelMessageTable, states: KernelLogStates = KernelLogStates()) {
        self.table = table
        self.states = states
        blocks = KernelBlocks(unreadable: states.unreadable)
    }

    mutating func take(_ message: KernelMessage) {
        if message.stamp != nil || message.isSigned
            || KernelLogReading.openings.contains(where: { message.text.starts(with: $0) })
        {
            isRecognised = true
        }
        newest = message.stamp ?? newest
        takeDiskName(message)
        if let repetitions = KernelLogReading.repetitions(message.text) {
            // The line before, so many times more.
            guard var again = last else { return }
            again.count = repetitions
            last = nil
            take(again)
        } else {
            last = message
            takeNew(message)
        }
    }

    private mutating func takeNew(_ message: KernelMessage) {
        attachments.take(KernelAttachments.subjects(of: message.text), at: message.stamp ?? newest)
        if let count = KernelLogReading.suppressedCallbacks(message.text) {
            isRecognised = true
            suppressed += count
        } else if let count = KernelLogReading.droppedMessages(message.text) {
            isRecognised = true
            lost += count
        } else if KernelLogReading.changes.contains(where: { $0.match(message.text) != nil }) {
            isRecognised = true
            devicesChanged = true
        } else if blocks.take(message) {
            isRecognised = true
            for fact in blocks.takeFacts(follows: true) { add(fact) }
        } else if let change = NetworkLinks.Change(message.text) {
            isRecognised = true
            if let fact = states.links.take(change, of: message) { add(fact, times: message.count) }
        } else if let change = HotPlugSlots.Change(message.text) {
            isRecognised = true
            if let fact = states.slots.take(change, of: message) { add(fact, times: message.count) }
        } else if let fact = table.fact(message), states.admits(fact, of: message) {
            add(fact, times: message.count)
        }
    }

    /// A message that was reported in an earlier run of the agent: only the states that it reports count.
    mutating func remember(_ message: KernelMessage) { states.remember(message, fact: table.fact(message)) }

    /// A line of a recorded log that the kernel did not write: what a log's keeper says to have lost counts.
    mutating func takeOther(_ line: some Sequence<UInt8>) {
        lost += KernelLogReading.missedMessages(Array(line.prefix(KernelMessage.textBytes))) ?? 0
    }

    private static let addressed = LinePattern("sd {scsi}: [{dev}]")

    private mutating func takeDiskName(_ message: KernelMessage) {
        guard message.text.starts(with: "sd ".utf8), diskNames.count < KernelDeviceNames.nameLimit,
            let captures = KernelLogReading.addressed.match(message.text)
        else { return }
        diskNames[captures["scsi"]] = captures["dev"]
    }

    /// Nothing follows for now: the kernel writes a block at once, so that what is under way is whole.
    mutating func finish() {
        for fact in blocks.takeFacts(follows: false) { add(fact) }
        states.unreadable = blocks.unreadable
        facts = DuplicateFirmwareErrors.removed(from: facts)
    }

    private mutating func add(_ fact: KernelFact, times: UInt64 = 1) {
        isRecognised = true
        var fact = fact
        fact.count = min(fact.count, KernelLogReading.most) * min(times, KernelMessage.repetitions)
        guard facts.count < KernelLogReading.facts else {
            untold += fact.count
            return
        }
        fact.stamp = fact.stamp ?? newest
        facts.append(fact)
    }

    /// What bare lines of a kernel begin with, where a log was kept without its stamps.
    private static let openings = [
        "EDAC ", "pcieport ", "ata", "WARNING: ", "BUG: ", "INFO: ", "Kernel panic", "kernel BUG", "Oops:",
        "------------[ cut here", "sd ",
    ].map { Array($0.utf8) }

    /// After these, names are read again.
    private static let changes = [
        LinePattern("sd {scsi}: [{dev}] Attached SCSI"),
        LinePattern("nvme nvme{n}: {n}/{n}/{n} default/read/poll queues"),
        LinePattern("nvme nvme{n}: pci function {pci}"),
        LinePattern("{word} {pci} {dev}: renamed from"),
    ]

    private static let suppression = [
        LinePattern("{word}: {count:n} callbacks suppressed"),
        LinePattern("{}: {count:n} output lines suppressed due to ratelimiting"),
    ]

    /// `print_req_error: 36 callbacks suppressed` (lib/ratelimit.c, include/linux/ratelimit.h).
    static func suppressedCallbacks(_ line: [UInt8]) -> UInt64? {
        guard line.last == UInt8(ascii: "d") || line.last == UInt8(ascii: "g") else { return nil }
        return suppression.lazy.compactMap { $0.match(line) }.first.flatMap { number($0["count"]) }
    }

    private static func number(_ digits: String) -> UInt64? { UInt64(digits).map { min($0, most) } }

    private static let dropping = LinePattern("** {count:n} printk messages dropped **")

    /// `** 12 printk messages dropped **` of a console that was too slow (kernel/printk/printk.c).
    static func droppedMessages(_ line: [UInt8]) -> UInt64? {
        guard line.first == UInt8(ascii: "*") else { return nil }
        return dropping.match(line).flatMap { number($0["count"]) }
    }

    private static let losses = [
        LinePattern("{}systemd-journald[{n}]: Missed {count:n} kernel messages"),
        LinePattern("{}imjournal: {count:n} messages lost due to rate-limiting"),
    ]

    /// What journald and rsyslog say to have missed.
    static func missedMessages(_ line: [UInt8]) -> UInt64? {
        guard line.contains(UInt8(ascii: "[")) || line.contains(UInt8(ascii: ":")) else { return nil }
        return losses.lazy.compactMap { $0.match(line) }.first.flatMap { number($0["count"]) }
    }

    private static let repetition = LinePattern("last message repeated {count:n} time")
    private static let hostedRepetition = LinePattern("{word} last message repeated {count:n} time")

    /// `last message repeated 3 times` of older syslogs: how often.
    static func repetitions(_ line: [UInt8]) -> UInt64? {
        guard line.last == UInt8(ascii: "s") || line.last == UInt8(ascii: "e"), line.count < 120 else { return nil }
        let captures = repetition.match(line) ?? hostedRepetition.match(line)
        return captures.flatMap { UInt64($0["count"]) }.map { min($0, KernelMessage.repetitions) }
    }
}
