public import FoundationEssentials

/// What is measured, and how.
public struct BacktestSettings: Sendable {
    /// Days counted from 1970; what was before does not count.
    public var since: Int?
    /// Days between the end of a healthy drive's window and its last row: time in which it could still have failed.
    public var gap = 60
    /// Days of the window that drives are compared in.
    public var window = 30
    /// Chooses the healthy drives' windows.
    public var seed: UInt64 = 0
    /// Whether faults of urgency plan stay until the drive's end, as those of urgency order should by themselves.
    public var isLatched = false
    public var measuresBaselines = false
    public var thresholds: VendorThresholds?
    /// Only these drives; nil: all.
    public var drives: Set<String>?
    /// Days that values hold without another row of the drive; nil: until its next row.
    public var hold: Int?
    public var threads = 1
    /// Whether the changes of each drive's faults are written.
    public var writesFaults = false

    public init() {}
}

/// What papers and vendors count as soon, in days.
enum Lead {
    /// A lead that leaves time to have the part sent and exchanged.
    static let useful = 7
    /// A drive that fails within as many days was ordered for rightly.
    static let soon = 90
    /// Upper ends of the classes of the lead-time distribution, the last one open.
    static let classes = [6, 13, 29, 59, 89, 179, 364]

    static func index(of days: Int) -> Int { classes.firstIndex { days <= $0 } ?? classes.count }
}

/// The vendors' own thresholds of normalised values, by model.
public struct VendorThresholds: Sendable {
    private struct File: Decodable {
        struct Attribute: Decodable {
            var threshold: Double
            var prefail: Bool
        }
        var attributes: [String: Attribute]
    }

    /// By model and attribute; only those whose crossing means that the drive reports that it fails.
    private let values: [String: [UInt64: Double]]

    /// - Parameter json: `{"ST4000DM000": {"attributes": {"5": {"threshold": 10, "prefail": true}}}}`.
    public init(json: Data) throws {
        values = try JSONDecoder().decode([String: File].self, from: json).mapValues { file in
            var thresholds: [UInt64: Double] = [:]
            for (name, attribute) in file.attributes {
                // A threshold of 0 means: always passing (ATA/ATAPI-7, 8.54).
                guard attribute.prefail, attribute.threshold > 0, let number = UInt64(name) else { continue }
                thresholds[number] = attribute.threshold
            }
            return thresholds
        }
    }

    func threshold(of attribute: UInt64, model: String) -> Double? { values[model]?[attribute] }
}
