import Reports

/// The md driver's arrays in sysfs (`/sys/block/md*/md`, Documentation/admin-guide/md.rst, "md devices in sysfs").
struct MDSysfs: Sendable {
    let tree: SysTree

    /// All arrays, by name; empty where the driver is not loaded.
    /// - Throws: what kept the folder of block devices from being listed.
    func arrays() throws(SysTreeError) -> [MDArray] {
        var arrays: [MDArray] = []
        for name in try tree.names(in: "/sys/block") where name.hasPrefix("md") {
            // One that ends between the listing and the reading is none any more.
            if let array = array(name) { arrays.append(array) }
            if arrays.count >= MDStat.arrayLimit { break }
        }
        return arrays
    }

    /// nil where there is no such array, or none any more.
    func array(_ name: String) -> MDArray? {
        let folder = "/sys/block/\(name)/md"
        // `clear`: an array that was stopped and whose device is still there.
        guard let state = try? tree.text("\(folder)/array_state"), state != "clear" else { return nil }
        var array = MDArray(name: name, arrayState: state)
        array.level = (try? tree.text("\(folder)/level")) ?? ""
        array.metadata = (try? tree.text("\(folder)/metadata_version")) ?? ""
        array.wanted = (try? tree.text("\(folder)/raid_disks")).flatMap(MDSysfs.leadingNumber)
        array.degraded = (try? tree.text("\(folder)/degraded")).flatMap(MDSysfs.leadingNumber) ?? 0
        array.mismatches = try? tree.count("\(folder)/mismatch_cnt")
        array.uuid = PlaceholderText.removed(try? tree.text("\(folder)/uuid"))
        if let action = try? tree.text("\(folder)/sync_action") {
            let completed = try? tree.text("\(folder)/sync_completed")
            let isRebuild = action == "recover" || action == "resync"
            array.activity =
                isRebuild && completed?.hasPrefix("delayed") == true
                ? "queued" : action == "recover" ? "recovery" : action
            array.progress = completed.flatMap(MDSysfs.share)
        }
        let names = ((try? tree.names(in: folder)) ?? []).filter { $0.hasPrefix("dev-") }
        array.members = names.prefix(MDStat.memberLimit).compactMap { member("\(folder)/\($0)", $0) }
        return array
    }

    private func member(_ folder: String, _ name: String) -> MDArray.Member? {
        guard let text = try? tree.text("\(folder)/state") else { return nil }
        let words = text.split { $0 == "," || $0 == " " || $0 == "\n" }
        var member = MDArray.Member(device: String(name.dropFirst("dev-".count)), state: .inSync)
        if words.contains("faulty") {
            member.state = .faulty
        } else if words.contains("spare") {
            // A spare with a slot is being filled.
            let slot = (try? tree.text("\(folder)/slot")) ?? "none"
            member.state = slot == "none" ? .spare : .rebuilding
        }
        member.correctedReads = try? tree.count("\(folder)/errors")
        if let bytes = try? tree.bytes("\(folder)/bad_blocks") {
            member.badRanges = bytes.count { $0 == UInt8(ascii: "\n") }
        }
        return member
    }

    /// `4` of `4` and of `4 (3)`, which is printed while the array is being reshaped.
    private static func leadingNumber(_ text: String) -> Int? { Int(text.prefix { $0.isNumber }) }

    /// `sync_completed`: `96275752 / 7813893120`, or `none`, `delayed`.
    private static func share(_ text: String) -> Double? {
        let parts = text.split(separator: "/").map { $0.filter(\.isNumber) }
        guard parts.count == 2, let done = Double(parts[0]), let all = Double(parts[1]), all > 0 else { return nil }
        return min(done / all, 1)
    }
}
