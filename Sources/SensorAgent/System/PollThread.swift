import Daemon
import Glibc

/// A thread that waits in poll(2) and feeds a stream: it costs no wake-up while nothing happens.
struct PollThread: Sendable {
    /// The end of a pipe whose other end is closed when nobody reads the stream any more.
    private let stop: Int32

    /// A stream of what `listen` finds, on a thread of its own, until it returns. Of words that nobody has read yet the
    /// newest stays.
    /// - Parameter label: names the thread in a debugger: `callhome.udev`.
    static func stream(
        _ label: String, _ listen: @escaping @Sendable (PollThread, _ found: (String) -> Void) -> Void
    ) -> AsyncStream<String> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            // A pipe: closing one end wakes the thread that waits at the other.
            var ends: [Int32] = [-1, -1]
            guard unsafe pipe(&ends) == 0 else { return continuation.finish() }
            let (stop, calling) = (ends[0], ends[1])
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            continuation.onTermination = { _ in close(calling) }
            let runner = Runner(label)
            Task {
                await runner.run { listen(PollThread(stop: stop)) { continuation.yield($0) } }
                continuation.finish()
                close(stop)
            }
        }
    }

    /// What there is of `descriptor`: flags of poll(2), none where the time is over or a signal came first; nil when it is
    /// time to stop.
    /// - Parameters:
    ///   - descriptor: −1 to wait for the time alone.
    ///   - milliseconds: −1 for as long as it takes.
    func wait(for descriptor: Int32, _ events: Int32 = POLLIN, milliseconds: Int32 = -1) -> Int32? {
        guard let found = wait(for: [(descriptor, events)], milliseconds: milliseconds)?.first else { return nil }
        return found & POLLNVAL == 0 ? found : nil
    }

    /// The same for each of several, of which one may be none.
    func wait(for descriptors: [(descriptor: Int32, events: Int32)], milliseconds: Int32) -> [Int32]? {
        var waits = [pollfd(fd: stop, events: Int16(POLLIN), revents: 0)]
        waits += descriptors.map { pollfd(fd: $0.descriptor, events: Int16($0.events), revents: 0) }
        let count = unsafe waits.withUnsafeMutableBufferPointer {
            unsafe poll($0.baseAddress, nfds_t($0.count), milliseconds)
        }
        if count < 0 { return errno == EINTR ? descriptors.map { _ in 0 } : nil }
        return waits[0].revents == 0 ? waits.dropFirst().map { Int32($0.revents) } : nil
    }

    private actor Runner {
        private let executor: BlockingExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

        init(_ label: String) { executor = BlockingExecutor(label: label) }

        func run(_ work: @Sendable () -> Void) { work() }
    }
}
