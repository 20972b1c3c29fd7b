import Dispatch

/// Runs the jobs of an actor one after another on a thread that may block, so that a slow device or a locked file never
/// takes a thread of the cooperative pool. (`DispatchSerialQueue` is no executor on Linux.)
public final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    /// - Parameter label: names the queue in a debugger: `callhome.chip-sensors`.
    public init(label: String) { queue = DispatchQueue(label: label) }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    /// For an actor's `unownedExecutor`; safe, since the actor keeps its executor for as long as it lives.
    @safe public var unowned: UnownedSerialExecutor { unsafe asUnownedSerialExecutor() }
}
