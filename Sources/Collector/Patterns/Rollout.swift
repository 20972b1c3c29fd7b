import FoundationEssentials
import Reports

/// How one version of a channel's packs comes to the servers, as a dialogue: it is told what the servers say, what time it is and
/// what people decide, and says how far each server is to go, and why.
///
/// All servers that were heard within a day try the version on what they remember before one runs it. Then it runs on one
/// server, on less than 1 %, 10 % and 50 % of them, and on all. It halts by itself where servers say otherwise than they
/// foretold, and a person may halt it, let it go on, or take it back.
struct Rollout: Hashable, Sendable, Codable {
    enum State: String, Hashable, Sendable, Codable {
        /// The servers try it; none runs it.
        case proving
        /// What they foretell is out of bounds: a person has to look before one runs it.
        case held
        /// It comes to one ring of servers after the other.
        case rolling
        /// Nothing goes on; what runs it, runs it.
        case halted
        /// All run it that are heard and did not refuse it.
        case complete
        /// It is taken back: whoever runs it returns to what was before.
        case back
    }

    /// Why it does not go on.
    enum Cause: Hashable, Sendable, Codable {
        /// - Parameter because: what one of them said.
        case refused(servers: Int, of: Int, example: String, because: String)
        case unanswered(servers: Int, of: Int)
        /// Most of them remember too little to try it on.
        case unremembered(servers: Int, of: Int)
        /// Orders or visits are foretold.
        case orders(servers: Int, of: Int, surely: Int, atMost: Int, pattern: String)
        /// Things to watch are foretold.
        case noise(servers: Int, of: Int, pattern: String)
        /// Faults that stand would end.
        case clears(servers: Int, of: Int, faults: Int)
        case wentBack(servers: Int, of: Int, example: String, because: String)
        /// - Parameter expected: how many would be by what is heard of the others.
        case silent(servers: Int, of: Int, expected: Int)
        /// - Parameters:
        ///   - found: faults that servers opened which run it.
        ///   - foretold: at most so many by their forecasts.
        ///   - others: so many by what other servers opened meanwhile.
        case faults(pattern: String, found: Int, servers: Int, foretold: Int, others: Int)
        case person(by: String, because: String)
    }

    /// What a person decides.
    enum Order: String, Hashable, Sendable, CaseIterable {
        /// Let it go on, whatever held or halted it so far.
        case rollout
        case halt
        case rollback
    }

    /// What a version is compared with.
    struct Base: Hashable, Sendable, Codable {
        var targets: Int64
        /// Revisions by the patterns' ids.
        var revisions: [String: Int]
    }

    /// What counts no more, for a person has seen it.
    private struct Forgiven: Hashable, Sendable, Codable {
        var wentBack = 0
        var fallen = 0
        var silent = 0
        var faults: [String: Int] = [:]
    }

    let channel: String
    let targets: Int64
    private(set) var state = State.proving
    /// Counts what changed: whoever read it before writes nothing over it.
    private(set) var revision: Int64 = 0
    /// Since when it is offered, and since when it is in this state or ring.
    let begun: Timestamp
    private(set) var since: Timestamp
    /// Of `RolloutRules.shares`, while it is rolling.
    private(set) var ring = 0
    /// Since when all of the ring run it; while it is halted by faults, since when nothing speaks against going on.
    private(set) var settled: Timestamp?
    private(set) var cause: Cause?
    /// Who decided last, and why; nil while nobody has.
    private(set) var said: Said?
    /// Those that had proved it when the first ring began; others join the last.
    private(set) var members: Set<HostID> = []
    /// Those that were told to run it, and when.
    private(set) var activated: [HostID: Timestamp] = [:]
    /// What these foretold at most, by pattern.
    private(set) var foretold: [String: Int] = [:]
    /// Those among them that foretold orders or visits: for parts of which nothing was known, and for others.
    private(set) var grave = 0
    private(set) var known = 0
    /// Since when these are heard to run it, and since when they have lived with it for a while.
    private(set) var running: [HostID: Timestamp] = [:]
    private(set) var settledIn: [HostID: Timestamp] = [:]
    /// Patterns of this version that are not those of the version before.
    private let changed: Set<String>
    private let revisions: [String: Int]
    private let base: Base?
    /// Whether a person let it go on though its forecast is out of bounds.
    private var isReleased = false
    private var forgiven = Forgiven()

    struct Said: Hashable, Sendable, Codable {
        var order: String
        var by: String
        var because: String
        var time: Timestamp
    }

    /// - Parameters:
    ///   - revisions: of its patterns, by their ids.
    ///   - before: the version that was offered before it.
    init(
        channel: String, targets: Int64, revisions: [String: Int], after before: Rollout? = nil, at time: Timestamp
    ) {
        self.channel = channel
        self.targets = targets
        self.revisions = revisions
        begun = time
        since = time
        base = before.flatMap { rollout in
            rollout.state == .complete
                ? Base(targets: rollout.targets, revisions: rollout.revisions) : rollout.base
        }
        let old = base?.revisions ?? [:]
        changed = Set(revisions.filter { old[$0.key] != $0.value }.keys)
    }

    /// The version that ran everywhere before; nil where none of this channel did.
    var before: Int64? { base?.targets }

    // MARK: People

    /// Whether nothing goes on before somebody has decided.
    var waitsForPerson: Bool { state == .held || state == .halted }

    /// Whether an order means something now. What the servers try still cannot be let go on: nobody has seen what it foretells.
    /// What was taken back stays so: servers that ran it take it no more, and a newer version begins anew.
    func takes(_ order: Order) -> Bool {
        switch order {
        case .rollout: state == .held || state == .halted
        case .halt: state == .proving || state == .rolling || state == .held
        case .rollback: state != .back
        }
    }

    /// - Parameter servers: what they say now, which a person has seen who lets it go on.
    mutating func take(
        _ order: Order, by: String, because: String, among servers: [RolloutServer], at time: Timestamp
    ) {
        said = Said(order: order.rawValue, by: by, because: because, time: time)
        revision += 1
        switch order {
        case .halt: enter(.halted, .person(by: by, because: because), at: time)
        case .rollback: enter(.back, .person(by: by, because: because), at: time)
        case .rollout:
            isReleased = true
            let seen = Evidence(self, servers, at: time)
            forgiven = Forgiven(
                wentBack: seen.wentBack.count, fallen: seen.fallen.count, silent: seen.silent.count, faults: seen.found)
            if state == .held { begin(servers) }
            enter(members.isEmpty ? .proving : .rolling, nil, at: time)
        }
    }

    private mutating func enter(_ next: State, _ why: Cause?, at time: Timestamp) {
        (state, cause, since, settled) = (next, why, time, nil)
        revision += 1
    }

    // MARK: Time

    /// One look at what the servers say.
    /// - Returns: whether anything changed that has to be kept.
    mutating func decide(_ servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp) -> Bool {
        let before = revision
        note(servers, rules)
        switch state {
        case .proving: prove(servers, rules, at: time)
        case .held: reconsider(servers, rules, at: time)
        case .rolling: roll(servers, rules, at: time)
        case .halted: watch(servers, rules, at: time)
        case .complete: join(servers, rules, at: time)
        case .back: break
        }
        return revision != before
    }

    private func isRecent(_ server: RolloutServer, _ rules: RolloutRules, at time: Timestamp) -> Bool {
        server.heard.map { time - $0 <= rules.heardWithin } ?? false
    }

    /// Servers that take the channel and were heard lately.
    private func recent(
        _ servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp
    ) -> [RolloutServer] {
        servers.filter { $0.status != nil && isRecent($0, rules, at: time) }
    }

    /// Those that it waits for before the first runs it.
    func awaited(_ servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp) -> [RolloutServer] {
        guard state == .proving, time - begun < rules.answersWithin else { return [] }
        return recent(servers, rules, at: time).filter { server in
            switch server.standing(of: targets) {
            case .unanswered, .checking, .unable: true
            default: false
            }
        }
    }

    private mutating func prove(_ servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp) {
        let heard = recent(servers, rules, at: time)
        guard !heard.isEmpty, awaited(servers, rules, at: time).isEmpty else { return }
        if !isReleased, let why = objection(heard) { return enter(.held, why, at: time) }
        begin(servers)
        guard !members.isEmpty else { return }
        enter(.rolling, nil, at: time)
        roll(servers, rules, at: time)
    }

    /// Goes on by itself where servers remembered too little and do so no more.
    private mutating func reconsider(_ servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp) {
        guard case .unremembered = cause else { return }
        if case .unremembered = objection(recent(servers, rules, at: time)) { return }
        enter(.proving, nil, at: time)
        prove(servers, rules, at: time)
    }

    /// Those that have tried it on enough to say something; where a person lets it go on though none has, all that tried it.
    private mutating func begin(_ servers: [RolloutServer]) {
        let tried = servers.filter { server in
            switch server.standing(of: targets) {
            case .proved, .runs: true
            default: false
            }
        }
        let proved = tried.filter { !$0.remembersTooLittle(for: targets) }
        members = Set((proved.isEmpty && isReleased ? tried : proved).map(\.host))
        ring = 0
    }

    /// Why what the servers foretell is out of bounds.
    private func objection(_ heard: [RolloutServer]) -> Cause? {
        let count = heard.count
        var refused: [(server: RolloutServer, because: String)] = []
        var unanswered = 0
        var forecasts: [PatternForecast] = []
        for server in heard {
            switch server.standing(of: targets) {
            case .refused(let because), .wentBack(let because), .unable(let because):
                refused.append((server, because))
            case .unanswered, .checking: unanswered += 1
            case .proved(let forecast): forecasts += forecast.map { [$0] } ?? []
            case .runs, nil: break
            }
        }
        if refused.count > RolloutRules.few(of: count), let first = refused.first {
            return .refused(
                servers: refused.count, of: count, example: first.server.hostname, because: first.because)
        }
        if unanswered > RolloutRules.few(of: count) { return .unanswered(servers: unanswered, of: count) }
        let (sure, possible) = (forecasts.filter { $0.surelyGrave > 0 }, forecasts.filter { $0.possiblyGrave > 0 })
        let known = forecasts.filter { $0.knownGrave > 0 }
        if sure.count > RolloutRules.few(of: count) || possible.count > RolloutRules.some(of: count)
            || known.count > RolloutRules.known(of: count)
        {
            let grave = forecasts.filter { $0.possiblyGrave + $0.knownGrave > 0 }
            return .orders(
                servers: grave.count, of: count, surely: grave.reduce(0) { $0 + $1.surelyGrave + $1.knownGrave },
                atMost: grave.reduce(0) { $0 + $1.possiblyGrave + $1.knownGrave },
                pattern: Rollout.commonest(in: grave) { $0.isGrave })
        }
        let clearing = forecasts.filter { $0.clears > 0 }
        if clearing.count > RolloutRules.some(of: count) {
            return .clears(servers: clearing.count, of: count, faults: clearing.reduce(0) { $0 + $1.clears })
        }
        let noisy = forecasts.filter { $0.entries.contains { $0.isWatched } }
        if noisy.count > RolloutRules.many(of: count) {
            return .noise(
                servers: noisy.count, of: count, pattern: Rollout.commonest(in: noisy) { $0.isWatched })
        }
        let young = heard.count { $0.remembersTooLittle(for: targets) }
        // They join the last ring, for which most of the others have to stand.
        if young * 2 > count { return .unremembered(servers: young, of: count) }
        return nil
    }

    /// The pattern that most of the forecasts name.
    private static func commonest(
        in forecasts: [PatternForecast], where counts: (PatternForecast.Entry) -> Bool
    ) -> String {
        var found: [String: Int] = [:]
        for entry in forecasts.flatMap(\.entries) where counts(entry) { found[entry.pattern, default: 0] += 1 }
        return found.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
    }

    // MARK: Rings

    /// Writes down since when those that were told to run it are heard to do so.
    private mutating func note(_ servers: [RolloutServer], _ rules: RolloutRules) {
        let count = running.count + settledIn.count
        for server in servers where activated[server.host] != nil && server.standing(of: targets) == .runs {
            guard let heard = server.heard, settledIn[server.host] == nil else { continue }
            let first = running[server.host] ?? heard
            running[server.host] = first
            if heard - first >= rules.settles { settledIn[server.host] = heard }
        }
        if running.count + settledIn.count != count { revision += 1 }
    }

    /// How many were told to run it, and are awaited: they do not yet, or not for long enough. Who is away has not heard of it, or
    /// is counted as silent.
    private func unsettled(_ servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp) -> Int {
        servers.count { server in
            guard let offered = activated[server.host], settledIn[server.host] == nil, !server.isSilent, !server.isAway,
                isRecent(server, rules, at: time)
            else { return false }
            switch server.standing(of: targets) {
            case .runs: return true
            case .refused, .wentBack, nil: return false
            default: return time - offered < rules.answersWithin
            }
        }
    }

    private mutating func settle(at time: Timestamp?) {
        guard settled != time else { return }
        settled = time
        revision += 1
    }

    /// How many servers run it once a ring is full.
    func goal(of ring: Int) -> Int {
        var goal = 0
        for place in 0...min(ring, RolloutRules.last) {
            let share = Int((RolloutRules.shares[place] * Double(members.count)).rounded(.up))
            goal = place == RolloutRules.last ? members.count : max(goal + 1, share - 1)
        }
        return min(goal, members.count)
    }

    private mutating func roll(_ servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp) {
        if let harm = evidence(servers, rules, at: time).harm { return enter(.halted, harm, at: time) }
        fill(servers, rules, at: time)
        guard unsettled(servers, rules, at: time) == 0 else {
            settle(at: nil)
            return
        }
        guard let settled else { return settle(at: time) }
        guard time - settled >= rules.soak else { return }
        if ring == RolloutRules.last { return enter(.complete, nil, at: time) }
        repeat { ring += 1 } while ring < RolloutRules.last && goal(of: ring) <= activated.count
        if goal(of: ring) >= members.count { ring = RolloutRules.last }
        enter(.rolling, nil, at: time)
        fill(servers, rules, at: time)
    }

    /// Tells as many servers to run it as the ring has room for: at most as many at once as live with it by now, or as the second
    /// ring has.
    private mutating func fill(_ servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp) {
        let isLast = ring == RolloutRules.last || goal(of: ring) >= members.count
        if isLast, ring != RolloutRules.last {
            ring = RolloutRules.last
            revision += 1
        }
        let step = max(goal(of: 1), settledIn.count) - unsettled(servers, rules, at: time)
        var room = isLast ? step : min(step, goal(of: ring) - activated.count)
        guard room > 0 else { return }
        var waiting = servers.filter { server in
            guard activated[server.host] == nil, !server.isSilent, !server.isAway, isRecent(server, rules, at: time)
            else { return false }
            switch server.standing(of: targets) {
            case .proved, .runs: return isLast || (members.contains(server.host) && server.pin != .last)
            default: return false
            }
        }
        if !isLast {
            waiting = waiting.map { (order: order(of: $0), server: $0) }.sorted { $0.order < $1.order }.map(\.server)
        }
        for server in waiting where room > 0 {
            var forecast: PatternForecast?
            if case .proved(let told) = server.standing(of: targets) { forecast = told }
            let isGrave = forecast.map { $0.surelyGrave > 0 } ?? false
            let isKnown = forecast.map { $0.knownGrave > 0 } ?? false
            // What a server foretells that came later counts as what the first ones did.
            if !isReleased {
                if isGrave, grave >= RolloutRules.few(of: servers.count) { continue }
                if isKnown, known >= RolloutRules.known(of: servers.count) { continue }
            }
            if isGrave { grave += 1 }
            if isKnown { known += 1 }
            activated[server.host] = time
            for entry in forecast?.entries ?? [] { foretold[entry.pattern, default: 0] += entry.atMost }
            room -= 1
            settled = nil
            revision += 1
        }
    }

    /// Another order with each version, so that it is not always the same server that is first.
    private func order(of server: RolloutServer) -> String {
        let drawn = ContentHash.sha256(Data("\(channel) \(targets) \(server.host)".utf8))
        return (server.pin == .first ? "0" : "1") + drawn
    }

    /// Halted by faults that nobody foretold, or by silence: where other servers show as many faults by now it was a wave of
    /// them, and servers that are heard again were only off; then it goes on.
    private mutating func watch(_ servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp) {
        let all = evidence(servers, rules, at: time)
        var isCalm = all.harm == nil
        switch cause {
        case .silent: break
        case .faults:
            // A wave that ended while chance stood against the version: nothing more comes, and what came is no flood.
            let recent = Evidence(self, servers, window: rules.soak * 2, at: time)
            isCalm = isCalm || (all.isLikeAWave && recent.harm == nil)
        default: return
        }
        guard isCalm else { return settle(at: nil) }
        guard let settled else { return settle(at: time) }
        guard time - settled >= rules.soak else { return }
        forgiven.faults = all.found
        enter(.rolling, nil, at: time)
    }

    /// Servers that come back run it once they have tried it.
    private mutating func join(_ servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp) {
        ring = RolloutRules.last
        fill(servers, rules, at: time)
    }

    // MARK: Evidence

    /// What counts for going on. Once all are told to run it nobody is left to compare with, and nobody to keep from it: then
    /// a halt stands as long as the faults come.
    private func evidence(_ servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp) -> Evidence {
        Evidence(self, servers, window: ring == RolloutRules.last ? rules.soak : nil, at: time)
    }

    /// What came of the version where it runs, against what was foretold and what others show meanwhile.
    struct Evidence {
        private(set) var wentBack: [(server: RolloutServer, because: String)] = []
        private(set) var silent: [RolloutServer] = []
        /// Those among them that were not heard for long after the swap, if at all.
        private(set) var fallen: [RolloutServer] = []
        /// Faults by pattern that servers opened which run it, and nobody's unchanged patterns found at the same time.
        private(set) var found: [String: Int] = [:]
        /// How many would be by what servers opened at the same time that did not run it.
        private(set) var background: [String: Double] = [:]
        /// Variance of `background`, which is drawn of few servers at times.
        private var variance: [String: Double] = [:]
        private(set) var servers = 0
        private var expectedSilent = 0.0
        /// How many would be by those that fell silent at the same time and did not run it, or had for longer.
        private var expectedFallen = 0.0
        private let rollout: Rollout

        /// - Parameter window: how far back faults are looked at; nil for all since the version is offered.
        init(_ rollout: Rollout, _ all: [RolloutServer], window: Duration? = nil, at time: Timestamp) {
            self.rollout = rollout
            let start = max(rollout.begun, time - FaultOpenings.kept)
            let since = window.map { max(start, time - $0) } ?? start
            var others = Comparison(from: start, to: time)
            var (control, controlSilent) = (0, 0)
            var peers = Peers()
            for server in all where server.status != nil {
                let offered = rollout.activated[server.host]
                others.add(server.openings, until: offered)
                guard let offered else {
                    control += 1
                    peers.add(server, since: rollout.begun)
                    if server.isSilent, server.heard.map({ $0 >= start }) ?? false { controlSilent += 1 }
                    continue
                }
                servers += 1
                if let settled = rollout.settledIn[server.host] {
                    peers.add(server, since: settled)
                } else if server.isSilent, server.heard.map({ $0 >= offered }) ?? false {
                    fallen.append(server)
                }
                switch server.standing(of: rollout.targets) {
                case .wentBack(let because), .refused(let because): wentBack.append((server, because))
                default: break
                }
                if server.isSilent, server.heard.map({ $0 >= offered }) ?? false { silent.append(server) }
                count(server.openings, since: max(offered, since))
            }
            // Of few servers none may be off by chance: as if there were one more.
            // A handful that is left in the end says nothing of hundreds.
            if control >= RolloutRules.crowd || (control > 0 && servers < RolloutRules.crowd) {
                expectedSilent = Double(controlSilent + 1) / Double(control) * Double(servers)
            }
            if !fallen.isEmpty {
                peers.sort()
                for (host, offered) in rollout.activated {
                    expectedFallen += peers.share(from: offered, through: rollout.settledIn[host] ?? time)
                }
            }
            for pattern in Set(found.keys).union(rollout.foretold.keys) {
                let expected = others.expected(of: pattern, since: since)
                background[pattern] = expected.count
                variance[pattern] = expected.variance
            }
        }

        private mutating func count(_ openings: [FaultOpenings.Entry], since: Timestamp) {
            let new = openings.filter { $0.end > since }
            let unchanged = new.filter { !rollout.changed.contains($0.pattern) }.map(\.since)
            for entry in new where rollout.changed.contains(entry.pattern) {
                // A part that fails is found by several patterns: where one finds it that did not change, it is no news of this version.
                let isShared = unchanged.contains { ($0 - entry.since).magnitude <= Evidence.together }
                if !isShared { found[entry.pattern, default: 0] += entry.count }
            }
        }

        /// How far apart patterns may find the same failure.
        private static let together = Duration.seconds(3600)

        /// Whether no pattern opened more than twice what was foretold and what the others show, and four: chance does that, and a
        /// flood does more.
        var isLikeAWave: Bool {
            found.allSatisfy { pattern, count in
                let (foretold, others) = (rollout.foretold[pattern] ?? 0, background[pattern] ?? 0)
                return count <= foretold || (others >= 1 && Double(count) <= 2 * (Double(foretold) + others) + 4)
            }
        }

        /// Why it must not go on; nil where nothing speaks against it.
        var harm: Cause? {
            let few = RolloutRules.few(of: servers)
            if wentBack.count - rollout.forgiven.wentBack > few, let first = wentBack.last {
                return .wentBack(
                    servers: wentBack.count, of: servers, example: first.server.hostname, because: first.because)
            }
            if Double(fallen.count - rollout.forgiven.fallen) > RolloutRules.bound(expectedFallen, servers: 0) {
                return .silent(servers: fallen.count, of: servers, expected: Int(expectedFallen.rounded()))
            }
            // A server that is only off is heard again, and the halt ends by itself: there is no need of a margin. Once nobody is
            // left to compare with, one in a hundred is.
            let expected = max(expectedSilent, Double(few))
            if Double(silent.count - rollout.forgiven.silent) > RolloutRules.bound(expected, servers: 0) {
                return .silent(servers: silent.count, of: servers, expected: Int(expected.rounded()))
            }
            var worst: (excess: Double, cause: Cause)?
            for (pattern, count) in found.sorted(by: { $0.key < $1.key }) {
                let foretold = rollout.foretold[pattern] ?? 0
                let others = background[pattern] ?? 0
                let bound = RolloutRules.bound(
                    Double(foretold) + others, variance: variance[pattern] ?? 0, servers: servers)
                let excess = Double(count - (rollout.forgiven.faults[pattern] ?? 0)) - bound
                guard excess > 0, excess > worst?.excess ?? 0 else { continue }
                worst = (
                    excess,
                    .faults(
                        pattern: pattern, found: count, servers: servers, foretold: foretold,
                        others: Int(others.rounded()))
                )
            }
            return worst?.cause
        }
    }

    // MARK: What servers are told

    /// How far each server is to go.
    func offers(to servers: [RolloutServer]) -> RolloutOffers {
        var offers = RolloutOffers(targets: targets)
        switch state {
        case .proving, .held: offers.others = .prove
        case .rolling, .complete:
            offers.others = .prove
            for server in servers where activated[server.host] != nil {
                switch server.standing(of: targets) {
                case .refused, .wentBack: offers.steps[server.host] = .hold
                default: offers.steps[server.host] = .activate
                }
            }
        case .halted: offers.others = .hold
        case .back:
            offers.others = .hold
            for server in servers where activated[server.host] != nil || server.status?.active == targets {
                offers.steps[server.host] = .back
            }
        }
        return offers
    }
}

/// Servers that a swap cannot have silenced, and when they fell silent.
private struct Peers {
    /// Since when each is one.
    private var since: [Timestamp] = []
    /// When those were last heard that are silent.
    private var fell: [Timestamp] = []

    mutating func add(_ server: RolloutServer, since time: Timestamp) {
        guard let heard = server.heard, heard >= time else { return }
        since.append(time)
        if server.isSilent { fell.append(heard) }
    }

    mutating func sort() {
        since.sort()
        fell.sort()
    }

    /// The share of them that fell silent in a span; 0 where there are none.
    func share(from start: Timestamp, through end: Timestamp) -> Double {
        let count = Peers.place(of: start, in: since)
        guard count > 0, end >= start else { return 0 }
        let fallen = Peers.place(of: end, in: fell) - Peers.place(of: start - .milliseconds(1), in: fell)
        // Of few servers none may be off by chance: as if there were one more, but not where there are next to none.
        return Double(fallen + (count >= RolloutRules.crowd ? 1 : 0)) / Double(count)
    }

    /// How many of them are not later.
    private static func place(of time: Timestamp, in times: [Timestamp]) -> Int {
        var (low, high) = (0, times.count)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension PatternForecast {
    /// New orders and visits for parts of which nothing is known: surely, and at most.
    var surelyGrave: Int { entries.reduce(0) { $0 + ($1.isGrave ? $1.surely - $1.onFaulty : 0) } }
    var possiblyGrave: Int { entries.reduce(0) { $0 + ($1.isGrave ? $1.atMost - $1.onFaulty : 0) } }
    /// The same for parts of which a fault stands.
    var knownGrave: Int { entries.reduce(0) { $0 + ($1.isGrave ? $1.onFaulty : 0) } }
}

extension PatternForecast.Entry {
    /// Whether somebody would send a part or come: also where the word is not known here.
    var isGrave: Bool { atMost > 0 && Urgency(rawValue: urgency).map { $0 > .watch } ?? true }
    var isWatched: Bool { atMost > 0 && urgency == Urgency.watch.rawValue }
    /// Whatever a server says.
    fileprivate var onFaulty: Int { min(max(0, faulty ?? 0), surely, atMost) }
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
