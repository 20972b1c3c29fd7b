public import Reports

/// One entry of the rule base, read and not yet compiled.
public struct Pattern: Sendable {
    public enum Status: String, Sendable, CaseIterable {
        /// Being written: in no pack.
        case draft
        /// On trial: its faults are shown as `inform`, whatever it states, until its worth is measured.
        case shadow
        case active
        /// Withdrawn: in no pack.
        case retired
    }

    /// How well the numbers are known.
    public enum EvidenceGrade: String, Sendable, CaseIterable {
        /// Measured on field data.
        case fieldData = "A"
        /// A standard, a vendor's rule or a shipping default.
        case standard = "B"
        /// An engineer's estimate: on trial only.
        case estimate = "C"
    }

    /// `for`: how long a condition must hold. Neither: at once.
    struct Persistence: Hashable, Sendable {
        var samples = 0
        /// Milliseconds.
        var span: Int64 = 0

        /// `in 2 readings`, `for 5 min`; empty for at once.
        var words: String {
            var parts: [String] = []
            if samples > 1 { parts.append("in \(samples) readings in a row") }
            if span > 0 { parts.append("for \(TimeSpan.words(span))") }
            return parts.joined(separator: ", ")
        }
    }

    enum Clearing: Sendable {
        /// When the condition no longer holds.
        case inverse
        case expression(Expression)
        /// Only when the part has been exchanged.
        case never
    }

    /// How the time left is known.
    enum TimeRule: Sendable {
        case fixed(TimeToFailure)
        /// By a trend: a name of `let` that is a `time_to(…)`.
        case trend(String, SourceLocation)
        /// By the calibration table of a tree ensemble.
        case model(String, SourceLocation)
    }

    struct UrgencyCase: Sendable {
        var when: Expression?
        var urgency: Urgency
        var timeRule: TimeRule?
        var location: SourceLocation
    }

    /// Faults that this one is the cause of.
    struct Explanation: Sendable {
        var faultClass: ClassPattern
        var scope: Scope
        /// Milliseconds between the two openings, at most; nil: any.
        var within: Int64?
        var location: SourceLocation
    }

    /// What is otherwise for some makers, models or firmwares.
    struct Variant: Sendable {
        /// Attributes, and `maker`, `model`, `firmware` of the part; each like one of the values.
        var selection: [String: [String]]
        /// The pattern as it is for these; nil: it is not for them.
        var pattern: Pattern?
        var location: SourceLocation

        /// Whether all parts of this variant are parts of `other`.
        func isWithin(_ other: Variant) -> Bool {
            other.selection.allSatisfy { key, values in
                selection[key]?.allSatisfy { own in values.contains { Glob.covers($0, own) } } ?? false
            }
        }

        /// Whether some part may be of both.
        func overlaps(_ other: Variant) -> Bool {
            selection.allSatisfy { key, values in
                other.selection[key]?.contains { theirs in values.contains { Glob.overlap($0, theirs) } } ?? true
            }
        }
    }

    struct SuspectRule: Sendable {
        enum Target: Hashable, Sendable { case own, parent, kind(ComponentKind) }
        var target: Target
        var certainty: Double
    }

    public var id: String
    public var revision: Int
    /// What the engine must be able to do, at least.
    public var engineLevel: Int
    public var status: Status
    public var evidence: EvidenceGrade
    public var faultClass: String
    public var kinds: [ComponentKind]
    /// What the component's attributes must be; each one of the values.
    public var attributes: [String: [String]]
    /// What the component's attributes must not be; none of the values.
    public var exceptions: [String: [String]]
    /// What a site may choose; the expressions hold the values in force.
    var tunables: [Tunable]
    var definitions: [(name: String, expression: Expression)]
    var condition: Expression
    var persistence: Persistence
    var clearing: Clearing
    var clearPersistence: Persistence
    var urgencyCases: [UrgencyCase]
    var suspects: [SuspectRule]
    var timeRule: TimeRule?
    var explanations: [Explanation]
    /// How likely it is against rivals that explain as much.
    public var weight: Double
    var variants: [Variant]
    public var action: String
    /// The sentence of the fault, with `{names}` for values.
    var becauseTemplate: (text: String, location: SourceLocation)?
    public var provenance: String
    public var texts: [String: FaultText]
    public var sources: [String]
    var location: SourceLocation

    /// The time left, where it is the same for all faults of the pattern.
    public var timeToFailure: TimeToFailure? { if case .fixed(let time)? = timeRule { time } else { nil } }

    /// Classes of the faults that this one is the cause of, as they are written.
    public var explainedClasses: [String] { explanations.map(\.faultClass.text) }

    /// What its condition is that of: the revision, and what a site has chosen. What was on its way under another one
    /// begins anew.
    var edition: String {
        tunables.reduce(String(revision)) { words, parameter in
            parameter.value == parameter.standard ? words : "\(words) \(parameter.name)=\(parameter.value.source)"
        }
    }

    /// The urgencies that a fault of this pattern may have.
    public var urgencies: [Urgency] { Set(urgencyCases.map(\.urgency)).sorted() }
}
