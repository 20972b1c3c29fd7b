import FoundationEssentials
import Reports

/// The spool's file on disk: opening it, and setting it aside when it is damaged.
///
/// Beside the file lies its epoch in a file of its own, `spool.epoch`, because the damaged file cannot be asked for it,
/// and an epoch used twice would make new reports look like repeats of old ones.
struct SpoolFile: Sendable {
    let directory: String
    var path: String { "\(directory)/spool.sqlite" }
    private var epochPath: String { "\(directory)/spool.epoch" }

    /// Damaged files that are kept for a person to look at.
    static let damagedFilesKept = 2

    init(directory: String) { self.directory = directory }

    /// The epoch that was written down; nil when none was.
    func recordedEpoch() -> Int64? {
        guard let data = FileManager.default.contents(atPath: epochPath), data.count <= 32 else { return nil }
        return Int64(String(decoding: data, as: UTF8.self).filter { !$0.isWhitespace })
    }

    /// Written before the spool is in the epoch: a crash between the two only leaves an epoch out.
    func record(epoch: Int64) throws(SpoolError) {
        do {
            try Data("\(epoch)\n".utf8).write(to: URL(filePath: epochPath), options: .atomic)
        } catch {
            throw .disk(code: 0, message: "writing \(epochPath): \(error)")
        }
    }

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// The epoch of a spool that has to be made: 1 on the first start, one more than the last when it was lost.
    func nextEpoch(at time: Timestamp) -> Int64 {
        if let recorded = recordedEpoch() { return recorded &+ 1 }
        // A file without its epoch: someone removed it. Seconds since 1970 are above every epoch that was counted.
        return exists ? max(2, time.milliseconds / 1000) : 1
    }

    /// Renames the file and its log, so that both can still be opened together. Returns the new name.
    func setAside(at time: Timestamp) throws(SpoolError) -> String {
        let name = "\(path).damaged-\(time.milliseconds)"
        do {
            try FileManager.default.moveItem(atPath: path, toPath: name)
        } catch {
            throw .disk(code: 0, message: "renaming \(path) to \(name): \(error)")
        }
        for suffix in ["-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
            // A log left behind would be replayed into the new file: it has to go, one way or the other.
            if (try? FileManager.default.moveItem(atPath: path + suffix, toPath: name + suffix)) == nil {
                try? FileManager.default.removeItem(atPath: path + suffix)
            }
        }
        removeOldDamagedFiles()
        return name
    }

    private func removeOldDamagedFiles() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let damaged = names.filter {
            $0.hasPrefix("spool.sqlite.damaged-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
        }
        for name in damaged.sorted().dropLast(SpoolFile.damagedFilesKept) {
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: "\(directory)/\(name)\(suffix)")
            }
        }
    }
}
