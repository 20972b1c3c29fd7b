import Foundation
import Reports
import Testing

@Suite("Times of any number")
struct TimestampRangeTests {
    @Test("Any number of seconds is a time, the nearest there is where it is too large for one")
    func seconds() {
        #expect(Timestamp(seconds: 1_763_712_000).milliseconds == 1_763_712_000_000)
        #expect(Timestamp(seconds: .max).milliseconds == .max)
        #expect(Timestamp(seconds: .min).milliseconds == .min)
        #expect(Timestamp(seconds: Int64.max / 1000 + 1).milliseconds == .max)
    }

    @Test("Any date is a time as well, also one that no calendar has")
    func dates() {
        #expect(Timestamp(Date(timeIntervalSince1970: 1.5)).milliseconds == 1_500)
        #expect(Timestamp(Date(timeIntervalSince1970: 1e300)).milliseconds == .max)
        #expect(Timestamp(Date(timeIntervalSince1970: -.infinity)).milliseconds == .min)
        #expect(Timestamp(Date(timeIntervalSince1970: .nan)).milliseconds == 0)
    }

    @Test(
        "What is no time of the years 1 to 9999 is none, whatever its digits",
        arguments: [
            "999999999999999999-01-01T00:00:00Z", "-1-01-01T00:00:00Z", "99999-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z", "2026-99-99T99:99:99Z", "2026-01-01T00:00:00+99:99",
            "2026-01-01T00:00:00.99999999999999999999999999999999Z", "1e400", "-", ".", "--5", "99999999999999999999",
            "2026-01-01T-1:00:00Z", "T",
        ])
    func texts(text: String) throws {
        if let time = Timestamp(text: text) {
            // What a reader of dates makes of digits past its own is up to it; it is within what can be printed.
            #expect((-62_135_596_800_000..<253_402_300_800_000).contains(time.milliseconds), "\(text)")
        }
        let json = Data("[\"\(text)\"]".utf8)
        _ = try? JSONDecoder().decode([Timestamp].self, from: json)
    }
}
