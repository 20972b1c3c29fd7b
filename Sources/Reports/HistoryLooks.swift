public import FoundationEssentials

/// One look of a probe that brought something, as the engine was told of it.
public struct HistoryLook: Hashable, Sendable {
    /// The name of the probe.
    public var source: String
    /// What its observations bear as their time.
    public var start: Timestamp
    /// When the engine was told.
    public var told: Timestamp
    /// How often the probe looks, in milliseconds; nil: it was not said.
    public var interval: Int64?

    public init(source: String, start: Timestamp, told: Timestamp, interval: Int64?) {
        self.source = source
        self.start = start
        self.told = told
        self.interval = interval
    }
}

/// Looks, in the order in which they were told, as packed bytes.
///
/// ```
/// version (1)  count  sources: count, then each as length, name and interval  bits  four bytes of SHA-256 over all before
/// ```
/// Probes look in turn: who follows whom is guessed by what came last, and costs a bit where it is so. A look begins with
/// the one before or, by its probe's rhythm, as `HistoryPoints` tell times; how long it took is told by how long it took last.
public enum HistoryLooks {
    /// Looks that are unpacked at most: a day of forty probes that look each half a minute.
    public static let limit = 120_000
    /// Probes of one packing, each with its interval; more than an agent has.
    static let sourceLimit = 4_096
    private static let version: UInt8 = 1
    private static let noInterval: Int64 = -1
    /// Bits that the smallest look takes: who, when, and for how long.
    private static let leastBits = 3

    private struct Source: Hashable {
        var name: String
        var interval: Int64
    }

    /// What is known of a source from its looks before.
    private struct Habit {
        var starts = TimeSteps()
        var took: Int64 = 0
        /// Who came after it last.
        var next = 0
    }

    public static func packed(_ looks: [HistoryLook]) -> Data {
        var numbers: [Source: Int] = [:]
        var sources: [Source] = []
        for look in looks {
            let source = Source(name: look.source, interval: look.interval ?? noInterval)
            guard numbers[source] == nil else { continue }
            numbers[source] = sources.count
            sources.append(source)
        }
        var bytes = [version]
        bytes.appendLength(looks.count)
        bytes.appendLength(sources.count)
        for source in sources {
            bytes.appendWord(source.name)
            bytes.appendWord("\(source.interval)")
        }
        var writer = BitWriter()
        var habits = [Habit](repeating: Habit(), count: sources.count)
        var last: (source: Int, start: Int64) = (0, 0)
        for look in looks {
            let number = numbers[Source(name: look.source, interval: look.interval ?? noInterval)] ?? 0
            let guess = habits[last.source].next
            writer.write(guess == number ? 0 : 1, bits: 1)
            if guess != number { writer.write(UInt64(number), in: .ofWords) }
            habits[last.source].next = number
            let start = look.start.milliseconds
            writer.write(start == last.start ? 0 : 1, bits: 1)
            let step = habits[number].starts.difference(to: start)
            if start != last.start { writer.write(difference: step, in: .ofTimes) }
            let took = look.told.milliseconds &- start
            writer.write(difference: took &- habits[number].took, in: .ofTimes)
            habits[number].took = took
            last = (number, start)
        }
        bytes += writer.bytes
        return Data(bytes + HistoryPoints.checksum(of: bytes[...]))
    }

    /// - Parameter limit: looks at most, whatever the bytes claim.
    public static func looks(
        _ packed: Data, limit: Int = HistoryLooks.limit
    ) throws(HistoryChunkError) -> [HistoryLook] {
        let all = [UInt8](packed)
        guard all.count >= HistoryPoints.checksumBytes + 3 else { throw .truncated }
        var rest = all.dropLast(HistoryPoints.checksumBytes)
        guard all.suffix(HistoryPoints.checksumBytes).elementsEqual(HistoryPoints.checksum(of: rest)) else {
            throw .damaged
        }
        guard let version = rest.popFirst() else { throw .truncated }
        guard version == HistoryLooks.version else { throw .version(Int(version)) }
        let count = try rest.takeLength()
        guard count <= limit else { throw .tooMany(limit: limit) }
        let sources = try sources(&rest)
        var reader = BitReader(rest)
        guard count <= reader.left / leastBits else { throw .truncated }
        guard count == 0 || !sources.isEmpty else { throw .malformed }
        var habits = [Habit](repeating: Habit(), count: sources.count)
        var last: (source: Int, start: Int64) = (0, 0)
        var looks: [HistoryLook] = []
        looks.reserveCapacity(count)
        for _ in 0..<count {
            var number = habits[last.source].next
            if try reader.read(bits: 1) == 1 {
                let told = try reader.read(in: .ofWords)
                guard told < UInt64(sources.count) else { throw .malformed }
                number = Int(told)
            }
            habits[last.source].next = number
            var start = last.start
            if try reader.read(bits: 1) == 0 {
                _ = habits[number].starts.difference(to: start)
            } else {
                start = habits[number].starts.time(after: try reader.readDifference(in: .ofTimes))
            }
            habits[number].took = habits[number].took &+ (try reader.readDifference(in: .ofTimes))
            last = (number, start)
            looks.append(
                HistoryLook(
                    source: sources[number].name, start: Timestamp(milliseconds: start),
                    told: Timestamp(milliseconds: start &+ habits[number].took),
                    interval: sources[number].interval == noInterval ? nil : sources[number].interval))
        }
        return looks
    }

    private static func sources(_ rest: inout ArraySlice<UInt8>) throws(HistoryChunkError) -> [Source] {
        let count = try rest.takeLength()
        guard count <= sourceLimit, count <= rest.count else { throw .malformed }
        var sources: [Source] = []
        for _ in 0..<count {
            let name = try rest.takeWord()
            guard let interval = Int64(try rest.takeWord()) else { throw .malformed }
            sources.append(Source(name: name, interval: interval))
        }
        return sources
    }
}
