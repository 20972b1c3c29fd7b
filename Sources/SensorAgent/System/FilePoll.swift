import Daemon
import Glibc

/// Tells when a file of the kernel that can be waited for has something new, without waking up while it has not.
enum FilePoll {
    /// Milliseconds between two looks at a file that never falls silent, at first and at most: a flood costs one wake-up
    /// a second, and a file that nobody empties fewer and fewer.
    private static let pause: Int32 = 1_000
    private static let longestPause: Int32 = 60_000

    /// - Parameters:
    ///   - open: a descriptor that the stream closes; negative when it cannot be opened, which ends the stream.
    ///   - news: what to tell of a readable file; nil where that is not worth an element. A file that is still readable
    ///     afterwards is asked again after a pause.
    static func stream(
        open: @escaping @Sendable () -> Int32, news: @escaping @Sendable (Int32) -> String?
    ) -> AsyncStream<String> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            // A pipe: closing one end wakes the thread that waits at the other.
            var ends: [Int32] = [-1, -1]
            guard unsafe pipe(&ends) == 0 else { return continuation.finish() }
            let (hearing, calling) = (ends[0], ends[1])
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            continuation.onTermination = { _ in close(calling) }
            let listener = Listener()
            Task {
                let file = open()
                if file >= 0 {
                    await listener.listen(file, stop: hearing, news: news) { continuation.yield($0) }
                    close(file)
                }
                continuation.finish()
                close(hearing)
            }
        }
    }

    /// Waits in poll(2), on a thread of its own.
    private actor Listener {
        private let executor = BlockingExecutor(label: "callhome.prompts")
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

        func listen(_ file: Int32, stop: Int32, news: (Int32) -> String?, found: (String) -> Void) {
            var pause = FilePoll.pause
            while true {
                switch Listener.wait(file, stop: stop, milliseconds: -1) {
                case .ended: return
                case .nothing: continue
                case .readable: if let words = news(file) { found(words) }
                }
                let isEmptied = Listener.wait(file, stop: stop, milliseconds: 0) == .nothing
                pause = isEmptied ? FilePoll.pause : min(pause * 2, FilePoll.longestPause)
                guard Listener.wait(-1, stop: stop, milliseconds: pause) == .nothing else { return }
            }
        }

        private enum Answer { case readable, nothing, ended }

        private static func wait(_ file: Int32, stop: Int32, milliseconds: Int32) -> Answer {
            var waits = [
                pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
                pollfd(fd: file, events: Int16(POLLIN), revents: 0),
            ]
            let count = unsafe waits.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, 2, milliseconds) }
            if count < 0 { return errno == EINTR ? .nothing : .ended }
            guard waits[0].revents == 0, waits[1].revents & Int16(POLLNVAL | POLLHUP) == 0 else { return .ended }
            return waits[1].revents == 0 ? .nothing : .readable
        }
    }
}
