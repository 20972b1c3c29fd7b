import Reports
import TestSupport

@testable import Collector
@testable import SensorAgent

/// One agent: its spool, what lies beside it, and the real state machine of the uplink.
struct SimulatedAgent: Sendable {
    /// Which of its site's stores it reports to is another thing: `SimulatedWorld.doors`.
    let site: Int
    let host: HostID
    /// Index of the server that it watches; a cloned one watches its own.
    let hardware: Int
    /// A clone, or a machine whose place another has taken.
    var isOther = false
    /// A copy of its disk in another machine, until somebody notices.
    var isClone = false
    var spool: SimulatedSpool
    /// In the file beside the spool.
    var recordedEpoch: Int64 = 0
    var machine: UplinkStateMachine
    var isUp = true
    /// Shut down for good.
    var isGone = false
    /// Counts starts: what was under way in an earlier life never ends.
    var life = 0
    /// The request whose answer is waited for.
    var request: Int?
    var sent: UplinkStateMachine.Sent?
    /// The newest plan to look at the spool again.
    var wake = 0
    var clockOffset = Duration.zero
    var backup: SimulatedBackup?
    /// Counts starts of the machine.
    private var boots = 0

    init(site: Int, host: HostID, hardware: Int, spool: SimulatedSpool) {
        self.site = site
        self.host = host
        self.hardware = hardware
        self.spool = spool
        machine = UplinkStateMachine(host: host, collectors: ["site"])
    }

    var counts: [ReportStream: Int] {
        [.faults: spool.count(of: .faults), .telemetry: spool.count(of: .telemetry)]
    }

    /// The spool, looked at for an answer.
    func view(for answer: UplinkStateMachine.Answer) -> UplinkStateMachine.SpoolView {
        var extents: [ReportStream: UplinkStateMachine.Extent] = [:]
        for stream in ReportStream.allCases {
            var extent = UplinkStateMachine.Extent(
                oldest: spool.oldest(of: stream), newest: spool.newest(of: stream))
            if case .receipt(let receipt, _) = answer, receipt.hash(stream) != nil {
                extent.hash = spool.contentHash(at: receipt.through(stream), of: stream)
            }
            extents[stream] = extent
        }
        return UplinkStateMachine.SpoolView(epoch: spool.epoch, extents: extents)
    }

    /// The machine starts: what was only in memory is gone.
    mutating func restart(at time: Timestamp, _ rules: SimulatedRules) {
        life += 1
        boots += 1
        isUp = true
        spool.boot = "\(hardware)-\(boots)"
        beginProcess()
        // The epoch beside the file is ahead of the one in it: the file is an old copy.
        if recordedEpoch > spool.epoch, spool.epoch != 0 { startEpoch(0, at: time, rules) }
    }

    mutating func beginProcess() {
        (request, sent) = (nil, nil)
        machine = UplinkStateMachine(host: host, collectors: ["site"])
        machine.resume(kept: spool.receipt)
    }

    mutating func startEpoch(_ epoch: Int64, at time: Timestamp, _ rules: SimulatedRules) {
        recordedEpoch = epoch
        spool.startEpoch(epoch, at: time, rules)
    }

    /// What its engine says of the server now.
    /// - Parameter fresh: what has just begun, which only who looks now can see.
    func changes(_ truth: SimulatedHardware, fresh: FaultID?, at time: Timestamp) -> [FaultChange] {
        var changes: [FaultChange] = []
        for condition in truth.standing.values.sorted(by: { $0.fault.rawValue < $1.fault.rawValue }) {
            let known = spool.account[condition.fault]
            guard condition.isLevel || condition.fault == fresh || known != nil else { continue }
            guard known?.fault.urgency != condition.urgency || known?.fault.provenance != condition.failure else {
                continue
            }
            changes.append(
                FaultChange(
                    kind: known == nil ? .opened : .updated, fault: truth.fault(condition, at: time),
                    because: "it was read", time: time))
        }
        for entry in spool.account.values.sorted(by: { $0.stamp < $1.stamp })
        where truth.standing[entry.fault.id] == nil {
            changes.append(
                FaultChange(kind: .cleared, fault: entry.fault, because: "it is read no longer", time: time))
        }
        return changes
    }

    /// Does what the state machine decided.
    /// - Parameter receipt: which store answered.
    mutating func apply(
        _ effect: UplinkStateMachine.Effect, of receipt: Receipt.Collector?, at time: Timestamp, _ rules: SimulatedRules
    ) {
        switch effect {
        case .report, .declare, .offer: break
        case .keep: spool.receipt = receipt
        case .discard(let through, let stream): spool.discard(through: through, of: stream)
        case .declareLoss(let stream, let first, let last):
            if rules.hold(.lossIsDeclared) { spool.declareLoss(of: stream, from: first, through: last, at: time) }
        case .raiseStamps(let known): if rules.hold(.stampsCountOn) { spool.raiseStamps(above: known) }
        case .restate(let question): spool.restate(answering: question, at: time, rules)
        case .startEpoch(let epoch):
            guard rules.hold(.oldCopyBeginsEpoch) || spool.epoch == 0 else { return }
            startEpoch(epoch, at: time, rules)
        }
    }
}

/// What a backup of a server holds.
struct SimulatedBackup: Sendable {
    var spool: SimulatedSpool
    var recordedEpoch: Int64
}
