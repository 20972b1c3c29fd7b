import FaultPatterns
import Foundation
import Logging
import Reports
import TestSupport
import Testing

@testable import SensorAgent

/// The spool on real file systems that fail.
@Suite(
    "Spool on a failing disk", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: FailingDisk.isPossible, Comment(rawValue: FailingDisk.obstacle)))
struct SpoolDiskTests {
    /// A folder in memory that outlives the process, as systemd's runtime directory does.
    private let memory: ScratchDirectory
    private let lines = LogLines()

    init() throws { memory = try ScratchDirectory() }

    private func open(_ disk: FailingDisk, at seconds: Int64 = 0, memory folder: String? = nil) async throws -> Spool {
        try await Spool.open(
            directory: disk.path, memoryDirectory: folder ?? memory.path, author: SpoolFixture.author(),
            at: SpoolFixture.moment(seconds), log: lines.log)
    }

    private func commit(_ spool: Spool, _ names: String..., at seconds: Int64 = 0) async throws {
        for name in names {
            try await spool.commit(
                [SpoolFixture.change(name)],
                states: [ComponentState(component: ComponentID(.fan, name), latches: Data(name.utf8), windows: nil)],
                cursors: [ProbeCursor(probe: "p", value: name)], at: SpoolFixture.moment(seconds))
        }
    }

    /// Names of the faults that wait, in order, whatever epoch they are in.
    private func faults(_ spool: Spool) async throws -> [String] {
        try await SpoolFixture.stored(spool, .faults).fans
    }

    private func states(_ spool: Spool) async throws -> Set<String> {
        Set(try await spool.saved().states.map { String(decoding: $0.latches, as: UTF8.self) })
    }

    private func logged(_ words: String) -> Int { lines.all.count { $0.contains(words) } }

    private static let gone = "the spool cannot be written"
    private static let back = "the spool is written to disk again"

    @Test(
        "A disk that refuses moves the spool into memory, in order, with state and one line; a restart goes on there; and all of it goes back",
        arguments: ["eio-write", "eio-sync", "erofs", "enospc"])
    func intoMemoryAndBack(behaviour: String) async throws {
        let disk = try FailingDisk(.fuse)
        do {
            let spool = try await open(disk)
            try await commit(spool, "a", "b")
            try await disk.behave(behaviour)
            try await commit(spool, "c")
            for second in 1...20 {
                try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment(Int64(second)))
            }
            #expect(await spool.isInMemory)
            #expect(await spool.epoch == Spool.unsettled)
            #expect(try #require(await spool.incident).contains("reports are kept in memory"))
            #expect(logged(Self.gone) == 1 && lines.all.count { $0.hasPrefix("error") } <= 2, "\(lines.all)")
            #expect(try await faults(spool) == ["a", "b", "c"])
            // A question: what no collector takes, one report of it.
            let asked = try await spool.nextBatch(of: .faults, limit: 256, bytes: .max)
            #expect(asked.map(\.epoch) == [0] && asked.map(\.sequence) == [1])
            try await spool.startEpoch(7)
            try await commit(spool, "d", at: 30)
            #expect(try await SpoolFixture.reports(spool, .faults).map(\.position.sequence) == [1, 2, 3, 4, 5])
            try await spool.discard(through: 1, of: .faults)
            await spool.returnToDisk()
            #expect(await spool.isInMemory)
        }
        // The process is gone; the disk still fails.
        do {
            let spool = try await open(disk, at: 40)
            #expect(await spool.isInMemory)
            #expect(await spool.epoch == 7)
            try await commit(spool, "e", at: 50)
            #expect(try await faults(spool) == ["b", "c", "d", "e"])
            #expect(try await SpoolFixture.reports(spool, .faults).map(\.position.sequence) == [2, 3, 4, 5, 6])
            #expect(try await states(spool) == ["a", "b", "c", "d", "e"])
            try await disk.behave("ok")
            try await commit(spool, "f", at: 60)
            await spool.returnToDisk()
            #expect(await !spool.isInMemory)
            #expect(await spool.incident == nil)
            #expect(await spool.epoch == Spool.unsettled)
            #expect(logged(Self.back) == 1, "\(lines.all)")
            #expect(try await faults(spool) == ["b", "c", "d", "e", "f"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: memory.path).isEmpty)
        }
        let spool = try await open(disk, at: 70)
        #expect(await !spool.isInMemory)
        #expect(await spool.epoch == Spool.unsettled)
        #expect(try await faults(spool) == ["b", "c", "d", "e", "f"])
        #expect(try await states(spool) == ["a", "b", "c", "d", "e", "f"])
        #expect(try await spool.saved().cursors.map(\.value) == ["f"])
        try await spool.startEpoch(9)
        #expect(try await SpoolFixture.reports(spool, .faults).map(\.position.sequence) == Array(1...7))
    }

    @Test("What a disk that cannot be read either holds comes first once it can, and nothing is lost or doubled")
    func unreadable() async throws {
        let disk = try FailingDisk(.fuse)
        let spool = try await open(disk)
        try await commit(spool, "a", "b")
        try await disk.behave("eio")
        try await commit(spool, "c")
        #expect(await spool.isInMemory && logged(Self.gone) == 1)
        #expect(try await faults(spool).last == "c")
        try await spool.startEpoch(7)
        try await commit(spool, "d", at: 30)
        await spool.returnToDisk()
        #expect(await spool.isInMemory)
        try await disk.behave("ok")
        try await commit(spool, "e", at: 3_000)
        await spool.returnToDisk()
        #expect(await !spool.isInMemory && logged(Self.back) == 1)
        let found = try await faults(spool)
        #expect(found == ["a", "b", "c", "d", "e"], "\(found)")
        #expect(try await states(spool) == ["a", "b", "c", "d", "e"])
    }

    @Test(
        "A full disk is given the reserve first, and stays in use; past it the spool goes into memory, and comes back to room"
    )
    func full() async throws {
        let disk = try FailingDisk(.tmpfs(bytes: 16 << 20))
        let spool = try await open(disk)
        #expect(FileManager.default.fileExists(atPath: "\(disk.path)/spool.ballast"))
        try await commit(spool, "a")
        try disk.fill()
        for number in 0..<40 { try await commit(spool, "x\(number)") }
        #expect(await !spool.isInMemory)
        #expect(!FileManager.default.fileExists(atPath: "\(disk.path)/spool.ballast"))
        #expect(try #require(await spool.incident).contains("make room"))
        #expect(logged("its reserve is given back") == 1)
        try disk.fill()
        for number in 0..<40 { try await commit(spool, "y\(number)") }
        #expect(await spool.isInMemory)
        #expect(logged(Self.gone) == 1 && logged("its reserve is given back") == 1, "\(lines.all)")
        let all = ["a"] + (0..<40).map { "x\($0)" } + (0..<40).map { "y\($0)" }
        #expect(try await faults(spool) == all)
        // Not before there is room for more than what came from there.
        try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment(300))
        await spool.returnToDisk()
        #expect(await spool.isInMemory)
        try disk.makeRoom()
        try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment(3_000))
        await spool.returnToDisk()
        #expect(await !spool.isInMemory)
        #expect(await spool.incident == nil)
        #expect(try await faults(spool) == all)
        #expect(FileManager.default.fileExists(atPath: "\(disk.path)/spool.ballast"))
    }

    @Test("A file system that the kernel made read-only: what lies on it is read, also by a process that starts on it")
    func remountedReadOnly() async throws {
        let disk = try FailingDisk(.ext4(bytes: 32 << 20))
        var spool: Spool? = try await open(disk)
        try await commit(try #require(spool), "a", "b")
        try disk.fail()
        try await commit(try #require(spool), "c")
        #expect(await spool?.isInMemory == true)
        #expect(try await faults(try #require(spool)) == ["a", "b", "c"])
        spool = nil
        // A restart of the machine forgets what was in memory, and finds the disk read-only.
        let other = try ScratchDirectory()
        for folder in [other.path, "\(other.path)/none"] {
            let started = try await open(disk, at: 10, memory: folder)
            #expect(await started.isInMemory)
            #expect(await started.epoch == Spool.unsettled)
            let found = try await faults(started)
            // Without a place for a copy, the log beside the file is not read.
            if folder == other.path { #expect(found == ["a", "b"]) } else { #expect(["a", "b"].starts(with: found)) }
            try await commit(started, "d", at: 20)
            #expect(try await faults(started).last == "d")
        }
        try disk.mountAgain()
        let mended = try await open(disk, at: 100)
        await mended.returnToDisk()
        #expect(await !mended.isInMemory)
        #expect(try await faults(mended) == ["a", "b", "c"])
    }

    @Test("A damaged file that cannot be set aside, because its disk is read-only too, moves what is known into memory")
    func corrupt() async throws {
        let disk = try FailingDisk(.fuse)
        let spool = try await open(disk)
        for number in 0..<400 { try await commit(spool, "\(number)") }
        try await disk.behave("garbage")
        // Reading what lies behind the page cache finds the damage.
        _ = try await spool.saved()
        _ = try await spool.nextBatch(of: .faults, limit: 1_000, bytes: .max)
        try await commit(spool, "late")
        #expect(await spool.isInMemory)
        #expect(logged(Self.gone) == 1, "\(lines.all)")
        #expect(try await faults(spool).last == "late")
        try await disk.behave("ok")
        try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment(3_000))
        await spool.returnToDisk()
        #expect(await !spool.isInMemory)
        // What could not be read then can be read now, and stands before what came after it.
        #expect(try await faults(spool) == (0..<400).map(String.init) + ["late"])
        #expect(try await states(spool).count == 401)
    }

    @Test("What was covered while its reports were given other numbers goes, and nothing else")
    func onTheWay() async throws {
        let disk = try FailingDisk(.fuse)
        let spool = try await open(disk)
        try await commit(spool, "a", "b", "c")
        let sent = try await spool.nextBatch(of: .faults, limit: 256, bytes: .max)
        #expect(sent.map(\.sequence) == [1, 2, 3] && sent.map(\.epoch) == [1, 1, 1])
        try await disk.behave("eio-write")
        try await commit(spool, "d")
        try await spool.discardRenumbered(through: 2, of: .faults, from: 1)
        try await spool.discardRenumbered(through: 9, of: .faults, from: 4)
        #expect(try await faults(spool) == ["c", "d"])
        try await spool.startEpoch(2)
        _ = try await spool.nextBatch(of: .faults, limit: 256, bytes: .max)
        try await spool.discardRenumbered(through: 3, of: .faults, from: 1)
        #expect(
            try await faults(spool) == ["c", "d"], "a receipt that comes late says nothing of the numbers there are now"
        )
    }

    @Test(
        "A crash between the two files of a return counts nothing twice, and a return that failed does not win over what came after it"
    )
    func crashInReturn() async throws {
        let disk = try FailingDisk(.fuse)
        let kept = try ScratchDirectory()
        do {
            let spool = try await open(disk)
            try await commit(spool, "a")
            try await disk.behave("eio-write")
            try await commit(spool, "b")
            // fsync fails after all was written: the disk has a commit that was reported as failed.
            try await disk.behave("eio-sync")
            try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment(100))
            await spool.returnToDisk()
            #expect(await spool.isInMemory)
            try await commit(spool, "c", at: 110)
        }
        try await disk.behave("ok")
        do {
            let spool = try await open(disk, at: 120)
            #expect(await spool.isInMemory, "what is in memory is newer")
            #expect(try await faults(spool) == ["a", "b", "c"])
            try await commit(spool, "d", at: 130)
            await spool.returnToDisk()
            #expect(await !spool.isInMemory)
        }
        // As if it had been killed before the file in memory was removed: another name keeps what it had then.
        do {
            try await disk.behave("eio-write")
            let spool = try await open(disk, at: 140)
            #expect(await spool.isInMemory)
            try await disk.behave("ok")
            try await commit(spool, "e", at: 300)
            try FileManager.default.linkItem(
                atPath: "\(memory.path)/spool.sqlite", toPath: "\(kept.path)/spool.sqlite")
            await spool.returnToDisk()
            #expect(await !spool.isInMemory)
            try await spool.discard(through: 2, of: .faults)
        }
        try FileManager.default.moveItem(atPath: "\(kept.path)/spool.sqlite", toPath: "\(memory.path)/spool.sqlite")
        let spool = try await open(disk, at: 310)
        #expect(await !spool.isInMemory)
        #expect(try await faults(spool) == ["c", "d", "e"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: memory.path).isEmpty)
    }

    @Test("A first start on a disk that cannot be written is refused in words: there is nothing to go on from")
    func firstStart() async throws {
        let disk = try FailingDisk(.fuse)
        try await disk.behave("erofs")
        let error = await #expect(throws: SpoolError.self) { _ = try await open(disk) }
        #expect(error?.description.contains("cannot be written") == true)
    }

    @Test("In memory telemetry has its bound, and makes way as one signed admission; faults keep theirs")
    func boundInMemory() async throws {
        let disk = try FailingDisk(.fuse)
        let limits = Spool.Limits(memoryBytes: 300_000, memoryFaultBytes: 600_000)
        let spool = try await Spool.open(
            directory: disk.path, memoryDirectory: memory.path, author: SpoolFixture.author(), limits: limits,
            at: SpoolFixture.moment(), log: lines.log)
        try await disk.behave("eio-write")
        for number in 0..<300 {
            try await spool.append(
                samples: [
                    SampleAggregate(
                        component: ComponentID(.fan, UUID().uuidString), signal: Signal("hw.fan.speed"),
                        from: SpoolFixture.start, through: SpoolFixture.start, count: 1, last: Double(number))
                ], at: SpoolFixture.moment(Int64(number)))
        }
        #expect(try await spool.usedBytes() <= limits.memoryBytes)
        let full = await #expect(throws: SpoolError.self) {
            for number in 0..<2_000 { try await commit(spool, "\(number)") }
        }
        guard case .full = full else {
            Issue.record("\(String(describing: full))")
            return
        }
        #expect(try await spool.usedBytes() <= limits.memoryFaultBytes)
        let telemetry = try await SpoolFixture.stored(spool, .telemetry).map(\.content.kind)
        #expect(telemetry == ["dropped"])
    }

    @Test("The heartbeat says that the spool cannot be written, one line of the log does, and both the end of it")
    func heartbeat() async throws {
        let disk = try FailingDisk(.fuse)
        let running = try await RunningWatch([WatchFixture.fanProbe(Dial(1_000))], in: disk.path, log: lines.log)
        func last() async throws -> Heartbeat? {
            try await SpoolFixture.stored(running.spool, .telemetry).compactMap { report -> Heartbeat? in
                if case .heartbeat(let heartbeat) = report.content { heartbeat } else { nil }
            }.last
        }
        func troubles() async throws -> [String]? {
            try await last()?.coverage.filter { $0.state != "ok" }.map(\.probe)
        }
        try await WatchFixture.eventually("the first heartbeat") { try await troubles() == [] }
        try await disk.behave("eio-write")
        // The next heartbeat is due a minute after the first.
        running.clock.advance(by: .seconds(50))
        for _ in 0..<30 {
            running.clock.advance(by: .seconds(10))
            try await WatchFixture.eventually("the heartbeat tells") { try await troubles() == ["spool"] }
        }
        let spool = try #require(try await last()?.coverage.last)
        #expect(spool.state == "failing" && spool.because.contains(disk.path) && spool.because.contains("in memory"))
        #expect(lines.all.count { $0.hasPrefix("error") } == 1, "\(lines.all)")
        try await disk.behave("ok")
        await running.spool.returnToDisk()
        #expect(await !running.spool.isInMemory)
        running.clock.advance(by: .seconds(60))
        try await WatchFixture.eventually("the heartbeat tells no more") { try await troubles() == [] }
        try await running.stop()
        #expect(lines.all.count { $0.hasPrefix("error") } == 1, "\(lines.all)")
    }
}
