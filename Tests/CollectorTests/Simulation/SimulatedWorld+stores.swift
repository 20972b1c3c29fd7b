import Reports
import TestSupport

@testable import Collector

/// What befalls stores: crashes, backups that are put back, copies that go on elsewhere.
extension SimulatedWorld {
    func label(_ collector: Int) -> String {
        "\(collectors[collector].name)/\(collectors[collector].machine)"
    }

    // MARK: Writing

    /// One transaction, after which the process may die.
    /// - Returns: nil where it died of it.
    func write<Value>(
        _ collector: Int, _ doing: String, _ body: (any CollectorLedger) throws -> Value
    ) throws(StoreError) -> Value? {
        let value = try collectors[collector].ledger.transaction(doing, body)
        return step(collector) ? value : nil
    }

    /// - Returns: false where the process died of it.
    @discardableResult
    func step(_ collector: Int) -> Bool {
        guard let left = collectors[collector].stepsLeft else { return true }
        collectors[collector].stepsLeft = left - 1
        guard left <= 1 else { return true }
        crash(collector)
        return false
    }

    func crash(_ collector: Int) {
        guard collectors[collector].isUp else { return }
        trace.note(now, 10, collector) { "\(label(collector)) dies" }
        collectors[collector].noteAlive(at: time)
        stop(collector)
        forgetWhatWasBegun(collector)
        queue.add(.startCollector(collector), at: now + 10_000 + Int64(random.below(1_200_000)))
    }

    private func stop(_ collector: Int) {
        collectors[collector].isUp = false
        collectors[collector].life += 1
        collectors[collector].stepsLeft = nil
    }

    func startCollector(_ collector: Int, wasOff: Bool = false) throws {
        guard !collectors[collector].isUp, !collectors[collector].isOff else { return }
        trace.note(now, 11, collector) { "\(label(collector)) starts" }
        try collectors[collector].start(at: time, rules, wasOff: wasOff)
        callSomebody(collector)
        wakeWorker(collector, in: 1_000)
    }

    /// Of a store that may not send, somebody reads it on the page, and says that it goes on.
    private func callSomebody(_ collector: Int) {
        guard !collectors[collector].record.standing.maySend, !collectors[collector].isOvertaken,
            !collectors[collector].isAwaited
        else { return }
        collectors[collector].isAwaited = true
        queue.add(.takeOver(collector), at: now + 600_000 + Int64(random.below(7_200_000)))
    }

    // MARK: Backups

    /// - Parameter index: of the backup.
    func restoreCollector(_ site: Int, to index: Int) throws {
        let collector = doors[site]
        var backup = collectors[collector].backups[index]
        // Numbers are drawn: those after the backup are others than before.
        if rules.hold(.numbersAreDrawnAnew) { backup.numbers = SplitMix(seed: random.next()) }
        guard layout.restoresCollectors == .both, random.below(2) == 0 else {
            return try moveStore(of: site, to: backup)
        }
        trace.note(now, 46, collector) { "\(label(collector)) is put back as it was" }
        collectors[collector].ledger = backup
        collectors[collector].restores += 1
        collectors[collector].isPutBack = true
        (collectors[collector].askedToWait, collectors[collector].shown) = ([:], .unbegun)
        stop(collector)
        try startCollector(collector, wasOff: true)
    }

    /// A copy goes on, on another machine. The one before is gone, or runs on until somebody stops it.
    private func moveStore(of site: Int, to backup: MemoryLedger) throws {
        let old = doors[site]
        guard !collectors.contains(where: { $0.site == site && $0.isCopy }) else { return }
        let new = collectors.count
        var copy = collectors[old]
        copy.machine = "m\(new)"
        copy.ledger = backup
        let madeAt = (backup.settings["clock"] as? ClockReckoning)?.time ?? time
        if rules.hold(.copyIsHeld) {
            try copy.ledger.transaction("copying") { try $0.save(try $0.storeRecord().ofCopy(madeAt: madeAt)) }
        } else {
            copy.machine = collectors[old].machine
        }
        copy.isCopy = true
        copy.isUp = false
        copy.life += 1
        (copy.attempts, copy.askedToWait, copy.sentLast, copy.shown) = ([], [:], [:], .unbegun)
        copy.restores += 1
        copy.backups = [backup]
        collectors.append(copy)
        // The partner has one address only.
        let runsOn = site != partner && random.below(2) == 0
        trace.note(now, 47, old, runsOn ? 1 : 0) {
            "a copy of \(label(old)) goes on as \(label(new)), and it \(runsOn ? "runs on" : "is gone")"
        }
        if !runsOn {
            retire(old)
            doors[site] = new
        }
        queue.add(.watch(collector: new), at: now + SimulatedWorld.hour)
        if site != partner { queue.add(.beat(collector: new), at: now + 60_000) }
        try startCollector(new)
    }

    /// Somebody says that it goes on.
    func takeOver(_ collector: Int) throws {
        guard collectors[collector].isAwaited, !collectors[collector].isOff else { return }
        let (time, machine, site) = (time, collectors[collector].machine, collectors[collector].site)
        let (policy, tells) = (collectors[collector].policy, rules.hold(.takeoverTellsAgain))
        trace.note(now, 48, collector) { "\(label(collector)) takes over" }
        try collectors[collector].ledger.transaction("taking over") { transaction in
            var record = try transaction.storeRecord()
            guard record.standing != .serving else { return }
            try record.takeOver(on: machine, knownUntil: time, at: time)
            try transaction.save(record)
            guard tells else { return }
            try OutboxRecorder(transaction: transaction, policy: policy, time: time)
                .tellOfTakeover(knownUntil: record.takeover?.knownUntil ?? time)
        }
        (collectors[collector].isCopy, collectors[collector].isAwaited) = (false, false)
        let old = doors[site]
        if old != collector {
            collectors[old].isOvertaken = true
            doors[site] = collector
            queue.add(.retire(old), at: now + SimulatedWorld.hour + Int64(random.below(18_000_000)))
        }
        stop(collector)
        try startCollector(collector)
    }

    func retire(_ collector: Int) {
        trace.note(now, 49, collector) { "\(label(collector)) is switched off" }
        stop(collector)
        (collectors[collector].isOvertaken, collectors[collector].isOff) = (true, true)
    }

    /// Which store of its site an agent reaches: perhaps one that another has overtaken.
    func door(for agent: Int) -> Int {
        let site = agents[agent].site
        guard let old = collectors.lastIndex(where: { $0.site == site && $0.isOvertaken && $0.isUp }),
            !isQuiet, random.below(3) == 0
        else { return doors[site] }
        return old
    }

    // MARK: What was shown

    /// As the intake does with the receipt in a request's header, which is signed.
    func show(_ receipt: Receipt.Collector?, to collector: Int) throws {
        guard let receipt, receipt.store == collectors[collector].ledger.identity?.site else { return }
        collectors[collector].shown = max(collectors[collector].shown, receipt.epoch)
        guard rules.hold(.earlierStandsBack), receipt.epoch > collectors[collector].record.epoch else { return }
        let learned = try collectors[collector].ledger.transaction("standing back") { transaction in
            var record = try transaction.storeRecord()
            guard record.learn(of: receipt.epoch) else { return false }
            try transaction.save(record)
            return true
        }
        guard learned else { return }
        trace.note(now, 50, collector) { "\(label(collector)) stands back" }
        callSomebody(collector)
    }
}
