import Daemon
import Glibc

/// Files of the kernel that wake whoever polls them when what they say has changed: `/proc/mdstat` (md(4)), sysfs
/// attributes with `sysfs_notify` (poll(2), POLLPRI).
enum FileEvents {
    /// One element each time the kernel says that `path` reads otherwise than before. It costs no wake-up while nothing
    /// happens. The stream ends where there is no such file.
    static func changes(of path: String) -> AsyncStream<String> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            // A pipe: closing one end wakes the thread that waits at the other.
            var ends: [Int32] = [-1, -1]
            guard unsafe pipe(&ends) == 0 else { return continuation.finish() }
            let (hearing, calling) = (ends[0], ends[1])
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            continuation.onTermination = { _ in close(calling) }
            let listener = Listener()
            Task {
                await listener.listen(path, stop: hearing) { continuation.yield($0) }
                continuation.finish()
                close(hearing)
            }
        }
    }

    /// Milliseconds between two prompts at least: an array that is torn apart has many events at once.
    private static let restMilliseconds: Int32 = 1_000

    /// Waits in poll(2), on a thread of its own.
    private actor Listener {
        private let executor = BlockingExecutor(label: "callhome.file-events")
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

        func listen(_ path: String, stop: Int32, found: (String) -> Void) {
            var descriptor = opened(path)
            defer { close(descriptor) }
            while descriptor >= 0, wait(for: descriptor, stop: stop) {
                // Opened anew each time, and before anybody looks: the kernel compares with what an open file has read.
                close(descriptor)
                descriptor = opened(path)
                found("\(path) has changed")
                var rest = [pollfd(fd: stop, events: Int16(POLLIN), revents: 0)]
                let woken = unsafe rest.withUnsafeMutableBufferPointer {
                    unsafe poll($0.baseAddress, 1, FileEvents.restMilliseconds)
                }
                if woken > 0 { return }
            }
        }

        private func opened(_ path: String) -> Int32 {
            let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            var bytes = [UInt8](repeating: 0, count: 4096)
            while descriptor >= 0, unsafe read(descriptor, &bytes, bytes.count) > 0 {}
            return descriptor
        }

        /// Whether the file changed; false when it is time to stop.
        private func wait(for descriptor: Int32, stop: Int32) -> Bool {
            while true {
                var waits = [
                    pollfd(fd: descriptor, events: Int16(POLLPRI), revents: 0),
                    pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
                ]
                let count = unsafe waits.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, 2, -1) }
                if count < 0, errno == EINTR { continue }
                guard count > 0, waits[1].revents == 0, waits[0].revents & Int16(POLLNVAL) == 0 else { return false }
                if waits[0].revents & Int16(POLLPRI) != 0 { return true }
                // A file that cannot be waited for says so at once: to ask it again and again would be a busy loop.
                if waits[0].revents != 0 { return false }
            }
        }
    }
}
