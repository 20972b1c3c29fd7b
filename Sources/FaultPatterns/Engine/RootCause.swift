import Reports

/// Which open faults are reported, and which are only signs of another one.
///
/// A fault that another open one `explains`, by class, place and time, is not reported by itself: it stands in the
/// evidence of its cause. Of rivals that explain the same, the one that explains more counts, then the greater weight,
/// then the narrower scope. A cause that is only inferred from others' faults is itself put aside where a better one
/// explains all that it does; a cause with evidence of its own never is. When a cause clears first, what remains is
/// reported again; what is itself well again, and only waits to be sure of it, is not. When its part is exchanged or mended its
/// signs end with it, and what comes from then on opens them again: what was counted before is of the part that is gone.
///
/// Two who watch one part may know it by two names, and one of them not know which part it is. What is told of the latter
/// (scope `unidentified`) is the same failure: it counts for the part that is known, with its urgency. One part is one
/// other at most, so that of two failures one never hides the other.
struct RootCause: Sendable {
    struct Key: Hashable, Comparable, Sendable {
        var component: ComponentID
        /// The entry's number in the rule base.
        var entry: Int

        static func < (left: Key, right: Key) -> Bool {
            (left.component, left.entry) < (right.component, right.entry)
        }
    }

    struct OpenFault {
        var key: Key
        var fault: Fault
        var pattern: CompiledPattern
        /// Its condition holds no more, and it will clear by itself. Asked only of what another fault explained.
        var isEnding: Bool
    }

    /// Faults as they were reported last.
    private(set) var told: [Key: Fault] = [:]
    /// The cause of what is not reported.
    private(set) var causes: [Key: Key] = [:]
    /// Signs of a fault whose pattern was withdrawn, until they are reported or over.
    private(set) var orphans: [Key: StoredCause] = [:]

    /// Signs on a part that turned out to be `component`.
    func signs(on topology: Topology, identifiedAs component: ComponentID) -> [Key] {
        causes.filter { sign, cause in
            cause.component == component && topology.contains(sign.component, in: .unidentified, around: component)
        }.keys.sorted()
    }

    /// Signs of these faults, and signs of those.
    func signs(of faults: Set<Key>) -> [Key] {
        causes.keys.filter { sign in
            guard !faults.contains(sign) else { return false }
            var key = sign
            for _ in 0..<PatternLimits.topologyDepth {
                guard let cause = causes[key] else { return false }
                if faults.contains(cause) { return true }
                key = cause
            }
            return false
        }.sorted()
    }

    mutating func resume(_ key: Key, told fault: Fault) { told[key] = fault }
    mutating func resume(_ key: Key, cause: Key) { causes[key] = cause }
    mutating func resume(_ key: Key, orphanedBy cause: StoredCause) { orphans[key] = cause }

    /// Takes what changed by itself and returns what is reported of it.
    /// - Parameters:
    ///   - changes: of the faults by themselves, at this moment.
    ///   - open: all faults that are open now.
    mutating func settle(
        _ changes: [(key: Key, change: FaultChange)], open: [OpenFault], topology: Topology, book: Rulebook,
        at now: Timestamp
    ) -> [FaultChange] {
        if let change = only(changes, open: open) { return [change] }
        let before = causes
        let twins = RootCause.twins(among: open, topology: topology, book: book, before: before)
        causes = RootCause.causes(among: open, topology: topology, book: book, twins: twins)
        let ofKey = Dictionary(changes.map { ($0.key, $0.change) }, uniquingKeysWith: { _, last in last })
        let faults = Dictionary(open.map { ($0.key, $0.fault) }, uniquingKeysWith: { first, _ in first })
        for one in open where one.isEnding && causes[one.key] == nil {
            if let cause = before[one.key], faults[cause] == nil { causes[one.key] = cause }
        }
        var signs: [Key: [Key]] = [:]
        for (sign, cause) in causes { signs[RootCause.root(of: cause, causes), default: []].append(sign) }
        var opened: [FaultChange] = []
        var updated: [FaultChange] = []
        var cleared: [FaultChange] = []

        for (key, fault) in told.sorted(by: { $0.key < $1.key }) where faults[key] == nil || causes[key] != nil {
            told[key] = nil
            var over = fault
            over.updatedAt = now
            if let cause = causes[key].map({ RootCause.root(of: $0, causes) }), let root = faults[cause] {
                cleared.append(
                    FaultChange(
                        kind: .cleared, fault: over,
                        because: "Explained by another fault: \(root.text(in: "en").title).", time: now))
            } else if let change = ofKey[key], change.kind == .cleared {
                over.evidence = change.fault.evidence
                cleared.append(FaultChange(kind: .cleared, fault: over, because: change.because, time: change.time))
            }
        }
        for one in open.sorted(by: { $0.key < $1.key }) where causes[one.key] == nil {
            if orphans[one.key] != nil, one.isEnding { continue }
            var fault = one.fault
            let explained = (signs[one.key] ?? []).sorted().compactMap { faults[$0] }
            fault.evidence = RootCause.evidence(of: fault, explaining: explained)
            if let twin = twins[one.key.component] {
                // What is told of the same part is as urgent there.
                for sign in explained where sign.component == twin {
                    fault.alsoSeenAs = twin
                    fault.urgency = max(fault.urgency, sign.urgency)
                }
            }
            if let known = told[one.key] {
                fault.id = known.id
                fault.openedAt = known.openedAt
                fault.alsoSeenAs = fault.alsoSeenAs ?? known.alsoSeenAs
                fault.urgency = max(fault.urgency, known.urgency)
                let isNews = ofKey[one.key]?.kind == .updated
                let hasMore =
                    fault.urgency > known.urgency
                    || explained.contains { sign in !known.evidence.contains { $0.component == sign.component } }
                guard isNews || hasMore else { continue }
                fault.updatedAt = now
                told[one.key] = fault
                let because = isNews ? ofKey[one.key]?.because : nil
                updated.append(
                    FaultChange(
                        kind: .updated, fault: fault,
                        because: because ?? "It explains \(explained.count) other signs.", time: now))
            } else if let cause = before[one.key].map({ book.entries[$0.entry].id }) ?? orphans[one.key]?.pattern {
                // It was a sign of something that is over, and goes on: an episode of its own.
                fault.openedAt = now
                fault.updatedAt = now
                fault.id = FaultWriter.id(pattern: fault.pattern, component: fault.component, openedAt: now)
                told[one.key] = fault
                let because =
                    "It goes on after what explained it (\(cause)) is over: \(fault.because)"
                opened.append(FaultChange(kind: .opened, fault: fault, because: because, time: now))
            } else {
                told[one.key] = fault
                opened.append(FaultChange(kind: .opened, fault: fault, because: fault.because, time: now))
            }
        }
        if !orphans.isEmpty {
            let ending = Set(open.filter { $0.isEnding && causes[$0.key] == nil }.map(\.key))
            orphans = orphans.filter { ending.contains($0.key) }
        }
        // The cause first: who reads along sees what the others are put down to.
        return opened + updated + cleared
    }

    /// What is reported where the first fault of all has opened: there is nothing yet it could explain or follow from.
    private mutating func only(_ changes: [(key: Key, change: FaultChange)], open: [OpenFault]) -> FaultChange? {
        guard told.isEmpty, causes.isEmpty, orphans.isEmpty, open.count == 1, changes.count == 1,
            changes[0].key == open[0].key,
            changes[0].change.kind == .opened
        else { return nil }
        var change = changes[0].change
        change.fault.evidence = RootCause.evidence(of: change.fault, explaining: [])
        told[open[0].key] = change.fault
        return change
    }

    private static func root(of key: Key, _ causes: [Key: Key]) -> Key {
        var key = key
        var steps = 0
        while let next = causes[key], steps < PatternLimits.topologyDepth {
            key = next
            steps += 1
        }
        return key
    }

    private static func evidence(of fault: Fault, explaining signs: [Fault]) -> [Evidence] {
        if signs.isEmpty, fault.evidence.count <= WireLimits.evidencePerFault { return fault.evidence }
        let explained = signs.prefix(WireLimits.evidencePerFault).map { sign in
            Evidence.explained(
                sign.component, sign.evidence.first?.signal ?? Signal("hw.status"), because: sign.because,
                at: sign.openedAt)
        }
        let own = fault.evidence.prefix(
            max(WireLimits.evidencePerFault - explained.count, min(4, fault.evidence.count)))
        return Array((own + explained).prefix(WireLimits.evidencePerFault))
    }

    /// Whether a rule of `one` explains `sign`, by class, time and place; the rule.
    private static func rule(
        of one: OpenFault, explaining sign: OpenFault, topology: Topology, twins: [ComponentID: ComponentID]?
    ) -> Pattern.Explanation? {
        let apart = (sign.fault.openedAt - one.fault.openedAt).inMilliseconds.magnitude
        return one.pattern.pattern.explanations.first { rule in
            rule.faultClass.matches(sign.fault.faultClass) && apart <= rule.within.map(\.magnitude) ?? .max
                && topology.contains(sign.key.component, in: rule.scope, around: one.key.component)
                && (rule.scope != .unidentified || twins.map { $0[one.key.component] == sign.key.component } ?? true)
        }
    }

    /// For each part, the one of which it was not sure which it is and that is taken for it: as before, else whose fault
    /// opened nearest to its own. Each is one part at most, and for one part at most.
    private static func twins(
        among open: [OpenFault], topology: Topology, book: Rulebook, before: [Key: Key]
    ) -> [ComponentID: ComponentID] {
        struct Match {
            var part: ComponentID
            var other: ComponentID
            var isNew: Bool
            var apart: UInt64
        }
        var matches: [Match] = []
        for one in open where !book.isOnTrial(one.pattern.pattern) {
            guard one.pattern.pattern.explanations.contains(where: { $0.scope == .unidentified }) else { continue }
            for sign in open {
                guard let rule = rule(of: one, explaining: sign, topology: topology, twins: nil),
                    rule.scope == .unidentified
                else { continue }
                matches.append(
                    Match(
                        part: one.key.component, other: sign.key.component,
                        isNew: before[sign.key]?.component != one.key.component,
                        apart: (sign.fault.openedAt - one.fault.openedAt).inMilliseconds.magnitude))
            }
        }
        matches.sort { left, right in
            if left.isNew != right.isNew { return right.isNew }
            return (left.apart, left.part, left.other) < (right.apart, right.part, right.other)
        }
        var twins: [ComponentID: ComponentID] = [:]
        var taken: Set<ComponentID> = []
        for match in matches where twins[match.part] == nil && taken.insert(match.other).inserted {
            twins[match.part] = match.other
        }
        return twins
    }

    /// The cause of each fault that has one.
    private static func causes(
        among open: [OpenFault], topology: Topology, book: Rulebook, twins: [ComponentID: ComponentID]
    ) -> [Key: Key] {
        struct Candidate {
            var index: Int
            var signs: [Int]
            var width: Int
        }
        var candidates: [Candidate] = []
        for (index, one) in open.enumerated() {
            guard !one.pattern.pattern.explanations.isEmpty, !book.isOnTrial(one.pattern.pattern) else { continue }
            var signs: [Int] = []
            var width = 0
            for (other, sign) in open.enumerated() where other != index {
                guard let rule = rule(of: one, explaining: sign, topology: topology, twins: twins) else { continue }
                signs.append(other)
                width = max(width, rule.scope.width)
            }
            if !signs.isEmpty { candidates.append(Candidate(index: index, signs: signs, width: width)) }
        }
        func precedes(_ left: Candidate, _ right: Candidate) -> Bool {
            if left.signs.count != right.signs.count { return left.signs.count > right.signs.count }
            let weights = (open[left.index].pattern.pattern.weight, open[right.index].pattern.pattern.weight)
            if weights.0 != weights.1 { return weights.0 > weights.1 }
            if left.width != right.width { return left.width < right.width }
            return open[left.index].key < open[right.index].key
        }
        candidates.sort(by: precedes)
        var causes: [Key: Key] = [:]
        for candidate in candidates {
            let cause = open[candidate.index].key
            for sign in candidate.signs where causes[open[sign].key] == nil {
                // What leads back to itself explains nothing.
                guard root(of: cause, causes) != open[sign].key else { continue }
                causes[open[sign].key] = cause
            }
        }
        for candidate in candidates {
            let own = open[candidate.index]
            guard causes[own.key] == nil, !own.pattern.watchedClasses.isEmpty else { continue }
            let others = Set(candidate.signs.compactMap { causes[open[$0].key] })
            guard others.count == 1, let better = others.first, better != own.key, root(of: better, causes) != own.key
            else { continue }
            causes[own.key] = better
        }
        return causes
    }
}
