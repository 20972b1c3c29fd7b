import Reports

/// Turns what RAID controllers report into components and observations.
struct ControllerReading {
    let time: Timestamp
    private(set) var result = ProbeResult()

    init(time: Timestamp) { self.time = time }

    private mutating func add(
        _ component: ComponentID, _ name: String, _ value: Measurement?, labels: [String: String] = [:]
    ) {
        guard let value else { return }
        result.observations.append(
            Observation(component: component, signal: Signal(name, labels), measurement: value, time: time))
    }

    mutating func add(_ read: RaidController) {
        var controller = read
        controller.settle()
        let key = controller.pci ?? controller.serial.map { "serial-\($0)" } ?? controller.name
        let id = ComponentID(.controller, key.split(separator: " ").joined(separator: "_"))
        var attributes = ["manager": controller.name]
        attributes["pci"] = controller.pci
        result.components.append(
            Component(
                id: id, kind: .controller, parent: controller.pci.map { ComponentID(.pcieDevice, $0) },
                name: controller.model ?? "RAID controller \(controller.name)",
                part: Part(
                    model: controller.model, serial: controller.serial, firmware: controller.firmware,
                    location: controller.name.hasPrefix("slot ") ? "Slot \(controller.name.dropFirst(5))" : nil),
                attributes: attributes))
        add(id, "hw.status", controller.status.map { .state($0) })
        add(id, "hw.temperature", controller.temperature.map { .gauge($0) })
        add(id, "hw.battery.state", controller.battery.map { .state($0) })
        add(id, "hw.battery.charge", controller.batteryCharge.map { .gauge($0) })
        add(id, "hw.battery.learn_age", controller.batteryLearnAge.map { .gauge($0) })
        add(id, "hw.errors", controller.correctedErrors.map { .counter($0) }, labels: ["error.type": "corrected"])
        add(id, "hw.errors", controller.uncorrectedErrors.map { .counter($0) }, labels: ["error.type": "uncorrected"])
        for array in controller.arrays { add(array, of: id, controller) }
        // Numbers that several of its disks bear identify none of them.
        let bearers = Dictionary(grouping: controller.disks.compactMap(ControllerReading.number), by: { $0 })
        for disk in controller.disks {
            add(disk, of: id, isAlone: ControllerReading.number(disk).map { bearers[$0]?.count == 1 } ?? true)
        }
    }

    /// The disk by its own number; nil where the controller reports none.
    private static func number(_ disk: RaidController.Disk) -> ComponentID? {
        guard disk.wwn != nil || PlaceholderText.serial(disk.serial) != nil else { return nil }
        return DiskIdentity.id(wwn: disk.wwn, serial: disk.serial, device: nil)
    }

    private mutating func add(_ array: RaidController.Array, of controller: ComponentID, _ all: RaidController) {
        let name = "\(controller.rawValue.dropFirst("\(ComponentKind.controller.rawValue):".count))/\(array.name)"
        let id = ComponentID(.raidArray, name)
        guard !result.components.contains(where: { $0.id == id }) else { return }
        var attributes = ["manager": "hardware"]
        attributes["level"] = array.level
        let members = array.group.map { group in all.disks.filter { $0.group == group }.map(\.place).sorted() } ?? []
        attributes["members"] = members.isEmpty ? nil : members.joined(separator: " ")
        result.components.append(
            Component(
                id: id, kind: .raidArray, parent: controller, name: "volume \(array.name) of \(all.model ?? all.name)",
                attributes: attributes))
        add(id, "hw.raid.state", array.state.map { .state($0.rawValue) } ?? .unavailable(.notSupported))
        // One that works or waits is named; of all others it is known that nothing is being restored.
        let activity = array.activity ?? (array.state == .rebuilding ? "recovery" : "idle")
        add(id, "hw.raid.activity", array.state.map { _ in .state(activity) })
        add(id, "hw.raid.progress", array.progress.map { .gauge($0) })
        // Which spare is for which volume only some controllers report: those of all are spares for each.
        if all.disks.contains(where: { $0.member != nil }) {
            add(id, "hw.raid.spares", .gauge(Double(all.disks.count { $0.member == .spare })))
        }
    }

    /// - Parameter isAlone: no other disk of the controller bears its number.
    private mutating func add(_ disk: RaidController.Disk, of controller: ComponentID, isAlone: Bool) {
        let key = controller.rawValue.dropFirst("\(ComponentKind.controller.rawValue):".count)
        let slot = ComponentID(.slot, "\(key)/\(disk.place.split(separator: " ").joined(separator: "_"))")
        let label = ControllerReading.label(disk.place)
        guard !result.components.contains(where: { $0.id == slot }) else { return }
        result.components.append(
            Component(
                id: slot, kind: .slot, parent: controller, name: label, part: Part(location: label),
                attributes: ["slot": disk.place]))
        let place = slot.rawValue.dropFirst("\(ComponentKind.slot.rawValue):".count)
        let number = ControllerReading.number(disk)
        let isTaken = number.map { id in result.components.contains { $0.id == id } } ?? false
        // A disk of one World Wide Name behind two controllers is one.
        if isAlone, isTaken, disk.wwn != nil { return }
        let isShared = !isAlone || isTaken
        // A disk that the controller does not name, or not alone, is told apart by its place.
        let id =
            number.map { isShared ? ComponentID(rawValue: "\($0)\(DiskTwins.mark)\(place)") : $0 }
            ?? ComponentID(.disk, String(place))
        var attributes = ["place": disk.place]
        attributes["bus"] = disk.bus
        attributes["wwn"] = disk.wwn
        attributes["rotational"] = disk.isRotational.map { $0 ? "1" : "0" }
        if isShared { attributes["ambiguous"] = "another disk bears the same number: told apart by its place" }
        if number == nil { attributes["identity"] = "by its place, where another may sit one day" }
        result.components.append(
            Component(
                id: id, kind: .disk, parent: slot, name: "disk in \(label)",
                part: Part(
                    manufacturer: disk.manufacturer, model: disk.model, serial: disk.serial, firmware: disk.firmware,
                    location: label),
                attributes: attributes))
        add(id, "hw.status", disk.status.map { .state($0) })
        add(id, "hw.raid.membership", disk.member.map { .state($0.rawValue) })
        add(id, "hw.temperature", disk.temperature)
        for (type, count) in [
            ("media", disk.mediaErrors), ("other", disk.otherErrors), ("predicted", disk.predictedFailures),
        ] { add(id, "hw.physical_disk.controller_errors", count.map { .counter($0) }, labels: ["type": type]) }
    }

    /// `Bay 3` of `252:3`, `Port 1I Box 1 Bay 4` of `1I:1:4`.
    private static func label(_ place: String) -> String {
        let parts = place.split(separator: ":")
        switch parts.count {
        case 2 where place.allSatisfy({ $0.isNumber || $0 == ":" }): return "Bay \(parts[1])"
        case 3: return "Port \(parts[0]) Box \(parts[1]) Bay \(parts[2])"
        default: return place.allSatisfy(\.isNumber) ? "Bay \(place)" : place
        }
    }
}
