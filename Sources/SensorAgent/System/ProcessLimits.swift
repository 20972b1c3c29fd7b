import Glibc

/// What this process may take from now on: for one that is started to try something that may be broken.
enum ProcessLimits {
    /// Puts this process behind all others, for the processor and for the kernel that looks for somebody to kill where memory is
    /// short, and bounds what it takes. It writes no file from now on.
    ///
    /// A refusal of one of them is no reason not to go on: whoever started it also bounds its time.
    /// - Parameters:
    ///   - processor: seconds of processor time, past which the kernel ends it.
    ///   - memory: bytes of address space, past which it is given no more.
    static func restrain(processor: UInt, memory: UInt) {
        if let file = unsafe fopen("/proc/self/oom_score_adj", "w") {
            _ = unsafe fputs("1000", file)
            _ = unsafe fclose(file)
        }
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
        var parameters = sched_param()
        _ = unsafe sched_setscheduler(0, idlePolicy, &parameters)
        for (resource, bound) in [
            (RLIMIT_CPU, processor), (RLIMIT_AS, memory), (RLIMIT_CORE, 0), (RLIMIT_FSIZE, 0),
        ] {
            // A little later the kernel kills it outright.
            var limit = rlimit(rlim_cur: bound, rlim_max: resource == RLIMIT_CPU ? bound + 10 : bound)
            _ = unsafe setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        }
    }

    /// `SCHED_IDLE` (sched(7)), which Swift's Glibc does not import.
    private static let idlePolicy: CInt = 5
}
