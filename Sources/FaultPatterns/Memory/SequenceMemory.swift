import Reports

/// Whether a condition `b` holds that began when, or at most `t` after, a condition `a` held.
///
/// It is fed whenever one of the two was judged; between two judgements a condition is taken to be as it was at the
/// first, up to the moment of the second. b must not have begun before a: of two that begin at the same moment, a did
/// not begin later. Once b has begun the answer stays until b is known not to hold; while that is unknown, so is the
/// answer. Where what a condition rests on became too old to be known between two judgements, it was unknown from then on:
/// nobody needs to have judged it meanwhile.
struct SequenceMemory: Hashable, Codable, Sendable {
    private enum Known: Int, Hashable, Codable, Sendable {
        case no, yes, unknown

        init(_ truth: Truth) {
            switch truth {
            case .yes: self = .yes
            case .no: self = .no
            case .unknown: self = .unknown
            }
        }

        var truth: Truth {
            switch self {
            case .yes: .yes
            case .no: .no
            case .unknown: .unknown
            }
        }
    }

    /// As it was judged last; at first unknown, as it was before anybody looked.
    private var a = Known.unknown
    private var b = Known.unknown
    /// The newest time at which a held.
    private var held: Timestamp?
    /// The newest time at which a held or may have held; at first the beginning of the watch, before which it may have.
    private var mayHaveHeld: Timestamp?
    /// Since when b may have held: since it was last known not to. Nil if it was never known not to, or does not hold.
    private var began: Timestamp?
    /// `held` at that time.
    private var heldAtBeginning: Timestamp?
    private var hasSeenNo = false
    /// Whether a went before; nil until b is known to hold.
    private var followed: Known?

    mutating func take(a newA: Truth, b newB: Truth, at now: Timestamp, within window: Int64) {
        if a == .yes || newA == .yes { held = now }
        if a != .no || newA != .no { mayHaveHeld = now }
        a = Known(newA)
        b = Known(newB)
        switch newB {
        case .no:
            hasSeenNo = true
            (began, heldAtBeginning, followed) = (nil, nil, nil)
        case .unknown: begin(at: now)
        case .yes:
            begin(at: now)
            if followed == nil { followed = Known(evaluate(at: now, within: window)) }
        }
    }

    /// Between the judgement before and the next one, conditions became unknown.
    /// - Parameters:
    ///   - a: since when a was; nil: it did not.
    ///   - b: the same of b.
    mutating func becomeUnknown(a: Timestamp?, b: Timestamp?, within window: Int64) {
        // The earlier one first; what is unknown already has become so at its own time.
        if let a, self.a != .unknown, b.map({ a <= $0 }) ?? true {
            take(a: .unknown, b: self.b.truth, at: a, within: window)
        }
        if let b, self.b != .unknown { take(a: self.a.truth, b: .unknown, at: b, within: window) }
        if let a, self.a != .unknown { take(a: .unknown, b: self.b.truth, at: a, within: window) }
    }

    private mutating func begin(at now: Timestamp) {
        guard hasSeenNo, began == nil else { return }
        began = now
        heldAtBeginning = held
    }

    /// Whether a went before, if b began between `began` and now.
    private func evaluate(at now: Timestamp, within window: Int64) -> Truth {
        // It may have begun before anybody looked.
        guard let began else { return .unknown }
        if let heldAtBeginning, heldAtBeginning >= now.minus(window) { return .yes }
        if let mayHaveHeld, mayHaveHeld >= began.minus(window) { return .unknown }
        return .no
    }

    /// The answer as of the newest judgement; time alone does not change it.
    var truth: Truth {
        switch b {
        case .no: .no
        case .unknown: .unknown
        case .yes: followed?.truth ?? .unknown
        }
    }
}
