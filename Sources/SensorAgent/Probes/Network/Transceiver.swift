import Glibc
import Reports

/// A plugged-in network module: what it is, and what it measures of itself (digital optical monitoring).
///
/// Parsed from the module's memory as SFF-8472 (SFP), SFF-8636 (QSFP) and CMIS 5 (QSFP-DD, OSFP) lay it out, or from
/// the text of `ethtool -m`.
struct Transceiver: Hashable, Sendable {
    var part = Part()
    /// `SFP`, `QSFP28`, `QSFP-DD`.
    var form: String
    var attributes: [String: String] = [:]
    /// Degrees Celsius; nil where the module does not measure.
    var temperature: Double?
    /// Volts of its supply.
    var voltage: Double?
    /// By lane, from 1 on.
    var lanes: [Lane] = []
    /// Flags of the module by quantity and limit (`rx_power.low.alarm`), any lane; empty where it has none.
    var alarms: [String: Bool] = [:]
    /// Limits that the module holds, by the same words.
    var limits: [String: Double] = [:]

    struct Lane: Hashable, Sendable {
        /// Milliwatts; nil where not measured.
        var received: Double?
        var sent: Double?
        /// Amperes.
        var bias: Double?

        /// Whether its laser gets no current: it was switched off, with its port or by whoever asked for it. One that
        /// fails gets more and more.
        var isOff: Bool { bias.map { abs($0) < 0.000_1 } ?? false }
    }

    static let quantities = ["temperature", "voltage", "bias", "tx_power", "rx_power"]
    static let levels = ["high.alarm", "low.alarm", "high.warning", "low.warning"]

    // MARK: As a component

    /// - Parameter port: the network port that it is plugged into.
    func component(in port: ComponentID) -> Component {
        var attributes = attributes
        attributes["form"] = form
        // Without a serial number its place is all that distinguishes it from others.
        let name =
            part.serial.map { "\(part.manufacturer ?? "")-\($0)" } ?? String(port.rawValue.dropFirst("nic:".count))
        return Component(
            id: ComponentID(.optic, name.split(separator: " ").joined(separator: "_")), kind: .optic, parent: port,
            name: "\(form) module", part: part, attributes: attributes)
    }

    func observations(of component: ComponentID, at time: Timestamp) -> [Observation] {
        var list: [Observation] = []
        let add = { (signal: Signal, measurement: Measurement) in
            list.append(Observation(component: component, signal: signal, measurement: measurement, time: time))
        }
        if let temperature { add(Signal("hw.temperature"), .gauge(temperature)) }
        if let voltage { add(Signal("hw.voltage"), .gauge(voltage)) }
        for (index, lane) in lanes.enumerated() {
            let label = ["lane": "\(index + 1)"]
            if let power = lane.received { add(Signal("hw.optic.rx_power", label), .gauge(Transceiver.dBm(power))) }
            if let power = lane.sent { add(Signal("hw.optic.tx_power", label), .gauge(Transceiver.dBm(power))) }
            if let bias = lane.bias { add(Signal("hw.optic.bias", label), .gauge(bias)) }
        }
        // That no light comes of a laser that is off says nothing of it.
        let isDark = !lanes.isEmpty && lanes.allSatisfy(\.isOff)
        for (name, asserted) in alarms.sorted(by: { $0.key < $1.key }) {
            let isOfLaser = name.hasPrefix("tx_power.low") || name.hasPrefix("bias.low")
            add(
                Signal("hw.optic.alarm", ["alarm": name]),
                isDark && isOfLaser ? .unavailable(.notSupported) : .state(asserted ? "asserted" : "clear"))
        }
        for (name, value) in limits.sorted(by: { $0.key < $1.key }) {
            guard let dot = name.firstIndex(of: ".") else { continue }
            let quantity = String(name[..<dot])
            let level = name[name.index(after: dot)...]
            let type = level.hasSuffix("alarm") ? "critical" : "degraded"
            let label = ["limit_type": "\(level.prefix { $0 != "." }).\(type)"]
            switch quantity {
            case "temperature", "voltage": add(Signal("hw.\(quantity).limit", label), .gauge(value))
            case "bias": add(Signal("hw.optic.bias.limit", label), .gauge(value))
            default: add(Signal("hw.optic.\(quantity).limit", label), .gauge(Transceiver.dBm(value)))
            }
        }
        return list
    }

    /// Decibels against a milliwatt. The registers' smallest step, 0.1 µW, is -40 dBm; nothing is taken for that, as
    /// the logarithm of nothing is none.
    static func dBm(_ milliwatts: Double) -> Double {
        let dBm = 10 * log10(max(milliwatts, 0.0001))
        return (dBm * 100).rounded() / 100
    }
}
