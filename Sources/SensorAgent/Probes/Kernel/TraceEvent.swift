import Reports

/// One line of `trace_pipe` (Documentation/trace/ftrace.rst): `kworker/0:1-12  [000] d..1.  123.456789: mc_event: 1 Corrected …`.
struct TraceEvent: Hashable, Sendable {
    /// `mc_event`.
    var name: String
    /// Since boot.
    var stamp: Duration
    var text: Substring

    /// nil where the line is none.
    init?(line: String) {
        // The task's name may hold anything, so what follows the processor is looked for from there on.
        var rest = line[...]
        while let open = rest.firstIndex(of: "[") {
            rest = rest[line.index(after: open)...]
            let words = rest.prefix(80).split(separator: " ", maxSplits: 3, omittingEmptySubsequences: true)
            guard words.count >= 3, words[0].last == "]", words[0].dropLast().allSatisfy(\.isNumber),
                let at = words.prefix(3).dropFirst().first(where: { $0.last == ":" && $0.contains(".") }),
                let stamp = TraceEvent.seconds(at.dropLast())
            else { continue }
            let body = line[at.endIndex...].drop { $0 == " " }
            guard let colon = body.firstIndex(of: ":") else { return nil }
            name = String(body[..<colon])
            self.stamp = stamp
            text = body[body.index(after: colon)...].drop { $0 == " " }
            return
        }
        return nil
    }

    private static func seconds(_ text: Substring) -> Duration? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        // No sign stands in either.
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy(KernelMessage.isDigit) }),
            let whole = Int64(parts[0]), parts[1].count == 6, let micro = Int64(parts[1])
        else {
            return nil
        }
        return .seconds(whole) + .microseconds(micro)
    }

    /// `CPU:2 [LOST 123 EVENTS]`: how many; nil for other lines.
    static func lost(_ line: String) -> UInt64? {
        guard line.hasPrefix("CPU:"), let start = line.firstRange(of: "[LOST ")?.upperBound else { return nil }
        return UInt64(line[start...].prefix { $0.isNumber }).map { min($0, KernelLogReading.most) }
    }

    // MARK: Facts

    /// What it reports; none for events that are not of the hardware.
    var facts: [KernelFact] {
        let words = String(text)
        let stamp = KernelMessage.Stamp.uptime(stamp)
        switch name {
        case "mc_event":
            return MemoryErrorText(event: text)?.facts(text: words, stamp: stamp, family: .memory) ?? []
        case "mce_record": return MachineCheck(event: text)?.facts(stamp: stamp) ?? []
        case "aer_event": return linkFact.map { [$0] } ?? []
        case "extlog_mem_event": return extendedLogFacts
        case "cxl_general_media", "cxl_dram": return expanderFacts
        default: return []
        }
    }

    /// `0000:03:00.0 PCIe Bus Error: severity=Corrected, Bad TLP, TLP Header=Not available` (include/ras/ras_event.h)
    private var linkFact: KernelFact? {
        let device = String(text.prefix { $0 != " " })
        guard PCIAddress(device) != nil, let start = text.firstRange(of: "severity=")?.upperBound,
            let severity = AERSeverity(words: text[start...].prefix(40))
        else { return nil }
        return KernelFact(
            recogniser: "aer-\(severity.rawValue)", subject: .pci(device),
            signal: Signal("hw.pcie.error", ["severity": severity.rawValue]), text: String(text),
            stamp: .uptime(stamp), family: .pcie)
    }

    /// `{1} corrected error: single-bit ECC physical addr: 000000003f7fc000 (mask lsb: c) node:0 card:1 … FRU: …`
    private var extendedLogFacts: [KernelFact] {
        guard let close = text.firstRange(of: "} ")?.upperBound, let mark = text.firstRange(of: " error: ") else {
            return []
        }
        var error = MemoryErrorText(type: "corrected")
        let severity = text[close...].prefix { $0 != " " }
        error.type = severity == "corrected" ? "corrected" : severity == "fatal" ? "fatal" : "uncorrected"
        guard severity != "info" else { return [] }
        let rest = text[mark.upperBound...]
        if let address = rest.firstRange(of: " physical addr: ") {
            error.message = String(rest[..<address.lowerBound])
            let digits = rest[address.upperBound...].prefix { $0.isHexDigit }
            error.page = UInt64(digits, radix: 16).flatMap { $0 == 0 ? nil : $0 >> 12 }
        }
        error.takeDetails(rest)
        // A UUID, then the text.
        if let unit = rest.firstRange(of: "FRU: ")?.upperBound {
            let words = rest[unit...].split(separator: " ", maxSplits: 1)
            if words.count == 2 { error.place.unit = String(words[1].prefix(40)) }
        }
        return error.facts(text: String(text), stamp: .uptime(stamp), family: .firmwareMemory)
    }

    /// `memdev=mem0 host=0000:34:00.0 serial=5 log=… descriptor='UNCORRECTABLE_EVENT' … bank_group=1 bank=2 row=3 column=4`
    /// (drivers/cxl/core/trace.h)
    private var expanderFacts: [KernelFact] {
        var values: [String: String] = [:]
        for word in text.split(separator: " ").prefix(64) {
            guard let equals = word.firstIndex(of: "=") else { continue }
            values[String(word[..<equals])] = word[word.index(after: equals)...].filter { $0 != "'" }
        }
        guard let serial = values["serial"], let host = values["host"] else { return [] }
        var error = MemoryErrorText(
            type: values["descriptor"]?.contains("UNCORRECTABLE") == true ? "uncorrected" : "corrected")
        error.takeDetails(
            ["rank", "bank_group", "bank", "row", "column"].compactMap { key in values[key].map { "\(key):\($0)" } }
                .joined(separator: " ")[...])
        error.page = values["dpa"].flatMap { MachineCheck.hexadecimalNumber($0) }.map { $0 >> 12 }
        return error.facts(text: String(text), stamp: .uptime(stamp), family: .log).map { fact in
            var fact = fact
            fact.subject = .memoryExpander(serial: serial, host: host)
            return fact
        }
    }
}

extension MachineCheck {
    /// `CPU: 3, MCGc/s: 1000c14/0, MC7: 8c00004000010090, IPID: 0, ADDR: …, vendor: 0, CPUID: 50654, time: …, socket: 0, …`, and
    /// of kernels before 6.10 `ADDR/MISC/SYND: …/…/…`, `PROCESSOR: 0:50654`, `SOCKET: 0` (include/trace/events/mce.h).
    init?(event text: Substring) {
        var values: [String: String] = [:]
        for part in text.split(separator: ",").prefix(32) {
            guard let colon = part.firstIndex(of: ":") else { continue }
            let value = part[part.index(after: colon)...].drop { $0 == " " }
            values[part[..<colon].drop { $0 == " " }.lowercased()] = String(value)
        }
        guard let bank = values.first(where: { $0.key.hasPrefix("mc") && Int($0.key.dropFirst(2)) != nil }),
            let number = Int(bank.key.dropFirst(2)), let status = MachineCheck.hexadecimalNumber(bank.value)
        else { return nil }
        self.init(processor: values["cpu"].flatMap { Int($0) }, bank: number, status: status)
        socket = values["socket"].flatMap { Int($0) }
        let address =
            values["addr"]
            ?? (values["addr/misc/synd"] ?? values["addr/misc"])?.split(separator: "/").first.map(String.init)
        self.address = address.flatMap { MachineCheck.hexadecimalNumber($0) }
        identity = values["ipid"].flatMap { MachineCheck.hexadecimalNumber($0) }
        capabilities = values["mcgc/s"]?.split(separator: "/").first.flatMap { MachineCheck.hexadecimalNumber($0) }
        let maker = values["vendor"] ?? values["processor"]?.split(separator: ":").first.map(String.init)
        vendor = maker.flatMap { Int($0) }.flatMap(Vendor.init) ?? .intel
    }
}
