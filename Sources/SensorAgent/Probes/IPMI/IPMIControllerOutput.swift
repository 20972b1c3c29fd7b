import Reports

/// What the BMC says of itself and of the chassis: `ipmitool mc info`, `mc selftest`, `chassis status`, `dcmi power
/// reading`, and FreeIPMI's ipmi-dcmi. All are lines of `key : value`, and several outputs may follow one another.
struct IPMIControllerOutput: Sendable {
    private(set) var firmware: String?
    private(set) var manufacturer: String?
    /// `passed`, `failed`; nil where the BMC does not test itself.
    private(set) var selfTest: String?
    private var fields: [String: String] = [:]

    init(parsing bytes: [UInt8]) {
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).prefix(1_000) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = line[..<colon].trimmed
            guard key.utf8.count <= 60 else { continue }
            fields[String(key)] = String(line[line.index(after: colon)...].trimmed.prefix(200))
        }
        if fields["Device ID"] != nil || fields["IPMI Version"] != nil {
            firmware = fields["Firmware Revision"]
            manufacturer = Filler.removed(fields["Manufacturer Name"].map { $0.hasPrefix("Unknown") ? "" : $0 })
        }
        if let test = fields["Selftest"] {
            selfTest = test.hasPrefix("passed") ? "passed" : test.hasPrefix("not") ? nil : "failed"
        }
    }

    private static let faults = [
        "Main Power Fault", "Power Overload", "Power Control Fault", "Drive Fault", "Cooling/Fan Fault",
    ]

    var hasStatus: Bool { fields["Main Power Fault"] != nil }
    /// `active` or `inactive`; nil where the chassis has no switch.
    var intrusion: String? { fields["Chassis Intrusion"] }

    private func watts(_ keys: String...) -> Double? {
        for key in keys {
            guard let text = fields[key], let number = Double(text.prefix { $0 != " " }),
                text.lowercased().hasSuffix("watts")
            else { continue }
            return number
        }
        return nil
    }

    var hasPower: Bool { watts("Instantaneous power reading", "Current Power") != nil }

    /// - Parameter hasSwitch: whether a sensor tells of the chassis' cover already.
    func result(hasSwitch: Bool = false, at time: Timestamp) -> ProbeResult {
        var result = ProbeResult()
        func add(_ component: ComponentID, _ signal: Signal, _ measurement: Measurement) {
            result.observations.append(
                Observation(component: component, signal: signal, measurement: measurement, time: time))
        }
        let (chassis, board) = (IPMIParts.chassis, IPMIParts.board)
        if let firmware {
            result.components.append(
                Component(
                    id: ComponentID(.controller, "bmc"), kind: .controller, parent: board.id,
                    name: "management controller (BMC)", part: Part(manufacturer: manufacturer, firmware: firmware)))
        }
        if let selfTest {
            result.components.append(board)
            add(board.id, Signal("hw.bmc.self_test"), .state(selfTest))
        }
        guard hasStatus || hasPower else { return result }
        result.components.append(chassis)
        if hasStatus {
            let active = Self.faults.filter { fields[$0] == "true" }
            add(
                chassis.id, Signal("hw.sensor.state", ["sensor": "chassis status"]),
                .state(active.isEmpty ? "none" : active.joined(separator: ", ")))
            if let intrusion, !hasSwitch {
                let cover = Component(
                    id: ComponentID(.intrusion, "ipmi/chassis"), kind: .intrusion, parent: chassis.id, name: "cover")
                result.components.append(cover)
                add(cover.id, Signal("hw.intrusion"), .state(intrusion == "active" ? "asserted" : "clear"))
            }
        }
        // DCMI: nothing is measured where the reading is not activated, whatever the numbers say.
        let isActive =
            fields["Power reading state is"] != "deactivated" && fields["Power Measurement"] != "Not Available"
        if let watts = watts("Instantaneous power reading", "Current Power") {
            add(chassis.id, Signal("hw.power"), isActive ? .gauge(watts) : .unavailable(.notSupported))
        }
        guard isActive else { return result }
        let extremes = [
            ("lowest", watts("Minimum during sampling period", "Minimum Power over sampling duration")),
            ("highest", watts("Maximum during sampling period", "Maximum Power over sampling duration")),
        ]
        for (extreme, watts) in extremes {
            if let watts { add(chassis.id, Signal("hw.power.extreme", ["extreme": extreme]), .gauge(watts)) }
        }
        if let watts = watts("Average power reading over sample period", "Average Power over sampling duration") {
            add(chassis.id, Signal("hw.power.average"), .gauge(watts))
        }
        return result
    }
}
