import Foundation

/// The sources of this package, read where the tests were built.
enum SourceTree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    struct File {
        /// From the root of the package: `Sources/Reports/Part.swift`.
        var path: String
        var lines: [Substring]
    }

    /// Swift files under a folder, in order of their names.
    static func swiftFiles(under folder: String) throws -> [File] {
        let base = root.appending(path: folder)
        guard let walker = FileManager.default.enumerator(atPath: base.path) else { return [] }
        var files: [File] = []
        for case let name as String in walker where name.hasSuffix(".swift") {
            let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
            files.append(
                File(path: "\(folder)/\(name)", lines: text.split(separator: "\n", omittingEmptySubsequences: false)))
        }
        return files.sorted { $0.path < $1.path }
    }

    /// Modules that a file imports, whatever the access level or attribute.
    static func imports(of file: File) -> [(line: Int, module: String)] {
        file.lines.enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let position = words.firstIndex(of: "import"), position <= 2,
                words[..<position].allSatisfy({ modifiers.contains(String($0)) }), words.count > position + 1
            else { return nil }
            var module = words[position + 1]
            if ["struct", "class", "enum", "protocol", "func", "typealias", "var", "let"].contains(module),
                words.count > position + 2
            {
                module = words[position + 2]
            }
            return (index + 1, String(module.split(separator: ".").first ?? module))
        }
    }

    private static let modifiers: Set<String> = [
        "public", "internal", "private", "fileprivate", "package", "@testable", "@preconcurrency", "@_exported",
    ]
}
