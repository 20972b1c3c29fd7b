import Glibc

/// What work has cost, whoever else had the processor meanwhile.
enum ProcessorTime {
    /// Of this thread since it began (CLOCK_THREAD_CPUTIME_ID); two of one thread are compared.
    static var ofThread: Duration {
        var value = timespec()
        // Cannot fail for this clock (clock_gettime(2)).
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &value)
        return .seconds(value.tv_sec) + .nanoseconds(value.tv_nsec)
    }
}
