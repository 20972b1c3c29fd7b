/// What a part is called in a sentence for people: what it is, which one, and where it sits, each named once.
///
/// A name may be all of these: a cable that no machine lists is called `cable`, a memory module by the place it is
/// plugged into.
public struct PartName: Hashable, Sendable {
    /// Which one; nil where the kind is enough.
    public let which: String?
    /// Kind and name: `disk /dev/sda`, `Fan 2`, `cable`.
    public let what: String
    /// Where it sits, where `what` does not contain it.
    public let place: String?

    /// `disk /dev/sda · Bay 3`.
    public var text: String { [what, place].compactMap(\.self).joined(separator: " · ") }

    /// - Parameters:
    ///   - kind: in the reader's language.
    ///   - rawKind: the kind's own word, which names are made of as well.
    ///   - name: which one: its short name, or its model.
    ///   - location: as printed on the machine.
    public init(kind: String, rawKind: ComponentKind, name: String, location: String?) {
        let own = PartName.words(name)
        let place = location.map(PartName.words) ?? []
        let kinds = [PartName.words(kind), PartName.words(rawKind.words)]
        which = own.isEmpty || kinds.contains(own) ? nil : name
        if which == nil {
            what = kind
        } else if own.starts(with: kinds[0]) {
            what = name
        } else {
            what = "\(kind) \(name)"
        }
        let isSaid = place.isEmpty || kinds.contains(place) || PartName.contains(own, place)
        self.place = isSaid ? nil : location
    }

    public init(_ suspect: Suspect, kind: String) {
        self.init(kind: kind, rawKind: suspect.kind, name: suspect.name, location: suspect.part.location)
    }

    public init(_ component: Component, kind: String) {
        self.init(kind: kind, rawKind: component.kind, name: component.name, location: component.part.location)
    }

    /// What is compared: neither case nor what stands between words makes another name.
    private static func words(_ text: String) -> [Substring] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }
    }

    private static func contains(_ words: [Substring], _ part: [Substring]) -> Bool {
        guard part.count <= words.count else { return false }
        return (0...(words.count - part.count)).contains { words[$0...].starts(with: part) }
    }
}

extension ComponentKind {
    /// The kind's own word without underscores: `memory row`.
    public var words: String { rawValue.split(separator: "_").joined(separator: " ") }
}
