import Reports

/// One recorded output of a program that asks a BMC, of whatever kind: for `probe ipmi --input FILE`.
struct IPMIRecording: Sendable {
    /// Entries taken of one recorded event log: more than any BMC holds.
    static let eventLimit = 65_536

    let kind: Kind
    let result: ProbeResult

    enum Kind: String, Sendable { case sensors, events, inventory, power, chassis, controller }

    /// - Throws: when the output is of no kind that is known.
    init(parsing bytes: [UInt8], parts: IPMIParts, at time: Timestamp) throws(IPMIRefusal) {
        let text = String(decoding: bytes, as: UTF8.self)
        if text.contains("FRU Device Description") {
            kind = .inventory
            result = ProbeResult(components: try IPMIInventory(parsing: bytes, parts: parts).components)
            return
        }
        let events = text.split(whereSeparator: \.isNewline).prefix(IPMIRecording.eventLimit).compactMap {
            IPMIEvent(line: $0)
        }
        if !events.isEmpty {
            kind = .events
            var result = ProbeResult()
            result.add(IPMIEventSignals(events, parts: parts, oldest: IPMIEventSignals.anyAge, at: time))
            self.result = result
            return
        }
        let controller = BMCStatus(parsing: bytes)
        if controller.power != nil {
            kind = .power
            result = controller.result(at: time)
            return
        }
        if controller.chassis != nil || controller.selfTest != nil {
            kind = .chassis
            result = controller.result(at: time)
            return
        }
        if controller.firmware != nil {
            kind = .controller
            result = controller.result(at: time)
            return
        }
        kind = .sensors
        result = IPMISensorSignals(try IPMISensorOutput(parsing: bytes).sensors, parts: parts, at: time).result
    }
}
