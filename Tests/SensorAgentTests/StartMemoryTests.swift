import Glibc
import Testing

@testable import SensorAgent

@Suite("Memory of the start")
struct StartMemoryTests {
    @Test("Only code of files is given back: no heap, no stack, nothing that was written to")
    func ranges() {
        let maps = """
            55d0c0000000-55d0c02d0000 r--p 00000000 fe:00 100 /usr/bin/callhome-agent
            55d0c02d0000-55d0c1400000 r-xp 002cf000 fe:00 100                        /usr/bin/callhome-agent
            55d0c1400000-55d0c1500000 r--p 01860000 fe:00 100 /usr/bin/callhome-agent
            55d0c1500000-55d0c1540000 rw-p 018f0000 fe:00 100 /usr/bin/callhome-agent
            55d0c2000000-55d0c2900000 rw-p 00000000 00:00 0 [heap]
            7f0000000000-7f0000001000 r-xp 00000000 00:00 0
            7f0000010000-7f0000020000 r-xp 00001000 fe:00 200 /usr/lib/x86_64-linux-gnu/libc.so.6 (deleted)
            7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0 [vdso]
            zzzz-1 r-xp 00000000 fe:00 300 /garbage
            20-10 r-xp 00000000 fe:00 300 /backwards
            """
        #expect(
            StartMemory.codeRanges(in: maps) == [
                0x55d0_c02d_0000..<0x55d0_c140_0000, 0x7f00_0001_0000..<0x7f00_0002_0000,
            ])
    }

    @Test("The program runs on when its code was given back, and is smaller than before")
    func release() throws {
        func resident() throws -> Int {
            let text = try SysTree().text("/proc/self/smaps_rollup")
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("Rss:") })
            return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        }
        let before = try resident()
        StartMemory.release()
        let after = try resident()
        #expect(after < before, "\(before) kB before, \(after) kB afterwards")
    }
}
