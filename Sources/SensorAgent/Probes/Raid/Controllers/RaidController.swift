import Reports

/// A RAID controller as its maker's program reports it, in the words of the signals.
struct RaidController: Hashable, Sendable {
    struct Array: Hashable, Sendable {
        /// `0`, `A/1`: as the program calls it.
        var name: String
        var level: String?
        var state: VolumeState?
        var progress: Double?
    }

    struct Disk: Hashable, Sendable {
        /// `252:3`, `1I:1:4`: where the controller reports it.
        var place: String
        var manufacturer: String?
        var model: String?
        var serial: String?
        var wwn: String?
        var firmware: String?
        /// `ata`, `sas`, `nvme`.
        var bus: String?
        var isRotational: Bool?
        /// nil: it belongs to no array.
        var member: MemberState?
        /// `ok`, `failed`, `predicted_failure`.
        var status: String?
        var temperature: Measurement?
        var mediaErrors: UInt64?
        var otherErrors: UInt64?
        var predictedFailures: UInt64?
    }

    /// `c0`, `slot 2`: as the program calls it.
    var name: String
    var model: String?
    var serial: String?
    var firmware: String?
    /// `0000:3b:00.0`.
    var pci: String?
    /// `ok`, `degraded`, `failed`.
    var status: String?
    var temperature: Double?
    /// `ok`, `replace`, `failed`, `charging`, `learning`; nil where it has no battery, or does not report it.
    var battery: String?
    /// 0 to 1.
    var batteryCharge: Double?
    /// Seconds since its last learn cycle, as it reports when the next one is due and how often they are.
    var batteryLearnAge: Double?
    var correctedErrors: UInt64?
    var uncorrectedErrors: UInt64?
    var arrays: [Array] = []
    var disks: [Disk] = []

    init(name: String) { self.name = name }

    // MARK: Words of the makers

    /// The state of an array: `Optl`, `Interim Recovery Mode`, `Recovering, 5% complete`, `Offline`.
    static func arrayState(_ text: String) -> VolumeState? {
        let word = text.lowercased()
        if ["optl", "optimal", "ok", "okay", "online"].contains(word) || word.hasPrefix("ok ") { return .ok }
        if word.hasPrefix("optimal") { return .ok }
        if ["degraded", "dgrd", "pdgd", "interim recovery", "ready for rebuild", "ready for recovery", "suboptimal"]
            .contains(where: word.contains)
        {
            return .degraded
        }
        if ["recover", "rebuild", "rec"].contains(where: word.hasPrefix) { return .rebuilding }
        if ["failed", "offline", "ofln"].contains(where: word.hasPrefix) { return .failed }
        return nil
    }

    /// What a disk is in its array: `Onln`, `Online, Spun Up`, `Rebuild`, `Hotspare, Spun down`, `Failed`.
    static func memberState(_ text: String) -> MemberState? {
        let word = text.lowercased()
        if ["onln", "online", "cpybck", "copyback"].contains(where: word.hasPrefix) { return .inSync }
        if ["rbld", "rebuild"].contains(where: word.hasPrefix) { return .rebuilding }
        if ["dhs", "ghs", "hotspare", "hot spare", "dedicated hot", "global hot"].contains(where: word.hasPrefix) {
            return .spare
        }
        if ["offln", "offline", "failed", "ubad", "unconfigured(bad)", "f"].contains(word)
            || ["failed", "unconfigured(bad)"].contains(where: word.hasPrefix)
        {
            return .faulty
        }
        if ["msng", "missing"].contains(where: word.hasPrefix) { return .missing }
        return nil
    }

    static func diskStatus(_ text: String) -> String? {
        let word = text.lowercased()
        if word.contains("predict") { return "predicted_failure" }
        if ["failed", "ubad", "unconfigured(bad)", "offln", "offline"].contains(where: word.hasPrefix) {
            return "failed"
        }
        if ["ok", "onln", "online", "ugood", "unconfigured(good)", "jbod", "dhs", "ghs", "hot", "ready", "raw"]
            .contains(where: word.hasPrefix)
        {
            return "ok"
        }
        return word.hasPrefix("rebuild") || word.hasPrefix("rbld") ? "degraded" : nil
    }

    static func controllerStatus(_ text: String) -> String? {
        let word = text.lowercased()
        if ["optimal", "ok", "okay"].contains(where: word.hasPrefix) { return "ok" }
        if word.hasPrefix("fail") { return "failed" }
        return ["needs attention", "degraded", "error", "warning"].contains(where: word.hasPrefix) ? "degraded" : nil
    }

    /// nil where there is no battery, or its word is not known.
    static func batteryState(_ text: String) -> String? {
        let word = text.lowercased()
        if ["optimal", "ok", "operational", "okay"].contains(where: word.hasPrefix) { return "ok" }
        if word.contains("learn") { return "learning" }
        if word.contains("charging") || word.hasPrefix("recharg") { return "charging" }
        if word.hasPrefix("fail") || word.hasPrefix("dead") { return "failed" }
        if ["degraded", "dgd", "needs attention", "replace", "non-operational", "not fully", "low"]
            .contains(where: word.hasPrefix)
        {
            return "replace"
        }
        return nil
    }

    /// `0000:3b:00.0` of `00:3b:00:00` (storcli) and of `0000:5C:00.0` (ssacli); nil of all else.
    static func address(_ text: String) -> String? {
        let parts = text.lowercased().split { $0 == ":" || $0 == "." }
        guard parts.count == 4, parts.allSatisfy({ $0.allSatisfy(\.isHexDigit) }), let function = parts[3].last,
            parts[0].count <= 4, parts[1].count == 2, parts[2].count == 2
        else { return nil }
        return String(repeating: "0", count: 4 - parts[0].count) + "\(parts[0]):\(parts[1]):\(parts[2]).\(function)"
    }

    /// The programs print `0C (32.00 F)` of a disk that does not answer; no disk works at the freezing point.
    static func diskTemperature(_ text: String) -> Measurement? {
        celsius(text).map { $0 == 0 ? .unavailable(.readError) : .gauge($0) }
    }

    /// The first number of ` 21C (69.80 F)` or `51 C/ 123 F (Normal)`.
    static func celsius(_ text: String) -> Double? {
        Double(text.drop { $0 == " " }.prefix { $0.isNumber || $0 == "." || $0 == "-" })
    }
}

extension RaidController {
    /// Takes from `other`, which is the same controller in another output, what this one does not contain.
    mutating func fill(from other: RaidController) {
        model = model ?? other.model
        serial = serial ?? other.serial
        firmware = firmware ?? other.firmware
        pci = pci ?? other.pci
        status = status ?? other.status
        temperature = temperature ?? other.temperature
        battery = battery ?? other.battery
        batteryCharge = batteryCharge ?? other.batteryCharge
        batteryLearnAge = batteryLearnAge ?? other.batteryLearnAge
        correctedErrors = correctedErrors ?? other.correctedErrors
        uncorrectedErrors = uncorrectedErrors ?? other.uncorrectedErrors
        for array in other.arrays where !arrays.contains(where: { $0.name == array.name }) { arrays.append(array) }
        for disk in other.disks {
            if let place = disks.firstIndex(where: { $0.place == disk.place }) {
                // The output with the serial number knows the most of it.
                if disk.serial != nil || disk.wwn != nil { disks[place] = disk }
            } else {
                disks.append(disk)
            }
        }
    }
}
