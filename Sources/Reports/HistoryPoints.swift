import Crypto
public import FoundationEssentials

/// Points of one signal as packed bytes.
///
/// ```
/// version (1)  form  count  words: count, then each as length and UTF-8  bits  four bytes of SHA-256 over all before
/// ```
/// Times are differences of differences of milliseconds, or of seconds where all are whole ones; gauges are the XOR of
/// each with the one before, with the bits around the difference left out (Pelkonen et al., "Gorilla: a fast, scalable,
/// in-memory time series database", VLDB 2015, section 4.1). Where all gauges are decimal numbers of at most three
/// places, as most sensors' are, they are the differences of these instead, which takes half. Counters are differences,
/// words are numbered. What is unpacked is what was packed, to the last bit.
public enum HistoryPoints {
    /// Points that are unpacked at most unless told otherwise: two months of one a minute.
    public static let limit = 100_000
    static let checksumBytes = 4
    private static let version: UInt8 = 1
    /// Bits that the smallest point takes: its time and its kind.
    private static let leastBits = 2

    /// How the values of one packing are written.
    private struct Form {
        /// Times are whole seconds.
        var inSeconds: Bool
        /// The kind that most points have: it costs one bit.
        var kind: UInt64
        /// Places behind the point that all gauges are whole with; nil: by their bits.
        var places: Int?

        var byte: UInt8 {
            (inSeconds ? 1 : 0) | UInt8(truncatingIfNeeded: kind) << 1 | UInt8(places.map { $0 + 1 } ?? 0) << 4
        }

        init(inSeconds: Bool, kind: UInt64, places: Int?) {
            self.inSeconds = inSeconds
            self.kind = kind
            self.places = places
        }

        init?(byte: UInt8) {
            let places = Int(byte >> 4)
            guard places <= Decimals.scales.count else { return nil }
            self.init(inSeconds: byte & 1 == 1, kind: UInt64(byte >> 1) & 7, places: places == 0 ? nil : places - 1)
        }
    }

    /// Numbers of kinds: no two versions of the packing give one of them another meaning.
    private enum Kind {
        static let reading: UInt64 = 0
        static let counter: UInt64 = 1
        static let state: UInt64 = 2
        static let unavailable: UInt64 = 3
        static let absent: UInt64 = 4
        static let between: UInt64 = 5
        /// Not a kind: the time of the measurement follows, and then the kind.
        static let measuredAt: UInt64 = 7
        static let bits = 3
    }

    // MARK: Packing

    public static func packed(_ points: [HistoryPoint]) -> Data {
        let form = form(of: points)
        var numbers: [String: Int] = [:]
        var words: [String] = []
        for case let word? in points.map(\.value.word) where numbers[word] == nil {
            numbers[word] = words.count
            words.append(word)
        }
        var bytes = [version, form.byte]
        bytes.appendLength(points.count)
        bytes.appendLength(words.count)
        for word in words { bytes.appendWord(word) }
        var writer = BitWriter()
        var steps = TimeSteps()
        var before = Before(form.places)
        for point in points {
            let time = point.time.milliseconds
            writer.write(difference: steps.difference(to: form.inSeconds ? time / 1000 : time), in: .ofTimes)
            if let measuredAt = point.measuredAt {
                writer.write(1, bits: 1)
                writer.write(Kind.measuredAt, bits: Kind.bits)
                writer.write(difference: time &- measuredAt.milliseconds, in: .ofTimes)
            }
            let kind = kind(of: point.value)
            writer.write(kind == form.kind ? 0 : 1, bits: 1)
            if kind != form.kind { writer.write(kind, bits: Kind.bits) }
            switch point.value {
            case .reading(let value): before.low.write(value, to: &writer)
            case .between(let low, let high):
                before.low.write(low, to: &writer)
                before.high.write(high, to: &writer)
            case .counter(let value):
                writer.write(difference: Int64(bitPattern: value &- before.counter), in: .ofValues)
                before.counter = value
            case .state, .unavailable:
                writer.write(UInt64(point.value.word.flatMap { numbers[$0] } ?? 0), in: .ofWords)
            case .absent: break
            }
        }
        bytes += writer.bytes
        return Data(bytes + checksum(of: bytes[...]))
    }

    private static func form(of points: [HistoryPoint]) -> Form {
        var counts = [Int](repeating: 0, count: 1 << Kind.bits)
        for point in points { counts[Int(kind(of: point.value))] += 1 }
        let commonest = counts.indices.max { (counts[$0], $1) < (counts[$1], $0) } ?? 0
        let gauges = points.flatMap { point -> [Double] in
            switch point.value {
            case .reading(let value): [value]
            case .between(let low, let high): [low, high]
            case .counter, .state, .unavailable, .absent: []
            }
        }
        let places = gauges.isEmpty ? nil : Decimals.scales.indices.first { Decimals.fit(gauges, places: $0) }
        return Form(
            inSeconds: points.allSatisfy { $0.time.milliseconds % 1000 == 0 }, kind: UInt64(commonest), places: places)
    }

    private static func kind(of value: HistoryValue) -> UInt64 {
        switch value {
        case .reading: Kind.reading
        case .counter: Kind.counter
        case .state: Kind.state
        case .unavailable: Kind.unavailable
        case .absent: Kind.absent
        case .between: Kind.between
        }
    }

    static func checksum(of bytes: ArraySlice<UInt8>) -> [UInt8] {
        Array(SHA256.hash(data: bytes).prefix(checksumBytes))
    }

    // MARK: Unpacking

    /// - Parameter limit: points at most, whatever the bytes claim. No more memory is taken than they can hold.
    public static func points(_ packed: Data, limit: Int = HistoryPoints.limit) throws(HistoryChunkError)
        -> [HistoryPoint]
    {
        let all = [UInt8](packed)
        guard all.count >= checksumBytes + 4 else { throw .truncated }
        let bytes = all.dropLast(checksumBytes)
        guard all.suffix(checksumBytes).elementsEqual(checksum(of: bytes)) else { throw .damaged }
        return try points(checked: bytes, limit: limit)
    }

    /// Of bytes whose checksum is right, which whoever wrote them may have seen to.
    private static func points(
        checked bytes: ArraySlice<UInt8>, limit: Int
    ) throws(HistoryChunkError) -> [HistoryPoint] {
        var rest = bytes
        guard let version = rest.popFirst(), let byte = rest.popFirst() else { throw .truncated }
        guard version == HistoryPoints.version else { throw .version(Int(version)) }
        guard let form = Form(byte: byte) else { throw .malformed }
        let count = try rest.takeLength()
        guard count <= limit else { throw .tooMany(limit: limit) }
        let wordCount = try rest.takeLength()
        guard wordCount <= rest.count, wordCount <= count else { throw .malformed }
        var words: [String] = []
        for _ in 0..<wordCount { words.append(try rest.takeWord()) }
        var reader = BitReader(rest)
        guard count <= reader.left / leastBits else { throw .truncated }
        var steps = TimeSteps()
        var before = Before(form.places)
        var points: [HistoryPoint] = []
        points.reserveCapacity(count)
        for _ in 0..<count {
            let told = steps.time(after: try reader.readDifference(in: .ofTimes))
            let time = form.inSeconds ? told.multipliedReportingOverflow(by: 1000).partialValue : told
            var measuredAt: Timestamp?
            var kind = try reader.read(bits: 1) == 0 ? form.kind : try reader.read(bits: Kind.bits)
            if kind == Kind.measuredAt {
                measuredAt = Timestamp(milliseconds: time &- (try reader.readDifference(in: .ofTimes)))
                kind = try reader.read(bits: 1) == 0 ? form.kind : try reader.read(bits: Kind.bits)
            }
            let value = try value(of: kind, words, &before, &reader)
            points.append(
                HistoryPoint(time: Timestamp(milliseconds: time), value: value, measuredAt: measuredAt))
        }
        return points
    }

    private static func value(
        of kind: UInt64, _ words: [String], _ before: inout Before, _ reader: inout BitReader
    ) throws(HistoryChunkError) -> HistoryValue {
        switch kind {
        case Kind.reading: return .reading(try before.low.read(from: &reader))
        case Kind.between:
            let low = try before.low.read(from: &reader)
            return .between(low, try before.high.read(from: &reader))
        case Kind.counter:
            before.counter = before.counter &+ UInt64(bitPattern: try reader.readDifference(in: .ofValues))
            return .counter(before.counter)
        case Kind.state, Kind.unavailable:
            let number = try reader.read(in: .ofWords)
            guard number < UInt64(words.count) else { throw .malformed }
            let word = words[Int(number)]
            return kind == Kind.state ? .state(word) : .unavailable(Unavailable(rawValue: word))
        case Kind.absent: return .absent
        default: throw .malformed
        }
    }

    /// What the next value is told by.
    private struct Before {
        var low: GaugeSteps
        var high: GaugeSteps
        var counter: UInt64 = 0

        init(_ places: Int?) {
            low = GaugeSteps(places: places)
            high = GaugeSteps(places: places)
        }
    }
}

extension HistoryValue {
    /// The word of a state or a reason.
    fileprivate var word: String? {
        switch self {
        case .state(let word): word
        case .unavailable(let reason): reason.rawValue
        case .reading, .counter, .absent, .between: nil
        }
    }
}

/// Numbers that are whole when they are taken a thousand times, or less.
private enum Decimals {
    static let scales: [Double] = [1, 10, 100, 1_000]
    /// Of larger ones not all are whole numbers of a double.
    private static let largest = 0x1p50

    static func whole(_ value: Double, places: Int) -> Int64? {
        let scaled = (value * scales[places]).rounded()
        guard scaled.magnitude < largest else { return nil }
        let whole = Int64(scaled)
        return Decimals.value(whole, places: places).bitPattern == value.bitPattern ? whole : nil
    }

    static func value(_ whole: Int64, places: Int) -> Double { Double(whole) / scales[places] }

    static func fit(_ values: [Double], places: Int) -> Bool {
        values.allSatisfy { whole($0, places: places) != nil }
    }
}

/// A gauge told by the one before.
private struct GaugeSteps {
    /// Nil: by the bits.
    let places: Int?
    private var whole: Int64 = 0
    private var pattern: UInt64 = 0
    /// The bits that differed last: zeros before them, and how many they are.
    private var leading = 64
    private var length = 0

    init(places: Int?) { self.places = places }

    mutating func write(_ value: Double, to writer: inout BitWriter) {
        if let places {
            // What was found to fit all of them fits this one.
            let next = Decimals.whole(value, places: places) ?? 0
            writer.write(difference: next &- whole, in: .ofValues)
            whole = next
            return
        }
        let difference = value.bitPattern ^ pattern
        pattern = value.bitPattern
        guard difference != 0 else { return writer.write(0, bits: 1) }
        writer.write(1, bits: 1)
        let zeros = difference.leadingZeroBitCount
        let trailing = difference.trailingZeroBitCount
        if length > 0, zeros >= leading, trailing >= 64 - leading - length {
            writer.write(0, bits: 1)
        } else {
            (leading, length) = (zeros, 64 - zeros - trailing)
            writer.write(1, bits: 1)
            writer.write(UInt64(leading), bits: 6)
            writer.write(UInt64(length - 1), bits: 6)
        }
        writer.write(difference >> UInt64(64 - leading - length), bits: length)
    }

    mutating func read(from reader: inout BitReader) throws(HistoryChunkError) -> Double {
        if let places {
            whole = whole &+ (try reader.readDifference(in: .ofValues))
            return Decimals.value(whole, places: places)
        }
        guard try reader.read(bits: 1) == 1 else { return Double(bitPattern: pattern) }
        if try reader.read(bits: 1) == 1 {
            leading = Int(try reader.read(bits: 6))
            length = Int(try reader.read(bits: 6)) + 1
        }
        guard length > 0, leading + length <= 64 else { throw .malformed }
        pattern ^= try reader.read(bits: length) << UInt64(64 - leading - length)
        return Double(bitPattern: pattern)
    }
}
