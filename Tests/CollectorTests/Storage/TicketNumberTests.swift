import Reports
import Testing

@testable import Collector

@Suite("Ticket numbers")
struct TicketNumberTests {
    /// Gives these numbers in turn, over and over.
    private struct Repeating: RandomNumberGenerator {
        var values: [UInt64]
        private var place = 0

        init(_ values: UInt64...) { self.values = values }

        mutating func next() -> UInt64 {
            defer { place += 1 }
            return values[place % values.count]
        }
    }

    @Test("A number is made of forty random bits, five a letter, in letters that nobody mistakes for others")
    func form() throws {
        var zeros = Repeating(0)
        #expect(try TicketNumber.draw(using: &zeros) { _ in false } == "CH-0000-0000")
        var ones = Repeating(.max)
        #expect(try TicketNumber.draw(using: &ones) { _ in false } == "CH-ZZZZ-ZZZZ")
        var counted = Repeating((0..<8).reduce(0) { $0 | UInt64($1 + 10) << (5 * UInt64($1)) })
        #expect(try TicketNumber.draw(using: &counted) { _ in false } == "CH-ABCD-EFGH")
    }

    @Test("A number that is in use is drawn anew")
    func anew() throws {
        var generator = Repeating(0, 0, .max)
        #expect(try TicketNumber.draw(using: &generator) { $0 == "CH-0000-0000" } == "CH-ZZZZ-ZZZZ")
    }

    @Test("A generator that gives only numbers that are in use ends in an error, and not never")
    func broken() {
        var generator = Repeating(0)
        #expect(throws: StoreError.self) { try TicketNumber.draw(using: &generator) { _ in true } }
    }
}
