import Daemon
public import Reports

/// `power-supplies`: adapters, batteries and USB-attached UPSs as the kernel knows them
/// (`/sys/class/power_supply`, Documentation/ABI/testing/sysfs-class-power).
///
/// Batteries of mice and keyboards (`scope` = Device) are not the server's, and ports that may give power to others (`USB`)
/// are no supply of it.
public actor PowerSupplyProbe: Probe {
    public nonisolated let name = "power-supplies"
    public nonisolated let interval = Duration.seconds(30)
    public nonisolated let deadline = Duration.seconds(10)

    private static let folder = "/sys/class/power_supply"

    private let tree: SysTree
    private let executor = BlockingExecutor(label: "callhome.power-supplies")

    public init(tree: SysTree) { self.tree = tree }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        let names: [String]
        do {
            names = try tree.names(in: PowerSupplyProbe.folder)
        } catch .failed(_, errno: SysTreeError.noSuchFile) {
            throw .absent(because: "the kernel knows no power supply: \(PowerSupplyProbe.folder) is not there")
        } catch {
            throw error.probeError
        }
        var reading = Reading(tree: tree, time: time)
        for name in names { reading.add(name, at: "\(PowerSupplyProbe.folder)/\(name)") }
        guard !reading.result.components.isEmpty else {
            throw .absent(
                because: "the kernel knows no power supply of this machine (\(PowerSupplyProbe.folder) names none): "
                    + "servers tell of theirs through the BMC")
        }
        return reading.result
    }

    /// One look over the tree.
    private struct Reading {
        let tree: SysTree
        let time: Timestamp
        var result = ProbeResult()

        mutating func add(_ name: String, at path: String) {
            // A device that went between list and read has no type any more.
            guard let type = try? tree.text("\(path)/type"), (try? tree.text("\(path)/scope")) != "Device" else {
                return
            }
            let serial = PlaceholderText.removed(try? tree.text("\(path)/serial_number"))
            let part = Part(
                manufacturer: PlaceholderText.removed(try? tree.text("\(path)/manufacturer")),
                model: PlaceholderText.removed(try? tree.text("\(path)/model_name")), serial: serial)
            let id = serial.map { "\(name)-\($0.split(separator: " ").joined(separator: "_"))" } ?? name
            switch type {
            case "Mains":
                let supply = Component(id: ComponentID(.psu, id), kind: .psu, name: "adapter \(name)", part: part)
                result.components.append(supply)
                state(supply, Signal("hw.psu.state", ["offset": "input_lost"]), "\(path)/online") {
                    $0 == "0" ? "asserted" : $0 == "1" || $0 == "2" ? "clear" : nil
                }
                value(supply, "hw.voltage", "\(path)/voltage_now", 1e-6)
                value(supply, "hw.current", "\(path)/current_now", 1e-6)
            case "Battery", "UPS":
                // A bay without a battery.
                guard (try? tree.text("\(path)/present")) != "0" else { return }
                var battery = Component(
                    id: ComponentID(.upsBattery, id), kind: .upsBattery, name: "battery \(name)", part: part)
                battery.attributes["battery_type"] = try? tree.text("\(path)/technology")
                if type == "UPS" {
                    let ups = Component(id: ComponentID(.ups, id), kind: .ups, name: "UPS \(name)", part: part)
                    battery.parent = ups.id
                    battery.part = Part()
                    result.components.append(ups)
                    state(ups, Signal("hw.ups.status", ["flag": "OB"]), "\(path)/status") {
                        $0 == "Discharging" ? "asserted" : $0 == "Unknown" ? nil : "clear"
                    }
                }
                result.components.append(battery)
                addBattery(battery, path)
            default: return
            }
        }

        private mutating func addBattery(_ battery: Component, _ path: String) {
            value(battery, "hw.battery.voltage", "\(path)/voltage_now", 1e-6)
            value(battery, "hw.battery.nominal_voltage", "\(path)/voltage_min_design", 1e-6)
            value(battery, "hw.battery.charge", "\(path)/capacity", 0.01)
            value(battery, "hw.battery.time_left", "\(path)/time_to_empty_now", 1)
            value(battery, "hw.ups.temperature", "\(path)/temp", 0.1)
            value(battery, "hw.current", "\(path)/current_now", 1e-6)
            value(battery, "hw.power", "\(path)/power_now", 1e-6)
            let health = try? tree.text("\(path)/health")
            let status = try? tree.text("\(path)/status")
            let failed = ["Dead", "Unspecified failure", "Over voltage", "Over current", "Calibration required"]
            if let health, health != "Unknown" {
                add(battery, Signal("hw.battery.state"), .state(failed.contains(health) ? "failed" : "ok"))
            } else if let status {
                add(
                    battery, Signal("hw.battery.state"),
                    status == "Charging" ? .state("charging") : .unavailable(.notSupported))
            }
            for kind in ["energy", "charge"] {
                guard let full = number("\(path)/\(kind)_full"), let design = number("\(path)/\(kind)_full_design"),
                    design > 0
                else { continue }
                add(
                    battery, Signal("hw.sensor.other", ["subfeature": "\(kind)_full of \(kind)_full_design"]),
                    .gauge(full / design))
            }
            if let cycles = number("\(path)/cycle_count"), cycles > 0 {
                add(battery, Signal("hw.sensor.other", ["subfeature": "cycle_count"]), .gauge(cycles))
            }
        }

        private func number(_ path: String) -> Double? { (try? tree.text(path)).flatMap(Double.init) }

        /// A file of a whole number in millionths, tenths or hundredths; one that is not there has no such signal.
        private mutating func value(_ component: Component, _ signal: String, _ path: String, _ factor: Double) {
            do {
                let text = try tree.text(path)
                add(component, Signal(signal), Double(text).map { .gauge($0 * factor) } ?? .unavailable(.malformed))
            } catch {
                if error.unavailable == .notSupported { return }
                add(component, Signal(signal), .unavailable(error.unavailable))
            }
        }

        private mutating func state(
            _ component: Component, _ signal: Signal, _ path: String, _ word: (String) -> String?
        ) {
            do {
                add(component, signal, word(try tree.text(path)).map { .state($0) } ?? .unavailable(.malformed))
            } catch {
                add(component, signal, .unavailable(error.unavailable))
            }
        }

        private mutating func add(_ component: Component, _ signal: Signal, _ measurement: Measurement) {
            result.observations.append(
                Observation(component: component.id, signal: signal, measurement: measurement, time: time))
        }
    }
}
