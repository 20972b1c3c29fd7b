import Foundation
import TestSupport
import Testing
import Transfer

@Suite("Bounded gzip")
struct GzipTests {
    @Test("What was compressed comes back", arguments: [0, 1, 65_535, 65_536, 65_537, 3_000_000])
    func roundTrip(_ count: Int) throws {
        var generator = SystemRandomNumberGenerator()
        let data = Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
        let compressed = try Gzip.compress(data)
        #expect(Array(compressed.prefix(2)) == [0x1F, 0x8B])
        #expect(try Gzip.decompress(compressed, limit: count) == data)
        // A slice of other data has indices that do not begin at 0.
        #expect(try Gzip.decompress((Data([1, 2, 3]) + compressed).dropFirst(3), limit: count) == data)
    }

    @Test("The real gzip reads what is compressed here, and the other way round")
    func realGzip() throws {
        let data = Data(String(repeating: "voltage 11.9 V\n", count: 10_000).utf8)
        #expect(try runProgram("/usr/bin/gzip", ["-dc"], input: try Gzip.compress(data)).output == data)
        let foreign = try runProgram("/usr/bin/gzip", ["-c"], input: data).output
        #expect(try Gzip.decompress(foreign, limit: data.count) == data)
    }

    @Test("A bomb is refused at one byte past the limit, and costs no more memory than that")
    func bomb() throws {
        let bomb = try Gzip.compress(Data(count: 50_000_000))
        #expect(bomb.count < 60_000)
        #expect(throws: GzipError.tooLarge(limit: 1_000_000)) { try Gzip.decompress(bomb, limit: 1_000_000) }
        #expect(throws: GzipError.tooLarge(limit: 49_999_999)) { try Gzip.decompress(bomb, limit: 49_999_999) }
        #expect(try Gzip.decompress(bomb, limit: 50_000_000).count == 50_000_000)
    }

    @Test("Members after one another are one text, and count together against the limit")
    func members() throws {
        let two = try Gzip.compress(Data("ab".utf8)) + Gzip.compress(Data("cd".utf8))
        #expect(try Gzip.decompress(two, limit: 4) == Data("abcd".utf8))
        #expect(throws: GzipError.tooLarge(limit: 3)) { try Gzip.decompress(two, limit: 3) }
    }

    @Test("Truncated, damaged and foreign data are refused")
    func damaged() throws {
        let data = try Gzip.compress(Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0 * $0) }))
        for count in 0..<data.count {
            #expect(throws: GzipError.truncated) { try Gzip.decompress(data.prefix(count), limit: 10_000) }
        }
        var broken = data
        broken[data.count - 5] ^= 1
        #expect(throws: GzipError.malformed) { try Gzip.decompress(broken, limit: 10_000) }
        #expect(throws: GzipError.malformed) { try Gzip.decompress(Data("plain text".utf8), limit: 10_000) }
        #expect(throws: GzipError.malformed) { try Gzip.decompress(data + Data("tail".utf8), limit: 10_000) }
    }
}
