import Daemon
import Glibc

/// A driver that takes commands and hands out messages, neither of which waits.
protocol IPMIDriver: Sendable {
    func send(_ request: IPMIRequest, as id: Int) throws(SystemError)
    /// Whether there may be a message, at the latest after `milliseconds`.
    func wait(_ milliseconds: Int32) throws(SystemError) -> Bool
    /// nil: there is none after all.
    func receive() throws(SystemError) -> IPMIMessage?
}

/// One message as a driver hands it out.
struct IPMIMessage: Hashable, Sendable {
    /// Events and commands of others come by the same way.
    var isResponse: Bool
    /// The number that the command was sent with.
    var id: Int
    /// The network function of a response: one above that of the command.
    var function: UInt8
    var command: UInt8
    /// The completion code, then data.
    var data: [UInt8]
}

/// Asks a BMC through a driver: one command is out at a time, and a message that is no answer to it is dropped.
///
/// A command without an answer ends the conversation: all later ones fail at once, so that a BMC that is silent costs
/// one wait and not one for each sensor.
actor IPMIDriverChannel<Driver: IPMIDriver>: IPMIChannel {
    private let driver: Driver
    private let patience: Duration
    private let end: ContinuousClock.Instant
    private let executor: BlockingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    private var last = 0
    private var isSilent = false

    /// - Parameters:
    ///   - patience: for one answer; KCS alone may take 5 s before the kernel gives a byte up.
    ///   - whole: for all commands together.
    ///   - executor: a thread that may block.
    init(with driver: Driver, patience: Duration, whole: Duration, on executor: BlockingExecutor) {
        self.driver = driver
        self.patience = patience
        self.executor = executor
        end = ContinuousClock.now + whole
    }

    func answer(to request: IPMIRequest) throws(IPMITransportError) -> IPMIResponse {
        guard !isSilent else { throw .timedOut(after: patience) }
        last += 1
        do throws(SystemError) {
            try driver.send(request, as: last)
            let until = min(end, ContinuousClock.now + patience)
            while true {
                let left = ContinuousClock.now.duration(to: until).components
                let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
                guard milliseconds > 0 else { break }
                guard try driver.wait(Int32(clamping: milliseconds)), let message = try driver.receive() else {
                    continue
                }
                guard message.isResponse, message.id == last, message.function == request.function | 1,
                    message.command == request.command, let completion = message.data.first
                else { continue }
                return IPMIResponse(completion: completion, data: Array(message.data.dropFirst()))
            }
        } catch {
            isSilent = true
            throw .failed(errno: error.code)
        }
        isSilent = true
        throw .timedOut(after: patience)
    }
}
