import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Spool")
struct SpoolTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    @Test("A fault, the latch that remembers it and the cursor behind it are there together after a reopening")
    func commitIsWhole() async throws {
        do {
            let spool = try await SpoolFixture.open(directory.path)
            try await spool.commit(
                [SpoolFixture.change("a")],
                states: [ComponentState(component: ComponentID(.fan, "a"), latches: Data([1]), windows: Data([2]))],
                cursors: [ProbeCursor(probe: "kernel-log", value: "s=5")], at: SpoolFixture.moment())
        }
        let spool = try await SpoolFixture.open(directory.path)
        let saved = try await spool.saved()
        #expect(
            saved.states == [ComponentState(component: ComponentID(.fan, "a"), latches: Data([1]), windows: Data([2]))])
        #expect(saved.cursors == [ProbeCursor(probe: "kernel-log", value: "s=5")])
        let reports = try await SpoolFixture.reports(spool, .faults)
        #expect(reports.map(\.position) == [ReportPosition(epoch: 1, stream: .faults, sequence: 1)])
        #expect(reports.first?.content == .faults([SpoolFixture.change("a", stamp: 1)]))
    }

    @Test("Windows that were not taken stay as they were stored")
    func windowsStay() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        let id = ComponentID(.fan, "a")
        try await spool.commit(
            [], states: [ComponentState(component: id, latches: Data([1]), windows: Data([2]))], cursors: [],
            at: SpoolFixture.moment())
        try await spool.commit(
            [], states: [ComponentState(component: id, latches: Data([3]), windows: nil)], cursors: [],
            at: SpoolFixture.moment())
        #expect(
            try await spool.saved().states == [ComponentState(component: id, latches: Data([3]), windows: Data([2]))])
    }

    @Test("Numbers go on where they ended, also after everything was taken and the agent started again")
    func numbersGoOn() async throws {
        do {
            let spool = try await SpoolFixture.open(directory.path)
            for name in ["a", "b"] {
                try await spool.commit([SpoolFixture.change(name)], states: [], cursors: [], at: SpoolFixture.moment())
            }
            try await spool.discard(through: 2, of: .faults)
            #expect(try await spool.oldest(of: .faults) == nil)
        }
        let spool = try await SpoolFixture.open(directory.path)
        try await spool.commit([SpoolFixture.change("c")], states: [], cursors: [], at: SpoolFixture.moment())
        #expect(try await spool.oldest(of: .faults) == 3)
        #expect(try await SpoolFixture.reports(spool, .faults).map(\.position.sequence) == [3])
    }

    @Test("A batch has at most the bytes asked for, but always one report")
    func batchBytes() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        for name in ["a", "b", "c"] {
            try await spool.commit([SpoolFixture.change(name)], states: [], cursors: [], at: SpoolFixture.moment())
        }
        let one = try await spool.nextBatch(of: .faults, limit: 10, bytes: 1)
        #expect(one.map(\.sequence) == [1])
        let two = try await spool.nextBatch(of: .faults, limit: 10, bytes: (one[0].bytes.count + 1) * 2)
        #expect(two.map(\.sequence) == [1, 2])
        #expect(try await spool.nextBatch(of: .faults, limit: 2, bytes: .max).count == 2)
        #expect(try await spool.counts() == [.faults: 3, .telemetry: 0])
    }

    @Test("More changes than one report may hold become several, none is left out")
    func manyChanges() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        let changes = (0...WireLimits.changesPerReport).map { SpoolFixture.change("\($0)", stamp: Int64($0) + 1) }
        try await spool.commit(changes, states: [], cursors: [], at: SpoolFixture.moment())
        let stored = try await SpoolFixture.reports(spool, .faults).map { report -> [FaultChange] in
            if case .faults(let changes) = report.content { changes } else { [] }
        }
        #expect(stored.allSatisfy { $0.count <= WireLimits.changesPerReport })
        #expect(stored.flatMap { $0 } == changes)
    }

    @Test("A new epoch numbers what is left from 1, signs it again in the adopted name, and covers as many as before")
    func newEpoch() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        for name in ["a", "b", "c"] {
            try await spool.commit([SpoolFixture.change(name)], states: [], cursors: [], at: SpoolFixture.moment())
        }
        try await spool.discard(through: 1, of: .faults)
        await spool.adopt(host: "h2", hostname: "beta")
        try await spool.startEpoch(4)
        try await spool.commit([SpoolFixture.change("d")], states: [], cursors: [], at: SpoolFixture.moment())
        let reports = try await SpoolFixture.reports(spool, .faults)
        #expect(reports.map(\.position) == (1...4).map { ReportPosition(epoch: 4, stream: .faults, sequence: $0) })
        #expect(Set(reports.map(\.host)) == ["h2"])
        // Behind what waits, what stands: the first report of it was taken.
        #expect(reports.map(\.content.kind) == ["faults", "faults", "statement", "faults"])
        #expect(reports.fans == ["b", "c", "d"])
    }

    @Test("An old copy of the spool file does not use numbers a second time: a collector is asked for an epoch")
    func restoredFile() async throws {
        do {
            let spool = try await SpoolFixture.open(directory.path)
            try await spool.startEpoch(3)
        }
        try FileManager.default.copyItem(
            atPath: "\(directory.path)/spool.sqlite", toPath: "\(directory.path)/backup")
        do {
            let spool = try await SpoolFixture.open(directory.path)
            try await spool.startEpoch(7)
        }
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: "\(directory.path)/spool.sqlite\(suffix)")
        }
        try FileManager.default.moveItem(
            atPath: "\(directory.path)/backup", toPath: "\(directory.path)/spool.sqlite")
        let spool = try await SpoolFixture.open(directory.path)
        #expect(await spool.epoch == Spool.unsettled)
    }

    @Test("A lost spool file asks a collector for the next epoch")
    func lostFile() async throws {
        do { _ = try await SpoolFixture.open(directory.path) }
        try FileManager.default.removeItem(atPath: "\(directory.path)/spool.sqlite")
        #expect(try await SpoolFixture.open(directory.path).epoch == Spool.unsettled)
    }

    @Test("What the collector lost after it was taken is admitted as dropped, once")
    func declaredLoss() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        for name in ["a", "b", "c"] {
            try await spool.commit([SpoolFixture.change(name)], states: [], cursors: [], at: SpoolFixture.moment())
        }
        try await spool.discard(through: 2, of: .faults)
        for _ in 0..<2 { try await spool.declareLoss(of: .faults, from: 1, through: 2, reason: "collector-behind") }
        let reports = try await SpoolFixture.reports(spool, .faults)
        #expect(
            reports.map(\.position) == [
                ReportPosition(epoch: 1, stream: .faults, first: 1, sequence: 2),
                ReportPosition(epoch: 1, stream: .faults, sequence: 3),
            ])
        #expect(reports.first?.content == .dropped(Dropped(reason: "collector-behind")))
    }

    @Test(
        "Telemetry lies packed in the file, at a fraction of what is sent, and is sent as it was signed; faults lie as they are"
    )
    func packed() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        let samples = (0..<400).map { number in
            SampleAggregate(
                component: ComponentID(.temperature, "nct6798-isa-0290/temp\(number)"),
                signal: Signal("hw.temperature"),
                from: SpoolFixture.start, through: SpoolFixture.start + .seconds(300), count: 30,
                minimum: 30 + Double(number % 7), maximum: 41.5, mean: 36.25 + Double(number) / 16, last: 38)
        }
        try await spool.append(samples: samples, at: SpoolFixture.moment())
        try await spool.commit([SpoolFixture.change("a")], states: [], cursors: [], at: SpoolFixture.moment())
        let sizes = try await spool.storedSizes()
        let sent = try await spool.nextBatch(of: .telemetry, limit: 10, bytes: .max)
        #expect(sent.count == 1 && sizes.telemetry > 0 && sizes.telemetry * 10 < sent[0].bytes.count, "\(sizes)")
        #expect(try await SpoolFixture.reports(spool, .telemetry).map(\.content) == [.samples(samples)])
        #expect(try await sizes.faults == spool.nextBatch(of: .faults, limit: 10, bytes: .max)[0].bytes.count)
        let line = sent[0].bytes
        #expect(try StoredReport.line(StoredReport.packed(line, of: .telemetry)) == line)
        #expect(throws: (any Error).self) {
            try StoredReport.line(StoredReport.packed(line, of: .telemetry).dropLast(9))
        }
    }

    @Test("A packed report that is damaged does not hold up the others: an admission takes its place")
    func damagedReport() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        for _ in 0..<4 { try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment()) }
        for sequence in [1, 3] as [Int64] { try await spool.damage(sequence) }
        var sent: [Report] = []
        while let last = try await spool.nextBatch(of: .telemetry, limit: 10, bytes: .max).last {
            sent += try await SpoolFixture.reports(spool, .telemetry)
            try await spool.discard(through: last.sequence, of: .telemetry)
        }
        #expect(Set(sent.map(\.position.sequence)) == [1, 2, 3, 4])
        #expect(
            Set(sent.filter { $0.content == .dropped(Dropped(reason: "damaged")) }.map(\.position.sequence)) == [1, 3])
    }

    @Test("A file of the layout before, in which nothing is packed, is read and gone on with")
    func earlierLayout() async throws {
        do {
            let spool = try await SpoolFixture.open(directory.path)
            try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment())
            try await spool.unpack()
        }
        let spool = try await SpoolFixture.open(directory.path)
        try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment())
        #expect(try await SpoolFixture.reports(spool, .telemetry).map(\.position.sequence) == [1, 2])
        #expect(try await SpoolFixture.reports(spool, .telemetry).allSatisfy { $0.content == SpoolFixture.heartbeat() })
    }

    @Test("Nothing is given up by its age within an hour of a leap of the clock")
    func leap() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment())
        func kinds(_ clock: Int64, _ uptime: Int64) async throws -> [String] {
            let moment = Moment(
                time: SpoolFixture.start + .seconds(clock), boot: "b0", uptime: .seconds(100 + uptime))
            try await spool.append(SpoolFixture.heartbeat(), at: moment)
            return try await SpoolFixture.reports(spool, .telemetry).map(\.content.kind)
        }
        let year: Int64 = 365 * 86_400
        #expect(try await kinds(year, 60) == ["heartbeat", "heartbeat"])
        #expect(try await kinds(year + 3_000, 3_060) == ["heartbeat", "heartbeat", "heartbeat"])
        // Back, and all is as if it had not been.
        #expect(try await kinds(3_120, 3_120).count == 4)
        #expect(try await kinds(90_000, 90_000) == Array(repeating: "heartbeat", count: 5))
        // What really is old goes.
        #expect(try await kinds(20 * 86_400, 20 * 86_400).first == "dropped")
    }

    @Test("Names of signals go with their last sample")
    func series() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        for (day, name) in [(0, "gone"), (1, "there"), (40, "there")] {
            let moment = SpoolFixture.moment(Int64(day) * 86_400)
            let sample = SampleAggregate(
                component: ComponentID(.fan, name), signal: Signal("hw.fan.speed"), from: moment.time,
                through: moment.time,
                count: 1, last: 1)
            try await spool.append(samples: [sample], at: moment)
        }
        #expect(try await spool.seriesCount() == 1)
    }

    @Test("A test report is known to wait until it is covered")
    func waitingTest() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        let test = TestFault(id: "t1", fault: SpoolFixture.change("a").fault)
        try await spool.append(.test(test), at: SpoolFixture.moment())
        #expect(try await spool.isWaiting(test: "t1"))
        try await spool.startEpoch(2)
        #expect(try await spool.isWaiting(test: "t1"))
        try await spool.discard(through: 1, of: .faults)
        #expect(try await !spool.isWaiting(test: "t1"))
    }
}

extension Spool {
    /// Bytes of what lies in the file of each stream.
    fileprivate func storedSizes() throws -> (faults: Int, telemetry: Int) {
        func size(_ stream: String) throws -> Int {
            Int(
                try database.value("SELECT sum(length(envelope)) FROM report WHERE stream = ?", .text(stream))?.integer
                    ?? 0)
        }
        return (try size("faults"), try size("telemetry"))
    }

    /// Makes of the file one of layout 1.
    fileprivate func unpack() throws {
        for row in try database.rows("SELECT id, envelope FROM report") {
            try database.run(
                "UPDATE report SET envelope = ? WHERE id = ?", .blob(StoredReport.line(row[1].blob ?? Data())), row[0])
        }
        try database.script("PRAGMA user_version=1;")
    }

    fileprivate func damage(_ sequence: Int64) throws {
        try database.run(
            "UPDATE report SET envelope = ? WHERE stream = 'telemetry' AND sequence = ?",
            .blob(Data([0x1F, 0x8B, 1, 2, 3])), .integer(sequence))
    }

    fileprivate func seriesCount() throws -> Int {
        Int(try database.value("SELECT count(*) FROM series")?.integer ?? 0)
    }
}
