/// Words about words: what is meant by a misspelt one, and how many of a thing there are.
public enum Wording {
    /// Characters of a word that is looked up; a longer one is no slip of the pen.
    static let longest = 120

    /// The words that one misspelt word may mean, the nearest first.
    ///
    /// Near is a word that a few slips (a letter too many, too few, another one, two exchanged) turn into the other, and
    /// one that contains it or stands in it.
    public static func near(_ word: String, among words: some Sequence<String>, limit: Int = 3) -> [String] {
        let wanted = word.lowercased()
        guard wanted.count <= longest, !wanted.isEmpty else { return [] }
        let slips = max(1, min(4, wanted.count / 3))
        var found: [(word: String, distance: Int)] = []
        for candidate in Set(words) where candidate.count <= longest {
            let text = candidate.lowercased()
            let distance = distance(Array(wanted), Array(text))
            if distance <= slips {
                found.append((candidate, distance))
            } else if wanted.count >= 3, text.contains(wanted) || (text.count >= 3 && wanted.contains(text)) {
                found.append((candidate, slips + 1 + abs(text.count - wanted.count)))
            }
        }
        return found.sorted { ($0.distance, $0.word) < ($1.distance, $1.word) }.prefix(limit).map(\.word)
    }

    /// `perhaps disk or dimm`; where nothing is near, `there are a, b, c`.
    public static func hint(_ word: String, among words: some Sequence<String>) -> String {
        let near = near(word, among: words)
        return near.isEmpty
            ? "there are \(names(words))" : "perhaps \(near.joined(separator: " or "))"
    }

    /// The words of a set for a message that names them: `a, b, c`, shortened where they are many.
    public static func names(_ words: some Sequence<String>) -> String {
        let sorted = Set(words).sorted()
        let left = sorted.count - shown
        return sorted.prefix(shown).joined(separator: ", ") + (left > 0 ? " and \(left) more" : "")
    }

    /// Words of a set that are named.
    private static let shown = 60

    /// `1 pattern`, `2 patterns`.
    public static func counted(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(count) \(form(count, noun, plural ?? noun + "s"))"
    }

    /// What agrees with a number: `form(1, "refuses", "refuse")` is `refuses`.
    public static func form(_ count: Int, _ singular: String, _ plural: String) -> String {
        count == 1 ? singular : plural
    }

    /// Slips between two words (optimal string alignment).
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        guard abs(one.count - other.count) <= 4 else { return .max }
        var before: [Int] = []
        var last = Array(0...other.count)
        for row in 0..<one.count {
            var next = [row + 1]
            for column in 0..<other.count {
                var best = min(
                    last[column + 1] + 1, next[column] + 1, last[column] + (one[row] == other[column] ? 0 : 1))
                if row > 0, column > 0, one[row] == other[column - 1], one[row - 1] == other[column] {
                    best = min(best, before[column - 1] + 1)
                }
                next.append(best)
            }
            before = last
            last = next
        }
        return last[other.count]
    }
}
