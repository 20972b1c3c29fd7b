import Glibc
import Logging
import Reports

/// The one thread that reads which parts there are: at the start, when udev or md tell of a change, and hourly.
///
/// A reading that hangs in the kernel cannot be ended and is not begun twice: the thread is in it.
struct PartsWatch: Service {
    private let directory: PartsDirectory
    private let tree: SysTree
    private let clock: any AgentClock
    private let log: Logger

    init(_ directory: PartsDirectory, tree: SysTree, clock: any AgentClock, log: Logger) {
        self.directory = directory
        self.tree = tree
        self.clock = clock
        self.log = log
    }

    func run() async throws {
        for await words in PartsWatch.changes(of: directory, tree: tree, clock: clock) {
            log.info("parts", metadata: ["change": "\(words)"])
        }
    }

    /// Reads until nobody listens any more; one element for each change.
    static func changes(of directory: PartsDirectory, tree: SysTree, clock: any AgentClock) -> AsyncStream<String> {
        PollThread.stream("callhome.parts") { thread, found in
            // Listening begins before the first reading, so that nothing falls between.
            let listener = tree.isThisMachine ? DeviceMonitor.Listener(to: PartsBuilder.subsystems) : nil
            let isUdevHere = tree.isThisMachine && tree.exists("/run/udev/control")
            var renewal = PartsRenewal(hasEvents: listener != nil && isUdevHere)
            // md tells of members in its own way alone.
            var arrays = tree.isThisMachine ? FileEvents.opened(FileEvents.mdstat) : -1
            defer { close(arrays) }
            while true {
                let now = clock.now().uptime
                if let work = renewal.take(at: now) {
                    if let change = directory.read(work, clock: clock), !change.isEmpty { found(change.words) }
                    continue
                }
                let wait = Int32(clamping: (renewal.due - now).inMilliseconds + 1)
                let events = thread.wait(
                    for: [(listener?.descriptor ?? -1, POLLIN), (arrays, POLLPRI)], milliseconds: max(wait, 0))
                guard let events else { return }
                if events[1] & POLLPRI != 0 {
                    close(arrays)
                    arrays = FileEvents.opened(FileEvents.mdstat)
                    renewal.hear(PartsWatch.arrays, at: clock.now().uptime)
                } else if events[1] != 0 {
                    // A file that cannot be waited for reports so at once, again and again.
                    close(arrays)
                    arrays = -1
                }
                guard events[0] != 0, let listener else { continue }
                switch listener.next() {
                case .device(_, let device):
                    if PartsBuilder.matters(device) { renewal.hear(device, at: clock.now().uptime) }
                case .overrun: renewal.overrun()
                // What is ready without end and gives nothing must not cost a core.
                case .none: if events[0] & POLLIN == 0, thread.wait(for: -1, milliseconds: 1_000) == nil { return }
                }
            }
        }
    }

    /// Stands for what md tells: no disk in particular, and what is made of which is read with any.
    private static let arrays = UdevDevice(
        subsystem: "block", name: "", path: FileEvents.mdstat, properties: [:], isInitialized: true)
}
