import Reports

/// The compiled rule base: what the engine runs. Shared by all that run it.
final class Rulebook: Sendable {
    let compiled: [CompiledPattern]
    let entries: [PatternEntry]
    let tables: ProgramTables
    let entryOfPattern: [String: Int]
    let entriesOfKind: [ComponentKind: [Int]]
    /// Of each class that is looked for on others, the patterns that report such faults.
    private let tellers: [ClassPattern: Set<Int>]
    /// Attributes that the patterns of a kind select by, sorted.
    let selectors: [ComponentKind: [String]]
    /// Patterns that this engine cannot run.
    let skipped: Set<String>
    /// Why patterns of the pack were taken back or switched off, by id.
    let endings: [String: String]
    /// Whether patterns on trial are taken for active ones: in tests, and to measure what they would do.
    let trialsCount: Bool

    init(
        _ entries: [PatternEntry], compiled: [CompiledPattern], tables: ProgramTables, skipped: Set<String>,
        disabled: [PatternPack.Skipped], trialsCount: Bool
    ) {
        self.compiled = compiled
        self.entries = entries
        self.tables = tables
        self.skipped = skipped
        endings = Dictionary(disabled.map { ($0.id, $0.ending) }, uniquingKeysWith: { first, _ in first })
        self.trialsCount = trialsCount
        entryOfPattern = Dictionary(
            entries.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        var ofKind: [ComponentKind: [Int]] = [:]
        for (number, entry) in entries.enumerated() {
            for kind in Set(compiled[entry.base].pattern.kinds) { ofKind[kind, default: []].append(number) }
        }
        entriesOfKind = ofKind
        var tellers: [ClassPattern: Set<Int>] = [:]
        for case .remote(.faults(let faultClass, _)) in tables.sources where tellers[faultClass] == nil {
            tellers[faultClass] = Rulebook.tellers(of: faultClass, entries, compiled, trialsCount: trialsCount)
        }
        self.tellers = tellers
        selectors = ofKind.mapValues { numbers in
            var keys: Set<String> = []
            for number in numbers {
                let base = compiled[entries[number].base].pattern
                keys.formUnion(base.attributes.keys)
                keys.formUnion(base.exceptions.keys)
                for variant in entries[number].variants { keys.formUnion(variant.selection.keys) }
            }
            return keys.sorted()
        }
    }

    /// What the pattern's condition is that of.
    func edition(of entry: Int) -> String { compiled[entries[entry].base].pattern.edition }

    /// On trial: shown, and neither a ticket nor the cause of others.
    func isOnTrial(_ pattern: Pattern) -> Bool { pattern.status == .shadow && !trialsCount }

    /// The patterns, or variants of them, that are for such a component.
    func choice(for kind: ComponentKind, _ attributes: [String: String]) -> [(entry: Int, compiled: Int)] {
        (entriesOfKind[kind] ?? []).compactMap { number in
            guard compiled[entries[number].base].applies(to: kind, attributes),
                let chosen = entries[number].choice(for: attributes)
            else { return nil }
            return (number, chosen)
        }
    }

    /// Patterns whose faults are of such a class; those on trial do not count.
    func entries(telling faultClass: ClassPattern) -> Set<Int> {
        tellers[faultClass] ?? []
    }

    private static func tellers(
        of faultClass: ClassPattern, _ entries: [PatternEntry], _ compiled: [CompiledPattern], trialsCount: Bool
    ) -> Set<Int> {
        Set(
            entries.indices.filter { number in
                let pattern = compiled[entries[number].base].pattern
                return (trialsCount || pattern.status != .shadow) && faultClass.matches(pattern.faultClass)
            })
    }

    /// Signals of such a component that others ask for.
    func exported(by kind: ComponentKind) -> [Int] {
        tables.exported.filter { number in
            let entry = SignalCatalogue.entry(named: tables.signals[number].name)
            return entry.map { $0.components.isEmpty || $0.components.contains(kind) } ?? false
        }.sorted()
    }
}

extension PatternPack.Skipped {
    /// Why its faults end.
    fileprivate var ending: String {
        switch cause {
        case .switchedOff: "The site has switched the pattern \(id) off: \(because)."
        case .withdrawn, .unread: "The pattern \(id) was withdrawn by its maker: \(because)."
        }
    }
}
