/// `/proc/uptime` (proc_uptime(5)): seconds since the machine was started, and of all processors idle.
enum SystemUptime {
    static let path = "/proc/uptime"
    /// More seconds than any machine runs, 317 years.
    private static let limit = 1e10

    /// nil of what no machine's file holds: also of recorded trees, whose files anybody may have written.
    static func parse(_ text: String) -> Duration? {
        guard let seconds = text.split(separator: " ").first.flatMap({ Double($0) }), (0..<limit).contains(seconds)
        else { return nil }
        return .milliseconds(Int64(seconds * 1000))
    }

    /// nil where it cannot be read.
    static func read(in tree: SysTree) -> Duration? { (try? tree.text(path)).flatMap(parse) }
}
