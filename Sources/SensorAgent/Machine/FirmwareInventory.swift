import Reports

/// Chassis, board, processors and memory modules, as SMBIOS describes them (DSP0134 types 0 to 4 and 17).
struct FirmwareInventory: Sendable {
    /// For a machine of which nothing is known.
    static let none = FirmwareInventory(SMBIOS(parsing: []), files: SysTree(root: "/nonexistent"))

    /// What is not asked for here can be asked of the structures.
    let table: SMBIOS
    let modules: MemoryModules
    let processors: FirmwareProcessors
    private(set) var components: [Component] = []
    /// What the other parts are plugged into; nil where nothing names a board.
    private(set) var board: ComponentID?
    /// Bytes of each module.
    private(set) var memorySizes: [(ComponentID, Double)] = []

    /// - Parameter files: `/sys/class/dmi/id` of this tree fills in what the table lacks, or hides because only
    ///   root may read it.
    init(_ table: SMBIOS, files: SysTree) {
        self.table = table
        modules = MemoryModules(table)
        processors = FirmwareProcessors(table)
        let file: (String) -> String? = { PlaceholderText.removed(try? files.text("/sys/class/dmi/id/\($0)")) }
        let system = table.structures(ofType: 1).first
        let chassis = table.structures(ofType: 3).first
        let bios = table.structures(ofType: 0).first
        let main = table.structures(ofType: 2).first
        var part = Part(
            manufacturer: system?.string(0x04) ?? chassis?.string(0x04) ?? file("sys_vendor") ?? file("chassis_vendor"),
            model: system?.string(0x05) ?? file("product_name"),
            partNumber: system?.string(0x19) ?? file("product_sku"),
            serial: chassis?.string(0x07) ?? system?.string(0x07) ?? file("chassis_serial") ?? file("product_serial"))
        var attributes: [String: String] = [:]
        attributes["system_serial"] = system?.string(0x07) ?? file("product_serial")
        attributes["asset_tag"] = chassis?.string(0x08) ?? file("chassis_asset_tag")
        attributes["family"] = system?.string(0x1A) ?? file("product_family")
        attributes["smbios_problem"] = table.structures.isEmpty ? nil : table.problem
        let chassisID = ComponentID(.chassis, "main")
        if part != Part() {
            components.append(
                Component(id: chassisID, kind: .chassis, name: "chassis", part: part, attributes: attributes))
        }
        part = Part(
            manufacturer: main?.string(0x04) ?? file("board_vendor"), model: main?.string(0x05) ?? file("board_name"),
            partNumber: main?.string(0x06) ?? file("board_version"), serial: main?.string(0x07) ?? file("board_serial"),
            firmware: bios?.string(0x05) ?? file("bios_version"))
        if part != Part() {
            attributes = [:]
            attributes["bios_vendor"] = bios?.string(0x04) ?? file("bios_vendor")
            attributes["bios_date"] = bios?.string(0x08) ?? file("bios_date")
            let id = ComponentID(.board, "main")
            board = id
            components.append(
                Component(
                    id: id, kind: .board, parent: components.isEmpty ? nil : chassisID, name: "main board", part: part,
                    attributes: attributes))
        }
        components += processors.components
        for module in modules.modules.map(\.component) {
            components.append(module)
            if let bytes = module.attributes["size_bytes"].flatMap(Double.init) {
                memorySizes.append((module.id, bytes))
            }
        }
    }

    func coreCounts(at time: Timestamp) -> [Observation] {
        processors.cores.flatMap { id, enabled, present in
            [("enabled", enabled), ("present", present)].compactMap { state, count in
                count.map {
                    Observation(
                        component: id, signal: Signal("hw.cpu.core.count", ["state": state]),
                        measurement: .reading(Double($0)), time: time)
                }
            }
        }
    }
}

extension FirmwareInventory: Equatable {
    static func == (left: FirmwareInventory, right: FirmwareInventory) -> Bool {
        left.components == right.components && left.memorySizes.elementsEqual(right.memorySizes, by: ==)
            && left.table.structures.count == right.table.structures.count
    }
}
