import FoundationEssentials

/// What a probe knows from look to look, as JSON in its cursor.
protocol StoredCursor: Codable {}

extension StoredCursor {
    /// nil for no cursor, and for one that another version wrote otherwise.
    init?(_ cursor: ProbeCursor?) {
        guard let value = cursor?.value, let decoded = try? JSONDecoder().decode(Self.self, from: Data(value.utf8))
        else { return nil }
        self = decoded
    }

    /// nil for what JSON cannot hold.
    func stored(for probe: String) -> ProbeCursor? {
        let encoder = JSONEncoder()
        // So that the same is stored alike.
        encoder.outputFormatting = .sortedKeys
        guard let data = try? encoder.encode(self) else { return nil }
        return ProbeCursor(probe: probe, value: String(decoding: data, as: UTF8.self))
    }
}
