import Reports

/// One error record that the firmware handed to the kernel (ACPI 6.5 chapter 18, UEFI 2.10 appendix N), from the lines that
/// the kernel makes of it (drivers/firmware/efi/cper.c, cper-arm.c).
struct FirmwareErrorRecord: Sendable {
    /// Sections and error infos of one record.
    static let sectionLimit = 32

    fileprivate struct Section: Sendable {
        var severity: String
        var kind = ""
        var memory = MemoryErrorText(type: "corrected")
        var fields: [String: String] = [:]
        /// Processor errors: what each error info contains.
        var processorErrors: [String] = []
        var text = ""
    }

    private let stamp: KernelMessage.Stamp?
    private var severity = "corrected"
    private var sections: [Section] = []

    init(stamp: KernelMessage.Stamp?) { self.stamp = stamp }

    /// A line without its `{1}[Hardware Error]: `.
    mutating func take(_ line: Substring) {
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

    func facts() -> [KernelFact] { sections.flatMap { $0.facts(stamp: stamp) } }
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
        // Affinity level 3 of MPIDR_EL1 is the socket where boards number it so; most servers have that.
        let affinity = fields["multiprocessor affinity register (mpidr)"].flatMap(MemoryErrorText.number) ?? 0
        let told: MachineCheck.Severity =
            severity == "corrected" ? .corrected : severity == "fatal" ? .fatal : .uncorrected
        return (processorErrors.isEmpty ? ["unknown"] : processorErrors).map { words in
            let place = FirmwareErrorRecord.processorUnit(words, level: fields["cache level"])
            return KernelFact(
                recogniser: "firmware-processor", subject: .socket(Int(affinity >> 32 & 0xFF)),
                signal: Signal(
                    "hw.cpu.machine_check",
                    ["unit": place.unit.rawValue, "level": place.level, "severity": told.rawValue]),
                text: text, stamp: stamp)
        }
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
