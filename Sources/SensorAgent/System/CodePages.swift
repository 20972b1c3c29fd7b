import CLoader
import Glibc

/// The pages of the program's and the libraries' files that are mapped into this process: code and constants.
///
/// They count as resident memory, although the kernel keeps them in its page cache whether they are mapped or not. Here
/// they are unmapped now and then (`MADV_DONTNEED`, madvise(2)), and mapped again where they are used, by a fault that
/// costs half a microsecond. The page cache is not touched: `MADV_PAGEOUT` would empty it too, and the next use would
/// have to read the disk, which ends the program (SIGBUS) when it is the disk that fails. For the same reason nothing is
/// unmapped any more once pages had to be read from the disk again: then the page cache is short of room, and what is
/// mapped and in use is kept there longest.
struct CodePages {
    /// What the process uses, as far as the decision needs it.
    struct Usage: Hashable {
        /// Bytes of mapped pages of files (proc_pid_statm(5), `shared`).
        var mapped: Int
        /// Faults since the start of the process that had to read a disk (getrusage(2), `ru_majflt`).
        var readings: Int
    }

    enum Decision: Hashable {
        case unmap
        /// So little is mapped that the faults would cost more than it is worth.
        case tooLittle
        /// Pages had to be read from the disk not long ago.
        case diskWasRead
    }

    /// Bytes of mapped files from which on they are unmapped.
    static let worthwhile = 9 << 20
    /// For how long nothing is unmapped after the disk was read. Code that runs for the first time is read as well, after
    /// an enrolment for instance: that is soon over, where a page cache that is short of room reads again and again.
    static let pause = Duration.seconds(600)

    private var readings: Int?
    private var pausedUntil = Duration.zero

    /// - Parameter uptime: of the machine, as `Moment` has it.
    /// - Returns: whether to unmap now, and if not, why.
    mutating func decide(_ usage: Usage, at uptime: Duration) -> Decision {
        // What was read before the first time is the start.
        if let readings, usage.readings > readings { pausedUntil = uptime + CodePages.pause }
        readings = usage.readings
        guard uptime >= pausedUntil else { return .diskWasRead }
        return usage.mapped < CodePages.worthwhile ? .tooLittle : .unmap
    }

    /// Unmaps the pages of files if that is worth it and costs no reading of a disk.
    mutating func tidy(at uptime: Duration) {
        guard let usage = CodePages.usage(), decide(usage, at: uptime) == .unmap else { return }
        CodePages.unmap()
    }

    // MARK: This process

    /// Nil where the kernel does not report it.
    static func usage() -> Usage? {
        let fields = ((try? SysTree().text("/proc/self/statm")) ?? "").split(separator: " ")
        var resources = rusage()
        guard fields.count > 2, let pages = Int(fields[2]),
            unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &resources) == 0
        else { return nil }
        return Usage(mapped: pages * pageBytes, readings: resources.ru_majflt)
    }

    /// Unmaps all pages of segments that are never written to, as the loader lists them. It unloads no library while
    /// its list is gone through, so that no address means something else meanwhile, as one of /proc/self/maps could.
    static func unmap() {
        _ = unsafe callhome_loaded_objects(
            { object, _, _ in
                guard let object = unsafe object?.pointee, let segments = unsafe object.segments else { return 0 }
                let headers = unsafe Array(UnsafeBufferPointer(start: segments, count: Int(object.count)))
                // The program itself has no name; what is not a file (the vDSO) has one without a path.
                let name = unsafe object.name.map { unsafe String(cString: $0) } ?? ""
                let base = unsafe UInt(object.base)
                guard name.isEmpty || name.hasPrefix("/"), !CodePages.isCodeRelocated(headers, base: base) else {
                    return 0
                }
                for range in CodePages.ranges(of: headers, base: base, page: UInt(CodePages.pageBytes)) {
                    guard let start = unsafe UnsafeMutableRawPointer(bitPattern: range.lowerBound) else { continue }
                    unsafe _ = madvise(start, Int(range.upperBound - range.lowerBound), MADV_DONTNEED)
                }
                return 0
            }, nil)
    }

    /// Whether the loader wrote to the code of an object (`DT_TEXTREL` and `DF_TEXTREL` of elf(5)), which would be lost.
    private static func isCodeRelocated(_ segments: [Elf64_Phdr], base: UInt) -> Bool {
        guard let table = segments.first(where: { $0.p_type == UInt32(PT_DYNAMIC) }),
            var entry = unsafe UnsafePointer<Elf64_Dyn>(bitPattern: base + UInt(table.p_vaddr))
        else { return false }
        while unsafe entry.pointee.d_tag != Int64(DT_NULL) {
            let (tag, value) = unsafe (entry.pointee.d_tag, entry.pointee.d_un.d_val)
            if tag == Int64(DT_TEXTREL) || tag == Int64(DT_FLAGS) && value & UInt64(DF_TEXTREL) != 0 { return true }
            unsafe entry += 1
        }
        return false
    }

    private static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Addresses of the whole pages of an object's segments that hold what the file holds and nothing else: those that
    /// nobody may write to. What is only read after its relocation (RELRO) lies in a segment that may be written to.
    static func ranges(of segments: [Elf64_Phdr], base: UInt, page: UInt) -> [Range<UInt>] {
        segments.compactMap { segment in
            guard segment.p_type == UInt32(PT_LOAD), segment.p_flags & UInt32(PF_W) == 0, segment.p_filesz > 0 else {
                return nil
            }
            let start = base + UInt(segment.p_vaddr)
            let end = start + UInt(segment.p_filesz)
            return start / page * page..<(end + page - 1) / page * page
        }
    }
}
