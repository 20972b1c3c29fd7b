import Reports

/// Chassis, board, processors and memory modules, as SMBIOS tells of them (DSP0134 types 0 to 4 and 17).
struct FirmwareInventory: Sendable {
    private(set) var components: [Component] = []
    /// What the other parts are plugged into; nil where nothing names a board.
    private(set) var board: ComponentID?
    /// Bytes of each module.
    private(set) var memorySizes: [(ComponentID, Double)] = []
    private var cores: [(ComponentID, enabled: UInt16?, present: UInt16?)] = []

    /// - Parameter files: `/sys/class/dmi/id` of this tree fills in what the table does not say, or cannot because only
    ///   root may read it.
    init(_ table: SMBIOS, files: SysTree) {
        let file: (String) -> String? = { Filler.removed(try? files.text("/sys/class/dmi/id/\($0)")) }
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
        for (index, structure) in table.structures(ofType: 4).enumerated() { addProcessor(structure, index) }
        for module in MemoryModules(table).modules.map(\.component) {
            components.append(module)
            if let bytes = module.attributes["size_bytes"].flatMap(Double.init) {
                memorySizes.append((module.id, bytes))
            }
        }
    }

    private mutating func addProcessor(_ structure: SMBIOS.Structure, _ index: Int) {
        // Bit 6 of the status: the socket is populated. Tables that are cut before it leave it open.
        guard structure.byte(0x18).map({ $0 & 0x40 != 0 }) ?? true else { return }
        let socket = structure.string(0x04)
        let taken = components.contains { $0.id == ComponentID(.cpu, socket ?? "") }
        let id = ComponentID(.cpu, taken || socket == nil ? "\(index)" : socket ?? "")
        var attributes: [String: String] = [:]
        attributes["speed_mhz"] = structure.word(0x16).flatMap { $0 == 0 ? nil : String($0) }
        components.append(
            Component(
                id: id, kind: .cpu, name: socket ?? "processor \(index)",
                part: Part(
                    manufacturer: structure.string(0x07), model: structure.string(0x10),
                    partNumber: structure.string(0x22),
                    serial: structure.string(0x20), location: socket),
                attributes: attributes))
        cores.append((id, enabled: count(structure, 0x24, wide: 0x2C), present: count(structure, 0x23, wide: 0x2A)))
    }

    /// A count of one byte that says 255 where the word behind it holds the count.
    private func count(_ structure: SMBIOS.Structure, _ offset: Int, wide: Int) -> UInt16? {
        guard let count = structure.byte(offset), count != 0 else { return nil }
        return count == 0xFF ? structure.word(wide) : UInt16(count)
    }

    func coreCounts(at time: Timestamp) -> [Observation] {
        cores.flatMap { id, enabled, present in
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
