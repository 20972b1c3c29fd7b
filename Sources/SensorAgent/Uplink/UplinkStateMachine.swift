import FoundationEssentials
import Reports

/// Decides what the uplink does next; `UplinkService` does it.
///
/// Faults go before telemetry, always. Only what a signed receipt covers is discarded. A refusal that will not change is
/// covered as well; every other failure keeps all reports and is tried again, forever.
struct UplinkStateMachine: Sendable {
    enum Limits {
        /// Envelopes in one request.
        static let envelopes = WireLimits.envelopesPerRequest
        /// Bytes of one request before gzip: small, for the sake of the agent's memory.
        static let bytes = 1 << 20
        /// The smallest request that 413 leads to; a single larger report is sent alone.
        static let leastBytes = 4 << 10
        /// Names of accepted blind spots that are kept of a receipt.
        static let acceptedBlindSpots = 2_000
        /// Declarations taken of one receipt; the collector asks again for the rest.
        static let asks = 16
        /// Bytes of the name of a question.
        static let questionBytes = 100
        /// Telemetry is sent at the latest so long after it was stored, and sooner where heartbeats come more often.
        static let idle = Duration.seconds(60)
        static let firstRetry = Duration.seconds(1)
        static let longestRetry = Duration.seconds(300)
        /// Between attempts while the collector does not know the key or has revoked it.
        static let refusedRetry = Duration.seconds(900)
        /// The longest wait that a collector can ask for.
        static let longestRetryAfter = Duration.seconds(3600)
        /// A new fault cuts a wait down to between half of this and this.
        static let hurry = Duration.seconds(5)
        /// How long a report that was refused for good is shown in the status.
        static let showRefusal = Duration.seconds(86_400)
    }

    /// Problems of single reports, damaged or signed in an earlier name: signed anew, they can be taken.
    private static let mendedBySigning: Set<String> = [
        "garbage", "bad-signature", "wrong-type", "mixed-hosts", "wrong-host", "malformed",
    ]

    enum State: String, Sendable {
        case notEnrolled = "not-enrolled"
        case connected, retrying, refused
    }

    /// What to take from the spool and where to send it.
    struct Batch: Hashable, Sendable {
        var stream: ReportStream
        var limit: Int
        var bytes: Int
        var collector: String
    }

    enum Step: Hashable, Sendable {
        case send(Batch)
        /// Until the time has passed, or new faults were stored. - Parameter afterSignal: how long to wait on after that.
        case wait(Duration, afterSignal: Duration)
    }

    /// What was sent.
    struct Sent: Hashable, Sendable {
        var stream: ReportStream
        /// Ascending.
        var sequences: [Int64]
    }

    /// What the spool has of one stream.
    struct Extent: Hashable, Sendable {
        /// The first sequence that the oldest waiting report covers; nil where none waits.
        var oldest: Int64?
        /// The last sequence that was given out; 0 before the first.
        var newest: Int64
        /// `Receipt.contentHash` of its report at the receipt's position; nil where it has none there any more.
        var hash: String?
    }

    /// The spool as it was when the answer came.
    struct SpoolView: Hashable, Sendable {
        var epoch: Int64
        var extents: [ReportStream: Extent]
    }

    enum Answer: Sendable {
        /// - Parameter line: as it was signed, in one line of JSON.
        case receipt(Receipt, line: String = "")
        case problem(status: Int, Problem?, retryAfter: Duration?)
        /// No answer, or one that is no receipt of this collector.
        case failure(String)
    }

    /// What to do to the spool, in this order.
    enum Effect: Hashable, Sendable {
        case report(Receipt.Refusal)
        case discard(through: Int64, of: ReportStream)
        case declareLoss(of: ReportStream, from: Int64, through: Int64)
        case startEpoch(Int64)
        /// The collector knows stamps up to this one; comes before `startEpoch`.
        case raiseStamps(above: Int64)
        /// The collector asks which faults stand.
        case restate(String)
        /// It is the newest: it is shown to collectors from now on.
        case keep(receipt: String)
        /// What people declared of parts, and the collector's time.
        case declare([PartDeclaration], at: Timestamp)
        /// How far channels of patterns have come, and how far this server is to go with them.
        case offer([PatternOffer])
    }

    private let host: HostID
    private let collectors: [String]
    private let idle: Duration
    private var preferred = 0
    /// What each collector answered last, since one took reports.
    private var failures: [Int: String] = [:]
    /// The one that took reports last: what is wrong with it is what people want to know.
    private var lastTaker: Int?
    /// Collectors that failed one after another since the last wait.
    private var failuresInRound = 0
    private var backoff = Backoff(base: Limits.firstRetry, cap: Limits.longestRetry)
    private var envelopes = Limits.envelopes
    private var bytes = Limits.bytes
    private var wait: (duration: Duration, afterSignal: Duration)?
    /// The last receipt covered nothing, and the spool was mended instead.
    private var mendedLast = false
    /// Of the receipt that is kept.
    private var kept: Receipt.Collector?
    /// All reports were signed anew, and none was covered since.
    private var signedAnew = false

    private(set) var state: State
    /// What went wrong last and what to do; empty when all is well.
    private(set) var because: String
    private(set) var lastReceipt: Timestamp?
    /// As the last receipt states: what need not be seen; nil where there is none.
    private(set) var acceptedBlindSpots: [String]?
    private(set) var nextAttempt: Timestamp?
    private var refusal: (text: String, at: Timestamp)?

    /// - Parameters:
    ///   - collectors: base addresses in the order to try them; empty before enrolment.
    ///   - heartbeat: from one heartbeat to the next: none waits for the one after it.
    init(host: HostID, collectors: [String], heartbeat: Duration = Limits.idle) {
        self.host = host
        self.collectors = collectors
        idle = min(heartbeat, Limits.idle)
        state = collectors.isEmpty ? .notEnrolled : .connected
        because = collectors.isEmpty ? "this server is not enrolled: run `callhome enroll URL --token TOKEN`" : ""
    }

    /// The collector that is asked next.
    var collector: String? { collectors.isEmpty ? nil : collectors[preferred] }

    /// Whether the collector answered lately, so that what is stored last may go out before a stop: else it would be waited
    /// for in vain.
    var maySendTheLast: Bool { state == .connected }

    // MARK: What next

    mutating func next(waiting: [ReportStream: Int]) -> Step {
        guard let collector else { return .wait(Limits.idle, afterSignal: .zero) }
        if let (duration, afterSignal) = wait {
            wait = nil
            return .wait(duration, afterSignal: afterSignal)
        }
        nextAttempt = nil
        for stream in [ReportStream.faults, .telemetry] where waiting[stream, default: 0] > 0 {
            return .send(Batch(stream: stream, limit: envelopes, bytes: bytes, collector: collector))
        }
        return .wait(idle, afterSignal: .zero)
    }

    // MARK: What became of it

    mutating func answered(
        _ answer: Answer, to sent: Sent, spool: SpoolView, at time: Timestamp,
        using generator: inout some RandomNumberGenerator
    ) -> [Effect] {
        switch answer {
        case .receipt(let receipt, let line) where receipt.host == host:
            return accept(receipt, sent, spool, time, &generator) + keeping(receipt, line)
        case .receipt(let receipt, _):
            failed("\(place) sent a receipt for another host, \(receipt.host.prefix(100))", time, &generator)
        case .failure(let because):
            failed(because, time, &generator)
        case .problem(let status, let problem, let retryAfter):
            return refuse(status, problem, retryAfter, sent, spool, time, &generator)
        }
        return []
    }

    /// The first receipt of each epoch of the store takes the place of the one that is kept: one write for each start of a
    /// collector, and not for each answer.
    private mutating func keeping(_ receipt: Receipt, _ line: String) -> [Effect] {
        guard let collector = receipt.collector else { return [] }
        if let kept, kept.store == collector.store, collector.epoch <= kept.epoch { return [] }
        // Longer than a header may be; the next one is shorter.
        guard (line.utf8.count + 2) / 3 * 4 <= WireLimits.shownReceiptBytes else { return [] }
        kept = collector
        return [.keep(receipt: line)]
    }

    /// The receipt that was kept by a process before this one; nil where there is none.
    mutating func resume(kept collector: Receipt.Collector?) { kept = collector }

    /// The spool could not be read or written: nothing is sent before it can be.
    mutating func spoolFailed(
        _ words: String, at time: Timestamp, using generator: inout some RandomNumberGenerator
    ) {
        state = .retrying
        because = words
        pause(backoff.next(using: &generator), afterSignal: nil, time)
    }

    private mutating func accept(
        _ receipt: Receipt, _ sent: Sent, _ spool: SpoolView, _ time: Timestamp,
        _ generator: inout some RandomNumberGenerator
    ) -> [Effect] {
        lastReceipt = time
        acceptedBlindSpots = receipt.acceptedBlindSpots.map { Array($0.prefix(Limits.acceptedBlindSpots)) }
        var effects: [Effect] = receipt.refused.map { .report($0) }
        if let asks = receipt.asks, !asks.isEmpty {
            effects.append(.declare(Array(asks.prefix(Limits.asks)), at: receipt.time))
        }
        if let last = receipt.refused.last {
            refusal = (
                "the collector refused report \(last.sequence) of \(last.stream.rawValue) for good: \(last.because)",
                time
            )
        }
        if let offers = receipt.patterns, !offers.isEmpty {
            effects.append(.offer(Array(offers.prefix(WireLimits.channels))))
        }
        if let question = receipt.restate, question.utf8.count <= Limits.questionBytes {
            effects.append(.restate(question))
        }
        var covered = false
        if let epoch = epochAfterCopy(receipt, spool) {
            // Its numbers, and its stamps, were used before for something else.
            if let stamp = receipt.stamp { effects.append(.raiseStamps(above: stamp)) }
            effects.append(.startEpoch(epoch))
        } else {
            for stream in ReportStream.allCases {
                covered = settle(stream, receipt, sent, spool, &effects) || covered
            }
        }
        let mends = effects.contains { effect in
            switch effect {
            case .startEpoch, .declareLoss: true
            case .discard, .report, .declare, .offer, .raiseStamps, .restate, .keep: false
            }
        }
        guard covered || mends && !mendedLast else {
            failed("\(place) took none of the reports, and gave no reason", time, &generator)
            return effects
        }
        mendedLast = mends && !covered
        if covered { signedAnew = false }
        succeeded(at: time)
        return effects
    }

    /// The epoch to begin where the spool is an old copy, or shares its name with another; nil where it is neither. Then nothing
    /// of it is covered, whatever the receipt says.
    private mutating func epochAfterCopy(_ receipt: Receipt, _ spool: SpoolView) -> Int64? {
        if receipt.epoch > spool.epoch { return receipt.epoch &+ 1 }
        if let stream = ReportStream.allCases.first(where: { isAhead(receipt, of: spool, $0) }) {
            because = "the collector has more of \(stream.rawValue) than this spool ever held: an old copy of it"
            return spool.epoch &+ 1
        }
        if let stream = ReportStream.allCases.first(where: { isOther(receipt, than: spool, $0) }) {
            because =
                "the collector has another report of \(stream.rawValue) where this spool has its own: an old copy of it, or a "
                + "second machine in the name of this one"
            return spool.epoch &+ 1
        }
        return nil
    }

    private func isAhead(_ receipt: Receipt, of spool: SpoolView, _ stream: ReportStream) -> Bool {
        receipt.epoch == spool.epoch && receipt.through(stream) > spool.extents[stream]?.newest ?? 0
    }

    private func isOther(_ receipt: Receipt, than spool: SpoolView, _ stream: ReportStream) -> Bool {
        guard receipt.epoch == spool.epoch, let theirs = receipt.hash(stream), let own = spool.extents[stream]?.hash
        else {
            return false
        }
        return theirs != own
    }

    /// - Returns: whether anything waiting is covered.
    private func settle(
        _ stream: ReportStream, _ receipt: Receipt, _ sent: Sent, _ spool: SpoolView, _ effects: inout [Effect]
    ) -> Bool {
        guard let extent = spool.extents[stream] else { return false }
        var through = receipt.epoch == spool.epoch ? receipt.through(stream) : 0
        let known = through
        if sent.stream == stream {
            let refused = Set(receipt.refused.filter { $0.stream == stream }.map(\.sequence))
            for sequence in sent.sequences where sequence > through {
                guard refused.contains(sequence) else { break }
                through = sequence
            }
        }
        guard let oldest = extent.oldest else {
            if receipt.epoch == spool.epoch, known < extent.newest {
                effects.append(.declareLoss(of: stream, from: known + 1, through: extent.newest))
            }
            return false
        }
        if through >= oldest {
            effects.append(.discard(through: through, of: stream))
            return true
        }
        if receipt.epoch == spool.epoch, known < oldest - 1 {
            // It was restored from a backup; what is asked for was discarded on its own receipts.
            effects.append(.declareLoss(of: stream, from: known + 1, through: oldest - 1))
        }
        return false
    }

    private mutating func succeeded(at time: Timestamp) {
        state = .connected
        failures = [:]
        lastTaker = collectors.isEmpty ? nil : preferred
        failuresInRound = 0
        backoff.reset()
        envelopes = min(Limits.envelopes, envelopes * 2)
        bytes = min(Limits.bytes, bytes * 2)
        if let refusal, time - refusal.at < Limits.showRefusal { because = refusal.text } else { because = "" }
    }

    private mutating func refuse(
        _ status: Int, _ problem: Problem?, _ retryAfter: Duration?, _ sent: Sent, _ spool: SpoolView,
        _ time: Timestamp, _ generator: inout some RandomNumberGenerator
    ) -> [Effect] {
        if let problem, UplinkStateMachine.mendedBySigning.contains(problem.code), !signedAnew {
            signedAnew = true
            return [.startEpoch(spool.epoch == Spool.unsettled ? Spool.unsettled : spool.epoch &+ 1)]
        }
        let words = problem.map { "\($0)" } ?? "it gives no reason"
        switch status {
        case 401, 403:
            state = .refused
            because =
                "\(place) refuses this server: \(words); everything is kept; enrol again, or have the key accepted"
            advance()
            pause(Limits.refusedRetry * Double.random(in: 0.5...1, using: &generator), afterSignal: nil, time)
        case 413 where sent.sequences.count > 1:
            envelopes = max(1, min(envelopes, sent.sequences.count) / 2)
            bytes = max(Limits.leastBytes, bytes / 2)
        case 429, 503:
            guard let retryAfter else {
                failed("\(place) is busy (\(status)): \(words)", time, &generator)
                break
            }
            state = .retrying
            because = "\(place) is busy (\(status)): \(words)"
            let asked = min(max(retryAfter, Limits.firstRetry), Limits.longestRetryAfter)
            // Later than asked, never earlier, and not all agents at once.
            pause(asked * Double.random(in: 1...1.25, using: &generator), afterSignal: nil, time)
        default:
            failed("\(place) answered \(status): \(words)", time, &generator)
        }
        return []
    }

    private var place: String { collector ?? "no collector" }

    private mutating func failed(
        _ words: String, _ time: Timestamp, _ generator: inout some RandomNumberGenerator
    ) {
        state = .retrying
        failures[preferred] = words
        because = allFailures
        mendedLast = false
        advance()
        failuresInRound += 1
        // The other collectors are asked at once; only when all have failed is there a pause.
        guard failuresInRound >= collectors.count else { return }
        failuresInRound = 0
        let hurry = Limits.hurry * Double.random(in: 0.5...1, using: &generator)
        pause(backoff.next(using: &generator), afterSignal: hurry, time)
    }

    /// All addresses that were tried, the one that worked last before all others.
    private var allFailures: String {
        let order = failures.keys.sorted { ($0 != lastTaker ? 1 : 0, $0) < ($1 != lastTaker ? 1 : 0, $1) }
        let words = order.compactMap { place in
            failures[place].map { $0.contains(collectors[place]) ? $0 : "\(collectors[place]): \($0)" }
        }
        return words.count == 1 ? failures.values.first ?? "" : words.joined(separator: "; and ")
    }

    private mutating func advance() {
        if !collectors.isEmpty { preferred = (preferred + 1) % collectors.count }
    }

    /// - Parameter afterSignal: nil where a new fault does not shorten the wait.
    private mutating func pause(_ duration: Duration, afterSignal: Duration?, _ time: Timestamp) {
        wait = (duration, min(afterSignal ?? duration, duration))
        nextAttempt = time + duration
    }
}
