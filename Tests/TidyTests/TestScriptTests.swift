import Foundation
import Testing

/// `make test` says by its exit code whether all is well: whoever reads that of CI reads nothing else.
@Suite("make test")
struct TestScriptTests {
    /// Runs scripts/test with programs in the place of `swift` and of the scripts that it calls.
    /// - Returns: its exit code, and the end of what it printed.
    private func run(swift: String, compile: String = "exit 0") throws -> (status: Int32, output: String) {
        let files = FileManager.default
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = files.temporaryDirectory.appending(path: "callhome-script-\(UUID().uuidString)")
        defer { try? files.removeItem(at: folder) }
        for name in ["scripts", "bin", ".build"] {
            try files.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        try files.copyItem(at: root.appending(path: "scripts/test"), to: folder.appending(path: "scripts/test"))
        for (name, body) in [("scripts/prepare", "exit 0"), ("scripts/compile", compile), ("bin/swift", swift)] {
            let file = folder.appending(path: name)
            try Data("#!/bin/bash\n\(body)\n".utf8).write(to: file)
            try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        }
        let process = Process()
        process.executableURL = folder.appending(path: "scripts/test")
        process.environment = ["PATH": "\(folder.path)/bin:/usr/bin:/bin", "HOME": folder.path]
        let output = folder.appending(path: "output")
        try Data().write(to: output)
        let handle = try FileHandle(forWritingTo: output)
        defer { try? handle.close() }
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        let text = String(decoding: (try? Data(contentsOf: output)) ?? Data(), as: UTF8.self)
        return (process.terminationStatus, String(text.suffix(2_000)))
    }

    /// More suites than a pipe holds, of which the script shows ten.
    private static let good = """
        for i in {1..5000}; do echo "✔ Suite \\"Number $i\\" passed after 0.1 seconds."; done
        echo '✔ Test run with 1 test in 1 suite passed after 0.1 seconds.'
        """
    private static let bad = "echo '✘ Test run with 1 test in 1 suite failed after 0.1 seconds.'; exit 1"

    @Test("It is 0 only where the build and both halves of the tests are good")
    func exitCode() throws {
        let well = try run(swift: Self.good)
        #expect(well.status == 0, "\(well.output)")
        #expect(try run(swift: Self.bad).status != 0)
        #expect(try run(swift: Self.good, compile: "exit 1").status != 0)
        // One half alone: `--no-parallel` is that of whole programs.
        for half in ["--no-parallel", "--filter"] {
            let one = "case \"$*\" in *\(half)*) \(Self.bad) ;; esac\n\(Self.good)"
            #expect(try run(swift: one).status != 0, "\(half)")
        }
    }
}
