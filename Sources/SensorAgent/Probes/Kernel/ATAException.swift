import Reports

/// One exception of an ATA port as libata writes it (drivers/ata/libata-eh.c, `ata_eh_link_report`): what the drive or the
/// link reported, over several lines.
struct ATAException: Sendable {
    /// `ata3.00`, `ata3`.
    let device: String
    private let stamp: KernelMessage.Stamp?
    private var text: String
    private var isUnreadable = false
    /// The place that could not be read, as the drive wrote it into its registers; nil where no line shows it.
    private var place: String?

    private static let beginning = LinePattern("ata{ata}: exception Emask {} action {}")
    private static let result = LinePattern("{}res {x}/{x}:{x}:{low:rest}")
    private static let detail = LinePattern("ata{ata}: {words:rest}")

    /// nil for a line that begins none.
    init?(_ message: KernelMessage) {
        guard message.text.starts(with: "ata".utf8), let captures = ATAException.beginning.match(message.text) else {
            return nil
        }
        device = "ata\(captures["ata"])"
        stamp = message.stamp
        text = message.words
    }

    /// Which device a further line is of; nil for lines that are of none.
    static func device(of line: [UInt8]) -> String? {
        guard line.starts(with: "ata".utf8) else { return nil }
        return detail.match(line).map { "ata\($0["ata"])" }
    }

    /// `res 41/40:00:b1:4b:1c/00:00:14:00:00/40 Emask 0x409 (media error) <F>`, which stands on a line of its own.
    static func isResult(_ line: [UInt8]) -> Bool { line.starts(with: "res ".utf8) }

    /// A line after the first.
    mutating func take(_ message: KernelMessage) {
        let words = message.words
        if let captures = ATAException.result.match(message.text) {
            // LBA: low and, after the first slash, high.
            let numbers = captures["low"].prefix { $0 != " " }.split(separator: "/")
            place = numbers.prefix(2).map(String.init).joined(separator: "/")
            if captures["low"].contains("(media error)") { isUnreadable = true }
        }
        guard let colon = words.firstRange(of: ": ")?.upperBound else { return }
        let detail = words[colon...]
        if detail.hasPrefix("error: {") {
            if detail.contains("UNC") { isUnreadable = true }
        } else if !detail.hasPrefix("failed command:") {
            return
        }
        if text.count < EventAggregation.textLength { text += "; \(detail)" }
    }

    /// A place that cannot be read is no fault of the link, which stays reported as an exception.
    var fact: KernelFact {
        KernelFact(
            recogniser: isUnreadable ? "ata-medium-error" : "ata-exception", subject: .disk(device),
            signal: isUnreadable
                ? Signal("hw.physical_disk.sense", ["key": "medium"]) : Signal("hw.physical_disk.exception"),
            text: text, stamp: stamp)
    }

    /// The place that cannot be read; nil for exceptions of the link, and where no line shows the place.
    var unreadable: UnreadablePlace? {
        guard isUnreadable, let place else { return nil }
        return UnreadablePlace(place: place, stamp: stamp)
    }
}

/// A place of a disk that could not be read: the kernel tries it several times, and each time is an exception.
struct UnreadablePlace: Hashable, Sendable {
    /// So long after one try another one is of the same command.
    static let retries = Duration.seconds(300)

    var place: String
    var stamp: KernelMessage.Stamp?

    func repeats(_ earlier: UnreadablePlace) -> Bool {
        guard place == earlier.place else { return false }
        switch (earlier.stamp, stamp) {
        case (.uptime(let then), .uptime(let now)), (.wall(let then), .wall(let now)):
            return now - then < UnreadablePlace.retries
        default: return true
        }
    }
}
