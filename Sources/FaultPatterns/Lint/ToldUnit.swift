import Reports

/// One thing that a probe tells, as finely as somebody has to judge it: a signal, of a kind of part, with one value of
/// each of its closed labels and, of a state, one word.
///
/// Labels that are open (a page, a port) are left out, and so is which limit a limit is: it is no news, what lies
/// beyond it is. Words that say that all is well need nobody.
struct ToldUnit: Hashable, Comparable, Sendable, CustomStringConvertible {
    var signal: String
    var kind: ComponentKind
    var labels: [String: String] = [:]
    /// Of a state.
    var word: String?

    /// Every unit that some probe tells, by what they declare.
    static let all: [ToldUnit] = SignalCatalogue.entries.flatMap(units).sorted()

    private static func units(of entry: SignalCatalogue.Entry) -> [ToldUnit] {
        SignalSources.kinds(of: entry.name).flatMap { kind -> [ToldUnit] in
            var units = [ToldUnit(signal: entry.name, kind: kind)]
            for (label, allowed) in entry.labels.sorted(by: { $0.key < $1.key }) where label != "limit_type" {
                let named = SignalCatalogue.namedValues(of: label, in: entry.name)
                let values =
                    SignalSources.values(of: label, in: entry.name, on: kind) ?? (allowed.isEmpty ? named : allowed)
                guard !values.isEmpty else { continue }
                units = units.flatMap { unit in
                    values.map { value in
                        var unit = unit
                        unit.labels[label] = value
                        return unit
                    }
                }
            }
            guard entry.kind == .state, let words = SignalCatalogue.words(ofState: entry.name) else { return units }
            return units.flatMap { unit in
                words.other.map { word in
                    var unit = unit
                    unit.word = word
                    return unit
                }
            }
        }
    }

    /// Whether a signal as patterns and lists write it means this one: labels that it leaves out are any.
    func isMeant(by other: Signal) -> Bool {
        signal == other.name && labels.allSatisfy { key, value in other[label: key].map { $0 == value } ?? true }
    }

    var description: String {
        let named = Signal(signal, labels).description
        return "`\(named)`" + (word.map { " == \"\($0)\"" } ?? "") + " of a \(kind.rawValue)"
    }

    static func < (left: ToldUnit, right: ToldUnit) -> Bool {
        (left.signal, left.kind.rawValue, left.description) < (right.signal, right.kind.rawValue, right.description)
    }
}
