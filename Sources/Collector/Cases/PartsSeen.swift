import Reports

/// Where a part sits: the place printed on it, within all that it is plugged into. Two shelves each have a Bay 3.
struct PartPlace: Hashable, Sendable, Codable {
    var location: String
    /// The nearest first; empty where the machine shows none.
    var parents: [ComponentID]

    /// Parents looked at above one part.
    private static let depth = 16

    init(location: String, parents: [ComponentID] = []) {
        self.location = location
        self.parents = parents
    }

    /// nil where the machine does not show the place.
    init?(of component: Component, among components: [ComponentID: Component]) {
        guard let location = component.part.location, !location.isEmpty else { return nil }
        var parents: [ComponentID] = []
        var above = component.parent
        while let id = above, parents.count < PartPlace.depth, !parents.contains(id) {
            parents.append(id)
            above = components[id]?.parent
        }
        self.init(location: location, parents: parents)
    }
}

/// Which parts the inventories of one server listed, and which of them when: whoever was there beside a part is not its
/// successor, wherever it sits.
///
/// Time is the number of the inventory, which no clock can set.
struct PartsSeen: Hashable, Sendable {
    struct Part: Hashable, Sendable {
        var kind: ComponentKind
        var serial: PartSerial

        init(kind: ComponentKind, serial: PartSerial) {
            self.kind = kind
            self.serial = serial
        }

        /// nil where it has no serial number.
        init?(_ component: Component) {
            guard let serial = PartSerial(component.part.serial) else { return nil }
            self.init(kind: component.kind, serial: serial)
        }
    }

    struct Sighting: Hashable, Sendable, Codable {
        /// Numbers of the inventories that listed it first and last.
        var first: Int64
        var last: Int64
        /// Where it sat when it was last listed; nil where that was not shown.
        var place: PartPlace?
    }

    /// Parts remembered of one server; those that were listed least lately go first.
    static let limit = 8_192

    var sightings: [Part: Sighting] = [:]

    /// Notes what the next inventory lists.
    mutating func note(_ inventory: Inventory) {
        let number = (sightings.values.map(\.last).max() ?? 0) + 1
        let components = inventory.componentsByID
        for component in inventory.components {
            guard let part = Part(component) else { continue }
            sightings[part] = Sighting(
                first: sightings[part]?.first ?? number, last: number,
                place: PartPlace(of: component, among: components))
        }
        guard sightings.count > PartsSeen.limit else { return }
        let oldest = sightings.sorted { ($0.value.last, $0.key.serial.text) < ($1.value.last, $1.key.serial.text) }
        for (part, _) in oldest.prefix(sightings.count - PartsSeen.limit) { sightings[part] = nil }
    }

    /// Whether `newcomer` was listed before `part` was seen for the last time.
    func wasBeside(_ newcomer: Part, _ part: Part) -> Bool {
        guard let seen = sightings[newcomer] else { return false }
        guard let last = sightings[part]?.last else { return true }
        return seen.first <= last
    }
}

/// A serial number as it is compared: programs write the same one with blanks around it, in capitals or not.
struct PartSerial: Hashable, Sendable {
    let text: String

    /// nil where there is none.
    init?(_ written: String?) {
        let text = (written ?? "").uppercased().filter { !$0.isWhitespace }
        guard !text.isEmpty else { return nil }
        self.text = text
    }

    /// Characters from which on the beginning of a serial number is enough: some interfaces cut it.
    private static let shortestBeginning = 8

    /// Whether the two are the same number, read whole or cut.
    func isSame(as other: PartSerial) -> Bool {
        if text == other.text { return true }
        let (short, long) = text.count < other.text.count ? (text, other.text) : (other.text, text)
        return short.count >= PartSerial.shortestBeginning && long.hasPrefix(short)
    }
}

extension Inventory {
    /// Of two with one id the first.
    var componentsByID: [ComponentID: Component] {
        Dictionary(components.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
