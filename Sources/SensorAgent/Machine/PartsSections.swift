/// What of a machine's parts is read together.
struct PartsSections: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    /// SMBIOS, which does not change while a machine runs.
    static let firmware = PartsSections(rawValue: 1)
    static let processors = PartsSections(rawValue: 2)
    /// What EDAC counts for.
    static let memory = PartsSections(rawValue: 4)
    /// Network ports.
    static let cards = PartsSections(rawValue: 8)
    /// SCSI hosts and USB ports, each with the PCI function that it hangs on.
    static let buses = PartsSections(rawValue: 16)
    static let disks = PartsSections(rawValue: 32)

    /// In the order of reading: what hangs most often comes last, so that it keeps nothing else back.
    static let inOrder: [PartsSections] = [.firmware, .processors, .memory, .cards, .buses, .disks]
    static let all = PartsSections(inOrder)
}
