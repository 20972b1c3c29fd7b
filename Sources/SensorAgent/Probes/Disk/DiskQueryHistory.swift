import FoundationEssentials
import Reports

/// When each disk was last asked for its health, and which names lead to which disk: the cursor of `disk-health`, so
/// that a restart does not ask again.
struct DiskQueryHistory: Codable, Hashable, Sendable {
    /// Why a disk is asked or not.
    enum Decision: Hashable, Sendable {
        case due
        /// It was asked less than the spacing ago.
        case tooEarly
        /// Another name of the same disk was looked at in this look.
        case alreadySeen
    }

    /// By disk, or by the device's name where the disk is not known.
    private var asked: [String: Timestamp] = [:]
    /// The disk behind a name that the kernel does not know by itself (`/dev/bus/0 megaraid,5`).
    private var disks: [String: ComponentID] = [:]
    /// When each disk may next be asked for the logs that it is asked for once a day.
    private var logsDue: [String: Timestamp] = [:]
    private var seen: Set<String> = []

    private enum CodingKeys: String, CodingKey { case asked, disks, logsDue }

    /// Disks remembered.
    private static let limit = 4_096
    /// Between two looks at the same log; less than the 25 hours for which patterns take a value for what is.
    private static let logSpacing = Duration.seconds(86_400)
    /// For how long a disk is spared that did not answer a command with such a log.
    private static let logPause = Duration.seconds(30 * 86_400)

    /// - Parameter cursor: what `text` gave; damaged, it is as if there had been none.
    init(_ cursor: ProbeCursor?) {
        guard let text = cursor?.value,
            let visits = try? JSONDecoder().decode(DiskQueryHistory.self, from: Data(text.utf8))
        else { return }
        self = visits
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        asked = try container.decode([String: Timestamp].self, forKey: .asked)
        disks = try container.decode([String: ComponentID].self, forKey: .disks)
        // Cursors of before know nothing of it.
        logsDue = try container.decodeIfPresent([String: Timestamp].self, forKey: .logsDue) ?? [:]
    }

    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Decides whether to ask the disk now, and notes it as asked if so.
    /// - Parameter disk: what the kernel knows it by; nil: what was learned of the name.
    mutating func visit(
        _ device: String, disk: ComponentID?, at time: Timestamp, spacing: Duration
    ) -> Decision {
        if let disk { disks[device] = disk }
        let key = key(device, disk)
        guard seen.insert(key).inserted else { return .alreadySeen }
        if let last = asked[key], DiskQueryHistory.distance(last, time) < spacing { return .tooEarly }
        if asked.count >= DiskQueryHistory.limit { asked = asked.filter { seen.contains($0.key) } }
        asked[key] = time
        return .due
    }

    /// A clock that was set back by days cannot show how long ago it was; the disk is not left alone for days.
    private static func distance(_ one: Timestamp, _ other: Timestamp) -> Duration {
        let gap = other - one
        return gap < .zero ? .zero - gap : gap
    }

    /// Whether the disk may be asked for its further logs.
    func logsAreDue(_ device: String, disk: ComponentID?, at time: Timestamp) -> Bool {
        guard let due = logsDue[key(device, disk)] else { return true }
        // Further off than it is ever put: the clock was set back.
        return time >= due || due - time > DiskQueryHistory.logPause
    }

    /// Notes that the disk was asked for its further logs, and whether it answered.
    mutating func noteLogs(_ device: String, disk: ComponentID?, at time: Timestamp, answered: Bool) {
        if logsDue.count >= DiskQueryHistory.limit { logsDue = logsDue.filter { seen.contains($0.key) } }
        logsDue[key(device, disk)] = time + (answered ? DiskQueryHistory.logSpacing : DiskQueryHistory.logPause)
    }

    private func key(_ device: String, _ disk: ComponentID?) -> String {
        (disk ?? disks[device])?.rawValue ?? device
    }

    /// What `device` turned out to be.
    mutating func learn(_ device: String, is disk: ComponentID) {
        guard disks.count < DiskQueryHistory.limit || disks[device] != nil else { return }
        let before = disks[device]?.rawValue ?? device
        disks[device] = disk
        if let time = asked[before], before != disk.rawValue {
            asked[before] = nil
            asked[disk.rawValue] = time
            seen.insert(disk.rawValue)
        }
        if let due = logsDue[before], before != disk.rawValue {
            logsDue[before] = nil
            logsDue[disk.rawValue] = due
        }
    }

    func disk(of device: String) -> ComponentID? { disks[device] }

    /// The disks that names led to.
    var named: some Sequence<ComponentID> { disks.values }
}
