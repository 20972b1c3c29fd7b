import Reports

/// `arcconf GETCONFIG 1 AL`: Adaptec's and Microchip's controllers (also ServeRAID).
struct ArcconfReport: Sendable {
    private(set) var controllers: [RaidController] = []

    private enum Part { case controller, battery, logical, disk, other }

    private static let beginnings = [
        "controllers found", "logical device number", "logical drive number", "controller information",
        "logical device information", "logical drive information", "physical device information",
    ]

    /// nil where it is not arcconf's.
    init?(_ lines: KeyValueLines) {
        var controller = RaidController(name: "c1")
        var part = Part.other
        var isArcconf = false
        var hasBay = false
        for line in lines.lines {
            let text = line.text.lowercased()
            isArcconf = isArcconf || ArcconfReport.beginnings.contains(where: text.hasPrefix)
            if text.hasPrefix("logical device number ") || text.hasPrefix("logical drive number ") {
                part = .logical
                controller.arrays.append(
                    RaidController.Array(name: line.text.split(separator: " ").last.map(String.init) ?? "0"))
            } else if text.hasPrefix("device #"), controller.disks.count < StorcliReport.diskLimit {
                part = .other
                // Its number in this list changes with every disk that comes or goes: the bay is printed below.
                controller.disks.append(RaidController.Disk(place: "Device \(text.dropFirst("device #".count))"))
                hasBay = false
            } else if text.hasPrefix("device is a hard drive") || text.hasPrefix("device is a ssd") {
                part = .disk
            } else if text.hasPrefix("device is "), !controller.disks.isEmpty {
                // An enclosure, or a medium that is no disk.
                controller.disks.removeLast()
                part = .other
            } else if let next = ArcconfReport.part(of: line, text, after: part, hasDisk: !controller.disks.isEmpty) {
                part = next
            } else if part == .disk, line.key == "reported location", !line.value.isEmpty {
                hasBay = true
                controller.setPlace(line.value)
            } else if part == .disk, line.key.hasPrefix("reported channel,device"), !hasBay {
                // `0,1(1:0)`: the channel and the device on it; in brackets target and unit.
                let numbers = line.text.split(separator: " ").last?.prefix { $0 != "(" }.split(separator: ",") ?? []
                if numbers.count == 2 { controller.setPlace("Channel \(numbers[0]), Device \(numbers[1])") }
            } else if !line.value.isEmpty {
                controller.readArcconf(line, part == .controller, part == .battery, part == .logical, part == .disk)
            }
        }
        // A place alone is no disk that was listed.
        controller.disks.removeAll { $0.serial == nil && $0.model == nil && $0.member == nil }
        guard isArcconf, controller != RaidController(name: "c1") else { return nil }
        for index in controller.disks.indices { controller.disks[index].joinModel() }
        controllers = [controller]
    }

    /// What stands below a heading; nil where the line is none that changes it.
    private static func part(of line: KeyValueLines.Line, _ text: String, after part: Part, hasDisk: Bool) -> Part? {
        guard line.key.isEmpty else { return nil }
        if text == "controller information" || text == "controller version information" { return .controller }
        // A capacitor is described below its unit.
        if ["battery information", "zmm information", "backup information", "backup unit information", "supercap"]
            .contains(where: text.contains)
        {
            return .battery
        }
        if text == "connector information" || text.hasSuffix("phy information") { return .other }
        // They stand behind the ports of the disk that they count for.
        if text.hasSuffix("error counters"), hasDisk { return .disk }
        return part == .battery && text.contains("information") || text.hasSuffix("properties") ? .other : nil
    }
}

extension RaidController {
    fileprivate mutating func setPlace(_ place: String) {
        if let last = disks.indices.last { disks[last].place = place }
    }

    fileprivate mutating func readArcconf(
        _ line: KeyValueLines.Line, _ isController: Bool, _ isBattery: Bool, _ isLogical: Bool, _ isDisk: Bool
    ) {
        if isController {
            switch line.key {
            case "controller model": model = PlaceholderText.removed(line.value)
            case "controller serial number": serial = PlaceholderText.removed(line.value)
            case "controller status": status = RaidController.controllerStatus(line.value)
            case "firmware": firmware = PlaceholderText.removed(line.value)
            case "temperature": temperature = RaidController.celsius(line.value)
            default: break
            }
        } else if isBattery {
            readBackup(line)
        } else if isLogical, let last = arrays.indices.last {
            switch line.key {
            case "raid level": arrays[last].level = "RAID \(line.value)"
            case "status of logical device", "status of logical drive": arrays[last].setState(line.value)
            default: break
            }
        } else if isDisk, let last = disks.indices.last {
            disks[last].readArcconf(line)
        }
    }

    /// The unit, its storage and its capacitor report each for themselves: the worst counts.
    private mutating func readBackup(_ line: KeyValueLines.Line) {
        switch line.key {
        case "status", "overall backup unit status", "backup power status", "supercap status",
            "non-volatile storage status":
            battery = RaidController.worseBattery(battery, RaidController.batteryState(line.value))
        case "hardware error":
            guard !["no error", "none", "no", "0", "n/a"].contains(line.value.lowercased()) else { return }
            battery = RaidController.worseBattery(battery, "failed")
        case "capacity remaining", "charge level", "relative charge":
            batteryCharge = Double(line.value.prefix { $0.isNumber }).map { min($0 / 100, 1) }
        default: break
        }
    }
}

extension RaidController.Disk {
    /// The vendor of SCSI's inquiry has eight signs. Of a SATA disk behind an old controller they are the beginning of
    /// its model (`HUA72101` and `0KLA330`), behind a newer one the name of the bus.
    fileprivate mutating func joinModel() {
        if manufacturer == "ATA" { manufacturer = nil }
        guard let beginning = manufacturer, beginning.count == 8, beginning.contains(where: \.isNumber),
            let rest = model
        else { return }
        manufacturer = nil
        model = beginning + rest
    }

    fileprivate mutating func readArcconf(_ line: KeyValueLines.Line) {
        switch line.key {
        case "state":
            member = RaidController.memberState(line.value)
            status = RaidController.diskStatus(line.value)
        case "vendor": manufacturer = PlaceholderText.removed(line.value)
        case "model": model = PlaceholderText.removed(line.value)
        case "firmware": firmware = PlaceholderText.removed(line.value)
        case "serial number": serial = PlaceholderText.removed(line.value)
        case "ssd": isRotational = line.value == "No" ? true : line.value == "Yes" ? false : nil
        case "transfer speed":
            bus = line.value.hasPrefix("SATA") ? "ata" : line.value.hasPrefix("SAS") ? "sas" : nil
        case "temperature": temperature = RaidController.diskTemperature(line.value)
        case "s.m.a.r.t. warnings", "smart warning count":
            guard let count = UInt64(line.value) else { return }
            predictedFailures = max(predictedFailures ?? 0, count)
        case "medium error count": mediaErrors = UInt64(line.value) ?? mediaErrors
        case "hardware error count", "aborted command count", "parity error count", "link failure count":
            guard let count = UInt64(line.value) else { return }
            let (sum, isOver) = (otherErrors ?? 0).addingReportingOverflow(count)
            otherErrors = isOver ? .max : sum
        // The World Wide Name that it prints is that of the port on the controller.
        default: break
        }
    }
}
