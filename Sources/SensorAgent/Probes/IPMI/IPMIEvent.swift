import Reports

/// One entry of a BMC's system event log (Intelligent Platform Management Interface specification 2.0, chapter 32).
struct IPMIEvent: Hashable, Sendable {
    /// What `raw` of ipmitool gives for one record: 16 bytes in hexadecimal, so that two entries of one number are told
    /// apart after the log was cleared.
    static let bytes = 16
    /// Times below this are seconds since the BMC started: its clock was not set yet (section 37.1).
    static let preInitialisation: UInt32 = 0x2000_0000

    var record: UInt16
    /// Seconds since 1970 as the BMC, or the program that printed it, believed; nil where the clock was not set, or the
    /// output does not contain it.
    var seconds: UInt32?
    /// Sensor type code; nil for a maker's own record.
    var type: UInt8?
    var number: UInt8?
    /// Name of the sensor where the output contains it.
    var name: String?
    /// Offset of the state in a sensor-specific event (event type 6Fh); nil for any other.
    var offset: Int?
    /// What happened, for people.
    var words: String
    /// The state alone, in ipmitool's words: `Uncorrectable ECC`, `Lower Critical going low`, `Transition to OK`; empty
    /// for a maker's own.
    var state: String
    var isAssertion: Bool
    /// What the log itself says of how grave it is; nil where its state says so, or nothing.
    var severity: IPMIEventSeverity?

    /// An entry of another log than IPMI's own: what happened is told apart by its wording.
    init(
        record: UInt16, seconds: UInt32?, type: UInt8?, name: String?, words: String, isAssertion: Bool, stated: String
    ) {
        self.record = record
        self.seconds = seconds
        self.type = type
        self.name = name
        self.words = words
        self.isAssertion = isAssertion
        state = String(stated.prefix(300))
        offset = type.flatMap { IPMIStates.offset(of: stated, type: $0) }
    }

    /// Reads the 16 bytes of a record, least significant byte first.
    init?(parsing bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == IPMIEvent.bytes else { return nil }
        record = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        let stamp = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[3 + $1]) << UInt32(8 * $1) }
        seconds = stamp < IPMIEvent.preInitialisation || stamp == .max ? nil : stamp
        guard bytes[2] == 0x02 else {
            // C0h to DFh have a time, E0h to FFh none; the rest is the maker's.
            if bytes[2] >= 0xE0 { seconds = nil }
            let text = bytes[3...].map { hexadecimal(UInt64($0), digits: 2) }.joined(separator: " ")
            words = "record of the maker, type \(hexadecimal(UInt64(bytes[2]), digits: 2))h: \(text)"
            state = ""
            isAssertion = true
            return
        }
        type = bytes[10]
        number = bytes[11]
        isAssertion = bytes[12] & 0x80 == 0
        let eventType = bytes[12] & 0x7F
        let low = Int(bytes[13] & 0x0F)
        if eventType == 0x6F { offset = low }
        let names = IPMIStateNames.words(type: bytes[10], eventType: eventType)
        state = low < names.count ? names[low] ?? "" : ""
        let data = bytes[13...15].map { hexadecimal(UInt64($0), digits: 2) }.joined()
        words =
            eventType == 0x6F ? IPMIEvent.words(type: bytes[10], offset: low) : IPMIEvent.words(event: eventType, low)
        words += ", data \(data)"
    }

    private static let specific: [UInt8: [String]] = [
        0x05: [
            "general chassis intrusion", "drive bay intrusion", "card area intrusion", "processor area intrusion",
            "LAN cable unplugged", "unauthorized dock", "fan area intrusion",
        ],
        0x07: [
            "internal error", "thermal trip", "self-test failed (FRB1)", "hang at start (FRB2)",
            "did not start (FRB3)", "configuration error", "uncorrectable CPU-complex error", "present", "disabled",
            "terminator present", "throttled", "machine check", "correctable machine check",
        ],
        0x08: [
            "present", "failure", "predictive failure", "input lost", "input lost or out of range",
            "input out of range", "configuration error", "standby",
        ],
        0x09: [
            "power off", "power cycle", "240 VA power down", "interlock power down", "AC lost", "soft power failure",
            "power unit failure", "predictive failure",
        ],
        0x0C: [
            "correctable ECC", "uncorrectable ECC", "parity", "scrub failed", "device disabled",
            "limit of logged correctable errors reached", "present", "configuration error", "spare", "throttled",
            "critical over-temperature",
        ],
        0x0D: [
            "drive present", "drive fault", "predictive failure", "hot spare", "consistency check",
            "in critical array", "in failed array", "rebuild", "rebuild aborted",
        ],
        0x10: [
            "logging of correctable memory errors disabled", "logging of an event type disabled", "log cleared",
            "all logging disabled", "log full", "log almost full",
        ],
        0x13: [
            "front panel NMI", "bus timeout", "I/O channel check", "software NMI", "PCI PERR", "PCI SERR", "EISA",
            "bus correctable error", "bus uncorrectable error", "fatal NMI", "bus fatal error", "bus degraded",
        ],
        0x23: ["timer expired", "hard reset", "power down", "power cycle"],
        0x29: ["battery low", "battery failed", "battery present"],
    ]

    private static func words(type: UInt8, offset: Int) -> String {
        guard let list = specific[type], offset < list.count else {
            return "sensor type \(hexadecimal(UInt64(type), digits: 2))h, state \(offset)"
        }
        return list[offset]
    }

    private static func words(event: UInt8, _ offset: Int) -> String {
        let names = IPMIStateNames.words(type: 0, eventType: event)
        guard offset < names.count, let name = names[offset] else {
            return "event type \(hexadecimal(UInt64(event), digits: 2))h, state \(offset)"
        }
        return name.prefix(1).lowercased() + name.dropFirst()
    }

    // MARK: Text

    /// Reads a line of `ipmitool sel list`, `sel elist` (with `-c` between commas):
    /// `9 | 08/17/2019 | 02:31:44 | Power Supply PS1 Status | Failure detected () | Asserted`, or of FreeIPMI's ipmi-sel:
    /// `494 | Jul-09-2023 | 13:56:23 | System Chassis SysHealth_Stat | Chassis | Critical | transition to …`.
    init?(line: Substring) {
        let separator: Character = line.contains("|") ? "|" : ","
        let fields = line.split(separator: separator, omittingEmptySubsequences: false).map(\.trimmed)
        guard fields.count >= 5, !fields[3].isEmpty else { return nil }
        let isFreeIPMI = fields.count >= 6 && IPMIEvent.isFreeIPMIDate(fields[1])
        guard let record = UInt16(fields[0], radix: isFreeIPMI ? 10 : 16),
            isFreeIPMI || IPMIEvent.isDate(fields[1]) || fields[1].hasPrefix("Pre-Init")
        else { return nil }
        self.record = record
        seconds = LoggedTime.seconds(date: fields[1], time: fields[2])
        if isFreeIPMI {
            name = String(fields[3])
            type = IPMIStates.type(named: fields[4])
            let event = fields.count > 6 ? fields[6...].joined(separator: "\(separator)") : String(fields[5])
            words = String(event.trimmed.prefix(300))
            state = words
            isAssertion = !words.lowercased().contains("deassert")
        } else {
            (type, name, number) = IPMIEvent.sensor(fields[3])
            // Some BMCs put the separator into their words.
            let end = fields[5...].firstIndex { $0 == "Asserted" || $0 == "Deasserted" } ?? 5
            var text = fields[4..<max(5, end)].joined(separator: " \(separator) ")[...]
            if text.hasSuffix("()") { text = text.dropLast(2).trimmed }
            words = String(text.prefix(300))
            state = words
            isAssertion = !(fields.count > end && fields[end] == "Deasserted")
        }
        offset = type.flatMap { IPMIStates.offset(of: words, type: $0) }
    }

    private static func isDate(_ text: Substring) -> Bool {
        let parts = text.split(separator: "/")
        return parts.count == 3 && parts.allSatisfy { UInt16($0) != nil }
    }

    private static func isFreeIPMIDate(_ text: Substring) -> Bool {
        let parts = text.split(separator: "-")
        return text == "PostInit" || text == "PreInit"
            || parts.count == 3 && UInt16(parts[2]) != nil && parts[0].count == 3
    }

    /// `Power Supply PS1 Status`, `Memory #0x12`: the words of the type, then the name or the number.
    private static func sensor(_ text: Substring) -> (UInt8?, String?, UInt8?) {
        var number: UInt8?
        if let hash = text.range(of: "#0x") { number = UInt8(text[hash.upperBound...], radix: 16) }
        if let (type, rest) = IPMIStates.type(before: text) {
            return (type, rest.isEmpty || rest.hasPrefix("#") ? nil : rest, number)
        }
        let words = text.split(separator: " ")
        for length in (1...4).reversed() where words.count >= length {
            let beginning = words[..<length].joined(separator: " ")
            guard let type = IPMIStates.type(named: beginning),
                // The whole of the words must belong to the type: `Fan Fan 1` is the fan `Fan 1`.
                length == 1 || IPMIStates.type(named: words[..<(length - 1)].joined(separator: " ")) == nil
            else { continue }
            let rest = words[length...].joined(separator: " ")
            return (type, rest.isEmpty || rest.hasPrefix("#") ? nil : rest, number)
        }
        return (nil, String(text), number)
    }
}

extension Substring {
    fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}
