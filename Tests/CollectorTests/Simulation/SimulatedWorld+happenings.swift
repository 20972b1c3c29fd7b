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
            if collector != partner {
                queue.add(.beat(collector: collector), at: Int64(random.below(Int(layout.signs.inMilliseconds))))
            }
        }
        plan(.fault, layout.faults)
        plan(.burst, 2)
        plan(.mend, layout.faults)
        plan(.turn, 6)
        plan(.exchange, 4)
        let ofAgents = layout.crashes / 2
        plan(.crashAgent, ofAgents)
        plan(.crashCollector, layout.crashes - ofAgents)
        let ofCollectors = layout.restoresCollectors == .none ? 0 : layout.restores / 2
        plan(.restoreAgent, layout.restores - ofCollectors)
        plan(.restoreCollector, ofCollectors)
        plan(.backup, 3 * layout.days)
        // Early enough that a day has passed without it when all is looked at.
        plan(.clone, layout.clones, until: 0.6)
        plan(.replace, layout.replacements)
        plan(.cut, layout.cuts)
        plan(.leap, 2)
        plan(.decision, layout.decisions)
        plan(.mood, layout.moods)
        guard layout.restoresCollectors != .none else { return }
        for _ in 0..<layout.relapses {
            let relapse = Relapse(
                agent: random.below(layout.sites * layout.agentsPerSite), disk: random.below(layout.disksPerAgent))
            queue.add(.relapse(relapse), at: Int64(random.below(layout.days * 16 * Int(SimulatedWorld.hour))))
        }
    }

    private func plan(_ happening: Happening, _ count: Int, until part: Double = 1) {
        for _ in 0..<count {
            let span = Int64(Double(Int64(layout.days) * 24 * SimulatedWorld.hour) * part)
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
        for collector in collectors.indices {
            (collectors[collector].stepsLeft, collectors[collector].diesOfSending) = (nil, false)
            if collectors[collector].isOvertaken { queue.add(.retire(collector), at: now + 500) }
            if collectors[collector].isAwaited { queue.add(.takeOver(collector), at: now + 600) }
        }
        for site in receivers.indices {
            for name in receivers[site].keys { receivers[site][name]?.recover() }
        }
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
            noteRenewed(new)
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
            // After the next step, or one after it: between any two. Or when a message is on its way.
            if random.below(2) == 0 {
                collectors[collector].stepsLeft = 1 + random.below(4)
            } else {
                collectors[collector].diesOfSending = true
            }
        case .restoreAgent: restoreAgent(agent, isLost: random.below(3) == 0)
        case .restoreCollector:
            let site = random.below(doors.count)
            try restoreCollector(site, to: random.below(collectors[doors[site]].backups.count))
        case .backup:
            let collector = doors[random.below(doors.count)]
            if collectors[collector].isUp { collectors[collector].noteAlive(at: time) }
            collectors[collector].backups.append(collectors[collector].ledger)
            agents[agent].backup = SimulatedBackup(
                spool: agents[agent].spool, recordedEpoch: agents[agent].recordedEpoch)
        case .clone: clone(agent)
        case .replace: try replace(agent)
        case .cut: cut()
        case .leap:
            agents[agent].clockOffset = .seconds(Int64(random.below(20 * 86_400)) - 10 * 86_400)
        case .decision: try decide()
        case .mood: changeMood()
        }
    }

    /// A failure that is over and comes back: in between the server's spool is lost, and afterwards the site's store is put back
    /// to before it came back. What the site knows of it then is newer than what the server says by its stamps, unless those count on.
    struct Relapse: Sendable {
        enum Step: Int, Sendable { case begins, ends, spoolIsLost, backup, returns, storeIsPutBack }
        var agent: Int
        var disk: Int
        var step = Step.begins
        var fault: FaultID?
        var backup: Int?
    }

    func goOn(_ relapse: Relapse) throws {
        var next = relapse
        let (agent, site) = (relapse.agent, agents[relapse.agent].site)
        let door = doors[site]
        guard !agents[agent].isGone else { return }
        switch relapse.step {
        case .begins:
            guard let begun = hardware[agent].fail(relapse.disk, kind: 0, .order, isLevel: true) else { return }
            next.fault = begun.fault
            look(agent, fresh: begun.fault)
        case .ends:
            guard let fault = relapse.fault else { return }
            hardware[agent].mend(fault)
            look(agent, fresh: nil)
        case .spoolIsLost: restoreAgent(agent, isLost: true)
        case .backup:
            guard collectors[door].isUp else { return }
            collectors[door].noteAlive(at: time)
            collectors[door].backups.append(collectors[door].ledger)
            next.backup = collectors[door].backups.count - 1
        case .returns:
            guard let begun = hardware[agent].fail(relapse.disk, kind: 0, .order, isLevel: true) else { return }
            look(agent, fresh: begun.fault)
        case .storeIsPutBack:
            guard let backup = relapse.backup, collectors[door].backups.indices.contains(backup) else { return }
            return try restoreCollector(site, to: backup)
        }
        trace.note(now, 52, agent, relapse.step.rawValue) { "relapse at \(agents[agent].host): \(relapse.step)" }
        guard let step = Relapse.Step(rawValue: relapse.step.rawValue + 1) else { return }
        next.step = step
        queue.add(.relapse(next), at: now + 1_800_000 + Int64(random.below(3_600_000)))
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
        noteRenewed(begun)
        trace.note(now, 43, server, disk) { "\(begun.fault) of \(hardware[server].host) begins: \(urgency.rawValue)" }
        look(server, fresh: begun.fault)
    }

    /// Whoever closes a case has settled what it held, though it stands. What begins at the part afterwards is ordered as something
    /// new, each time, and its case ends with it, though the failure that somebody settled goes on: so each may be ordered once.
    private func noteRenewed(_ begun: SimulatedHardware.Condition) {
        guard settled.contains(begun.failure) else { return }
        allowances[String(begun.failure.prefix { $0 != "/" }), default: 0] += 1
    }

    // MARK: Processes and disks

    private func crashAgent(_ agent: Int) {
        guard agents[agent].isUp, !agents[agent].isGone else { return }
        trace.note(now, 44, agent) { "\(agents[agent].host) dies" }
        agents[agent].isUp = false
        agents[agent].life += 1
        queue.add(.startAgent(agent), at: now + 10_000 + Int64(random.below(7_200_000)))
    }

    private func restoreAgent(_ agent: Int, isLost: Bool) {
        guard !agents[agent].isGone else { return }
        allowances[agents[agent].host, default: 0] += 1
        disturbed.insert(agents[agent].host)
        trace.note(now, 45, agent, isLost ? 1 : 0) {
            "\(agents[agent].host) \(isLost ? "loses its spool" : "gets its spool of a backup")"
        }
        if isLost {
            agents[agent].spool = SimulatedSpool(
                key: agents[agent].spool.key, salt: random.next(), boot: "", signer: signer(agents[agent].host))
            agents[agent].recordedEpoch = 0
        } else if let backup = agents[agent].backup {
            let key = agents[agent].spool.key
            agents[agent].spool = backup.spool
            // The key lies in another file, which may be of the backup too; here it is not.
            agents[agent].spool.key = key
            agents[agent].spool.salt = random.next()
            if random.below(2) == 0 { agents[agent].recordedEpoch = backup.recordedEpoch }
        }
        agents[agent].isUp = false
        startAgent(agent)
    }

    private func clone(_ agent: Int) {
        guard agents[agent].isUp, !agents[agent].isGone else { return }
        let copy = agents.count
        hardware.append(SimulatedHardware(host: agents[agent].host, disks: layout.disksPerAgent))
        var clone = SimulatedAgent(
            site: agents[agent].site, host: agents[agent].host, hardware: copy, spool: agents[agent].spool)
        (clone.spool.salt, clone.spool.boot) = (random.next(), "\(copy)-0")
        clone.recordedEpoch = agents[agent].recordedEpoch
        (clone.isOther, clone.isClone) = (true, true)
        agents.append(clone)
        allowances[agents[agent].host, default: 0] += 10
        disturbed.insert(agents[agent].host)
        trace.note(now, 47, agent) { "\(agents[agent].host) is cloned" }
        queue.add(.look(agent: copy), at: now + 60_000)
        queue.add(.heartbeat(agent: copy), at: now + 120_000)
        queue.add(.stopClone(agent: copy), at: now + 3_600_000 + Int64(random.below(10_800_000)))
    }

    /// Another machine takes the server's place: `callhome enroll --replace`.
    private func replace(_ agent: Int) throws {
        guard agents[agent].isUp, !agents[agent].isGone, collectors[doors[agents[agent].site]].isUp else { return }
        trace.note(now, 48, agent) { "\(agents[agent].host) is replaced" }
        if random.below(2) == 0 { keepOld(agent) }
        requests += 1
        agents[agent].spool = SimulatedSpool(
            key: "key-\(agents[agent].host)-\(requests)", salt: random.next(), boot: "\(agent)-r\(requests)",
            signer: signer(agents[agent].host))
        agents[agent].recordedEpoch = 0
        agents[agent].backup = nil
        allowances[agents[agent].host, default: 0] += 1
        disturbed.insert(agents[agent].host)
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
            site: agents[agent].site, host: agents[agent].host, hardware: copy, spool: agents[agent].spool)
        old.recordedEpoch = agents[agent].recordedEpoch
        old.isOther = true
        agents.append(old)
        queue.add(.heartbeat(agent: copy), at: now + 120_000)
    }

    private func cut() {
        let links: [Link] = [
            .agent(random.below(layout.sites * layout.agentsPerSite)), .site(random.below(layout.sites)),
            .recipient(random.below(doors.count), ["desk", "hook", "spare"][random.below(3)]),
        ]
        let link = links[random.below(links.count)]
        cuts[link] = now + 600_000 + Int64(random.below(6 * 3_600_000))
        trace.note(now, 49) { "\(link) is cut" }
    }

    private func changeMood() {
        let site = random.below(receivers.count)
        let name = ["desk", "hook", "hook", "spare"][random.below(4)]
        let moods: [SimulatedReceiver.Mood] = [
            .away, .refusing, .lacking(name == "desk" ? ["a", "b", "c"][random.below(3)] : name),
        ]
        let mood = moods[random.below(name == "desk" ? 3 : 2)]
        let span = Duration.seconds(600 + Int64(random.below(6 * 3600)))
        receivers[site][name]?.fall(into: mood, until: time + span)
        trace.note(now, 51, site) { "\(name) of \(site) is \(mood)" }
    }
}
