import Reports

/// One error record that the firmware handed to the kernel (ACPI 6.5 chapter 18, UEFI 2.10 appendix N), from the lines that
/// the kernel makes of it (drivers/firmware/efi/cper.c, cper-arm.c).
struct FirmwareErrorRecord: Sendable {
    /// Sections and error infos of one record.
    static let sectionLimit = 32
    /// Registers of one context; those of one bank of machine checks are 16.
    static let registerLimit = 64

    fileprivate struct Section: Sendable {
        var severity: String
        var kind = ""
        var memory = MemoryErrorText(type: "corrected")
        var fields: [String: String] = [:]
        /// Processor errors: what each error info contains.
        var processorErrors: [String] = []
        /// Of x86: the registers that a context holds, from the one at `firstRegister` on (MSR).
        var registers: [UInt64] = []
        var firstRegister: UInt64 = 0
        var text = ""
    }

    private let stamp: KernelMessage.Stamp?
    /// Whether the record is of the boot before this one (BERT), whose end it tells.
    private let isEarlier: Bool
    private var severity = "corrected"
    private var sections: [Section] = []
    /// Whether any line of it has come.
    private(set) var isBegun = false

    init(stamp: KernelMessage.Stamp?) {
        self.stamp = stamp
        isEarlier = false
    }

    /// A record of the boot before this one. When that ended its lines do not say: before the first moment of this one.
    init(earlierThan stamp: KernelMessage.Stamp?) {
        if case .uptime = stamp { self.stamp = .uptime(.zero) } else { self.stamp = stamp }
        isEarlier = true
    }

    /// A line without its `{1}[Hardware Error]: `.
    mutating func take(_ line: Substring) {
        isBegun = true
        let words = line.drop { $0 == " " }
        let (key, value) = FirmwareErrorRecord.pair(words)
        switch key {
        case "event severity", "severity":
            severity = value.split(separator: " ").last.map(String.init) ?? severity
        case let key where key.hasPrefix("error ") && value.hasPrefix("type"), let key where key.hasPrefix("section"):
            takeSection(key, value)
        default:
            guard !sections.isEmpty else { return }
            sections[sections.count - 1].take(key, value, words)
        }
    }

    /// ` Error 0, type: corrected`, `section: 0, severity: 2, corrected`, `  section_type: memory error`.
    private mutating func takeSection(_ key: String, _ value: Substring) {
        if key == "section_type" || key == "section type" {
            if sections.isEmpty { sections.append(Section(severity: severity)) }
            sections[sections.count - 1].kind = String(value)
        } else if sections.count < FirmwareErrorRecord.sectionLimit {
            sections.append(Section(severity: value.split(separator: " ").last.map(String.init) ?? severity))
        }
    }

    private static func pair(_ words: Substring) -> (key: String, value: Substring) {
        if words.hasPrefix("Error "), let comma = words.firstIndex(of: ",") {
            return (words[..<comma].lowercased(), words[words.index(after: comma)...].drop { $0 == " " })
        }
        guard let colon = words.firstIndex(of: ":") else { return (words.lowercased(), "") }
        return (words[..<colon].lowercased(), words[words.index(after: colon)...].drop { $0 == " " })
    }

    func facts() -> [KernelFact] {
        let facts = sections.flatMap { $0.facts(stamp: stamp) }
        guard isEarlier else { return facts }
        return facts.map { fact in
            var fact = fact
            fact.text = "before this start: \(fact.text)"
            // Neither EDAC nor a trace event of this boot can have reported it.
            fact.family = .log
            return fact
        }
    }
}

extension FirmwareErrorRecord.Section {
    fileprivate mutating func take(_ key: String, _ value: Substring, _ words: Substring) {
        if text.count < EventAggregation.textLength { text += text.isEmpty ? "\(words)" : "; \(words)" }
        switch key {
        case "error_type":
            // `2, single-bit ECC`, or of ARM `0x02: cache error`.
            let name = value.split(whereSeparator: { ",:".contains($0) }).dropFirst().first ?? value
            let said = String(name.drop { $0 == " " })
            if kind.contains("processor") { processorErrors.append(said) } else { memory.message = said }
        case "error structure type": processorErrors.append(String(value.prefix(40)))
        case "msr address":
            firstRegister = MachineCheck.hexadecimalNumber(value.prefix { $0 != " " }) ?? 0
            registers = []
        case let key where key.count == 8 && firstRegister != 0 && registers.count < FirmwareErrorRecord.registerLimit:
            guard UInt64(key, radix: 16) == UInt64(registers.count * 8) else { return }
            registers += value.split(separator: " ").prefix(2).compactMap { UInt64($0, radix: 16) }
        case "fru_text": memory.place.unit = String(value.prefix(40))
        case "dimm location":
            if let range = value.firstRange(of: "DMI handle:") {
                let digits = value[range.upperBound...].drop { $0 == " " }.prefix { $0.isHexDigit || $0 == "x" }
                memory.place.handle = MemoryErrorText.number(String(digits)).flatMap { UInt16(exactly: $0) }
            } else {
                memory.place.label = String(value)
            }
        case "physical_address":
            memory.page = MachineCheck.hexadecimalNumber(value.prefix { $0 != " " }).map { $0 >> 12 }
        case "node", "card", "module", "rank", "bank":
            memory.takeDetails(words)
        default:
            fields[key] = String(value.prefix(80))
        }
    }

    fileprivate func facts(stamp: KernelMessage.Stamp?) -> [KernelFact] {
        if kind.hasPrefix("memory error") {
            var error = memory
            error.type = severity == "corrected" ? "corrected" : severity == "fatal" ? "fatal" : "uncorrected"
            guard severity != "info" else { return [] }
            let words = [error.message, text].filter { !$0.isEmpty }.joined(separator: "; ")
            return error.facts(text: words, stamp: stamp, family: .firmwareMemory)
        }
        if kind.hasPrefix("PCIe error") { return linkFacts(stamp) }
        if kind.contains("processor error") { return processorFacts(stamp) }
        return []
    }

    private func linkFacts(_ stamp: KernelMessage.Stamp?) -> [KernelFact] {
        guard let device = fields["device_id"], PCIAddress(device) != nil, severity != "info" else { return [] }
        let told: AERSeverity = severity == "corrected" ? .correctable : severity == "fatal" ? .fatal : .nonfatal
        return [
            KernelFact(
                recogniser: "firmware-pcie", subject: .pci(device),
                signal: Signal("hw.pcie.error", ["severity": told.rawValue]), text: text, stamp: stamp, family: .pcie)
        ]
    }

    private func processorFacts(_ stamp: KernelMessage.Stamp?) -> [KernelFact] {
        let told: MachineCheck.Severity =
            severity == "corrected" ? .corrected : severity == "fatal" ? .fatal : .uncorrected
        if let check = bankOfContext { return check.facts(of: subject, stamp: stamp, text: text) }
        return (processorErrors.isEmpty ? ["unknown"] : processorErrors).map { words in
            let place = FirmwareErrorRecord.processorUnit(words, level: fields["cache level"] ?? fields["level"])
            return KernelFact(
                recogniser: "firmware-processor", subject: subject,
                signal: Signal(
                    "hw.cpu.machine_check",
                    ["unit": place.unit.rawValue, "level": place.level, "severity": told.rawValue]),
                text: text, stamp: stamp)
        }
    }

    private var subject: KernelSubject {
        if let local = fields["local apic_id"].flatMap(MemoryErrorText.number) {
            return .localAPIC(Int(truncatingIfNeeded: local & 0xFFFF_FFFF))
        }
        // Affinity level 3 of MPIDR_EL1 is the socket where boards number it so; most servers have that.
        let affinity = fields["multiprocessor affinity register (mpidr)"].flatMap(MemoryErrorText.number) ?? 0
        return .socket(Int(affinity >> 32 & 0xFF))
    }

    /// The bank of AMD whose registers the record holds: CTL, STATUS, ADDR, MISC0, CONFIG, IPID from MSR C000_2000h on,
    /// 16 a bank.
    private var bankOfContext: MachineCheck? {
        guard (0xC000_2000..<0xC000_3000).contains(firstRegister), firstRegister & 0xF == 0, registers.count >= 6,
            registers[1] >> 63 == 1
        else { return nil }
        return MachineCheck(
            bank: Int(firstRegister - 0xC000_2000) >> 4, status: registers[1], address: registers[2],
            identity: registers[5], vendor: .amd)
    }
}

extension FirmwareErrorRecord {
    /// Of several units in one error info the first in the order of the standard.
    fileprivate static func processorUnit(_ words: String, level: String?) -> (unit: MachineCheck.Unit, level: String) {
        if words.hasPrefix("cache") {
            let number = level.flatMap { Int($0) } ?? -1
            return (.cache, (0...3).contains(number) ? "l\(number)" : "unknown")
        }
        if words.hasPrefix("TLB") { return (.tlb, "unknown") }
        if words.hasPrefix("bus") { return (.bus, "unknown") }
        if words.hasPrefix("micro") { return (.internal, "unknown") }
        return (.unknown, "unknown")
    }
}
