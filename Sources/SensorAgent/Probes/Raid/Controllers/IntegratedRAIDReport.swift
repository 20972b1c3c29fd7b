import Reports

/// `sas2ircu 0 display`, `sas3ircu 0 display`: the small mirrors of LSI's and Broadcom's host bus adapters.
struct IntegratedRAIDReport: Sendable {
    private(set) var controllers: [RaidController] = []

    private enum Part { case controller, volume, disk, other }

    /// nil where it is not theirs.
    init?(_ lines: KeyValueLines) {
        var controller = RaidController(name: "c0")
        var part = Part.other
        var isDisplay = false
        for line in lines.lines {
            let text = line.text.lowercased()
            if text.hasPrefix("read configuration has been initiated for controller") {
                isDisplay = true
                controller.name = "c\(text.split(separator: " ").last ?? "0")"
            } else if text == "controller information" {
                part = .controller
            } else if text.hasPrefix("ir volume "), Int(text.dropFirst("ir volume ".count)) != nil {
                part = .volume
                controller.arrays.append(RaidController.Array(name: String(text.dropFirst("ir volume ".count))))
            } else if text.hasPrefix("device is a hard disk"), controller.disks.count < StorcliReport.diskLimit {
                part = .disk
                controller.disks.append(RaidController.Disk(place: ""))
            } else if text.hasPrefix("device is a ") || text.hasPrefix("initiator at")
                || text == "enclosure information"
            {
                part = .other
            } else if !line.value.isEmpty {
                controller.readIntegrated(line, part == .controller, part == .volume, part == .disk)
            }
        }
        guard isDisplay, controller != RaidController(name: controller.name) else { return nil }
        controllers = [controller]
    }
}

extension RaidController {
    /// The address comes in four lines, in the order of its parts, in decimal.
    private mutating func readAddress(_ line: KeyValueLines.Line) {
        guard let number = UInt16(line.value) else { return }
        switch line.key {
        case "segment": pci = hexadecimal(UInt64(number), digits: 4)
        case "bus": pci = pci.map { "\($0):\(hexadecimal(UInt64(number), digits: 2))" }
        case "device": pci = pci.map { "\($0):\(hexadecimal(UInt64(number), digits: 2))" }
        default: pci = pci.map { "\($0).\(number)" }
        }
    }

    fileprivate mutating func readIntegrated(
        _ line: KeyValueLines.Line, _ isController: Bool, _ isVolume: Bool, _ isDisk: Bool
    ) {
        // `Okay (OKY)`: the word in brackets is the same one, shorter.
        let word = String(KeyValueLines.trimmed(line.value.prefix { $0 != "(" }))
        if isController {
            switch line.key {
            case "controller type": model = PlaceholderText.removed(line.value)
            case "firmware version": firmware = PlaceholderText.removed(line.value)
            case "segment", "bus", "device", "function": readAddress(line)
            default: break
            }
        } else if isVolume, let last = arrays.indices.last {
            switch line.key {
            // `Inactive, Okay`: a volume that was not claimed; its disks are well.
            case "status of volume":
                let words = word.split(separator: ",").map { String(KeyValueLines.trimmed($0)) }
                arrays[last].state = words.first == "Inactive" ? .inactive : RaidController.arrayState(words.last ?? "")
            case "raid level": arrays[last].level = line.value
            default: break
            }
        } else if isDisk, let last = disks.indices.last {
            disks[last].readIntegrated(line, word)
        }
    }
}

extension RaidController.Disk {
    fileprivate mutating func readIntegrated(_ line: KeyValueLines.Line, _ word: String) {
        switch line.key {
        case "enclosure #": place = line.value
        case "slot #": place += ":\(line.value)"
        case "state":
            switch word.lowercased() {
            case "optimal", "online": (member, status) = (.inSync, "ok")
            case "rebuilding", "out of sync": (member, status) = (.rebuilding, "ok")
            case "degraded": (member, status) = (.rebuilding, "degraded")
            case "hot spare": (member, status) = (.spare, "ok")
            case "failed": (member, status) = (.faulty, "failed")
            case "missing": (member, status) = (.missing, "missing")
            // `Ready` and `Standby` disks are in no volume.
            case "ready", "available", "standby": status = "ok"
            default: break
            }
        case "manufacturer": manufacturer = line.value == "ATA" ? nil : PlaceholderText.removed(line.value)
        case "model number": model = PlaceholderText.removed(line.value)
        case "firmware revision": firmware = PlaceholderText.removed(line.value)
        case "serial no": serial = PlaceholderText.removed(line.value)
        case "guid": wwn = DiskIdentity.plausible(wwn: "0x" + line.value)
        case "protocol": bus = RaidController.bus(line.value)
        case "drive type": isRotational = line.value.hasSuffix("HDD") ? true : line.value.hasSuffix("SSD") ? false : nil
        default: break
        }
    }
}
