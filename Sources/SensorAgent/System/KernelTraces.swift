import Glibc
import Synchronization

/// Trace events of the hardware, in a tracing instance of its own (Documentation/trace/ftrace.rst, "Instances"), so that
/// other tracers neither disturb nor are disturbed. The instance outlives the agent: what happens while the agent is down is
/// read after its restart.
///
/// Shared by the probe that reads the events and the one that reads the kernel's log, which leaves to this one what it has.
final class KernelTraces: Sendable {
    static let instance = "callhome"
    /// Where tracefs is mounted (Documentation/trace/ftrace.rst).
    private static let mounts = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"]
    /// The events, by group and name. Pages that the kernel gives up (`memory_failure_event`) are left to its log.
    static let events = [
        "ras/mc_event", "ras/aer_event", "ras/extlog_mem_event", "mce/mce_record", "cxl/cxl_general_media",
        "cxl/cxl_dram",
    ]
    /// Kibibytes of each processor's buffer: about 200 events.
    private static let bufferKibibytes = 64
    /// Bytes read in one look; the next goes on.
    private static let bytesPerLook = 8 << 20

    /// How tracing stands.
    struct Standing: Hashable, Sendable {
        /// Those of `events` that the kernel has and delivers.
        var events: Set<String> = []
        /// Time since boot when the instance was made; nil: before this process.
        var since: Duration?
    }

    private struct State {
        var pipe: Int32 = -1
        var standing: Standing?
    }

    private let state = Mutex(State())
    private let mounts: [String]

    /// - Parameter mounts: where tracefs may be, the first that is.
    init(mounts: [String] = KernelTraces.mounts) { self.mounts = mounts }

    deinit { state.withLock { if $0.pipe >= 0 { close($0.pipe) } } }

    /// nil until `begin` has succeeded: then whoever else has the events reports them.
    var standing: Standing? { state.withLock { $0.standing } }

    /// Makes the instance if there is none, and lets the events into it.
    /// - Parameter uptime: time since boot now.
    /// - Throws: the errno of what could not be done; ENOENT where there is no tracefs, EBUSY where another program reads
    ///   the instance.
    @discardableResult
    func begin(uptime: Duration) throws(SysTreeError) -> Standing {
        let result = state.withLock { state -> Result<Standing, SysTreeError> in
            if let standing = state.standing { return .success(standing) }
            do throws(SysTreeError) {
                state.standing = try begin(&state.pipe, uptime)
                return .success(state.standing ?? Standing())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func begin(_ pipe: inout Int32, _ uptime: Duration) throws(SysTreeError) -> Standing {
        guard let mount = mounts.first(where: { KernelTraces.exists("\($0)/instances") }) else {
            throw .failed(path: mounts.first ?? "tracefs", errno: ENOENT)
        }
        let known = KernelTraces.events.filter { KernelTraces.exists("\(mount)/events/\($0)/enable") }
        guard !known.isEmpty else { throw .failed(path: "\(mount)/events/ras", errno: ENOENT) }
        let folder = "\(mount)/instances/\(KernelTraces.instance)"
        let isNew = unsafe mkdir(folder, 0o700) == 0
        guard isNew || errno == EEXIST else { throw .failed(path: folder, errno: errno) }
        if isNew {
            // The kernel gives a new instance 1.4 MB for each processor.
            try KernelTraces.write("\(KernelTraces.bufferKibibytes)", to: "\(folder)/buffer_size_kb")
            // The clock of the kernel's log, but for the time that the machine slept.
            try KernelTraces.write("boot", to: "\(folder)/trace_clock")
        }
        // Delivered at once and not when half a buffer is full. Kernels before 4.20 have no such file, and need none.
        try? KernelTraces.write("0", to: "\(folder)/buffer_percent")
        for event in known { try KernelTraces.write("1", to: "\(folder)/events/\(event)/enable") }
        let path = "\(folder)/trace_pipe"
        pipe = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard pipe >= 0 else { throw .failed(path: path, errno: errno) }
        return Standing(events: Set(known), since: isNew ? uptime : nil)
    }

    /// tracefs is root's alone: access(2) leaves the capabilities out by which the agent may look into it.
    private static func exists(_ path: String) -> Bool { unsafe faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0 }

    private static func write(_ text: String, to path: String) throws(SysTreeError) {
        let file = unsafe open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw .failed(path: path, errno: errno) }
        defer { close(file) }
        guard unsafe Glibc.write(file, text, text.utf8.count) == text.utf8.count else {
            throw .failed(path: path, errno: errno)
        }
    }

    /// The lines that came since the last call; each is given once.
    func read() throws(SysTreeError) -> [UInt8] {
        let result = state.withLock { state -> Result<[UInt8], SysTreeError> in
            var lines: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while lines.count < KernelTraces.bytesPerLook {
                let pipe = state.pipe
                let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(pipe, $0.baseAddress, $0.count) }
                if count > 0 {
                    lines += buffer[..<count]
                } else if count == 0 || errno == EAGAIN {
                    break
                } else if errno != EINTR {
                    return .failure(.failed(path: "trace_pipe of the instance \(KernelTraces.instance)", errno: errno))
                }
            }
            return .success(lines)
        }
        return try result.get()
    }

    /// One element when an event waits to be read.
    var prompts: AsyncStream<String> {
        FilePoll.stream {
            self.state.withLock { $0.pipe < 0 ? -1 : fcntl($0.pipe, F_DUPFD_CLOEXEC, 0) }
        } news: { _ in
            "a trace event of the hardware"
        }
    }
}
