import Foundation
import Reports
import Testing

@Suite("Numbers of the wire")
struct BoundedTests {
    private func receipt(_ change: (inout Receipt) -> Void) -> Receipt {
        var receipt = Receipt(
            host: "h", epoch: 1, progress: [], refused: [], time: Timestamp(seconds: 1_795_000_000))
        change(&receipt)
        return receipt
    }

    @Test("A number outside its bounds counts as the nearest inside, whoever wrote it")
    func clamped() throws {
        let epochs: [(Int64, Int64)] = [
            (.min, 0), (-1, 0), (0, 0), (1 << 53, 1 << 53), ((1 << 53) + 1, 1 << 53), (.max, 1 << 53),
        ]
        for (written, read) in epochs { #expect(receipt { $0.epoch = written }.epoch == read) }
        let json = String(decoding: try WireFormat.encode(receipt { $0.epoch = 7 }), as: UTF8.self)
        for (written, read) in epochs {
            let changed = json.replacing("\"epoch\":7", with: "\"epoch\":\(written)")
            #expect(try WireFormat.decode(Receipt.self, from: Data(changed.utf8)).epoch == read)
        }
    }

    @Test("A time is read within the years 1 to 9999, and a wrong clock rejects nothing")
    func times() throws {
        func read(_ json: String) throws -> Int64 {
            try WireFormat.decode([Timestamp].self, from: Data("[\(json)]".utf8))[0].milliseconds
        }
        #expect(try read("-9223372036854775808") == -62_135_596_800_000)
        #expect(try read("-62135596800000") == -62_135_596_800_000)
        #expect(try read("253402300799999") == 253_402_300_799_999)
        #expect(try read("253402300800000") == 253_402_300_799_999)
        #expect(try read("9223372036854775807") == 253_402_300_799_999)
        #expect(try read("1700000000000") == 1_700_000_000_000)
        #expect(throws: DecodingError.self) { _ = try read("1e30") }
    }
}
