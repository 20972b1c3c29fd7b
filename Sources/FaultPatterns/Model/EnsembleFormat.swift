public import FoundationEssentials
import Reports

/// The data form of a tree ensemble: what stands in `patterns/models/NAME.json`.
///
/// Data only, never code: a model that was pickled can do anything on the machine that loads it. A tree is written in
/// preorder, a split before its left branch before its right branch; so no place is named that could lie outside the
/// tree or lead back into it.
public struct EnsembleFormat: Hashable, Sendable {
    /// One input, and where it comes from.
    public struct Feature: Hashable, Sendable {
        public var name: String
        /// An expression of the pattern language that gives the number.
        public var expression: String?
        /// An attribute of the component that gives the category or number, instead of an expression.
        public var attribute: String?
        /// Makes the feature categorical: its categories, in the order of their numbers from 0.
        public var categories: [String]?

        public init(
            name: String, expression: String? = nil, attribute: String? = nil, categories: [String]? = nil
        ) {
            self.name = name
            self.expression = expression
            self.attribute = attribute
            self.categories = categories
        }
    }

    /// How a number is held against a threshold.
    public enum Comparison: String, Codable, Sendable {
        /// Left where the number is at most the threshold, in float64 (LightGBM).
        case atMost = "<="
        /// Left where the number, rounded to float32, is less than the float32 threshold (XGBoost).
        case belowSingle = "<"
    }

    /// What makes the score of the sum.
    public enum Link: String, Codable, Sendable {
        /// 1 / (1 + exp(−factor · sum))
        case sigmoid
        case identity
    }

    public struct Tree: Hashable, Sendable {
        /// The threshold that stands for infinity, which JSON lacks: all go left but the missing.
        public static let infinite = Double.greatestFiniteMagnitude

        /// One letter per node, in preorder: `.` a leaf; `L` and `R` a split, by where a missing value goes; `l` and `r`
        /// the same with zero counting as missing.
        public var nodes: String
        /// Of each split the number of its feature.
        public var feature: [Int]
        /// Of each numeric split its threshold; of each categorical split the number of the set that goes left.
        public var threshold: [Double]
        /// Of each leaf its value.
        public var leaf: [Double]
        /// Of each leaf how much was trained on it (samples, or the sum of hessians): what explaining a score needs.
        public var cover: [Double]?

        public init(nodes: String, feature: [Int], threshold: [Double], leaf: [Double], cover: [Double]? = nil) {
            self.nodes = nodes
            self.feature = feature
            self.threshold = threshold
            self.leaf = leaf
            self.cover = cover
        }
    }

    /// Measured: of the parts that reached this score, which share failed within so many days.
    public struct Step: Hashable, Sendable {
        public var score: Double
        /// Share by days: `["30": 0.41]`, as in `TimeToFailure`.
        public var hazard: [String: Double]

        public init(score: Double, hazard: [String: Double]) {
            self.score = score
            self.hazard = hazard
        }
    }

    /// Where the model comes from.
    public struct Training: Hashable, Sendable {
        /// What it was trained on.
        public var data: String?
        /// The program that trained it.
        public var by: String?
        /// The seed of that program's random numbers.
        public var seed: Int?

        public init(data: String? = nil, by: String? = nil, seed: Int? = nil) {
            self.data = data
            self.by = by
            self.seed = seed
        }
    }

    public var format: Int
    /// The NAME of `model("NAME")`.
    public var name: String
    public var features: [Feature]
    public var split: Comparison
    public var link: Link
    public var factor: Double
    /// What the sum of the leaves starts from.
    public var base: Double
    /// Random forest: the mean of the trees instead of their sum.
    public var average: Bool
    /// Sets of categories that go left, by the numbers of the categories.
    public var sets: [[Int]]
    public var trees: [Tree]
    public var calibration: [Step]?
    public var provenance: String?
    public var training: Training?

    public init(
        name: String, features: [Feature], split: Comparison = .atMost, link: Link = .sigmoid, factor: Double = 1,
        base: Double = 0, average: Bool = false, sets: [[Int]] = [], trees: [Tree]
    ) {
        format = PatternLimits.modelFormat
        self.name = name
        self.features = features
        self.split = split
        self.link = link
        self.factor = factor
        self.base = base
        self.average = average
        self.sets = sets
        self.trees = trees
    }

    /// Reads the data form; `TreeEnsemble` checks what it contains.
    /// - Throws: what cannot be read, and where.
    public init(json: Data) throws(ModelProblem) {
        guard json.count <= PatternLimits.modelBytes else {
            throw ModelProblem(
                "the model has \(json.count) bytes; the limit is \(PatternLimits.modelBytes); train fewer or smaller trees"
            )
        }
        do { self = try WireFormat.decode(EnsembleFormat.self, from: json) } catch {
            throw ModelProblem(decoding: error)
        }
    }

    /// The canonical bytes, over which the content's hash is taken.
    public func canonical() throws -> Data { try WireFormat.encode(self) }

    /// The file: each key a line, each feature and each tree a line, so that versions can be compared.
    public func file() throws -> Data {
        var shell = self
        shell.features = []
        shell.trees = []
        var text = String(decoding: try WireFormat.encode(shell), as: UTF8.self)
        func lines(_ values: [some Encodable]) throws -> String {
            let lines = try values.map { "\n" + String(decoding: try WireFormat.encode($0), as: UTF8.self) }
            return "[" + lines.joined(separator: ",") + "\n]"
        }
        // Keys are sorted and `features` and `trees` are empty lists, which no other key of the top can look like.
        for (key, list) in [("features", try lines(features)), ("trees", try lines(trees))] {
            guard let range = text.firstRange(of: "\"\(key)\":[]") else { continue }
            text.replaceSubrange(range, with: "\n\"\(key)\":" + list)
        }
        return Data((text + "\n").utf8)
    }
}

// MARK: - JSON

/// Any key: to see the ones that nobody knows.
private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// A misspelt key must not pass as absent.
    fileprivate func strict<Key: CodingKey & CaseIterable>(
        _ type: Key.Type, of what: String
    ) throws -> KeyedDecodingContainer<Key> {
        let known = Set(type.allCases.map(\.stringValue))
        if let stranger = try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
            .first(where: { !known.contains($0) })
        {
            throw ModelProblem("`\(stranger.prefix(60))` is not a key of \(what); mend its spelling or take it out")
        }
        return try container(keyedBy: type)
    }
}

extension EnsembleFormat: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case average, base, calibration, factor, features, format, link, name, provenance, sets, split, training, trees
    }

    public init(from decoder: any Decoder) throws {
        let format = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .format)
        guard format == PatternLimits.modelFormat else {
            throw ModelProblem(
                "the model has format \(format), this program reads \(PatternLimits.modelFormat); "
                    + "import it anew with `callhome patterns import-model` of this release")
        }
        let fields = try decoder.strict(CodingKeys.self, of: "a model")
        self.init(
            name: try fields.decode(String.self, forKey: .name),
            features: try fields.decode([Feature].self, forKey: .features),
            split: try fields.decode(Comparison.self, forKey: .split),
            link: try fields.decode(Link.self, forKey: .link),
            factor: try fields.decodeIfPresent(Double.self, forKey: .factor) ?? 1,
            base: try fields.decode(Double.self, forKey: .base),
            average: try fields.decodeIfPresent(Bool.self, forKey: .average) ?? false,
            sets: try fields.decodeIfPresent([[Int]].self, forKey: .sets) ?? [],
            trees: try fields.decode([Tree].self, forKey: .trees))
        calibration = try fields.decodeIfPresent([Step].self, forKey: .calibration)
        provenance = try fields.decodeIfPresent(String.self, forKey: .provenance)
        training = try fields.decodeIfPresent(Training.self, forKey: .training)
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        if average { try fields.encode(true, forKey: .average) }
        try fields.encode(base, forKey: .base)
        try fields.encodeIfPresent(calibration, forKey: .calibration)
        if factor != 1 { try fields.encode(factor, forKey: .factor) }
        try fields.encode(features, forKey: .features)
        try fields.encode(format, forKey: .format)
        try fields.encode(link, forKey: .link)
        try fields.encode(name, forKey: .name)
        try fields.encodeIfPresent(provenance, forKey: .provenance)
        if !sets.isEmpty { try fields.encode(sets, forKey: .sets) }
        try fields.encode(split, forKey: .split)
        try fields.encodeIfPresent(training, forKey: .training)
        try fields.encode(trees, forKey: .trees)
    }
}

extension EnsembleFormat.Feature: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable { case name, expression, attribute, categories }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.strict(CodingKeys.self, of: "a feature")
        name = try fields.decode(String.self, forKey: .name)
        expression = try fields.decodeIfPresent(String.self, forKey: .expression)
        attribute = try fields.decodeIfPresent(String.self, forKey: .attribute)
        categories = try fields.decodeIfPresent([String].self, forKey: .categories)
    }
}

extension EnsembleFormat.Tree: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable { case nodes, feature, threshold, leaf, cover }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.strict(CodingKeys.self, of: "a tree")
        nodes = try fields.decode(String.self, forKey: .nodes)
        feature = try fields.decode([Int].self, forKey: .feature)
        threshold = try fields.decode([Double].self, forKey: .threshold)
        leaf = try fields.decode([Double].self, forKey: .leaf)
        cover = try fields.decodeIfPresent([Double].self, forKey: .cover)
    }
}

extension EnsembleFormat.Step: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable { case score, hazard }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.strict(CodingKeys.self, of: "a step of the calibration")
        score = try fields.decode(Double.self, forKey: .score)
        hazard = try fields.decode([String: Double].self, forKey: .hazard)
    }
}

extension EnsembleFormat.Training: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable { case data, by, seed }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.strict(CodingKeys.self, of: "`training`")
        data = try fields.decodeIfPresent(String.self, forKey: .data)
        by = try fields.decodeIfPresent(String.self, forKey: .by)
        seed = try fields.decodeIfPresent(Int.self, forKey: .seed)
    }
}
