import Reports

/// What all probes together know of the machine's components.
///
/// Several probes may see the same part: the inventory knows the slot of a disk, the disk probe its firmware. What the
/// first in the order of the probes reports stands, and the others fill in what it leaves open.
struct ComponentCatalogue {
    private let order: [String]
    private var seen: [String: [Component]] = [:]

    /// - Parameter order: names of the probes.
    init(order: [String]) { self.order = order }

    /// Takes what one probe sees now. Returns whether that is news.
    mutating func update(_ probe: String, _ components: [Component]) -> Bool {
        guard seen[probe] != components else { return false }
        seen[probe] = components
        return true
    }

    /// Every component once, in a stable order, at most `WireLimits.componentsPerInventory`.
    var components: [Component] { merged.components }

    /// Whether there are more.
    var isOverfull: Bool {
        seen.values.reduce(0) { $0 + $1.count } > WireLimits.componentsPerInventory && merged.leftOut > 0
    }

    private var merged: (components: [Component], leftOut: Int) {
        var merged: [Component] = []
        var leftOut: Set<ComponentID> = []
        var places: [ComponentID: Int] = [:]
        for component in order.flatMap({ seen[$0] ?? [] }) {
            if let place = places[component.id] {
                merged[place].fill(from: component)
            } else if merged.count < WireLimits.componentsPerInventory {
                places[component.id] = merged.count
                merged.append(component)
            } else {
                leftOut.insert(component.id)
            }
        }
        let board = merged.first { $0.kind == .board } ?? merged.first { $0.kind == .chassis }
        guard let board else { return (merged, leftOut.count) }
        for index in merged.indices where merged[index].parent == nil {
            guard !ComponentCatalogue.outside.contains(merged[index].kind) else { continue }
            merged[index].parent = board.id
        }
        return (merged, leftOut.count)
    }

    /// What is not inside the chassis, or spans parts that hang elsewhere. All else hangs under the board when no probe
    /// knows better, so that what a fan or a power supply does to its chassis can be derived.
    private static let outside: Set<ComponentKind> = [
        .board, .chassis, .server, .ups, .upsBattery, .raidArray, .pool, .test,
    ]
}

extension Component {
    /// Takes from `other` what this one leaves open.
    fileprivate mutating func fill(from other: Component) {
        // The inventory knows that a module is in the board, and EDAC on which controller: the nearer one counts.
        if parent == nil || parent?.isBoard == true { parent = other.parent ?? parent }
        part.manufacturer = part.manufacturer ?? other.part.manufacturer
        part.model = part.model ?? other.part.model
        part.partNumber = part.partNumber ?? other.part.partNumber
        part.serial = part.serial ?? other.part.serial
        part.firmware = part.firmware ?? other.part.firmware
        part.location = part.location ?? other.part.location
        attributes.merge(other.attributes) { mine, _ in mine }
    }
}

extension ComponentID {
    fileprivate var isBoard: Bool { rawValue.hasPrefix("\(ComponentKind.board.rawValue):") }
}
