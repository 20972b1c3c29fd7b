import Reports
import TestSupport

@testable import Collector
@testable import SensorAgent

/// What befalls servers, processes, disks and the network, and what people do.
extension SimulatedWorld {
    /// Lays all out over the days of trouble.
    func planHappenings() {
        for collector in collectors.indices {
            queue.add(.watch(collector: collector), at: SimulatedWorld.hour + Int64(random.below(3_600_000)))
        }
        plan(.fault, layout.faults)
        plan(.burst, 2)
        plan(.mend, layout.faults)
        plan(.turn, 6)
        plan(.exchange, 4)
        let ofAgents = layout.crashes / 2
        plan(.crashAgent, ofAgents)
        plan(.crashCollector, layout.crashes - ofAgents)
        let ofCollectors = layout.restoresCollectors ? layout.restores / 2 : 0
        plan(.restoreAgent, layout.restores - ofCollectors)
        plan(.restoreCollector, ofCollectors)
        plan(.backup, 3 * layout.days)
        plan(.clone, layout.clones)
        plan(.replace, layout.replacements)
        plan(.cut, layout.cuts)
        plan(.leap, 2)
        plan(.decision, layout.decisions)
    }

    private func plan(_ happening: Happening, _ count: Int) {
        for _ in 0..<count {
            let span = Int64(layout.days) * 24 * SimulatedWorld.hour
            queue.add(.happening(happening), at: Int64(random.next() % UInt64(span)))
        }
    }

    /// Everything runs and is connected from now on, and nothing more befalls anybody.
    func beQuiet() {
        isQuiet = true
        cuts = [:]
        for agent in agents.indices {
            // Whoever cloned a machine has noticed by now.
            if agents[agent].isClone { agents[agent].isGone = true }
            if !agents[agent].isGone, !agents[agent].isUp { queue.add(.startAgent(agent), at: now + 1_000) }
        }
        for collector in collectors.indices { collectors[collector].writesLeft = nil }
        trace.note(now, 99) { "peace" }
    }

    func happen(_ happening: Happening) throws {
        let agent = random.below(layout.sites * layout.agentsPerSite)
        let disk = random.below(layout.disksPerAgent)
        switch happening {
        case .fault: beginFault(agent, disk)
        case .burst: for disk in 0..<layout.disksPerAgent { beginFault(agent, disk) }
        case .mend:
            guard let condition = anyCondition() else { return }
            hardware[condition.server].mend(condition.fault)
            trace.note(now, 40, condition.server) { "\(condition.fault) of \(hardware[condition.server].host) is over" }
            look(condition.server, fresh: nil)
        case .turn:
            guard let condition = anyCondition(), let new = hardware[condition.server].turn(condition.fault) else {
                return
            }
            trace.note(now, 41, condition.server) {
                "\(condition.fault) of \(hardware[condition.server].host) turns into \(new.fault)"
            }
            look(condition.server, fresh: new.fault)
        case .exchange:
            hardware[agent].exchange(disk)
            allowances[hardware[agent].host, default: 0] += 1
            trace.note(now, 42, agent, disk) { "disk \(disk) of \(hardware[agent].host) is exchanged" }
            guard agents[agent].isUp, !agents[agent].isGone else { return }
            agents[agent].spool.append(.inventory(hardware[agent].inventory), at: clock(of: agent))
            look(agent, fresh: nil)
            wakeUplink(agent, in: 1)
        case .crashAgent: crashAgent(agent)
        case .crashCollector:
            let collector = random.below(collectors.count)
            // After the next write, or the one after it: between any two.
            collectors[collector].writesLeft = 1 + random.below(3)
        case .restoreAgent: restoreAgent(agent)
        case .restoreCollector: restoreCollector(random.below(collectors.count))
        case .backup:
            let collector = random.below(collectors.count)
            collectors[collector].backups.append(collectors[collector].ledger)
            agents[agent].backup = SimulatedBackup(
                spool: agents[agent].spool, recordedEpoch: agents[agent].recordedEpoch)
        case .clone: clone(agent)
        case .replace: try replace(agent)
        case .cut: cut()
        case .leap:
            agents[agent].clockOffset = .seconds(Int64(random.below(20 * 86_400)) - 10 * 86_400)
        case .decision: try decide()
        }
    }

    private func anyCondition() -> (server: Int, fault: FaultID)? {
        let all = hardware.indices.flatMap { server in
            hardware[server].standing.keys.sorted { $0.rawValue < $1.rawValue }.map { (server: server, fault: $0) }
        }
        return all.isEmpty ? nil : all[random.below(all.count)]
    }

    private func beginFault(_ server: Int, _ disk: Int) {
        let urgency: Urgency = [.watch, .plan, .order, .order][random.below(4)]
        let kind = random.below(3)
        let isLevel = random.below(4) > 0
        guard let begun = hardware[server].fail(disk, kind: kind, urgency, isLevel: isLevel) else { return }
        trace.note(now, 43, server, disk) { "\(begun.fault) of \(hardware[server].host) begins: \(urgency.rawValue)" }
        look(server, fresh: begun.fault)
    }

    // MARK: Processes and disks

    private func crashAgent(_ agent: Int) {
        guard agents[agent].isUp, !agents[agent].isGone else { return }
        trace.note(now, 44, agent) { "\(agents[agent].host) dies" }
        agents[agent].isUp = false
        agents[agent].life += 1
        queue.add(.startAgent(agent), at: now + 10_000 + Int64(random.below(7_200_000)))
    }

    private func restoreAgent(_ agent: Int) {
        guard !agents[agent].isGone else { return }
        let isLost = random.below(3) == 0
        allowances[agents[agent].host, default: 0] += 1
        trace.note(now, 45, agent, isLost ? 1 : 0) {
            "\(agents[agent].host) \(isLost ? "loses its spool" : "gets its spool of a backup")"
        }
        if isLost {
            agents[agent].spool = SimulatedSpool(key: agents[agent].spool.key)
            agents[agent].recordedEpoch = 0
        } else if let backup = agents[agent].backup {
            let key = agents[agent].spool.key
            agents[agent].spool = backup.spool
            // The key lies in another file, which may be of the backup too; here it is not.
            agents[agent].spool.key = key
            if random.below(2) == 0 { agents[agent].recordedEpoch = backup.recordedEpoch }
        }
        agents[agent].isUp = false
        startAgent(agent)
    }

    private func restoreCollector(_ collector: Int) {
        let backups = collectors[collector].backups
        let backup = backups[random.below(backups.count)]
        trace.note(now, 46, collector) { "\(collectors[collector].name) is restored from a backup" }
        collectors[collector].ledger = backup
        // Numbers are drawn: those after the backup are others than before.
        collectors[collector].ledger.numbers = SplitMix(seed: UInt64(random.below(1 << 30)))
        collectors[collector].restores += 1
        collectors[collector].isUp = false
        startCollector(collector)
    }

    private func clone(_ agent: Int) {
        guard agents[agent].isUp, !agents[agent].isGone else { return }
        let copy = agents.count
        hardware.append(SimulatedHardware(host: agents[agent].host, disks: layout.disksPerAgent))
        var clone = SimulatedAgent(
            site: agents[agent].site, host: agents[agent].host, hardware: copy, key: agents[agent].spool.key)
        clone.spool = agents[agent].spool
        clone.recordedEpoch = agents[agent].recordedEpoch
        (clone.isOther, clone.isClone) = (true, true)
        agents.append(clone)
        allowances[agents[agent].host, default: 0] += 10
        trace.note(now, 47, agent) { "\(agents[agent].host) is cloned" }
        queue.add(.look(agent: copy), at: now + 60_000)
        queue.add(.heartbeat(agent: copy), at: now + 120_000)
        queue.add(.stopClone(agent: copy), at: now + 3_600_000 + Int64(random.below(10_800_000)))
    }

    /// Another machine takes the server's place: `callhome enroll --replace`.
    private func replace(_ agent: Int) throws {
        guard agents[agent].isUp, !agents[agent].isGone, collectors[agents[agent].site].isUp else { return }
        trace.note(now, 48, agent) { "\(agents[agent].host) is replaced" }
        if random.below(2) == 0 { keepOld(agent) }
        requests += 1
        agents[agent].spool = SimulatedSpool(key: "key-\(agents[agent].host)-\(requests)")
        agents[agent].recordedEpoch = 0
        agents[agent].backup = nil
        allowances[agents[agent].host, default: 0] += 1
        try enrol(agent, replaces: true)
        agents[agent].spool.append(.inventory(hardware[agent].inventory), at: clock(of: agent))
        wakeUplink(agent, in: 1_000)
        queue.add(.look(agent: agent), at: now + 60_000)
    }

    /// The machine of before runs on, with its spool and its key.
    private func keepOld(_ agent: Int) {
        let copy = agents.count
        hardware.append(hardware[agent])
        var old = SimulatedAgent(
            site: agents[agent].site, host: agents[agent].host, hardware: copy, key: agents[agent].spool.key)
        old.spool = agents[agent].spool
        old.recordedEpoch = agents[agent].recordedEpoch
        old.isOther = true
        agents.append(old)
        queue.add(.heartbeat(agent: copy), at: now + 120_000)
    }

    private func cut() {
        let links: [Link] = [
            .agent(random.below(layout.sites * layout.agentsPerSite)), .site(random.below(layout.sites)),
            .mailbox(random.below(collectors.count)),
        ]
        let link = links[random.below(links.count)]
        cuts[link] = now + 600_000 + Int64(random.below(6 * 3_600_000))
        trace.note(now, 49) { "\(link) is cut" }
    }

    // MARK: People

    private func decide() throws {
        let collector = random.below(collectors.count)
        guard collectors[collector].isUp else { return }
        let (time, policy) = (time, collectors[collector].policy)
        let kind: CollectorAPI.Decision.Kind = random.below(3) == 0 ? .close : .acknowledge
        let choice = random.below(1 << 20)
        let decided = try collectors[collector].ledger.transaction("deciding about a case") { transaction -> Case? in
            let open = try transaction.cases(CaseQuery())
            guard !open.isEmpty else { return nil }
            let decision = CaseDecision(kind: kind, by: "admin", because: "so decided", time: time)
            return try CaseRecorder(transaction: transaction, policy: policy, time: time)
                .decide(decision, on: open[choice % open.count])
        }
        guard let decided else { return }
        allowances[decided.host, default: 0] += 1
        trace.note(now, 50, collector) {
            "admin of \(collectors[collector].name) does \(kind.rawValue) \(decided.number)"
        }
        wakeWorker(collector, in: 1_000)
    }
}
