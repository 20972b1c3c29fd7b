import Dispatch

/// Computes scrypt on threads of its own: it takes 60 ms and 32 MiB a try, and the threads of the program's tasks are few.
struct PasswordQueue: Sendable {
    /// That of the program.
    static let shared = PasswordQueue()
    /// Tries at the same time.
    static let width = 2
    /// Tries that wait or are computed; whoever comes then is asked to come again. 256 take about 8 s.
    static let limit = 256

    private let queues = (0..<width).map { DispatchQueue(label: "callhome.passwords.\($0)") }

    /// - Parameter turn: any number; consecutive ones are computed side by side.
    func run<Value: Sendable>(_ turn: Int, _ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queues[Int(turn.magnitude % UInt(PasswordQueue.width))].async { continuation.resume(returning: work()) }
        }
    }
}
