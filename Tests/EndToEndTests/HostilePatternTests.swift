import Foundation
import Testing

/// Pattern files that were made to harm, as authors' tools read them.
@Suite("Hostile pattern files")
struct HostilePatternTests {
    private static let bomb = (1...8).reduce("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n") { text, level in
        let aliases = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
        return text + "a\(level): &a\(level) [\(aliases)]\n"
    }

    @Test(
        "A garbage YAML file is refused by name, with the reason, and never a crash",
        arguments: [
            (Data(repeating: 0, count: 1_000), "control characters"),
            (Data((0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 3) }), "not UTF-8"),
            (Data(String(repeating: "[", count: 200_000).utf8), "nesting level"),
            (Data(String(repeating: "- ", count: 100_000).utf8), "nesting level"),
            (Data(String(repeating: "a: {", count: 50_000).utf8), "nesting level"),
            (Data(bomb.utf8), "unfolds into more than 20000 values"),
            (Data("when: \"\(String(repeating: "x ", count: 600_000))\"".utf8), "the limit for a pattern is 262144"),
            (Data("a: &a [*a]\n".utf8), "undefined alias"), (Data("---\na: 1\n---\nb: 2\n".utf8), "another document"),
            (Data("!!python/object:os.system \"rm\"\n".utf8), "a pattern is a mapping"), (Data(), "the file is empty"),
        ])
    func garbage(content: Data, words: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "hostile-\(UUID().uuidString).yaml")
        try content.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let result = try Program.run(Program.built("callhome"), ["patterns", "test", file.path])
        #expect(result.status == 65, "\(result.output.prefix(500))")
        #expect(
            result.output.contains(file.lastPathComponent) && result.output.contains(words),
            "\(result.output.prefix(500))")
    }
}
