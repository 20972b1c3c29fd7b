import FaultPatterns
import Foundation
import Glibc
import Reports
import Testing

@testable import SensorAgent

@Suite("Spool under damage")
struct SpoolDamageTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    @Test("A file that is no database is set aside under a name, and a collector is asked for the next epoch")
    func garbage() async throws {
        do { _ = try await SpoolFixture.open(directory.path) }
        try Data(repeating: 0x55, count: 10_000).write(to: URL(filePath: "\(directory.path)/spool.sqlite"))
        let spool = try await SpoolFixture.open(directory.path)
        #expect(await spool.epoch == Spool.unsettled)
        let incident = try #require(await spool.incident)
        #expect(incident.contains("spool.sqlite.damaged-") && incident.contains("the next answer of the collector"))
        #expect(try damagedFiles().count == 1)
        try await spool.commit([SpoolFixture.change("a")], states: [], cursors: [], at: SpoolFixture.moment())
        #expect(try await SpoolFixture.reports(spool, .faults).map(\.position.epoch) == [Spool.unsettled])
        try await spool.startEpoch(2)
        let reports = try await SpoolFixture.reports(spool, .faults)
        #expect(reports.map(\.position.epoch) == [2, 2] && reports.map(\.content.kind) == ["faults", "statement"])
    }

    @Test("Faults that can still be read in a damaged file are kept and sent in the new epoch")
    func salvage() async throws {
        do {
            let spool = try await SpoolFixture.open(directory.path)
            for number in 0..<200 {
                try await spool.commit(
                    [SpoolFixture.change("\(number)")],
                    states: [
                        ComponentState(component: ComponentID(.fan, "\(number)"), latches: Data([1]), windows: nil)
                    ],
                    cursors: [], at: SpoolFixture.moment())
            }
        }
        let path = "\(directory.path)/spool.sqlite"
        var bytes = try Data(contentsOf: URL(filePath: path))
        let hurt = bytes.count * 3 / 4
        bytes.replaceSubrange(hurt..<(hurt + 8_192), with: Data(repeating: 0xA5, count: 8_192))
        try bytes.write(to: URL(filePath: path))

        let spool = try await SpoolFixture.open(directory.path)
        let reports = try await SpoolFixture.stored(spool, .faults)
        #expect(await spool.epoch == Spool.unsettled)
        #expect(reports.count > 50)
        #expect(reports.map(\.position.sequence) == Array(1...Int64(reports.count)))
        #expect(try await !spool.saved().states.isEmpty)
    }

    @Test(
        "Numbers of reports that damage made of others are read as far as they go",
        arguments: [(Int64.min, Int64.max), (.max, .min), (-5, 7), (.max, .max), (.min, .min)])
    func hostileNumbers(first: Int64, sequence: Int64) async throws {
        do {
            let spool = try await SpoolFixture.open(directory.path)
            for number in 0..<3 {
                try await spool.commit(
                    [SpoolFixture.change("\(number)")], states: [], cursors: [], at: SpoolFixture.moment())
            }
        }
        let path = "\(directory.path)/spool.sqlite"
        do {
            var database = try SQLite(path: path)
            try database.run(
                "UPDATE report SET first = ?, sequence = ? WHERE sequence = 2", .integer(first), .integer(sequence))
        }
        var source = try SQLite(path: path)
        let other = "\(directory.path)/other.sqlite"
        var target = try SQLite(path: other)
        _ = try SpoolSchema.prepare(&target, path: other, epoch: Spool.unsettled)
        var carrier = ReportCarrier(author: try SpoolFixture.author(), budget: nil, moment: SpoolFixture.moment())
        try carrier.carry(from: &source, into: &target)
        let rows = try target.rows("SELECT sequence FROM report WHERE stream = 'faults' ORDER BY sequence")
        #expect(rows.count == 3)
    }

    @Test("At most two damaged files are kept")
    func damagedFilesAreBounded() async throws {
        for round in 0..<4 {
            do { _ = try await SpoolFixture.open(directory.path, at: SpoolFixture.moment(Int64(round))) }
            try Data(repeating: 0x55, count: 10_000).write(to: URL(filePath: "\(directory.path)/spool.sqlite"))
        }
        _ = try await SpoolFixture.open(directory.path, at: SpoolFixture.moment(9))
        #expect(try damagedFiles().count == 2)
    }

    @Test("A file of a newer agent is refused and left as it is")
    func newerLayout() async throws {
        do { _ = try await SpoolFixture.open(directory.path) }
        do {
            let database = try SQLite(path: "\(directory.path)/spool.sqlite")
            try database.script("PRAGMA user_version=99;")
        }
        let error = await #expect(throws: SpoolError.self) { _ = try await SpoolFixture.open(directory.path) }
        #expect(error?.description.contains("was written by a newer agent: it has layout 99") == true)
        #expect(try damagedFiles().isEmpty)
    }

    @Test("A directory that is not there is an error with words")
    func noDirectory() async throws {
        let error = await #expect(throws: SpoolError.self) {
            _ = try await SpoolFixture.open("\(directory.path)/missing/deeper")
        }
        #expect(error?.description.isEmpty == false)
    }

    /// The child writes faults, each acknowledged in a file after its commit, and is killed at some moment.
    @Test("Killed at any moment: every acknowledged fault is there, none twice, no number missing")
    func killed() async throws {
        try Data().write(to: URL(filePath: "\(directory.path)/acknowledged"))
        for round in 0..<12 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = directory.path as String, round = round as Int] in
                let spool = try await SpoolFixture.open(path)
                Thread.detachNewThread {
                    usleep(UInt32(3_000 + round * 2_700))
                    kill(getpid(), SIGKILL)
                }
                let acknowledged = try #require(FileHandle(forWritingAtPath: "\(path)/acknowledged"))
                try acknowledged.seekToEnd()
                for number in 0..<100_000 {
                    let name = "\(round)-\(number)"
                    try await spool.commit(
                        [SpoolFixture.change(name)],
                        states: [ComponentState(component: ComponentID(.fan, name), latches: Data([1]), windows: nil)],
                        cursors: [ProbeCursor(probe: "p", value: name)], at: SpoolFixture.moment())
                    try acknowledged.write(contentsOf: Data("\(name)\n".utf8))
                }
            }
        }
        let spool = try await SpoolFixture.open(directory.path)
        let reports = try await SpoolFixture.reports(spool, .faults)
        let stored = reports.flatMap { report -> [String] in
            guard case .faults(let changes) = report.content else { return [] }
            return changes.map { String($0.fault.component.rawValue.dropFirst("fan:".count)) }
        }
        let acknowledged = try String(contentsOfFile: "\(directory.path)/acknowledged", encoding: .utf8)
            .split(separator: "\n").map(String.init)
        #expect(!acknowledged.isEmpty)
        #expect(Set(acknowledged).isSubset(of: stored))
        #expect(Set(stored).count == stored.count)
        #expect(reports.map(\.position.sequence) == Array(1...Int64(reports.count)))
        #expect(await spool.epoch == 1)
        let saved = try await spool.saved()
        #expect(Set(saved.states.map(\.component)) == Set(stored.map { ComponentID(.fan, $0) }))
        #expect(saved.cursors.map(\.value) == stored.suffix(1))
    }

    @Test(
        "Where the disk is full telemetry makes way for faults, until nothing but faults is left; what comes then is kept in memory"
    )
    func diskFull() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        for _ in 0..<300 { try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment()) }
        try await spool.limitPages(toUsed: true)
        var stored = 0
        while await !spool.isInMemory, stored < 10_000 {
            try await spool.commit(
                [SpoolFixture.change("\(stored)")], states: [], cursors: [], at: SpoolFixture.moment())
            stored += 1
        }
        #expect(stored > 20 && stored < 10_000)
        #expect(try await SpoolFixture.stored(spool, .telemetry).map(\.content.kind) == ["dropped"])
        #expect(try await SpoolFixture.stored(spool, .faults).fans == (0..<stored).map(String.init))
        try await spool.commit([SpoolFixture.change("late")], states: [], cursors: [], at: SpoolFixture.moment(100))
        await spool.returnToDisk()
        #expect(await !spool.isInMemory)
        let reports = try await SpoolFixture.stored(spool, .faults)
        #expect(reports.fans == (0..<stored).map(String.init) + ["late"])
        #expect(reports.map(\.position.sequence) == Array(1...Int64(reports.count)))
    }

    private func damagedFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).filter {
            $0.contains("damaged") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
        }
    }
}

extension Spool {
    /// SQLite's own full disk: it answers SQLITE_FULL past this many pages.
    fileprivate func limitPages(toUsed: Bool) throws {
        let pages = toUsed ? try database.value("PRAGMA page_count")?.integer ?? 0 : 1 << 30
        _ = try database.value("PRAGMA max_page_count=\(pages)")
    }
}
