import Reports
import TestSupport

@testable import Collector
@testable import SensorAgent

/// Sites with their agents, and a partner, in one process: a network, clocks, disks and people that do whatever they like, from
/// a seed.
final class SimulatedWorld {
    static let start = Timestamp(seconds: 1_795_000_000)
    static let hour: Int64 = 3_600_000
    /// Of one seed.
    private static let mostEvents = 1_000_000

    let seed: UInt64
    let layout: SimulatedPlan
    let rules: SimulatedRules
    var random: SplitMix
    var queue = EventQueue()
    /// Milliseconds since the start.
    var now: Int64 = 0
    var agents: [SimulatedAgent] = []
    var hardware: [SimulatedHardware] = []
    /// Of each server: how often a person, an exchange, a restore or a storm may have made a second case of one failure.
    var allowances: [HostID: Int] = [:]
    /// Failures of parts of which somebody closed a case.
    var settled: Set<String> = []
    /// Servers whose spool was put back, copied or replaced: they may be asked, and may have lost something.
    var disturbed: Set<HostID> = []
    /// The sites' stores, the partner's, and after them those that took another's place.
    var collectors: [SimulatedCollector] = []
    /// Which of its stores each site goes by; last the partner.
    var doors: [Int] = []
    /// Of each site by name; last the partner's.
    var receivers: [[String: SimulatedReceiver]] = []
    /// The newest that was sent, by recipient and number.
    var sentOrders: [String: TicketOrder] = [:]
    /// Gives each message its id.
    var messages = 0
    /// Of which problem each number was told.
    var problemOfNumber: [String: String] = [:]
    /// By which attempt each address has which message, where the sender knows it.
    var reached: [String: Int] = [:]
    /// Until when nothing passes between two ends.
    var cuts: [Link: Int64] = [:]
    var isQuiet = false
    var trace = SimulatedTrace()
    var requests = 0
    /// Signs of life that were sent.
    var signs = 0
    var broken: BrokenInvariant?
    /// Handled so far.
    var events = 0
    /// By name; of collectors "collector NAME".
    var keys: [String: SigningKey] = [:]
    var publicKeys: [String: VerifyingKey] = [:]

    /// Index of the partner among the sites.
    var partner: Int { layout.sites }
    var time: Timestamp { SimulatedWorld.start + .milliseconds(now) }

    enum Link: Hashable { case agent(Int), site(Int), recipient(Int, String) }

    /// Behind a pointer: the queue moves them about.
    indirect enum Event {
        case heartbeat(agent: Int)
        case uplink(agent: Int, wake: Int)
        case request(Request)
        case answer(agent: Int, life: Int, request: Int, UplinkStateMachine.Answer)
        case watch(collector: Int)
        case work(collector: Int, wake: Int)
        case deliver(collector: Int, life: Int, Delivery)
        case outcome(collector: Int, life: Int, Delivery, DeliveryAnswer)
        case happening(Happening)
        case startAgent(Int)
        case startCollector(Int)
        case takeOver(Int)
        case retire(Int)
        case look(agent: Int)
        case stopClone(agent: Int)
        case reenrol(agent: Int)
        case beat(collector: Int)
        case sign(SignOfLife)
        case signAnswer(SignOfLife, SignAnswer)
        case relapse(Relapse)
    }

    struct Request: Sendable {
        var agent: Int
        var life: Int
        var number: Int
        var host: HostID
        var key: String
        var shown: Receipt.Collector?
        var epoch: Int64
        var stream: ReportStream
        var reports: [SimulatedSpool.Waiting]
    }

    enum Happening: CaseIterable {
        case fault, burst, mend, turn, exchange, crashAgent, crashCollector, restoreAgent, restoreCollector, backup,
            clone, replace, cut, leap, decision, mood
    }

    init(seed: UInt64, layout: SimulatedPlan = SimulatedPlan(), rules: SimulatedRules = .shipped) throws {
        self.seed = seed
        var layout = layout
        // Where a store is put back, its recipients know more than it does: in some seeds none is, and in some it is told.
        switch seed % 4 {
        case 0: break
        case 1: layout.restoresCollectors = min(layout.restoresCollectors, .byTakeover)
        default: layout.restoresCollectors = .none
        }
        self.layout = layout
        self.rules = rules
        random = SplitMix(seed: seed)
        for site in 0...layout.sites { addSite(site) }
        for site in 0..<layout.sites {
            for index in 0..<layout.agentsPerSite { try addAgent(site: site, host: "s\(site)h\(index)") }
        }
        for index in collectors.indices {
            try collectors[index].start(at: time, rules)
            collectors[index].backups = [collectors[index].ledger]
        }
        planHappenings()
    }

    /// A site with its recipients: mailboxes under one name, a desk behind a webhook with somebody in its place, and the partner.
    private func addSite(_ site: Int) {
        let isPartner = site == layout.sites
        let name = isPartner ? "partner" : "site\(site)"
        var recipients = [
            CasePolicy.Addressee(name: "desk", kind: ChannelKind(rawValue: "email")),
            CasePolicy.Addressee(name: "hook", kind: ChannelKind(rawValue: "webhook"), fallback: "spare"),
            CasePolicy.Addressee(name: "spare", kind: ChannelKind(rawValue: "email"), standsIn: true),
        ]
        if !isPartner {
            recipients.append(CasePolicy.Addressee(name: "partner", kind: ChannelKind(rawValue: "callhome")))
        }
        var collector = SimulatedCollector(
            site: site,
            policy: CasePolicy(
                site: Ticket.Site(name: name, address: "Deich 1", contact: "Frau Jensen"), recipients: recipients,
                casesPerHostPerHour: 4),
            machine: "m\(site)", identity: StoreIdentity(site: name, shortName: "000\(site)"))
        collector.ledger.numbers = SplitMix(seed: seed &+ UInt64(site) &* 7_919)
        collectors.append(collector)
        doors.append(site)
        receivers.append([
            "desk": SimulatedReceiver(addresses: ["a", "b", "c"]), "hook": SimulatedReceiver(addresses: ["hook"]),
            "spare": SimulatedReceiver(addresses: ["spare"]),
        ])
    }

    private func addAgent(site: Int, host: HostID) throws {
        let index = agents.count
        hardware.append(SimulatedHardware(host: host, disks: layout.disksPerAgent))
        let spool = SimulatedSpool(
            key: "key-\(host)-0", salt: random.next(), boot: "\(index)-0", signer: signer(host))
        agents.append(SimulatedAgent(site: site, host: host, hardware: index, spool: spool))
        try enrol(index, replaces: false)
        agents[index].spool.append(.inventory(hardware[index].inventory), at: time)
        wakeUplink(index, in: Int64(random.below(60_000)))
        queue.add(.heartbeat(agent: index), at: Int64(random.below(Int(layout.heartbeat.inMilliseconds))))
    }

    // MARK: Running

    /// What happens, from first to last: days of trouble, then half a day of peace, then a day in which nothing is said.
    func run() {
        let trouble = Int64(layout.days) * 24 * SimulatedWorld.hour
        run(until: trouble)
        guard broken == nil else { return }
        beQuiet()
        run(until: trouble + 16 * SimulatedWorld.hour)
        guard broken == nil else { return }
        checkAtRest()
        let before = collectors.map(\.exchanges)
        run(until: trouble + 40 * SimulatedWorld.hour)
        guard broken == nil else { return }
        for (collector, count) in zip(collectors, before) where collector.exchanges != count {
            fail(
                "j", "\(collector.name) asked or told something \(collector.exchanges - count) times in a day of peace."
            )
        }
        checkAtRest()
    }

    private func run(until end: Int64) {
        while broken == nil, let next = queue.next, next <= end, let (time, event) = queue.take() {
            now = time
            events += 1
            guard events < SimulatedWorld.mostEvents else { return fail("!", "it goes on for ever") }
            do {
                try handle(event)
            } catch {
                fail("!", "an unexpected error: \(error)")
            }
        }
        now = max(now, end)
    }

    func fail(_ letter: Character, _ sentence: String) {
        guard broken == nil else { return }
        broken = BrokenInvariant(letter: letter, sentence: sentence, seed: seed, at: now, trace: trace.lines)
    }

    private func handle(_ event: Event) throws {
        switch event {
        case .heartbeat(let agent): heartbeat(of: agent)
        case .uplink(let agent, let wake): if agents[agent].wake == wake { uplink(agent) }
        case .request(let request): try take(request)
        case .answer(let agent, let life, let request, let answer):
            if agents[agent].life == life, agents[agent].request == request { answered(answer, agent) }
        case .watch(let collector): try watch(collector)
        case .work(let collector, let wake): if collectors[collector].wake == wake { try work(collector) }
        case .deliver(let collector, let life, let delivery): try arrive(delivery, from: collector, life)
        case .outcome(let collector, let life, let delivery, let answer):
            if collectors[collector].life == life, collectors[collector].isUp {
                try record(answer, to: delivery, collector)
            }
        case .happening(let happening): if !isQuiet { try happen(happening) }
        case .startAgent(let agent): startAgent(agent)
        case .startCollector(let collector): try startCollector(collector)
        case .takeOver(let collector): try takeOver(collector)
        case .retire(let collector): retire(collector)
        case .look(let agent): look(agent, fresh: nil)
        case .stopClone(let agent):
            agents[agent].isGone = true
            agents[agent].isUp = false
        case .reenrol(let agent): try reenrol(agent)
        case .beat(let collector): try beat(collector)
        case .sign(let sign): try take(sign)
        case .signAnswer(let sign, let answer): try take(answer, to: sign)
        case .relapse(let relapse): if !isQuiet { try goOn(relapse) }
        }
    }

    // MARK: The network

    /// Brings something to the other end: perhaps never, twice, or late.
    func send(_ event: Event, over link: Link, at extra: Int64 = 0) {
        guard (cuts[link] ?? 0) <= now else { return }
        guard !isQuiet else { return queue.add(event, at: now + 20) }
        if random.below(1000) < layout.lost { return }
        let copies = random.below(1000) < layout.doubled ? 2 : 1
        for _ in 0..<copies {
            let isLate = random.below(1000) < layout.late
            queue.add(event, at: now + extra + Int64(isLate ? random.below(1_800_000) : 20 + random.below(2_000)))
        }
    }

    // MARK: Agents

    private func heartbeat(of agent: Int) {
        guard !agents[agent].isGone else { return }
        let interval = layout.heartbeat * (isQuiet ? 2 : 1)
        queue.add(.heartbeat(agent: agent), at: now + interval.inMilliseconds)
        guard agents[agent].isUp else { return }
        let heartbeat = Heartbeat(
            interval: Int(layout.heartbeat.components.seconds * 2), coverage: SimulatedWorld.coverage, patternPack: "p",
            openFaults: agents[agent].spool.account.count)
        agents[agent].spool.append(.heartbeat(heartbeat), at: clock(of: agent))
        wakeUplink(agent, in: 1)
    }

    private static let coverage = [
        Heartbeat.Coverage(probe: "disk-health", state: "ok", because: "", components: 8, signals: 40, lastSuccess: nil)
    ]

    func clock(of agent: Int) -> Timestamp { time + agents[agent].clockOffset }

    func wakeUplink(_ agent: Int, in milliseconds: Int64) {
        agents[agent].wake += 1
        queue.add(.uplink(agent: agent, wake: agents[agent].wake), at: now + milliseconds)
    }

    /// One look at the spool.
    private func uplink(_ agent: Int) {
        guard agents[agent].isUp, !agents[agent].isGone, agents[agent].request == nil else { return }
        switch agents[agent].machine.next(waiting: agents[agent].counts) {
        case .wait(let duration, _):
            guard agents[agent].spool.count(of: .faults) + agents[agent].spool.count(of: .telemetry) > 0 else { return }
            wakeUplink(agent, in: max(1, duration.inMilliseconds))
        case .send(let batch):
            let reports = agents[agent].spool.batch(of: batch.stream, limit: min(batch.limit, 16))
            guard !reports.isEmpty else { return }
            requests += 1
            agents[agent].request = requests
            agents[agent].sent = UplinkStateMachine.Sent(stream: batch.stream, sequences: reports.map(\.sequence))
            let request = Request(
                agent: agent, life: agents[agent].life, number: requests, host: agents[agent].host,
                key: agents[agent].spool.key, shown: agents[agent].spool.receipt, epoch: agents[agent].spool.epoch,
                stream: batch.stream, reports: reports)
            if !rules.hold(.receiptBeforeDiscard), let last = reports.last {
                agents[agent].spool.discard(through: last.sequence, of: batch.stream)
            }
            send(.request(request), over: .agent(agent))
            queue.add(
                .answer(
                    agent: agent, life: agents[agent].life, request: requests, .failure("no answer within 60 s")),
                at: now + 60_000)
        }
    }

    private func answered(_ answer: UplinkStateMachine.Answer, _ agent: Int) {
        guard agents[agent].isUp, let sent = agents[agent].sent else { return }
        (agents[agent].request, agents[agent].sent) = (nil, nil)
        let effects = agents[agent].machine.answered(
            answer, to: sent, spool: agents[agent].view(for: answer), at: clock(of: agent), using: &random)
        var store: Receipt.Collector?
        if case .receipt(let receipt, _) = answer { store = receipt.collector }
        for effect in effects {
            if case .declareLoss = effect { checkLoss(agent) }
            agents[agent].apply(effect, of: store, at: clock(of: agent), rules)
        }
        if case .problem(let status, _, _) = answer, status == 401 || status == 403 {
            // Somebody sees it on the page, and enrols it anew.
            queue.add(.reenrol(agent: agent), at: now + 600_000 + Int64(random.below(3_600_000)))
        }
        wakeUplink(agent, in: 1)
    }

    /// Reads everything once.
    func look(_ agent: Int, fresh: FaultID?) {
        guard agents[agent].isUp, !agents[agent].isGone else { return }
        let truth = hardware[agents[agent].hardware]
        let changes = agents[agent].changes(truth, fresh: fresh, at: clock(of: agent))
        guard !changes.isEmpty else { return }
        trace.note(now, 1, agent, changes.count) {
            "\(agents[agent].host) finds \(changes.map { "\($0.kind.rawValue) \($0.fault.id)" })"
        }
        agents[agent].spool.store(changes, at: clock(of: agent), rules)
        wakeUplink(agent, in: 1)
    }

    func startAgent(_ agent: Int) {
        guard !agents[agent].isGone, !agents[agent].isUp else { return }
        trace.note(now, 2, agent) { "\(agents[agent].host) starts" }
        agents[agent].restart(at: clock(of: agent), rules)
        agents[agent].spool.append(.inventory(hardware[agents[agent].hardware].inventory), at: clock(of: agent))
        wakeUplink(agent, in: 1_000)
        queue.add(.look(agent: agent), at: now + 30_000 + Int64(random.below(300_000)))
    }

    func enrol(_ agent: Int, replaces: Bool) throws {
        let (host, site, key) = (agents[agent].host, doors[agents[agent].site], agents[agent].spool.key)
        let time = time
        let policy = collectors[site].policy
        let publicKey = try verifyingKey(key)
        let epoch = try collectors[site].ledger.transaction("enrolling") { transaction in
            let token = "token-\(key)-\(time.milliseconds)"
            try transaction.save(
                IssuedToken(
                    id: token, purpose: .server, secretHash: "", note: "", createdAt: time,
                    expiresAt: time + .seconds(60)
                ))
            let enrolment = AcceptedEnrolment(
                tokenID: token, host: host, hostname: "srv-\(host)", key: publicKey, certificate: "PEM",
                replaces: replaces)
            return try EnrolmentRecorder(transaction: transaction, policy: policy, time: time).enrol(enrolment)
        }
        // As the uplink settles: reports that wait are numbered in an epoch that the collector expects.
        if agents[agent].spool.epoch != 0, agents[agent].spool.epoch < epoch {
            agents[agent].startEpoch(epoch, at: clock(of: agent), rules)
        } else if agents[agent].spool.epoch == 0, !replaces {
            agents[agent].startEpoch(epoch, at: clock(of: agent), rules)
        }
        agents[agent].beginProcess()
        agents[agent].life += 1
    }

    private func reenrol(_ agent: Int) throws {
        guard !agents[agent].isGone, agents[agent].isUp, collectors[doors[agents[agent].site]].isUp,
            agents[agent].machine.state == .refused
        else { return }
        // A machine that lost its place is not let in again: people found it.
        guard !agents[agent].isOther else {
            agents[agent].isGone = true
            return
        }
        trace.note(now, 3, agent) { "\(agents[agent].host) is enrolled anew" }
        requests += 1
        agents[agent].spool.key = "key-\(agents[agent].host)-\(requests)"
        allowances[agents[agent].host, default: 0] += 1
        try enrol(agent, replaces: true)
        wakeUplink(agent, in: 1_000)
    }
}
