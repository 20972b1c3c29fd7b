import Reports

/// What a BMC reports of itself, of the chassis and of the power that it takes.
struct BMCStatus: Hashable, Sendable {
    var firmware: String?
    var manufacturer: String?
    /// `passed`, `failed`; nil where the BMC does not test itself.
    var selfTest: String?
    var chassis: Chassis?
    var power: Power?

    struct Chassis: Hashable, Sendable {
        static let faults = [
            "Main Power Fault", "Power Overload", "Power Control Fault", "Drive Fault", "Cooling/Fan Fault",
        ]

        /// Of `faults` those that are there.
        var faults: [String]
        /// nil where the chassis has no switch.
        var isOpen: Bool?
    }

    /// In watts, over a period that the BMC chooses.
    struct Power: Hashable, Sendable {
        var now: Double
        var lowest: Double?
        var highest: Double?
        var average: Double?
        /// Nothing is measured where this is false, whatever the numbers are.
        var isActive: Bool
    }

    /// - Parameter hasSwitch: whether a sensor reports the chassis' cover already.
    func result(hasSwitch: Bool = false, at time: Timestamp) -> ProbeResult {
        var result = ProbeResult()
        func add(_ component: ComponentID, _ signal: Signal, _ measurement: Measurement) {
            result.observations.append(
                Observation(component: component, signal: signal, measurement: measurement, time: time))
        }
        let (main, board) = (IPMIParts.chassis, IPMIParts.board)
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
        guard chassis != nil || power != nil else { return result }
        result.components.append(main)
        if let chassis {
            add(
                main.id, Signal("hw.sensor.state", ["sensor": "chassis status"]),
                .state(chassis.faults.isEmpty ? "none" : chassis.faults.joined(separator: ", ")))
            if let isOpen = chassis.isOpen, !hasSwitch {
                let cover = Component(
                    id: ComponentID(.intrusion, "ipmi/chassis"), kind: .intrusion, parent: main.id, name: "cover")
                result.components.append(cover)
                add(cover.id, Signal("hw.intrusion"), .state(isOpen ? "asserted" : "clear"))
            }
        }
        guard let power else { return result }
        add(main.id, Signal("hw.power"), power.isActive ? .gauge(power.now) : .unavailable(.notSupported))
        guard power.isActive else { return result }
        for (extreme, watts) in [("lowest", power.lowest), ("highest", power.highest)] {
            if let watts { add(main.id, Signal("hw.power.extreme", ["extreme": extreme]), .gauge(watts)) }
        }
        if let average = power.average { add(main.id, Signal("hw.power.average"), .gauge(average)) }
        return result
    }
}

// MARK: Answers of the BMC

extension BMCStatus.Chassis {
    static let request = IPMIRequest(function: 0x00, command: 0x01)

    /// Reads the answer to Get Chassis Status (section 28.2).
    init?(parsing data: [UInt8]) {
        guard data.count >= 3 else { return nil }
        let (power, other) = (data[0], data[2])
        let bits = [power & 0x08, power & 0x02, power & 0x10, other & 0x04, other & 0x08]
        faults = zip(Self.faults, bits).filter { $0.1 != 0 }.map(\.0)
        isOpen = other & 0x01 != 0
    }
}

extension BMCStatus.Power {
    static let request = IPMIRequest(function: 0x2C, command: 0x02, data: [0xDC, 0x01, 0x00, 0x00])

    /// Reads the answer to Get Power Reading (Data Center Manageability Interface specification 1.5, section 6.6.1).
    init?(parsing data: [UInt8]) {
        guard data.count >= 18, data[0] == 0xDC else { return nil }
        func watts(_ at: Int) -> Double { Double(UInt16(data[at]) | UInt16(data[at + 1]) << 8) }
        self.init(
            now: watts(1), lowest: watts(3), highest: watts(5), average: watts(7), isActive: data[17] & 0x40 != 0)
    }
}

extension BMCStatus {
    static let selfTestRequest = IPMIRequest(function: 0x06, command: 0x04)

    /// Reads the answer to Get Self Test Results (section 20.4): 55h no error, 56h not implemented.
    static func selfTest(parsing data: [UInt8]) -> String? {
        guard let code = data.first, code != 0x56 else { return nil }
        return code == 0x55 ? "passed" : "failed"
    }
}
