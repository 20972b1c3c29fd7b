import FoundationEssentials
import Logging
import Reports

/// A spool that lies in memory, because its disk cannot be written.
struct MemorySpool: Hashable, Sendable {
    /// A file of a folder in memory, which a process after this one can go on from; `SpoolFile.nowhere`: this process alone.
    var path: String
    /// What the disk said.
    var because: String
    var since: Timestamp
    /// Time since boot at which the disk is tried next, and how long the wait after that is.
    var nextAttempt: Duration
    var wait: Duration

    /// Between two attempts to go back to disk. It grows, so that a disk that takes one write and no second is not asked, and
    /// its state not told, for ever.
    static let firstWait = Duration.seconds(60)
    static let longestWait = Duration.seconds(900)
    /// A disk that was written for this long is well.
    static let settled = Duration.seconds(3600)

    init(path: String, because: String, _ moment: Moment, wait: Duration = firstWait) {
        self.path = path
        self.because = because
        since = moment.time
        nextAttempt = moment.uptime
        self.wait = wait
    }

    func words(directory: String) -> String {
        let loss =
            path == SpoolFile.nowhere
            ? "what no collector has taken is lost when the agent or the server stops"
            : "what no collector has taken is lost when the server stops"
        return
            "the spool in \(directory) cannot be written (\(because)): reports are kept in memory and sent at once, and "
            + "\(loss); check that disk and its file system: journalctl -k -p warning"
    }
}

/// Where reports stood that may have been on their way when they were given other numbers.
struct RenumberedReports: Sendable {
    /// The epoch of the old numbers.
    var epoch: Int64
    /// Ascending.
    var places: [ReportStream: [(old: Int64, new: Int64)]] = [:]
    /// No more than one request can hold of a stream.
    static let limit = WireLimits.envelopesPerRequest
}

/// Going into memory and back to disk.
///
/// Each way, all that waits begins in the epoch `unsettled`: it is numbered by the next answer of a collector.
extension Spool {
    var isInMemory: Bool { memory != nil }

    /// Which room the spool has, so that a move to disk does not fill it again.
    private static let roomForReturn: Int64 = 4 << 20

    // MARK: Into memory

    func moveToMemory(because error: any Error) throws {
        var next = try SQLite(path: SpoolFile.nowhere)
        let path = try Spool.openMemory(memory == nil ? file : file.withoutMemory, &next)
        // One that came back only a while ago waits longer than it did then.
        let lately = leftMemory.flatMap { latest.uptime - $0.at < MemorySpool.settled ? $0.wait : nil }
        var carrier = ReportCarrier(author: author, budget: Int(limits.memoryBytes), moment: latest)
        if memory != nil || SpoolSchema.isReadable(&database) {
            try carrier.carry(from: &database, epoch: epoch, into: &next)
        } else {
            // It was closed to be set aside, and that failed.
            try carrier.carry(fromUnwritable: file, into: &next)
        }
        renumbered = RenumberedReports(epoch: epoch, places: carrier.places)
        var moved = MemorySpool(
            path: path, because: "\(error)", latest, wait: memory?.wait ?? lately ?? MemorySpool.firstWait)
        moved.nextAttempt += moved.wait
        database = next
        if memory != nil { file.removeMemory() }
        memory = moved
        epoch = Spool.unsettled
        Spool.tell(moved, file, log)
    }

    static func tell(_ memory: MemorySpool, _ file: SpoolFile, _ log: Logger) {
        log.error(
            "the spool cannot be written: reports are kept in memory and sent at once",
            metadata: ["directory": "\(file.directory)", "because": "\(memory.because)", "memory": "\(memory.path)"])
    }

    /// Opens an empty spool in memory; where the folder in memory refuses too, one of this process alone.
    private static func openMemory(_ file: SpoolFile, _ database: inout SQLite) throws -> String {
        if let path = file.memoryPath {
            do {
                file.removeMemory()
                database = try SQLite(path: path)
                _ = try SpoolSchema.prepare(&database, path: path, epoch: unsettled)
                return path
            } catch let error where isOfTheDisk(error) {}
        }
        database = try SQLite(path: SpoolFile.nowhere)
        _ = try SpoolSchema.prepare(&database, path: SpoolFile.nowhere, epoch: unsettled)
        return SpoolFile.nowhere
    }

    /// At a start on a disk that cannot be written: goes on from what a process before this one has in memory, or else from
    /// what can still be read on the disk.
    static func beginInMemory(
        _ file: SpoolFile, author: ReportSigner, _ limits: Limits, because error: any Error, at moment: Moment,
        _ database: inout SQLite
    ) throws -> MemorySpool {
        if let path = file.memoryPath, file.hasMemory {
            do {
                database = try SQLite(path: path)
                _ = try SpoolSchema.prepare(&database, path: path, epoch: unsettled)
                return MemorySpool(path: path, because: "\(error)", moment)
            } catch let broken as SQLiteError where !broken.isLocked {
                database = try SQLite(path: SpoolFile.nowhere)
            }
        }
        let path = try openMemory(file, &database)
        var carrier = ReportCarrier(author: author, budget: Int(limits.memoryBytes), moment: moment)
        try carrier.carry(fromUnwritable: file, into: &database)
        return MemorySpool(path: path, because: "\(error)", moment)
    }

    /// The file in memory, if a process before this one left it there and its content did not get to the disk.
    static func newerInMemory(_ file: SpoolFile, than disk: inout SQLite) throws -> String? {
        guard let path = file.memoryPath, file.hasMemory else { return nil }
        do {
            var found = try SQLite(path: path)
            _ = try SpoolSchema.prepare(&found, path: path, epoch: unsettled)
            let (own, taken) = (try SpoolSchema.note("generation", &found), try SpoolSchema.note("taken", &disk))
            if own == nil || own != taken { return path }
        } catch let error as SQLiteError where error.isLocked {
            throw error
        } catch {
            // Damaged in memory: the disk has what there is.
        }
        file.removeMemory()
        return nil
    }

    // MARK: Back to disk

    /// Moves what is in memory to the disk, if that takes it. Only while no report is on its way: whoever sends calls this
    /// between two requests.
    func returnToDisk() {
        guard let left = memory, latest.uptime >= left.nextAttempt else { return }
        memory?.wait = min(left.wait * 2, MemorySpool.longestWait)
        memory?.nextAttempt = latest.uptime + left.wait
        guard file.hasRoom(for: Spool.roomForReturn) else { return }
        do {
            // A commit that failed can be found after all when the file is opened again. The mark tells whether this file in
            // memory went on after it.
            try SpoolSchema.setNote("generation", RandomIdentifier.make(), &database)
            let mark = try SpoolSchema.note("generation", &database) ?? ""
            var disk = try SQLite(path: SpoolFile.nowhere)
            do {
                let (found, damage) = try Spool.openDisk(file, author: author, at: latest, into: &disk)
                try file.record(epoch: Spool.unsettled)
                // What a new file has was read from the damaged one, as what is here was.
                try pour(into: &disk, mark: mark, unread: damage == nil ? unread(in: found) : [:])
            } catch {
                try SpoolSchema.setNote("generation", RandomIdentifier.make(), &database)
                throw error
            }
            database = disk
        } catch {
            log.debug("the spool stays in memory", metadata: ["because": "\(error)"])
            return
        }
        memory = nil
        leftMemory = (latest.uptime, min(left.wait * 2, MemorySpool.longestWait))
        epoch = Spool.unsettled
        file.removeMemory()
        forgetDamage()
        isBallastGiven = !file.takeBallast() && file.isFull
        log.notice(
            "the spool is written to disk again",
            metadata: ["directory": "\(file.directory)", "in-memory-since": "\(left.since)"])
    }

    /// What of each stream could not be read when the spool went into memory; it is older than all that came since.
    private func unread(in epoch: Int64) throws -> [ReportStream: [ClosedRange<Int64>]] {
        guard let note = try SpoolSchema.note("unread", &database) else { return [:] }
        guard let unread = UnreadReports(note) else { return [:] }
        return [epoch, UnreadReports.anyEpoch].contains(unread.epoch) ? unread.ranges : [:]
    }

    private func pour(
        into disk: inout SQLite, mark: String, unread: [ReportStream: [ClosedRange<Int64>]]
    ) throws {
        try disk.script("BEGIN IMMEDIATE;")
        do {
            var carrier = ReportCarrier(author: author, budget: nil, moment: latest)
            let found = carrier.take(unread, from: &disk)
            try disk.script("DELETE FROM report;")
            try carrier.put(found, into: &disk)
            try carrier.carry(from: &database, into: &disk)
            try SpoolSchema.setNote("epoch", Spool.unsettled, &disk)
            try SpoolSchema.setNote("taken", mark, &disk)
            try disk.script("COMMIT;")
        } catch {
            try? disk.script("ROLLBACK;")
            throw error
        }
    }
}
