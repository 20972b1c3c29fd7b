/// `dmsetup status --noflush` (dmsetup(8)) of the targets `raid` and `mirror`, which LVM's RAID is made of
/// (Documentation/admin-guide/device-mapper/dm-raid.rst, "Status"; dm-mirror's is in drivers/md/dm-raid1.c).
///
/// ```
/// vg-data: 0 4194304 raid raid1 2 AD 4194304/4194304 idle 0 0 -
/// vg-old: 0 4194304 mirror 2 254:1 254:2 4096/4096 1 AD 3 disk 254:0 A
/// ```
/// The kernel answers from memory; `lvs` would read all disks, and wake those that sleep.
struct DeviceMapperStatus: Sendable {
    /// Volumes taken.
    static let volumeLimit = 4_096

    struct Volume: Hashable, Sendable {
        /// `vg-data`, as dmsetup names it.
        var name: String
        /// `raid1`, `raid5`, `mirror`.
        var level: String
        /// One for each leg, in order.
        var members: [MemberState]
        var activity: String
        var progress: Double?
        var mismatches: UInt64?

        var missing: Int { members.count { $0 != .inSync } }

        var state: VolumeState {
            let lost = members.count { $0 == .faulty }
            let most =
                switch level {
                case "raid0": 0
                case "raid4", "raid5": 1
                case "raid6": 2
                default: members.count - 1
                }
            if lost > most { return .failed }
            if lost > 0 { return .degraded }
            return missing > 0 ? .rebuilding : .ok
        }
    }

    private(set) var volumes: [Volume] = []

    init(parsing bytes: [UInt8]) {
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard volumes.count < DeviceMapperStatus.volumeLimit else { return }
            guard let colon = line.firstRange(of: ": ") else { continue }
            let words = line[colon.upperBound...].split(separator: " ")
            guard words.count > 5 else { continue }
            let name = String(line[..<colon.lowerBound])
            switch words[2] {
            case "raid": if let volume = DeviceMapperStatus.raid(name, words) { volumes.append(volume) }
            case "mirror": if let volume = DeviceMapperStatus.mirror(name, words) { volumes.append(volume) }
            default: continue
            }
        }
    }

    private static func raid(_ name: String, _ words: [Substring]) -> Volume? {
        guard words.count >= 7, let members = members(words[5]), Int(words[4]) == members.count else { return nil }
        let level = words[3].prefix { $0 != "_" }
        let activity = words.count > 7 ? String(words[7]) : "idle"
        return Volume(
            name: name, level: String(level), members: members, activity: activity == "recover" ? "recovery" : activity,
            progress: activity == "idle" ? nil : share(words[6]),
            mismatches: words.count > 8 ? UInt64(words[8]) : nil)
    }

    private static func mirror(_ name: String, _ words: [Substring]) -> Volume? {
        // The legs, how much of them agrees, how many words of state follow, and one letter for each leg.
        guard let count = Int(words[3]), (1...64).contains(count), words.count > 6 + count,
            let members = members(words[6 + count]), members.count == count
        else { return nil }
        let share = share(words[4 + count])
        return Volume(
            name: name, level: "mirror", members: members, activity: share == 1 ? "idle" : "resync",
            progress: share == 1 ? nil : share, mismatches: nil)
    }

    /// `A` in use, `a` being filled, `D`, `F`, `S`, `R`, `U` failed in one way or another, `-` a leg without a device.
    private static func members(_ letters: Substring) -> [MemberState]? {
        guard !letters.isEmpty, letters.count <= 256 else { return nil }
        return letters.allSatisfy({ "AaDFSRU-".contains($0) })
            ? letters.map { $0 == "A" ? .inSync : $0 == "a" ? .rebuilding : .faulty } : nil
    }

    private static func share(_ text: Substring) -> Double? {
        let parts = text.split(separator: "/").compactMap { Double($0) }
        guard parts.count == 2, parts[1] > 0 else { return nil }
        return min(parts[0] / parts[1], 1)
    }
}
