import Reports
import Testing

@testable import Collector

@Suite("Positions of reports")
struct StreamPositionsTests {
    private func at(_ sequence: Int64, first: Int64? = nil, epoch: Int64 = 1, _ stream: ReportStream = .faults)
        -> ReportPosition
    {
        ReportPosition(epoch: epoch, stream: stream, first: first, sequence: sequence)
    }

    @Test("Each position is applied once, in order; the streams count apart")
    func inOrder() {
        var positions = StreamPositions()
        #expect(positions.decide(at(1)).decision == .apply)
        #expect(positions.decide(at(1)).decision == .repeated)
        #expect(positions.decide(at(2)).decision == .apply)
        #expect(positions.decide(at(1, .telemetry)).decision == .apply)
        #expect(positions.through(.faults) == 2)
        #expect(positions.through(.telemetry) == 1)
    }

    @Test(
        "Another report at the newest position is neither applied nor a repeat; what was not hashed is compared with nothing"
    )
    func otherReport() {
        var positions = StreamPositions()
        #expect(positions.decide(at(1), hash: "aa").decision == .apply)
        #expect(positions.decide(at(1), hash: "bb").decision == .other)
        #expect(positions.decide(at(1), hash: "aa").decision == .repeated)
        #expect(positions.decide(at(1)).decision == .repeated)
        #expect(positions.progress.first { $0.stream == .faults }?.hash == "aa")
        #expect(positions.decide(at(2), hash: "cc").decision == .apply)
        #expect(positions.decide(at(1), hash: "bb").decision == .repeated, "only the newest is known")
        // Each stream has its own, and each epoch.
        #expect(positions.decide(at(1, .telemetry), hash: "dd").decision == .apply)
        #expect(positions.hash(.faults) == "cc" && positions.hash(.telemetry) == "dd")
        #expect(positions.decide(at(1, epoch: 2), hash: "ee").decision == .apply)
        #expect(positions.hash(.faults) == "ee" && positions.hash(.telemetry) == nil)
        #expect(positions.decide(at(2, epoch: 2)).decision == .apply)
        #expect(positions.decide(at(2, epoch: 2), hash: "ff").decision == .repeated)
    }

    @Test("A gap is not applied and is news once, until it is filled")
    func gap() {
        var positions = StreamPositions()
        #expect(positions.decide(at(3)).decision == .gap(expected: 1, isNew: true))
        #expect(positions.decide(at(3)).decision == .gap(expected: 1, isNew: false))
        #expect(positions.decide(at(1)).decision == .apply)
        #expect(positions.decide(at(3)).decision == .gap(expected: 2, isNew: true))
        #expect(positions.through(.faults) == 1)
    }

    @Test("Dropped reports cover their whole range, also where it overlaps what is known")
    func dropped() {
        var positions = StreamPositions()
        #expect(positions.decide(at(5, first: 1)).decision == .apply)
        #expect(positions.through(.faults) == 5)
        #expect(positions.decide(at(9, first: 4)).decision == .apply)
        #expect(positions.through(.faults) == 9)
        #expect(positions.decide(at(20, first: 11)).decision == .gap(expected: 10, isNew: true))
    }

    @Test("A higher epoch begins both streams anew; a lower one is answered with the known epoch")
    func epochs() {
        var positions = StreamPositions()
        _ = positions.decide(at(1))
        _ = positions.decide(at(1, .telemetry))
        let (decision, ended) = positions.decide(at(1, epoch: 2))
        #expect(decision == .apply)
        #expect(ended == 1)
        #expect(positions.through(.telemetry) == 0)
        #expect(positions.decide(at(2, epoch: 1)).decision == .oldEpoch(known: 2))
    }

    @Test("A new epoch that does not begin at 1 is known, and its gap is noticed")
    func epochWithGap() {
        var positions = StreamPositions()
        #expect(positions.decide(at(5, epoch: 2)).decision == .gap(expected: 1, isNew: true))
        #expect(positions.epoch == 2)
    }

    @Test(
        "Positions that no agent counts are impossible, and move nothing",
        arguments: [(0, 0), (-1, 1), (5, 4), (1, Int64.max), (Int64.min, Int64.max)] as [(Int64, Int64)])
    func impossible(first: Int64, sequence: Int64) {
        var positions = StreamPositions()
        guard case .impossible = positions.decide(at(sequence, first: first)).decision else {
            Issue.record("\(first)...\(sequence) was taken")
            return
        }
        #expect(positions.through(.faults) == 0)
    }

    @Test("An epoch may be ahead by the limit, not by one more")
    func epochLimit() {
        var positions = StreamPositions()
        guard case .impossible = positions.decide(at(1, epoch: 2 + PositionLimits.epochStep)).decision else {
            Issue.record("too far an epoch was taken")
            return
        }
        #expect(positions.epoch == 1)
        #expect(positions.decide(at(1, epoch: 1 + PositionLimits.epochStep)).decision == .apply)
    }
}
