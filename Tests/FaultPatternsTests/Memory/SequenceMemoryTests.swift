import Reports
import Testing

@testable import FaultPatterns

@Suite("Sequence of two conditions")
struct SequenceMemoryTests {
    private typealias F = MemoryFixtures
    private static let hour: Int64 = 3_600_000

    /// Feeds times in seconds with what a and b are, as `y`, `n` or `?`; the answers as such letters.
    private static func answers(_ feed: [(Int64, String)]) throws -> String {
        let truths: [Character: Truth] = ["y": .yes, "n": .no, "?": .unknown]
        var memory = SequenceMemory()
        var letters = ""
        for (seconds, pair) in feed {
            let a = try #require(pair.first.flatMap { truths[$0] })
            let b = try #require(pair.last.flatMap { truths[$0] })
            memory.take(a: a, b: b, at: F.time(seconds), within: hour)
            letters.append(contentsOf: truths.filter { $0.value == memory.truth }.map(\.key))
            #expect(try F.stored(memory) == memory)
        }
        return letters
    }

    @Test("b that begins while a holds, or at most t after, follows it; the answer stays while b holds")
    func follows() throws {
        #expect(
            try Self.answers([(0, "nn"), (10, "yn"), (20, "yy"), (30, "ny"), (99_999, "ny"), (100_000, "nn")])
                == "nnyyyn")
        #expect(try Self.answers([(0, "nn"), (10, "yn"), (20, "nn"), (3_620, "ny"), (9_000, "ny")]) == "nnnyy")
    }

    @Test("b that begins more than t after a does not follow it")
    func tooLate() throws {
        #expect(try Self.answers([(0, "nn"), (10, "yn"), (20, "nn"), (3_621, "ny"), (3_700, "yy")]) == "nnnnn")
    }

    @Test("b that began before a does not follow it, until it begins again")
    func before() throws {
        #expect(try Self.answers([(0, "nn"), (5_000, "ny"), (5_010, "yy"), (5_020, "yn"), (5_030, "yy")]) == "nnnny")
    }

    @Test("Both beginning at one moment is a sequence")
    func together() throws {
        #expect(try Self.answers([(0, "nn"), (5_000, "yy")]) == "ny")
        #expect(try Self.answers([(0, "nn"), (10, "yn"), (9_000, "ny")]) == "nny")
    }

    @Test("What was before the watch began is unknown: whether b had begun, and for t whether a had held")
    func beginning() throws {
        #expect(try Self.answers([(0, "yy"), (10, "yy"), (20, "yn"), (30, "yy")]) == "??ny")
        #expect(try Self.answers([(0, "nn"), (3_600, "ny"), (3_700, "ny")]) == "n??")
        #expect(try Self.answers([(0, "nn"), (3_601, "ny")]) == "nn")
    }

    @Test("What became unknown between two judgements was unknown from then on, whether or not somebody judged then")
    func becameUnknown() throws {
        func memory(judgedAt judgements: [Int64]) -> SequenceMemory {
            var memory = SequenceMemory()
            memory.take(a: .no, b: .no, at: F.time(0), within: Self.hour)
            for second in judgements {
                memory.becomeUnknown(a: F.time(7_000), b: F.time(7_500), within: Self.hour)
                memory.take(a: .unknown, b: .unknown, at: F.time(second), within: Self.hour)
            }
            memory.becomeUnknown(a: F.time(7_000), b: F.time(7_500), within: Self.hour)
            memory.take(a: .no, b: .yes, at: F.time(90_000), within: Self.hour)
            return memory
        }
        #expect(memory(judgedAt: []).truth == .unknown, "a may have held, and b have begun, while nobody looked")
        #expect(memory(judgedAt: [8_000]) == memory(judgedAt: []))
        #expect(memory(judgedAt: [8_000, 20_000]) == memory(judgedAt: []))
        // a held when it was last known, long ago: what begins now does not follow it.
        var old = SequenceMemory()
        old.take(a: .yes, b: .no, at: F.time(0), within: Self.hour)
        old.becomeUnknown(a: F.time(7_000), b: nil, within: Self.hour)
        old.take(a: .no, b: .no, at: F.time(90_000), within: Self.hour)
        old.take(a: .no, b: .yes, at: F.time(200_000), within: Self.hour)
        #expect(old.truth == .no)
    }

    @Test("While b is unknown so is the answer; b is taken to have gone on")
    func unknownB() throws {
        #expect(try Self.answers([(0, "nn"), (10, "yy"), (20, "n?"), (30, "ny")]) == "ny?y")
        #expect(try Self.answers([(0, "nn"), (5_000, "ny"), (5_010, "y?"), (5_020, "yy")]) == "nn?n")
    }

    @Test("b that began somewhere in an unknown span follows a only if it does wherever it began")
    func unknownBeginning() throws {
        // a held before the span and at most t before its end.
        #expect(try Self.answers([(0, "nn"), (5_000, "yn"), (5_010, "n?"), (8_000, "ny")]) == "nn?y")
        // a began in the span: b may have been first.
        #expect(try Self.answers([(0, "nn"), (5_000, "n?"), (5_010, "y?"), (5_020, "yy")]) == "n???")
        // a ended more than t before the span's end, but less before its beginning.
        #expect(try Self.answers([(0, "nn"), (5_000, "yn"), (5_010, "nn"), (5_020, "n?"), (9_000, "ny")]) == "nnn??")
        #expect(try Self.answers([(0, "nn"), (5_000, "n?"), (5_020, "ny")]) == "n?n")
    }

    @Test("Where a is unknown so is the answer")
    func unknownA() throws {
        #expect(try Self.answers([(0, "nn"), (5_000, "?n"), (5_010, "nn"), (5_020, "ny")]) == "nnn?")
        #expect(try Self.answers([(0, "nn"), (5_000, "?y"), (5_010, "yy")]) == "n??")
        #expect(try Self.answers([(0, "nn"), (4_000, "yn"), (5_000, "?y")]) == "nny")
    }

    @Test("No time or window traps")
    func hostile() throws {
        for window in F.hostileWindows {
            var memory = SequenceMemory()
            for time in F.hostileTimes + F.hostileTimes.reversed() {
                for a in [Truth.no, .yes, .unknown] {
                    for b in [Truth.no, .unknown, .yes] {
                        memory.take(a: a, b: b, at: time, within: window)
                        if b != .yes { #expect(memory.truth == b) }
                    }
                }
            }
        }
    }
}
