import Reports
import Testing

@testable import SensorAgent

/// Chooses always the lower end of a range. (A zero would be drawn again, forever: it is rejected as biased.)
private struct LowestNumbers: RandomNumberGenerator {
    mutating func next() -> UInt64 { 1 }
}

/// A conversation with the state machine, with a spool and a clock of its own.
private struct Dialogue {
    typealias Machine = UplinkStateMachine
    var machine: Machine
    var spool = Machine.SpoolView(epoch: 1, extents: [.faults: .init(newest: 0), .telemetry: .init(newest: 0)])
    var time = Timestamp(seconds: 1_790_000_000)
    var generator = LowestNumbers()

    init(collectors: [String] = ["https://a"]) { machine = Machine(host: "h1", collectors: collectors) }

    mutating func has(_ stream: ReportStream, _ range: ClosedRange<Int64>) {
        spool.extents[stream] = .init(oldest: range.lowerBound, newest: range.upperBound)
    }

    mutating func next(faults: Int = 0, telemetry: Int = 0) -> Machine.Step {
        machine.next(waiting: [.faults: faults, .telemetry: telemetry])
    }

    mutating func answer(
        _ answer: Machine.Answer, to stream: ReportStream = .faults, _ sequences: [Int64] = [1]
    ) -> [Machine.Effect] {
        machine.answered(
            answer, to: .init(stream: stream, sequences: sequences), spool: spool, at: time, using: &generator)
    }

    mutating func receipt(
        epoch: Int64 = 1, faults: Int64 = 0, telemetry: Int64 = 0, refused: [Receipt.Refusal] = [], host: HostID = "h1",
        to stream: ReportStream = .faults, _ sequences: [Int64] = [1]
    ) -> [Machine.Effect] {
        let progress = [
            Receipt.Progress(stream: .faults, through: faults), .init(stream: .telemetry, through: telemetry),
        ]
        return answer(
            .receipt(Receipt(host: host, epoch: epoch, progress: progress, refused: refused, time: time)), to: stream,
            sequences)
    }
}

@Suite("What the uplink decides")
struct UplinkStateMachineTests {
    private typealias Machine = UplinkStateMachine
    private static let full = UplinkStateMachine.Batch(
        stream: .faults, limit: Machine.Limits.envelopes, bytes: Machine.Limits.bytes, collector: "https://a")
    private let idle = UplinkStateMachine.Step.wait(.seconds(60), afterSignal: .zero)

    @Test("Without enrolment nothing is sent, and the status says what to do")
    func notEnrolled() {
        var dialogue = Dialogue(collectors: [])
        let step = dialogue.next(faults: 5)
        #expect(step == idle)
        #expect(dialogue.machine.state == .notEnrolled)
        #expect(dialogue.machine.because.contains("callhome enroll"))
    }

    @Test("Faults go first; with nothing waiting it idles for a minute, or until new faults")
    func faultsFirst() {
        var dialogue = Dialogue()
        let steps = [dialogue.next(faults: 1, telemetry: 9), dialogue.next(telemetry: 9), dialogue.next()]
        var telemetry = Self.full
        telemetry.stream = .telemetry
        #expect(steps == [.send(Self.full), .send(telemetry), idle])
    }

    @Test(
        "Where heartbeats come more often than once in a minute, none waits for the next",
        arguments: [2, 60, 600] as [Int64])
    func frequentHeartbeats(seconds: Int64) {
        var machine = UplinkStateMachine(host: "h1", collectors: ["https://a"], heartbeat: .seconds(seconds))
        #expect(machine.next(waiting: [:]) == .wait(.seconds(min(seconds, 60)), afterSignal: .zero))
    }

    @Test("What the receipt covers is discarded, of both streams")
    func covered() {
        var dialogue = Dialogue()
        dialogue.has(.faults, 4...6)
        dialogue.has(.telemetry, 2...9)
        let effects = dialogue.receipt(faults: 5, telemetry: 3, [4, 5, 6])
        #expect(effects == [.discard(through: 5, of: .faults), .discard(through: 3, of: .telemetry)])
        #expect(dialogue.machine.state == .connected)
        #expect(dialogue.machine.lastReceipt == dialogue.time)
    }

    @Test(
        "What a receipt says of channels of patterns is passed on, of as many as the wire has at most; a stranger's is not"
    )
    func offers() {
        var dialogue = Dialogue()
        dialogue.has(.faults, 1...1)
        func answer(_ count: Int, host: HostID = "h1") -> [[PatternOffer]] {
            let offers = (0..<count).map { PatternOffer(channel: "c\($0)", timestamp: 1, step: .hold) }
            let progress = ReportStream.allCases.map { Receipt.Progress(stream: $0, through: 0) }
            let receipt = Receipt(
                host: host, epoch: 1, progress: progress, patterns: offers, time: dialogue.time)
            return dialogue.answer(.receipt(receipt)).compactMap { effect in
                if case .offer(let offers) = effect { offers } else { nil }
            }
        }
        #expect(answer(2).map { $0.map(\.channel) } == [["c0", "c1"]])
        #expect(answer(WireLimits.channels + 1).map(\.count) == [WireLimits.channels])
        #expect(answer(0).isEmpty && answer(2, host: "h2").isEmpty)
    }

    @Test("What the last receipt says of accepted blind spots holds, bounded")
    func acceptedBlindSpots() {
        var dialogue = Dialogue()
        dialogue.has(.faults, 1...1)
        func receipt(_ accepted: [String]?) -> Machine.Answer {
            let progress = ReportStream.allCases.map { Receipt.Progress(stream: $0, through: 0) }
            return .receipt(
                Receipt(
                    host: "h1", epoch: 1, progress: progress, acceptedBlindSpots: accepted, time: dialogue.time))
        }
        #expect(dialogue.machine.acceptedBlindSpots == nil)
        let limit = Machine.Limits.acceptedBlindSpots
        for (accepted, kept) in [(["a.one"], 1), (Array(repeating: "a", count: limit + 1), limit)] {
            _ = dialogue.answer(receipt(accepted))
            #expect(dialogue.machine.acceptedBlindSpots?.count == kept)
        }
        _ = dialogue.answer(receipt(nil))
        #expect(dialogue.machine.acceptedBlindSpots == nil)
    }

    @Test("A report refused for good is covered, told, and shown for a day")
    func refusal() {
        var dialogue = Dialogue()
        dialogue.has(.faults, 4...6)
        let refusal = Receipt.Refusal(stream: .faults, sequence: 4, because: "malformed")
        var effects = dialogue.receipt(faults: 4, refused: [refusal], [4])
        #expect(effects == [.report(refusal), .discard(through: 4, of: .faults)])
        dialogue.has(.faults, 5...6)
        dialogue.time = dialogue.time + .seconds(86_399)
        effects = dialogue.receipt(faults: 5, [5])
        #expect(dialogue.machine.because.contains("refused report 4 of faults for good: malformed"))
        dialogue.has(.faults, 6...6)
        dialogue.time = dialogue.time + .seconds(1)
        effects = dialogue.receipt(faults: 6, [6])
        #expect(effects == [.discard(through: 6, of: .faults)])
        #expect(dialogue.machine.because == "")
    }

    @Test("Refused reports are covered even where the collector cannot count them, up to the first that is not refused")
    func refusedWithoutProgress() {
        var dialogue = Dialogue()
        dialogue.has(.faults, 1...4)
        let refusals = [1, 2, 4].map { Receipt.Refusal(stream: .faults, sequence: $0, because: "epoch too far") }
        let effects = dialogue.receipt(epoch: 0, refused: refusals, [1, 2, 3, 4])
        #expect(effects.last == .discard(through: 2, of: .faults))
    }

    @Test("The last reports before a stop go out only where the collector answered lately")
    func beforeStop() {
        var dialogue = Dialogue()
        dialogue.has(.faults, 1...1)
        #expect(dialogue.machine.maySendTheLast)
        _ = dialogue.answer(.failure("no route"))
        #expect(!dialogue.machine.maySendTheLast)
        _ = dialogue.receipt(faults: 1)
        #expect(dialogue.machine.maySendTheLast)
        #expect(!Dialogue(collectors: []).machine.maySendTheLast)
    }

    @Test("A receipt of a later epoch tells that the spool is an old copy: a new epoch begins")
    func laterEpoch() {
        var dialogue = Dialogue()
        dialogue.has(.faults, 1...3)
        let effects = dialogue.receipt(epoch: 4, faults: 90, [1])
        #expect(effects == [.startEpoch(5)])
    }

    @Test("What has no epoch yet is a question: the answer's next epoch is its own, whatever else the answer says")
    func unsettled() {
        for (faults, telemetry) in [(Int64(0), Int64(0)), (90, 90), (1, 0)] {
            var dialogue = Dialogue()
            dialogue.spool.epoch = Spool.unsettled
            dialogue.has(.faults, 1...3)
            #expect(dialogue.receipt(epoch: 4, faults: faults, telemetry: telemetry, [1]) == [.startEpoch(5)])
            #expect(dialogue.machine.state == .connected)
        }
        // Signed anew in another name it is a question still.
        var dialogue = Dialogue()
        dialogue.spool.epoch = Spool.unsettled
        dialogue.has(.faults, 1...3)
        let problem = Problem(code: "wrong-host", message: "m")
        #expect(
            dialogue.answer(.problem(status: 403, problem, retryAfter: nil)) == [.startEpoch(Spool.unsettled)])
    }

    @Test("A receipt for more than the spool ever held tells the same")
    func aheadInEpoch() {
        var dialogue = Dialogue()
        dialogue.has(.faults, 2...3)
        #expect(dialogue.receipt(faults: 4, [2]) == [.startEpoch(2)])
        var other = Dialogue()
        other.has(.faults, 2...3)
        #expect(other.receipt(faults: 3, telemetry: 1, [2]) == [.startEpoch(2)])
    }

    @Test("A receipt behind what was discarded declares the loss, once")
    func behind() {
        var dialogue = Dialogue()
        dialogue.has(.faults, 8...9)
        dialogue.spool.extents[.telemetry] = .init(oldest: nil, newest: 7)
        var effects = dialogue.receipt(faults: 3, telemetry: 5, [8, 9])
        #expect(
            effects == [
                .declareLoss(of: .faults, from: 4, through: 7), .declareLoss(of: .telemetry, from: 6, through: 7),
            ])
        #expect(dialogue.next(faults: 3) == .send(Self.full))
        // The same receipt again, although the loss was declared: that is a fault of the collector, not a loop.
        effects = dialogue.receipt(faults: 3, telemetry: 5, [8, 9])
        #expect(dialogue.machine.state == .retrying)
        guard case .wait = dialogue.next(faults: 3) else {
            Issue.record("it sends again at once")
            return
        }
    }

    @Test("A receipt that covers nothing, or is for another host, leads to a pause")
    func nothingCovered() {
        for host in ["h1", "h2"] {
            var dialogue = Dialogue()
            dialogue.has(.faults, 1...3)
            #expect(dialogue.receipt(faults: host == "h2" ? 3 : 0, host: host).isEmpty)
            #expect(dialogue.machine.state == .retrying)
            #expect(dialogue.next(faults: 3) == .wait(.milliseconds(500), afterSignal: .milliseconds(500)))
        }
    }

    @Test("Failures are retried with growing pauses, bounded, and cut short by new faults")
    func backoff() {
        var dialogue = Dialogue()
        var pauses: [Duration] = []
        var hurried: [Duration] = []
        for _ in 0..<12 {
            #expect(dialogue.next(faults: 1) == .send(Self.full))
            #expect(dialogue.answer(.failure("no route")).isEmpty)
            guard case .wait(let pause, let afterSignal) = dialogue.next(faults: 1) else { continue }
            pauses.append(pause)
            hurried.append(afterSignal)
        }
        #expect(pauses.prefix(4) == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(4)])
        #expect(pauses.last == .seconds(150))
        #expect(hurried.max() == .milliseconds(2500))
        #expect(dialogue.machine.because == "no route")
        #expect(dialogue.machine.nextAttempt == dialogue.time + .seconds(150))
        dialogue.has(.faults, 1...1)
        #expect(dialogue.receipt(faults: 1) == [.discard(through: 1, of: .faults)])
        #expect(dialogue.next() == idle)
        #expect(dialogue.machine.nextAttempt == nil)
        _ = dialogue.answer(.failure("no route"))
        #expect(dialogue.next(faults: 1) == .wait(.milliseconds(500), afterSignal: .milliseconds(500)))
    }

    @Test("When none is reached, all addresses are told with why, and the one that worked last first")
    func allDoors() {
        var dialogue = Dialogue(collectors: ["https://name", "https://worked"])
        dialogue.has(.faults, 1...1)
        _ = dialogue.answer(.failure("cannot reach https://name: its name is not known"))
        #expect(dialogue.receipt(faults: 1) == [.discard(through: 1, of: .faults)])
        #expect(dialogue.machine.because == "")
        for _ in 0..<2 {
            _ = dialogue.answer(.failure("nothing listens there"))
            _ = dialogue.answer(.failure("cannot reach https://name: its name is not known"))
            #expect(
                dialogue.machine.because
                    == "https://worked: nothing listens there; and cannot reach https://name: its name is not known")
        }
        dialogue.has(.faults, 1...1)
        _ = dialogue.receipt(faults: 1)
        #expect(dialogue.machine.because == "")
    }

    @Test("All collectors are asked in their order before there is a pause; the one that works is kept")
    func collectors() {
        var dialogue = Dialogue(collectors: ["https://a", "https://b", "https://c"])
        var asked: [String] = []
        for _ in 0..<2 {
            guard case .send(let batch) = dialogue.next(faults: 1) else { continue }
            asked.append(batch.collector)
            _ = dialogue.answer(.failure("no route"))
        }
        #expect(asked == ["https://a", "https://b"])
        dialogue.has(.faults, 1...2)
        _ = dialogue.receipt(faults: 1)
        #expect(dialogue.machine.collector == "https://c")
        for _ in 0..<2 {
            _ = dialogue.answer(.failure("no route"))
            guard case .send = dialogue.next(faults: 1) else { Issue.record("a pause too early"); continue }
        }
        _ = dialogue.answer(.failure("no route"))
        guard case .wait = dialogue.next(faults: 1) else { Issue.record("no pause"); return }
    }

    @Test("A key that is unknown or revoked keeps everything and retries slowly", arguments: [401, 403])
    func refused(_ status: Int) {
        var dialogue = Dialogue()
        let problem = Problem(code: "revoked-key", message: "the key was revoked")
        #expect(dialogue.answer(.problem(status: status, problem, retryAfter: nil)).isEmpty)
        #expect(dialogue.machine.state == .refused)
        #expect(dialogue.machine.because.contains("the key was revoked [revoked-key]"))
        #expect(dialogue.next(faults: 1) == .wait(.seconds(450), afterSignal: .seconds(450)))
        #expect(dialogue.next(faults: 1) == .send(Self.full))
        dialogue.has(.faults, 1...1)
        _ = dialogue.receipt(faults: 1)
        #expect(dialogue.machine.state == .connected)
    }

    @Test("A damaged or misnamed report is mended by signing all anew, once; after that it is a failure as any other")
    func signedAnew() {
        for (status, code) in [(400, "garbage"), (401, "bad-signature"), (403, "wrong-host"), (422, "malformed")] {
            var dialogue = Dialogue()
            let answer = Machine.Answer.problem(status: status, Problem(code: code, message: "m"), retryAfter: nil)
            #expect(dialogue.answer(answer) == [.startEpoch(2)])
            #expect(dialogue.next(faults: 1) == .send(Self.full))
            #expect(dialogue.answer(answer).isEmpty)
            guard case .wait = dialogue.next(faults: 1) else { Issue.record("no pause"); continue }
            #expect(dialogue.answer(answer).isEmpty)
            dialogue.has(.faults, 1...2)
            _ = dialogue.receipt(faults: 1)
            #expect(dialogue.answer(answer) == [.startEpoch(2)])
        }
    }

    @Test("Too large a request is halved until it passes, and grows again after it did")
    func tooLarge() {
        var dialogue = Dialogue()
        var sizes: [Int] = []
        var count = 200
        while count > 1 {
            #expect(dialogue.answer(.problem(status: 413, nil, retryAfter: nil), Array(1...Int64(count))).isEmpty)
            guard case .send(let batch) = dialogue.next(faults: 300) else { Issue.record("a pause"); return }
            #expect(batch.bytes >= Machine.Limits.leastBytes)
            count = batch.limit
            sizes.append(count)
        }
        #expect(sizes == [100, 50, 25, 12, 6, 3, 1])
        dialogue.has(.faults, 1...300)
        _ = dialogue.receipt(faults: 1)
        dialogue.has(.faults, 2...300)
        guard case .send(let batch) = dialogue.next(faults: 299) else { Issue.record("a pause"); return }
        #expect(batch.limit == 2)
    }

    @Test("One report that is too large alone is kept, said, and tried again later")
    func singleTooLarge() {
        var dialogue = Dialogue()
        let problem = Problem(code: "too-large", message: "at most 4194304 bytes")
        #expect(dialogue.answer(.problem(status: 413, problem, retryAfter: nil), [7]).isEmpty)
        #expect(dialogue.machine.state == .retrying)
        #expect(dialogue.machine.because.contains("at most 4194304 bytes"))
    }

    @Test("A busy collector is given the time it asks for, within an hour; a new fault does not change that")
    func busy() {
        for (asked, waited) in [(7, 7), (0, 1), (1_000_000, 3600)] {
            for status in [429, 503] {
                var dialogue = Dialogue()
                _ = dialogue.answer(.problem(status: status, nil, retryAfter: .seconds(asked)))
                let wait = Duration.seconds(waited)
                #expect(dialogue.next(faults: 1) == .wait(wait, afterSignal: wait))
            }
        }
        var dialogue = Dialogue()
        _ = dialogue.answer(.problem(status: 503, nil, retryAfter: nil))
        #expect(dialogue.next(faults: 1) == .wait(.milliseconds(500), afterSignal: .milliseconds(500)))
    }

    @Test("A spool that cannot be read pauses the uplink and says so")
    func spoolFails() {
        var dialogue = Dialogue()
        dialogue.machine.spoolFailed("the disk is full", at: dialogue.time, using: &dialogue.generator)
        #expect(dialogue.machine.because == "the disk is full")
        guard case .wait = dialogue.next(faults: 1) else { Issue.record("no pause"); return }
    }

    @Test("A pause has jitter between half and whole, doubles, and is bounded, however often it failed")
    func backoffBounds() {
        var generator = SystemRandomNumberGenerator()
        var backoff = Backoff(base: .seconds(1), cap: .seconds(60))
        for failure in 0..<100 {
            let whole = min(Duration.seconds(60), .seconds(1 << min(failure, 10)))
            let pause = backoff.next(using: &generator)
            #expect(pause >= whole / 2 && pause <= whole)
        }
        #expect(backoff.failures == 100)
        backoff.reset()
        #expect(backoff.next(using: &generator) <= .seconds(1))
    }
}
