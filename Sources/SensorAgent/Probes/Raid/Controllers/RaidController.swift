import Reports

/// A RAID controller as its maker's program reports it, in the words of the signals.
struct RaidController: Hashable, Sendable {
    struct Array: Hashable, Sendable {
        /// `0`, `A/1`: as the program calls it.
        var name: String
        var level: String?
        var state: VolumeState?
        /// `queued`, `recovery`; nil where the program does not report it.
        var activity: String?
        var progress: Double?
        /// The group of disks that it lies on, where the program reports of which each disk is.
        var group: String?

        /// Reads the state, and that a rebuild waits, of the program's word.
        mutating func setState(_ text: String) {
            state = RaidController.arrayState(text)
            activity = RaidController.waits(text) ? "queued" : nil
        }
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
        /// The group of disks that it is in, as the array names it.
        var group: String?
        /// nil: it belongs to no array.
        var member: MemberState?
        /// `ok`, `degraded`, `failed`, `predicted_failure`, `missing`.
        var status: String?
        var temperature: Measurement?
        var mediaErrors: UInt64?
        var otherErrors: UInt64?
        var predictedFailures: UInt64?
    }

    /// The write cache, as far as its state speaks for the battery behind it.
    struct Cache: Hashable, Sendable {
        /// In lower case: `ok`, `permanently disabled`.
        var status: String?
        var details: String?
        /// Whether a battery or capacitor is to keep it.
        var hasBackup = false
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
    var cache = Cache()
    var arrays: [Array] = []
    var disks: [Disk] = []

    init(name: String) { self.name = name }

    // MARK: Words of the makers

    /// The maker's word in lower case without the same word, shorter, behind it: `critical` of `Critical (CRT)`.
    private static func word(_ text: String) -> String {
        let word = text.lowercased()
        guard let open = word.firstIndex(of: "("), open > word.startIndex, word[word.index(before: open)] == " " else {
            return word
        }
        return String(KeyValueLines.trimmed(word[..<open]))
    }

    /// The state of an array: `Optl`, `Interim Recovery Mode`, `Recovering, 5% complete`, `Offline`, `Critical (CRT)`.
    static func arrayState(_ text: String) -> VolumeState? {
        let word = word(text)
        if ["optl", "optimal", "ok", "okay", "online"].contains(word) || word.hasPrefix("ok ") { return .ok }
        if word.hasPrefix("optimal") { return .ok }
        // An array that is "critical" lacks a disk, one that is "impacted" was not built to its end.
        if [
            "degraded", "dgrd", "dgd", "pdgd", "interim recovery", "ready for rebuild", "ready for recovery",
            "suboptimal", "sub-optimal",
        ].contains(where: word.contains) || ["critical", "impacted"].contains(where: word.hasPrefix) {
            return .degraded
        }
        if waits(text) { return .degraded }
        if ["recover", "rebuild", "rec"].contains(where: word.hasPrefix) { return .rebuilding }
        if [
            "failed", "offline", "ofln", "missing", "msng", "wrong drive", "wrong physical drive",
            "physical drive not properly connected",
        ].contains(where: word.hasPrefix) {
            return .failed
        }
        return nil
    }

    /// Whether a rebuild is due and waits for its turn: `Ready for Rebuild`, `Queued for Rebuild`.
    static func waits(_ text: String) -> Bool {
        let word = text.lowercased()
        return ["ready for", "queued for", "waiting for", "pending"].contains(where: word.hasPrefix)
            && (word.contains("rebuild") || word.contains("recovery"))
    }

    /// What a disk is in its array: `Onln`, `Online, Spun Up`, `Rebuild`, `Hotspare, Spun down`, `Failed`, `Defunct`.
    static func memberState(_ text: String) -> MemberState? {
        let word = diskWord(text)
        if ["onln", "online", "optimal", "cpybck", "copyback", "cfshld", "cbshld"].contains(where: word.hasPrefix) {
            return .inSync
        }
        if ["rbld", "rebuild"].contains(where: word.hasPrefix) || waits(word) { return .rebuilding }
        if ["dhs", "ghs", "hspshld", "hotspare", "hot spare", "hot-spare"].contains(where: word.hasPrefix)
            || word.contains("hot-spare") || word.contains("hot spare")
        {
            return .spare
        }
        if ["msng", "missing"].contains(where: word.hasPrefix) { return .missing }
        return word == "f" || isFailed(word) ? .faulty : nil
    }

    static func diskStatus(_ text: String) -> String? {
        let word = diskWord(text)
        if word.contains("predict") { return "predicted_failure" }
        if isFailed(word) { return "failed" }
        if ["msng", "missing"].contains(where: word.hasPrefix) { return "missing" }
        // The controller examines a shielded disk.
        if word.hasSuffix("shld") { return "degraded" }
        // One that is being filled is well itself; what it is in its array tells the rest.
        if ["rebuild", "rbld"].contains(where: word.hasPrefix) || waits(word) { return "ok" }
        let isWell = [
            "ok", "onln", "online", "optimal", "ugood", "ugunsp", "unconfigured(good)", "jbod", "dhs", "ghs", "hot",
            "ready", "raw", "cpybck", "copyback",
        ].contains(where: word.hasPrefix)
        return isWell || word.contains("hot-spare") || word.contains("hot spare") ? "ok" : nil
    }

    /// storcli writes an `s` before the state of a disk that is secured: `sUBad`.
    private static func diskWord(_ text: String) -> String {
        let isSecured = text.first == "s" && text.dropFirst().first?.isUppercase == true
        return word(isSecured ? String(text.dropFirst()) : text)
    }

    private static func isFailed(_ word: String) -> Bool {
        [
            "failed", "ubad", "ubunsp", "unconfigured(bad)", "unconfigured bad", "offln", "offline", "defunct",
            "inaccessible", "bad",
        ].contains(where: word.hasPrefix)
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
        if ["optimal", "ok", "operational", "okay", "ready", "zmm optimal"].contains(where: word.hasPrefix) {
            return "ok"
        }
        if word.contains("learn") || word.contains("reconditioning") { return "learning" }
        if word.contains("charging") || word.hasPrefix("recharg") { return "charging" }
        if ["fail", "dead", "zmm fail", "error"].contains(where: word.hasPrefix) { return "failed" }
        if ["degraded", "dgd", "needs attention", "replace", "non-operational", "not fully", "low", "missing"]
            .contains(where: word.hasPrefix)
        {
            return "replace"
        }
        return nil
    }

    /// The worse of two words on the battery, which several lines report for its parts.
    static func worseBattery(_ one: String?, _ other: String?) -> String? {
        guard let one, let other else { return one ?? other }
        let order = ["failed", "replace", "learning", "charging", "ok"]
        return (order.firstIndex(of: one) ?? order.count) <= (order.firstIndex(of: other) ?? order.count) ? one : other
    }

    /// The bits in which MegaRAID's firmware describes its battery (`MFI_BBU_STATE_` of FreeBSD's mfireg.h); nil where
    /// it only charges and discharges, and where there is none.
    static func batteryState(bits: UInt64) -> String? {
        if bits & (1 << 0 | 1 << 7 | 1 << 10) != 0 { return "replace" }  // missing, learn cycle failed, replace it
        if bits & (1 << 9) != 0 { return "failed" }  // it does not answer
        if bits & (1 << 6) != 0 { return "learning" }
        if bits & (1 << 3) != 0 { return "charging" }
        return bits == 0 ? "ok" : nil
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
                if disk.serial != nil || disk.wwn != nil {
                    let group = disks[place].group
                    disks[place] = disk
                    disks[place].group = disk.group ?? group
                }
            } else {
                disks.append(disk)
            }
        }
    }

    /// A volume that lacks a disk while one is being filled in its place is rebuilding, though some programs keep the
    /// word of what is lacking; one of several is left as it is where nobody reports which of them the disk is for.
    mutating func settle() {
        for index in arrays.indices where arrays[index].state == .degraded && arrays[index].activity == nil {
            let group = arrays[index].group
            let isAlone = arrays.count { $0.state == .degraded || $0.state == .rebuilding } == 1
            let members = disks.filter { $0.member != nil && (group == nil || $0.group == group) }
            guard group != nil || isAlone, members.contains(where: { $0.member == .rebuilding }),
                !members.contains(where: { $0.member == .faulty || $0.member == .missing })
            else { continue }
            arrays[index].state = .rebuilding
        }
    }
}
