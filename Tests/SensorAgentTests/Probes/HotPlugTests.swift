import Foundation
import Testing

@Suite("Hot-plug")
struct HotPlugTests {
    /// The distribution's own, which has gi; another python3 may come first in PATH.
    private static let python = "/usr/bin/python3"
    static let canPlug =
        isInstalled("umockdev-wrapper") && FileManager.default.fileExists(atPath: "/usr/lib/python3/dist-packages/gi")

    @Test(
        "a disk that is plugged appears in the inventory at once, and one that is pulled is gone",
        .enabled(if: canPlug, "umockdev and python3-gi are not installed"), .timeLimit(.minutes(1))
    )
    func plugged() async throws {
        let (code, output) = try await run(
            "timeout",
            [
                "40", "umockdev-wrapper", Self.python, Recordings.own("umockdev/hotplug.py").path,
                Recordings.agent.path,
                "probe", "inventory", "--follow", "--json",
            ])
        #expect(code == 0)
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        let seen = lines.map { $0.contains("disk:wwn-0x5000123400000009") }
        #expect(seen.first == false)
        #expect(seen.contains(true))
        #expect(seen.last == false)
        #expect(
            !lines.contains { $0.hasPrefix("looked for nothing") },
            "what udev tells when a program closes a disk is no change")
        #expect(lines.contains { $0.contains("MADEUP HOT") && $0.contains("HOT1") })
    }
}
