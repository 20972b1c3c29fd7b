import Dispatch
import Glibc
import Synchronization

/// Threads that may block, shared by any number of executors: one works, and another comes only where it is stuck.
///
/// What twenty probes do in the same moment is done by one thread in turn, so that a look costs no new thread, no
/// further memory arena and no two processors at once. A job that waits for a device longer than `patience` keeps its
/// thread, and the next thread takes over all others.
public final class BlockingThreads: Sendable {
    /// For everything that is usually back soon.
    public static let shared = BlockingThreads(keepingIdle: 2)

    /// How long a job may run before others are done elsewhere.
    private static let patienceMicroseconds: UInt32 = 200_000

    private struct State {
        /// Executors that have a job, in order.
        var ready: [BlockingExecutor] = []
        /// The thread that works; one that is stuck has lost its turn to another.
        var working: Int?
        /// Whether a thread looks after the one that works.
        var isWatched = false
        /// Threads that were woken or begun and have not looked around yet.
        var summoned = 0
        var idle = 0
        var begun = 0
        /// Jobs taken so far.
        var turns = 0
    }

    private enum Step {
        case run(BlockingExecutor)
        /// Looks again after a while whether a job was taken since.
        case watch(turns: Int)
        case rest
        case end
    }

    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)
    private let keptIdle: Int

    /// - Parameter keepingIdle: threads that stay for later when there is nothing to do; all others end.
    public init(keepingIdle: Int) { keptIdle = keepingIdle }

    func add(_ executor: BlockingExecutor) {
        let needed = state.withLock { state in
            state.ready.append(executor)
            return whoIsNeeded(&state)
        }
        summon(needed)
    }

    // MARK: Summoning

    private enum Summons { case nobody, idle, new }

    /// Whether somebody has to come: to work, or to look after the one that works.
    private func whoIsNeeded(_ state: inout State) -> Summons {
        guard !state.ready.isEmpty, state.summoned == 0, state.working == nil || !state.isWatched else {
            return .nobody
        }
        state.summoned += 1
        guard state.idle == 0 else {
            state.idle -= 1
            return .idle
        }
        return .new
    }

    private func summon(_ summons: Summons) {
        switch summons {
        case .nobody: break
        case .idle: bell.signal()
        case .new: if !begin() { state.withLock { $0.summoned -= 1 } }
        }
    }

    /// Begins a thread. Where the kernel allows no more of them, those that are there do the work.
    private func begin() -> Bool {
        let this = unsafe Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                // Signals are for those who wait for them.
                var all = sigset_t()
                unsafe sigfillset(&all)
                unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
                if let context = unsafe context {
                    unsafe Unmanaged<BlockingThreads>.fromOpaque(context).takeRetainedValue().live()
                }
                return nil
            }, this.toOpaque())
        guard code == 0 else {
            unsafe this.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    // MARK: A thread's life

    private func live() {
        let thread = state.withLock { state in
            state.begun += 1
            state.summoned -= 1
            return state.begun
        }
        while true {
            let (step, needed) = state.withLock { state in
                let step = nextStep(of: thread, &state)
                return (step, whoIsNeeded(&state))
            }
            summon(needed)
            switch step {
            case .run(let executor): executor.runOne()
            case .watch(let turns):
                usleep(BlockingThreads.patienceMicroseconds)
                state.withLock { state in
                    state.isWatched = false
                    if state.turns == turns { state.working = thread }
                }
            case .rest:
                bell.wait()
                state.withLock { $0.summoned -= 1 }
            case .end: return
            }
        }
    }

    private func nextStep(of thread: Int, _ state: inout State) -> Step {
        if state.working == nil || state.working == thread {
            guard state.ready.isEmpty else {
                state.working = thread
                state.turns += 1
                return .run(state.ready.removeFirst())
            }
            state.working = nil
        } else if !state.ready.isEmpty, !state.isWatched {
            state.isWatched = true
            return .watch(turns: state.turns)
        }
        guard state.idle < keptIdle else { return .end }
        state.idle += 1
        return .rest
    }
}
