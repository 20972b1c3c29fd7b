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
        func finish() -> [Device] { ZPoolStatus.devices(of: rows) }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let bare = line.drop { $0 == " " || $0 == "\t" }
            if bare.hasPrefix("pool: ") {
                if let last = pools.indices.last { pools[last].devices = finish() }
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
        if let last = pools.indices.last { pools[last].devices = finish() }
    }

    /// Of the indented rows those that have no deeper one below them. The first is the pool itself.
    private static func devices(of rows: [(depth: Int, words: [Substring])]) -> [Device] {
        var devices: [Device] = []
        for (index, row) in rows.enumerated() where index > 0 {
            guard row.words.count >= 2, !(index + 1 < rows.count && rows[index + 1].depth > row.depth) else { continue }
            let words = row.words
            guard states.contains(String(words[1])) else { continue }
            var device = Device(path: String(words[0]), state: String(words[1]))
            let counts = words.dropFirst(2).prefix(3).map(number)
            if counts.count == 3 { (device.read, device.write, device.checksum) = (counts[0], counts[1], counts[2]) }
            device.holdsData = words.last != "(aside)"
            device.isResilvering = words.contains("(resilvering)")
            if let mark = words.firstIndex(of: "was"), mark + 1 < words.count { device.path = String(words[mark + 1]) }
            devices.append(device)
        }
        return devices
    }

    private static let states: Set<String> = [
        "ONLINE", "DEGRADED", "FAULTED", "OFFLINE", "UNAVAIL", "REMOVED", "AVAIL", "INUSE",
    ]

    /// `12`, or `1.23K` without `-p`.
    private static func number(_ text: Substring) -> UInt64 {
        if let number = UInt64(text) { return number }
        let scales: [Character: Double] = ["K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12]
        guard let last = text.last, let scale = scales[last], let number = Double(text.dropLast()), number >= 0 else {
            return 0
        }
        return UInt64(min(number * scale, 1e18))
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
                    if let done = scan["examined"]?.double, let all = scan["to_examine"]?.double, all > 0 {
                        pool.progress = min(done / all, 1)
                    }
                case "FINISHED" where isScrub:
                    pool.scrubbed = scan["end_time"]?.unsigned.map { Timestamp(seconds: Int64(clamping: $0)) }
                default: break
                }
            }
            for (section, holdsData) in [
                ("vdevs", true), ("special", true), ("dedup", true), ("logs", false), ("l2cache", false),
                ("spares", false),
            ] {
                if let vdevs = entry[section] { pool.add(vdevs, holdsData: holdsData, depth: 0) }
            }
            pools.append(pool)
        }
    }
}

extension ZPoolStatus.Pool {
    /// The devices of a tree of virtual devices.
    fileprivate mutating func add(_ vdevs: JSONTree, holdsData: Bool, depth: Int) {
        guard depth < 8 else { return }
        for name in vdevs.keys where devices.count < ZPoolStatus.deviceLimit {
            guard let vdev = vdevs[name] else { continue }
            if let below = vdev["vdevs"] {
                add(below, holdsData: holdsData, depth: depth + 1)
            } else if vdev["vdev_type"]?.text != "root" {
                devices.append(
                    ZPoolStatus.Device(
                        path: vdev["path"]?.text ?? vdev["was"]?.text ?? name, state: vdev["state"]?.text ?? "",
                        read: vdev["read_errors"]?.unsigned ?? 0, write: vdev["write_errors"]?.unsigned ?? 0,
                        checksum: vdev["checksum_errors"]?.unsigned ?? 0, holdsData: holdsData,
                        isResilvering: vdev["resilver_repaired"] != nil && activity == "recovery"))
            }
        }
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
    /// nil: somebody took it out on purpose.
    var memberState: MemberState? {
        switch state {
        case "ONLINE", "INUSE": isResilvering ? .rebuilding : .inSync
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
