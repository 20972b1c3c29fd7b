import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("The account of faults that stand")
struct SpoolStandingTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private func commit(_ spool: Spool, _ changes: FaultChange...) async throws {
        try await spool.commit(changes, states: [], cursors: [], at: SpoolFixture.moment())
    }

    private func standing(_ stamps: [String: Int64], epoch: Int64 = 1, through: Int64) -> StandingFaults {
        StandingFaults(
            epoch: epoch, through: through,
            stamps: Dictionary(
                stamps.map { (FaultID(rawValue: "f-\($0)"), $1) }, uniquingKeysWith: { first, _ in first }))
    }

    private func statements(_ spool: Spool) async throws -> [FaultStatement] {
        try await SpoolFixture.reports(spool, .faults).compactMap { report in
            if case .statement(let statement) = report.content { statement } else { nil }
        }
    }

    @Test("Each change has the next stamp, and each report says what stands behind it")
    func stamps() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        try await commit(spool, SpoolFixture.change("a"), SpoolFixture.change("b"))
        try await commit(spool, SpoolFixture.change("a", kind: .updated), SpoolFixture.change("b", kind: .cleared))
        try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment())
        let reports = try await SpoolFixture.reports(spool, .faults)
        let stamps = reports.flatMap { report -> [Int64?] in
            if case .faults(let changes) = report.content { changes.map(\.stamp) } else { [] }
        }
        #expect(stamps == [1, 2, 3, 4])
        #expect(reports.map(\.standing) == [standing(["a": 1, "b": 2], through: 1), standing(["a": 3], through: 2)])
        let heartbeats = try await SpoolFixture.reports(spool, .telemetry)
        #expect(heartbeats.map(\.standing) == [standing(["a": 3], through: 2)])
    }

    @Test("Stamps go on over restarts, and above what a collector knows")
    func goOn() async throws {
        do {
            let spool = try await SpoolFixture.open(directory.path)
            try await commit(spool, SpoolFixture.change("a"))
            try await commit(spool, SpoolFixture.change("a", kind: .cleared))
        }
        let spool = try await SpoolFixture.open(directory.path)
        try await commit(spool, SpoolFixture.change("b"))
        try await spool.raiseStamps(above: 2)
        try await commit(spool, SpoolFixture.change("c"))
        try await spool.raiseStamps(above: 100)
        try await spool.raiseStamps(above: .min)
        try await commit(spool, SpoolFixture.change("d"))
        #expect(
            try await SpoolFixture.reports(spool, .faults).last?.standing
                == standing(["b": 3, "c": 4, "d": 101], through: 5))
    }

    @Test("An epoch begins with a statement behind what waits; the stamps stay")
    func epoch() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        try await spool.startEpoch(2)
        #expect(try await statements(spool).isEmpty, "where nothing stands, nothing is stated")
        try await commit(spool, SpoolFixture.change("a"))
        try await spool.startEpoch(3)
        let reports = try await SpoolFixture.reports(spool, .faults)
        #expect(reports.map(\.content.kind) == ["faults", "statement"])
        #expect(reports.map(\.position.sequence) == [1, 2])
        // What was written before says of which epoch its numbers are.
        #expect(
            reports.map(\.standing) == [
                standing(["a": 1], epoch: 2, through: 1), standing(["a": 1], epoch: 3, through: 2),
            ])
        let statement = try #require(try await statements(spool).first)
        #expect(statement.answers == nil && statement.part == 1 && statement.of == 1)
        #expect(statement.faults.map(\.stamp) == [1])
        #expect(statement.faults.map(\.fault.id.rawValue) == ["f-a"])
    }

    @Test("A question is answered once, also where nothing stands, and many faults take several parts")
    func question() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        try await spool.restate(answering: "q1")
        try await spool.restate(answering: "q1")
        #expect(try await statements(spool) == [FaultStatement(answers: "q1", part: 1, of: 1, faults: [])])
        let many = (1...300).map { SpoolFixture.change("\($0)") }
        try await spool.commit(many, states: [], cursors: [], at: SpoolFixture.moment())
        try await spool.restate(answering: "q2")
        let parts = try await statements(spool).filter { $0.answers == "q2" }
        #expect(parts.map(\.part) == [1, 2] && parts.allSatisfy { $0.of == 2 })
        #expect(parts.map(\.faults.count) == [256, 44])
    }

    @Test("A test stands nowhere")
    func tests() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        var change = SpoolFixture.change("a")
        change.fault.test = "t1"
        try await commit(spool, change)
        #expect(try await SpoolFixture.reports(spool, .faults).last?.standing == standing([:], through: 1))
    }

    @Test("What the engine holds decides: what the account lacks is entered, and what it has too much is struck out")
    func align() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        try await commit(spool, SpoolFixture.change("a"), SpoolFixture.change("b"))
        let open = ["b", "c"].map { SpoolFixture.change($0).fault }
        for _ in 1...2 { try await spool.align(with: open) }
        try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment())
        #expect(
            try await SpoolFixture.reports(spool, .telemetry).last?.standing == standing(["b": 2, "c": 3], through: 1))
    }

    @Test("The account is held to its limit, and says so once")
    func full() async throws {
        let lines = LogLines()
        let spool = try await Spool.open(
            directory: directory.path, author: SpoolFixture.author(), at: SpoolFixture.moment(), log: lines.log)
        let many = (1...(StandingFaults.limit + 2)).map { SpoolFixture.change("\($0)") }
        try await spool.commit(many, states: [], cursors: [], at: SpoolFixture.moment())
        #expect(try await SpoolFixture.reports(spool, .faults).last?.standing?.count == StandingFaults.limit)
        #expect(lines.all.count { $0.contains("kept account of") } == 1)
    }

    @Test("A file of before there was an account gets one")
    func olderLayout() async throws {
        do {
            let spool = try await SpoolFixture.open(directory.path)
            try await commit(spool, SpoolFixture.change("a"))
        }
        do {
            let file = try SQLite(path: SpoolFile(directory: directory.path, memoryDirectory: nil).path)
            try file.script("DROP TABLE standing; DELETE FROM note WHERE key = 'stamp'; PRAGMA user_version=2;")
        }
        let spool = try await SpoolFixture.open(directory.path)
        try await spool.align(with: [SpoolFixture.change("a").fault])
        try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment())
        #expect(try await SpoolFixture.reports(spool, .telemetry).last?.standing == standing(["a": 1], through: 1))
    }
}
