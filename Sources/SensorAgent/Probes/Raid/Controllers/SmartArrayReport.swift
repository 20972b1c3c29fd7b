import Reports

/// `ssacli ctrl all show config detail` (also hpssacli, hpacucli): HPE's Smart Array and Smart HBA controllers.
struct SmartArrayReport: Sendable {
    private(set) var controllers: [RaidController] = []

    private enum Part { case controller, array, logical, disk, other }
    private var part = Part.controller
    /// The array's own reported state: its volumes may still be called well.
    private var groupState: VolumeState?
    /// Its name; nil where the disks that follow are in none.
    private var group: String?

    /// nil where no controller of HPE is named.
    init?(_ lines: KeyValueLines) {
        for line in lines.lines { read(line) }
        for index in controllers.indices { controllers[index].settleCache() }
        guard !controllers.isEmpty else { return nil }
    }

    /// `Smart Array P420i in Slot 0 (Embedded)   (sn: 50014380…)`.
    private static func heading(_ text: String) -> (model: String, slot: String)? {
        guard let mark = text.firstRange(of: " in Slot "),
            ["Smart Array", "Smart HBA", "SmartRAID", "Smart RAID", "MSA"]
                .contains(where: text[..<mark.lowerBound].contains)
        else { return nil }
        let slot = text[mark.upperBound...].prefix { $0.isNumber || $0.isLetter }
        return slot.isEmpty ? nil : (String(text[..<mark.lowerBound]), String(slot))
    }

    private mutating func read(_ line: KeyValueLines.Line) {
        if let (model, slot) = SmartArrayReport.heading(line.text) {
            var controller = RaidController(name: "slot \(slot)")
            controller.model = model
            if let mark = line.text.firstRange(of: "(sn: ") {
                controller.serial = PlaceholderText.removed(String(line.text[mark.upperBound...].prefix { $0 != ")" }))
            }
            // Some outputs name a controller in two places.
            if !controllers.contains(where: { $0.name == controller.name }) {
                controllers.append(controller)
                (groupState, group) = (nil, nil)
            }
            part = .controller
            return
        }
        guard let last = controllers.indices.last else { return }
        let words = line.text.split(separator: " ")
        let first = words.first?.lowercased() ?? ""
        // `array B (Failed)`, `Array: B`; but `Array Type: Data` is a value of one.
        if line.key == "array" || first == "array", words.count >= 2, words[1].allSatisfy(\.isUppercase) {
            part = .array
            group = String(words[1])
            groupState = line.bracketed.compactMap(SmartArrayReport.groupState).last
        } else if line.key == "logical drive" {
            part = .logical
            controllers[last].arrays.append(
                RaidController.Array(name: line.value, state: groupState.lowering(nil), group: group))
        } else if first == "logicaldrive" {
            part = .logical
            controllers[last].addLogical(line, words, of: groupState, group)
        } else if first == "physicaldrive" {
            part = .disk
            controllers[last].addPhysical(line, words, of: group)
        } else if SmartArrayReport.beginsOther(line) {
            part = .other
            if first.hasPrefix("unassigned") || first == "hba" { group = nil }
        } else if part == .array, line.key == "status" {
            groupState = SmartArrayReport.groupState(line.value)
        } else if !line.value.isEmpty {
            controllers[last].readValue(line, part == .controller, part == .logical, part == .disk, of: groupState)
        }
    }

    /// Whether what follows is of a part that is not looked at, and has serial numbers and firmware of its own:
    /// `Expander 378`, `Internal Drive Cage at Port 1I, Box 1, OK`, `12G SAS Exp Card at Port 1I, Box 1, OK`.
    private static func beginsOther(_ line: KeyValueLines.Line) -> Bool {
        let text = line.text.lowercased()
        if ["unassigned", "enclosure", "expander", "sep", "port name", "hba drives"].contains(where: text.hasPrefix) {
            return true
        }
        return line.key.isEmpty && (text.contains(" at port ") || text.contains("drive cage"))
    }

    private static func groupState(_ text: String) -> VolumeState? {
        // One disk of the array has failed: what is lost with it the volumes report.
        text.lowercased().contains("failed physical drive") ? .degraded : RaidController.arrayState(text)
    }

}

extension VolumeState? {
    /// What a volume is, by its own word and by this one of its array.
    fileprivate func lowering(_ own: VolumeState?) -> VolumeState? {
        guard let self, self != .ok else { return own }
        // Of a volume that misses a disk its own state is more exact, as long as its array is not lost.
        return self == .failed || own == nil || own == .ok ? self : own
    }
}

extension KeyValueLines.Line {
    /// What stands in brackets, parted at the commas: `558.9 GB`, `RAID 1`, `OK`.
    fileprivate var bracketed: [String] {
        guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close else { return [] }
        return text[text.index(after: open)..<close].split(separator: ",").map { String(KeyValueLines.trimmed($0)) }
    }
}

extension RaidController {
    /// `logicaldrive 1 (558.9 GB, RAID 1, OK)`.
    fileprivate mutating func addLogical(
        _ line: KeyValueLines.Line, _ words: [Substring], of state: VolumeState?, _ group: String?
    ) {
        guard words.count >= 2 else { return }
        arrays.append(
            Array(
                name: String(words[1]), level: line.bracketed.first { $0.hasPrefix("RAID") },
                state: state.lowering(line.bracketed.compactMap(RaidController.arrayState).last),
                activity: line.bracketed.contains(where: RaidController.waits) ? "queued" : nil, group: group))
    }

    /// `physicaldrive 1I:1:4 (port 1I:box 1:bay 4, SAS, 300 GB, OK)`; alone it is the head of a list of values.
    fileprivate mutating func addPhysical(_ line: KeyValueLines.Line, _ words: [Substring], of group: String?) {
        guard words.count >= 2 else { return }
        let place = String(words[1])
        if !disks.contains(where: { $0.place == place }) { disks.append(Disk(place: place)) }
        guard let index = disks.firstIndex(where: { $0.place == place }) else { return }
        // What follows is of this disk, wherever it was first named.
        let disk = disks.remove(at: index)
        disks.append(disk)
        let last = disks.count - 1
        disks[last].group = group ?? disks[last].group
        for word in line.bracketed {
            if let bus = RaidController.bus(word) { disks[last].bus = bus }
            if let status = RaidController.diskStatus(word) {
                disks[last].status = status
                // A disk in no array, and one that is being filled, is not in sync.
                disks[last].member =
                    switch status {
                    case "failed": .faulty
                    case "missing": .missing
                    default:
                        RaidController.memberState(word) == .rebuilding
                            ? .rebuilding : group == nil ? nil : .inSync
                    }
            }
            // An active one stands in for another: it is a member.
            if word.lowercased() == "spare", disks[last].member == .inSync || disks[last].member == nil {
                disks[last].member = .spare
            }
        }
    }

    /// `ata`, `sas` or `nvme` of `Solid State SATA` and the like.
    static func bus(_ text: String) -> String? {
        let word = text.lowercased()
        return word.contains("nvme") ? "nvme" : word.contains("sata") ? "ata" : word.contains("sas") ? "sas" : nil
    }

    fileprivate mutating func readValue(
        _ line: KeyValueLines.Line, _ isController: Bool, _ isLogical: Bool, _ isDisk: Bool,
        of group: VolumeState?
    ) {
        if isController {
            readOwn(line)
        } else if isLogical, let last = arrays.indices.last {
            switch line.key {
            case "status":
                arrays[last].setState(line.value)
                arrays[last].state = group.lowering(arrays[last].state)
                if let mark = line.value.firstIndex(of: "%"),
                    let percent = Double(line.value[..<mark].split(separator: " ").last ?? "")
                {
                    arrays[last].progress = min(max(percent / 100, 0), 1)
                }
            case "fault tolerance": arrays[last].level = line.value
            default: break
            }
        } else if isDisk, let last = disks.indices.last {
            disks[last].readSmartArray(line)
        }
    }

    private mutating func readOwn(_ line: KeyValueLines.Line) {
        switch line.key {
        case "serial number": serial = PlaceholderText.removed(line.value) ?? serial
        case "controller status": status = RaidController.controllerStatus(line.value)
        case "firmware version": firmware = PlaceholderText.removed(line.value)
        case "controller temperature (c)": temperature = RaidController.celsius(line.value)
        case "battery/capacitor status", "battery status", "capacitor status":
            battery = RaidController.batteryState(line.value)
        case "cache status": cache.status = line.value.lowercased()
        case "cache status details": cache.details = line.value.lowercased()
        case "cache backup power source": cache.hasBackup = !line.value.lowercased().hasPrefix("no")
        default: if line.key.hasPrefix("pci address") { pci = RaidController.address(line.value) }
        }
    }
}

extension RaidController {
    /// A write cache that was switched off for good is a fault of the controller. Of a battery that failed or lost its
    /// cable the line of its own state is gone: what is said of the cache speaks for it.
    fileprivate mutating func settleCache() {
        let isOff = cache.status.map { $0.hasPrefix("permanently disabled") || $0.hasPrefix("error") } ?? false
        guard isOff else { return }
        let words = cache.details ?? ""
        let isBackup = ["batter", "capacitor", "cable", "charge", "backup power"].contains(where: words.contains)
        // An empty one may be filled again, or not: that its own line would say.
        let isEmpty = ["low batter", "charging"].contains(where: words.contains)
        if battery == nil, isBackup || (words.isEmpty && cache.hasBackup) { battery = isEmpty ? "charging" : "failed" }
        if status == nil || status == "ok" { status = "degraded" }
    }
}

extension RaidController.Disk {
    fileprivate mutating func readSmartArray(_ line: KeyValueLines.Line) {
        switch line.key {
        case "status":
            status = RaidController.diskStatus(line.value)
            switch status {
            case "failed": member = .faulty
            case "missing": member = .missing
            default: if RaidController.memberState(line.value) == .rebuilding { member = .rebuilding }
            }
        case "drive type":
            let word = line.value.lowercased()
            if word.contains("unassigned") || word.contains("hba") {
                member = nil
            } else if member == nil || member == .inSync {
                // One that failed, or is being filled, is nothing else.
                member = word.contains("spare") && !word.contains("active") ? .spare : .inSync
            }
        case "interface type":
            bus = RaidController.bus(line.value) ?? bus
            isRotational = !line.value.lowercased().contains("solid state")
        case "serial number": serial = PlaceholderText.removed(line.value)
        case "model":
            // `ATA     MK000960GWEZK`, `HP      EG0300FBDSP`.
            let words = line.value.split(separator: " ")
            manufacturer = words.count > 1 && words[0] != "ATA" ? String(words[0]) : nil
            model = PlaceholderText.removed(words.count > 1 ? words.dropFirst().joined(separator: " ") : line.value)
        case "firmware revision": firmware = PlaceholderText.removed(line.value)
        case "current temperature (c)": temperature = RaidController.diskTemperature(line.value)
        // The World Wide Identifier of a SAS disk is that of its port, and of a SATA disk the expander's: it is no name.
        default: break
        }
    }
}
