public import FoundationEssentials

/// What the patterns of a pack say of themselves to people, read as a pack's outline is: without running or checking one.
public struct PackTexts: Hashable, Sendable {
    /// One pattern's words in one language.
    public struct Text: Hashable, Sendable, Decodable {
        public var title: String
        /// What is meant, in a sentence or two; nil where the pattern says no more than its title.
        public var description: String?

        public init(title: String, description: String? = nil) {
            self.title = title
            self.description = description
        }
    }

    /// By the pattern's id, and then by language (`en`, `de`).
    public var byPattern: [String: [String: Text]]

    /// - Throws: `OutlineProblem` for what is no pack. A pattern without words, or with other ones, has none here.
    public init(of pack: Data) throws(OutlineProblem) {
        guard pack.count <= ChannelLimits.packBytes else { throw .tooLarge }
        guard PackShape.isBounded(pack) else { throw .tooComplex }
        let read: Read
        do { read = try JSONDecoder().decode(Read.self, from: pack) } catch { throw .noPack }
        guard read.patterns.count <= ChannelLimits.patterns else { throw .tooComplex }
        byPattern = read.patterns.reduce(into: [:]) { all, entry in
            guard entry.id.utf8.count <= ChannelLimits.idBytes, !entry.texts.isEmpty else { return }
            all[entry.id] = entry.texts
        }
    }

    private struct Read: Decodable {
        var patterns: [Entry]
    }

    private struct Entry: Decodable {
        var id: String
        var texts: [String: Text]

        private enum CodingKeys: String, CodingKey {
            case id
            case texts = "text"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            id = try container.decode(String.self, forKey: .id)
            texts = (try? container.decode([String: Text].self, forKey: .texts)) ?? [:]
        }
    }
}
