import Glibc

/// The memory that only the start needed: the code that reads configuration and patterns and looks for the first time.
enum StartMemory {
    /// Gives it back to the kernel: the code stays in the page cache and is mapped again where it runs
    /// (`MADV_DONTNEED`, madvise(2)). Only executable mappings of files: what was written to others, relocations for
    /// one, would be lost.
    static func release() {
        let maps = (try? SysTree().bytes("/proc/self/maps", limit: mapsBytes)) ?? []
        for range in codeRanges(in: String(decoding: maps, as: UTF8.self)) {
            guard let start = unsafe UnsafeMutableRawPointer(bitPattern: range.lowerBound) else { continue }
            unsafe _ = madvise(start, Int(range.upperBound - range.lowerBound), MADV_DONTNEED)
        }
    }

    /// A line for each mapping; an agent has some two hundred.
    private static let mapsBytes = 4 << 20

    /// Addresses of the mappings of files that may be run and not written.
    /// - Parameter maps: `/proc/PID/maps` (proc_pid_maps(5)).
    static func codeRanges(in maps: String) -> [Range<UInt>] {
        maps.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count == 6, fields[1] == "r-xp", fields[5].drop(while: { $0 == " " }).hasPrefix("/")
            else { return nil }
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2, ends[0] < ends[1] else { return nil }
            return ends[0]..<ends[1]
        }
    }
}
