import Daemon
public import Reports

/// `thermal`: temperatures no monitoring chip gives (`/sys/class/thermal/thermal_zone*`, where the zone has no hwmon
/// device), how much the kernel cools (`cooling_device*`, Documentation/driver-api/thermal/sysfs-api.rst), and the power
/// that processors measure of themselves (RAPL, `/sys/class/powercap`, Documentation/power/powercap/powercap.rst).
///
/// Since Linux 5.10 root alone may read RAPL's energy; without the permission its power is `denied`. Paths are kept
/// between looks, and sought again when the folders list other things.
public actor ThermalProbe: Probe {
    public nonisolated let name = "thermal"
    public nonisolated let interval = Duration.seconds(30)
    public nonisolated let deadline = Duration.seconds(20)

    static let folder = "/sys/class/thermal"
    static let powerFolder = "/sys/class/powercap"
    /// Zones, devices and domains read.
    private static let limit = 1_024

    private let tree: SysTree
    private let executor = BlockingExecutor(label: "callhome.thermal")
    private var layout: Layout?
    /// Microjoules at the last look, by the folder of the domain.
    private var energies: [String: (microjoules: UInt64, time: Timestamp)] = [:]

    private struct Layout {
        var names: [[String]]
        var components: [Component] = []
        var zones: [(id: ComponentID, path: String)] = []
        var devices: [(id: ComponentID, path: String, highest: Double)] = []
        var domains: [(id: ComponentID, folder: String, range: UInt64?)] = []
        /// What does not change.
        var limits: [(id: ComponentID, signal: Signal, value: Double)] = []
    }

    public init(tree: SysTree) { self.tree = tree }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        let names = [ThermalProbe.folder, ThermalProbe.powerFolder].map { (try? tree.names(in: $0)) ?? [] }
        if layout?.names != names { layout = layout(of: names) }
        guard let layout, !layout.components.isEmpty else {
            throw .absent(
                because: "\(ThermalProbe.folder) has no zone without a monitoring chip and no cooling device, and "
                    + "\(ThermalProbe.powerFolder) no energy counter: chips are told by chip-sensors, a virtual machine has none"
            )
        }
        var result = ProbeResult(components: layout.components)
        func add(_ id: ComponentID, _ signal: Signal, _ measurement: Measurement) {
            result.observations.append(Observation(component: id, signal: signal, measurement: measurement, time: time))
        }
        for zone in layout.zones { add(zone.id, Signal("hw.temperature"), temperature(zone.path)) }
        for device in layout.devices {
            do throws(SysTreeError) {
                // -1: intel_powerclamp does not clamp.
                let text = try tree.text(device.path)
                let state = text == "-1" ? 0 : Double(text)
                add(
                    device.id, Signal("hw.cooling.state"),
                    state.map { .gauge($0 / device.highest) } ?? .unavailable(.malformed))
            } catch {
                add(device.id, Signal("hw.cooling.state"), .unavailable(error.unavailable))
            }
        }
        for domain in layout.domains {
            do throws(SysTreeError) {
                let now = try tree.count("\(domain.folder)/energy_uj")
                if let watts = power(of: domain.folder, now, domain.range, at: time) {
                    add(domain.id, Signal("hw.power"), .gauge(watts))
                }
            } catch {
                add(domain.id, Signal("hw.power"), .unavailable(error.unavailable))
            }
        }
        for limit in layout.limits { add(limit.id, limit.signal, .reading(limit.value)) }
        return result
    }

    /// Millidegrees; a zone that was never measured returns -274000 or less.
    private func temperature(_ path: String) -> Measurement {
        do throws(SysTreeError) {
            let text = try tree.text(path)
            guard let value = Double(text), value.isFinite else { return .unavailable(.malformed) }
            return value / 1000 > -273 ? .gauge(value / 1000) : .unavailable(.readError)
        } catch {
            return .unavailable(error.unavailable)
        }
    }

    /// Mean watts since the last look; nil at the first.
    private func power(of folder: String, _ now: UInt64, _ range: UInt64?, at time: Timestamp) -> Double? {
        defer { energies[folder] = (now, time) }
        guard let before = energies[folder], time > before.time else { return nil }
        var used = Double(now) - Double(before.microjoules)
        if used < 0 {
            // It begins anew at its range, after some ten minutes at full power at the least.
            guard let range, range >= before.microjoules else { return nil }
            used += Double(range)
        }
        return used / 1e6 / (time - before.time).inSeconds
    }

    // MARK: What there is

    private func layout(of names: [[String]]) -> Layout {
        var layout = Layout(names: names)
        var taken: Set<ComponentID> = []
        /// Zones of one type are told apart by the kernel's order.
        func own(_ kind: ComponentKind, _ name: String) -> ComponentID {
            var id = ComponentID(kind, name)
            var number = 2
            while !taken.insert(id).inserted {
                id = ComponentID(kind, "\(name)#\(number)")
                number += 1
            }
            return id
        }
        for name in names[0].prefix(ThermalProbe.limit) {
            let folder = "\(ThermalProbe.folder)/\(name)"
            let type = PlaceholderText.removed(try? tree.text("\(folder)/type")) ?? name
            if name.hasPrefix("thermal_zone") {
                let files = (try? tree.names(in: folder)) ?? []
                // `hwmon3`: libsensors reads it there.
                guard !files.contains(where: { $0.hasPrefix("hwmon") }) else { continue }
                let id = own(.temperature, "thermal/\(type)")
                layout.components.append(
                    Component(id: id, kind: .temperature, name: type, attributes: ["label": type, "zone": name]))
                layout.zones.append((id, "\(folder)/temp"))
                if let critical = trip("critical", folder, files) {
                    layout.limits.append(
                        (id, Signal("hw.temperature.limit", ["limit_type": "high.critical"]), critical))
                }
            } else if name.hasPrefix("cooling_device"), let highest = try? tree.count("\(folder)/max_state"),
                highest > 0
            {
                let id = own(.cooling, "thermal/\(type)")
                layout.components.append(
                    Component(id: id, kind: .cooling, name: type, attributes: ["label": type, "device": name]))
                layout.devices.append((id, "\(folder)/cur_state", Double(highest)))
            }
        }
        for name in names[1].prefix(ThermalProbe.limit) {
            let folder = "\(ThermalProbe.powerFolder)/\(name)"
            guard tree.exists("\(folder)/energy_uj") else { continue }
            // `intel-rapl:0:1` is a part of `intel-rapl:0`.
            let parts = name.split(separator: ":")
            let domain = PlaceholderText.removed(try? tree.text("\(folder)/name")) ?? name
            let owner = parts.count > 2 ? parts.dropLast().joined(separator: ":") : nil
            let above = owner.flatMap {
                PlaceholderText.removed(try? tree.text("\(ThermalProbe.powerFolder)/\($0)/name"))
            }
            let id = own(.power, "\(parts.first ?? "rapl")/\(above.map { "\($0)/" } ?? "")\(domain)")
            layout.components.append(
                Component(id: id, kind: .power, name: domain, attributes: ["label": domain, "device": name]))
            layout.domains.append((id, folder, try? tree.count("\(folder)/max_energy_range_uj")))
        }
        return layout
    }

    /// The lowest trip point of a kind, in degrees; nil where nobody set one.
    private func trip(_ kind: String, _ folder: String, _ files: [String]) -> Double? {
        files.compactMap { file -> Double? in
            guard file.hasPrefix("trip_point_"), file.hasSuffix("_type"),
                (try? tree.text("\(folder)/\(file)")) == kind,
                let value = (try? tree.text("\(folder)/\(file.dropLast("_type".count))_temp")).flatMap(Double.init)
            else { return nil }
            return (20_000...250_000).contains(value) ? value / 1000 : nil
        }.min()
    }
}
