import Foundation
import Hummingbird
import Logging
import Reports
import Synchronization
import Testing
import Transfer

@testable import Collector

@Suite("What requests may hold")
struct BodyTests {
    @Test("What came counts, and what one address may hold leaves room for others; given back, it is free again")
    func budget() throws {
        let budget = ByteBudget(capacity: 10, perPeer: 6)
        let (first, second, other) = (budget.share(of: "a"), budget.share(of: "a"), budget.share(of: "b"))
        #expect(budget.inUse == 0)
        try first.take(4)
        try second.take(2)
        #expect(throws: ByteBudget.full) { try second.take(1) }
        try other.take(4)
        #expect(throws: ByteBudget.full) { try other.take(1) }
        #expect(throws: ByteBudget.full) { try other.take(.max) }
        first.end()
        first.end()
        #expect(budget.inUse == 6)
        try second.take(4)
        second.giveBack(100)
        other.end()
        #expect(budget.inUse == 0)
        #expect(ByteBudget.full.status.code == 429 && ByteBudget.full.retryAfter != nil)
    }

    private func pieces(_ data: Data, limit: Int, isGzip: Bool = true) throws -> (sizes: [Int], all: Data) {
        var pieces = BodyPieces(data, isGzip: isGzip, limit: limit)
        var (sizes, all) = ([Int](), Data())
        while let piece = try pieces.next() {
            sizes.append(piece.count)
            all.append(contentsOf: piece)
        }
        return (sizes, all)
    }

    @Test(
        "A body comes a piece at a time however much it inflates to; at the limit it is whole, one byte more is refused"
    )
    func inflating() throws {
        let text = Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) })
        let packed = try Gzip.compress(text)
        let read = try pieces(packed, limit: text.count)
        #expect(read.all == text)
        #expect(read.sizes.allSatisfy { $0 <= BodyPieces.size } && read.sizes.count > 2)
        #expect(try pieces(packed + packed, limit: 2 * text.count).all == text + text)
        #expect(try pieces(text, limit: text.count, isGzip: false).all == text)
        #expect(throws: BodyReader.tooLarge(text.count - 1)) { _ = try pieces(packed, limit: text.count - 1) }
        #expect(throws: BodyReader.tooLarge(9)) { _ = try pieces(text, limit: 9, isGzip: false) }
        for damaged in [packed.dropLast(1), packed.prefix(30), Data("hello".utf8), packed + Data([1, 2, 3])] {
            #expect(throws: RequestProblem.self, "\(damaged.count) bytes") { _ = try pieces(damaged, limit: 1 << 30) }
        }
        #expect(try pieces(Data(), limit: 1).all.isEmpty)
    }

    @Test("Lines are those of the body wherever its pieces end; blank ones are none, and a long one is refused")
    func lines() throws {
        let parts = [
            String(repeating: "a", count: BodyPieces.size - 1), "b", "", "   \r", String(repeating: "c", count: 70_000),
        ]
        for ending in ["", "\n"] {
            let body = Data((parts.joined(separator: "\n") + ending).utf8)
            var lines = BodyLines(
                BodyPieces(try Gzip.compress(body), isGzip: true, limit: 1 << 30), lineBytes: 70_000)
            var found: [Int] = []
            while let line = try lines.next() { found.append(line.count) }
            #expect(found == [BodyPieces.size - 1, 1, 70_000])
            var short = BodyLines(BodyPieces(body, isGzip: false, limit: 1 << 30), lineBytes: 69_999)
            #expect(throws: RequestProblem.self) { while try short.next() != nil {} }
        }
        var many = BodyLines(
            BodyPieces(Data("x\nx\nx\nx".utf8), isGzip: false, limit: 100), lineBytes: 10)
        #expect(try many.count(upTo: 2) == 3)
    }

    @Test(
        "JSON that is too deep, too wide or has too long a text is refused before anything is made of it",
        arguments: [
            ("[[1]]", nil), ("[[[1]]]", "it is nested more than 2 deep"), ("[1,2,3]", nil),
            ("[1,2,3,4,5,6]", "it holds more than 5 values"), (#"{"a":1,"b":2,"c":3}"#, "it holds more than 5 values"),
            (#"["12345678"]"#, nil), (#"["123456789"]"#, "a text is longer than 8 bytes"),
            (#"["[[[,,,,,"]"#, nil), (#"["\"[[[,,"]"#, nil), (#"["a\\",[1]]"#, nil), ("no JSON", nil), ("]]]]", nil),
        ])
    func shape(json: String, objection: String?) {
        let limits = WireShape.Limits(depth: 2, values: 5, stringBytes: 8)
        #expect(WireShape.objection(to: Data(json.utf8), limits) == objection)
    }

    @Test("An answer is made once for all who ask while it is young, and a failure is not remembered")
    func remembered() async throws {
        struct Broken: Error {}
        let made = Mutex(0)
        let answer = Remembered<Int>(for: .seconds(5))
        let make: @Sendable () async throws -> Int = {
            made.withLock { made in
                made += 1
                return made
            }
        }
        await #expect(throws: Broken.self) { _ = try await answer.value(at: .zero) { throw Broken() } }
        #expect(try await answer.value(at: .seconds(1), make) == 1)
        #expect(try await answer.value(at: .milliseconds(5_999), make) == 1)
        #expect(try await answer.value(at: .seconds(6), make) == 2)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { try await answer.value(at: .seconds(60), make) } }
            for try await value in group { #expect(value == 3) }
        }
    }

    @Test(
        "What is over a sender's budget waits until as much has come back; others are untouched, and nothing is negative"
    )
    func budgets() throws {
        let budgets = HostBudgets(capacity: 100, perHour: 3_600)
        #expect(budgets.take(60, of: "h1", at: .zero) == nil)
        #expect(budgets.take(60, of: "h1", at: .zero) == .seconds(20))
        #expect(budgets.take(60, of: "h2", at: .zero) == nil)
        #expect(budgets.take(60, of: "h1", at: .milliseconds(19_999)) != nil)
        #expect(budgets.take(60, of: "h1", at: .seconds(21)) == nil)
        // What is more than may ever be there at once goes when all is there.
        #expect(budgets.take(.max, of: "h1", at: .seconds(110)) != nil)
        #expect(budgets.take(.max, of: "h1", at: .seconds(130)) == nil)
        // A clock that went back gives nothing.
        #expect(budgets.take(1, of: "h1", at: .zero) != nil)
        #expect(throws: RequestProblem.self) { for _ in 0..<3 { try budgets.take(100, of: "h3") } }
    }

    // MARK: The log

    @Test(
        "A flood of paths, of addresses or of both is some lines in an hour, and the next one says how many there were")
    func log() throws {
        let lines = LogLines()
        let log = ProblemLog(lines.logger)
        let problem = RequestProblem(.unauthorized, "unknown-key", "No server is enrolled here with this key.")
        for number in 0..<5_000 {
            log.note(problem, route: nil, path: "/\(number)\n/x", peer: "192.0.2.\(number % 200)", at: SampleFault.time)
        }
        log.note(problem, route: "/v1/reports", path: "/v1/reports", peer: "192.0.2.1", at: SampleFault.time)
        #expect(lines.events.count == ProblemLog.peers + 1)
        let later = SampleFault.time + ProblemLog.interval
        log.note(problem, route: nil, path: "/z", peer: "192.0.2.1", at: later)
        let last = try #require(lines.metadata.last)
        #expect(last["alike since last logged"] == "\(5_000 - ProblemLog.peers)")
        #expect(lines.metadata.allSatisfy { !"\($0["path"] ?? "")".contains("\n") })
    }
}
