import Daemon
import Foundation
import Synchronization
import Testing

@testable import SensorAgent

@Suite("The kernel's IPMI device")
struct IPMIDriverChannelTests {
    /// A driver whose messages are made by a function of the command and its number; nil is a moment without any.
    private final class MadeDriver: IPMIDriver {
        private let made: @Sendable (IPMIRequest, Int) -> [IPMIMessage?]
        private let pending = Mutex<[IPMIMessage?]>([])
        private let sent = Mutex<Int>(0)

        init(_ made: @escaping @Sendable (IPMIRequest, Int) -> [IPMIMessage?]) { self.made = made }

        var commands: Int { sent.withLock { $0 } }

        func send(_ request: IPMIRequest, as id: Int) {
            sent.withLock { $0 += 1 }
            pending.withLock { $0 += made(request, id) }
        }

        func wait(_ milliseconds: Int32) throws(SystemError) -> Bool {
            if !pending.withLock({ $0.isEmpty }) { return true }
            usleep(UInt32(max(0, milliseconds)) * 1_000)
            return false
        }

        func receive() -> IPMIMessage? { pending.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    }

    private static let question = IPMIRequest(function: 0x04, command: 0x2D, data: [1])

    private static func answer(_ id: Int, _ data: [UInt8], command: UInt8 = 0x2D, isResponse: Bool = true)
        -> IPMIMessage
    {
        IPMIMessage(isResponse: isResponse, id: id, function: 0x05, command: command, data: data)
    }

    private func conversation(
        _ driver: MadeDriver, patience: Duration = .milliseconds(50), whole: Duration = .seconds(60)
    ) -> IPMIDriverChannel<MadeDriver> {
        IPMIDriverChannel(
            with: driver, patience: patience, whole: whole, on: BlockingExecutor(label: "callhome.test"))
    }

    @Test("the answer is told with its completion code, and each command has a number of its own")
    func answers() async throws {
        let driver = MadeDriver { _, id in [Self.answer(id, [0xCB, UInt8(id)])] }
        let conversation = conversation(driver, patience: .seconds(20))
        #expect(try await conversation.answer(to: Self.question) == IPMIResponse(completion: 0xCB, data: [1]))
        #expect(try await conversation.answer(to: Self.question) == IPMIResponse(completion: 0xCB, data: [2]))
    }

    @Test("late answers, events, answers to other commands and empty ones are dropped")
    func others() async throws {
        let driver = MadeDriver { _, id in
            [
                Self.answer(id - 1, [0, 99]), Self.answer(id, [0, 98], isResponse: false), nil,
                Self.answer(id, [0, 97], command: 0x20), Self.answer(id, []), Self.answer(id, [0, 1]),
            ]
        }
        let conversation = conversation(driver, patience: .seconds(20))
        #expect(try await conversation.answer(to: Self.question) == IPMIResponse(completion: 0, data: [1]))
    }

    @Test("no answer ends the conversation after its time, and nothing is asked any more")
    func silence() async throws {
        let driver = MadeDriver { _, _ in [] }
        let conversation = conversation(driver)
        for _ in 0..<100 {
            await #expect(throws: IPMITransportError.timedOut(after: .milliseconds(50))) {
                try await conversation.answer(to: Self.question)
            }
        }
        #expect(driver.commands == 1)
    }

    @Test("answers to others without end do not hold a command beyond its time")
    func flood() async throws {
        let driver = MadeDriver { _, id in (0..<20_000).map { Self.answer(id + 1 + $0, [0]) } }
        await #expect(throws: IPMITransportError.self) {
            try await conversation(driver).answer(to: Self.question)
        }
    }

    @Test("all commands together have an end")
    func whole() async throws {
        let driver = MadeDriver { _, id in [Self.answer(id, [0])] }
        let conversation = conversation(driver, patience: .seconds(20), whole: .zero)
        await #expect(throws: IPMITransportError.self) { try await conversation.answer(to: Self.question) }
    }

    @Test("a device that is not there, or is none, says so")
    func noDevice() throws {
        #expect(throws: SystemError(code: ENOENT)) { try IPMIDevice("/dev/callhome-no-such-device") }
        let none = try IPMIDevice("/dev/null")
        #expect(throws: SystemError(code: ENOTTY)) { try none.send(Self.question, as: 1) }
        #expect(throws: SystemError(code: ENOTTY)) { try none.receive() }
    }
}
