import Synchronization

/// Runs the jobs of an actor one after another on a thread that may block, so that a slow device or a locked file never
/// takes a thread of the cooperative pool.
public final class BlockingExecutor: SerialExecutor {
    private struct Mailbox {
        var jobs: [UnownedJob] = []
        /// Whether a thread has it, or is going to.
        var isUnderWay = false
    }

    private let mailbox = Mutex(Mailbox())
    private let threads: BlockingThreads

    /// - Parameter threads: for an actor whose jobs wait for hours, threads of its own.
    public init(on threads: BlockingThreads = .shared) { self.threads = threads }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = mailbox.withLock { mailbox in
            mailbox.jobs.append(job)
            defer { mailbox.isUnderWay = true }
            return !mailbox.isUnderWay
        }
        if isFirst { threads.add(self) }
    }

    /// Runs the oldest job and, where there are more, queues up for the next.
    func runOne() {
        guard let job = mailbox.withLock({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) else { return }
        unsafe job.runSynchronously(on: asUnownedSerialExecutor())
        let hasMore = mailbox.withLock { mailbox in
            mailbox.isUnderWay = !mailbox.jobs.isEmpty
            return mailbox.isUnderWay
        }
        if hasMore { threads.add(self) }
    }

    /// For an actor's `unownedExecutor`; safe, since the actor keeps its executor for as long as it lives.
    @safe public var unowned: UnownedSerialExecutor { unsafe asUnownedSerialExecutor() }
}
