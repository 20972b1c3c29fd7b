import Reports

/// What a graphics or compute card reports, whatever the interface.
struct GPUReading: Hashable, Sendable {
    var maker: String?
    var model: String?
    /// A name that the card keeps wherever it is plugged in.
    var uuid: String?
    var serial: String?
    var partNumber: String?
    var firmware: String?
    var address: PCIAddress?
    var attributes: [String: String] = [:]

    /// Degrees Celsius.
    var temperature: Double?
    /// By the words of the catalogue.
    var temperatureLimits: [String: Double] = [:]
    /// Watts.
    var power: Double?
    var powerLimit: Double?
    /// Drive of its fan, 0 to 1.
    var fan: Double?
    var errors: [Errors: UInt64] = [:]
    var retiredPages: UInt64?
    /// By cause: corrected, uncorrected, pending, failed.
    var remappedRows: [String: UInt64] = [:]
    /// By reason: thermal, power_brake.
    var slowdowns: [String: Bool] = [:]
    /// Times that a packet went over PCI Express again.
    var replays: UInt64?
    /// By type: crc, replay, recovery.
    var linkErrors: [String: UInt64] = [:]
    /// Whether the driver keeps the card ready while nobody uses it; nil where it does not report that. Otherwise asking
    /// the card starts it, and what it counts begins anew.
    var isPersistent: Bool?
    /// Whether the uncorrectable errors of the memory on the chip passed the maker's threshold.
    var isPastThreshold: Bool?

    /// Which of the card's error counters.
    struct Errors: Hashable, Sendable {
        /// `volatile`: since the driver was loaded; `aggregate`: of the card's life.
        var scope: String
        /// `corrected` or `uncorrected`.
        var type: String
    }

    /// nil for a card that reports neither what it is nor where.
    var id: ComponentID? {
        (uuid ?? serial ?? address?.description).map {
            ComponentID(.gpu, $0.split(separator: " ").joined(separator: "_"))
        }
    }

    func components() -> [Component] {
        guard let id else { return [] }
        var attributes = attributes
        attributes["pci"] = address?.description
        attributes["uuid"] = uuid
        let gpu = Component(
            id: id, kind: .gpu, parent: address.map { ComponentID(.pcieDevice, $0.description) },
            name: [model ?? "graphics card", address?.description].compactMap { $0 }.joined(separator: " "),
            part: Part(
                manufacturer: maker, model: model, partNumber: partNumber, serial: serial, firmware: firmware),
            attributes: attributes)
        guard fan != nil else { return [gpu] }
        return [gpu, Component(id: fanID(of: id), kind: .fan, parent: id, name: "fan of the graphics card")]
    }

    private func fanID(of id: ComponentID) -> ComponentID {
        ComponentID(.fan, "\(id.rawValue.dropFirst("gpu:".count))/fan")
    }

    /// What the driver counts since it started the card: of a card that it started to be asked, nothing.
    private func sinceStart(_ count: UInt64) -> Measurement {
        isPersistent == false ? .unavailable(.notPersistent) : .counter(count)
    }

    func observations(at time: Timestamp) -> [Observation] {
        guard let id else { return [] }
        var list: [Observation] = []
        let add = { (signal: Signal, measurement: Measurement) in
            list.append(Observation(component: id, signal: signal, measurement: measurement, time: time))
        }
        if let temperature { add(Signal("hw.temperature"), .gauge(temperature)) }
        for (type, value) in temperatureLimits.sorted(by: { $0.key < $1.key }) {
            add(Signal("hw.temperature.limit", ["limit_type": type]), .gauge(value))
        }
        if let power { add(Signal("hw.power"), .gauge(power)) }
        if let powerLimit { add(Signal("hw.power.limit", ["limit_type": "cap"]), .gauge(powerLimit)) }
        for (errors, count) in errors.sorted(by: { ($0.key.scope, $0.key.type) < ($1.key.scope, $1.key.type) }) {
            add(
                Signal("hw.gpu.ecc_errors", ["counter": errors.scope, "error.type": errors.type]),
                errors.scope == "volatile" ? sinceStart(count) : .counter(count))
        }
        for type in ["corrected", "uncorrected"] {
            // A card without the counter of its life counts from the driver's start.
            let ofLife = errors[Errors(scope: "aggregate", type: type)].map { Measurement.counter($0) }
            let count = ofLife ?? errors[Errors(scope: "volatile", type: type)].map(sinceStart)
            if let count { add(Signal("hw.errors", ["error.type": type]), count) }
        }
        if let retiredPages { add(Signal("hw.memory.retired_pages"), .counter(retiredPages)) }
        for (cause, count) in remappedRows.sorted(by: { $0.key < $1.key }) {
            add(Signal("hw.gpu.row_remaps", ["cause": cause]), .counter(count))
        }
        for (reason, active) in slowdowns.sorted(by: { $0.key < $1.key }) {
            add(Signal("hw.gpu.slowdown", ["reason": reason]), .state(active ? "asserted" : "clear"))
        }
        if let replays { add(Signal("hw.gpu.pcie_replays"), sinceStart(replays)) }
        for (type, count) in linkErrors.sorted(by: { $0.key < $1.key }) {
            add(Signal("hw.gpu.nvlink_errors", ["type": type]), sinceStart(count))
        }
        if let isPastThreshold {
            add(Signal("hw.gpu.sram_threshold"), .state(isPastThreshold ? "asserted" : "clear"))
        }
        if let fan {
            list.append(
                Observation(
                    component: fanID(of: id), signal: Signal("hw.fan.speed_ratio"), measurement: .gauge(fan), time: time
                ))
        }
        return list
    }
}
