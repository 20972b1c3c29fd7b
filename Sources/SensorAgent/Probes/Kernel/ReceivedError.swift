import Reports

/// An error of PCI Express that a port received a message of (drivers/pci/pcie/aer.c), before the kernel has found the
/// device that sent it.
struct ReceivedError: Sendable {
    /// The PCI function of the port.
    let port: String
    let severity: AERSeverity
    /// The device that the message named as its sender; nil where it names none in words.
    let source: String?
    /// The message itself says that no details follow (6.17 and later).
    let lacksDetails: Bool
    private let text: String
    private let stamp: KernelMessage.Stamp?

    private static let head = LinePattern("pcieport {pci}: AER: {what:rest}")
    /// Before 5.2 (aerdrv_core.c, find_source_device).
    private static let bareHead = LinePattern("pcieport {pci}: can't find device of ID")

    /// Whether the line is of a message that came, or of details that did not.
    static func isAbout(_ line: [UInt8]) -> Bool {
        guard line.starts(with: "pcieport ".utf8) else { return false }
        guard let captures = head.match(line) else { return bareHead.match(line) != nil }
        let words = captures["what"]
        return words.contains("received") || words.hasPrefix("can't find device") || words.hasPrefix("found no error")
    }

    /// `Multiple Uncorrected (Fatal) error received: 0000:00:01.0`, since Linux 6.11 `Uncorrectable (Fatal) error message
    /// received from 0000:00:01.0`, since 6.17 with ` (no details found` behind it; nil for other lines.
    init?(_ message: KernelMessage) {
        guard let captures = ReceivedError.head.match(message.text), PCIAddress(captures["pci"]) != nil else {
            return nil
        }
        var words = captures["what"][...]
        if words.hasPrefix("Multiple ") { words = words.dropFirst(9) }
        guard words.contains(" received"), let severity = AERSeverity(words: words.prefix(40)) else { return nil }
        port = captures["pci"]
        self.severity = severity
        let end = words.firstRange(of: " (no details found")?.lowerBound
        lacksDetails = end != nil
        source = words[..<(end ?? words.endIndex)].split(separator: " ").last.map(String.init).flatMap {
            PCIAddress($0) != nil ? $0 : nil
        }
        text = message.words
        stamp = message.stamp
    }

    /// `can't find device of ID0008`, `found no error details for 0000:00:01.0`: the port that says so.
    static func portWithoutDetails(_ line: [UInt8]) -> String? {
        guard let captures = head.match(line) else { return bareHead.match(line).map { $0["pci"] } }
        let words = captures["what"]
        return words.hasPrefix("can't find device") || words.hasPrefix("found no error") ? captures["pci"] : nil
    }

    /// The error itself, of the port; nil for corrected ones, which are many and of no device. No trace event reports it.
    /// - Parameter words: the message that says that there are no details; nil where the error's own does.
    func fact(and words: String? = nil) -> KernelFact? {
        guard severity != .correctable else { return nil }
        return KernelFact(
            recogniser: "unlocated-link-error", subject: .pci(port),
            signal: Signal("hw.pcie.error", ["severity": severity.rawValue]),
            text: words.map { "\(text); \($0)" } ?? text, stamp: stamp)
    }
}
