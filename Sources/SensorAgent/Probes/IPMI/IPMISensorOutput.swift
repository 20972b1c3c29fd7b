/// Reads what programs print about the sensors of a BMC:
/// - ipmitool(1) `-v sdr list`, blocks of `Sensor ID : …`;
/// - ipmitool `sensor` (ten columns), `sdr elist` (five) and `sdr list` (three), between `|` or, with `-c`, commas;
/// - FreeIPMI's ipmi-sensors(8) with or without `--comma-separated-output`.
///
/// Lines of another form (`Unable to send command`, session noise) are passed over and counted. None of the programs
/// translates its words; numbers have a point under `LC_ALL=C`, which `Tool` sets.
struct IPMISensorOutput: Sendable {
    /// Sensors taken of one output; large servers have 400.
    static let sensorLimit = 4_096

    private(set) var sensors: [IPMISensor] = []
    /// Lines that were no part of a sensor.
    private(set) var noise = 0

    /// - Throws: when there is not one sensor in it.
    init(parsing bytes: [UInt8]) throws(IPMIRefusal) {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        var block: IPMISensor?
        var list: WritableKeyPath<IPMISensor, [String]>?
        for line in lines {
            if sensors.count >= IPMISensorOutput.sensorLimit { break }
            let bare = line.trimmed
            if bare.isEmpty { continue }
            if let (key, value) = IPMISensorOutput.pair(bare), !bare.contains("|") {
                if key == "Sensor ID" {
                    if let block { sensors.append(block) }
                    block = IPMISensorOutput.named(value)
                    list = nil
                    continue
                }
                if block != nil {
                    list = IPMISensorOutput.take(key, value, into: &block)
                    continue
                }
            }
            if block != nil, bare.hasPrefix("["), bare.hasSuffix("]") {
                if let list { block?[keyPath: list].append(String(bare.dropFirst().dropLast())) }
                continue
            }
            if let sensor = IPMISensorOutput.row(bare) {
                sensors.append(sensor)
            } else {
                noise += 1
            }
        }
        if let block { sensors.append(block) }
        guard !sensors.isEmpty else {
            throw IPMIRefusal(
                description: "no sensor in it: not what ipmitool sensor, ipmitool sdr or ipmi-sensors print")
        }
    }

    // MARK: Blocks of `-v sdr list`

    /// `Sensor Reading        : 24.500 (+/- 0) degrees C`
    private static func pair(_ line: Substring) -> (String, Substring)? {
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let key = line[..<colon].trimmed
        guard !key.isEmpty, key.utf8.count <= 40 else { return nil }
        return (String(key), line[line.index(after: colon)...].trimmed)
    }

    /// `FAN1 (0x4)`
    private static func named(_ text: Substring) -> IPMISensor {
        guard let open = text.lastIndex(of: "("), text.hasSuffix(")"),
            let number = UInt8(hexadecimal: text[text.index(after: open)...].dropLast())
        else { return IPMISensor(name: String(text)) }
        var sensor = IPMISensor(name: String(text[..<open].trimmed))
        sensor.number = number
        return sensor
    }

    private static let limitNames = [
        "Lower non-recoverable": "lnr", "Lower critical": "lcr", "Lower non-critical": "lnc",
        "Upper non-critical": "unc", "Upper critical": "ucr", "Upper non-recoverable": "unr",
    ]

    private static let statusWords = [
        "lower non-recoverable": "lnr", "lower critical": "lcr", "lower non-critical": "lnc",
        "upper non-critical": "unc", "upper critical": "ucr", "upper non-recoverable": "unr", "ok": "ok", "lnr": "lnr",
        "lcr": "lcr", "lnc": "lnc", "unc": "unc", "ucr": "ucr", "unr": "unr", "nc": "nc", "cr": "cr", "nr": "nr",
    ]

    /// Takes one line of a block. Returns which list the bracketed lines below belong to.
    private static func take(
        _ key: String, _ value: Substring, into block: inout IPMISensor?
    ) -> WritableKeyPath<IPMISensor, [String]>? {
        guard var sensor = block else { return nil }
        defer { block = sensor }
        if let limit = limitNames[key] {
            sensor.limits[limit] = Double(value)
        } else if key == "Entity ID" {
            sensor.entity = IPMISensor.Entity(parsing: value.prefix { $0 != " " })
        } else if key.hasPrefix("Sensor Type") {
            sensor.typeName = String(value.prefix { $0 != "(" }.trimmed)
            if let open = value.lastIndex(of: "("), value.hasSuffix(")") {
                sensor.type = UInt8(hexadecimal: value[value.index(after: open)...].dropLast())
            }
            if key.contains("Discrete") { sensor.reading = .discrete }
        } else if key == "Sensor Reading" {
            take(reading: value, into: &sensor)
        } else if key == "Status" {
            sensor.status = statusWords[value.lowercased()]
        } else if key == "States Asserted" {
            sensor.states = sensor.states ?? []
            return \.assertedStates
        } else if key == "Assertions Enabled", sensor.reading == .discrete || sensor.states != nil {
            return \.possibleStates
        }
        return nil
    }

    /// `24.500 (+/- 0) degrees C`, `0h`, `No Reading`, `Disabled`.
    private static func take(reading text: Substring, into sensor: inout IPMISensor) {
        if sensor.reading == .discrete {
            if text.lowercased().hasPrefix("no reading") || text.lowercased().hasPrefix("disabled") {
                sensor.reading = .none
            } else {
                sensor.states = sensor.states ?? []
            }
            return
        }
        let number = text.prefix { $0 != " " }
        guard let value = Double(number) else { return }
        var unit = text.dropFirst(number.count).trimmed
        if unit.hasPrefix("("), let close = unit.firstIndex(of: ")") {
            unit = unit[unit.index(after: close)...].trimmed
        }
        sensor.reading = .value(value, unit: String(unit))
    }

    // MARK: Rows

    private static func row(_ line: Substring) -> IPMISensor? {
        let fields =
            line.contains("|")
            ? line.split(separator: "|", omittingEmptySubsequences: false).map(\.trimmed)
            : line.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed)
        guard fields.count >= 3, let first = fields.first, !first.isEmpty else { return nil }
        if fields.count >= 10, let sensor = limitsRow(fields) { return sensor }
        if let sensor = freeIPMIRow(fields) { return sensor }
        if fields.count >= 4, let sensor = extendedRow(fields) { return sensor }
        return shortRow(fields)
    }

    /// `FAN1 | 5600.000 | RPM | ok | lnr | lcr | lnc | unc | ucr | unr` of `ipmitool sensor`. Its bits of a discrete
    /// sensor, `0x0180`, are the two bytes of Get Sensor Reading in their order: offsets 0 to 7, then 8 to 14.
    private static func limitsRow(_ fields: [Substring]) -> IPMISensor? {
        guard Double(fields[1]) != nil || fields[1] == "na" || fields[1].hasPrefix("0x") else { return nil }
        var sensor = IPMISensor(name: String(fields[0]))
        if fields[2] == "discrete" {
            if let bits = UInt16(fields[3].dropFirst(2), radix: 16), fields[3].hasPrefix("0x") {
                let swapped = bits.byteSwapped & 0x7FFF
                sensor.reading = .discrete
                let offsets = Set((0..<15).filter { swapped >> UInt16($0) & 1 == 1 })
                if let known = IPMIStates.states(ofBits: offsets, name: sensor.name) {
                    (sensor.type, sensor.states) = (known.type, known.words)
                } else {
                    sensor.offsets = offsets
                }
            }
            return sensor
        }
        if let value = Double(fields[1]) { sensor.reading = .value(value, unit: String(fields[2])) }
        sensor.status = statusWords[fields[3].lowercased()]
        for (limit, field) in zip(["lnr", "lcr", "lnc", "unc", "ucr", "unr"], fields[4...]) {
            sensor.limits[limit] = Double(field)
        }
        return sensor
    }

    /// `FAN1 | 04h | ok | 29.4 | 5600 RPM` of `ipmitool sdr elist`; states follow one another between commas.
    private static func extendedRow(_ fields: [Substring]) -> IPMISensor? {
        guard fields[1].hasSuffix("h"), let number = UInt8(fields[1].dropLast(), radix: 16),
            let entity = IPMISensor.Entity(parsing: fields[3])
        else { return nil }
        var sensor = IPMISensor(name: String(fields[0]))
        sensor.number = number
        sensor.entity = entity
        take(fields[4...].joined(separator: ", "), status: fields[2], into: &sensor)
        if sensor.reading == .discrete, let states = sensor.states {
            sensor.type = IPMIStates.type(ofStates: states, entity: entity.id, name: sensor.name)
        }
        return sensor
    }

    /// `Fan 1A Tach | 2610 RPM | ok` of `ipmitool sdr list`; with `-c`: `Fan 1A Tach,2610,RPM,ok`.
    private static func shortRow(_ fields: [Substring]) -> IPMISensor? {
        var sensor = IPMISensor(name: String(fields[0]))
        if fields.count == 4, Double(fields[1]) != nil {
            take("\(fields[1]) \(fields[2])", status: fields[3], into: &sensor)
            return sensor
        }
        guard fields.count == 3, statusWords[fields[2].lowercased()] != nil || ["ns", "na"].contains(fields[2]) else {
            return nil
        }
        take(String(fields[1]), status: fields[2], into: &sensor)
        return sensor
    }

    /// The reading of a row of `sdr`: a number with its unit, or the asserted states; `ns` means that there is none.
    private static func take(_ text: String, status: Substring, into sensor: inout IPMISensor) {
        sensor.status = statusWords[status.lowercased()]
        guard status != "ns", status != "na" else { return }
        let number = text.prefix { $0 != " " }
        if number.count < text.count, let value = Double(number) {
            // `110 Watts, Presence detected`: a reading and states.
            let words = text.dropFirst(number.count).split(separator: ",").map { String($0.trimmed) }
            sensor.reading = .value(value, unit: words.first ?? "")
            if words.count > 1 { sensor.states = Array(words.dropFirst()) }
            return
        }
        if ["no reading", "disabled", "not readable"].contains(text.lowercased()) { return }
        sensor.reading = .discrete
        // `0x00` is a reading that means nothing without its type.
        let words = text.hasPrefix("0x") ? [] : text.split(separator: ",").map { String($0.trimmed) }
        sensor.states = words.filter { !$0.isEmpty }
    }

    /// Reads a look of `ipmitool -c sdr elist all`, whose rows do not show which sensor of several of one name they are
    /// of: they stand in the order of the repository, and so in that of `known`.
    /// - Returns: `known` with the readings of now; nil when the rows are those of other sensors.
    static func reading(_ bytes: [UInt8], of known: [IPMISensor]) -> [IPMISensor]? {
        var rest = known[...]
        var result: [IPMISensor] = []
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard var sensor = rest.first, line.hasPrefix(sensor.name + ",") else { continue }
            rest = rest.dropFirst()
            let fields = line.dropFirst(sensor.name.count + 1).split(separator: ",", omittingEmptySubsequences: false)
                .map(\.trimmed)
            sensor.reading = .none
            sensor.status = nil
            sensor.states = nil
            if fields.count >= 3, fields[0].hasSuffix("h"), IPMISensor.Entity(parsing: fields[2]) != nil {
                take(fields[3...].joined(separator: ", "), status: fields[1], into: &sensor)
            } else if fields.count >= 3 {
                take("\(fields[0]) \(fields[1])", status: fields[2], into: &sensor)
            }
            result.append(sensor)
        }
        return rest.isEmpty ? result : nil
    }

    // MARK: FreeIPMI

    private static let freeIPMIStates = ["Nominal": "ok", "Warning": "nc", "Critical": "cr", "N/A": nil]

    /// `2,01-Inlet Ambient,Temperature,Nominal,20.00,C,'OK'`, with `--output-sensor-thresholds` six limits before the
    /// event; without states the fourth column is missing.
    private static func freeIPMIRow(_ fields: [Substring]) -> IPMISensor? {
        guard fields.count >= 6, UInt32(fields[0]) != nil, let event = fields.last,
            event.hasPrefix("'") || event == "N/A" || event.hasPrefix("0x") || event.hasSuffix("h")
        else { return nil }
        var sensor = IPMISensor(name: String(fields[1]))
        sensor.typeName = String(fields[2])
        sensor.type = IPMIStates.type(named: sensor.typeName ?? "")
        var rest = fields[3...].dropLast()
        if let first = rest.first, let state = freeIPMIStates[String(first)], rest.count != 2, rest.count != 8 {
            sensor.status = state
            rest = rest.dropFirst()
        }
        guard rest.count >= 2 else { return nil }
        let (reading, unit) = (rest[rest.startIndex], rest[rest.startIndex + 1])
        // FreeIPMI's limits: Lower NR, Lower C, Lower NC, Upper NC, Upper C, Upper NR.
        for (limit, field) in zip(["lnr", "lcr", "lnc", "unc", "ucr", "unr"], rest.dropFirst(2)) {
            sensor.limits[limit] = Double(field)
        }
        if let value = Double(reading) {
            sensor.reading = .value(value, unit: String(unit))
        } else if unit != "N/A", event == "N/A" {
            sensor.unit = String(unit)
        } else if event != "N/A" {
            sensor.reading = .discrete
            let words = event.split(separator: "'").map(\.trimmed).filter { !$0.isEmpty }
            sensor.states = words.filter { $0 != "OK" }.map(String.init)
        }
        return sensor
    }
}

extension IPMISensor {
    /// `states` for whoever appends to it.
    fileprivate var assertedStates: [String] {
        get { states ?? [] }
        set { states = newValue }
    }
}

extension UInt8 {
    /// `0x0c`
    fileprivate init?(hexadecimal text: some StringProtocol) {
        guard text.hasPrefix("0x") else { return nil }
        self.init(text.dropFirst(2), radix: 16)
    }
}

extension Substring {
    /// Without blanks around it.
    var trimmed: Substring {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension String {
    var trimmed: Substring { self[...].trimmed }
}
