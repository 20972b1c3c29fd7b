import FoundationEssentials
import Reports

/// What a look at groups of disks must know of the looks before: which disk was in which group, so that one that is
/// gone can be named, and when each group was last read through. It is the probe's cursor, and survives a restart.
struct VolumeHistory: Codable, Hashable, Sendable {
    /// A disk as it was last seen in a group.
    struct Member: Codable, Hashable, Sendable {
        var disk: ComponentID
        var name: String
        var model: String?
        var serial: String?
        var location: String?
    }

    struct Group: Codable, Hashable, Sendable {
        var members: [Member] = []
        /// Whose place another disk has taken.
        var replaced: [Member] = []
        var replacedAt: Timestamp?
        /// Since when the group is watched.
        var since: Timestamp
        /// When it was last seen being read through to the end.
        var scrubbed: Timestamp?
        /// Whether it was being read through at the last look.
        var isScrubbing = false
    }

    private(set) var groups: [String: Group] = [:]

    /// Groups kept.
    private static let groupLimit = 1_024
    /// Disks kept of one group.
    private static let memberLimit = 1_024
    /// How long a disk whose place was taken is reported, so that its fault is seen to be over.
    private static let farewell = Duration.seconds(3600)
    /// A group that is watched for so long without being read through is reported: distributions do it each month.
    private static let longWatch = Duration.seconds(31 * 86_400)

    init() {}

    /// - Parameter cursor: what `text` gave; damaged or of another version, it is as if there had been none.
    init(_ cursor: ProbeCursor?) {
        guard let text = cursor?.value,
            let memory = try? JSONDecoder().decode(VolumeHistory.self, from: Data(text.utf8))
        else { return }
        self = memory
    }

    /// The same text for the same memory, so that nothing is stored while nothing changes.
    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Learns which disks are in `group`, and returns which are missing and which have been replaced.
    mutating func meet(
        _ group: String, present: [Member], working: [Member], isComplete: Bool, at time: Timestamp
    ) -> (missing: [Member], replaced: [Member]) {
        guard groups[group] != nil || groups.count < VolumeHistory.groupLimit else { return ([], []) }
        var known = groups[group] ?? Group(since: time)
        let ids = Set(present.map(\.disk))
        let gone = known.members.filter { !ids.contains($0.disk) }
        if isComplete {
            if !gone.isEmpty {
                known.replaced = gone
                known.replacedAt = time
            }
            known.members = Array(working.prefix(VolumeHistory.memberLimit))
        } else {
            let kept = Set(known.members.map(\.disk))
            known.members += working.filter { !kept.contains($0.disk) }.prefix(VolumeHistory.memberLimit)
        }
        if let at = known.replacedAt, time < at || time - at > VolumeHistory.farewell {
            known.replaced = []
            known.replacedAt = nil
        }
        known.replaced.removeAll { ids.contains($0.disk) }
        groups[group] = known
        return (isComplete ? [] : gone, known.replaced)
    }

    /// Seconds since the group was last read through. Where that was never seen nothing is known at first, and nothing
    /// is reported; once the watch itself is long, it is at least as long ago as the watch lasts.
    mutating func scrubAge(of group: String, isScrubbing: Bool, last: Timestamp?, at time: Timestamp) -> Double? {
        guard var known = groups[group] else { return nil }
        if known.isScrubbing, !isScrubbing { known.scrubbed = time }
        known.isScrubbing = isScrubbing
        if let last { known.scrubbed = last }
        groups[group] = known
        let age = time - (known.scrubbed ?? known.since)
        if known.scrubbed == nil, age < VolumeHistory.longWatch { return nil }
        // The clock went back: how long ago it was is not known.
        return age >= .zero ? age.inSeconds : nil
    }
}

extension VolumeHistory.Member {
    init(_ disk: Component) {
        self.init(
            disk: disk.id, name: disk.name, model: disk.part.model, serial: disk.part.serial,
            location: disk.part.location)
    }

    /// The disk as it was.
    var component: Component {
        Component(
            id: disk, kind: .disk, name: name, part: Part(model: model, serial: serial, location: location))
    }
}
