import Reports

/// `zpool status` (zpool-status(8)), as text or, from OpenZFS 2.3 on, as JSON (`-j`): ZFS's pools and their devices.
struct ZPoolStatus: Sendable {
    /// Pools and devices taken.
    static let poolLimit = 1_024
    static let deviceLimit = 16_384

    /// A disk, partition or file; those that are made of others (`mirror-0`) are not listed.
    struct Device: Hashable, Sendable {
        /// A name, or with `-P` a path; for a lost one what it was.
        var path: String
        /// `ONLINE`, `DEGRADED`, `FAULTED`, `OFFLINE`, `UNAVAIL`, `REMOVED`, `AVAIL`, `INUSE`.
        var state: String
        var read: UInt64 = 0
        var write: UInt64 = 0
        var checksum: UInt64 = 0
        /// Part of the pool's data: no spare, log or cache.
        var holdsData = true
        var isResilvering = false
        /// It is to be filled, after another resilver.
        var isAwaitingResilver = false
        /// Space that dRAID keeps free on all its disks, and fills like a spare: no disk of its own.
        var isDistributedSpare = false
        /// The row of the `replacing` or `spare` that it shares one place of the pool with; nil where it has its own.
        var place: Int?
        /// `zpool replace` in the same place: the new disk has the name, and this one is gone.
        var isReplacedInPlace = false
    }

    struct Pool: Hashable, Sendable {
        var name: String
        var state = ""
        var devices: [Device] = []
        /// `check` while a scrub runs, `recovery` while a resilver does, else `idle`.
        var activity = "idle"
        var progress: Double?
        /// When the last scrub came to its end, by the machine's local time.
        var scrubbed: Timestamp?
        /// Files that cannot be repaired; nil where it is not printed.
        var damagedFiles: Int?
        /// Errors of the pool by type: at each level the greater of what it counts and of what those below it do, since
        /// an error that could not be mended is counted again on the way up.
        var errors: [String: UInt64] = [:]
    }

    /// Why a text is no pool status.
    enum Refusal: Error, Hashable { case noPool, malformed(String) }

    private(set) var pools: [Pool] = []

    init(parsing bytes: [UInt8]) throws(Refusal) {
        if bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") {
            try readJSON(bytes)
        } else {
            readText(String(decoding: bytes, as: UTF8.self))
        }
        guard !pools.isEmpty else { throw .noPool }
    }

    // MARK: Text

    private enum Section { case head, scan, config, errors }

    private mutating func readText(_ text: String) {
        var section = Section.head
        var rows: [(depth: Int, words: [Substring])] = []
        var holdsData = true
        var damagedNames = 0
        func finish(_ pool: inout Pool) { pool.readRows(rows) }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let bare = line.drop { $0 == " " || $0 == "\t" }
            if bare.hasPrefix("pool: ") {
                if let last = pools.indices.last { finish(&pools[last]) }
                guard pools.count < ZPoolStatus.poolLimit else { return }
                pools.append(Pool(name: String(bare.dropFirst(6).trimmed)))
                (rows, section, holdsData, damagedNames) = ([], .head, true, 0)
                continue
            }
            guard let last = pools.indices.last else { continue }
            if bare.hasPrefix("state: "), section == .head {
                pools[last].state = String(bare.dropFirst(7).trimmed)
            } else if bare.hasPrefix("scan: ") || bare.hasPrefix("scrub: ") {
                section = .scan
                pools[last].readScan(bare.drop { $0 != " " })
            } else if bare.hasPrefix("config:") {
                section = .config
            } else if bare.hasPrefix("errors: ") {
                section = .errors
                pools[last].damagedFiles = ZPoolStatus.damagedFiles(bare.dropFirst(8)) ?? pools[last].damagedFiles
            } else if section == .scan {
                pools[last].readScan(bare)
            } else if section == .errors, !bare.isEmpty, let count = pools[last].damagedFiles, count > 0 {
                damagedNames += 1
                pools[last].damagedFiles = max(count, damagedNames)
            } else if section == .config, !bare.isEmpty, rows.count < ZPoolStatus.deviceLimit {
                // Tests and mails write the tabulator in words.
                let row = line.hasPrefix("\\t") ? line.dropFirst(2) : line.drop { $0 == "\t" }
                let words = row.split { $0 == " " || $0 == "\t" }
                guard words.first != "NAME", let name = words.first else { continue }
                if words.count == 1 || ["logs", "cache", "spares", "special", "dedup"].contains(name) {
                    holdsData = ["special", "dedup"].contains(name)
                }
                rows.append((row.prefix { $0 == " " }.count, holdsData ? words : words + ["(aside)"]))
            }
        }
        if let last = pools.indices.last { finish(&pools[last]) }
    }

    fileprivate static let states: Set<String> = [
        "ONLINE", "DEGRADED", "FAULTED", "OFFLINE", "UNAVAIL", "REMOVED", "AVAIL", "INUSE",
    ]

    /// `12`, or `1.23K` without `-p` (zfs_nicenum_format: K is 1024).
    fileprivate static func number(_ text: Substring) -> UInt64 {
        if let number = UInt64(text) { return number }
        let scales: [Character: Double] = [
            "K": 1_024, "M": 1_048_576, "G": 1_073_741_824, "T": 1_099_511_627_776,
        ]
        guard let last = text.last, let scale = scales[last], let number = Double(text.dropLast()), number >= 0 else {
            return 0
        }
        return UInt64(min(number * scale, 1e18).rounded())
    }

    /// `No known data errors`, `3 data errors, use '-v' for a list`, or the head of a list: where the list is empty,
    /// cut, or kept from whoever asked, there is one error at least, since without any no list is announced.
    private static func damagedFiles(_ text: Substring) -> Int? {
        if text.hasPrefix("No known") { return 0 }
        if text.hasPrefix("Permanent errors") || text.hasPrefix("List of errors unavailable") { return 1 }
        return text.contains("data errors") ? text.split(separator: " ").first.flatMap { Int($0) } : nil
    }

    // MARK: JSON

    private mutating func readJSON(_ bytes: [UInt8]) throws(Refusal) {
        let tree: JSONTree
        do {
            tree = try JSONTree(parsing: bytes)
        } catch {
            throw .malformed(error.problem)
        }
        guard let all = tree["pools"] else { throw .noPool }
        for name in all.keys.prefix(ZPoolStatus.poolLimit) {
            guard let entry = all[name] else { continue }
            var pool = Pool(name: name, state: entry["state"]?.text ?? "")
            pool.damagedFiles = entry["error_count"]?.unsigned.map { Int(clamping: $0) }
            if let scan = entry["scan_stats"] {
                let isScrub = scan["function"]?.text == "SCRUB"
                switch scan["state"]?.text {
                case "SCANNING":
                    pool.activity = isScrub ? "check" : "recovery"
                    let (done, all) = (ZPoolStatus.count(scan["examined"]), ZPoolStatus.count(scan["to_examine"]))
                    if all > 0 { pool.progress = min(Double(done) / Double(all), 1) }
                case "FINISHED" where isScrub:
                    let end = scan["end_time"]
                    pool.scrubbed =
                        end?.unsigned.map { Timestamp(seconds: Int64(clamping: $0)) }
                        ?? (end?.text).flatMap { ZPoolStatus.time($0.split(separator: " ")[...]) }
                default: break
                }
            }
            for (section, holdsData) in [
                ("vdevs", true), ("special", true), ("dedup", true), ("logs", false), ("l2cache", false),
                ("spares", false),
            ] {
                guard let vdevs = entry[section] else { continue }
                var place: Int?
                pool.errors.add(pool.add(vdevs, holdsData: holdsData, depth: 0, place: &place))
            }
            pool.settle()
            pools.append(pool)
        }
    }

    /// A count of the JSON form: a number, or a text that `--json-int` would have written as one.
    fileprivate static func count(_ value: JSONTree?) -> UInt64 {
        value?.unsigned ?? (value?.text).map { number($0[...]) } ?? 0
    }
}

extension [String: UInt64] {
    fileprivate mutating func add(_ others: [String: UInt64]) {
        merge(others) {
            let (sum, isOver) = $0.addingReportingOverflow($1)
            return isOver ? .max : sum
        }
    }
}

extension ZPoolStatus.Pool {
    /// Reads the indented rows: those that have no deeper one below them are devices, the first is the pool itself.
    fileprivate mutating func readRows(_ rows: [(depth: Int, words: [Substring])]) {
        devices = []
        errors = [:]
        // The rows around the one that is read, with what they count and what those below them do.
        var around: [(row: Int, own: [String: UInt64], below: [String: UInt64])] = []
        func close() {
            guard let level = around.popLast() else { return }
            let all = level.own.merging(level.below, uniquingKeysWith: max)
            if around.isEmpty { errors.add(all) } else { around[around.count - 1].below.add(all) }
        }
        for (index, row) in rows.enumerated() {
            while let last = around.last, rows[last.row].depth >= row.depth { close() }
            let words = row.words
            guard words.count >= 2, ZPoolStatus.states.contains(String(words[1])) else { continue }
            let counts = words.dropFirst(2).prefix(3).map(ZPoolStatus.number)
            let own = counts.count == 3 ? ["read": counts[0], "write": counts[1], "checksum": counts[2]] : [:]
            defer { around.append((index, own, [:])) }
            guard index > 0, !(index + 1 < rows.count && rows[index + 1].depth > row.depth) else { continue }
            var device = ZPoolStatus.Device(path: String(words[0]), state: String(words[1]))
            (device.read, device.write, device.checksum) =
                (own["read"] ?? 0, own["write"] ?? 0, own["checksum"] ?? 0)
            device.holdsData = words.last != "(aside)"
            device.isResilvering = words.contains("(resilvering)")
            device.isAwaitingResilver = words.contains("(awaiting")
            if let mark = words.firstIndex(of: "was"), mark + 1 < words.count { device.path = String(words[mark + 1]) }
            device.place = around.last.flatMap { level in
                let name = rows[level.row].words.first ?? ""
                return ["replacing-", "spare-"].contains(where: name.hasPrefix) ? level.row : nil
            }
            devices.append(device)
        }
        while !around.isEmpty { close() }
        settle()
    }

    /// The devices of a tree of virtual devices; returns the errors that these count.
    /// - Parameter place: a number for each `replacing` and `spare`, counted on.
    fileprivate mutating func add(
        _ vdevs: JSONTree, holdsData: Bool, depth: Int, place number: inout Int?, in place: Int? = nil
    ) -> [String: UInt64] {
        guard depth < 8 else { return [:] }
        var sum: [String: UInt64] = [:]
        for name in vdevs.keys where devices.count < ZPoolStatus.deviceLimit {
            guard let vdev = vdevs[name] else { continue }
            let own = [
                "read": ZPoolStatus.count(vdev["read_errors"]), "write": ZPoolStatus.count(vdev["write_errors"]),
                "checksum": ZPoolStatus.count(vdev["checksum_errors"]),
            ]
            guard let below = vdev["vdevs"] else {
                sum.add(own)
                guard vdev["vdev_type"]?.text != "root" else { continue }
                var device = ZPoolStatus.Device(
                    path: vdev["path"]?.text ?? vdev["was"]?.text ?? name, state: vdev["state"]?.text ?? "",
                    read: own["read"] ?? 0, write: own["write"] ?? 0, checksum: own["checksum"] ?? 0,
                    holdsData: holdsData,
                    isResilvering: vdev["resilver_repaired"] != nil && activity == "recovery")
                device.isAwaitingResilver = vdev["resilver_deferred"] != nil
                device.isDistributedSpare = vdev["vdev_type"]?.text == "dspare"
                device.place = place
                devices.append(device)
                continue
            }
            var inner = place
            if ["replacing", "spare"].contains(vdev["vdev_type"]?.text ?? "") {
                number = (number ?? -1) + 1
                inner = number
            }
            let all = add(below, holdsData: holdsData, depth: depth + 1, place: &number, in: inner)
            sum.add(own.merging(all, uniquingKeysWith: max))
        }
        return sum
    }

    /// Tells apart what only looks like a disk of its own.
    fileprivate mutating func settle() {
        for index in devices.indices {
            let name = devices[index].path.split(separator: "/").last ?? ""
            let parts = name.split(separator: "-")
            // `draid1-0-3`: parity, number of the vdev, number of the spare.
            if parts.count == 3, parts[0].hasPrefix("draid"), parts[1...].allSatisfy({ $0.allSatisfy(\.isNumber) }) {
                devices[index].isDistributedSpare = true
            }
            // The kernel hangs this on the path of a disk whose place the new one takes (spa_vdev_attach).
            if devices[index].path.hasSuffix("/old") {
                devices[index].path.removeLast("/old".count)
                devices[index].isReplacedInPlace = true
            }
        }
        if activity == "idle", devices.contains(where: \.isAwaitingResilver) { activity = "queued" }
    }

    /// A line of `scan:`: `scrub repaired 0B in 00:01:23 with 0 errors on Sun Mar 22 00:24:01 2026`,
    /// `resilver in progress since …`, `1.2T scanned, 45.60% done`.
    fileprivate mutating func readScan(_ line: Substring) {
        let words = line.split { $0 == " " || $0 == "," }
        if line.contains("in progress") {
            activity = words.first == "scrub" ? "check" : "recovery"
        } else if words.starts(with: ["scrub", "repaired"]), let mark = words.lastIndex(of: "on") {
            scrubbed = ZPoolStatus.time(words[(mark + 1)...])
        }
        if let mark = words.firstIndex(of: "done"), mark > 0, activity != "idle",
            let percent = Double(words[mark - 1].prefix { $0 != "%" }), percent.isFinite
        {
            progress = min(max(percent / 100, 0), 1)
        }
    }

    var volumeState: VolumeState? {
        switch state {
        case "ONLINE": .ok
        case "DEGRADED": activity == "recovery" ? .rebuilding : .degraded
        case "FAULTED", "UNAVAIL", "SUSPENDED": .failed
        case "OFFLINE", "REMOVED": .inactive
        default: nil
        }
    }
}

extension ZPoolStatus.Device {
    /// A disk of which the pool could lose sight, and not only the number that is left of one.
    var isDisk: Bool {
        !isDistributedSpare && !isReplacedInPlace && !(path.count >= 15 && path.allSatisfy(\.isNumber))
    }

    /// nil: somebody took it out on purpose.
    var memberState: MemberState? {
        switch state {
        case "ONLINE", "INUSE": isResilvering || isAwaitingResilver ? .rebuilding : .inSync
        // ZFS calls a disk so that returned wrong data too often.
        case "DEGRADED", "FAULTED": .faulty
        case "UNAVAIL", "REMOVED": .missing
        case "AVAIL": .spare
        default: nil
        }
    }
}

extension ZPoolStatus {
    /// `Sun Mar 22 00:24:01 2026` (ctime(3)), taken as UTC: a few hours are nothing to the age of a scrub.
    fileprivate static func time(_ words: ArraySlice<Substring>) -> Timestamp? {
        let words = Array(words)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count >= 5, let month = months.firstIndex(of: String(words[1])), let day = Int(words[2]),
            let year = Int(words[4]), let days = CalendarDay.number(year: year, month: month + 1, day: day)
        else { return nil }
        let clock = words[3].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, clock.allSatisfy({ (0...60).contains($0) }) else { return nil }
        return Timestamp(seconds: Int64(days) * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2])
    }
}
