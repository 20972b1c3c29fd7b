import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("File systems")
struct FileSystemsTests {
    static let start = Timestamp(seconds: 1_763_712_000)

    private func machine() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        for folder in ["sys/block", "sys/class/block"] {
            try scratch.write("\(folder)/sda/device/wwid", "naa.5000c500aaaaaaa1\n")
        }
        try scratch.write("sys/fs/ext4/sda2/errors_count", "0\n")
        try scratch.write("sys/fs/ext4/sda2/first_error_time", "0\n")
        try scratch.write("sys/fs/ext4/sda2/lifetime_write_kbytes", "2048\n")
        try scratch.write("proc/sys/kernel/random/boot_id", "one\n")
        try mounts(scratch, "rw")
        return scratch
    }

    private func mounts(_ scratch: ScratchFolder, _ options: String) throws {
        try scratch.write(
            "proc/self/mountinfo",
            """
            22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 \(options),errors=remount-ro
            23 22 0:21 / /proc rw - proc proc rw
            24 22 8:2 /srv /mnt/with\\040blank ro,relatime shared:1 - ext4 /dev/sda2 \(options)
            25 22 7:0 / /snap/x ro - squashfs /dev/loop0 ro

            """)
    }

    private func value(_ result: ProbeResult, _ name: String) -> Reports.Measurement? {
        result.observations.first { $0.signal.name == name }?.measurement
    }

    @Test("errors that ext4 counted are told, with their age, on the disk that carries the file system")
    func errors() async throws {
        let scratch = try machine()
        let probe = FileSystemProbe(tree: SysTree(root: scratch.url.path))
        var result = try await probe.observe(at: Self.start, since: nil)
        expectInCatalogue(result)
        #expect(result.components.map(\.id.rawValue) == ["volume:sda2"])
        #expect(result.components[0].parent?.rawValue == "disk:wwn-0x5000c500aaaaaaa1")
        #expect(value(result, "hw.filesystem.errors") == .counter(0))
        #expect(value(result, "hw.filesystem.state") == .state("ok"))
        #expect(value(result, "hw.filesystem.written") == .counter(2 << 20))
        #expect(value(result, "hw.filesystem.error.age") == nil)
        try scratch.write("sys/fs/ext4/sda2/errors_count", "3\n")
        try scratch.write("sys/fs/ext4/sda2/first_error_time", "1763711000\n")
        result = try await probe.observe(at: Self.start, since: nil)
        #expect(value(result, "hw.filesystem.state") == .state("errors"))
        #expect(value(result, "hw.filesystem.error.age") == .reading(1000))
        try scratch.write("sys/fs/ext4/sda2/errors_count", "many\n")
        result = try await probe.observe(at: Self.start, since: nil)
        #expect(value(result, "hw.filesystem.errors") == .unavailable(.malformed))
    }

    @Test("a file system that was writable since the machine started, and is not any more, is read-only by itself")
    func readOnly() async throws {
        let scratch = try machine()
        let tree = SysTree(root: scratch.url.path)
        try mounts(scratch, "ro")
        var result = try await FileSystemProbe(tree: tree).observe(at: Self.start, since: nil)
        #expect(value(result, "hw.filesystem.state") == .state("ok"))
        try mounts(scratch, "rw")
        result = try await FileSystemProbe(tree: tree).observe(at: Self.start, since: result.cursor)
        try mounts(scratch, "ro")
        result = try await FileSystemProbe(tree: tree).observe(at: Self.start, since: result.cursor)
        #expect(value(result, "hw.filesystem.state") == .state("read_only"))
        // After a new start nobody knows whether it was meant so.
        try scratch.write("proc/sys/kernel/random/boot_id", "two\n")
        result = try await FileSystemProbe(tree: tree).observe(at: Self.start, since: result.cursor)
        #expect(value(result, "hw.filesystem.state") == .state("ok"))
        try mounts(scratch, "rw,emergency_ro")
        result = try await FileSystemProbe(tree: tree).observe(at: Self.start, since: nil)
        #expect(value(result, "hw.filesystem.state") == .state("read_only"))
        try mounts(scratch, "rw,shutdown")
        result = try await FileSystemProbe(tree: tree).observe(at: Self.start, since: nil)
        #expect(value(result, "hw.filesystem.state") == .state("shut_down"))
    }

    @Test("mounts are read with their blanks; what is none is left out, and a huge file refused")
    func mountLines() async throws {
        let scratch = try machine()
        let bytes = [UInt8](try Data(contentsOf: scratch.url.appending(path: "proc/self/mountinfo")))
        let mounts = Mounts(parsing: bytes).mounts
        #expect(mounts.map(\.folder) == ["/", "/proc", "/mnt/with blank", "/snap/x"])
        #expect(Mounts(parsing: Array("garbage\n1 2 3 - a\n".utf8)).mounts.isEmpty)
        try scratch.write("proc/self/mountinfo", [UInt8](repeating: 0x41, count: 9 << 20))
        await #expect {
            try await FileSystemProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.start, since: nil)
        } throws: { error in
            (error as? ProbeError)?.coverageState == "failing"
        }
    }

    @Test("this machine's mounts are those that findmnt(8) knows")
    func thisMachine() async throws {
        let bytes = try SysTree().bytes(Mounts.path, limit: Mounts.fileBytes)
        let (status, output) = try await run("findmnt", ["-rn", "-o", "TARGET"])
        guard status == 0 else { return }
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n").count
        #expect(Mounts(parsing: bytes).mounts.count == lines)
    }
}
