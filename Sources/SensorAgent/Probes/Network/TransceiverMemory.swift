import Reports

/// The memory of a plugged-in module: lower page, upper page, further pages one after the other, as `ethtool -m DEV raw
/// on` writes it.
struct TransceiverMemory: Sendable {
    /// Bytes taken; CMIS pages up to 11h are 2,432.
    static let byteLimit = 4_096

    /// Why `bytes` are no module's memory, in a few words.
    struct Refusal: Error, Hashable { var problem: String }

    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = Array(bytes.prefix(TransceiverMemory.byteLimit)) }

    /// - Throws: `Refusal` for what is too short, of a kind that nobody knows, or fails its checksum.
    func transceiver() throws(Refusal) -> Transceiver {
        guard bytes.count >= 128 else { throw Refusal(problem: "\(bytes.count) bytes, of at least 128") }
        guard let form = TransceiverMemory.forms[bytes[0]] else {
            throw Refusal(problem: "a module of kind \(bytes[0]) (SFF-8024 table 4-1), which nothing here knows")
        }
        switch form.layout {
        case .sfp: return try sfp(form.name)
        case .qsfp, .cmis:
            guard bytes.count >= 256 else {
                throw Refusal(problem: "\(bytes.count) bytes: it ends before the page that tells what it is")
            }
            return try form.layout == .qsfp ? qsfp(form.name) : cmis(form.name)
        }
    }

    private enum Layout { case sfp, qsfp, cmis }

    /// Identifiers of SFF-8024 table 4-1.
    private static let forms: [UInt8: (name: String, layout: Layout)] = [
        0x02: ("soldered SFP", .sfp), 0x03: ("SFP", .sfp), 0x0B: ("DWDM-SFP", .sfp),
        0x0C: ("QSFP", .qsfp), 0x0D: ("QSFP+", .qsfp), 0x11: ("QSFP28", .qsfp),
        0x18: ("QSFP-DD", .cmis), 0x19: ("OSFP", .cmis), 0x1B: ("DSFP", .cmis), 0x1E: ("QSFP+ with CMIS", .cmis),
        0x1F: ("SFP-DD", .cmis),
    ]

    // MARK: Fields

    private func text(_ range: Range<Int>) -> String? {
        guard range.upperBound <= bytes.count else { return nil }
        return PlaceholderText.removed(String(decoding: bytes[range], as: UTF8.self))
    }

    private func word(_ offset: Int) -> UInt16? {
        guard offset + 1 < bytes.count else { return nil }
        return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    private func has(_ offset: Int) -> Bool { offset < bytes.count }

    private func checkSum(_ range: ClosedRange<Int>, at place: Int) throws(Refusal) {
        guard place < bytes.count else { throw Refusal(problem: "it ends at byte \(bytes.count), before its identity") }
        let sum = bytes[range].reduce(UInt8(0)) { $0 &+ $1 }
        guard sum == bytes[place] else {
            throw Refusal(problem: "the checksum at byte \(place) is \(bytes[place]) and should be \(sum)")
        }
    }

    private func degrees(_ offset: Int) -> Double? { word(offset).map { Double(Int16(bitPattern: $0)) / 256 } }
    private func volts(_ offset: Int) -> Double? { word(offset).map { Double($0) / 10_000 } }
    private func milliwatts(_ offset: Int) -> Double? { word(offset).map { Double($0) / 10_000 } }
    private func amperes(_ offset: Int) -> Double? { word(offset).map { Double($0) / 500_000 } }

    /// Four words for high alarm, low alarm, high warning, low warning: the order of all three standards.
    private func limits(_ quantity: String, at offset: Int, _ value: (Int) -> Double?) -> [String: Double] {
        var limits: [String: Double] = [:]
        for (index, level) in Transceiver.levels.enumerated() {
            limits["\(quantity).\(level)"] = value(offset + 2 * index)
        }
        return limits
    }

    /// Limits of zero throughout were written by nobody.
    private func merge(_ more: [String: Double], into transceiver: inout Transceiver) {
        guard more.values.contains(where: { $0 != 0 }) else { return }
        transceiver.limits.merge(more) { $1 }
    }

    // MARK: SFF-8472

    private func sfp(_ form: String) throws(Refusal) -> Transceiver {
        try checkSum(0...62, at: 63)
        var module = Transceiver(form: form)
        module.part = Part(
            manufacturer: text(20..<36), model: text(40..<56), partNumber: text(40..<56), serial: text(68..<84))
        module.attributes["revision"] = text(56..<60)
        module.attributes["date"] = text(84..<92)
        let kinds = bytes.count > 92 ? bytes[92] : 0
        let diagnostics = 256
        // Bit 6: it measures; bit 2: behind a change of address that drivers do not make.
        guard kinds & 0x40 != 0, kinds & 0x04 == 0, bytes.count >= diagnostics + 128 else { return module }
        let place = { (offset: Int) in diagnostics + offset }
        // Status bit 0: the values are not ready yet.
        guard bytes[place(110)] & 0x01 == 0 else { return module }
        let calibration = kinds & 0x10 != 0 ? Calibration(bytes: Array(bytes[place(56)..<place(92)])) : nil
        let temperature = { (offset: Int) in calibration?.temperature(word(offset)) ?? degrees(offset) }
        let voltage = { (offset: Int) in calibration?.voltage(word(offset)) ?? volts(offset) }
        let bias = { (offset: Int) in calibration?.bias(word(offset)) ?? amperes(offset) }
        let sent = { (offset: Int) in calibration?.sent(word(offset)) ?? milliwatts(offset) }
        let received = { (offset: Int) in calibration?.received(word(offset)) ?? milliwatts(offset) }
        module.temperature = temperature(place(96))
        module.voltage = voltage(place(98))
        module.lanes = [
            Transceiver.Lane(received: received(place(104)), sent: sent(place(102)), bias: bias(place(100)))
        ]
        merge(limits("temperature", at: place(0), temperature), into: &module)
        merge(limits("voltage", at: place(8), voltage), into: &module)
        merge(limits("bias", at: place(16), bias), into: &module)
        merge(limits("tx_power", at: place(24), sent), into: &module)
        merge(limits("rx_power", at: place(32), received), into: &module)
        // Enhanced options, bit 7: the flags are implemented.
        guard bytes[93] & 0x80 != 0 else { return module }
        for (level, start) in [("alarm", 112), ("warning", 116)] {
            let flags = UInt16(bytes[place(start)]) << 8 | UInt16(bytes[place(start + 1)])
            for (index, quantity) in Transceiver.quantities.enumerated() {
                module.alarms["\(quantity).high.\(level)"] = flags & 0x8000 >> (2 * index) != 0
                module.alarms["\(quantity).low.\(level)"] = flags & 0x4000 >> (2 * index) != 0
            }
        }
        return module
    }

    /// Factors of a module that leaves its calibration to the reader (SFF-8472 section 9.3).
    private struct Calibration {
        private let received: [Double]
        private let slopes: [Double]
        private let offsets: [Double]

        /// - Parameter bytes: 56 to 91 of A2h.
        init(bytes: [UInt8]) {
            let word = { (offset: Int) in UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) }
            received = (0..<5).map { index in
                let bits = UInt32(word(4 * index)) << 16 | UInt32(word(4 * index + 2))
                return Double(Float(bitPattern: bits))
            }
            slopes = (0..<4).map { Double(word(20 + 4 * $0)) / 256 }
            offsets = (0..<4).map { Double(Int16(bitPattern: word(22 + 4 * $0))) }
        }

        private func line(_ index: Int, _ value: Double) -> Double { slopes[index] * value + offsets[index] }

        func bias(_ raw: UInt16?) -> Double? { raw.map { line(0, Double($0)) / 500_000 } }
        func sent(_ raw: UInt16?) -> Double? { raw.map { line(1, Double($0)) / 10_000 } }
        func temperature(_ raw: UInt16?) -> Double? { raw.map { line(2, Double(Int16(bitPattern: $0))) / 256 } }
        func voltage(_ raw: UInt16?) -> Double? { raw.map { line(3, Double($0)) / 10_000 } }

        /// A polynomial of the fourth degree, the highest power first.
        func received(_ raw: UInt16?) -> Double? {
            raw.map { raw in received.reduce(0) { $0 * Double(raw) + $1 } / 10_000 }
        }
    }

    // MARK: SFF-8636

    private func qsfp(_ form: String) throws(Refusal) -> Transceiver {
        try checkSum(128...190, at: 191)
        var module = Transceiver(form: form)
        module.part = Part(
            manufacturer: text(148..<164), model: text(168..<184), partNumber: text(168..<184), serial: text(196..<212))
        module.attributes["revision"] = text(184..<186)
        module.attributes["date"] = text(212..<220)
        // Status bit 0: the values are not ready yet. Copper measures nothing: all is zero.
        guard bytes[2] & 0x01 == 0 else { return module }
        if word(22) != 0 { module.temperature = degrees(22) }
        if word(26) != 0 { module.voltage = volts(26) }
        let measures = bytes[34..<58].contains { $0 != 0 }
        if measures {
            // Diagnostic Monitoring Type (byte 220) bit 2: it measures what it sends.
            let sends = bytes[220] & 0x04 != 0
            module.lanes = (0..<4).map { lane in
                Transceiver.Lane(
                    received: milliwatts(34 + 2 * lane), sent: sends ? milliwatts(50 + 2 * lane) : nil,
                    bias: amperes(42 + 2 * lane))
            }
        }
        guard module.temperature != nil || measures else { return module }
        let flags = { (quantity: String, places: [(byte: Int, shift: UInt8)]) in
            for (index, level) in Transceiver.levels.enumerated() {
                module.alarms["\(quantity).\(level)"] = places.contains { place in
                    bytes[place.byte] >> place.shift & (0x8 >> UInt8(index)) != 0
                }
            }
        }
        flags("temperature", [(6, 4)])
        flags("voltage", [(7, 4)])
        flags("rx_power", [(9, 4), (9, 0), (10, 4), (10, 0)])
        // Of some lanes the lasers may be off.
        let lit = { (places: [(byte: Int, shift: UInt8)]) in
            let isDark = module.lanes.allSatisfy(\.isOff)
            return places.enumerated().filter { lane, _ in
                isDark || !module.lanes.indices.contains(lane) || !module.lanes[lane].isOff
            }.map(\.element)
        }
        flags("bias", lit([(11, 4), (11, 0), (12, 4), (12, 0)]))
        flags("tx_power", lit([(13, 4), (13, 0), (14, 4), (14, 0)]))
        let third = 512
        if bytes.count >= third + 64 {
            merge(limits("temperature", at: third, degrees), into: &module)
            merge(limits("voltage", at: third + 16, volts), into: &module)
            merge(limits("rx_power", at: third + 48, milliwatts), into: &module)
            if bytes.count >= third + 80 {
                merge(limits("bias", at: third + 56, amperes), into: &module)
                merge(limits("tx_power", at: third + 64, milliwatts), into: &module)
            }
        }
        return module
    }

    // MARK: CMIS

    /// Where a page of the upper half begins.
    static func page(_ number: Int) -> Int { 128 + 128 * number }

    private func cmis(_ form: String) throws(Refusal) -> Transceiver {
        try checkSum(128...221, at: 222)
        var module = Transceiver(form: form)
        module.part = Part(
            manufacturer: text(129..<145), model: text(148..<164), partNumber: text(148..<164), serial: text(166..<182))
        module.attributes["revision"] = text(164..<166)
        module.attributes["date"] = text(182..<190)
        if word(14) != 0 { module.temperature = degrees(14) }
        if word(16) != 0 { module.voltage = volts(16) }
        for (index, level) in Transceiver.levels.enumerated() where module.temperature != nil {
            module.alarms["temperature.\(level)"] = bytes[9] >> UInt8(index) & 1 != 0
            module.alarms["voltage.\(level)"] = bytes[9] >> UInt8(index + 4) & 1 != 0
        }
        // Bit 7: there are no further pages, as on copper.
        guard bytes[2] & 0x80 == 0 else { return module }
        let second = TransceiverMemory.page(2)
        if bytes.count >= second + 128, bytes[second..<(second + 72)].contains(where: { $0 != 0 }) {
            merge(limits("temperature", at: second, degrees), into: &module)
            merge(limits("voltage", at: second + 8, volts), into: &module)
            merge(limits("tx_power", at: second + 48, milliwatts), into: &module)
            merge(limits("bias", at: second + 56, { amperes($0).map { $0 * biasScale } }), into: &module)
            merge(limits("rx_power", at: second + 64, milliwatts), into: &module)
        }
        // Lanes stand on page 11h; the fields are numbered from 128 on.
        let lanePage = TransceiverMemory.page(0x11) - 128
        guard bytes.count >= lanePage + 256 else { return module }
        // The first application's lanes; where the module is parted into several ports, others work as well.
        let working = (0..<8).last { lane in
            [154, 170, 186].contains { word(lanePage + $0 + 2 * lane) ?? 0 != 0 }
        }
        let count = max(1, min(8, Int(bytes[88] & 0x0F)), (working ?? 0) + 1)
        module.lanes = (0..<count).map { lane in
            Transceiver.Lane(
                received: milliwatts(lanePage + 186 + 2 * lane), sent: milliwatts(lanePage + 154 + 2 * lane),
                bias: amperes(lanePage + 170 + 2 * lane).map { $0 * biasScale })
        }
        let all = UInt8(truncatingIfNeeded: (1 << count) - 1)
        let isDark = module.lanes.allSatisfy(\.isOff)
        let lit = module.lanes.indices.reduce(UInt8(0)) { mask, lane in
            module.lanes[lane].isOff ? mask : mask | 1 << UInt8(lane)
        }
        for (quantity, start) in [("tx_power", 139), ("bias", 143), ("rx_power", 149)] {
            let mask = quantity == "rx_power" || isDark ? all : lit
            for (index, level) in Transceiver.levels.enumerated() {
                module.alarms["\(quantity).\(level)"] = bytes[lanePage + start + index] & mask != 0
            }
        }
        return module
    }

    /// Bias currents count in steps of 2 µA times 1, 2 or 4 (page 01h byte 160, bits 4 to 3).
    private var biasScale: Double {
        let place = TransceiverMemory.page(1) - 128 + 160
        guard has(place) else { return 1 }
        return [1, 2, 4, 1][Int(bytes[place] >> 3 & 3)]
    }
}
