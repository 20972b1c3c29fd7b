import Reports

/// The memory modules of a server: what SMBIOS lists as plugged in (type 17), joined with what EDAC counts errors for.
///
/// One module is one component, whichever probe names it: `dimm:DIMM_A1` by the locator printed on the board where
/// EDAC's label leads to exactly one, else `dimm:mc0/dimm3` by EDAC's own number, called by its label where that may be a
/// place on the board.
struct MemoryModules: Sendable {
    /// One type 17 structure with a module in it.
    struct Module: Hashable, Sendable {
        var handle: UInt16
        var locator: String?
        var bank: String?
        var component: Component
    }

    let modules: [Module]

    init(_ table: SMBIOS) {
        let plugged = table.structures(ofType: 17).compactMap { structure in
            MemoryModules.bytes(of: structure).map { (structure, $0) }
        }
        let locators = plugged.map { $0.0.string(0x10) ?? "" }
        let fullNames = plugged.map { MemoryModules.fullName($0.0) }
        modules = plugged.map { structure, bytes in
            let locator = structure.string(0x10)
            let bank = structure.string(0x11)
            let handle = "handle-0x" + hexadecimal(UInt64(structure.handle), digits: 4)
            // Boards that call every slot `DIMM 0` tell them apart by the bank.
            let isUnique = locators.count { $0 == locator ?? "" } == 1
            let full = MemoryModules.fullName(structure)
            let name = isUnique ? locator ?? handle : fullNames.count { $0 == full } == 1 ? full : handle
            let part = Part(
                manufacturer: structure.string(0x17), partNumber: structure.string(0x1A),
                serial: structure.string(0x18),
                firmware: structure.string(0x2B), location: isUnique ? locator : full.isEmpty ? nil : full)
            var attributes = ["handle": String(handle.dropFirst(7))]
            attributes["bank"] = bank
            attributes["size_bytes"] = bytes > 0 ? String(bytes) : nil
            attributes["memory_type"] = structure.byte(0x12).flatMap { MemoryModules.types[$0] }
            attributes["speed_mts"] = structure.word(0x15).flatMap { $0 == 0 || $0 == 0xFFFF ? nil : String($0) }
            attributes["ranks"] = structure.byte(0x1B).flatMap { $0 & 0xF == 0 ? nil : String($0 & 0xF) }
            return Module(
                handle: structure.handle, locator: locator, bank: bank,
                component: Component(
                    id: ComponentID(.dimm, name), kind: .dimm, name: name, part: part, attributes: attributes))
        }
    }

    private static func fullName(_ structure: SMBIOS.Structure) -> String {
        [structure.string(0x11), structure.string(0x10)].compactMap { $0 }.joined(separator: "/")
    }

    /// The component for an EDAC module (`mc0/dimm3`) with `label`: the SMBIOS module that the label names, or one of
    /// its own that states why none could be named.
    func component(edac name: String, label: String?) -> Component {
        var component = label.flatMap(module(labelled:)) ?? own(name, label: label)
        component.attributes["edac"] = name
        component.attributes["label"] = label
        return component
    }

    /// A module of which only its label is known, as an error record has it.
    func component(labelled label: String) -> Component { module(labelled: label) ?? own(label, label: label) }

    /// A module that no structure of SMBIOS is known to be. It is called by its label where that is a place on the board.
    private func own(_ name: String, label: String?) -> Component {
        let matches = label.map(modules(labelled:)) ?? []
        let place = label.flatMap { matches.count < 2 && MemoryModules.isPlace($0) ? $0 : nil }
        var component = Component(id: ComponentID(.dimm, name), kind: .dimm, name: place ?? name)
        component.part.location = place
        component.attributes["ambiguous"] = doubt(of: label, place: place, matches: matches)
        // Known by its label alone, it is what others call by that name.
        if modules.isEmpty, place == name { component.attributes["ambiguous"] = nil }
        return component
    }

    /// Why it is not sure which module it is.
    private func doubt(of label: String?, place: String?, matches: [Module]) -> String {
        if matches.count > 1 {
            return "the label fits \(matches.compactMap(\.component.part.location).sorted().joined(separator: ", "))"
        }
        if !modules.isEmpty { return "no locator of SMBIOS fits the label" }
        if place != nil { return "SMBIOS lists no modules: its label alone says where it is" }
        return label == nil
            ? "SMBIOS lists no modules, and the driver has no label"
            : "SMBIOS lists no modules, and the label is the driver's own"
    }

    /// Whether a label may be what is printed on the board, or what somebody has registered (edac-ctl). Drivers make labels of
    /// their own numbers: `CPU_SrcID#0_MC#0_Chan#0_DIMM#0`, `mc#0csrow#1channel#0`, `CPU#0Channel#1_DIMM#2`,
    /// `Channel#A_Slot#0` (Linux, drivers/edac); what is printed has one number sign at most.
    static func isPlace(_ label: String) -> Bool {
        !MemoryTopology.isVague(label) && label.count { $0 == "#" } < 2 && label.contains { $0.isLetter || $0.isNumber }
    }

    /// The one module that `label` names; nil where none or several fit.
    func module(labelled label: String) -> Component? {
        let matches = modules(labelled: label)
        return matches.count == 1 ? matches.first?.component : nil
    }

    /// The one module that the firmware means by the text of a field-replaceable unit: by its whole locator, or by the end
    /// of it (`D2` of `DIMM_D2`); nil where none or several fit.
    func module(ofUnit text: String) -> Component? {
        let wanted = MemoryModules.plain(text)
        guard MemoryModules.isUnitName(text) else { return nil }
        let whole = modules(labelled: text)
        if whole.count == 1 { return whole.first?.component }
        let ends = modules.filter { module in
            guard let locator = module.locator.map(MemoryModules.plain), locator.hasSuffix(wanted) else { return false }
            // `A1` is not the end of `AA1`, nor `12` that of `DIMM112`.
            guard let before = locator.dropLast(wanted.count).last, let first = wanted.first else { return true }
            return first.isNumber
                ? !before.isNumber : module.locator.map { PlaceName.isEnd(wanted, of: $0) } ?? false
        }
        return ends.count == 1 ? ends.first?.component : nil
    }

    /// Whether the text may be a name: `DIMM# Sourced`, `Memory` and blanks are none.
    static func isUnitName(_ text: String) -> Bool {
        text.contains { $0.isNumber } && PlaceholderText.removed(text) != nil
    }

    private static func plain(_ text: String) -> String {
        text.uppercased().filter { $0.isLetter || $0.isNumber }
    }

    /// ghes_edac writes `BANK LOCATOR`, or the handle where it knows no more; others write the board's label when the
    /// administrator has registered one (edac-ctl), and a made-up name (`CPU_SrcID#0_MC#0_Chan#0_DIMM#0`) when not.
    private func modules(labelled label: String) -> [Module] {
        if let start = label.firstRange(of: "(handle: 0x")?.upperBound,
            let handle = UInt16(label[start...].prefix(while: { $0 != ")" }), radix: 16)
        {
            return modules.filter { $0.handle == handle }
        }
        let wanted = MemoryModules.plain(label)
        let full = modules.filter { MemoryModules.plain(($0.bank ?? "") + ($0.locator ?? "")) == wanted }
        return full.isEmpty ? modules.filter { $0.locator.map(MemoryModules.plain) == wanted } : full
    }

    /// Bytes of the module; nil for an empty slot, 0 for a module of unknown size.
    private static func bytes(of structure: SMBIOS.Structure) -> UInt64? {
        guard let size = structure.word(0x0C), size != 0 else { return nil }
        if size == 0xFFFF { return 0 }
        if size == 0x7FFF, let megabytes = structure.double(0x1C) { return UInt64(megabytes & 0x7FFF_FFFF) << 20 }
        return size & 0x8000 == 0 ? UInt64(size) << 20 : UInt64(size & 0x7FFF) << 10
    }

    /// DSP0134 table 78, those that are still to be met.
    private static let types: [UInt8: String] = [
        0x0F: "SDRAM", 0x12: "DDR", 0x13: "DDR2", 0x14: "DDR2 FB-DIMM", 0x18: "DDR3", 0x1A: "DDR4", 0x1B: "LPDDR",
        0x1C: "LPDDR2", 0x1D: "LPDDR3", 0x1E: "LPDDR4", 0x1F: "logical non-volatile", 0x20: "HBM", 0x21: "HBM2",
        0x22: "DDR5", 0x23: "LPDDR5", 0x24: "HBM3",
    ]
}
