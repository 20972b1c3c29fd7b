/// The bounds of one kind of number on the wire.
public protocol NumberBounds: Sendable {
    associatedtype Number: FixedWidthInteger & Codable & Sendable
    static var range: ClosedRange<Number> { get }
}

/// A number that stays within its bounds whoever wrote it: one from outside counts as the nearest that is inside, so that
/// sums, differences and products of it cannot overflow.
///
/// It does not refuse: a report with one wild number in it may hold a fault that matters. Where a wild number makes the
/// whole meaningless (positions), whoever decides by it refuses it.
@propertyWrapper
public struct Bounded<Bounds: NumberBounds>: Hashable, Sendable, Codable {
    private var number: Bounds.Number

    public init(wrappedValue: Bounds.Number) { number = Bounded.clamped(wrappedValue) }

    public var wrappedValue: Bounds.Number {
        get { number }
        set { number = Bounded.clamped(newValue) }
    }

    public init(from decoder: any Decoder) throws {
        self.init(wrappedValue: try decoder.singleValueContainer().decode(Bounds.Number.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }

    private static func clamped(_ number: Bounds.Number) -> Bounds.Number {
        min(max(number, Bounds.range.lowerBound), Bounds.range.upperBound)
    }
}

/// How many there are of something: parts, probes, faults, values, messages; also versions and revisions.
public enum CountBounds: NumberBounds {
    public static let range = 0...1_000_000_000
}

/// Seconds that somebody promises to be heard again within: up to ten years.
public enum IntervalBounds: NumberBounds {
    public static let range = 0...315_360_000
}

/// Milliseconds that something took or has run: up to a thousand years.
public enum SpanBounds: NumberBounds {
    public static let range: ClosedRange<Int64> = 0...31_536_000_000_000
}

/// Numbers that count reports and spools: JSON readers count exactly up to 2^53.
public enum SequenceBounds: NumberBounds {
    public static let range: ClosedRange<Int64> = 0...(1 << 53)
}
