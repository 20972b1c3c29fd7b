@testable import SensorAgent

/// Sensor data records made byte by byte after tables 43-1 to 43-3 of the specification.
enum MadeSensorRecord {
    static func full(
        _ name: String, number: UInt8, type: UInt8 = 1, m: Int = 1, b: Int = 0, k1: Int = 0, k2: Int = 0,
        format: UInt8 = 0, linearization: UInt8 = 0, unit: UInt8 = 1, lun: UInt8 = 0, eventType: UInt8 = 1,
        owner: UInt8 = 0x20
    ) -> [UInt8] {
        func low(_ value: Int) -> UInt8 { UInt8(truncatingIfNeeded: value) }
        func high(_ value: Int) -> UInt8 { UInt8(truncatingIfNeeded: value >> 8 & 3) << 6 }
        return [owner, lun, number, 7, number, 0x7F, 0x68, type, eventType, 0, 0, 0, 0, 0, 0]
            + [format << 6, unit, 0, linearization]
            + [low(m), high(m), low(b), high(b), 0, low(k2 << 4) | low(k1 & 0x0F)]
            + [UInt8](repeating: 0, count: 17) + [0xC0 | UInt8(name.utf8.count)] + Array(name.utf8)
    }

    static func compact(_ name: String, number: UInt8, type: UInt8, eventType: UInt8 = 0x6F) -> [UInt8] {
        [0x20, 0, number, 7, number, 0x67, 0x40, type, eventType, 0xFF, 0x7F, 0xFF, 0x7F, 0xFF, 0x7F, 0xC0, 0, 0, 1]
            + [UInt8](repeating: 0, count: 7) + [0xC0 | UInt8(name.utf8.count)] + Array(name.utf8)
    }

    static func eventOnly(_ name: String, number: UInt8) -> [UInt8] {
        [0x20, 0, number, 7, number, 0x12, 0x6F, 1, 0, 0, 0, 0xC0 | UInt8(name.utf8.count)] + Array(name.utf8)
    }

    /// A repository as it is stored.
    static func dump(_ records: [(type: UInt8, body: [UInt8])]) -> [UInt8] {
        records.enumerated().flatMap { index, record in
            [UInt8(index & 0xFF), UInt8(index >> 8 & 0xFF), 0x51, record.type, UInt8(record.body.count)] + record.body
        }
    }
}
