import Reports

/// The kernel messages that concern hardware: one row each.
///
/// The first row that fits counts. Wordings are those of Linux 4.15 to 7.2, and of 3.10 where nothing else says it; what
/// changed between them has a row each. Blocks of several lines (machine checks, firmware's error records, AER, EDAC) are put together by `KernelBlocks`.
struct KernelMessageTable: Sendable {
    /// What the message is about, and which place of the pattern names it.
    enum Subject: Sendable {
        case ata, scsi, block, nvme, volume, array, pool, nic, pci, usb, cpu, gpu, host, adapter, server
    }

    struct Row: Sendable {
        let name: String
        let pattern: LinePattern
        let subject: Subject
        /// nil: this message counts for nothing after all.
        let signal: @Sendable (LinePattern.Captures) -> Signal?
        /// The word, where the signal is a state.
        let state: String?

        init(
            _ name: String, _ pattern: String, _ subject: Subject, state: String? = nil,
            _ signal: @escaping @Sendable (LinePattern.Captures) -> Signal?
        ) {
            self.name = name
            self.pattern = LinePattern(pattern)
            self.subject = subject
            self.state = state
            self.signal = signal
        }

        init(
            _ name: String, _ pattern: String, _ subject: Subject, _ signal: String, _ labels: [String: String] = [:]
        ) {
            let told = Signal(signal, labels)
            self.init(name, pattern, subject) { _ in told }
        }
    }

    /// Rows by the first bytes of what they look for.
    private let rows: [UInt32: [Row]]
    /// For each half of a hash of four bytes whether any row begins so: most bytes of a log are done with here.
    private let sieve: [Bool]

    init(_ rows: [Row] = KernelMessageTable.shipped) {
        self.rows = Dictionary(grouping: rows) { $0.pattern.anchor }
        var sieve = [Bool](repeating: false, count: 1 << 16)
        for anchor in self.rows.keys { sieve[KernelMessageTable.hash(anchor)] = true }
        self.sieve = sieve
    }

    private static func hash(_ word: UInt32) -> Int { Int(truncatingIfNeeded: (word &* 0x9E37_79B1) >> 16) }

    /// What the line reports, if it is in the table.
    func fact(_ message: KernelMessage) -> KernelFact? {
        let line = message.text
        guard line.count >= 4 else { return nil }
        var word: UInt32 = 0
        for (index, byte) in line.enumerated() {
            word = word << 8 | UInt32(byte)
            guard index >= 3, sieve[KernelMessageTable.hash(word)], let candidates = rows[word] else { continue }
            for row in candidates {
                guard let captures = row.pattern.match(line) else { continue }
                guard let subject = row.subject.named(by: captures), let signal = row.signal(captures) else {
                    return nil
                }
                let isState = SignalCatalogue.entry(named: signal.name)?.kind == .state
                return KernelFact(
                    recogniser: row.name, subject: subject, signal: signal, state: isState ? row.state : nil,
                    text: message.words, stamp: message.stamp)
            }
        }
        return nil
    }

    /// Whether the line alone reports something that is worth a look at once.
    func knows(_ line: [UInt8]) -> Bool {
        guard line.count >= 4 else { return false }
        var word: UInt32 = 0
        for (index, byte) in line.enumerated() {
            word = word << 8 | UInt32(byte)
            if index >= 3, sieve[KernelMessageTable.hash(word)], let candidates = rows[word],
                candidates.contains(where: { $0.pattern.match(line) != nil })
            {
                return true
            }
        }
        return false
    }
}

extension KernelMessageTable.Subject {
    func named(by captures: LinePattern.Captures) -> KernelSubject? {
        switch self {
        case .ata: return .disk("ata\(captures["ata"])")
        // A target is told without its logical unit.
        case .scsi: return .disk(captures["scsi"] + (captures["scsi"].count { $0 == ":" } == 2 ? ":0" : ""))
        case .block: return .disk(captures["dev"])
        case .nvme: return .disk("nvme\(captures["nvme"])")
        case .volume: return .volume(captures["dev"])
        case .array: return .array(captures["array"])
        case .pool: return .pool(captures["pool"])
        case .nic: return .nic(captures["nic"], pci: captures["pci"].isEmpty ? nil : captures["pci"])
        // Some messages leave the first domain out.
        case .pci: return PCIAddress(captures["pci"]).map { .pci($0.description) }
        case .usb: return .usb(captures["usb"])
        case .cpu: return Int(captures["cpu"]).map { .processor($0) }
        case .gpu: return .gpu(KernelMessageTable.functionZero(captures["pci"]))
        case .host: return .scsiHost("host\(captures["host"])")
        // aacraid's `aac_driver_template` has another name than the driver.
        case .adapter: return .scsiHost(captures["adapter"] == "AAC" ? "aacraid" : captures["adapter"])
        case .server: return .server
        }
    }
}

extension KernelMessageTable {
    /// `0000:3b:00` as the driver of NVIDIA writes it: its function 0.
    static func functionZero(_ address: String) -> String {
        let plain = address.lowercased()
        return plain.contains(".") ? plain : plain + ".0"
    }
}
