import Reports

/// The variables of one UPS as Network UPS Tools names them (docs/nut-names.txt; RFC 9271, section 5), as components and
/// observations: the UPS, and its battery under it.
///
/// Some drivers report nonsense, which must not become a fault: `OL` and `OB` together give no mains state, a load
/// of thousands of per cent is none, a battery date of 2001-01-01 is the factory's.
struct UPSVariables: Sendable {
    /// Variables taken of one UPS; the longest recorded list has 180.
    static let variableLimit = 2_000

    private(set) var values: [String: String] = [:]

    init() {}

    /// Reads what upsc(8) prints: `ups.status: OL CHRG`, or upsd's own answer: `VAR lab ups.status "OL"`. What follows `#` is a note, not upsc's.
    /// - Throws: when there is no variable of a UPS in it.
    init(parsing bytes: [UInt8]) throws(UPSRefusal) {
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard values.count < UPSVariables.variableLimit else { break }
            if line.hasPrefix("VAR ") {
                let words = UPSProbe.words(String(line))
                if words.count == 4, UPSVariables.isName(words[2][...]) { set(words[2], words[3]) }
                continue
            }
            let said = line.prefix { $0 != "#" }
            guard let colon = said.firstIndex(of: ":") else { continue }
            let name = said[..<colon].trimmed
            guard UPSVariables.isName(name) else { continue }
            set(String(name), String(said[said.index(after: colon)...].trimmed))
        }
        guard values.keys.contains(where: { $0.hasPrefix("ups.") || $0.hasPrefix("battery.") }) else {
            throw UPSRefusal(description: "no variable of a UPS in it: not what upsc prints")
        }
    }

    mutating func set(_ name: String, _ value: String) {
        guard values.count < UPSVariables.variableLimit else { return }
        values[name] = String(value.prefix(200))
    }

    /// `battery.voltage.nominal`
    private static func isName(_ text: Substring) -> Bool {
        text.contains(".") && !text.contains(" ")
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2D || $0 == 0x5F
                    || (0x41...0x5A).contains($0)
            }
    }

    private func number(_ name: String) -> Double? {
        guard let value = values[name].flatMap(Double.init), value.isFinite else { return nil }
        return value
    }

    private func text(_ names: String...) -> String? {
        for name in names { if let text = PlaceholderText.removed(values[name]) { return text } }
        return nil
    }

    // MARK: Components

    /// nil where the UPS reports none, or a number that is none.
    var serial: String? {
        PlaceholderText.serial(values["device.serial"]) ?? PlaceholderText.serial(values["ups.serial"])
    }

    /// - Parameters:
    ///   - name: what upsd calls it.
    ///   - isShared: another UPS reports the same serial number, so that the name tells them apart.
    func components(name: String, isShared: Bool = false) -> (ups: Component, battery: Component) {
        let number = serial.map { $0.split(separator: " ").joined(separator: "_") }
        let id = number.map { isShared ? "\($0)\(DiskTwins.mark)\(name)" : $0 } ?? name
        var attributes = ["nut": name]
        if isShared { attributes["ambiguous"] = "another UPS bears the same serial number: told apart by its name" }
        attributes["driver"] = values["driver.name"]
        let ups = Component(
            id: ComponentID(.ups, id), kind: .ups, name: "UPS \(name)",
            part: Part(
                manufacturer: text("device.mfr", "ups.mfr"), model: text("device.model", "ups.model"),
                partNumber: text("device.part"), serial: serial, firmware: text("ups.firmware"),
                location: text("device.location")),
            attributes: attributes)
        attributes = [:]
        attributes["battery_type"] = values["battery.type"]
        let battery = Component(
            id: ComponentID(.upsBattery, id), kind: .upsBattery, parent: ups.id, name: "battery of UPS \(name)",
            part: Part(serial: text("battery.serial")), attributes: attributes)
        return (ups, battery)
    }

    /// nil where it reports neither or both, and while it tests or measures its battery on purpose (`TEST`, `CAL`).
    var isOnMains: Bool? {
        let words = Set((values["ups.status"] ?? "").split(separator: " "))
        guard words.isDisjoint(with: ["TEST", "CAL"]), words.contains("OL") != words.contains("OB") else { return nil }
        return words.contains("OL")
    }

    // MARK: Observations

    /// Every flag of ups.status that NUT defines.
    static let flags = [
        "OL", "OB", "LB", "HB", "RB", "CHRG", "DISCHRG", "BYPASS", "CAL", "OFF", "OVER", "TRIM", "BOOST", "FSD",
        "ALARM",
        "ECO", "TEST",
    ]

    func result(name: String, isShared: Bool = false, at time: Timestamp) -> ProbeResult {
        let (ups, battery) = components(name: name, isShared: isShared)
        var result = ProbeResult(components: [ups, battery])
        func add(_ component: Component, _ signal: Signal, _ measurement: Measurement) {
            result.observations.append(
                Observation(component: component.id, signal: signal, measurement: measurement, time: time))
        }
        /// - Parameter isContradicted: by what else the UPS reports.
        func gauge(
            _ component: Component, _ name: String, _ variable: String, per divisor: Double = 1,
            isContradicted: Bool = false, labels: [String: String] = [:]
        ) {
            guard values[variable] != nil else { return }
            let signal = Signal(name, labels)
            guard let value = number(variable).map({ $0 / divisor }) else {
                add(component, signal, .unavailable(.malformed))
                return
            }
            let isPlausible = !isContradicted && PlausibleRange.contains(value, signal: name)
            add(component, signal, isPlausible ? .reading(value) : .unavailable(PlausibleRange.reason(signal: name)))
            guard !isPlausible else { return }
            result.asRead.append(
                RawReading(component: component.id, signal: signal, source: variable, value: value * divisor))
        }
        for (flag, measurement) in status { add(ups, Signal("hw.ups.status", ["flag": flag]), measurement) }
        gauge(ups, "hw.ups.load", "ups.load", per: 100)
        gauge(ups, "hw.ups.input_voltage", "input.voltage", isContradicted: isMainsContradicted)
        gauge(
            ups, "hw.ups.input_voltage.nominal", "input.voltage.nominal",
            isContradicted: number("input.voltage.nominal").map { !isTransferred($0) } ?? false)
        for (variable, type) in [("input.transfer.low", "low.critical"), ("input.transfer.high", "high.critical")] {
            gauge(
                ups, "hw.ups.input_voltage.limit", variable, isContradicted: transfer == nil,
                labels: ["limit_type": type])
        }
        gauge(ups, "hw.ups.temperature", "ups.temperature")
        gauge(ups, "hw.voltage", "output.voltage")
        gauge(ups, "hw.current", "output.current")
        gauge(ups, "hw.power", "ups.realpower")
        if let rated = number("ups.realpower.nominal") {
            add(ups, Signal("hw.power.limit", ["limit_type": "rated.high"]), .reading(rated))
        }
        if let test = testResult { add(ups, Signal("hw.ups.test_result"), test) }
        gauge(battery, "hw.battery.voltage", "battery.voltage", isContradicted: isBatteryVoltageContradicted)
        gauge(
            battery, "hw.battery.nominal_voltage", "battery.voltage.nominal",
            isContradicted: batteryRatio.map { !UPSVariables.ratios.contains($0) } ?? false)
        gauge(battery, "hw.battery.charge", "battery.charge", per: 100)
        gauge(battery, "hw.battery.time_left", "battery.runtime")
        gauge(battery, "hw.ups.temperature", "battery.temperature")
        gauge(battery, "hw.current", "battery.current")
        if let state = batteryState { add(battery, Signal("hw.battery.state"), .state(state)) }
        if let age = batteryAge(at: time) { add(battery, Signal("hw.battery.age"), .reading(age)) }
        for name in values.keys.sorted() where UPSVariables.isOther(name) {
            guard let value = number(name) else { continue }
            let part = name.hasPrefix("battery.") ? battery : ups
            add(part, Signal("hw.sensor.other", ["subfeature": name]), .reading(value))
        }
        return result
    }

    // MARK: What contradicts itself

    /// Volts between which the UPS takes the mains; nil where they are not reported, are none of any mains (some drivers
    /// report a share, or what a byte holds of them), or are those of another network: of two that agree, the voltage
    /// and its nominal one, they are the one that is wrong, and not the mains.
    private var transfer: ClosedRange<Double>? {
        guard let low = number("input.transfer.low"), let high = number("input.transfer.high"), low >= 50, low < high,
            (90...600).contains(high)
        else { return nil }
        let wide = low * 0.9...high * 1.1
        if let nominal = number("input.voltage.nominal"), let volts = number("input.voltage"), nominal >= 90,
            abs(volts - nominal) <= 0.3 * nominal, !wide.contains(nominal), !wide.contains(volts)
        {
            return nil
        }
        return low...high
    }

    /// Whether the UPS would take such mains; true where it does not report its limits.
    private func isTransferred(_ volts: Double) -> Bool { transfer?.contains(volts) ?? true }

    /// Whether it is on the mains, which it neither raises nor lowers, and reports a voltage that it would leave them at.
    private var isMainsContradicted: Bool {
        guard isOnMains == true, let volts = number("input.voltage") else { return false }
        let flags = Set((values["ups.status"] ?? "").split(separator: " "))
        guard flags.isDisjoint(with: ["BOOST", "TRIM", "BYPASS"]) else { return false }
        // Measuring errs by some volts.
        return transfer.map { volts < $0.lowerBound * 0.9 || volts > $0.upperBound * 1.1 } ?? false
    }

    /// What a battery's voltage may be of its nominal one: of a pack of several some drivers report the voltage of all
    /// and the rating of one, or scale it wrongly.
    private static let ratios = 0.5...2.0

    private var batteryRatio: Double? {
        guard let nominal = number("battery.voltage.nominal"), nominal > 0, let voltage = number("battery.voltage")
        else { return nil }
        return voltage / nominal
    }

    /// A battery that is full, on the mains and not called bad cannot have lost a fifth of its voltage: it is not
    /// measured. Twice as much is another pack's, or a wrong scale.
    private var isBatteryVoltageContradicted: Bool {
        guard let ratio = batteryRatio else { return false }
        let flags = Set((values["ups.status"] ?? "").split(separator: " "))
        let isFull = isOnMains == true && (number("battery.charge") ?? 0) >= 95
        let isCalledBad = !flags.isDisjoint(with: ["RB", "LB"]) || testResult == .state("failed")
        return ratio > UPSVariables.ratios.upperBound || (isFull && !isCalledBad && ratio < 0.8)
    }

    private var status: [(String, Measurement)] {
        guard let said = values["ups.status"] else { return [] }
        let words = Set(said.split(separator: " ").map(String.init))
        // Empty, or the driver waits for the device.
        guard !words.isEmpty, words != ["WAIT"] else {
            return UPSVariables.flags.map { ($0, .unavailable(.malformed)) }
        }
        let contradicts: (String) -> Bool = { flag in
            switch flag {
            case "OL": words.isSuperset(of: ["OL", "OB"]) || words.isSuperset(of: ["OL", "OFF"])
            case "OB": words.isSuperset(of: ["OL", "OB"])
            case "OFF": words.isSuperset(of: ["OL", "OFF"])
            default: false
            }
        }
        let flags =
            UPSVariables.flags + words.subtracting(UPSVariables.flags).filter { UPSVariables.isFlag($0) }.sorted()
        return flags.map { flag in
            (
                flag,
                contradicts(flag)
                    ? .unavailable(.malformed) : .state(words.contains(flag) ? "asserted" : "clear")
            )
        }
    }

    private static func isFlag(_ word: String) -> Bool {
        word.count <= 16 && word.utf8.allSatisfy { (0x41...0x5A).contains($0) }
    }

    private var testResult: Measurement? {
        guard let said = values["ups.test.result"]?.lowercased(), !said.isEmpty else { return nil }
        if said.contains("passed") || said == "ok" { return .state("passed") }
        if said.contains("progress") || said.contains("running") { return .state("running") }
        if said.contains("abort") { return .state("aborted") }
        if said.contains("warning") { return .state("warning") }
        if said.contains("error") || said.contains("fail") || said.contains("bad") { return .state("failed") }
        return said.hasPrefix("no test") ? .state("none") : .unavailable(.notSupported)
    }

    private var batteryState: String? {
        if let bad = number("battery.packs.bad"), bad > 0 { return "failed" }
        let flags = Set((values["ups.status"] ?? "").split(separator: " "))
        if flags.contains("RB") { return "replace" }
        if flags.contains("CHRG") || values["battery.charger.status"]?.lowercased() == "charging" { return "charging" }
        return number("battery.packs.bad") != nil || values["battery.charger.status"] != nil ? "ok" : nil
    }

    /// Seconds since the newest date of the battery that can be true: when it was exchanged, which nobody sets on many,
    /// or when it was made.
    private func batteryAge(at time: Timestamp) -> Double? {
        let ages = ["battery.date", "battery.mfr.date"].compactMap { name -> Double? in
            guard let days = values[name].flatMap(UPSVariables.days) else { return nil }
            let age = Double(time.milliseconds) / 1000 - Double(days) * 86_400
            // Before a UPS could have been bought, or to come: nobody set it.
            return age >= 0 && age < 20 * 365 * 86_400 ? age : nil
        }
        return ages.min()
    }

    /// Days since 1970 of `2019/05/08`, `2019-05-08`, or APC's `05/08/19`.
    private static func days(_ text: String) -> Int? {
        let numbers = text.split { $0 == "/" || $0 == "-" }.map { Int($0) }
        guard numbers.count == 3, let first = numbers[0], let second = numbers[1], let third = numbers[2] else {
            return nil
        }
        let (year, month, day) =
            first > 31 ? (first, second, third) : (third < 100 ? 2000 + third : third, first, second)
        return (year, month, day) == (2001, 1, 1) ? nil : CalendarDay.number(year: year, month: month, day: day)
    }

    private static let told: Set<String> = [
        "ups.load", "input.voltage", "ups.temperature", "output.voltage", "output.current", "ups.realpower",
        "ups.realpower.nominal", "battery.voltage", "battery.voltage.nominal", "battery.charge", "battery.runtime",
        "battery.temperature", "battery.current", "input.voltage.nominal", "input.transfer.low",
        "input.transfer.high",
    ]

    /// What is measured, and no setting or number of a product.
    private static func isOther(_ name: String) -> Bool {
        guard !told.contains(name),
            ["input.", "output.", "battery.", "ups.", "ambient.", "outlet."].contains(where: { name.hasPrefix($0) })
        else { return false }
        let settings = [
            "delay", "timer", "product", "vendor", "serial", "firmware", ".id", "date", "time", "interval", ".status",
            "model", "mfr", "shutdown", "start", "type",
        ]
        return !settings.contains { name.dropFirst(4).contains($0) }
    }
}

/// Why an output was not taken.
struct UPSRefusal: Error, Hashable, CustomStringConvertible {
    var description: String
}
