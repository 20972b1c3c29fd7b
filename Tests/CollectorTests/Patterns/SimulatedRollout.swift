import Foundation
import Reports
import TestSupport

@testable import Collector

/// A thousand servers with forty histories, on which one version of patterns is rolled out, drawn from a seed. What the histories
/// foretell is made up, or what replay says of recorded ones (`RecordedRolloutTests`).
struct SimulatedRollout {
    /// What a version does on a server.
    struct Version: Sendable, CustomStringConvertible {
        var name: String
        /// What a server of this history foretells.
        var forecast: @Sendable (_ history: Int) -> [PatternForecast.Entry] = { _ in [] }
        /// Faults that stand on a server of this history and that it would end.
        var clears: @Sendable (_ history: Int) -> Int = { _ in 0 }
        /// Why a server of this history refuses it; nil where it does not.
        var refuses: @Sendable (_ history: Int) -> String? = { _ in nil }
        /// Whether a server of this history falls silent once it runs it, and whether it goes back by itself.
        var silences: @Sendable (_ history: Int) -> Bool = { _ in false }
        var goesBack: @Sendable (_ history: Int) -> Bool = { _ in false }
        /// Faults that a server of this history opens in an hour once it runs it, by pattern, that nobody foretold.
        var floods: @Sendable (_ history: Int) -> [String: Double] = { _ in [:] }
        /// Whether what replay sees of it keeps it from every server.
        var isSeenByReplay: Bool
        /// Revisions of its patterns, and of those of the version before.
        var revisions = ["disk.a": 2, "disk.b": 1, "fan.a": 2, "new.a": 1]
        var before = ["disk.a": 1, "disk.b": 1, "fan.a": 1]

        var description: String { name }
    }

    static let servers = 1000
    static let histories = 40
    /// Seconds between two heartbeats, which is between two looks as well.
    static let beat: Int64 = 300
    /// Faults in an hour that a server opens anyhow, by pattern: some thousand in a year over all servers.
    static let background = 0.00001

    private(set) var rollout: Rollout
    private var all: [RolloutServer] = []
    private var histories: [Int] = []
    private var time: Timestamp
    private var random: SplitMix
    private let version: Version
    private let rules = RolloutRules()
    /// A real wave: its pattern, from which hour on how long, and the faults in an hour on each server.
    private let wave: (pattern: String, from: Double, hours: Double, rate: Double)?
    private let start: Timestamp
    /// Those that hang, and are not heard again.
    private(set) var hung: Set<Int> = []
    /// What each history opens unforeseen.
    private let floods: [[(String, Double)]]
    /// How many servers ever ran it.
    private(set) var ran: Set<HostID> = []
    /// Hours until it was complete.
    private(set) var hours: Double?
    /// States that it went through.
    private(set) var states: [Rollout.State] = []
    /// Orders that were opened by the version and by nothing else.
    private(set) var orders = 0

    init(_ version: Version, wave: (pattern: String, from: Double, hours: Double, rate: Double)? = nil, seed: UInt64) {
        self.version = version
        self.wave = wave
        random = SplitMix(seed: seed)
        floods = (0..<SimulatedRollout.histories).map { history in
            version.floods(history).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
        time = SampleFault.time
        start = time
        var first = Rollout(
            channel: "vendor", targets: 1, revisions: version.before, at: time - .seconds(90_000))
        for number in 0..<SimulatedRollout.servers {
            all.append(
                RolloutServer(
                    host: "h\(number)", hostname: "srv-\(number)", heard: time,
                    status: ChannelStatus(channel: "vendor", timestamp: 1, active: 1)))
            histories.append(random.below(SimulatedRollout.histories))
        }
        var earlier = time - .seconds(86_000)
        while first.state != .complete {
            for place in all.indices { all[place].heard = earlier }
            _ = first.decide(all, rules, at: earlier)
            earlier = earlier + .seconds(900)
        }
        for place in all.indices { all[place].heard = time }
        rollout = Rollout(channel: "vendor", targets: 2, revisions: version.revisions, after: first, at: time)
    }

    /// - Parameters:
    ///   - hours: of the site's time.
    ///   - state: at which it ends before; nil for none.
    mutating func run(hours: Int, until state: Rollout.State? = nil) {
        let end = start + .seconds(Int64(hours) * 3600)
        while time < end, rollout.state != state {
            time = time + .seconds(SimulatedRollout.beat)
            let offers = rollout.offers(to: all)
            for place in all.indices {
                beat(place, offers.step(of: all[place].host))
                // Three heartbeats and the grace.
                all[place].isSilent = all[place].heard.map { time - $0 > .seconds(900) } ?? true
            }
            _ = rollout.decide(all, rules, at: time)
            if states.last != rollout.state {
                states.append(rollout.state)
                if rollout.state == .complete, self.hours == nil { self.hours = (time - start).inSeconds / 3600 }
            }
        }
    }

    private mutating func beat(_ place: Int, _ step: PatternOffer.Step) {
        let history = histories[place]
        if hung.contains(place) { return }
        // A few are off for some hours.
        if let heard = all[place].heard, time - heard > .seconds(SimulatedRollout.beat) {
            guard random.chance(0.05) else { return }
        } else if random.chance(0.0005) {
            return
        }
        all[place].heard = time
        let isRunning = all[place].status?.active == 2
        switch step {
        case .prove, .activate:
            if isRunning { break }
            switch all[place].status?.candidate?.state {
            case nil:
                all[place].status?.candidate = PatternCandidate(targets: 2, state: "checking")
            case "checking":
                // A trial takes some ten minutes at the lowest priority.
                guard random.chance(0.2) else { break }
                all[place].status?.candidate =
                    version.refuses(history).map { PatternCandidate(targets: 2, state: "refused", because: $0) }
                    ?? PatternCandidate(
                        targets: 2, state: "proved",
                        forecast: PatternForecast(
                            span: 14 * 86_400, entries: version.forecast(history), clears: version.clears(history)))
            case "proved" where step == .activate:
                activate(place, history)
            default: break
            }
        case .back where isRunning:
            all[place].status?.active = 1
        case .hold, .back: break
        }
        open(place, history)
    }

    private mutating func activate(_ place: Int, _ history: Int) {
        ran.insert(all[place].host)
        if version.goesBack(history) {
            all[place].status?.candidate = PatternCandidate(
                targets: 2, state: "withdrawn", because: "two crashes within ten minutes")
            return
        }
        all[place].status?.active = 2
        all[place].status?.candidate = nil
        // The machine hangs: the swap is the last that is heard, and three heartbeats later it is overdue.
        if version.silences(history) { hung.insert(place) }
        orders += version.forecast(history).reduce(0) { $0 + ($1.isGrave ? $1.surely : 0) }
    }

    private mutating func open(_ place: Int, _ history: Int) {
        var rates = ["disk.a", "disk.b", "fan.a"].map { ($0, SimulatedRollout.background) }
        if let wave, (0..<wave.hours).contains((time - start).inSeconds / 3600 - wave.from) {
            rates.append((wave.pattern, wave.rate))
        }
        if all[place].status?.active == 2 {
            rates.append(("new.a", SimulatedRollout.background))
            rates += floods[history]
        }
        // One draw for most beats: nearly always nothing happens.
        let hours = Double(SimulatedRollout.beat) / 3600
        let sum = rates.reduce(0) { $0 + $1.1 }
        guard random.chance(sum * hours) else { return }
        var left = Double(random.below(1_000_000)) / 1_000_000 * sum
        for (pattern, rate) in rates {
            left -= rate
            guard left < 0 else { continue }
            all[place].openings.append(FaultOpenings.Entry(pattern: pattern, since: time, count: 1))
            return
        }
    }
}

extension SplitMix {
    fileprivate mutating func chance(_ share: Double) -> Bool { Double(next() >> 11) * 0x1p-53 < share }
}
