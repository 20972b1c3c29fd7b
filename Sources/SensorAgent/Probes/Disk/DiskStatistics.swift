import Reports

/// `/proc/diskstats` (Documentation/admin-guide/iostats.rst): for each block device what it did since it was there.
struct DiskStatistics: Sendable {
    /// Bytes read of the file; 4,096 devices make 600 KB.
    static let fileBytes = 4 << 20
    /// Devices taken.
    static let deviceLimit = 16_384
    /// Bytes of a sector as the kernel counts, whatever the disk's own are.
    static let sectorBytes: UInt64 = 512

    /// One kind of request.
    struct Work: Hashable, Sendable {
        var requests: UInt64
        var sectors: UInt64
        /// The sum over all requests of the time that each took.
        var milliseconds: UInt64
    }

    /// One line.
    struct Line: Hashable, Sendable {
        var name: String
        var read: Work
        var write: Work
        /// Requests that the device has now.
        var inFlight: UInt64
        /// Time in which it had any.
        var busyMilliseconds: UInt64
        /// Since Linux 4.18.
        var discard: Work?
        /// Since Linux 5.5.
        var flush: Work?
    }

    private(set) var lines: [Line] = []
    /// Lines that are none of the kernel's.
    private(set) var damaged = 0

    init(parsing bytes: [UInt8]) {
        for row in bytes.split(separator: UInt8(ascii: "\n")) {
            guard lines.count < DiskStatistics.deviceLimit else { return }
            if let line = DiskStatistics.line(row) { lines.append(line) } else { damaged += 1 }
        }
    }

    private static func line(_ row: ArraySlice<UInt8>) -> Line? {
        let words = row.split { $0 <= 0x20 }
        // Linux before 2.6.25 gave partitions four numbers; no disk has so few.
        guard words.count >= 14, words.count <= 40 else { return nil }
        var numbers: [UInt64] = []
        for word in words.dropFirst(3) {
            guard let number = UInt64(String(decoding: word, as: UTF8.self)) else { return nil }
            numbers.append(number)
        }
        let work = { (first: Int) -> Work? in
            numbers.count < first + 4
                ? nil
                : Work(requests: numbers[first], sectors: numbers[first + 2], milliseconds: numbers[first + 3])
        }
        guard let read = work(0), let write = work(4) else { return nil }
        return Line(
            name: String(decoding: words[2], as: UTF8.self), read: read, write: write, inFlight: numbers[8],
            busyMilliseconds: numbers[9], discard: work(11),
            flush: numbers.count < 17 ? nil : Work(requests: numbers[15], sectors: 0, milliseconds: numbers[16]))
    }
}

extension DiskStatistics.Work {
    /// What was done since `before`; nil where a count fell: the device was made anew.
    func since(_ before: DiskStatistics.Work) -> DiskStatistics.Work? {
        guard requests >= before.requests, sectors >= before.sectors, milliseconds >= before.milliseconds else {
            return nil
        }
        return DiskStatistics.Work(
            requests: requests - before.requests, sectors: sectors - before.sectors,
            milliseconds: milliseconds - before.milliseconds)
    }

    static func + (left: DiskStatistics.Work, right: DiskStatistics.Work) -> DiskStatistics.Work {
        DiskStatistics.Work(
            requests: left.requests &+ right.requests, sectors: left.sectors &+ right.sectors,
            milliseconds: left.milliseconds &+ right.milliseconds)
    }
}
