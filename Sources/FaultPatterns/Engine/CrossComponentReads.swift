import Reports

/// Which components read something from which others, worked out once for each change of what is known.
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
        var isAnywhere: Bool
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
                case .signal(let signal, let digest, .peers(let sharing, let isAnywhere)):
                    let key = GroupKey(
                        kind: memories[number].kind, parent: isAnywhere ? nil : topology.parent(of: id),
                        isAnywhere: isAnywhere,
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

// MARK: What is read

extension CrossComponentReads {
    /// Fills what is read from other components' signals.
    /// - Parameters:
    ///   - besides: signals that are set by hand.
    ///   - keep: for how long what was read just now stands for what is, in milliseconds.
    /// - Returns: the components that received something.
    func readSignals(
        into memories: inout ContiguousArray<ComponentMemory>, besides byHand: Set<Int>, _ book: Rulebook,
        at now: Int64, keep: Int32
    ) -> Set<Int> {
        let values = groups.map { group in
            (
                values: PeerValues(group.members.compactMap { memories[$0].number(group.signal, at: now) }),
                isTouched: group.members.contains { memories[$0].wasTold(group.signal, at: now) }
            )
        }
        var told: Set<Int> = []
        for reader in signalReaders {
            let number = reader.component
            guard !byHand.contains(memories[number].layout.slots[reader.slot].signal) else { continue }
            let measurement: Measurement?
            switch reader.source {
            case .faults: continue
            case .signal(let signal, let digest, let sources):
                guard sources.contains(where: { memories[$0].wasTold(signal, at: now) }) else { continue }
                measurement = CrossComponentReads.measurement(signal, digest, of: sources, in: memories, book, at: now)
            case .peers(let digest, let group):
                guard values[group].isTouched else { continue }
                let own = memories[number].number(groups[group].signal, at: now)
                measurement = values[group].values.digest(digest, without: own).map { .gauge($0) }
            }
            let slot = memories[number].slots[reader.slot]
            guard measurement != nil || slot.content != .none else { continue }
            memories[number].keep = keep
            if memories[number].take(measurement ?? .unavailable(.notSupported), slot: reader.slot, at: now) {
                told.insert(number)
            }
        }
        return told
    }

    private static func measurement(
        _ signal: Int, _ digest: CrossComponentQuery.Aggregation, of sources: [Int],
        in memories: ContiguousArray<ComponentMemory>, _ book: Rulebook, at now: Int64
    ) -> Measurement? {
        if SignalCatalogue.entry(named: book.tables.signals[signal].name)?.kind == .state {
            let words = sources.compactMap { source -> String? in
                guard let place = memories[source].slot(of: signal) else { return nil }
                let slot = memories[source].slots[place]
                return slot.content == .state && !slot.isStale(at: now) ? memories[source].text(ofSlot: place) : nil
            }
            return digest == .count ? .gauge(Double(words.count)) : words.first.map { .state($0) }
        }
        return digest.of(sources.compactMap { memories[$0].number(signal, at: now) }).map { .gauge($0) }
    }

    /// Fills how many components have such faults.
    /// - Parameters:
    ///   - besides: signals that are set by hand.
    ///   - isNews: whether a fault opened or cleared since the last time.
    ///   - keep: for how long what was read just now stands for what is, in milliseconds.
    /// - Returns: the components for which that is news, or whose sources were read just now.
    func readFaults(
        into memories: inout ContiguousArray<ComponentMemory>, besides byHand: Set<Int>, isNews: Bool, at now: Int64,
        keep: Int32
    ) -> Set<Int> {
        var told: Set<Int> = []
        for reader in faultReaders {
            let before = memories[reader.component].slots[reader.slot]
            // Nothing opened or cleared: it is the same count, taken once more where its sources were read.
            guard isNews || before.time < now, case .faults(let entries, let sources) = reader.source,
                !byHand.contains(memories[reader.component].layout.slots[reader.slot].signal)
            else { continue }
            guard isNews || sources.contains(where: { memories[$0].newest == now }) else { continue }
            let count =
                isNews
                ? Double(sources.count { memories[$0].faults.keys.contains(where: entries.contains) }) : before.value
            let wasRead = before.time < now && sources.contains { memories[$0].newest == now }
            guard before.value != count || wasRead else { continue }
            memories[reader.component].keep = keep
            if memories[reader.component].retake(count, slot: reader.slot, at: now) { told.insert(reader.component) }
        }
        return told
    }
}

extension ComponentMemory {
    fileprivate func wasTold(_ signal: Int, at now: Int64) -> Bool {
        slot(of: signal).map { slots[$0].time == now } ?? false
    }

    fileprivate func number(_ signal: Int, at now: Int64) -> Double? {
        guard let place = slot(of: signal) else { return nil }
        let slot = slots[place]
        return slot.isNumber && !slot.isStale(at: now) ? slot.value : nil
    }
}
