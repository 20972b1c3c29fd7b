import Reports

/// Which components tell which others something, worked out once for each change of what is known.
struct CrossComponentReads: Sendable {
    /// A slot that is filled from other components.
    struct Reader: Sendable {
        enum Source: Sendable {
            case signal(Int, CrossComponentQuery.Aggregation, [Int])
            /// By the number of the group.
            case peers(CrossComponentQuery.Aggregation, Int)
            /// Entries of the rule base whose faults count, and the components that are looked at.
            case faults(Set<Int>, [Int])
        }
        var component: Int
        var slot: Int
        var source: Source
    }

    /// Siblings that are compared with one another.
    struct Group: Sendable {
        var signal: Int
        var members: [Int]
    }

    private struct GroupKey: Hashable {
        var kind: ComponentKind
        var parent: ComponentID?
        var shared: String?
        var signal: Int
    }

    /// Of others' signals; those that have nobody to ask are left out.
    private(set) var signalReaders: [Reader] = []
    /// Of others' faults.
    private(set) var faultReaders: [Reader] = []
    private(set) var groups: [Group] = []

    init() {}

    init(
        of memories: ContiguousArray<ComponentMemory>, numbers: [ComponentID: Int], topology: Topology,
        book: Rulebook
    ) {
        let tables = book.tables
        var groupNumbers: [GroupKey: Int] = [:]
        func present(_ ids: [ComponentID], except own: Int, having signal: Int) -> [Int] {
            ids.compactMap { numbers[$0] }.filter { $0 != own && memories[$0].slot(of: signal) != nil }
        }
        for number in memories.indices where !memories[number].layout.remoteSlots.isEmpty {
            let id = memories[number].id
            for slot in memories[number].layout.remoteSlots {
                guard case .remote(let query) = tables.sources[memories[number].layout.slots[Int(slot)].signal] else {
                    continue
                }
                let source: Reader.Source
                switch query {
                case .signal(let signal, let digest, .parent):
                    let parent = topology.parent(of: id).map { [$0] } ?? []
                    source = .signal(signal, digest, present(parent, except: number, having: signal))
                case .signal(let signal, let digest, .above(let kind)):
                    let above = topology.nearest(kind, above: id).map { [$0] } ?? []
                    source = .signal(signal, digest, present(above, except: number, having: signal))
                case .signal(let signal, let digest, .under):
                    source = .signal(signal, digest, present(topology.family(of: id), except: number, having: signal))
                case .signal(let signal, let digest, .peers(let sharing)):
                    let key = GroupKey(
                        kind: memories[number].kind, parent: topology.parent(of: id),
                        shared: sharing.map { memories[number].attributes[$0] ?? "" }, signal: signal)
                    if groupNumbers[key] == nil {
                        groupNumbers[key] = groups.count
                        groups.append(Group(signal: signal, members: []))
                    }
                    let group = groupNumbers[key] ?? 0
                    if groups[group].members.last != number { groups[group].members.append(number) }
                    source = .peers(digest, group)
                case .faults(let faultClass, let scope):
                    source = .faults(
                        book.entries(telling: faultClass),
                        topology.members(of: scope, around: id).compactMap { numbers[$0] })
                }
                let reader = Reader(component: number, slot: Int(slot), source: source)
                switch source {
                case .faults: faultReaders.append(reader)
                case .signal(_, _, let sources): if !sources.isEmpty { signalReaders.append(reader) }
                case .peers: signalReaders.append(reader)
                }
            }
        }
        let groups = groups
        signalReaders.removeAll { reader in
            if case .peers(_, let group) = reader.source { groups[group].members.count < 2 } else { false }
        }
    }
}

extension CrossComponentQuery.Aggregation {
    /// Of the numbers of several components; nil where there are too few.
    func of(_ values: [Double]) -> Double? {
        switch self {
        case .count: Double(values.count)
        case .highest: values.max()
        case .lowest: values.min()
        case .sum: values.isEmpty ? nil : values.reduce(0, +)
        case .median: CrossComponentQuery.Aggregation.median(values.sorted())
        case .deviation: nil
        }
    }

    static func median(_ sorted: [Double]) -> Double? {
        guard !sorted.isEmpty else { return nil }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}

/// The values of a group of siblings at one moment.
struct PeerValues {
    private let sorted: [Double]
    /// Median absolute deviation of the whole group.
    private let deviation: Double?

    /// Fewer siblings than this, the one that is judged left out, say nothing.
    static let fewest = 3

    init(_ values: [Double]) {
        let sorted = values.sorted()
        self.sorted = sorted
        deviation = CrossComponentQuery.Aggregation.median(sorted).flatMap { centre in
            CrossComponentQuery.Aggregation.median(sorted.map { abs($0 - centre) }.sorted())
        }
    }

    /// What the others say, `own` left out once if it is among them.
    func digest(_ digest: CrossComponentQuery.Aggregation, without own: Double?) -> Double? {
        let others = sorted.count - (own == nil ? 0 : 1)
        guard others >= PeerValues.fewest else { return digest == .count ? Double(others) : nil }
        switch digest {
        case .count: return Double(others)
        case .deviation: return deviation
        default:
            guard let own else { return CrossComponentQuery.Aggregation.median(sorted) }
            // The place of the own value; the median of the rest is found around the middle without it.
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if sorted[middle] < own { low = middle + 1 } else { high = middle }
            }
            func rest(_ index: Int) -> Double { sorted[index < low ? index : index + 1] }
            let middle = others / 2
            return others.isMultiple(of: 2) ? (rest(middle - 1) + rest(middle)) / 2 : rest(middle)
        }
    }
}
