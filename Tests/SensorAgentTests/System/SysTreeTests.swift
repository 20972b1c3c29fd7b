import Foundation
import Testing

@testable import SensorAgent

@Suite("A tree of system files")
struct SysTreeTests {
    private func failure(_ body: () throws -> Void) -> SysTreeError? {
        do { try body() } catch { return error as? SysTreeError }
        return nil
    }

    @Test("a file at the limit is read, one byte more is refused")
    func limit() throws {
        let scratch = try ScratchFolder()
        try scratch.write("sys/at", [UInt8](repeating: 65, count: SysTree.fileBytes))
        try scratch.write("sys/past", [UInt8](repeating: 65, count: SysTree.fileBytes + 1))
        let tree = SysTree(root: scratch.url.path)
        #expect(try tree.bytes("/sys/at").count == SysTree.fileBytes)
        #expect(failure { _ = try tree.bytes("/sys/past") } == .tooLarge(path: "/sys/past", limit: SysTree.fileBytes))
    }

    @Test("what is empty, no number or too great a number says so")
    func numbers() throws {
        let scratch = try ScratchFolder()
        for (name, text) in [
            ("empty", ""), ("blank", " \n"), ("word", "abc\n"), ("negative", "-1"), ("huge", "99999999999999999999"),
            ("good", "18446744073709551615\n"),
        ] {
            try scratch.write("sys/\(name)", text)
        }
        let tree = SysTree(root: scratch.url.path)
        #expect(failure { _ = try tree.count("/sys/empty") } == .empty(path: "/sys/empty"))
        #expect(failure { _ = try tree.count("/sys/blank") } == .empty(path: "/sys/blank"))
        for name in ["word", "negative", "huge"] {
            guard case .notANumber = failure({ _ = try tree.count("/sys/\(name)") }) else {
                Issue.record("\(name) was taken for a number")
                continue
            }
        }
        #expect(try tree.count("/sys/good") == .max)
        #expect(failure { _ = try tree.count("/sys/none") } == .failed(path: "/sys/none", errno: ENOENT))
    }

    @Test("the kernel's error is kept: reading the start of /proc/self/mem fails with EIO")
    func errnoIsKept() {
        #expect(failure { _ = try SysTree().bytes("/proc/self/mem") } == .failed(path: "/proc/self/mem", errno: EIO))
    }

    @Test("links never lead out of the tree, not by .. nor by /")
    func links() throws {
        let scratch = try ScratchFolder()
        try scratch.write("secret", "outside")
        try scratch.write("tree/sys/real/value", "inside")
        let folder = scratch.url.appending(path: "tree/sys").path
        for (link, target) in [
            ("up", "../../../../../../../../secret"), ("absolute", "/secret"), ("good", "real"),
            ("rooted", "/sys/real"),
            ("loop", "loop"), ("etc", "/etc/passwd"),
        ] {
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(link)", withDestinationPath: target)
        }
        let tree = SysTree(root: scratch.url.appending(path: "tree").path)
        #expect(try tree.text("/sys/good/value") == "inside")
        #expect(try tree.text("/sys/rooted/value") == "inside")
        #expect(try tree.text("/sys/../../sys/real/value") == "inside")
        #expect(failure { _ = try tree.text("/sys/up") } == .failed(path: "/sys/up", errno: ENOENT))
        #expect(failure { _ = try tree.text("/sys/absolute") } == .failed(path: "/sys/absolute", errno: ENOENT))
        #expect(failure { _ = try tree.text("/sys/etc") } == .failed(path: "/sys/etc", errno: ENOENT))
        #expect(failure { _ = try tree.text("/sys/loop") } == .failed(path: "/sys/loop", errno: ELOOP))
    }

    @Test("a pipe or a folder is no file, and nothing waits for it")
    func pipes() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("sys/folder/file", "x")
        try await run("mkfifo", [scratch.url.appending(path: "sys/pipe").path])
        let tree = SysTree(root: scratch.url.path)
        #expect(failure { _ = try tree.text("/sys/pipe") } == .notAFile(path: "/sys/pipe"))
        #expect(failure { _ = try tree.text("/sys/folder") } == .notAFile(path: "/sys/folder"))
    }

    @Test("names come in natural order")
    func order() throws {
        let scratch = try ScratchFolder()
        for name in ["mc10", "mc2", "mc1", "dimm0"] { try scratch.write("sys/\(name)", "x") }
        #expect(try SysTree(root: scratch.url.path).names(in: "/sys") == ["dimm0", "mc1", "mc2", "mc10"])
    }

    @Test("a recording that begins at /sys or at EDAC is taken for that")
    func mounts() throws {
        let scratch = try ScratchFolder()
        try scratch.write("a/class/dmi/id/sys_vendor", "Made Up")
        try scratch.write("b/mc/mc0/ce_count", "7")
        #expect(try SysTree(root: scratch.url.path + "/a").text("/sys/class/dmi/id/sys_vendor") == "Made Up")
        #expect(try SysTree(root: scratch.url.path + "/b").count("/sys/devices/system/edac/mc/mc0/ce_count") == 7)
        #expect(!SysTree(root: scratch.url.path + "/b").exists("/etc/passwd"))
    }
}
