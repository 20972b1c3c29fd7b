/// `mdadm --detail` of one array or several, as people mail it; the probe itself reads `/proc/mdstat` and sysfs.
///
/// ```
/// /dev/md0:
///         Raid Level : raid5
///       Raid Devices : 3
///              State : clean, degraded
///     Number   Major   Minor   RaidDevice State
///        0       8        1        0      active sync   /dev/sda1
///        -       0        0        1      removed
///        1       8       17        -      faulty   /dev/sdb1
/// ```
struct MDDetail: Sendable {
    private(set) var arrays: [MDArray] = []
    private var working = 0

    /// nil where it is no output of the kind.
    init?(parsing bytes: [UInt8]) {
        let text = String(decoding: bytes.prefix(MDStat.fileBytes), as: UTF8.self)
        for line in text.split(whereSeparator: \.isNewline) { take(line) }
        finish()
        guard !arrays.isEmpty, arrays.contains(where: { !$0.level.isEmpty }) else { return nil }
    }

    private mutating func take(_ line: Substring) {
        let line = line.trimmed
        if line.hasPrefix("/dev/md"), line.hasSuffix(":") {
            finish()
            guard arrays.count < MDStat.arrayLimit else { return }
            let name = line.dropFirst("/dev/".count).dropLast()
            arrays.append(MDArray(name: String(name), arrayState: "clean"))
            return
        }
        guard let last = arrays.indices.last else { return }
        if let colon = line.firstRange(of: " : ") {
            takeField(String(line[..<colon.lowerBound].trimmed), line[colon.upperBound...].trimmed, of: last)
        } else if let member = MDDetail.member(line), arrays[last].members.count < MDStat.memberLimit {
            arrays[last].members.append(member)
        }
    }

    private mutating func takeField(_ key: String, _ value: Substring, of array: Int) {
        switch key {
        case "Raid Level": arrays[array].level = String(value)
        case "Raid Devices": arrays[array].wanted = MDDetail.count(value)
        case "Active Devices": working = MDDetail.count(value) ?? 0
        case "Version": arrays[array].metadata = String(value)
        case "UUID": arrays[array].uuid = String(value.prefix { $0 != " " })
        case "Rebuild Status": arrays[array].progress = MDDetail.percent(value)
        case "Resync Status", "Check Status", "Reshape Status":
            arrays[array].progress = MDDetail.percent(value)
        case "State":
            let words = Set(value.lowercased().split { $0 == "," || $0 == " " }.map(String.init))
            if words.contains("inactive") || words.contains("broken") || words.contains("failed") {
                arrays[array].arrayState = words.contains("inactive") ? "inactive" : "broken"
            }
            let activities = [
                "recovering": "recovery", "resyncing": "resync", "checking": "check", "reshaping": "reshape",
            ]
            arrays[array].activity = activities.first { words.contains($0.key) }?.value ?? "idle"
        default: break
        }
    }

    /// How many devices; nil of what no array can have.
    private static func count(_ value: Substring) -> Int? {
        Int(value).flatMap { (0...MDStat.memberLimit).contains($0) ? $0 : nil }
    }

    private mutating func finish() {
        defer { working = 0 }
        guard let last = arrays.indices.last, let wanted = arrays[last].wanted else { return }
        arrays[last].degraded = max(0, wanted - working)
    }

    /// `12% complete`
    private static func percent(_ value: Substring) -> Double? {
        Double(value.prefix { $0.isNumber || $0 == "." }).map { $0 / 100 }
    }

    /// `0   8   1   0   active sync   /dev/sda1`; a member that was removed has no device.
    private static func member(_ line: Substring) -> MDArray.Member? {
        let words = line.split(separator: " ")
        guard words.count >= 5, words[0] == "-" || Int(words[0]) != nil, Int(words[1]) != nil, Int(words[2]) != nil,
            let device = words.last, device.hasPrefix("/dev/")
        else { return nil }
        let said = Set(words[3...].map { String($0) })
        let state: MemberState =
            said.contains("faulty")
            ? .faulty : said.contains("rebuilding") ? .rebuilding : said.contains("spare") ? .spare : .inSync
        return MDArray.Member(device: String(device.dropFirst("/dev/".count)), state: state, number: Int(words[0]))
    }
}
