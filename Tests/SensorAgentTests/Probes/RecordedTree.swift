import Foundation

/// A recorded `/sys`, as a folder: a tree as it is, an unpacked archive, or the files of a listing.
struct RecordedTree {
    let root: URL

    /// nil where the archive cannot be unpacked or the listing names no file.
    init?(_ entry: URL) async throws {
        guard ["bz2", "txt"].contains(entry.pathExtension) else {
            root = entry
            return
        }
        guard let root = try await RecordedTree.unpacked.folder(of: entry) else { return nil }
        self.root = root
    }

    private static let unpacked = Unpacked()

    /// Each archive is unpacked once for all tests, which only read it: thousands of small files each.
    private actor Unpacked {
        private var folders: [URL: Task<URL?, any Error>] = [:]
        private nonisolated let place: ScratchFolder?

        init() {
            place = try? ScratchFolder(in: Unpacked.memory)
            // What is static is never released.
            atexit { RecordedTree.unpacked.remove() }
        }

        func folder(of entry: URL) async throws -> URL? {
            let task =
                folders[entry]
                ?? Task { [place] in
                    guard let place else { return nil }
                    return try await RecordedTree.unpack(
                        entry, in: place.url.appending(path: entry.lastPathComponent))
                }
            folders[entry] = task
            return try await task.value
        }

        nonisolated func remove() { if let place { try? FileManager.default.removeItem(at: place.url) } }

        /// A file system in memory that has room for all of them, 0.5 GB; nil: where temporary files go.
        private static var memory: URL? {
            let folder = URL(filePath: "/dev/shm")
            let facts = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
            let free = (facts?[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
            return free > 2 << 30 && FileManager.default.isWritableFile(atPath: folder.path) ? folder : nil
        }
    }

    private static func unpack(_ entry: URL, in folder: URL) async throws -> URL? {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if entry.pathExtension == "txt" {
            return try RecordedTree.rebuild(Recordings.text(entry), in: folder) > 0 ? folder : nil
        }
        guard try await run("tar", ["-xjf", entry.path, "-C", folder.path]).0 == 0 else { return nil }
        let top = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return ([folder] + top).first { folder in
            ["sys", "class", "devices"].contains {
                FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
            }
        } ?? folder
    }

    /// Makes files of a listing (`grep -r .`, a diff of two): `path:value`, `path:1:value`.
    private static func rebuild(_ listing: String, in folder: URL) throws -> Int {
        var files = 0
        for line in listing.split(separator: "\n") {
            guard !line.hasPrefix("-"), let start = line.range(of: "/sys/devices/system/edac/mc/mc") else { continue }
            let rest = line[start.lowerBound...]
            guard let colon = rest.firstIndex(of: ":") else { continue }
            var value = rest[rest.index(after: colon)...]
            if value.hasPrefix("1:") { value = value.dropFirst(2) }
            let path = String(rest[..<colon])
            guard !path.contains(" "), !path.contains("*") else { continue }
            let file = folder.appending(path: String(path.dropFirst()))
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("\(value)\n".utf8).write(to: file)
            files += 1
        }
        return files
    }
}
