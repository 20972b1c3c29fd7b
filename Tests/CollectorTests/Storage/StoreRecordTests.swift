import Foundation
import Reports
import Testing

@testable import Collector

@Suite("Which of several stores goes on")
struct StoreRecordTests {
    private let time = Timestamp(seconds: 1_795_000_000)

    private func serving(on machine: String? = "m1", at seconds: Int64 = 0) -> StoreRecord {
        var record = StoreRecord()
        record.beginServing(on: machine, knownUntil: time, at: time + .seconds(seconds))
        return record
    }

    @Test("Each start begins a later epoch, also where the clock went back")
    func starts() {
        var record = serving(at: 100)
        #expect(record.standing == .serving)
        #expect(record.epoch == StoreEpoch(term: 0, start: 1_795_000_100))
        record.beginServing(on: "m1", knownUntil: time, at: time)
        #expect(record.epoch == StoreEpoch(term: 0, start: 1_795_000_101))
    }

    @Test("On another machine it is held, in the epoch that it had, until it is taken over")
    func otherMachine() throws {
        var record = serving()
        let before = record.epoch
        record.beginServing(on: "m2", knownUntil: time + .seconds(5), at: time + .seconds(900))
        #expect(record.standing == .held(.otherMachine, knownUntil: time + .seconds(5)))
        #expect(record.epoch == before && record.standing.takesReports && !record.standing.maySend)
        // A start does not end it, nor does going back to the first machine.
        record.beginServing(on: "m1", knownUntil: time + .seconds(950), at: time + .seconds(960))
        #expect(!record.standing.maySend)
        try record.takeOver(on: "m2", knownUntil: time, at: time + .seconds(1_000))
        #expect(record.standing == .serving && record.epoch == StoreEpoch(term: 1, start: 1_795_001_000))
        record.beginServing(on: "m2", knownUntil: time, at: time + .seconds(2_000))
        #expect(record.standing == .serving && record.epoch.term == 1)
    }

    @Test("Where nothing tells machines apart, none is another")
    func noMachine() {
        var record = serving(on: nil)
        record.beginServing(on: "m1", knownUntil: time, at: time)
        record.beginServing(on: nil, knownUntil: time, at: time)
        #expect(record.standing == .serving && record.machine == "m1")
    }

    @Test("A copy is held as of when it was made; one of a store that may not act says the same as that")
    func copies() {
        let copy = serving().ofCopy(madeAt: time + .seconds(7))
        #expect(copy.standing == .held(.copy, knownUntil: time + .seconds(7)))
        var fenced = serving()
        _ = fenced.learn(of: StoreEpoch(term: 3, start: 0))
        #expect(fenced.ofCopy(madeAt: time).standing == fenced.standing)
        // A copy that is shown a later epoch still lacks what happened since it was made.
        var shown = copy
        _ = shown.learn(of: StoreEpoch(term: 0, start: 1_795_900_000))
        guard case .fenced(_, let knownUntil) = shown.standing else {
            Issue.record("\(shown.standing)")
            return
        }
        #expect(knownUntil == time + .seconds(7))
    }

    @Test("Only a later epoch fences, over restarts, and a takeover goes above it")
    func fence() throws {
        var record = serving(at: 50)
        let own = record.epoch
        #expect(!record.learn(of: own) && !record.learn(of: StoreEpoch(term: 0, start: 5)))
        #expect(record.standing == .serving)
        let other = StoreEpoch(term: 4, start: 1_795_000_020)
        let first = record.learn(of: other)
        #expect(
            first && record.standing == .fenced(by: other, knownUntil: other.startTime) && !record.standing.takesReports
        )
        let again = record.learn(of: other)
        #expect(!again)
        record.beginServing(on: "m1", knownUntil: time, at: time + .seconds(90))
        #expect(record.standing.word == "fenced" && record.epoch == own)
        try record.takeOver(on: "m1", knownUntil: time + .seconds(80), at: time + .seconds(100))
        #expect(record.epoch == StoreEpoch(term: 5, start: 1_795_000_100))
        // The other one served since then, and what it ordered is not known here.
        #expect(record.takeover == StoreRecord.Takeover(knownUntil: other.startTime, at: time + .seconds(100)))
        let after = record.learn(of: other)
        #expect(!after && record.standing == .serving)
    }

    @Test("A store that serves has nothing to take over, unless it came from another machine")
    func nothingToTakeOver() throws {
        var record = serving()
        #expect(throws: StoreError.self) { try record.takeOver(on: "m1", knownUntil: time, at: time) }
        try record.takeOver(on: "m2", knownUntil: time, at: time)
        #expect(record.epoch.term == 1)
    }

    @Test("What began before a takeover may have been ordered since what the store knows last; later problems cannot")
    func perhapsOrdered() throws {
        var record = serving().ofCopy(madeAt: time + .seconds(10))
        #expect(serving().perhapsOrdered(problemOf: time) == nil)
        // A problem that comes while it is held is told later, as it was opened.
        #expect(record.perhapsOrdered(problemOf: time + .seconds(400)) == time + .seconds(10))
        try record.takeOver(on: "m1", knownUntil: time, at: time + .seconds(500))
        #expect(record.perhapsOrdered(problemOf: time + .seconds(500)) == time + .seconds(10))
        #expect(record.perhapsOrdered(problemOf: time + .seconds(501)) == nil)
    }

    @Test("What it says, it says in both languages, with what to do")
    func words() {
        for standing in [
            StoreStanding.held(.copy, knownUntil: time), .held(.otherMachine, knownUntil: time),
            .fenced(by: StoreEpoch(term: 1, start: 5), knownUntil: time),
        ] {
            let (english, german) = (standing.sentence(in: .english) ?? "", standing.sentence(in: .german) ?? "")
            #expect(english != german && !english.isEmpty && !german.isEmpty)
            // It travels in the head of an answer.
            #expect(english.allSatisfy { $0.isASCII && $0 != "\n" })
        }
        #expect(StoreStanding.serving.sentence(in: .english) == nil)
        #expect(StoreStanding.step(in: .english).contains("callhome-collector takeover"))
    }

    @Test("Of machine-id(5) only a hash is kept, and what is none counts as none")
    func machineIdentity() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/machine-id"
        func read(_ text: String) throws -> String? {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return MachineIdentity.read(from: path)
        }
        let one = try read("0123456789abcdef0123456789abcdef\n")
        #expect(one?.count == 32 && one != "0123456789abcdef0123456789abcdef")
        #expect(try read("0123456789abcdef0123456789abcde0\n") != one)
        for none in ["", "uninitialized\n", "0123"] { #expect(try read(none) == nil) }
        #expect(MachineIdentity.read(from: "\(folder.path)/missing") == nil)
    }
}
