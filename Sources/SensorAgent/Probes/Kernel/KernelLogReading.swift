import Reports

/// What a run of messages reports: pure, and bounded whatever comes.
struct KernelLogReading {
    /// Facts kept of one look; a flood beyond them is only counted.
    static let facts = 20_000

    private let table: KernelMessageTable
    private(set) var facts: [KernelFact] = []
    /// Facts beyond the limit.
    private(set) var untold: UInt64 = 0
    /// What the kernel reports as left out.
    private(set) var suppressed: UInt64 = 0
    /// Whether any message had a stamp of the kernel's, or was of a known kind: else it is no log of a kernel.
    private(set) var isRecognised = false
    private var blocks = KernelBlocks()
    /// Whether disks or cards were attached meanwhile.
    private(set) var devicesChanged = false
    /// The stamp of the last message.
    private(set) var newest: KernelMessage.Stamp?
    private(set) var links: NetworkLinks

    /// - Parameter links: what earlier messages of the same boot reported of them.
    init(table: KernelMessageTable, links: NetworkLinks = NetworkLinks()) {
        self.table = table
        self.links = links
    }

    mutating func take(_ message: KernelMessage) {
        if message.stamp != nil || KernelLogReading.openings.contains(where: { message.text.starts(with: $0) }) {
            isRecognised = true
        }
        newest = message.stamp ?? newest
        if let count = KernelLogReading.suppressedCallbacks(message.text) {
            isRecognised = true
            suppressed += count
        } else if KernelLogReading.attachments.contains(where: { $0.match(message.text) != nil }) {
            isRecognised = true
            devicesChanged = true
        } else if blocks.take(message) {
            isRecognised = true
            for fact in blocks.takeFacts(follows: true) { add(fact) }
        } else if let change = NetworkLinks.Change(message.text) {
            isRecognised = true
            if let fact = links.take(change, of: message) { add(fact) }
        } else if let fact = table.fact(message) {
            add(fact)
        }
    }

    /// A message that was reported in an earlier run of the agent: only the states that it reports count.
    mutating func remember(_ message: KernelMessage) {
        if let change = NetworkLinks.Change(message.text) { _ = links.take(change, of: message) }
    }

    /// Nothing follows for now: the kernel writes a block at once, so that what is under way is whole.
    mutating func finish() {
        for fact in blocks.takeFacts(follows: false) { add(fact) }
        facts = DuplicateFirmwareErrors.removed(from: facts)
    }

    private mutating func add(_ fact: KernelFact) {
        isRecognised = true
        guard facts.count < KernelLogReading.facts else {
            untold += fact.count
            return
        }
        var fact = fact
        fact.stamp = fact.stamp ?? newest
        facts.append(fact)
    }

    /// What bare lines of a kernel begin with, where a log was kept without its stamps.
    private static let openings = [
        "EDAC ", "pcieport ", "ata", "kern  :", "WARNING: ", "BUG: ", "INFO: ", "Kernel panic", "kernel BUG", "Oops:",
        "------------[ cut here", "[  +", "sd ",
    ].map { Array($0.utf8) }

    private static let attachments = [
        LinePattern("sd {scsi}: [{dev}] Attached SCSI"),
        LinePattern("nvme nvme{n}: {n}/{n}/{n} default/read/poll queues"),
        LinePattern("{word} {pci} {dev}: renamed from"),
    ]

    private static let suppression = LinePattern("{word}: {count:n} callbacks suppressed")

    /// `print_req_error: 36 callbacks suppressed` (lib/ratelimit.c).
    static func suppressedCallbacks(_ line: [UInt8]) -> UInt64? {
        guard line.last == UInt8(ascii: "d"), let captures = suppression.match(line) else { return nil }
        return UInt64(captures["count"])
    }
}
