import Dispatch
import Glibc
import Synchronization
import Testing

@testable import Daemon

/// Notes on which thread it runs and in what order.
private actor Worker {
    private let executor: BlockingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }
    private var isInside = false
    private(set) var done: [Int] = []

    init(on threads: BlockingThreads) { executor = BlockingExecutor(on: threads) }

    /// - Returns: the thread it ran on.
    func work(_ number: Int) -> pthread_t {
        precondition(!isInside, "two jobs of one actor at once")
        isInside = true
        defer { isInside = false }
        done.append(number)
        return pthread_self()
    }

    /// Keeps its thread until it is let go, as a read of a dead device does.
    func hang(until released: DispatchSemaphore) -> pthread_t {
        released.wait()
        return pthread_self()
    }
}

@Suite("Threads that may block")
struct BlockingExecutorTests {
    @Test("Many actors share one thread, and a second one that looks after it")
    func shared() async {
        let threads = BlockingThreads(keepingIdle: 2)
        let workers = (0..<20).map { _ in Worker(on: threads) }
        let seen = await withTaskGroup(of: pthread_t.self) { group in
            for round in 0..<50 { for worker in workers { group.addTask { await worker.work(round) } } }
            return await group.reduce(into: Set<pthread_t>()) { $0.insert($1) }
        }
        #expect(seen.count <= 2, "\(seen.count) threads for twenty actors")
        for worker in workers { #expect(await worker.done.sorted() == Array(0..<50)) }
    }

    @Test("One that hangs keeps its thread, and all others go on without it")
    func hanging() async {
        let threads = BlockingThreads(keepingIdle: 2)
        let released = DispatchSemaphore(value: 0)
        let stuck = (0..<3).map { _ in Worker(on: threads) }
        let hanging = stuck.map { worker in Task { await worker.hang(until: released) } }
        let others = (0..<5).map { _ in Worker(on: threads) }
        var running: Set<pthread_t> = []
        for worker in others { for round in 0..<10 { running.insert(await worker.work(round)) } }
        for worker in others { #expect(await worker.done == Array(0..<10)) }
        for _ in hanging { released.signal() }
        var held: Set<pthread_t> = []
        for task in hanging { held.insert(await task.value) }
        #expect(!held.isEmpty)
        // One that came back takes new work.
        for worker in stuck { _ = await worker.work(1) }
        for worker in stuck { #expect(await worker.done == [1]) }
    }

    @Test("Threads that are not kept end when there is nothing to do, and come again")
    func ending() async {
        let threads = BlockingThreads(keepingIdle: 0)
        let worker = Worker(on: threads)
        for round in 0..<100 { _ = await worker.work(round) }
        #expect(await worker.done == Array(0..<100))
    }
}
