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
        #expect(reports.first?.content == .faults([SpoolFixture.change("a")]))
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
        let changes = (0...WireLimits.changesPerReport).map { SpoolFixture.change("\($0)") }
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
        #expect(reports.map(\.position) == (1...3).map { ReportPosition(epoch: 4, stream: .faults, sequence: $0) })
        #expect(Set(reports.map(\.host)) == ["h2"])
        #expect(
            reports.map(\.content) == ["b", "c", "d"].map { .faults([SpoolFixture.change($0)]) })
    }

    @Test("An old copy of the spool file does not use numbers a second time: a new epoch begins")
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
        #expect(await spool.epoch == 8)
    }

    @Test("A lost spool file begins the next epoch")
    func lostFile() async throws {
        do { _ = try await SpoolFixture.open(directory.path) }
        try FileManager.default.removeItem(atPath: "\(directory.path)/spool.sqlite")
        #expect(try await SpoolFixture.open(directory.path).epoch == 2)
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
