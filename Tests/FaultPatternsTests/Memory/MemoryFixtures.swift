import Foundation
import Reports
import Testing

@testable import FaultPatterns

/// Times in seconds, and a memory stored and read again.
enum MemoryFixtures {
    static func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1_000) }

    static func stored<Memory: Codable>(_ memory: Memory) throws -> Memory {
        try WireFormat.decode(Memory.self, from: WireFormat.encode(memory))
    }

    /// For calls that change what they are made on.
    static func expect(
        _ answer: Bool, is expected: Bool = true, sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) {
        #expect(answer == expected, sourceLocation: sourceLocation)
    }

    static func bytes(_ memory: some Encodable) throws -> Int { try WireFormat.encode(memory).count }

    /// Numbers and times that a broken source may give.
    static let hostileNumbers: [Double] = [
        .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude,
        Double(UInt64.max), -1e99, 1e99, 0, -0.0,
    ]
    static let hostileTimes: [Timestamp] = [Int64.min, -1, 0, 1, 1_700_000_000_000, .max - 1, .max].map {
        Timestamp(milliseconds: $0)
    }
    /// The same as the wire keeps them, and the first and last that it keeps with room for any window.
    static let storableTimes: [Timestamp] = [-62_000_000_000_000, -1, 0, 1, 1_700_000_000_000, 253_000_000_000_000].map
    {
        Timestamp(milliseconds: $0)
    }

    /// Which times a broken clock gives.
    enum HostileTimes: CaseIterable, Sendable {
        /// Also such as no clock shows. What is stored of them is the first or last time that can be printed, and from then
        /// on that.
        case any
        /// Such as are stored as they are.
        case storable

        var list: [Timestamp] { self == .any ? hostileTimes : storableTimes }

        /// Whether a memory of them can be read again as what it is.
        func areKept<Memory: Codable & Equatable>(in memory: Memory) throws -> Bool {
            let once = try stored(memory)
            return try self == .storable ? once == memory : stored(once) == once
        }
    }

    static let hostileWindows: [Int64] = [1, 60_000, 400 * 86_400_000]
}

extension Bounds {
    func isNear(_ other: Bounds, within relative: Double = 1e-9) -> Bool {
        func near(_ left: Double, _ right: Double) -> Bool {
            left == right || abs(left - right) <= relative * max(1, abs(left), abs(right))
        }
        return near(low, other.low) && near(high, other.high)
    }

    func contains(_ value: Double) -> Bool { low <= value && value <= high }
}
