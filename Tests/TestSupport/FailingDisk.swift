import Foundation

/// A real file system that fails, mounted in a folder of its own for one test; gone with this object. It takes root.
public final class FailingDisk: Sendable {
    public enum Kind: Sendable {
        case tmpfs(bytes: Int)
        /// `failing_disk.py`.
        case fuse
        /// On a loop device, read-only after the first error.
        case ext4(bytes: Int)
    }

    /// Whether such file systems can be made here.
    public static let isPossible: Bool = {
        guard geteuid() == 0, FileManager.default.fileExists(atPath: "/dev/fuse") else { return false }
        return (try? FailingDisk(.tmpfs(bytes: 1 << 20))) != nil && (try? FailingDisk(.ext4(bytes: 8 << 20))) != nil
    }()
    /// What a test says that cannot run.
    public static let obstacle = "only root, with /dev/fuse and loop devices, can make a file system that fails"

    private let folder: String
    /// Where it is mounted.
    public let path: String
    private let server: ServerProgram?
    private let image: String

    public init(_ kind: Kind) throws {
        folder =
            FileManager.default.temporaryDirectory.appending(path: "callhome-disk-\(UUID().uuidString.prefix(8))").path
        path = "\(folder)/disk"
        image = "\(folder)/image"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        switch kind {
        case .tmpfs(let bytes):
            server = nil
            try FailingDisk.run("mount", "-t", "tmpfs", "-o", "size=\(bytes)", "callhome-test", path)
        case .fuse:
            server = try ServerProgram("failing_disk", [path])
        case .ext4(let bytes):
            server = nil
            try FailingDisk.run("truncate", "-s", "\(bytes)", image)
            try FailingDisk.run("mkfs.ext4", "-q", image)
            try FailingDisk.run("mount", "-o", "loop,errors=remount-ro", image, path)
        }
    }

    deinit {
        _ = try? FailingDisk.run("umount", "-l", path)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// How the disk behaves from now on, in the words of `failing_disk.py`.
    public func behave(_ word: String) async throws {
        guard let server else { throw FailingDiskError(what: "only a disk of the kind fuse behaves as it is told") }
        let before = server.output.count
        server.tell(word)
        guard try await server.output(of: before + 1, { $0 }).last == word else {
            throw FailingDiskError(what: "the disk does not answer \(word): \(server.output)")
        }
    }

    /// What the kernel does at an error of the device: the file system is read-only from then on.
    public func fail() throws {
        let device = try FailingDisk.run("findmnt", "-no", "SOURCE", path).split(separator: "/").last ?? ""
        // The write itself is answered with an error: that is the one that is meant.
        _ = try FailingDisk.run("sh", "-c", "echo 1 > /sys/fs/ext4/\(device)/trigger_fs_error || true")
    }

    /// What a person does then: it is mounted anew.
    public func mountAgain() throws {
        try FailingDisk.run("umount", "-l", path)
        try FailingDisk.run("mount", "-o", "loop,errors=remount-ro", image, path)
    }

    /// Fills what is left, but for some bytes.
    public func fill(leaving bytes: Int = 0) throws {
        _ = FileManager.default.createFile(atPath: filler, contents: nil)
        guard let file = FileHandle(forWritingAtPath: filler) else { throw FailingDiskError(what: "no \(filler)") }
        let block = Data(repeating: 0x2E, count: 4096)
        var written = try file.seekToEnd()
        while (try? file.write(contentsOf: block)) != nil { written += UInt64(block.count) }
        try file.truncate(atOffset: written - min(written, UInt64(bytes)))
        try file.close()
    }

    public func makeRoom() throws { try FileManager.default.removeItem(atPath: filler) }

    private var filler: String { "\(path)/filler" }

    @discardableResult
    private static func run(_ words: String...) throws -> String {
        let (status, output) = try runProgram("/usr/bin/env", words, withErrors: true)
        let text = String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard status == 0 else { throw FailingDiskError(what: "\(words): \(status) \(text)") }
        return text
    }
}

public struct FailingDiskError: Error, CustomStringConvertible {
    var what: String
    public var description: String { what }
}
