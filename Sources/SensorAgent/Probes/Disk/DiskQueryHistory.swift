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
    private var seen: Set<String> = []

    private enum CodingKeys: String, CodingKey { case asked, disks }

    /// Disks remembered.
    private static let limit = 4_096

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
        let key = (disk ?? disks[device])?.rawValue ?? device
        guard seen.insert(key).inserted else { return .alreadySeen }
        if let last = asked[key] {
            // A clock that was set back by days cannot show how long ago it was; the disk is not left alone for days.
            let gap = time - last
            let distance = gap < .zero ? .zero - gap : gap
            if distance < spacing { return .tooEarly }
        }
        if asked.count >= DiskQueryHistory.limit { asked = asked.filter { seen.contains($0.key) } }
        asked[key] = time
        return .due
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
    }

    func disk(of device: String) -> ComponentID? { disks[device] }

    /// The disks that names led to.
    var named: some Sequence<ComponentID> { disks.values }
}
