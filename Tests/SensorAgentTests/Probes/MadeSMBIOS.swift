/// SMBIOS tables made for the tests.
enum MadeSMBIOS {
    /// One structure: formatted area behind the header, then its strings.
    static func structure(_ type: UInt8, handle: UInt16, _ formatted: [UInt8], _ strings: [String]) -> [UInt8] {
        [type, UInt8(formatted.count + 4), UInt8(handle & 0xFF), UInt8(handle >> 8)] + formatted
            + (strings.isEmpty ? [0] : strings.flatMap { Array($0.utf8) + [0] }) + [0]
    }

    /// A table of memory modules of 32 GiB, with handles from 0x1100, and its end.
    static func modules(_ slots: [(locator: String, bank: String)]) -> [UInt8] {
        slots.enumerated().flatMap { index, slot in
            var area = [UInt8](repeating: 0, count: 0x28 - 4)
            area[0x0C - 4] = 0xFF
            area[0x0D - 4] = 0x7F
            area[0x1C - 4 + 1] = 0x80  // 0x8000 MiB
            area[0x10 - 4] = 1
            area[0x11 - 4] = 2
            area[0x12 - 4] = 0x1A
            area[0x17 - 4] = 3
            area[0x18 - 4] = 4
            area[0x1A - 4] = 5
            return structure(
                17, handle: 0x1100 + UInt16(index), area,
                [slot.locator, slot.bank, "Made Up", "SN00000\(index)", "MU-32G-\(index)"])
        } + structure(127, handle: 0xFEFF, [], [])
    }
}
