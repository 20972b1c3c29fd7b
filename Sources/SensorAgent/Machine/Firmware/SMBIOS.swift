/// The structures of a System Management BIOS table (DMTF DSP0134), bounded and forgiving: a broken table gives what
/// stands before the break.
struct SMBIOS: Sendable {
    /// Where the kernel hands out the table; only root may read it.
    static let path = "/sys/firmware/dmi/tables/DMI"
    /// Structures read of one table; the largest recorded server has under 1,000.
    static let structureLimit = 8_192
    /// Bytes of one table as read from sysfs.
    static let tableBytes = 1 << 20

    /// One structure: the formatted area and its strings.
    struct Structure: Sendable {
        let type: UInt8
        let handle: UInt16
        /// The formatted area with its header of 4 bytes, so that offsets are those of the standard.
        fileprivate let bytes: ArraySlice<UInt8>
        fileprivate let strings: [String]

        func byte(_ offset: Int) -> UInt8? {
            offset < bytes.count ? bytes[bytes.startIndex + offset] : nil
        }

        func word(_ offset: Int) -> UInt16? {
            guard let low = byte(offset), let high = byte(offset + 1) else { return nil }
            return UInt16(high) << 8 | UInt16(low)
        }

        func double(_ offset: Int) -> UInt32? {
            guard let low = word(offset), let high = word(offset + 2) else { return nil }
            return UInt32(high) << 16 | UInt32(low)
        }

        /// The string whose number stands at `offset`; nil where there is none or it is filler.
        func string(_ offset: Int) -> String? {
            guard let number = byte(offset), number > 0, Int(number) <= strings.count else { return nil }
            return PlaceholderText.removed(strings[Int(number) - 1])
        }
    }

    let structures: [Structure]
    /// Where and why reading ended before the end-of-table structure; nil for a whole table.
    let problem: String?

    /// Parses the raw table of `/sys/firmware/dmi/tables/DMI`, or a file of `dmidecode --dump-bin`, which has the entry
    /// point before it, or of `GetSystemFirmwareTable`.
    init(parsing file: [UInt8]) {
        let table = SMBIOS.table(in: file)
        var structures: [Structure] = []
        var problem: String? = "the table ends without its end-of-table structure"
        var at = table.startIndex
        while at < table.endIndex {
            guard structures.count < SMBIOS.structureLimit else {
                problem = "more than \(SMBIOS.structureLimit) structures"
                break
            }
            guard table.endIndex - at >= 4, table[at + 1] >= 4, table.endIndex - at >= Int(table[at + 1]) else {
                problem =
                    "structure \(structures.count) at byte \(at - table.startIndex) is cut off or shorter than its header"
                break
            }
            let formatted = table[at..<(at + Int(table[at + 1]))]
            let (strings, end) = SMBIOS.strings(in: table, from: formatted.endIndex)
            structures.append(
                Structure(
                    type: table[at], handle: UInt16(table[at + 3]) << 8 | UInt16(table[at + 2]), bytes: formatted,
                    strings: strings))
            if table[at] == 127 {
                problem = nil
                break
            }
            at = end
        }
        self.structures = structures
        self.problem = structures.isEmpty ? problem ?? "no structure in it" : problem
    }

    /// The table of the machine that `tree` is; empty where it may not be read or is not there.
    init(of tree: SysTree) {
        self.init(parsing: (try? tree.bytes(SMBIOS.path, limit: SMBIOS.tableBytes)) ?? [])
    }

    func structures(ofType type: UInt8) -> [Structure] { structures.filter { $0.type == type } }

    /// The table without the entry point (`_SM_`, `_SM3_`) that dmidecode puts before it.
    private static func table(in file: [UInt8]) -> ArraySlice<UInt8> {
        let word: (Int) -> Int = { offset in
            guard offset + 4 <= file.count else { return 0 }
            return (0..<4).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) }
        }
        let start: Int
        if file.starts(with: "_SM3_".utf8) {
            start = word(0x10)
        } else if file.starts(with: "_SM_".utf8) {
            start = word(0x18)
        } else if file.starts(with: "_DMI_".utf8) {
            start = word(0x08)
        } else if file.count > 8, word(4) == file.count - 8 {
            start = 8  // Windows' RawSMBIOSData: four bytes of version, then the length.
        } else {
            return file[...]
        }
        return file[min(max(start, 0), file.count)...]
    }

    /// The strings behind a formatted area, and where the next structure begins.
    private static func strings(in table: ArraySlice<UInt8>, from start: Int) -> ([String], Int) {
        var strings: [String] = []
        var at = start
        while at < table.endIndex, table[at] != 0 {
            let end = table[at...].firstIndex(of: 0) ?? table.endIndex
            strings.append(String(decoding: table[at..<end], as: UTF8.self))
            at = min(end + 1, table.endIndex)
        }
        // Two zeros end the set; a set without strings is two zeros by itself.
        return (strings, min(at + (strings.isEmpty ? 2 : 1), table.endIndex))
    }
}
