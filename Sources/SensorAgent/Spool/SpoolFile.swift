import FoundationEssentials
import Glibc
import Reports

/// The spool's files: opening, setting aside what is damaged, and how much room there is.
///
/// Beside the file lies its epoch in a file of its own, `spool.epoch`, because the damaged file cannot be asked for it, and an
/// epoch used twice would make new reports look like repeats of old ones. Another, `spool.ballast`, only takes up room, to
/// give it back when the disk is full.
struct SpoolFile: Sendable {
    let directory: String
    /// A folder in memory that outlives the process; nil: none.
    let memoryDirectory: String?
    var path: String { "\(directory)/spool.sqlite" }
    /// Where a spool lies that cannot be written to disk.
    var memoryPath: String? { memoryDirectory.map { "\($0)/spool.sqlite" } }
    private var epochPath: String { "\(directory)/spool.epoch" }
    private var ballastPath: String { "\(directory)/spool.ballast" }

    /// Damaged files that are kept for a person to look at.
    static let damagedFilesKept = 2
    /// SQLite's name for a file in this process's memory.
    static let nowhere = ":memory:"
    /// Bytes of the ballast: some hundred faults, and the heartbeats that tell of the full disk.
    static let ballastBytes = 512 << 10
    /// Bytes that must be free for it to be taken.
    static let roomForBallast: Int64 = 8 << 20

    init(directory: String, memoryDirectory: String? = nil) {
        self.directory = directory
        self.memoryDirectory = memoryDirectory.flatMap { SpoolFile.isOwn($0) ? $0 : nil }
    }

    /// Whether nobody but this user and root can put files into a folder: what lies there is sent as the agent's own.
    private static func isOwn(_ folder: String) -> Bool {
        var status = stat()
        guard unsafe lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return false }
        return (status.st_uid == geteuid() || status.st_uid == 0) && status.st_mode & 0o022 == 0
    }

    /// The same, with no folder in memory to go to.
    var withoutMemory: SpoolFile { SpoolFile(directory: directory) }

    // MARK: The epoch

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

    /// The epoch of a spool that has to be made: 1 on the first start, and what a collector says where one was before.
    var firstEpoch: Int64 { wasHere ? Spool.unsettled : 1 }

    // MARK: What there is

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// Whether an agent had its spool here before; false where this user may not know.
    var wasHere: Bool {
        if hasMemory { return true }
        guard unsafe access(directory, X_OK) == 0 || errno == EROFS || errno == EIO else { return false }
        return [path, epochPath].contains { path in
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else { return errno == EIO }
            return unsafe access(path, R_OK) == 0 || errno != EACCES
        }
    }

    var hasMemory: Bool { memoryPath.map { FileManager.default.fileExists(atPath: $0) } ?? false }

    func removeMemory() {
        guard let memoryPath else { return }
        // The file last: what is left of a log without it is nothing to go on from.
        for suffix in ["-wal", "-shm", "-journal", ""] { _ = unsafe unlink(memoryPath + suffix) }
    }

    /// Bytes of a file, and of its log, that are copied into memory to be read there.
    private static let copiedBytes: Int64 = 24 << 20
    private var copyPath: String? { memoryDirectory.map { "\($0)/spool.copy" } }

    /// Copies the file and its log into memory. Returns the copy; nil where there is no room for one, or nothing to read.
    func copyToMemory() -> String? {
        guard let copyPath else { return nil }
        removeCopy()
        for suffix in ["", "-wal"] {
            var status = stat()
            guard unsafe lstat(path + suffix, &status) == 0 else {
                if suffix.isEmpty { return nil }
                continue
            }
            guard Int64(status.st_size) <= SpoolFile.copiedBytes,
                (try? FileManager.default.copyItem(atPath: path + suffix, toPath: copyPath + suffix)) != nil
            else {
                removeCopy()
                return nil
            }
        }
        return copyPath
    }

    func removeCopy() {
        guard let copyPath else { return }
        for suffix in ["-wal", "-shm", "-journal", ""] { _ = unsafe unlink(copyPath + suffix) }
    }

    // MARK: Room

    func hasRoom(for bytes: Int64) -> Bool { DiskRoom.has(bytes, in: directory) }

    /// Whether it is so full that the ballast is not taken.
    var isFull: Bool { !hasRoom(for: SpoolFile.roomForBallast) }

    /// Takes the room of the ballast, if there is room enough.
    /// - Returns: whether it is there now.
    func takeBallast() -> Bool {
        if FileManager.default.fileExists(atPath: ballastPath) { return true }
        guard !isFull else { return false }
        // Of what no file system can make less: zeros might take no room at all.
        var generator = SystemRandomNumberGenerator()
        var bytes = Data(capacity: SpoolFile.ballastBytes)
        while bytes.count < SpoolFile.ballastBytes {
            unsafe withUnsafeBytes(of: generator.next()) { unsafe bytes.append(contentsOf: $0) }
        }
        do {
            try bytes.write(to: URL(filePath: ballastPath))
            return true
        } catch {
            _ = giveBallast()
            return false
        }
    }

    /// Gives the room back. Returns whether there was any.
    func giveBallast() -> Bool { unsafe unlink(ballastPath) == 0 }

    // MARK: Damage

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
