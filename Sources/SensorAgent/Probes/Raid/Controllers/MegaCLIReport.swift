import Reports

/// `MegaCli64 -PDList -aALL`, `-LDInfo -Lall -aALL`, `-AdpBbuCmd -aALL`: the program before storcli.
struct MegaCLIReport: Sendable {
    private(set) var controllers: [RaidController] = []

    /// nil where it is not MegaCli's.
    init?(_ lines: KeyValueLines) {
        var current = 0
        for line in lines.lines {
            if let number = MegaCLIReport.adapter(line.text) {
                let name = "c\(number)"
                if !controllers.contains(where: { $0.name == name }) {
                    guard controllers.count < StorcliReport.controllerLimit else { continue }
                    controllers.append(RaidController(name: name))
                }
                current = controllers.firstIndex { $0.name == name } ?? 0
            } else if controllers.isEmpty,
                ["enclosure device id", "virtual drive", "virtual disk"].contains(line.key)
            {
                // An extract that begins below the adapter's line.
                controllers.append(RaidController(name: "c0"))
            }
            if controllers.indices.contains(current) { controllers[current].readMegaCLI(line) }
        }
        for index in controllers.indices {
            controllers[index].disks.removeAll { $0.status == nil && $0.model == nil && $0.wwn == nil }
        }
        controllers.removeAll { $0 == RaidController(name: $0.name) }
        guard !controllers.isEmpty else { return nil }
    }

    /// `Adapter #0`, `Adapter 0 -- Virtual Drive Information:`, `BBU status for Adapter: 0`.
    private static func adapter(_ text: String) -> Int? {
        for start in ["Adapter #", "Adapter ", "BBU status for Adapter: "] where text.hasPrefix(start) {
            return Int(text.dropFirst(start.count).prefix { $0.isNumber })
        }
        return nil
    }
}

extension RaidController {
    fileprivate mutating func readMegaCLI(_ line: KeyValueLines.Line) {
        switch line.key {
        case "product name": model = PlaceholderText.removed(line.value)
        case "serial no": serial = PlaceholderText.removed(line.value)
        case "fw package build": firmware = PlaceholderText.removed(line.value)
        // Versions before 2010 call it a disk.
        case "virtual drive" where line.value.first?.isNumber == true,
            "virtual disk" where line.value.first?.isNumber == true, "cachecade virtual drive":
            arrays.append(Array(name: String(line.value.prefix { $0.isNumber })))
        case "raid level": if let last = arrays.indices.last { arrays[last].level = line.value }
        case "state":
            if let last = arrays.indices.last { arrays[last].setState(line.value) }
        case "battery state": battery = RaidController.batteryState(line.value)
        case "battery replacement required", "pack is about to fail & should be replaced", "battery pack missing":
            if line.value == "Yes" { battery = "replace" }
        case "relative state of charge":
            batteryCharge = Double(line.value.prefix { $0.isNumber }).map { min($0 / 100, 1) }
        case "enclosure device id":
            if disks.count < StorcliReport.diskLimit { disks.append(Disk(place: line.value)) }
        default: if let last = disks.indices.last { disks[last].readMegaCLI(line) }
        }
    }
}

extension RaidController.Disk {
    fileprivate mutating func readMegaCLI(_ line: KeyValueLines.Line) {
        switch line.key {
        case "slot number": if !place.contains(":") { place += ":\(line.value)" }
        case "wwn": wwn = DiskIdentity.plausible(wwn: "0x" + line.value)
        case "media error count": mediaErrors = UInt64(line.value)
        case "other error count": otherErrors = UInt64(line.value)
        case "predictive failure count": predictedFailures = UInt64(line.value)
        case "pd type": bus = line.value == "SATA" ? "ata" : line.value == "SAS" ? "sas" : nil
        case "media type": isRotational = line.value.hasPrefix("Hard")
        case "drive temperature": temperature = RaidController.diskTemperature(line.value)
        case "drive has flagged a s.m.a.r.t alert": if line.value == "Yes" { status = "predicted_failure" }
        case "device firmware level": firmware = PlaceholderText.removed(line.value)
        case "inquiry data":
            if let inquiry = MegaCLIInquiry(line.columns, bus: bus, level: firmware) {
                (manufacturer, model, serial) = (inquiry.manufacturer, inquiry.model, inquiry.serial)
                firmware = inquiry.firmware
            } else {
                model = model ?? PlaceholderText.removed(line.value)
            }
        case "firmware state":
            member = RaidController.memberState(line.value)
            status = status ?? RaidController.diskStatus(line.value)
        default: break
        }
    }
}
