import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

@Suite("The tests that a pack carries")
struct PackTestsTests {
    private typealias F = Fixtures

    private static var tests: [[String: Any]] {
        [
            ["name": "fires", "series": ["pending": "0 20"], "expect": ["at": "2"]],
            ["name": "does not", "series": ["pending": "0 2"], "expect": "none"],
        ]
    }

    private static func json(
        _ patterns: [[String: Any]], tests: [String: Any] = ["disk.test": PackTestsTests.tests]
    ) -> Data {
        F.json(patterns, ["tests": tests])
    }

    /// A pattern that fires from this on.
    private static func pattern(_ limit: Int, _ id: String = "disk.test") -> [String: Any] {
        F.pattern(id, ["when": "pending >= \(limit)", "let": ["pending": F.pending.description]])
    }

    @Test("What `patterns build` writes carries the tests of its patterns, and runs them all")
    func built() throws {
        let file = try PatternFile(reading: Draft().tree)
        let bytes = try PatternPack.json(building: [file], version: "1")
        let pack = try PatternPack(building: [file], version: "1")
        #expect(pack.contentHash == ContentHash.sha256(bytes))
        #expect(try PatternPack(json: bytes).patterns.map(\.id) == ["disk.test"])
        let outcome = try PackTests(of: bytes)
        #expect(outcome.passed == file.tests.count && outcome.failures.isEmpty)
    }

    @Test("A pattern that does otherwise than its test states is named, with what came of it")
    func failing() throws {
        let outcome = try PackTests(of: Self.json([Self.pattern(30), Self.pattern(16, "disk.other")]))
        #expect(outcome.failures.map(\.pattern) == ["disk.test"])
        #expect(
            outcome.failures.first?.description
                == "the test \"fires\" of disk.test fails: expected a fault at sample 2, but none opened")
    }

    @Test("What does not run here is not tested: withdrawn, of another engine, in words of a later day")
    func excluded() throws {
        #expect(try PackTests(of: Self.json([Self.pattern(30)]), except: ["disk.test"]).failures.isEmpty)
        var later = Self.pattern(30)
        later["engine_level"] = "99"
        var strange = Self.pattern(30)
        strange["when"] = "oracle(pending) > 3"
        for pattern in [later, strange] {
            let outcome = try PackTests(of: Self.json([pattern, Self.pattern(16, "disk.other")]))
            #expect(outcome.failures.isEmpty && outcome.passed == 0)
        }
        let unread = Self.json(
            [Self.pattern(16)],
            tests: ["disk.test": Self.tests + [["name": "later", "series": ["pending": "oracle"], "expect": "none"]]])
        #expect(try PackTests(of: unread).passed == 2, "a test that cannot be read says nothing")
    }

    @Test("A pack without tests has none, and one whose tests are none is refused")
    func absent() throws {
        #expect(try PackTests(of: F.json([Self.pattern(16)])).passed == 0)
        #expect(throws: PatternPackError.self) {
            _ = try PackTests(of: F.json([Self.pattern(16)], ["tests": "all of them"]))
        }
        // Who only runs patterns reads over them, whatever they are.
        #expect(try PatternPack(json: F.json([Self.pattern(16)], ["tests": "all of them"])).patterns.count == 1)
    }

    @Test("Every test of the shipped patterns runs from the pack as it does from the files")
    func shipped() throws {
        let bytes = try Data(contentsOf: ShippedPackFile.url())
        let outcome = try PackTests(of: bytes)
        #expect(outcome.failures.isEmpty, "\(outcome.failures.prefix(3))")
        #expect(outcome.passed > 1_200)
    }
}
