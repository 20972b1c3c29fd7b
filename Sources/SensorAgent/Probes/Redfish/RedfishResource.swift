import Reports

/// One Redfish resource (DMTF DSP0266, DSP0268) as components and observations.
///
/// What a service returns is read where the schema puts it: readings may be numbers or their texts, null is "not now",
/// and `Oem` is passed over. A resource without a type is known by what stands in it.
struct RedfishResource: Sendable {
    private(set) var result = ProbeResult()
    /// Ids of supplies that are present; see `seen` of `init`.
    private(set) var seen: Set<String>

    private let tree: JSONTree
    private let time: Timestamp
    /// The folder of names: the id of the chassis or system that the resource stands under.
    private let scope: String
    /// The path's last part that names a thing, for resources that only describe another (`…/Bay1/Metrics`).
    private let owner: String
    /// All parts of the path.
    private let path: [String]

    /// Array members taken of one resource.
    private static let memberLimit = 1_024

    /// - Parameters:
    ///   - path: where the resource was found; empty where nobody knows: its own `@odata.id` is taken then.
    ///   - seen: ids of supplies that were present in an earlier look: only these can be missing.
    /// - Throws: when the resource contains nothing of a part's health, with what it is.
    init(_ tree: JSONTree, path: String = "", seen: Set<String> = [], at time: Timestamp) throws(RedfishRefusal) {
        self.tree = tree
        self.time = time
        self.seen = seen
        let path = (tree["@odata.id"]?.text).flatMap { $0.isEmpty ? nil : $0 } ?? path
        let parts = path.split(separator: "/").map(String.init)
        self.path = parts
        scope =
            parts.firstIndex { ["Chassis", "Systems", "Managers"].contains($0) }
            .flatMap { $0 + 1 < parts.count ? parts[$0 + 1] : nil } ?? "1"
        owner = parts.last == "Metrics" && parts.count > 1 ? parts[parts.count - 2] : parts.last ?? "1"
        guard case .object = tree else { throw RedfishRefusal(description: "no object, as every resource is one") }
        if let error = tree["error"] {
            let words = error["message"]?.text ?? error["@Message.ExtendedInfo"]?.elements.first?["Message"]?.text
            throw RedfishRefusal(
                description: "the service answered with an error: \((words ?? "without words").prefix(200))")
        }
        switch RedfishResource.type(of: tree) {
        case "Thermal": addThermal()
        case "Power": addPower()
        case "Sensor": addSensor()
        case "SensorCollection" where tree["Members"]?.elements.first?["Reading"] != nil: addExpanded()
        case "Fan": addFan(tree, index: 0, among: [])
        case "PowerSupply": addSupply(tree, index: 0)
        case "PowerSupplyMetrics": addSupplyMetrics()
        case "Memory": addMemory()
        case "Processor": addProcessor()
        case "Drive": addDrive()
        case "Chassis": addChassis()
        case "ComputerSystem": addSystem()
        case "Manager": addManager()
        case "ThermalSubsystem", "PowerSubsystem": addRedundancies()
        case "ThermalMetrics": addThermalMetrics()
        case "Volume": addVolume()
        case "StorageController": addController(tree, 0)
        case "Storage" where tree["Controllers"] == nil && !members("StorageControllers").isEmpty:
            for (index, controller) in members("StorageControllers").enumerated() { addController(controller, index) }
        case "Battery": addBattery()
        case let type:
            throw RedfishRefusal(
                description: "a resource of type \(type ?? "unknown") tells nothing of a part's health")
        }
    }

    /// `Thermal` of `#Thermal.v1_4_0.Thermal`, else by what only such a resource has.
    static func type(of tree: JSONTree) -> String? {
        if let type = tree["@odata.type"]?.text, type.hasPrefix("#"),
            let name = type.dropFirst().split(separator: ".").first
        {
            return String(name)
        }
        let signs: [(String, [String])] = [
            ("Thermal", ["Temperatures"]), ("Thermal", ["Fans"]), ("Power", ["PowerControl"]),
            ("Power", ["PowerSupplies"]),
            ("Sensor", ["Reading", "ReadingType"]), ("Memory", ["DeviceLocator"]), ("Processor", ["ProcessorType"]),
            ("Drive", ["MediaType", "CapacityBytes"]), ("ComputerSystem", ["SystemType"]), ("Chassis", ["ChassisType"]),
            ("Manager", ["ManagerType"]), ("LogEntry", ["EntryType"]),
        ]
        return signs.first { sign in sign.1.allSatisfy { tree[$0] != nil } }?.0
    }

    // MARK: What all have

    private mutating func add(_ component: Component, _ signal: Signal, _ measurement: Measurement) {
        result.observations.append(
            Observation(component: component.id, signal: signal, measurement: measurement, time: time))
    }

    /// A reading that the resource has: a number, a text of one, null, or an object with `Reading`.
    private mutating func add(
        _ component: Component, _ signal: Signal, _ reading: JSONTree?, times factor: Double = 1
    ) {
        guard let reading else { return }
        let value = reading["Reading"] ?? reading
        add(component, signal, value.double.map { .gauge($0 * factor) } ?? .unavailable(.malformed))
    }

    private mutating func addStatus(_ component: Component, _ tree: JSONTree) {
        guard let status = tree["Status"] else { return }
        if status["State"]?.text == "Absent" {
            if seen.contains(component.id.rawValue) { add(component, Signal("hw.status"), .state("missing")) }
            return
        }
        let words = ["OK": "ok", "Warning": "degraded", "Critical": "failed"]
        guard let health = status["Health"]?.text else { return }
        add(component, Signal("hw.status"), words[health].map { .state($0) } ?? .unavailable(.malformed))
    }

    private static func isAbsent(_ tree: JSONTree) -> Bool { tree["Status", "State"]?.text == "Absent" }

    private func part(_ tree: JSONTree) -> Part {
        func text(_ keys: String...) -> String? {
            for key in keys { if let text = PlaceholderText.removed(tree[key]?.text) { return text } }
            return nil
        }
        return Part(
            manufacturer: text("Manufacturer"), model: text("Model"),
            partNumber: text("PartNumber", "SparePartNumber", "SKU"), serial: text("SerialNumber"),
            firmware: text("FirmwareVersion", "Revision"),
            location: PlaceholderText.removed(tree["Location", "PartLocation", "ServiceLabel"]?.text)
                ?? PlaceholderText.removed(tree["PhysicalLocation", "PartLocation", "ServiceLabel"]?.text))
    }

    private func name(_ tree: JSONTree, _ index: Int) -> String {
        let name = PlaceholderText.removed(tree["Name"]?.text) ?? PlaceholderText.removed(tree["FanName"]?.text)
        return String((name ?? tree["MemberId"]?.text ?? tree["Id"]?.text ?? "\(index)").prefix(80))
    }

    private func members(_ key: String) -> [JSONTree] {
        Array((tree[key]?.elements ?? []).prefix(RedfishResource.memberLimit))
    }

    /// A component of its own name, whatever stands before it in the list.
    ///
    /// A resource of its own is named by its `Id`, which is unique in its collection (DSP0266, 9.6.2). Members of a list
    /// have names, and boards call every fan `Fan`: those that share one are told apart by `MemberId`, else by the end
    /// of `@odata.id`; a place in the list, which changes when a part comes or goes, is the last resort.
    private func made(_ kind: ComponentKind, _ tree: JSONTree, _ index: Int, among members: [JSONTree]) -> Component {
        let name = name(tree, index)
        var key = name
        if members.isEmpty {
            key = PlaceholderText.removed(tree["Id"]?.text).map { String($0.prefix(80)) } ?? name
        } else if members.count(where: { self.name($0, 0) == name }) > 1 {
            let link = tree["@odata.id"]?.text?.split(whereSeparator: { $0 == "/" || $0 == "#" }).last.map(String.init)
            let isOwn = { (value: String?, of: (JSONTree) -> String?) in
                value.map { value in members.count { of($0) == value } == 1 } ?? false
            }
            let number = tree["MemberId"]?.text
            let mark =
                isOwn(number) { $0["MemberId"]?.text }
                ? number
                : isOwn(tree["@odata.id"]?.text) { $0["@odata.id"]?.text } ? link : nil
            key = "\(name)#\((mark ?? "\(index)").prefix(40))"
        }
        return Component(
            id: ComponentID(kind, "redfish/\(scope)/\(key)"), kind: kind,
            name: key == name || members.isEmpty ? name : key)
    }

    // MARK: Sensors

    private static let legacyLimits = [
        ("LowerThresholdFatal", "low.emergency", "lemergency"), ("LowerThresholdCritical", "low.critical", "lcrit"),
        ("LowerThresholdNonCritical", "low.degraded", "min"), ("UpperThresholdNonCritical", "high.degraded", "max"),
        ("UpperThresholdCritical", "high.critical", "crit"), ("UpperThresholdFatal", "high.emergency", "emergency"),
    ]

    private static let limits = [
        ("LowerFatal", "low.emergency", "lemergency"), ("LowerCritical", "low.critical", "lcrit"),
        ("LowerCaution", "low.degraded", "min"), ("UpperCaution", "high.degraded", "max"),
        ("UpperCritical", "high.critical", "crit"), ("UpperFatal", "high.emergency", "emergency"),
    ]

    private mutating func addLimits(_ component: Component, _ signal: String, _ tree: JSONTree) {
        let feature: SensorFeature.Kind =
            switch component.kind {
            case .temperature: .temperature
            case .fan: .fan
            case .voltage: .voltage
            case .current: .current
            default: .power
            }
        var found: [(String, String, Double)] = []
        for (key, type, suffix) in RedfishResource.legacyLimits {
            if let value = tree[key]?.double { found.append((type, suffix, value)) }
        }
        for (key, type, suffix) in RedfishResource.limits {
            if let value = tree["Thresholds", key, "Reading"]?.double { found.append((type, suffix, value)) }
        }
        let values = Dictionary(found.map { ($0.1, $0.2) }, uniquingKeysWith: { first, _ in first })
        let unset = SensorLimits(kind: feature, superIO: false, values: values)
        for (type, suffix, value) in found {
            let limit = Signal(signal + ".limit", ["limit_type": type])
            guard unset.isUnset(suffix) || !value.isFinite else {
                add(component, limit, .reading(value))
                continue
            }
            add(component, limit, .unavailable(.unset))
            if value.isFinite {
                result.asRead.append(RawReading(component: component.id, signal: limit, source: suffix, value: value))
            }
        }
    }

    /// A sensor with its reading; one that is absent is no sensor, one that reads null is there and silent.
    private mutating func addSensor(
        _ kind: ComponentKind, _ signal: String, _ reading: String, _ tree: JSONTree, _ index: Int,
        among members: [JSONTree], factor: Double = 1
    ) {
        guard !RedfishResource.isAbsent(tree) else { return }
        let component = made(kind, tree, index, among: members)
        result.components.append(component)
        let measurement: Measurement =
            if let value = tree[reading] {
                value.double.map { .gauge($0 * factor) } ?? .unavailable(.malformed)
            } else {
                .unavailable(.notSupported)
            }
        add(component, Signal(signal), measurement)
        addLimits(component, signal, tree)
        addStatus(component, tree)
    }

    private mutating func addThermal() {
        let temperatures = members("Temperatures")
        for (index, sensor) in temperatures.enumerated() {
            addSensor(.temperature, "hw.temperature", "ReadingCelsius", sensor, index, among: temperatures)
        }
        let fans = members("Fans")
        for (index, fan) in fans.enumerated() { addFan(fan, index: index, among: fans) }
        addRedundancies()
    }

    /// All temperatures of a chassis together (DSP0268, ThermalMetrics). Each names the sensor that it is of, so that it
    /// is the same component as that.
    private mutating func addThermalMetrics() {
        var readings = members("TemperatureReadingsCelsius").map { ($0, nil as String?) }
        for place in ["Intake", "Exhaust", "Internal", "Ambient"] {
            if let reading = tree["TemperatureSummaryCelsius", place] { readings.append((reading, place)) }
        }
        var known: Set<ComponentID> = []
        for (index, (reading, place)) in readings.enumerated() {
            let source = reading["DataSourceUri"]?.text?.split(whereSeparator: { $0 == "/" || $0 == "#" }).last
            let name = reading["DeviceName"]?.text ?? reading["PhysicalContext"]?.text ?? place ?? "\(index)"
            let component = Component(
                id: ComponentID(.temperature, "redfish/\(scope)/\((source.map(String.init) ?? name).prefix(80))"),
                kind: .temperature, name: String((PlaceholderText.removed(name) ?? "\(index)").prefix(80)))
            guard known.insert(component.id).inserted else { continue }
            result.components.append(component)
            let measurement: Measurement =
                if let value = reading["Reading"] {
                    value.double.map { .gauge($0) } ?? .unavailable(.malformed)
                } else {
                    .unavailable(.notSupported)
                }
            add(component, Signal("hw.temperature"), measurement)
        }
    }

    private mutating func addFan(_ fan: JSONTree, index: Int, among members: [JSONTree]) {
        guard !RedfishResource.isAbsent(fan) else { return }
        var component = made(.fan, fan, index, among: members)
        component.part = part(fan)
        component.part.location = component.part.location ?? component.name
        result.components.append(component)
        if let percent = fan["SpeedPercent"] {
            add(component, Signal("hw.fan.speed_ratio"), percent, times: 0.01)
            add(component, Signal("hw.fan.speed"), percent["SpeedRPM"])
        } else if ["Percent", "%"].contains(fan["ReadingUnits"]?.text) || fan["Units"]?.text == "Percent" {
            add(component, Signal("hw.fan.speed_ratio"), fan["Reading"] ?? fan["CurrentReading"], times: 0.01)
        } else if let reading = fan["Reading"] ?? fan["ReadingRPM"] {
            add(component, Signal("hw.fan.speed"), reading)
            addLimits(component, "hw.fan.speed", fan)
        } else {
            add(component, Signal("hw.fan.speed"), .unavailable(.notSupported))
        }
        addStatus(component, fan)
    }

    /// DSP0268, Sensor: what `ReadingType` means, in the unit that it prescribes.
    private static let readingTypes: [String: (ComponentKind, String, Double)] = [
        "Temperature": (.temperature, "hw.temperature", 1), "Voltage": (.voltage, "hw.voltage", 1),
        "Current": (.current, "hw.current", 1), "Power": (.power, "hw.power", 1),
        "EnergyJoules": (.energy, "hw.energy", 1),
        "EnergykWh": (.energy, "hw.energy", 3_600_000), "Rotational": (.fan, "hw.fan.speed", 1),
        "Humidity": (.humidity, "hw.humidity", 1),
    ]

    /// `ReadingType` by the unit (UCUM, and RPM as the schema has it), for services that leave it out.
    private static let typesOfUnits = [
        "Cel": "Temperature", "V": "Voltage", "A": "Current", "W": "Power", "J": "EnergyJoules", "kW.h": "EnergykWh",
        "RPM": "Rotational", "{rev}/min": "Rotational", "%": "Percent",
    ]

    /// Percent does not show what is measured: that it is a fan, its name or its place does.
    private static func isFan(_ sensor: JSONTree) -> Bool {
        sensor["PhysicalContext"]?.text == "Fan"
            || ["Name", "Id"].contains { sensor[$0]?.text?.lowercased().contains("fan") == true }
    }

    private mutating func addSensor() { addSensor(tree, 0, among: []) }

    private mutating func addSensor(_ sensor: JSONTree, _ index: Int, among members: [JSONTree]) {
        let said = sensor["ReadingType"]?.text ?? sensor["ReadingUnits"]?.text.flatMap { Self.typesOfUnits[$0] }
        if said == "Percent", sensor["ReadingUnits"]?.text == "%", RedfishResource.isFan(sensor) {
            addFan(sensor, index: index, among: members)
            return
        }
        guard let type = said, let (kind, signal, factor) = Self.readingTypes[type] else {
            guard !RedfishResource.isAbsent(sensor) else { return }
            let component = made(.chip, sensor, index, among: members)
            result.components.append(component)
            let what = String((sensor["ReadingType"] ?? sensor["ReadingUnits"])?.text?.prefix(40) ?? "unspecified")
            let reading = sensor["Reading"]
            let measurement: Measurement =
                reading == nil
                ? .unavailable(.notSupported) : reading?.double.map { .gauge($0) } ?? .unavailable(.malformed)
            add(component, Signal("hw.sensor.other", ["subfeature": what]), measurement)
            return
        }
        addSensor(kind, signal, "Reading", sensor, index, among: members, factor: factor)
    }

    private mutating func addExpanded() {
        // Members of a collection are resources of their own, though they came in one answer.
        for (index, sensor) in members("Members").enumerated() { addSensor(sensor, index, among: []) }
    }

    // MARK: Power

    private mutating func addPower() {
        let controls = members("PowerControl")
        for (index, control) in controls.enumerated() {
            let component = made(.power, control, index, among: controls)
            result.components.append(component)
            let reading: Measurement =
                control["PowerConsumedWatts"].map { $0.double.map { .gauge($0) } ?? .unavailable(.malformed) }
                ?? .unavailable(.notSupported)
            add(component, Signal("hw.power"), reading)
            if let capacity = control["PowerCapacityWatts"]?.double, capacity > 0 {
                add(component, Signal("hw.power.limit", ["limit_type": "rated.high"]), .gauge(capacity))
            }
            if let cap = control["PowerLimit", "LimitInWatts"]?.double, cap > 0 {
                add(component, Signal("hw.power.limit", ["limit_type": "cap"]), .gauge(cap))
            }
            add(component, Signal("hw.power.average"), control["PowerMetrics", "AverageConsumedWatts"])
            for (key, extreme) in [("MinConsumedWatts", "lowest"), ("MaxConsumedWatts", "highest")] {
                add(component, Signal("hw.power.extreme", ["extreme": extreme]), control["PowerMetrics", key])
            }
        }
        let voltages = members("Voltages")
        for (index, sensor) in voltages.enumerated() {
            addSensor(.voltage, "hw.voltage", "ReadingVolts", sensor, index, among: voltages)
        }
        for (index, supply) in members("PowerSupplies").enumerated() { addSupply(supply, index: index) }
        addRedundancies()
    }

    private mutating func addSupply(_ supply: JSONTree, index: Int) {
        // Named by its bay where it has a resource of its own, as its metrics know no other name.
        let bay = supply["@odata.id"]?.text?.split(separator: "/").last.flatMap { $0.contains("#") ? nil : String($0) }
        let label = index == 0 && members("PowerSupplies").isEmpty ? bay ?? owner : "\(index)"
        var component = Component(
            id: ComponentID(.psu, "redfish/\(scope)/\(supply["MemberId"]?.text ?? label)"), kind: .psu,
            name: name(supply, index), part: part(supply))
        component.part.location = component.part.location ?? component.name
        let isAbsent = RedfishResource.isAbsent(supply)
        if isAbsent, !seen.contains(component.id.rawValue) { return }
        result.components.append(component)
        addStatus(component, supply)
        guard !isAbsent else { return }
        seen.insert(component.id.rawValue)
        add(component, Signal("hw.psu.input_voltage"), supply["LineInputVoltage"])
        add(component, Signal("hw.psu.input_power"), supply["PowerInputWatts"])
        add(component, Signal("hw.psu.output_power"), supply["PowerOutputWatts"] ?? supply["LastPowerOutputWatts"])
        if let rated = supply["PowerCapacityWatts"]?.double, rated > 0 {
            add(component, Signal("hw.power.limit", ["limit_type": "rated.high"]), .gauge(rated))
        }
        if supply["Status", "State"]?.text == "UnavailableOffline" || supply["LineInputStatus"]?.text == "LossOfInput" {
            add(component, Signal("hw.psu.state", ["offset": "input_lost"]), .state("asserted"))
        } else if supply["LineInputStatus"] != nil {
            add(component, Signal("hw.psu.state", ["offset": "input_lost"]), .state("clear"))
        }
    }

    private mutating func addSupplyMetrics() {
        let component = Component(
            id: ComponentID(.psu, "redfish/\(scope)/\(owner)"), kind: .psu, name: "power supply \(owner)")
        result.components.append(component)
        add(component, Signal("hw.psu.input_voltage"), tree["InputVoltage"])
        add(component, Signal("hw.psu.input_power"), tree["InputPowerWatts"])
        add(component, Signal("hw.psu.output_power"), tree["OutputPowerWatts"])
        add(component, Signal("hw.temperature"), tree["TemperatureCelsius"])
        add(component, Signal("hw.energy"), tree["EnergykWh"], times: 3_600_000)
    }

    /// Redundancy of the fans and of the supplies, in the old form and the new.
    private mutating func addRedundancies() {
        let kinds = [
            ("hw.fan.redundancy", ["FanRedundancy"]), ("hw.psu.redundancy", ["PowerSupplyRedundancy"]),
        ]
        var sets: [(String, [JSONTree])] = kinds.map { kind in (kind.0, kind.1.flatMap { members($0) }) }
        let legacy = members("Redundancy")
        if RedfishResource.type(of: tree) == "Power" { sets[1].1 += legacy } else { sets[0].1 += legacy }
        for (signal, groups) in sets where !groups.isEmpty {
            let words = groups.compactMap { group -> String? in
                switch (group["Status", "State"]?.text, group["Status", "Health"]?.text) {
                case ("Disabled", _), ("Absent", _): "none"
                case (_, "OK"): "full"
                case (_, "Warning"): "degraded"
                case (_, "Critical"): "lost"
                default: nil
                }
            }
            let order = ["none", "full", "degraded", "lost"]
            guard let worst = words.max(by: { order.firstIndex(of: $0) ?? 0 < order.firstIndex(of: $1) ?? 0 }) else {
                continue
            }
            if !result.components.contains(where: { $0.id == IPMIParts.chassis.id }) {
                result.components.append(IPMIParts.chassis)
            }
            let key = "redundant:\(scope):\(signal)"
            if worst == "full" { seen.insert(key) }
            add(IPMIParts.chassis, Signal(signal), .state(worst == "lost" && !seen.contains(key) ? "none" : worst))
        }
    }

    // MARK: Parts

    private mutating func addMemory() {
        guard !RedfishResource.isAbsent(tree) else { return }
        let label = PlaceholderText.removed(tree["DeviceLocator"]?.text) ?? name(tree, 0)
        var component = Component(id: ComponentID(.dimm, label), kind: .dimm, name: label, part: part(tree))
        component.part.location = component.part.location ?? label
        component.attributes["memory_type"] = tree["MemoryDeviceType"]?.text
        result.components.append(component)
        add(component, Signal("hw.memory.size"), tree["CapacityMiB"], times: 1_048_576)
        addStatus(component, tree)
    }

    private mutating func addProcessor() {
        guard !RedfishResource.isAbsent(tree) else { return }
        let socket = PlaceholderText.removed(tree["Socket"]?.text) ?? tree["Id"]?.text ?? name(tree, 0)
        let isGraphics = tree["ProcessorType"]?.text == "GPU"
        let kind: ComponentKind = isGraphics ? .gpu : .cpu
        var component = Component(id: ComponentID(kind, socket), kind: kind, name: name(tree, 0), part: part(tree))
        component.part.location = component.part.location ?? socket
        result.components.append(component)
        if !isGraphics {
            add(component, Signal("hw.cpu.core.count", ["state": "present"]), tree["TotalCores"])
        }
        addStatus(component, tree)
    }

    private mutating func addDrive() {
        guard !RedfishResource.isAbsent(tree) else { return }
        let serial = PlaceholderText.removed(tree["SerialNumber"]?.text)
        let identifiers = tree["Identifiers"]?.elements ?? []
        let name = identifiers.first { $0["DurableNameFormat"]?.text == "NAA" }?["DurableName"]?.text
        let wwn = name.flatMap { DiskIdentity.plausible(wwn: $0.hasPrefix("0x") ? $0 : "0x" + $0) }
        let media = tree["Protocol"]?.text == "NVMe"
        var component = Component(
            id: DiskIdentity.id(wwn: media ? nil : wwn, serial: serial, device: "\(scope)-\(owner)"), kind: .disk,
            name: self.name(tree, 0), part: part(tree))
        let bus = tree["Protocol"]?.text.flatMap { ["SATA": "ata", "SAS": "sas", "NVMe": "nvme"][$0] }
        component.attributes["bus"] = bus
        component.attributes["rotational"] = tree["MediaType"]?.text.flatMap { ["HDD": "1", "SSD": "0"][$0] }
        result.components.append(component)
        add(component, Signal("hw.physical_disk.size"), tree["CapacityBytes"])
        if let left = tree["PredictedMediaLifeLeftPercent"]?.double, (0...100).contains(left) {
            // Of disks behind a boot controller some services know nothing and write 0: one that is used up is not
            // called well.
            let isContradicted =
                left == 0 && tree["Status", "Health"]?.text == "OK" && tree["FailurePredicted"]?.flag != true
            add(
                component, Signal("hw.physical_disk.endurance_used"),
                isContradicted ? .unavailable(.notPlausible) : .gauge(1 - left / 100))
        }
        if let predicted = tree["FailurePredicted"]?.flag {
            add(component, Signal("hw.physical_disk.smart.health"), .state(predicted ? "failed" : "passed"))
        }
        addStatus(component, tree)
    }

    private mutating func addChassis() {
        var component = IPMIParts.chassis
        component.part = part(tree)
        result.components.append(component)
        addStatus(component, tree)
        guard let sensor = tree["PhysicalSecurity", "IntrusionSensor"]?.text else { return }
        let cover = Component(
            id: ComponentID(.intrusion, "redfish/\(scope)"), kind: .intrusion, parent: component.id, name: "cover")
        result.components.append(cover)
        add(cover, Signal("hw.intrusion"), .state(sensor == "Normal" ? "clear" : "asserted"))
    }

    private mutating func addSystem() {
        var component = IPMIParts.chassis
        component.part = part(tree)
        component.part.firmware = PlaceholderText.removed(tree["BiosVersion"]?.text)
        component.attributes["hostname"] = PlaceholderText.removed(tree["HostName"]?.text)
        result.components.append(component)
        addStatus(component, tree)
    }

    // MARK: Storage

    /// `437XR1138R2/RAID.SL.1` of what stands under a storage subsystem.
    private var subsystem: String {
        let storage = path.firstIndex(of: "Storage").flatMap { $0 + 1 < path.count ? path[$0 + 1] : nil }
        return [scope, storage].compactMap { $0 }.joined(separator: "/")
    }

    /// A volume of one disk, a namespace for instance, is no array, and has no state of one.
    private static let levelsOfOneDisk: Set<String> = ["None", "JBOD"]

    private mutating func addVolume() {
        guard !RedfishResource.isAbsent(tree) else { return }
        let id = tree["Id"]?.text ?? owner
        var component = Component(
            id: ComponentID(.raidArray, "redfish/\(subsystem)/\(id.prefix(80))"), kind: .raidArray,
            name: "volume \(name(tree, 0))")
        component.attributes["manager"] = "hardware"
        component.attributes["level"] = tree["RAIDType"]?.text.map { String($0.prefix(40)) }
        result.components.append(component)
        addStatus(component, tree)
        guard !Self.levelsOfOneDisk.contains(tree["RAIDType"]?.text ?? "") else { return }
        let rebuild = members("Operations").first {
            ($0["Operation"] ?? $0["OperationName"])?.text?.hasPrefix("Rebuild") == true
        }
        let states = ["OK": "ok", "Warning": "degraded", "Critical": "failed"]
        if rebuild != nil, tree["Status", "Health"]?.text != "Critical" {
            add(component, Signal("hw.raid.state"), .state("rebuilding"))
        } else if let health = tree["Status", "Health"]?.text {
            let state = states[health]
            add(component, Signal("hw.raid.state"), state.map { .state($0) } ?? .unavailable(.malformed))
        } else {
            add(component, Signal("hw.raid.state"), .unavailable(.notSupported))
        }
        if let done = rebuild?["PercentageComplete"]?.double, (0...100).contains(done) {
            add(component, Signal("hw.raid.progress"), .gauge(done / 100))
        }
    }

    private mutating func addController(_ controller: JSONTree, _ index: Int) {
        guard !RedfishResource.isAbsent(controller) else { return }
        let id = controller["Id"]?.text ?? controller["MemberId"]?.text ?? "\(index)"
        let component = Component(
            id: ComponentID(.controller, "redfish/\(subsystem)/\(id.prefix(80))"), kind: .controller,
            name: name(controller, index), part: part(controller))
        result.components.append(component)
        addStatus(component, controller)
    }

    /// A battery that bridges a loss of mains (DSP0268, Battery): of the chassis, like a UPS inside the server.
    private mutating func addBattery() {
        guard !RedfishResource.isAbsent(tree) else { return }
        let component = Component(
            id: ComponentID(.upsBattery, "redfish/\(scope)/\((tree["Id"]?.text ?? owner).prefix(80))"),
            kind: .upsBattery,
            name: name(tree, 0), part: part(tree))
        result.components.append(component)
        addStatus(component, tree)
        // A warning may be any: only what is clear is reported of the battery itself.
        let states = ["OK": "ok", "Critical": "failed"]
        if let state = tree["Status", "Health"]?.text.flatMap({ states[$0] }) {
            add(component, Signal("hw.battery.state"), .state(state))
        }
    }

    private mutating func addManager() {
        let component = Component(
            id: ComponentID(.controller, "bmc"), kind: .controller, parent: IPMIParts.board.id,
            name: "management controller (BMC)", part: part(tree))
        result.components.append(component)
        addStatus(component, tree)
    }
}

/// Why a resource was not taken.
struct RedfishRefusal: Error, Hashable, CustomStringConvertible {
    var description: String
}
