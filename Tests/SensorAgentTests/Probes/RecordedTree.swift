import Foundation

/// A recorded `/sys`, as a folder: a tree as it is, an unpacked archive, or the files of a listing.
struct RecordedTree {
    let root: URL
    /// Holds what was unpacked as long as it is looked at.
    private let scratch: ScratchFolder?

    /// nil where the archive cannot be unpacked or the listing names no file.
    init?(_ entry: URL) async throws {
        guard ["bz2", "txt"].contains(entry.pathExtension) else {
            root = entry
            scratch = nil
            return
        }
        let scratch = try ScratchFolder()
        self.scratch = scratch
        if entry.pathExtension == "txt" {
            guard try RecordedTree.rebuild(Recordings.text(entry), in: scratch) > 0 else { return nil }
            root = scratch.url
            return
        }
        guard try await run("tar", ["-xjf", entry.path, "-C", scratch.url.path]).0 == 0 else { return nil }
        let top = try FileManager.default.contentsOfDirectory(at: scratch.url, includingPropertiesForKeys: nil)
        root =
            ([scratch.url] + top).first { folder in
                ["sys", "class", "devices"].contains {
                    FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
                }
            } ?? scratch.url
    }

    /// Makes files of a listing (`grep -r .`, a diff of two): `path:value`, `path:1:value`.
    private static func rebuild(_ listing: String, in scratch: ScratchFolder) throws -> Int {
        var files = 0
        for line in listing.split(separator: "\n") {
            guard !line.hasPrefix("-"), let start = line.range(of: "/sys/devices/system/edac/mc/mc") else { continue }
            let rest = line[start.lowerBound...]
            guard let colon = rest.firstIndex(of: ":") else { continue }
            var value = rest[rest.index(after: colon)...]
            if value.hasPrefix("1:") { value = value.dropFirst(2) }
            let path = String(rest[..<colon])
            guard !path.contains(" "), !path.contains("*") else { continue }
            try scratch.write(String(path.dropFirst()), String(value) + "\n")
            files += 1
        }
        return files
    }
}
