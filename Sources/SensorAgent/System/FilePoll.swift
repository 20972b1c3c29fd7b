import Glibc

/// Reports when a file of the kernel that can be waited for has something new, without waking up while it has not.
enum FilePoll {
    /// Milliseconds between two looks at a file that never falls silent, at first and at most: a flood costs one wake-up
    /// a second, and a file that nobody empties fewer and fewer.
    private static let pause: Int32 = 1_000
    private static let longestPause: Int32 = 60_000

    /// - Parameters:
    ///   - open: a descriptor that the stream closes; negative when it cannot be opened, which ends the stream.
    ///   - news: what to emit for a readable file; nil where it is not worth an element. A file that is still readable
    ///     afterwards is asked again after a pause.
    static func stream(
        open: @escaping @Sendable () -> Int32, news: @escaping @Sendable (Int32) -> String?
    ) -> AsyncStream<String> {
        PollThread.stream("callhome.prompts") { thread, found in
            let file = open()
            guard file >= 0 else { return }
            defer { close(file) }
            var pause = FilePoll.pause
            while let events = thread.wait(for: file), events & POLLHUP == 0 {
                if events == 0 { continue }
                if let words = news(file) { found(words) }
                let isEmptied = thread.wait(for: file, milliseconds: 0) == 0
                pause = isEmptied ? FilePoll.pause : min(pause * 2, FilePoll.longestPause)
                guard thread.wait(for: -1, milliseconds: pause) != nil else { return }
            }
        }
    }
}
