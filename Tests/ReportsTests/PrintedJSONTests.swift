import Foundation
import Reports
import Testing

@Suite("JSON that is printed")
struct PrintedJSONTests {
    private struct Document: Codable, Equatable {
        var time: Timestamp
        var earlier: Timestamp?
    }

    @Test(
        "Times are printed as RFC 3339 in UTC, with milliseconds where there are any, and sent as numbers",
        arguments: [
            (1_763_712_000_000, "2025-11-21T08:00:00Z"), (1_763_712_000_250, "2025-11-21T08:00:00.250Z"),
            (1_763_712_000_007, "2025-11-21T08:00:00.007Z"), (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ])
    func times(milliseconds: Int64, text: String) throws {
        let time = Timestamp(milliseconds: milliseconds)
        #expect(time.precise == text)
        let document = Document(time: time, earlier: nil)
        let printed = try PrintedJSON.text(of: document, isOneLine: true)
        #expect(printed == #"{"time":"\#(text)"}"#)
        #expect(String(decoding: try WireFormat.encode(document), as: UTF8.self) == #"{"time":\#(milliseconds)}"#)
        // What was printed can be read again.
        #expect(try WireFormat.decode(Document.self, from: Data(printed.utf8)) == document)
    }

    @Test(
        "A text that is no time is refused",
        arguments: ["", "1763712000", "today", "2025-11-21", "T", "2025-13-21T08:00:00Z"])
    func refused(text: String) {
        #expect(throws: DecodingError.self) {
            try WireFormat.decode(Document.self, from: Data(#"{"time":"\#(text)"}"#.utf8))
        }
    }

    @Test("For people it is indented, and names are sorted")
    func indented() throws {
        let document = Document(time: Timestamp(milliseconds: 0), earlier: Timestamp(milliseconds: 0))
        #expect(
            try PrintedJSON.text(of: document) == """
                {
                  "earlier" : "1970-01-01T00:00:00Z",
                  "time" : "1970-01-01T00:00:00Z"
                }
                """)
    }
}
