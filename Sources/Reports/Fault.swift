/// What happens because of a fault. Ordered: `inform` < `watch` < `plan` < `order`.
///
/// Only `plan` and `order` become tickets. For other systems the four map to info, minor, major, critical.
public enum Urgency: String, Sendable, Codable, Comparable, CaseIterable {
    /// Shown.
    case inform
    /// Shown and tracked.
    case watch
    /// A ticket for the next visit.
    case plan
    /// The part is sent now.
    case order

    public static func < (left: Urgency, right: Urgency) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .inform: 0
        case .watch: 1
        case .plan: 2
        case .order: 3
        }
    }

    public var makesTicket: Bool { self >= .plan }

    /// An urgency that this version does not know is treated as `plan`: a person looks at it, and no part is sent.
    public init(from decoder: any Decoder) throws {
        self = Urgency(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .plan
    }
}

/// One thing that may be to blame, with everything a technician needs to find and order it.
public struct Suspect: Hashable, Sendable, Codable {
    /// Absent where the machine does not show the part (a cable).
    public var component: ComponentID?
    public var kind: ComponentKind
    public var name: String
    public var part: Part
    /// Probability in 0...1; those of one fault add up to at most 1, the rest is "unknown".
    public var certainty: Double

    public init(component: ComponentID?, kind: ComponentKind, name: String, part: Part, certainty: Double) {
        self.component = component
        self.kind = kind
        self.name = name
        self.part = part
        self.certainty = certainty
    }
}

/// One value that spoke for the diagnosis.
public struct Evidence: Hashable, Sendable, Codable {
    public var component: ComponentID
    public var signal: Signal
    /// The value with its unit, as a person reads it: `24 sectors`, `11.21 V`.
    public var value: String
    public var time: Timestamp

    public init(component: ComponentID, signal: Signal, value: String, time: Timestamp) {
        self.component = component
        self.signal = signal
        self.value = value
        self.time = time
    }

    /// Evidence that is another fault which this one is the cause of: the sentence of that fault.
    public static func explained(_ component: ComponentID, _ signal: Signal, because: String, at time: Timestamp)
        -> Self
    {
        Evidence(component: component, signal: signal, value: "\(explainedMark)\(because.prefix(180))", time: time)
    }

    private static let explainedMark = "Explained: "

    /// Whether it is another fault which this one is the cause of.
    public var isExplained: Bool { value.hasPrefix(Evidence.explainedMark) }
}

/// A prediction of the time left, as an interval in days. `none` is written where a pattern gives no prediction.
public struct TimeToFailure: Hashable, Sendable, Codable {
    /// Days from now at the earliest.
    public var earliest: Double
    /// Days from now at the latest; absent where open.
    public var latest: Double?
    /// Share of such parts that failed within that many days, by days: `["30": 0.52]`. Measured, or absent.
    public var hazard: [String: Double]?

    public init(earliest: Double, latest: Double? = nil, hazard: [String: Double]? = nil) {
        self.earliest = earliest
        self.latest = latest
        self.hazard = hazard
    }
}

/// A fault in words for a person without IT knowledge, in one language.
public struct FaultText: Hashable, Sendable, Codable {
    public var title: String
    public var description: String
    public var impact: String
    public var action: String

    public init(title: String, description: String, impact: String, action: String) {
        self.title = title
        self.description = description
        self.impact = impact
        self.action = action
    }
}

/// The name of one episode of one fault: the same after a restart, another one when it comes back later.
public struct FaultID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(from decoder: any Decoder) throws { rawValue = try decoder.singleValueContainer().decode(String.self) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
    public var description: String { rawValue }
}

/// A diagnosis that describes itself: a collector that has never seen the pattern still writes a readable ticket.
public struct Fault: Hashable, Sendable, Codable {
    public var id: FaultID
    public var pattern: String
    @Bounded<CountBounds> public var revision: Int
    /// The stable code of the problem: `disk.ata.media-failing`.
    public var faultClass: String
    /// The component whose signals matched.
    public var component: ComponentID
    /// The same part under the name by which it was told of before it was sure which one it is; nil where it never was so.
    public var alsoSeenAs: ComponentID?
    /// Most likely first; never empty.
    public var suspects: [Suspect]
    public var urgency: Urgency
    public var timeToFailure: TimeToFailure?
    /// At most `WireLimits.evidencePerFault`.
    public var evidence: [Evidence]
    /// Why, in one sentence: `24 pending sectors (limit 16) in two readings.`
    public var because: String
    /// By language, `en` always: see `FaultText`.
    public var texts: [String: FaultText]
    /// The mend as a code: `replace-planned`, `restart-for-self-repair`, `check-cooling`, `none`.
    public var action: String
    /// Where the numbers are from: `measured on 812 failures`, `vendor's rule`, `estimate`.
    public var provenance: String
    /// The name of the test, if this is one: it can never order a part.
    public var test: String?
    public var openedAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: FaultID, pattern: String, revision: Int, faultClass: String, component: ComponentID, suspects: [Suspect],
        urgency: Urgency, timeToFailure: TimeToFailure? = nil, evidence: [Evidence] = [], because: String,
        texts: [String: FaultText], action: String, provenance: String, test: String? = nil, openedAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.pattern = pattern
        self.revision = revision
        self.faultClass = faultClass
        self.component = component
        self.suspects = suspects
        self.urgency = urgency
        self.timeToFailure = timeToFailure
        self.evidence = evidence
        self.because = because
        self.texts = texts
        self.action = action
        self.provenance = provenance
        self.test = test
        self.openedAt = openedAt
        self.updatedAt = updatedAt
    }

    private enum CodingKeys: String, CodingKey {
        case id, pattern, revision
        case faultClass = "class"
        case component, alsoSeenAs, suspects, urgency, timeToFailure, evidence, because, texts, action, provenance,
            test, openedAt
        case updatedAt
    }

    /// The text in the wanted language, else English, else whatever is there, else the class alone.
    public func text(in language: String) -> FaultText {
        texts[language] ?? texts["en"] ?? texts.min { $0.key < $1.key }?.value
            ?? FaultText(title: faultClass, description: because, impact: "", action: action)
    }
}

/// A step in a fault's life. The fault travels whole each time, so that any one message can be understood alone.
public struct FaultChange: Hashable, Sendable, Codable {
    public enum Kind: String, Sendable, Codable { case opened, updated, cleared }
    public var kind: Kind
    public var fault: Fault
    /// Why this step was taken, in one sentence.
    public var because: String
    public var time: Timestamp
    /// Counts the changes of one agent, upwards, over all its spools; nil before it is stored, for tests, and from an agent of
    /// up to 0.1.
    public var stamp: Int64?

    public init(kind: Kind, fault: Fault, because: String, time: Timestamp, stamp: Int64? = nil) {
        self.kind = kind
        self.fault = fault
        self.because = because
        self.time = time
        self.stamp = stamp
    }
}
