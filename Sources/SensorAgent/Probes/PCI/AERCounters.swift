/// One file of a function's Advanced Error Reporting statistics: `aer_dev_correctable`, `aer_dev_nonfatal`,
/// `aer_dev_fatal` (Documentation/ABI/testing/sysfs-bus-pci-devices-aer_stats). A line per error, `BadTLP 3`, and a
/// total.
struct AERCounters: Hashable, Sendable {
    /// Lines of one file; PCI Express 6.0 defines 27 uncorrectable errors.
    static let lineLimit = 64

    struct Line: Hashable, Sendable {
        /// The kernel's word, in older kernels of several words: `BadTLP`, `Bad TLP`, `TOTAL_ERR_COR`.
        var name: String
        var count: UInt64
        /// The sum of the other lines; kernels have named it by the wrong severity.
        var isTotal: Bool { name.hasPrefix("TOTAL_ERR") }
    }

    let lines: [Line]

    /// Errors that are no sign of a fault: advisories and full registers, requests that a device does not know, answers
    /// that nobody waits for any more, devices that were pulled, and what a switch blocks as it is told. In the words
    /// of kernels since 5.9 and before (drivers/pci/pcie/aer.c).
    private static let harmless: Set<String> = [
        "NonFatalErr", "Advisory Non-Fatal", "HeaderOF", "Header Log Overflow", "UnsupReq", "Unsupported Request",
        "ACSViol", "ACS Violation", "UnxCmplt", "Unexpected Completion", "SDES", "Surprise Down Error", "BlockedTLP",
        "MC Blocked TLP", "AtomicOpBlocked", "AtomicOp Egress Blocked", "TLPBlockedErr", "TLP Prefix Blocked Error",
        "PoisonTLPBlocked", "Poison TLP Egress Blocked", "Undefined",
    ]

    /// The sum of those that mean a fault of the link or of a device.
    var faults: UInt64 {
        lines.filter { !$0.isTotal && !AERCounters.harmless.contains($0.name) }.reduce(0) { sum, line in
            let (next, isTooMuch) = sum.addingReportingOverflow(line.count)
            return isTooMuch ? .max : next
        }
    }

    /// nil for what is no such file: a line without a count, no total, or more lines than there are errors.
    init?(parsing text: String) {
        var lines: [Line] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ")
            guard lines.count < AERCounters.lineLimit, words.count > 1, words.count < 8, line.utf8.count < 80,
                let last = words.last, let count = UInt64(last)
            else { return nil }
            lines.append(Line(name: words.dropLast().joined(separator: " "), count: count))
        }
        guard lines.contains(where: \.isTotal) else { return nil }
        self.lines = lines
    }
}
