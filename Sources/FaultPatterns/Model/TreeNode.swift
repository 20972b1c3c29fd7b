/// One node of a tree in memory, 16 bytes. A split's left branch begins right behind it.
struct TreeNode: Sendable {
    /// What the plain comparison does not cover.
    struct Rule: OptionSet {
        let rawValue: UInt8
        /// A missing value goes left.
        static let missingLeft = Rule(rawValue: 1)
        /// Zero counts as missing (LightGBM's missing type Zero).
        static let zeroIsMissing = Rule(rawValue: 2)
        /// The input is a category, and `number` the word at which the set of those that go left begins.
        static let categorical = Rule(rawValue: 4)
    }

    /// A split's threshold as a `SortKey`, one more where a missing value goes left; of a categorical split the word at
    /// which its set begins; of a leaf the bits of its value.
    var number: Int64
    /// The rest in one word: one load, after which choosing a branch of the tree needs none of the processor's.
    private var word: UInt64

    /// Nodes from a split to its right branch; 0 at a leaf.
    var right: Int {
        get { Int(word & 0xFFFF_FFFF) }
        set { word = word & ~0xFFFF_FFFF | UInt64(newValue) & 0xFFFF_FFFF }
    }
    var feature: Int { Int(word >> 32 & 0xFFFF) }
    var rule: Rule { Rule(rawValue: UInt8(word >> 48 & 0xFF)) }
    /// Nodes from a split to its left branch: 1; 0 at a leaf.
    ///
    /// So a walk that stands at a leaf stays there, and several trees can be walked side by side without asking.
    var left: Int { Int(word >> 56) }

    init(leaf value: Double) {
        number = Int64(bitPattern: value.bitPattern)
        word = 0
    }

    /// - Parameter threshold: a number.
    init(feature: UInt16, threshold: Double, rule: Rule) {
        number = SortKey.of(threshold) + (rule.contains(.missingLeft) ? 1 : 0)
        word = 1 << 56 | UInt64(rule.rawValue) << 48 | UInt64(feature) << 32
    }

    init(feature: UInt16, set: Int, rule: Rule) {
        number = Int64(set)
        word = 1 << 56 | UInt64(rule.union(.categorical).rawValue) << 48 | UInt64(feature) << 32
    }

    var isLeaf: Bool { left == 0 }
    /// A plain split's threshold as a `SortKey`.
    var threshold: Int64 { number - (rule.contains(.missingLeft) ? 1 : 0) }
    var value: Double { Double(bitPattern: UInt64(bitPattern: number)) }
}

/// Numbers as integers in the same order, because processors compare integers without a branch, and which way a split
/// goes cannot be guessed.
enum SortKey {
    /// Above every number. One more is below every number: so adding 1 decides where a missing value goes.
    static let missing = Int64.max

    static func of(_ value: Double) -> Int64 {
        guard !value.isNaN else { return missing }
        // Adding zero makes −0 to 0.
        let bits = Int64(bitPattern: (value + 0).bitPattern)
        return bits ^ Int64(bitPattern: UInt64(bitPattern: bits >> 63) >> 1)
    }

    static func value(_ key: Int64) -> Double {
        guard key != missing else { return .nan }
        return Double(bitPattern: UInt64(bitPattern: key ^ Int64(bitPattern: UInt64(bitPattern: key >> 63) >> 1)))
    }
}
