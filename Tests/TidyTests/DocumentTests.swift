import Foundation
import Testing

/// What pages tell people to type, as far as it is no command of ours (those: `DocumentedCommandTests`).
@Suite("Pages")
struct DocumentTests {
    private static let pages = [
        "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/collector.md", "docs/packages.md",
        "docs/attacks.md", "docs/backtest.md", "docs/channel.md", "docs/reconciliation.md", "packaging/README.md",
        "patterns/README.md", "Laboratory/README.md", "Benchmarks/RESULTS.md",
    ]

    private func text(_ path: String) throws -> String {
        try String(contentsOf: SourceTree.root.appending(path: path), encoding: .utf8)
    }

    @Test("Every `make` target that a page names is in the Makefile", arguments: pages)
    func targets(page: String) throws {
        let targets = Set(try text("Makefile").matches(of: #/(?m)^([a-z-]+):/#).map { String($0.1) })
        #expect(targets.contains("run"))
        for named in try text(page).matches(of: #/(?m)(?:`|^ *)make ([a-z][a-z-]*)/#) {
            #expect(targets.contains(String(named.1)), "\(page): make \(named.1)")
        }
    }

    @Test("Every unit that a page names is one of ours", arguments: pages)
    func units(page: String) throws {
        for named in try text(page).matches(of: #/(?:systemctl [a-z -]+|journalctl -u )(callhome[a-z-]*)/#) {
            let unit = SourceTree.root.appending(path: "systemd/\(named.1).service").path
            #expect(FileManager.default.fileExists(atPath: unit), "\(page): \(named.0)")
        }
    }

    @Test("Every link to a file of this repository leads to one", arguments: pages)
    func links(page: String) throws {
        let folder = SourceTree.root.appending(path: page).deletingLastPathComponent()
        for link in try text(page).matches(of: #/\]\(([^)#:\s]+)\)/#) {
            let target = folder.appending(path: String(link.1)).path
            #expect(FileManager.default.fileExists(atPath: target), "\(page): \(link.1)")
        }
    }
}
