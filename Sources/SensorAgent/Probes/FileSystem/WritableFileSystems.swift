import FoundationEssentials
import Reports

/// The file systems that were seen writable since the machine started: one that is read-only now was made so since. It
/// is the cursor of `filesystems`, and survives a restart of the agent, not of the machine.
struct WritableFileSystems: Codable, Hashable, Sendable {
    /// The kernel's id of this start.
    private let boot: String
    private var ids: Set<ComponentID> = []

    /// File systems remembered.
    private static let limit = 4_096

    /// - Parameter cursor: what `text` gave; damaged, or of another start, it is as if there had been none.
    init(_ cursor: ProbeCursor?, boot: String) {
        self.boot = boot
        guard let text = cursor?.value,
            let before = try? JSONDecoder().decode(WritableFileSystems.self, from: Data(text.utf8)),
            before.boot == boot
        else { return }
        ids = before.ids
    }

    func contains(_ id: ComponentID) -> Bool { ids.contains(id) }

    mutating func insert(_ id: ComponentID) {
        if ids.count < WritableFileSystems.limit { ids.insert(id) }
    }

    private enum CodingKeys: String, CodingKey { case boot, ids }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        boot = try container.decode(String.self, forKey: .boot)
        ids = Set(try container.decode([ComponentID].self, forKey: .ids))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(boot, forKey: .boot)
        try container.encode(ids.sorted(), forKey: .ids)
    }

    /// The same text for the same set.
    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
