import Reports

/// `btrfs device stats MOUNT` (btrfs-device(8)): what btrfs counts for each device of a file system.
///
/// ```
/// [/dev/sdb].write_io_errs    0
/// [/dev/sdb].corruption_errs  3
/// ```
struct BtrfsStatistics: Sendable {
    /// Devices taken of one file system.
    static let deviceLimit = 1_024

    struct Device: Hashable, Sendable {
        var path: String
        /// By the words of the signal `hw.raid.device_errors`.
        var errors: [String: UInt64] = [:]

        /// `<missing disk>`, or `devid:2` of newer versions: the file system knows it, and has no device for it.
        var isMissing: Bool { path.hasPrefix("<missing") || path.hasPrefix("devid:") }
    }

    /// In the order of the output.
    private(set) var devices: [Device] = []

    private static let words = [
        "write_io_errs": "write", "read_io_errs": "read", "flush_io_errs": "flush", "corruption_errs": "checksum",
        "generation_errs": "generation",
    ]

    init(parsing bytes: [UInt8]) {
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard line.hasPrefix("["), let close = line.firstIndex(of: "]") else { continue }
            let path = String(line[line.index(after: line.startIndex)..<close])
            let words = line[line.index(after: close)...].drop { $0 == "." }.split(separator: " ")
            guard words.count == 2, let type = BtrfsStatistics.words[String(words[0])], let count = UInt64(words[1])
            else { continue }
            // Several that are missing have one name.
            if devices.last?.path != path || devices.last?.errors[type] != nil {
                guard devices.count < BtrfsStatistics.deviceLimit else { return }
                devices.append(Device(path: path))
            }
            devices[devices.count - 1].errors[type] = count
        }
    }

    /// `error_stats` of one device in sysfs (Documentation/ABI/testing/sysfs-fs-btrfs): `write_errs 0` and so on.
    init(sysfs text: String, device: String) {
        let words = [
            "write_errs": "write", "read_errs": "read", "flush_errs": "flush", "corruption_errs": "checksum",
            "generation_errs": "generation",
        ]
        var errors: [String: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.count == 2, let type = words[String(parts[0])], let count = UInt64(parts[1]) {
                errors[type] = count
            }
        }
        devices = [Device(path: "/dev/\(device)", errors: errors)]
    }

    /// Of a scrub's beginning and length: 34,000 years.
    private static let secondsLimit: Int64 = 1 << 40

    /// `/var/lib/btrfs/scrub.status.UUID` (btrfs-scrub(8)): when the last scrub of all devices came to its end; nil where
    /// one of them was not read to the end.
    static func scrubbed(parsing bytes: [UInt8]) -> Timestamp? {
        var ends: [Int64] = []
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.contains("t_start:") {
            var fields: [String: Int64] = [:]
            for field in line.split(separator: "|") {
                let parts = field.split(separator: ":")
                if parts.count == 2, let value = Int64(parts[1]) { fields[String(parts[0])] = value }
            }
            guard fields["finished"] == 1, let start = fields["t_start"], let duration = fields["duration"],
                (1..<secondsLimit).contains(start), (0..<secondsLimit).contains(duration)
            else { return nil }
            ends.append(start + duration)
        }
        return ends.min().map { Timestamp(seconds: $0) }
    }
}
