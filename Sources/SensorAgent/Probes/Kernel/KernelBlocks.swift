import Reports

/// Joins what the kernel logs in several lines: machine checks, the firmware's error records (GHES, CPER), AER, and
/// EDAC's lines. Lines of different blocks may come between each other.
struct KernelBlocks {
    /// Blocks under way at once.
    static let limit = 64

    private var firmware: [UInt64: FirmwareErrorRecord] = [:]
    private var check: MachineCheck?
    private var checkStamp: KernelMessage.Stamp?
    /// By the device that reports.
    private var links: [String: KernelFact] = [:]
    private var done: [KernelFact] = []

    /// What begins or goes on with a block; the rest is not looked at.
    private static let marks = [
        LinePattern("{}[Hardware Error]: "), LinePattern("{}EDAC MC{n}:"), LinePattern("{}Bus Error: severity="),
    ]

    /// Whether the line is of a block.
    static func knows(_ line: [UInt8]) -> Bool { marks.contains { $0.match(line) != nil } }

    /// - Returns: whether the line was part of a block.
    mutating func take(_ message: KernelMessage) -> Bool {
        let line = message.text
        if KernelBlocks.knows(line) {
            let words = message.words
            if let start = words.firstRange(of: "[Hardware Error]: ")?.upperBound {
                takeHardwareError(words, words[start...], message.stamp)
            } else if let error = MemoryErrorText(edacLine: words) {
                done += error.facts(text: words, stamp: message.stamp, family: .memory)
            } else {
                takeBusError(message)
            }
            return true
        }
        return !links.isEmpty && takeLinkDetail(message)
    }

    /// Everything that is complete so far; the facts of a block under way are included when nothing more `follows`.
    mutating func takeFacts(follows: Bool) -> [KernelFact] {
        if !follows {
            for number in firmware.keys.sorted() { finishFirmware(number) }
            finishCheck()
            for device in links.keys.sorted() { finishLink(device) }
        }
        defer { done = [] }
        return done
    }

    // MARK: Firmware's records and machine checks

    private mutating func takeHardwareError(_ line: String, _ words: Substring, _ stamp: KernelMessage.Stamp?) {
        let head = line[..<words.startIndex]
        if let open = head.firstIndex(of: "{"), let close = head.firstIndex(of: "}"),
            let number = UInt64(head[head.index(after: open)..<close])
        {
            if words.hasPrefix("Hardware error from APEI") { finishFirmware(number) }
            // Records have rising numbers, and a block is written at once: the oldest is long whole.
            if firmware[number] == nil, firmware.count >= KernelBlocks.limit, let oldest = firmware.keys.min() {
                finishFirmware(oldest)
            }
            firmware[number, default: FirmwareErrorRecord(stamp: stamp)].take(words)
        } else if let begun = MachineCheck(rawLine: words) ?? MachineCheck(decodedLine: words) {
            finishCheck()
            check = begun
            checkStamp = stamp
        } else {
            check?.take(detailLine: words)
        }
    }

    private mutating func finishFirmware(_ number: UInt64) {
        done += firmware.removeValue(forKey: number)?.facts() ?? []
    }

    private mutating func finishCheck() {
        done += check?.facts(stamp: checkStamp) ?? []
        check = nil
    }

    // MARK: AER

    private static let busErrors = [
        LinePattern("{driver:word} {pci}: {}Bus Error: severity={severity:rest}"),
        LinePattern("{pci}: {}Bus Error: severity={severity:rest}"),
    ]

    private mutating func takeBusError(_ message: KernelMessage) {
        guard let captures = KernelBlocks.busErrors.lazy.compactMap({ $0.match(message.text) }).first,
            PCIAddress(captures["pci"]) != nil, let severity = AERSeverity(words: captures["severity"])
        else { return }
        let device = captures["pci"]
        finishLink(device)
        guard links.count < KernelBlocks.limit else { return }
        links[device] = KernelFact(
            recogniser: "aer-\(severity.rawValue)", subject: .pci(device),
            signal: Signal("hw.pcie.error", ["severity": severity.rawValue]), text: message.words, stamp: message.stamp,
            family: .pcie)
    }

    private static let linkDetails = [
        LinePattern("{driver:word} {pci}:    [{bit:rest}"), LinePattern("{driver:word} {pci}:   device ["),
    ]

    /// `pcieport 0000:00:1c.0:    [ 0] RxErr                  (First)`
    private mutating func takeLinkDetail(_ message: KernelMessage) -> Bool {
        for pattern in KernelBlocks.linkDetails {
            guard let captures = pattern.match(message.text), links[captures["pci"]] != nil else { continue }
            let name = captures["bit"].split(separator: "]").last.map {
                $0.split(separator: " ").joined(separator: " ")
            }
            if let name { links[captures["pci"]]?.text += "; \(name)" }
            return true
        }
        return false
    }

    private mutating func finishLink(_ device: String) {
        if let fact = links.removeValue(forKey: device) { done.append(fact) }
    }
}

/// How bad an error of a PCI Express link is (PCIe base specification 6.2).
enum AERSeverity: String, Sendable {
    case correctable, nonfatal, fatal

    /// `Corrected`, `Uncorrected (Non-Fatal)`, `Uncorrectable (Fatal)`; of trace events `Uncorrected, non-fatal`.
    init?(words: some StringProtocol) {
        let words = words.lowercased()
        if words.hasPrefix("correct") {
            self = .correctable
        } else if words.contains("non-fatal") {
            self = .nonfatal
        } else if words.contains("fatal") {
            self = .fatal
        } else {
            return nil
        }
    }
}
