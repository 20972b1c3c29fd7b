import ArgumentParser
import FaultPatterns
import FoundationEssentials
import Reports

/// What a shell offers when a word is half written: names that this program knows without asking anybody.
enum Completion {
    static let languages = CompletionKind.list(Language.allCases.map(\.rawValue))
    static let parts = CompletionKind.list(ComponentKind.known.map(\.rawValue))
    static let signals = CompletionKind.list(SignalCatalogue.entries.map(\.name))
    /// Patterns of the folder that stands on the command line, else of the standard one.
    static let patterns = CompletionKind.custom { words, _, _ in PatternNames.all(for: words) }
    /// What blind spots are called by: patterns and probes.
    static let blindSpots = CompletionKind.custom { words, _, _ in
        PatternNames.all(for: words) + SignalSources.allProbes.sorted()
    }

    static func words<Word: RawRepresentable & CaseIterable>(
        of type: Word.Type
    ) -> CompletionKind where Word.RawValue == String { .list(Word.allCases.map(\.rawValue)) }
}

/// The names of the patterns that are there, found without checking them: a shell waits for the answer.
private enum PatternNames {
    /// Bytes of a file that are looked at: the id stands in the first lines.
    private static let head = 2_000

    static func all(for words: [String]) -> [String] {
        var path = PatternFolder.standardSource
        if let option = words.lastIndex(of: "--patterns"), words.indices.contains(option + 1) {
            path = words[option + 1]
        }
        if path.hasSuffix(".json") {
            let pack = FileManager.default.contents(atPath: path).flatMap { try? PatternPack(json: $0) }
            return pack?.patterns.map(\.id).sorted() ?? []
        }
        if path.hasSuffix(".yaml") { return [id(of: path)].compactMap(\.self) }
        let files = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.compactMap { id(of: "\(path)/\($0)") }.sorted()
    }

    private static func id(of file: String) -> String? {
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        let lines = String(decoding: data.prefix(head), as: UTF8.self).split(whereSeparator: \.isNewline)
        guard let line = lines.first(where: { $0.hasPrefix("id:") }) else { return nil }
        return line.dropFirst(3).split(separator: " ").first.map(String.init)
    }
}
