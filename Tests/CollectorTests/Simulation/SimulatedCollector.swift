import Reports
import TestSupport

@testable import Collector

/// A store and the process that serves on it. A site has one that counts, and perhaps another that does not know it yet.
struct SimulatedCollector: Sendable {
    /// Index of the site; the partner comes after the sites.
    let site: Int
    let name: String
    let policy: CasePolicy
    var machine: String
    var ledger = MemoryLedger()
    /// Counts starts: what was under way in an earlier life never ends.
    var life = 0
    var isUp = true
    /// Another store goes on in its place: nothing that it knows has to be right any more.
    var isOvertaken = false
    /// Switched off for good.
    var isOff = false
    /// A copy that nobody has said is to go on.
    var isCopy = false
    /// Somebody is about to say that it goes on.
    var isAwaited = false
    /// The newest plan to look into the outbox.
    var wake = 0
    var backups: [MemoryLedger] = []
    var restores = 0
    /// Put back as it was, and nobody said so: it does not know that anything is missing.
    var isPutBack = false
    /// After so many more steps, writes and sends, it dies at once; nil: it does not.
    var stepsLeft: Int?
    /// It dies of the next message, when that is on its way.
    var diesOfSending = false
    /// Questions and statements that were sent and taken, and messages that were sent, over all lives.
    var exchanges = 0
    /// Attempts whose end has not been noted: message and number of the attempt.
    var attempts: Set<String> = []
    /// Until when recipients asked to be left alone.
    var askedToWait: [String: Timestamp] = [:]
    /// Messages about one case to one recipient that went out last, for a rule that is left out.
    var sentLast: [String: Delivery] = [:]
    /// The sign of life whose answer is waited for.
    var sign: Int?
    /// The newest epoch that it was shown.
    var shown = StoreEpoch.unbegun

    init(site: Int, policy: CasePolicy, machine: String, identity: StoreIdentity) {
        self.site = site
        self.policy = policy
        self.machine = machine
        name = policy.site.name
        ledger.identity = identity
    }

    /// Of what can be had of the ledger without a transaction.
    var record: StoreRecord { ledger.settings["store"] as? StoreRecord ?? StoreRecord() }

    /// As the clock's service does every minute: a backup knows of when it is.
    mutating func noteAlive(at time: Timestamp) { ledger.settings["clock"] = ClockReckoning(lastAlive: time) }

    /// A new process on what is stored.
    /// - Parameter wasOff: whether the machine was off: a snapshot of it that is put back has to be started.
    mutating func start(at time: Timestamp, _ rules: SimulatedRules, wasOff: Bool = false) throws {
        life += 1
        isUp = true
        stepsLeft = nil
        diesOfSending = false
        attempts = []
        let (policy, machine) = (policy, machine)
        let alive = (ledger.settings["clock"] as? ClockReckoning)?.time ?? time
        try ledger.transaction("starting") { transaction in
            var record = try transaction.storeRecord()
            if rules.hold(.startBeginsEpoch) || record.epoch == .unbegun {
                record.beginServing(on: machine, knownUntil: alive, at: time)
            }
            try transaction.save(record)
            let outbox = OutboxRecorder(transaction: transaction, policy: policy, time: time)
            if rules.hold(.begunIsMadeAnew) { try outbox.renew(after: wasOff ? nil : time - alive) }
            if record.standing.maySend { try outbox.resume([:]) }
            guard !rules.hold(.holdOutlastsStart) else { return }
            for var health in try transaction.recipientHealths() {
                health.release()
                try transaction.save(health)
            }
        }
        noteAlive(at: time)
    }
}
