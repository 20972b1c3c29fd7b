import Reports
import Testing

@testable import SensorAgent

private struct Talk {
    var machine = UplinkStateMachine(host: "h1", collectors: ["https://a"])
    private var generator = SystemRandomNumberGenerator()

    mutating func answer(
        _ receipt: Receipt, line: String = "line", hash: String? = nil
    ) -> [UplinkStateMachine.Effect] {
        machine.answered(
            .receipt(receipt, line: line), to: .init(stream: .faults, sequences: [5]),
            spool: UplinkStateMachine.SpoolView(
                epoch: 1, extents: [.faults: .init(oldest: 5, newest: 5, hash: hash), .telemetry: .init(newest: 0)]),
            at: Timestamp(seconds: 1), using: &generator)
    }
}

@Suite("What the uplink makes of where a receipt comes from")
struct UplinkReceiptTests {
    private typealias Machine = UplinkStateMachine
    private func receipt(
        start: Int64? = nil, store: String = "s", epoch: Int64 = 1, hash: String? = nil, stamp: Int64? = nil
    ) -> Receipt {
        Receipt(
            host: "h1", epoch: epoch,
            progress: [.init(stream: .faults, through: 5, hash: hash), .init(stream: .telemetry, through: 0)],
            stamp: stamp,
            collector: start.map { Receipt.Collector(store: store, epoch: StoreEpoch(term: 0, start: $0)) },
            time: Timestamp(seconds: 1))
    }

    @Test("The first receipt of each later epoch is kept, and no other: one write for each start of a collector")
    func kept() {
        var talk = Talk()
        let covered = Machine.Effect.discard(through: 5, of: .faults)
        #expect(talk.answer(receipt()) == [covered])
        #expect(talk.answer(receipt(start: 7), line: "a") == [covered, .keep(receipt: "a")])
        #expect(talk.answer(receipt(start: 7), line: "b") == [covered])
        #expect(talk.answer(receipt(start: 6), line: "c") == [covered])
        #expect(talk.answer(receipt(start: 8), line: "d") == [covered, .keep(receipt: "d")])
        #expect(talk.answer(receipt(start: 1, store: "new"), line: "e") == [covered, .keep(receipt: "e")])
        talk.machine.resume(kept: Receipt.Collector(store: "new", epoch: StoreEpoch(term: 1, start: 0)))
        #expect(talk.answer(receipt(start: 99, store: "new"), line: "f") == [covered])
    }

    @Test("A receipt that is too long to be shown is not kept; the next one is")
    func tooLong() {
        var talk = Talk()
        let most = WireLimits.shownReceiptBytes / 4 * 3
        let long = String(repeating: "x", count: most + 1)
        #expect(talk.answer(receipt(start: 7), line: long) == [.discard(through: 5, of: .faults)])
        let short = String(repeating: "x", count: most)
        #expect(talk.answer(receipt(start: 7), line: short).contains(.keep(receipt: short)))
    }

    @Test("Where the collector has another report at the same position, a new epoch begins and nothing is discarded")
    func otherReport() {
        var talk = Talk()
        #expect(talk.answer(receipt(hash: "aa", stamp: 30), hash: "aa") == [.discard(through: 5, of: .faults)])
        #expect(talk.answer(receipt(hash: "aa", stamp: 30), hash: "bb") == [.raiseStamps(above: 30), .startEpoch(2)])
        // What is not known on either side says nothing.
        #expect(talk.answer(receipt(hash: nil), hash: "bb") == [.discard(through: 5, of: .faults)])
        #expect(talk.answer(receipt(hash: "aa"), hash: nil) == [.discard(through: 5, of: .faults)])
    }
}
