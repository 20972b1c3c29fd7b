import Reports

@testable import Collector

/// Signs of life between sites and the partner, which carry what people did and how much the partner holds: what
/// `HeartbeatService`, `PartnerLink` and `SiteLink` do, with the real recorders.
extension SimulatedWorld {
    /// What a site tells with a sign of life.
    struct SignOfLife: Sendable {
        var collector: Int
        var life: Int
        var number: Int
        var page: WorkPage
        var told: ToldTickets
        var sentAt: Timestamp
    }

    struct SignAnswer: Sendable {
        var page: WorkPage
        var held: HeldTickets?
    }

    /// Each has its own, and one more at once where there is news.
    func beat(_ collector: Int) throws {
        guard !collectors[collector].isOff else { return }
        queue.add(.beat(collector: collector), at: now + (isQuiet ? 2 : 1) * layout.signs.inMilliseconds)
        try tellSigns(collector, after: nil)
    }

    /// - Parameter after: behind which number the page is asked for that tells what the partner holds.
    func tellSigns(_ collector: Int, after: String?) throws {
        guard collectors[collector].isUp, collectors[collector].site != partner,
            collectors[collector].record.standing.maySend
        else { return }
        let (time, policy) = (time, collectors[collector].policy)
        let (page, told) = try collectors[collector].ledger.transaction("writing a sign of life") { transaction in
            (
                try WorkRecorder(transaction: transaction, policy: policy, time: time).page(
                    for: SimulatedWorld.neighbour),
                ToldTickets(try transaction.toldTickets(recipient: "partner"), after: after)
            )
        }
        signs += 1
        collectors[collector].sign = signs
        let sign = SignOfLife(
            collector: collector, life: collectors[collector].life, number: signs, page: page, told: told, sentAt: time)
        send(.sign(sign), over: .site(collectors[collector].site))
    }

    private static let neighbour = WorkNeighbour.partner(recipient: "partner", keyID: "partner")

    /// At the partner.
    func take(_ sign: SignOfLife) throws {
        let partner = doors[partner]
        guard collectors[partner].isUp, collectors[partner].record.standing.takesReports else { return }
        let site = collectors[sign.collector].name
        // The number of the newest is kept in the store: no older one is taken.
        let newest = collectors[partner].ledger.settings["sign of \(site)"] as? Int ?? 0
        guard sign.number > newest else { return }
        collectors[partner].ledger.settings["sign of \(site)"] = sign.number
        let neighbour = WorkNeighbour.site(id: site)
        let work = try verified(sign.page, of: site, by: collectors[partner].name)
        let (time, policy) = (time, collectors[partner].policy)
        let taken: [String]? = try write(partner, "taking steps") {
            try WorkRecorder(transaction: $0, policy: policy, time: time).take(work, from: neighbour)
        }
        guard let taken else { return }
        checkRefused(taken, of: site)
        noteSteps(partner, work)
        let maySend = collectors[partner].record.standing.maySend
        let answer = try collectors[partner].ledger.transaction("answering a sign of life") { transaction in
            var page = try WorkRecorder(transaction: transaction, policy: policy, time: time).page(for: neighbour)
            if !maySend { page.keepToItself() }
            var answer = SignAnswer(page: page)
            let held = try transaction.heldTickets(sender: site)
            if sign.told.after != nil || !ToldTickets(held).isSame(as: sign.told) {
                answer.held = HeldTickets(held, after: sign.told.after)
            }
            return answer
        }
        wakeWorker(partner, in: 500)
        send(.signAnswer(sign, answer), over: .site(collectors[sign.collector].site))
    }

    /// At the site.
    func take(_ answer: SignAnswer, to sign: SignOfLife) throws {
        let collector = sign.collector
        guard collectors[collector].isUp, collectors[collector].life == sign.life,
            collectors[collector].sign == sign.number
        else { return }
        // Of copies of the answer the first one counts.
        collectors[collector].sign = nil
        let (time, policy, neighbour) = (time, collectors[collector].policy, SimulatedWorld.neighbour)
        guard collectors[collector].record.standing.takesReports else { return }
        let work = try verified(answer.page, of: "partner", by: collectors[collector].name)
        let before = collectors[collector].ledger.neighbours[neighbour.name]
        let taken: [String]? = try write(collector, "taking steps") {
            try WorkRecorder(transaction: $0, policy: policy, time: time).take(work, from: neighbour)
        }
        guard let taken else { return }
        checkRefused(taken, of: "the partner")
        noteSteps(collector, work)
        var next: String?
        if let held = answer.held {
            let outcome = try write(collector, "telling a partner again") {
                try HeldRecorder(transaction: $0, policy: policy, time: time).settle(
                    held, of: neighbour, recipient: "partner", heartbeat: sign.sentAt)
            }
            guard let outcome else { return }
            if !outcome.again.isEmpty {
                trace.note(now, 71, collector, outcome.again.count) {
                    "\(label(collector)) tells the partner again of \(outcome.again)"
                }
            }
            next = outcome.next
        }
        wakeWorker(collector, in: 500)
        let after = collectors[collector].ledger.neighbours[neighbour.name]
        let isBehind = (collectors[collector].ledger.work.last?.place ?? 0) > after?.theirs ?? 0
        let isProgress = before?.ours != after?.ours || before?.theirs != after?.theirs
        if next != nil || (isBehind || answer.page.isMore) && isProgress {
            try tellSigns(collector, after: next)
        }
    }

    /// (i): nobody says of one step two things.
    private func checkRefused(_ refusals: [String], of name: String) {
        guard let first = refusals.first else { return }
        fail("i", "a step of \(name) was refused: \(first)")
    }

    private func noteSteps(_ collector: Int, _ work: VerifiedWork) {
        guard !work.lines.isEmpty else { return }
        trace.note(now, 70, collector, work.lines.count) {
            let steps = work.lines.map { "\($0.step.kind.rawValue) of \($0.step.collector) about \($0.origin.number)" }
            return "\(label(collector)) hears of \(work.collector): \(steps)"
        }
    }
}
