import Reports

/// Which disk stood behind a name of the kernel, and when, as far back as messages of the kernel are asked about.
struct PartsHistory: Sendable {
    /// How long a name is remembered after it went.
    static let age = Duration.seconds(86_400)
    /// Names that have gone or changed hands, the oldest forgotten first.
    static let changeLimit = 1_024
    /// The kernel speaks of a new disk before udev has named it: so long before its name was seen, the name is already
    /// the newcomer's where nobody had it.
    static let announcement = Duration.seconds(30)

    struct Entry: Hashable, Sendable {
        var name: String
        var disk: Component
        /// nil: from before anybody looked.
        var from: Timestamp?
        /// nil: still.
        var until: Timestamp?
    }

    private var present: [String: Entry] = [:]
    /// What has ended, the oldest first.
    private(set) var ended: [Entry] = []

    /// - Parameters:
    ///   - names: all that there are.
    ///   - time: since when; nil where nobody knows, as at the first look.
    mutating func note(_ names: [String: Component], at time: Timestamp?) {
        for (name, entry) in present.sorted(by: { $0.key < $1.key }) where names[name]?.id != entry.disk.id {
            var entry = entry
            entry.until = time.map { max($0, entry.from ?? $0) } ?? entry.from
            ended.append(entry)
            present[name] = nil
        }
        for (name, disk) in names {
            // The same disk may have become better known.
            present[name] = Entry(name: name, disk: disk, from: present[name].map(\.from) ?? time)
        }
        if let time {
            ended.removeAll { entry in entry.until.map { time - $0 > PartsHistory.age } ?? false }
        }
        if ended.count > PartsHistory.changeLimit { ended.removeFirst(ended.count - PartsHistory.changeLimit) }
    }

    /// The disk that had the name `name` at `time`, or last before it; nil where none is known.
    /// - Parameter time: nil for now.
    func disk(named name: String, at time: Timestamp?) -> Component? {
        let now = present[name]
        guard let time else { return now?.disk ?? ended.last { $0.name == name }?.disk }
        let earlier = ended.filter { $0.name == name }
        if let now {
            guard let from = now.from, from > time else { return now.disk }
            // Between one and the next, what is said shortly before the next was seen is said of it.
            let predecessor = earlier.last?.until
            if from - time <= PartsHistory.announcement, predecessor.map({ time > $0 }) ?? true { return now.disk }
        }
        return earlier.last { $0.from.map { $0 <= time } ?? true }?.disk
    }
}
