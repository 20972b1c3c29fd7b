import Foundation
import Testing

@Suite("Hot-plug")
struct HotPlugTests {
    static let canPlug =
        isInstalled("umockdev-wrapper")
        && (try? run("python3", ["-c", "import gi; gi.require_version('UMockdev', '1.0')"]).0) == 0

    @Test(
        "a disk that is plugged appears in the inventory at once, and one that is pulled is gone",
        .enabled(if: canPlug, "umockdev, python3-gi and gir1.2-umockdev-1.0 are not installed"), .timeLimit(.minutes(1)))
    func plugged() throws {
        let (code, output) = try run(
            "timeout",
            [
                "40", "umockdev-wrapper", "python3", Recordings.own("umockdev/hotplug.py").path, Recordings.agent.path,
                "probe", "inventory", "--follow", "--json",
            ])
        #expect(code == 0)
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        let seen = lines.map { $0.contains("disk:wwn-0x5000123400000009") }
        #expect(seen.first == false)
        #expect(seen.contains(true))
        #expect(seen.last == false)
        #expect(lines.contains { $0.contains("MADEUP HOT") && $0.contains("HOT1") })
    }
}
