import Reports

/// One memory error with all that the kernel or the firmware states of its place: an `EDAC MC0: 1 CE …` line
/// (drivers/edac/edac_mc.c), a `ras:mc_event` (include/ras/ras_event.h), or a memory section of a firmware's error record
/// (drivers/firmware/efi/cper.c).
struct MemoryErrorText: Hashable, Sendable {
    /// `corrected`, `uncorrected`, `deferred`, `fatal`.
    var type: String
    var count: UInt64 = 1
    /// Whether there were more than the processor can count.
    private var countOverflowed = false
    /// `memory read error`, `single-symbol chipkill ECC`.
    var message = ""
    var place = MemoryErrorLocation()
    /// The page (4 KiB) of the physical address.
    var page: UInt64?
    /// Bank, row, column, device, rank and the like, as they were written, by lower-case name.
    private(set) var details: [String: String] = [:]
    /// What the memory controller kept of an error, this one or another.
    private var readLog: RetryReadLog?

    init(type: String) { self.type = type }

    /// Values taken from one text.
    private static let detailLimit = 64
    /// Errors that one text may count: drivers count in registers of 16 bits.
    static let most: UInt64 = 1 << 20

    /// Errors that a driver for Intel's processors counts: it writes bits 52:38 of MCi_STATUS, of which 51:38 are the count
    /// and 52 says that there were more (SDM volume 3B, IA32_MCi_STATUS). `16384 CE … OVERFLOW` is at least one error.
    private static func count(_ told: UInt64, in text: some StringProtocol) -> (count: UInt64, overflowed: Bool) {
        guard told >= 0x4000, text.contains("err_code:") else { return (min(told, most), false) }
        return (max(1, told & 0x3FFF), true)
    }

    // MARK: Forms

    /// `EDAC MC0: 1 CE memory read error on DIMM_A1 (channel:1 slot:0 page:0x12 offset:0x0 grain:32 syndrome:0x0 - …)`,
    /// and `EDAC MC0: CE page 0x12, offset 0x0, grain 4096, syndrome 0x0, row 0, channel 0, label "": ` of kernels before
    /// 3.6. nil where it is no error.
    init?(edacLine line: String) {
        guard line.hasPrefix("EDAC MC"), let colon = line.firstIndex(of: ":"),
            let number = Int(line[line.index(line.startIndex, offsetBy: 7)..<colon])
        else { return nil }
        var words = line[line.index(after: colon)...].drop { $0 == " " }
        var count: UInt64 = 1
        let first = words.prefix { $0 != " " }
        if let told = UInt64(first) {
            count = told
            words = words[first.endIndex...].drop { $0 == " " }
        }
        let types = ["CE": "corrected", "UE": "uncorrected", "DE": "deferred", "FE": "fatal"]
        let kind = words.prefix { $0 != " " }
        guard let type = types[String(kind)], count > 0 else { return nil }
        self.type = type
        (self.count, countOverflowed) = MemoryErrorText.count(count, in: line)
        takePlace(words[kind.endIndex...].drop { $0 == " " })
        place.controller = "mc\(number)"
    }

    /// `1 Corrected error: memory read error on DIMM_A1 (mc:0 location:1:0:-1 address:0x12000 grain:8 syndrome:0x0 …)`.
    init?(event text: Substring) {
        let words = text.split(separator: " ", maxSplits: 2)
        guard words.count == 3, let count = UInt64(words[0]), count > 0 else { return nil }
        let types = ["Corrected": "corrected", "Uncorrected": "uncorrected", "Deferred": "deferred", "Fatal": "fatal"]
        guard let type = types[String(words[1])] else { return nil }
        self.type = type
        (self.count, countOverflowed) = MemoryErrorText.count(count, in: text)
        let message = words[2].drop { $0 != ":" }.dropFirst().drop { $0 == " " }
        takePlace(message)
        place.controller = details["mc"].map { "mc\($0)" }
        place.position = (details["location"] ?? "").split(separator: ":").compactMap { Int($0) }
        if let address = details["address"].flatMap(MemoryErrorText.number), address != 0 { page = address >> 12 }
    }

    /// `MESSAGE on LABEL (KEY:VALUE …)`; `on LABEL (…)` of drivers that have no message (amd64_edac).
    private mutating func takePlace(_ text: Substring) {
        let open = text.range(of: " (")
        let head = " " + (open.map { text[..<$0.lowerBound] } ?? text[...])
        var last: Range<Substring.Index>?
        var from = head.startIndex
        while let next = head[from...].range(of: " on ") {
            last = next
            from = next.upperBound
        }
        message = String((last.map { head[..<$0.lowerBound] } ?? head[...]).dropFirst())
        place.label = last.map { String(head[$0.upperBound...]) }
        takeDetails(open.map { text[$0.upperBound...] } ?? text)
        readLog = RetryReadLog(in: open.map { text[$0.upperBound...] } ?? text)
        for layer in ["branch", "channel", "slot", "csrow", "memory"] {
            place.layers[layer] = details[layer].flatMap(MemoryErrorText.number).map { Int(truncatingIfNeeded: $0) }
        }
        if let told = details["page"].flatMap(MemoryErrorText.number), told != 0 { page = told }
    }

    /// `KEY:VALUE`, `KEY: VALUE` and `KEY VALUE,`, in any order.
    mutating func takeDetails(_ text: Substring) {
        var words = text.split(whereSeparator: { " ,()".contains($0) })[...]
        while let word = words.popFirst(), details.count < MemoryErrorText.detailLimit {
            if let colon = word.firstIndex(of: ":") {
                let key = word[..<colon].lowercased()
                var value = word[word.index(after: colon)...]
                if value.isEmpty {
                    guard let next = words.first, MemoryErrorText.number(String(next)) != nil else { continue }
                    value = next
                    words = words.dropFirst()
                }
                if details[key] == nil { details[key] = String(value) }
            } else if let next = words.first, MemoryErrorText.bareKeys.contains(word.lowercased()),
                MemoryErrorText.number(String(next)) != nil
            {
                details[word.lowercased()] = String(next)
                words = words.dropFirst()
            }
        }
    }

    private static let bareKeys: Set<String> = ["page", "row", "channel", "syndrome", "offset", "grain"]

    /// Decimal, or hexadecimal with `0x`.
    static func number(_ text: String) -> UInt64? {
        text.hasPrefix("0x") || text.hasPrefix("0X") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
    }

    // MARK: Facts

    private func detail(_ names: [String]) -> String? { names.lazy.compactMap { details[$0] }.first }

    /// The first of these details that is told, as a number.
    func value(of names: String...) -> UInt64? { detail(names).flatMap(MemoryErrorText.number) }

    /// The module's place in its channel, where the layers name one.
    var slot: Int? {
        // Drivers for Intel's servers have the layers channel and slot, which a trace event does not name.
        let told = place.layers["slot"] ?? place.position.dropFirst().first
        return told.flatMap { $0 < 0 ? nil : $0 }
    }

    private static let bankNames = ["bank", "bank_address", "bank_addr", "ba"]

    /// Bank, row and column of the error; nil unless all are given.
    private var cell: [String: String]? {
        guard let row = detail(["row"]), let column = detail(["column", "col"]),
            let bank = detail(MemoryErrorText.bankNames)
        else { return nil }
        // A bank is one of its rank, of its die in a stack, and of its group: the same number in another is another bank.
        // What a source does not tell is the same for all of its errors.
        let die = detail(["chipid", "chip_id"]).flatMap { MemoryErrorText.number($0) == 0 ? nil : "die \($0)" }
        let rank = [detail(["rank", "physicalrankid"]), die].compactMap(\.self)
        return [
            "rank": rank.isEmpty ? "none" : rank.joined(separator: " "),
            "group": detail(["bank_group", "bankgroup", "bg"]) ?? "none", "bank": bank, "row": row, "column": column,
            "device": detail(["device"]) ?? ownReadLog.flatMap(\.knownDevice).map { "\($0)" } ?? "unknown",
        ]
    }

    /// The log of this error; nil where there is none, or it is of another one.
    private var ownReadLog: RetryReadLog? {
        // Memory in the processor's package (HBM) has other devices and lines.
        readLog.flatMap { $0.tellsBits && $0.belongs(to: self) && place.label?.contains("HBMC#") != true ? $0 : nil }
    }

    /// Which bits of the memory were wrong.
    private var errorBits: [String: String]? {
        guard let log = ownReadLog else { return nil }
        let (lines, beats) = (log.lines, log.beats)
        let place = [
            "\(log.device)", value(of: "bank", "bank_address", "bank_addr", "ba").map { "\($0)" } ?? "unknown",
            "0x" + hexadecimal(log.row, digits: 1),
            value(of: "column", "col").map { "0x" + hexadecimal($0, digits: 1) } ?? "unknown",
            "0x" + hexadecimal(log.parity, digits: 1),
        ]
        return [
            "lines": "\(lines.count)", "beats": "\(beats.count)", "line_span": "\(lines.span)",
            "beat_span": "\(beats.span)", "bits": "\(log.bits)", "burst": "\(log.burst)",
            "layout": log.layout.rawValue,
            "source": log.isOfScrub(self) ? "scrub" : "demand", "log": log.isLocked ? "locked" : "fresh",
            "error": place.joined(separator: "."),
        ]
    }

    /// - Parameter family: who reports the error, so that it is reported once.
    func facts(text: String, stamp: KernelMessage.Stamp?, family: KernelFact.Family) -> [KernelFact] {
        let text = countOverflowed ? "\(count) or more, as the processor's counter overflowed: \(text)" : text
        let told: (Signal) -> KernelFact = { signal in
            KernelFact(
                recogniser: "memory-\(type)", subject: .memory(place), signal: signal, text: text, stamp: stamp,
                count: count, family: family, page: page)
        }
        var facts = [told(Signal("hw.memory.error", ["error.type": type]))]
        let words = message.lowercased()
        if words.contains("parity"), words.contains("addr") || words.contains("command") || words.contains("ca parity")
        {
            facts.append(told(Signal("hw.memory.address_parity")))
        }
        if words.contains("spare copy") || words.contains("sparing") || words.contains("mirror") {
            facts.append(told(Signal("hw.memory.spared")))
        }
        guard type == "corrected" else { return facts }
        if let page {
            facts.append(told(Signal("hw.memory.page_error", ["page": "0x" + hexadecimal(page, digits: 1)])))
        }
        if let cell { facts.append(told(Signal("hw.memory.cell_error", cell))) }
        if let errorBits {
            var bits = told(Signal("hw.memory.error_bits", errorBits))
            // Of several errors that one text counts, the registers hold one.
            bits.count = 1
            facts.append(bits)
        }
        return facts
    }
}

extension StringProtocol {
    /// The first place of `text`.
    fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}
