import Foundation
import Testing

@Suite("Style")
struct StyleTests {
    /// Lines of one function; longer ones are cut into steps with names.
    private static let functionLines = 100

    @Test("No `try!`, forced cast, fatalError or unfinished mark in the sources")
    func noTraps() throws {
        let forbidden = ["try!", " as! ", "fatalError(", "TODO", "FIXME", "preconditionFailure("]
        for file in try SourceTree.swiftFiles(under: "Sources") {
            for (index, line) in file.lines.enumerated() {
                for word in forbidden where line.contains(word) {
                    Issue.record("\(file.path):\(index + 1) has \(word)")
                }
            }
        }
    }

    @Test("No function is longer than 100 lines")
    func shortFunctions() throws {
        for file in try SourceTree.swiftFiles(under: "Sources") {
            var start: (line: Int, indent: Int)?
            for (index, line) in file.lines.enumerated() {
                let indent = line.prefix { $0 == " " }.count
                let trimmed = line.dropFirst(indent)
                if let begun = start, indent == begun.indent, trimmed.hasPrefix("}") {
                    let length = index - begun.line + 1
                    #expect(length <= Self.functionLines, "\(file.path):\(begun.line + 1) has \(length) lines")
                    start = nil
                }
                if trimmed.contains("func "), !trimmed.hasPrefix("//"), start == nil, !trimmed.hasSuffix("}") {
                    start = (index, indent)
                }
            }
        }
    }

    @Test("The formatter has nothing to say (swift format lint --strict)")
    func formatted() throws {
        let folders = ["Sources", "Tests", "Demo", "Benchmarks", "Package.swift"].map {
            SourceTree.root.appending(path: $0).path
        }
        let configuration = SourceTree.root.appending(path: ".swift-format").path
        let result = try run(
            "swift",
            ["format", "lint", "--strict", "--parallel", "--configuration", configuration, "-r"] + folders)
        #expect(result.status == 0, "\(result.output.prefix(4000))")
    }

    @Test("No user-visible text is left in one language: every pattern speaks English and German")
    func patternsSpeakTwoLanguages() throws {
        let folder = SourceTree.root.appending(path: "patterns")
        let walker = try #require(FileManager.default.enumerator(atPath: folder.path))
        var seen = 0
        // What lint reads beside the patterns is told to authors alone.
        for case let name as String in walker where name.hasSuffix(".yaml") && name != "context-signals.yaml" {
            let lines = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
                .split(separator: "\n").map { $0.drop { $0 == " " } }
            #expect(lines.contains { $0.hasPrefix("en:") } && lines.contains { $0.hasPrefix("de:") }, "\(name)")
            seen += 1
        }
        #expect(seen > 0)
    }
}
