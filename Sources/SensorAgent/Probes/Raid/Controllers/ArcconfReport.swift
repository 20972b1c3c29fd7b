import Reports

/// `arcconf GETCONFIG 1 AL`: Adaptec's and Microchip's controllers (also ServeRAID).
struct ArcconfReport: Sendable {
    private(set) var controllers: [RaidController] = []

    private enum Part { case controller, battery, logical, disk, other }

    /// nil where it is not arcconf's.
    init?(_ lines: KeyValueLines) {
        var controller = RaidController(name: "c1")
        var part = Part.other
        var isArcconf = false
        var hasBay = false
        for line in lines.lines {
            let text = line.text.lowercased()
            if text.hasPrefix("controllers found") || text == "logical device information"
                || text == "physical device information" || text == "controller information"
                || text.hasPrefix("logical device number") || text.hasPrefix("logical drive number")
            {
                isArcconf = true
            }
            if text == "controller information" {
                part = .controller
            } else if text.contains("battery information") || text.contains("zmm information")
                || text.contains("green backup information")
            {
                part = .battery
            } else if text.hasPrefix("logical device number ") || text.hasPrefix("logical drive number ") {
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
            } else if text == "connector information" || text.hasSuffix("phy information") {
                part = .other
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
            switch line.key {
            case "status": battery = RaidController.batteryState(line.value)
            case "capacity remaining", "charge level":
                batteryCharge = Double(line.value.prefix { $0.isNumber }).map { min($0 / 100, 1) }
            default: break
            }
        } else if isLogical, let last = arrays.indices.last {
            switch line.key {
            case "raid level": arrays[last].level = "RAID \(line.value)"
            case "status of logical device", "status of logical drive":
                arrays[last].state = RaidController.arrayState(line.value)
            default: break
            }
        } else if isDisk, let last = disks.indices.last {
            disks[last].readArcconf(line)
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
        case "s.m.a.r.t. warnings": predictedFailures = UInt64(line.value)
        case "medium error count", "hardware error count": mediaErrors = UInt64(line.value) ?? mediaErrors
        // The World Wide Name that it prints is that of the port on the controller.
        default: break
        }
    }
}
