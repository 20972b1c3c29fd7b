import Glibc

/// Files of the kernel that wake whoever polls them when their content has changed: `/proc/mdstat` (md(4)), sysfs
/// attributes with `sysfs_notify` (poll(2), POLLPRI).
enum FileEvents {
    /// What md tells of its arrays.
    static let mdstat = "/proc/mdstat"
    /// Milliseconds between two elements at least: an array that is torn apart has many events at once.
    private static let pause: Int32 = 1_000

    /// One element each time the kernel reports that `path` reads differently. The stream ends where there is no
    /// such file.
    static func changes(of path: String) -> AsyncStream<String> {
        PollThread.stream("callhome.file-events") { thread, found in
            var descriptor = opened(path)
            defer { close(descriptor) }
            while descriptor >= 0, let events = thread.wait(for: descriptor, POLLPRI) {
                if events == 0 { continue }
                // A file that cannot be waited for reports so at once: to ask it again and again would be a busy loop.
                guard events & POLLPRI != 0 else { return }
                // Opened anew each time, and before anybody looks: the kernel compares with what an open file has read.
                close(descriptor)
                descriptor = opened(path)
                found("\(path) has changed")
                guard thread.wait(for: -1, milliseconds: pause) != nil else { return }
            }
        }
    }

    /// The file, read to its end, so that waiting for it means waiting for what is new; negative where there is none.
    static func opened(_ path: String) -> Int32 {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        var bytes = [UInt8](repeating: 0, count: 4096)
        while descriptor >= 0, unsafe read(descriptor, &bytes, bytes.count) > 0 {}
        return descriptor
    }
}
