import Reports

/// Where in the memory an error was, as EDAC or the firmware names it.
struct MemoryErrorLocation: Hashable, Sendable {
    /// `mc0`; nil where only the firmware's words are known.
    var controller: String?
    /// EDAC's label: `CPU_SrcID#0_MC#0_Chan#1_DIMM#0`, `DIMM_A1`.
    var label: String?
    /// The layers of EDAC by name: `channel` 1, `slot` 0, `csrow` 3.
    var layers: [String: Int] = [:]
    /// EDAC's positions where their names are not known (`location:0:1:-1`): upper, middle, lower.
    var position: [Int] = []
    /// SMBIOS handle of the module, which the firmware names in its error records.
    var handle: UInt16?
    /// What the firmware calls the unit that failed (`fru_text`): `D2`, `DIMM_A1`, `Card02, ChnF, DIMM0`.
    var unit: String?
    /// The processor whose memory controller reported it, where no more is known.
    var processor: ComponentID?
}
