import Foundation

/// The device tree of a server that does not exist, as files: what libsensors, EDAC and the firmware would show of it.
///
/// It is seen as `/sys` by a program that runs under umockdev's wrapper, so the agent's real probes and the real
/// libsensors read it. All makers, models and serial numbers are made up and say so.
struct MadeUpTree: Sendable {
    let root: URL

    init(root: URL) throws {
        self.root = root
        for (path, value) in MadeUpTree.healthy { try set(path, to: value) }
        try FileManager.default.createDirectory(at: root.appending(path: "dev"), withIntermediateDirectories: true)
        try set("etc/machine-id", to: "00000000000000000000000000c0ffee")
        try write(MadeUpFirmware.table, to: "sys/firmware/dmi/tables/DMI")
        try write(MadeUpFirmware.entryPoint, to: "sys/firmware/dmi/tables/smbios_entry_point")
    }

    /// Changes one file of the tree at once: a reader sees the old value or the new one.
    func set(_ path: String, to value: String) throws { try write(Data("\(value)\n".utf8), to: path) }

    private func write(_ data: Data, to path: String) throws {
        let file = root.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file, options: .atomic)
    }

    static let chip = "sys/class/hwmon/hwmon0"
    static let memory = "sys/devices/system/edac/mc/mc0"

    private static let healthy: [String: String] = {
        var files = [
            "\(chip)/name": "madeup",
            "\(chip)/temp1_label": "Inlet", "\(chip)/temp1_input": "24000", "\(chip)/temp1_max": "42000",
            "\(chip)/temp1_crit": "47000",
            "\(chip)/temp2_label": "Board", "\(chip)/temp2_input": "41000", "\(chip)/temp2_max": "70000",
            "\(chip)/temp2_crit": "85000",
            "\(chip)/in0_label": "12V", "\(chip)/in0_input": "12096", "\(chip)/in0_min": "11400",
            "\(chip)/in0_max": "12600",
            "\(chip)/power1_label": "PSU 1", "\(chip)/power1_input": "118000000",
            "\(memory)/mc_name": "Made-up memory controller", "\(memory)/ce_count": "0", "\(memory)/ue_count": "0",
            "\(memory)/ce_noinfo_count": "0", "\(memory)/ue_noinfo_count": "0", "\(memory)/size_mb": "131072",
        ]
        for fan in 1...4 {
            files["\(chip)/fan\(fan)_label"] = "Fan \(fan)"
            files["\(chip)/fan\(fan)_input"] = "\(5_400 + fan * 60)"
            files["\(chip)/fan\(fan)_min"] = "1200"
            files["\(chip)/fan\(fan)_alarm"] = "0"
        }
        for (index, locator) in MadeUpFirmware.locators.enumerated() {
            let module = "\(memory)/dimm\(index)"
            files["\(module)/dimm_label"] = locator
            files["\(module)/dimm_location"] = "channel \(index) slot 0"
            files["\(module)/dimm_mem_type"] = "Registered-DDR4"
            files["\(module)/dimm_edac_mode"] = "S4ECD4ED"
            files["\(module)/dimm_dev_type"] = "x4"
            files["\(module)/size"] = "32768"
            files["\(module)/dimm_ce_count"] = "0"
            files["\(module)/dimm_ue_count"] = "0"
        }
        return files
    }()
}

/// An SMBIOS 3.0 table (DMTF DSP0134) of the made-up server: types 1, 2, 3, 17 and 127.
enum MadeUpFirmware {
    static let locators = ["DIMM_A1", "DIMM_B1", "DIMM_C1", "DIMM_D1"]

    static let table: Data = {
        var bytes = Data()
        // Type 1, system: manufacturer 1, product 2, version 3, serial 4, UUID, wake-up 6, SKU 0, family 0.
        bytes += structure(
            type: 1, handle: 0x0100, body: [1, 2, 3, 4] + Array(0x10...0x1F) + [6, 0, 0],
            strings: ["Example Computers (made up)", "Example Server 2U", "1", "MADE-UP-0001"])
        // Type 2, board: manufacturer 1, product 2, version 0, serial 3, no asset tag, hosting, no location, chassis.
        bytes += structure(
            type: 2, handle: 0x0200, body: [1, 2, 0, 3, 0, 0x09, 0, 0x00, 0x03, 0x0A, 0],
            strings: ["Example Computers (made up)", "EX-BOARD-1", "MADE-UP-B001"])
        // Type 3, chassis: manufacturer 1, rack mount (17h), version 0, serial 2, asset 0, states safe.
        bytes += structure(
            type: 3, handle: 0x0300, body: [1, 0x17, 0, 2, 0, 3, 3, 3, 3, 0, 0, 0, 0, 2, 1, 0, 0],
            strings: ["Example Computers (made up)", "MADE-UP-0001"])
        for (index, locator) in locators.enumerated() {
            bytes += memoryDevice(handle: 0x1100 + UInt16(index), locator: locator, serial: "MADEUPD\(index + 1)")
        }
        bytes += structure(type: 127, handle: 0x7F00, body: [], strings: [])
        return bytes
    }()

    /// `_SM3_`, version 3.0, the table's size and a checksum that makes all bytes add up to 0.
    static let entryPoint: Data = {
        var bytes = Data("_SM3_".utf8) + [0, 0x18, 3, 0, 0, 1, 0]
        bytes += littleEndian(UInt32(table.count)) + littleEndian(UInt64(0))
        bytes[5] = 0 &- bytes.reduce(0, &+)
        return bytes
    }()

    /// Type 17, SMBIOS 2.8 length (28h): 32 GiB, DIMM, DDR4, registered, 3200 MT/s.
    private static func memoryDevice(handle: UInt16, locator: String, serial: String) -> Data {
        var body: [UInt8] = []
        body += littleEndian(UInt16(0x1000)) + littleEndian(UInt16(0xFFFE))  // array, no error information
        body += littleEndian(UInt16(72)) + littleEndian(UInt16(64))  // total and data width
        body += littleEndian(UInt16(0x7FFF))  // size: see the extended size
        body += [0x09, 0, 1, 2, 0x1A] + littleEndian(UInt16(0x2080))  // DIMM, no set, locator, bank, DDR4, registered
        body += littleEndian(UInt16(3200)) + [3, 4, 0, 5, 2]  // speed, maker, serial, asset, part number, rank 2
        body += littleEndian(UInt32(32_768)) + littleEndian(UInt16(3200))  // extended size in MB, configured speed
        body += littleEndian(UInt16(1200)) + littleEndian(UInt16(1200)) + littleEndian(UInt16(1200))
        return structure(
            type: 17, handle: handle, body: body,
            strings: [locator, "NODE 0", "Example Memory (made up)", serial, "EX-32G-3200R"])
    }

    private static func structure(type: UInt8, handle: UInt16, body: [UInt8], strings: [String]) -> Data {
        var bytes = Data([type, UInt8(body.count + 4)]) + littleEndian(handle) + body
        for string in strings { bytes += Data(string.utf8) + [0] }
        bytes += strings.isEmpty ? [0, 0] : [0]
        return bytes
    }

    private static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<(Number.bitWidth / 8)).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
