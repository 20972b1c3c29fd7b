import Daemon
import Foundation
import Testing

@Suite("Private files")
struct PrivateFileTests {
    @Test("A folder is made with those above it, for its user alone")
    func folders() throws {
        let top = FileManager.default.temporaryDirectory.appending(path: "callhome-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: top) }
        try PrivateFile.makeFolder("\(top)/a/b")
        for folder in [top, "\(top)/a", "\(top)/a/b"] {
            let facts = try FileManager.default.attributesOfItem(atPath: folder)
            #expect((facts[.posixPermissions] as? NSNumber)?.intValue == 0o700, "\(folder)")
        }
        try PrivateFile.makeFolder("\(top)/a/b")
    }

    @Test("Where no folder can be made the error names it, also where the kernel says for ever that none is there")
    func refused() {
        for path in ["/proc/callhome", "/proc/callhome/a/b", "/dev/null/a"] {
            let error = #expect(throws: PrivateFileError.self, "\(path)") { try PrivateFile.makeFolder(path) }
            #expect(error?.path.isEmpty == false)
        }
    }
}
