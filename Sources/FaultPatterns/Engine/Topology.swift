import Reports

/// What hangs under what.
struct Topology: Sendable {
    private(set) var known: [ComponentID: Component] = [:]
    private var childrenIfBuilt: [ComponentID: [ComponentID]]?

    init() {}

    /// - Returns: whether that is news.
    mutating func know(_ component: Component) -> Bool {
        let before = known.updateValue(component, forKey: component.id)
        if before?.parent != component.parent || before == nil { childrenIfBuilt = nil }
        return before != component
    }

    mutating func forget(_ id: ComponentID) {
        known[id] = nil
        childrenIfBuilt = nil
    }

    /// Prepares the way down; without it there is only the way up.
    mutating func build() {
        guard childrenIfBuilt == nil else { return }
        var children: [ComponentID: [ComponentID]] = [:]
        for component in known.values {
            if let parent = component.parent { children[parent, default: []].append(component.id) }
        }
        for key in children.keys { children[key]?.sort() }
        childrenIfBuilt = children
    }

    func parent(of id: ComponentID) -> ComponentID? { known[id]?.parent }

    /// From the nearest to the farthest; ends where parents go in a circle.
    func ancestors(of id: ComponentID) -> [ComponentID] {
        var found: [ComponentID] = []
        var next = parent(of: id)
        while let ancestor = next, ancestor != id, !found.contains(ancestor), found.count < PatternLimits.topologyDepth
        {
            found.append(ancestor)
            next = parent(of: ancestor)
        }
        return found
    }

    func nearest(_ kind: ComponentKind, above id: ComponentID) -> ComponentID? {
        ancestors(of: id).first { known[$0]?.kind == kind }
    }

    /// The component and all under it, each once.
    func family(of id: ComponentID) -> [ComponentID] {
        var found = [id]
        var seen: Set<ComponentID> = [id]
        var index = 0
        while index < found.count, found.count < PatternLimits.components {
            for child in childrenIfBuilt?[found[index]] ?? [] where seen.insert(child).inserted { found.append(child) }
            index += 1
        }
        return found
    }

    func children(of id: ComponentID) -> [ComponentID] { childrenIfBuilt?[id] ?? [] }

    /// Whether a component lies in the scope around another.
    func contains(_ id: ComponentID, in scope: Scope, around centre: ComponentID) -> Bool {
        func isUnder(_ root: ComponentID) -> Bool { id == root || ancestors(of: id).contains(root) }
        switch scope {
        case .own: return id == centre
        case .parent: return parent(of: centre) == id
        case .underOwn: return isUnder(centre)
        case .underParent: return parent(of: centre).map(isUnder) ?? false
        case .beside: return id != centre && parent(of: id) != nil && parent(of: id) == parent(of: centre)
        case .under(let kind):
            let root = known[centre]?.kind == kind ? centre : nearest(kind, above: centre)
            return root.map(isUnder) ?? false
        case .unidentified: return mayBe(id, centre)
        case .anywhere: return true
        }
    }

    /// All components in the scope around one.
    func members(of scope: Scope, around centre: ComponentID) -> [ComponentID] {
        switch scope {
        case .own: return [centre]
        case .parent: return parent(of: centre).map { [$0] } ?? []
        case .underOwn: return family(of: centre)
        case .underParent: return parent(of: centre).map(family) ?? []
        case .beside: return parent(of: centre).map { children(of: $0).filter { $0 != centre } } ?? []
        case .under(let kind):
            let root = known[centre]?.kind == kind ? centre : nearest(kind, above: centre)
            return root.map(family) ?? []
        case .unidentified: return known.keys.filter { mayBe($0, centre) }.sorted()
        case .anywhere: return known.keys.sorted()
        }
    }

    /// Whether a component of which it is not sure which part it is may be a certain one. Where the labels of some say that they
    /// are at the certain one's place, only those.
    private func mayBe(_ id: ComponentID, _ centre: ComponentID) -> Bool {
        guard id != centre, let part = known[centre], let other = known[id], isUnsure(other, beside: part) else {
            return false
        }
        let place = part.part.location ?? part.name
        func isThere(_ one: Component) -> Bool { one.part.location.map { PlaceName.agree($0, place) } ?? false }
        return isThere(other) || !known.values.contains { isUnsure($0, beside: part) && isThere($0) }
    }

    /// Not where both are counted by the kernel, which numbers every module once.
    private func isUnsure(_ other: Component, beside part: Component) -> Bool {
        part.kind == other.kind && part.attributes["ambiguous"] == nil && other.attributes["ambiguous"] != nil
            && (part.attributes["edac"] == nil || other.attributes["edac"] == nil)
    }
}
