import FoundationEssentials
import Reports
import TestSupport

@testable import Collector

/// An agent's spool as a value: a copy is a backup. It does what `SensorAgent.Spool` does, without its file.
struct SimulatedSpool: Sendable {
    struct Waiting: Sendable {
        var first: Int64
        var sequence: Int64
        var content: ReportContent
        var standing: StandingFaults?
        var time: Timestamp
        /// Stands in for what the report says: no other has it.
        var nonce: UInt64
        var boot: String
        var uptime: Int64

        func report(of host: HostID, in epoch: Int64, _ stream: ReportStream) -> Report {
            Report(
                host: host, hostname: "srv-\(host)",
                position: ReportPosition(epoch: epoch, stream: stream, first: first, sequence: sequence), time: time,
                boot: boot, uptime: uptime, agentVersion: "1", content: content, standing: standing)
        }

        /// Stands in for the signed bytes: others for other content, and for another place.
        func signed(in epoch: Int64) -> Data {
            var mixed = SplitMix(seed: nonce)
            for number in [epoch, first, sequence] { mixed = SplitMix(seed: mixed.next() ^ UInt64(bitPattern: number)) }
            return [mixed.next(), mixed.next()].reduce(into: Data(capacity: 16)) { data, word in
                for place in 0..<8 { data.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * place))) }
            }
        }
    }

    /// The newest report of a stream that was discarded.
    private struct Last {
        var epoch: Int64
        var sequence: Int64
        var hash: String
    }

    /// 0: not settled; the collector's answer says which one comes.
    var epoch: Int64 = 0
    /// Of the key that it is signed with.
    var key: String
    /// Whose reports are signed; nil where something stands in for what is.
    var signer: HostID?
    private var next: [Int64] = [1, 1]
    private(set) var waiting: [[Waiting]] = [[], []]
    private(set) var account: [FaultID: FaultStatement.Standing] = [:]
    private var stamp: Int64 = 0
    private var restated: String?
    private var last: [Last?] = [nil, nil]
    /// Of the newest receipt: shown to whoever takes reports.
    var receipt: Receipt.Collector?
    /// What tells its reports from those of its copies.
    var salt: UInt64
    /// Reports that were made; stands in for the machine's uptime.
    private var made: UInt64 = 0
    var boot: String
    /// As it was when the epoch began: what a mutant answers with.
    private var accountOfBefore: [FaultID: FaultStatement.Standing] = [:]

    init(key: String, salt: UInt64, boot: String, signer: HostID?) {
        (self.key, self.salt, self.boot, self.signer) = (key, salt, boot, signer)
    }

    private static func place(of stream: ReportStream) -> Int { stream == .faults ? 0 : 1 }

    func oldest(of stream: ReportStream) -> Int64? { waiting[SimulatedSpool.place(of: stream)].first?.first }

    func newest(of stream: ReportStream) -> Int64 { next[SimulatedSpool.place(of: stream)] - 1 }

    func count(of stream: ReportStream) -> Int { waiting[SimulatedSpool.place(of: stream)].count }

    var stamps: [FaultID: Int64] { account.mapValues(\.stamp) }

    // MARK: What the watch stores

    mutating func store(_ changes: [FaultChange], at time: Timestamp, _ rules: SimulatedRules) {
        guard !changes.isEmpty else { return }
        let before = stamps
        let stamped = account.take(changes, after: &stamp)
        insert(.faults(stamped), at: time, of: rules.hold(.digestOfTheSameMoment) ? stamps : before)
    }

    mutating func append(_ content: ReportContent, at time: Timestamp) { insert(content, at: time, of: stamps) }

    private mutating func insert(_ content: ReportContent, at time: Timestamp, of stamps: [FaultID: Int64]) {
        let place = SimulatedSpool.place(of: content.stream)
        let sequence = next[place]
        next[place] += 1
        var standing: StandingFaults?
        switch content {
        case .faults, .statement, .heartbeat:
            standing = StandingFaults(epoch: epoch, through: next[0] - 1, stamps: stamps)
        case .inventory, .samples, .test, .declaration, .dropped, .unknown: break
        }
        waiting[place].append(report(first: sequence, sequence, content, standing, at: time))
    }

    private mutating func report(
        first: Int64, _ sequence: Int64, _ content: ReportContent, _ standing: StandingFaults?, at time: Timestamp
    ) -> Waiting {
        made += 1
        var mixed = SplitMix(seed: salt &+ made &* 0x9e37)
        return Waiting(
            first: first, sequence: sequence, content: content, standing: standing, time: time, nonce: mixed.next(),
            boot: boot, uptime: Int64(made))
    }

    private mutating func state(answering question: String?, at time: Timestamp, _ rules: SimulatedRules) {
        let stated = question == nil || rules.hold(.answerOfNow) ? account : accountOfBefore
        let all = stated.values.sorted { $0.stamp < $1.stamp }
        // Small parts, so that a statement has several.
        let starts = all.isEmpty ? [0] : Array(stride(from: 0, to: all.count, by: SimulatedSpool.statementFaults))
        for (index, start) in starts.enumerated() {
            let faults = Array(all[start..<min(start + SimulatedSpool.statementFaults, all.count)])
            append(
                .statement(FaultStatement(answers: question, part: index + 1, of: starts.count, faults: faults)),
                at: time)
        }
    }

    private static let statementFaults = 3

    // MARK: What the uplink does

    func batch(of stream: ReportStream, limit: Int) -> [Waiting] {
        Array(waiting[SimulatedSpool.place(of: stream)].prefix(epoch == 0 ? 1 : limit))
    }

    /// What is signed of a report.
    private func payload(of waiting: Waiting, _ stream: ReportStream) -> Data {
        guard let signer else { return waiting.signed(in: epoch) }
        return (try? WireFormat.encode(waiting.report(of: signer, in: epoch, stream))) ?? Data()
    }

    /// What the report at `sequence` was signed as; nil where that is not known any more.
    func contentHash(at sequence: Int64, of stream: ReportStream) -> String? {
        let place = SimulatedSpool.place(of: stream)
        if let found = waiting[place].first(where: { $0.sequence == sequence }) {
            return Receipt.contentHash(of: payload(of: found, stream))
        }
        return last[place].flatMap { $0.epoch == epoch && $0.sequence == sequence ? $0.hash : nil }
    }

    mutating func discard(through sequence: Int64, of stream: ReportStream) {
        let place = SimulatedSpool.place(of: stream)
        if let newest = waiting[place].last(where: { $0.sequence <= sequence }) {
            last[place] = Last(
                epoch: epoch, sequence: newest.sequence, hash: Receipt.contentHash(of: payload(of: newest, stream)))
        }
        waiting[place].removeAll { $0.sequence <= sequence }
    }

    mutating func declareLoss(of stream: ReportStream, from first: Int64, through last: Int64, at time: Timestamp) {
        let place = SimulatedSpool.place(of: stream)
        guard first <= last, !waiting[place].contains(where: { $0.first <= last && $0.sequence >= first }) else {
            return
        }
        waiting[place].append(
            report(first: first, last, .dropped(Dropped(reason: "collector-behind")), nil, at: time))
        waiting[place].sort { $0.sequence < $1.sequence }
    }

    mutating func raiseStamps(above known: Int64) { stamp = max(stamp, known) }

    mutating func restate(answering question: String, at time: Timestamp, _ rules: SimulatedRules) {
        guard restated != question else { return }
        state(answering: question, at: time, rules)
        restated = question
    }

    mutating func startEpoch(_ new: Int64, at time: Timestamp, _ rules: SimulatedRules) {
        for place in waiting.indices {
            var sequence: Int64 = 0
            for index in waiting[place].indices {
                let covered = waiting[place][index].sequence - waiting[place][index].first
                waiting[place][index].first = sequence + 1
                sequence += 1 + covered
                waiting[place][index].sequence = sequence
            }
            next[place] = sequence + 1
        }
        epoch = new
        accountOfBefore = account
        if new != 0, !account.isEmpty { state(answering: nil, at: time, rules) }
    }
}
