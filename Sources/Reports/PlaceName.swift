/// Names of places on a board, as boards, management controllers and people write them: `CPU1_DIMM_A1`, `P1-DIMMA1`, `A1`.
public enum PlaceName {
    /// Whether the two may name one place: one of them is the other, or the end of it.
    public static func agree(_ one: String, _ other: String) -> Bool { isEnd(one, of: other) || isEnd(other, of: one) }

    /// Whether `end` is the last word of `place`, or several (`DIMM_A1` of `CPU1_DIMM_A1`), or comes right after a word for
    /// modules (`A1` of `DIMMA1`). Neither case nor what stands between words makes another name.
    public static func isEnd(_ end: String, of place: String) -> Bool {
        let wanted = words(end).joined()
        guard !wanted.isEmpty else { return false }
        let words = words(place)
        return words.indices.contains { start in
            let tail = words[start...].joined()
            return forModules.contains { $0 + wanted == tail }
        }
    }

    private static let forModules = ["", "DIMM", "SLOT", "MODULE", "UDIMM", "RDIMM"]

    private static func words(_ text: String) -> [Substring] {
        text.uppercased().split { !$0.isLetter && !$0.isNumber }.map { $0 }
    }
}
