import Reports

/// Joins what the kernel logs in several lines: machine checks, the firmware's error records (GHES, CPER), AER, and
/// EDAC's lines. Lines of different blocks may come between each other.
struct KernelBlocks {
    /// Blocks under way at once.
    static let limit = 64

    private var firmware: [UInt64: FirmwareErrorRecord] = [:]
    /// The firmware's record of what ended the boot before this one (BERT), while its lines come.
    private var earlier: FirmwareErrorRecord?
    private var check: MachineCheck?
    private var checkStamp: KernelMessage.Stamp?
    /// By the device that reports.
    private var links: [String: KernelFact] = [:]
    /// By port: an error that it received a message of, and whose details have not come yet.
    private var received: [String: ReceivedError] = [:]
    private var exceptions: [String: ATAException] = [:]
    /// The device whose exception took the last line.
    private var excepted: String?
    /// By device, the place that was reported last as unreadable.
    private(set) var unreadable: [String: UnreadablePlace]
    /// A GPU that the driver of NVIDIA has begun to write about.
    private var gpu: KernelFact?
    private var done: [KernelFact] = []

    /// - Parameter unreadable: the places of disks that earlier messages reported, by device.
    init(unreadable: [String: UnreadablePlace] = [:]) { self.unreadable = unreadable }

    /// What begins or goes on with a block; the rest is not looked at.
    private static let marks = [
        LinePattern("{}[Hardware Error]: "), LinePattern("{}EDAC MC{n}:"), LinePattern("{}Bus Error: severity="),
    ]
    private static let beginnings = [
        "BERT: ", "NVRM: The NVIDIA GPU ", "NVRM: (PCI ID: ", "NVRM: fallen off the bus",
    ].map { Array($0.utf8) }

    /// Whether the line is of a block.
    static func knows(_ line: [UInt8]) -> Bool {
        marks.contains { $0.match(line) != nil } || beginnings.contains { line.starts(with: $0) }
            || line.starts(with: "ata".utf8) && line.containsWord("exception Emask") || ReceivedError.isAbout(line)
    }

    /// - Returns: whether the line was part of a block.
    mutating func take(_ message: KernelMessage) -> Bool {
        let line = message.text
        if takeException(message) { return true }
        if KernelBlocks.knows(line) {
            let words = message.words
            if let start = words.firstRange(of: "[Hardware Error]: ")?.upperBound {
                takeHardwareError(words, words[start...], message.stamp)
            } else if let error = MemoryErrorText(edacLine: words) {
                done += error.facts(text: words, stamp: message.stamp, family: .memory).map { fact in
                    var fact = fact
                    fact.count *= message.count
                    return fact
                }
            } else if words.hasPrefix("BERT: ") {
                takeEarlier(words, message.stamp)
            } else if words.hasPrefix("NVRM: ") {
                takeGPU(message, words)
            } else if ReceivedError.isAbout(line) {
                takeReceived(message)
            } else {
                takeBusError(message)
            }
            return true
        }
        if line.starts(with: "NVRM: ".utf8) { gpu = nil }
        return !links.isEmpty && takeLinkDetail(message)
    }

    /// Everything that is complete so far; the facts of a block under way are included when nothing more `follows`.
    mutating func takeFacts(follows: Bool) -> [KernelFact] {
        if !follows {
            for number in firmware.keys.sorted() { finishFirmware(number) }
            finishEarlier()
            finishCheck()
            for device in links.keys.sorted() { finishLink(device) }
            for device in exceptions.keys.sorted() { finishException(device) }
        }
        defer { done = [] }
        return done
    }

    // MARK: ATA

    private mutating func takeException(_ message: KernelMessage) -> Bool {
        if let begun = ATAException(message) {
            finishException(begun.device)
            guard exceptions.count < KernelBlocks.limit else { return true }
            exceptions[begun.device] = begun
            excepted = begun.device
            return true
        }
        guard !exceptions.isEmpty else { return false }
        if ATAException.isResult(message.text), let excepted {
            exceptions[excepted]?.take(message)
            return true
        }
        guard let device = ATAException.device(of: message.text) else { return false }
        // Of the port, `ata3: EH complete`, or of the device itself.
        for key in [device, "\(device).00"] where exceptions[key] != nil {
            if message.text.ends(with: "EH complete") { finishException(key) } else { exceptions[key]?.take(message) }
        }
        if exceptions[device] != nil { excepted = device }
        // Resets and what else the table knows are facts of their own.
        return false
    }

    private mutating func finishException(_ device: String) {
        guard let exception = exceptions.removeValue(forKey: device) else { return }
        guard let place = exception.unreadable else { return done.append(exception.fact) }
        let isRepeated = unreadable[device].map { place.repeats($0) } ?? false
        if unreadable.count < KernelBlocks.limit || unreadable[device] != nil { unreadable[device] = place }
        if !isRepeated { done.append(exception.fact) }
    }

    // MARK: GPUs

    private static let fallen = LinePattern("NVRM: The NVIDIA GPU {pci}")

    /// Three lines of one message: `NVRM: The NVIDIA GPU 0000:b3:00.0`, `NVRM: (PCI ID: 10de:26b5) installed in this
    /// system has`, `NVRM: fallen off the bus and is not responding to commands.` (nv-pci.c)
    private mutating func takeGPU(_ message: KernelMessage, _ words: String) {
        if let captures = KernelBlocks.fallen.match(message.text) {
            gpu = KernelFact(
                recogniser: "gpu-lost", subject: .gpu(KernelMessageTable.functionZero(captures["pci"])),
                signal: Signal("hw.gpu.lost"), text: words, stamp: message.stamp)
        } else {
            gpu?.text += " " + words
        }
        guard let told = gpu, words.contains("fallen off the bus") else { return }
        done.append(told)
        gpu = nil
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
        } else if earlier != nil {
            if words.hasPrefix("event severity:"), earlier?.isBegun == true {
                finishEarlier()
                earlier = FirmwareErrorRecord(earlierThan: stamp)
            }
            earlier?.take(words)
        } else {
            check?.take(detailLine: words)
        }
    }

    /// `BERT: Error records from previous boot:`, whose lines bear no number; `BERT: Total records found: 1` ends them
    /// (drivers/acpi/apei/bert.c).
    private mutating func takeEarlier(_ words: String, _ stamp: KernelMessage.Stamp?) {
        finishEarlier()
        if words.hasPrefix("BERT: Error records from previous boot") {
            finishCheck()
            earlier = FirmwareErrorRecord(earlierThan: stamp)
        }
    }

    private mutating func finishEarlier() {
        done += earlier?.facts() ?? []
        earlier = nil
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
        dropReceived(severity, of: device)
        guard links.count < KernelBlocks.limit else { return }
        links[device] = KernelFact(
            recogniser: "aer-\(severity.rawValue)", subject: .pci(device),
            signal: Signal("hw.pcie.error", ["severity": severity.rawValue]), text: message.words, stamp: message.stamp,
            family: .pcie)
    }

    /// From 5.2 to 5.6 with `AER: `.
    private static let linkDetails = [
        LinePattern("{driver:word} {pci}:    [{bit:rest}"), LinePattern("{driver:word} {pci}:   device ["),
        LinePattern("{driver:word} {pci}: AER:    [{bit:rest}"), LinePattern("{driver:word} {pci}: AER:   device ["),
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

    /// A message of an error came to a port; the details of it follow, or the kernel says that it found none.
    private mutating func takeReceived(_ message: KernelMessage) {
        if let error = ReceivedError(message) {
            if error.lacksDetails {
                done += error.fact().map { [$0] } ?? []
            } else if received.count < KernelBlocks.limit {
                received[error.port] = error
            }
        } else if let port = ReceivedError.portWithoutDetails(message.text),
            let error = received.removeValue(forKey: port)
        {
            done += error.fact(and: message.words).map { [$0] } ?? []
        }
    }

    /// The details have come: of the device that the message named, or of the first that waits.
    private mutating func dropReceived(_ severity: AERSeverity, of device: String) {
        let waiting = received.values.filter { $0.severity == severity }.sorted { $0.port < $1.port }
        let mine = waiting.first { $0.source == device || $0.port == device } ?? waiting.first
        if let mine { received[mine.port] = nil }
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

extension [UInt8] {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }

    fileprivate func containsWord(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard count >= wanted.count else { return false }
        return prefix(64).indices.contains { self[$0...].starts(with: wanted) }
    }
}
