import Reports

/// The processors that SMBIOS names (DSP0134 type 4), in the order of its structures; empty sockets are left out.
struct FirmwareProcessors: Sendable {
    private(set) var components: [Component] = []
    private(set) var cores: [(ComponentID, enabled: UInt16?, present: UInt16?)] = []

    init(_ table: SMBIOS) {
        for (index, structure) in table.structures(ofType: 4).enumerated() { add(structure, index) }
    }

    private mutating func add(_ structure: SMBIOS.Structure, _ index: Int) {
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

    /// A count of one byte that is 255 where the word behind it holds the count.
    private func count(_ structure: SMBIOS.Structure, _ offset: Int, wide: Int) -> UInt16? {
        guard let count = structure.byte(offset), count != 0 else { return nil }
        return count == 0xFF ? structure.word(wide) : UInt16(count)
    }
}
