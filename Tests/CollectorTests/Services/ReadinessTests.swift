import Daemon
import Foundation
import Glibc
import Testing

@testable import Collector

@Suite("What systemd is told")
struct ReadinessTests {
    /// systemd's end of sd_notify(3).
    private final class Listener {
        let path: String
        private let descriptor: Int32

        init(in folder: TemporaryFolder) {
            path = "\(folder.path)/notify"
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
            let length = socklen_t(MemoryLayout<sockaddr_un>.size)
            _ = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, length) }
            }
        }

        deinit { close(descriptor) }

        func messages() -> [String] {
            var found: [String] = []
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while case let count = unsafe recv(descriptor, &buffer, buffer.count, 0), count > 0 {
                found.append(String(decoding: buffer[..<count], as: UTF8.self))
            }
            return found
        }
    }

    @Test(
        "A disk that takes no writes ends no program: the watchdog asks whether it goes on, and the status says what is"
    )
    func watchdog() async throws {
        try await LiveCollector.with { live in
            let folder = try TemporaryFolder()
            let listener = Listener(in: folder)
            await live.store.close()
            let systemd = ServiceNotification(
                environment: ["NOTIFY_SOCKET": listener.path, "WATCHDOG_USEC": "100000"])
            let running = Task { try await ReadinessNotifier(program: live.program, systemd: systemd).run() }
            var messages: [String] = []
            let deadline = ContinuousClock.now + .seconds(60)
            while messages.count(where: { $0 == "WATCHDOG=1" }) < 5
                || !messages.contains(where: { $0.contains("No report") }),
                ContinuousClock.now < deadline
            {
                messages += listener.messages()
                try await Task.sleep(for: .milliseconds(10))
            }
            running.cancel()
            try await running.value
            #expect(messages.count { $0 == "WATCHDOG=1" } >= 5)
            #expect(messages.contains { $0.hasPrefix("STATUS=No report is taken: ") })
        }
    }
}
