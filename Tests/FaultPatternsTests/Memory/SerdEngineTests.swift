import Foundation
import Reports
import TestSupport
import Testing

@testable import FaultPatterns

@Suite("Events in a window")
struct SerdEngineTests {
    private typealias F = MemoryFixtures
    private static let hour: Int64 = 3_600_000

    @Test("One event that stands for n fires; n told as one each fire as well")
    func several() {
        var told = SerdEngine()
        F.expect(told.take("50 CE", times: 50, at: F.time(5), count: 50))
        #expect(told.truth(at: F.time(5), count: 50, within: Self.hour) == .yes)
        #expect(told.countInside(Self.hour, at: F.time(5)) == 50)
        var less = SerdEngine()
        F.expect(less.take("49 CE", times: 49, at: F.time(5), count: 50))
        #expect(less.truth(at: F.time(5), count: 50, within: Self.hour) == .no)
    }

    @Test("The same event with a greater count adds the difference, with a smaller one nothing")
    func difference() throws {
        var serd = SerdEngine()
        F.expect(serd.take("a", times: 3, at: F.time(5), count: 9))
        F.expect(serd.take("a", times: 2, at: F.time(5), count: 9), is: false)
        F.expect(serd.take("a", times: 3, at: F.time(5), count: 9), is: false)
        serd = try F.stored(serd)
        F.expect(serd.take("a", times: 8, at: F.time(5), count: 9))
        #expect(serd.countInside(Self.hour, at: F.time(5)) == 8)
    }

    @Test("All that an event stands for lies at its time and leaves the window with it")
    func oneTime() {
        var serd = SerdEngine()
        F.expect(serd.take("a", times: 6, at: F.time(0), count: 9))
        F.expect(serd.take("b", times: 6, at: F.time(60), count: 9))
        #expect(serd.truth(at: F.time(3_600), count: 9, within: Self.hour) == .yes)
        #expect(serd.truth(at: F.time(3_600).plus(1), count: 9, within: Self.hour) == .no)
        #expect(serd.changesAt(after: F.time(60), count: 9, within: Self.hour) == F.time(3_600).plus(1))
    }

    @Test("What was stored before there were counts reads as one each, and is stored the same")
    func storedBefore() throws {
        let json = #"{"events":[{"mark":7,"time":0},{"mark":8,"time":5000}]}"#
        let serd = try WireFormat.decode(SerdEngine.self, from: Data(json.utf8))
        #expect(serd.countInside(Self.hour, at: F.time(5)) == 2)
        #expect(String(decoding: try WireFormat.encode(serd), as: UTF8.self) == json)
    }

    @Test("In any order of events, told in parts and again, the answer is that of a plain list", arguments: 1...12)
    func reference(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let count = Int.random(in: 1...40, using: &random)
        var serd = SerdEngine()
        var all: [[Int64]: Int] = [:]
        var now: Int64 = 0
        for step in 0..<1_500 {
            now += Int64.random(in: 0...400, using: &random)
            let late = step % 3 == 0 ? Int64.random(in: 0...1_200, using: &random) : 0
            let (time, mark) = (max(0, now - late), Int64.random(in: 0...1, using: &random))
            let times = Int.random(in: 1...9, using: &random)
            all[[time, mark]] = max(times, all[[time, mark]] ?? 0)
            _ = serd.take("m\(mark)", times: times, at: F.time(time), count: count)
            if step % 100 == 0 { serd = try F.stored(serd) }
            let end = max(now, all.keys.map { $0[0] }.max() ?? 0)
            let inside = all.filter { $0.key[0] >= end - 3_600 }.values.reduce(0, +)
            #expect(serd.truth(at: F.time(now), count: count, within: Self.hour) == Truth(inside >= count))
            let found = serd.countInside(Self.hour, at: F.time(now))
            #expect(found == inside || (count...inside).contains(found))
        }
    }
}

@Suite("Events that stand for several")
struct SeveralEventsTests {
    private typealias F = Fixtures

    private static func told(_ count: Int, _ text: String = "e", after seconds: Int64) -> Observation {
        Observation(
            component: F.disk, signal: F.ioError, measurement: .event(text), time: F.start + .seconds(seconds),
            count: count)
    }

    @Test(
        "A pattern of n events fires on one observation that stands for n, and not on one less",
        arguments: ["serd(errors, 50, 10m)", "bucket(errors, 50, 10m)", #"serd_by("operation", errors, 50, 10m)"#])
    func fires(condition: String) throws {
        for (count, fires) in [(50, true), (49, false)] {
            var patient = Patient(try F.pack(F.pattern("disk.test", ["when": condition])))
            #expect(!patient.show(Self.told(count, after: 5), at: 5).isEmpty == fires, "\(count)")
        }
    }

    @Test("Different values are counted as before, however many events each stands for")
    func distinct() throws {
        let page = Signal("hw.memory.page_error")
        var pattern = F.pattern(
            "memory.test",
            [
                "applies_to": ["component": "dimm"], "let": ["pages": page.description],
                "when": "distinct(\"page\", pages, 1h) >= 2",
            ])
        pattern["suspects"] = [["part": "self", "certainty": "0.9"]]
        var diagnosis = Diagnosis(patterns: try F.pack(pattern))
        let dimm = ComponentID(.dimm, "A1")
        func told(_ label: String, _ count: Int, after seconds: Int64) -> Observation {
            Observation(
                component: dimm, signal: Signal("hw.memory.page_error", ["page": label]), measurement: .event("e"),
                time: F.start + .seconds(seconds), count: count)
        }
        #expect(diagnosis.observe([told("a", 900, after: 1)], at: F.start + .seconds(1)).isEmpty)
        #expect(diagnosis.observe([told("b", 1, after: 2)], at: F.start + .seconds(2)).map(\.kind) == [.opened])
    }
}
