public import FoundationEssentials

/// What one signal of one component was over a span, as packed bytes that describe themselves.
///
/// ```
/// version (1)  length, source  length, component  length, signal  four bytes of SHA-256 over all this  points
/// ```
/// Lengths are LEB128. The points are those of `HistoryPoints`.
public struct HistoryChunk: Hashable, Sendable {
    /// Who told it: the name of a probe.
    public var source: String
    public var component: ComponentID
    public var signal: Signal
    /// In the order in which they were told.
    public var points: [HistoryPoint]

    public init(source: String, component: ComponentID, signal: Signal, points: [HistoryPoint]) {
        self.source = source
        self.component = component
        self.signal = signal
        self.points = points
    }

    private static let version: UInt8 = 1

    public var packed: Data {
        var bytes = [HistoryChunk.version]
        for word in [source, component.rawValue, signal.description] { bytes.appendWord(word) }
        bytes += HistoryPoints.checksum(of: bytes[...])
        return Data(bytes) + HistoryPoints.packed(points)
    }

    /// - Parameter limit: points at most, whatever the bytes claim.
    public init(packed: Data, limit: Int = HistoryPoints.limit) throws(HistoryChunkError) {
        let all = [UInt8](packed)
        var rest = all[...]
        guard let version = rest.popFirst() else { throw .truncated }
        guard version == HistoryChunk.version else { throw .version(Int(version)) }
        source = try rest.takeWord()
        component = ComponentID(rawValue: try rest.takeWord())
        let name = try rest.takeWord()
        guard rest.count >= HistoryPoints.checksumBytes else { throw .truncated }
        let sum = HistoryPoints.checksum(of: all[..<rest.startIndex])
        guard rest.prefix(HistoryPoints.checksumBytes).elementsEqual(sum) else {
            throw .damaged
        }
        guard let signal = Signal(parsing: name) else { throw .malformed }
        self.signal = signal
        points = try HistoryPoints.points(Data(rest.dropFirst(HistoryPoints.checksumBytes)), limit: limit)
    }
}

/// From a time on, until the next point, a signal was so at each look.
public struct HistoryPoint: Sendable {
    /// Of the look that told it.
    public var time: Timestamp
    public var value: HistoryValue
    /// When it was measured, where the look told another time than its own; nil: at each look anew.
    public var measuredAt: Timestamp?

    public init(time: Timestamp, value: HistoryValue, measuredAt: Timestamp? = nil) {
        self.time = time
        self.value = value
        self.measuredAt = measuredAt
    }
}

/// What a signal was.
public enum HistoryValue: Sendable {
    case reading(Double)
    case counter(UInt64)
    case state(String)
    case unavailable(Unavailable)
    /// The look did not tell of the signal.
    case absent
    /// A gauge or a counter somewhere between the two, both included: what is left of numbers that took up too much room.
    case between(Double, Double)

    /// What was measured; nil of an event, which is no value that lasts.
    public init?(_ measurement: Measurement) {
        switch measurement {
        case .reading(let value): self = .reading(value)
        case .counter(let value): self = .counter(value)
        case .state(let word): self = .state(word)
        case .unavailable(let reason): self = .unavailable(reason)
        case .event: return nil
        }
    }
}

/// Bits count: a not-a-number is itself, and 0 is not −0.
extension HistoryValue: Hashable {
    private var key: (kind: Int, first: UInt64, second: UInt64, word: String) {
        switch self {
        case .reading(let value): (0, value.bitPattern, 0, "")
        case .counter(let value): (1, value, 0, "")
        case .state(let word): (2, 0, 0, word)
        case .unavailable(let reason): (3, 0, 0, reason.rawValue)
        case .absent: (4, 0, 0, "")
        case .between(let low, let high): (5, low.bitPattern, high.bitPattern, "")
        }
    }

    public static func == (left: HistoryValue, right: HistoryValue) -> Bool { left.key == right.key }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(key.kind)
        hasher.combine(key.first)
        hasher.combine(key.second)
        hasher.combine(key.word)
    }
}

extension HistoryPoint: Hashable {}

/// Why packed history cannot be read.
public enum HistoryChunkError: Error, Hashable, Sendable, CustomStringConvertible {
    case truncated, damaged, malformed
    case version(Int)
    /// - Parameter limit: points that would be read.
    case tooMany(limit: Int)

    public var description: String {
        switch self {
        case .truncated: "the history ends too early"
        case .damaged: "the history is damaged: its checksum is another one"
        case .malformed: "the history is malformed"
        case .version(let version): "the history is of version \(version), which this program does not know"
        case .tooMany(let limit): "the history has more than \(limit) points"
        }
    }
}

extension [UInt8] {
    /// LEB128: seven bits a byte, the lowest first.
    mutating func appendLength(_ value: Int) {
        var rest = UInt64(Swift.max(0, value))
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func appendWord(_ word: String) {
        appendLength(word.utf8.count)
        append(contentsOf: word.utf8)
    }
}

extension ArraySlice<UInt8> {
    /// - Throws: where it is more than could follow; so nothing is reserved for what is not there.
    mutating func takeLength() throws(HistoryChunkError) -> Int {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 35, by: 7) {
            guard let byte = popFirst() else { throw .truncated }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return Int(value) }
        }
        throw .malformed
    }

    mutating func takeWord() throws(HistoryChunkError) -> String {
        let length = try takeLength()
        guard length <= count else { throw .truncated }
        defer { self = dropFirst(length) }
        guard let word = String(validating: prefix(length), as: UTF8.self) else { throw .malformed }
        return word
    }
}
