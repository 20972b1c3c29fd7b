import Reports

/// What EDAC counts memory errors for (Documentation/admin-guide/RAS/main.rst, `/sys/devices/system/edac/mc`): modules on
/// channels, channels on controllers, controllers in processor sockets, as far as the driver reports them.
struct MemoryTopology: Sendable {
    static let folder = "/sys/devices/system/edac/mc"

    struct Controller: Sendable {
        /// `mc0`.
        var name: String
        var path: String
        var component: Component
        /// Why what hangs below it cannot be listed; nil where it can.
        var problem: SysTreeError?
    }

    /// A folder with the counters of one module or rank, or (in the older layout) the row or the channel of one.
    struct Place: Sendable {
        var path: String
        /// The beginning of its counters' names: `dimm_`, `ch0_`, or nothing.
        var prefix: String
        var component: Component
        /// The module that can be pulled; two ranks may share one.
        var module: ComponentID
        /// The component of the channel that it hangs on, where the driver reports one.
        var channel: Component?
        var label: String?
        /// Layers as the driver numbers them, from the uppermost: `channel` 1, `slot` 0.
        var layers: [(name: String, number: Int)] = []
        var isRow: Bool { component.kind == .memoryRow }
    }

    private(set) var controllers: [Controller] = []
    /// By controller.
    private(set) var places: [String: [Place]] = [:]
    private let modules: MemoryModules

    /// Whether a controller is known by its rows alone, each with a share of several modules: a row's channel is no component
    /// that the firmware or the management controller knows, and is not taken for one of theirs.
    var isByRow: Bool { places.values.joined().contains(where: \.isRow) }

    /// Of a machine of which nothing is known.
    init() { modules = MemoryModules(SMBIOS(parsing: [])) }

    /// - Parameters:
    ///   - modules: what SMBIOS lists.
    ///   - sockets: what the controllers sit in.
    init(tree: SysTree, modules: MemoryModules, sockets: ProcessorSockets) {
        self.modules = modules
        let names = (try? MemoryTopology.controllerNames(in: tree)) ?? []
        let sockets = sockets.all
        for name in names {
            let path = "\(MemoryTopology.folder)/\(name)"
            let driver = try? tree.text("\(path)/mc_name")
            var component = Component(
                id: ComponentID(.memoryController, name), kind: .memoryController,
                name: "memory controller \(name.dropFirst(2))")
            component.attributes["driver"] = driver
            var controller = Controller(name: name, path: path, component: component)
            do {
                let files = try tree.names(in: path)
                let found = places(of: controller, files, tree)
                let told =
                    MemoryTopology.socket(in: driver)
                    ?? found.lazy.compactMap { MemoryTopology.socket(in: $0.label) }.first
                // One socket holds all controllers; of several, only the driver's words show which.
                let socket = sockets.count == 1 ? sockets.first : sockets.first { $0.package == told }
                controller.component.parent = socket?.component.id
                places[name] = found
            } catch {
                controller.problem = error
            }
            controllers.append(controller)
        }
    }

    /// Controllers of the machine; they are numbered by the kernel, in the order of the processors.
    static func controllerNames(in tree: SysTree) throws(SysTreeError) -> [String] {
        try tree.names(in: folder).filter { $0.isNumbered("mc") }
    }

    /// `Skylake Socket#1 IMC#0`, `Sandy Bridge SrcID#0_Ha#0`, `CPU_SrcID#1_MC#0_Chan#2_DIMM#0`: the socket's number.
    static func socket(in words: String?) -> Int? {
        for mark in ["SrcID#", "Socket#"] {
            if let start = words?.firstRange(of: mark)?.upperBound, let words {
                return Int(words[start...].prefix { $0.isNumber })
            }
        }
        return nil
    }

    // MARK: Reading

    private func places(of controller: Controller, _ files: [String], _ tree: SysTree) -> [Place] {
        // The kernel keeps both layouts for the same errors.
        let newer = files.filter { $0.isNumbered("dimm") || $0.isNumbered("rank") }
        if newer.isEmpty {
            return files.filter { $0.isNumbered("csrow") }.flatMap { row(of: controller, $0, tree) }
        }
        var found: [Place] = []
        for name in newer {
            var place = module(of: controller, name, tree)
            // Two ranks of one module lead to one component: the second keeps its own name, so that no count is lost.
            if found.contains(where: { $0.component.id == place.component.id }) {
                place.component.attributes["module"] = place.component.id.rawValue
                place.component.id = ComponentID(.dimm, "\(controller.name)/\(name)")
            }
            found.append(place)
        }
        return found
    }

    private func module(of controller: Controller, _ name: String, _ tree: SysTree) -> Place {
        let path = "\(controller.path)/\(name)"
        let label = PlaceholderText.removed(try? tree.text("\(path)/dimm_label"))
        let location = try? tree.text("\(path)/dimm_location")
        var component = modules.component(edac: "\(controller.name)/\(name)", label: label)
        component.attributes["location"] = location
        component.attributes["edac_memory_type"] = try? tree.text("\(path)/dimm_mem_type")
        component.attributes["edac_mode"] = try? tree.text("\(path)/dimm_edac_mode")
        let layers = MemoryTopology.layers(location ?? "")
        let channel = MemoryTopology.channel(of: controller, layers)
        component.parent = channel?.id ?? controller.component.id
        return Place(
            path: path, prefix: "dimm_", component: component, module: component.id, channel: channel, label: label,
            layers: layers)
    }

    /// The row, and its channels behind it.
    private func row(of controller: Controller, _ name: String, _ tree: SysTree) -> [Place] {
        let path = "\(controller.path)/\(name)"
        let rowName = "\(controller.name)/\(name)"
        var row = Component(
            id: ComponentID(.memoryRow, rowName), kind: .memoryRow, parent: controller.component.id,
            name: "memory row \(rowName)")
        row.attributes["edac_memory_type"] = try? tree.text("\(path)/mem_type")
        row.attributes["edac_mode"] = try? tree.text("\(path)/edac_mode")
        let number = Int(name.dropFirst("csrow".count)) ?? 0
        var found = [
            Place(path: path, prefix: "", component: row, module: row.id, layers: [("csrow", number)])
        ]
        for file in (try? tree.names(in: path)) ?? [] where file.hasSuffix("_ce_count") {
            let channel = String(file.dropLast("_ce_count".count))
            guard channel.isNumbered("ch") else { continue }
            let label = PlaceholderText.removed(try? tree.text("\(path)/\(channel)_dimm_label"))
            var component = modules.component(edac: "\(rowName)/\(channel)", label: label)
            component.attributes["module"] = component.part.serial == nil ? nil : component.id.rawValue
            component.id = ComponentID(.memoryChannel, "\(rowName)/\(channel)")
            component.kind = .memoryChannel
            component.parent = row.id
            found.append(
                Place(
                    path: path, prefix: "\(channel)_", component: component, module: component.id, label: label,
                    layers: [("csrow", number), ("channel", Int(channel.dropFirst(2)) ?? 0)]))
        }
        return found
    }

    /// `channel 1 slot 0`, `csrow 2 channel 1`, `branch 0 channel 1 slot 3`.
    static func layers(_ location: String) -> [(name: String, number: Int)] {
        let words = location.split(separator: " ").map(String.init)
        return stride(from: 0, to: words.count - 1, by: 2).compactMap { index in
            Int(words[index + 1]).map { (name: words[index], number: $0) }
        }
    }

    private static func channel(of controller: Controller, _ layers: [(name: String, number: Int)]) -> Component? {
        guard let at = layers.firstIndex(where: { $0.name == "channel" }) else { return nil }
        // A row is no place on the way to the channel: each row has its share of every channel.
        let way = layers[...at].filter { $0.name != "csrow" }
        let name = way.map { "\($0.name)\($0.number)" }.joined(separator: "/")
        return Component(
            id: ComponentID(.memoryChannel, "\(controller.name)/\(name)"), kind: .memoryChannel,
            parent: controller.component.id,
            name: "memory channel \(controller.name.dropFirst(2))/\(layers[at].number)")
    }

    // MARK: Places of errors

    /// The module that an error was in; its controller where no more is known.
    func component(at place: MemoryErrorLocation) -> Component {
        if let handle = place.handle, let module = modules.modules.first(where: { $0.handle == handle }) {
            return module.component
        }
        let candidates = place.controller.map { places[$0] ?? [] } ?? places.values.flatMap { $0 }
        let parts = candidates.filter { !$0.isRow }
        let labelled = place.label.map { label in parts.filter { $0.label == label } } ?? []
        let byLabel = Set(labelled.map(\.module))
        if byLabel.count == 1, let found = labelled.first { return whole(found) }
        let placed = parts.filter { isAt($0, place) }
        if placed.count == 1, let found = placed.first { return whole(found) }
        if let label = place.label, !MemoryTopology.isVague(label) {
            if let module = modules.module(labelled: label) { return module }
            if candidates.isEmpty { return modules.component(labelled: label) }
        }
        if let name = place.controller {
            return controllers.first { $0.name == name }?.component
                ?? Component(
                    id: ComponentID(.memoryController, name), kind: .memoryController,
                    name: "memory controller \(name.dropFirst(2))")
        }
        if let unit = place.unit, MemoryModules.isUnitName(unit) {
            if let module = modules.module(ofUnit: unit) { return module }
            // Nothing here lists the modules: the name that the firmware gives one is the best there is.
            if modules.modules.isEmpty {
                return Component(id: ComponentID(.dimm, unit), kind: .dimm, name: unit, part: Part(location: unit))
            }
        }
        if let processor = place.processor {
            let name = String(processor.rawValue.drop { $0 != ":" }.dropFirst())
            return Component(
                id: ComponentID(.memoryController, name), kind: .memoryController, parent: processor,
                name: "memory of processor \(name)",
                attributes: ["ambiguous": "a machine check does not say which module"])
        }
        return Component(
            id: ComponentID(.memoryController, "firmware"), kind: .memoryController, name: "memory",
            attributes: ["ambiguous": "the firmware does not say which module"])
    }

    /// Labels of the kernel that fit any module.
    static func isVague(_ label: String) -> Bool {
        ["unknown", "any memory", "not present", "0x0000"].contains { label.hasPrefix($0) } || label.contains(" or ")
    }

    private func isAt(_ candidate: Place, _ place: MemoryErrorLocation) -> Bool {
        guard !candidate.layers.isEmpty else { return false }
        if place.position.count >= candidate.layers.count {
            return zip(candidate.layers, place.position).allSatisfy { $0.number == $1 }
        }
        return candidate.layers.allSatisfy { place.layers[$0.name] == $0.number }
    }

    /// The module itself where the place is one rank of it.
    private func whole(_ place: Place) -> Component {
        guard place.module != place.component.id else { return place.component }
        return places.values.joined().first { $0.component.id == place.module }?.component ?? place.component
    }
}

extension MemoryTopology: Equatable {
    static func == (left: MemoryTopology, right: MemoryTopology) -> Bool {
        let parts: (MemoryTopology) -> [String: [Component]] = { $0.places.mapValues { $0.map(\.component) } }
        return left.controllers.map(\.component) == right.controllers.map(\.component)
            && left.controllers.map(\.problem) == right.controllers.map(\.problem)
            && parts(left) == parts(right) && left.modules.modules == right.modules.modules
    }
}

extension String {
    /// `prefix` and then only digits: `mc0`, `csrow12`.
    func isNumbered(_ prefix: String) -> Bool {
        hasPrefix(prefix) && count > prefix.count && dropFirst(prefix.count).allSatisfy { $0.isASCII && $0.isNumber }
    }
}
