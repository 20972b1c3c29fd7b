import Foundation
import Logging
import Reports
import Synchronization
import Testing

@testable import Collector

/// A machine whose system clock can be set, and whose count of the time cannot.
private final class LeapingMachine: Sendable {
    let folder: TemporaryFolder
    let store: any CollectorStore
    private let wall = Mutex(SampleFault.time)
    private let uptime = Mutex<Int64>(1_000_000)
    private let current: Mutex<TrustedClock?> = Mutex(nil)

    init() async throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore(path: "\(folder.path)/collector.db", policy: StoreUnderTest.policy)
        try await start()
    }

    var clock: TrustedClock { current.withLock { $0 }! }
    var now: Timestamp { clock.now }
    var system: Timestamp { wall.withLock { $0 } }

    func environment() async throws -> CollectorEnvironment {
        CollectorEnvironment(
            configuration: CollectorConfiguration(), store: store, signingKey: SigningKey(), ca: "",
            identity: try await store.identity(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            now: { self.now })
    }

    func start() async throws {
        let clock = try await store.startClock(
            wall: { self.system }, uptime: { self.uptime.withLock { $0 } })
        current.withLock { $0 = clock }
    }

    func pass(_ span: Duration) {
        wall.withLock { $0 = $0 + span }
        uptime.withLock { $0 += span.inMilliseconds }
    }

    func set(by span: Duration) { wall.withLock { $0 = $0 + span } }

    /// Stops the program; it starts again after the leap, on a machine that was started anew, or not.
    func restart(leapingBy span: Duration, isReboot: Bool) async throws {
        try await store.save(clock.state)
        set(by: span)
        if isReboot { uptime.withLock { $0 = 4_000 } }
        try await start()
    }

    func look() async throws {
        var told = ""
        await ClockService(environment: try await environment(), clock: clock).look(
            &told, isAsking: true, isKeeping: true)
    }
}

private final class Flag: Sendable {
    private let value = Mutex(false)
    var isRaised: Bool { value.withLock { $0 } }
    func raise() { value.withLock { $0 = true } }
}

/// One way in which a clock leaps.
struct LeapOfClock: Sendable, CustomTestStringConvertible {
    enum Moment: String, Sendable, CaseIterable { case running, restart, reboot }
    var moment: Moment
    var days: Int64
    var testDescription: String { "\(days) days, \(moment.rawValue)" }

    private static let spans: [Int64] = [3 * 365, -3 * 365, 6, 30 * 365, -56 * 365]

    static let all: [LeapOfClock] = Moment.allCases.flatMap { (moment: Moment) -> [LeapOfClock] in
        spans.map { (days: Int64) in LeapOfClock(moment: moment, days: days) }
    }
}

@Suite("Leaps of the clock")
struct LeapTests {
    private let retention = CollectorConfiguration().retention
    /// Fingerprint of the TLS root.
    private static let root = String(repeating: "0", count: 64)

    /// What must be the same after any leap, in words.
    private func state(of machine: LeapingMachine, _ known: Known) async throws -> [String] {
        let store = machine.store
        try await store.tidy(retention, at: machine.now)
        var lines: [String] = []
        for number in known.cases {
            let found = try await store.findCase(number: number)
            lines.append("case \(found.map { "\($0.state.rawValue) \($0.urgency)" } ?? "gone")")
        }
        let tokens = OneTimeTokens(store: store, root: LeapTests.root)
        let admitted = try? await tokens.admitted(
            id: known.token.id, secret: known.token.secret, purpose: .server, at: machine.now)
        lines.append("unused token \(admitted == nil ? "refused" : "admitted")")
        let authenticator = Authenticator(store: store)
        for (secret, kind) in [(known.session, AccessToken.Kind.session), (known.api, .api)] {
            let account = try await authenticator.account(secret: secret, kind: kind, at: machine.now)
            lines.append("\(kind.rawValue) \(account ?? "ended")")
        }
        let history = try await store.history(
            host: "h1", component: ComponentID(.fan, "f1"), signal: Signal("hw.fan.speed"),
            since: Timestamp(milliseconds: 0))
        lines.append("points \(history.count)")
        lines.append("subjects silent \(try await store.silenceSubjects().count { $0.isSilent })")
        return lines
    }

    private struct Known {
        var cases: [String]
        var token: JoinToken
        var session: String
        var api: String
        var agents: [SigningAgent]
    }

    private func fill(_ machine: LeapingMachine) async throws -> Known {
        let store = machine.store
        var agent = try await store.enrolled("h1", at: machine.now)
        for (id, part) in [("open", "sda"), ("closed", "sdb")] {
            let fault = SampleFault.make(id, blaming: part)
            try await store.accept(
                agent.faults(SampleFault.change(.opened, fault)), from: "h1", at: machine.now)
        }
        let cases = try await store.allCases()
        let closed = try #require(cases.first { $0.key.contains("sdb") })
        _ = try await store.decide(
            CaseDecision(kind: .close, by: "anna", because: "mended", time: machine.now), onCase: closed.number)
        let sample = SampleAggregate(
            component: ComponentID(.fan, "f1"), signal: Signal("hw.fan.speed"), from: machine.now, through: machine.now,
            count: 6, minimum: 1, maximum: 3, mean: 2)
        try await store.accept(
            agent.verified(agent.report(.samples([sample]), .telemetry)), from: "h1", at: machine.now)
        try await Accounts(store: store).set("admin", password: "correct horse battery", at: machine.now)
        let authenticator = Authenticator(store: store)
        func login(_ kind: AccessToken.Kind) async throws -> String {
            try await authenticator.login(
                name: "admin", password: "correct horse battery", peer: "p", as: kind, note: "", at: machine.now
            ).secret
        }
        let token = try await OneTimeTokens(store: store, root: LeapTests.root).create(
            .server, note: "", lifetime: .seconds(86_400), at: machine.now)
        return Known(
            cases: cases.map(\.number).sorted(), token: token, session: try await login(.session),
            api: try await login(.api), agents: [agent])
    }

    private func apply(_ leap: LeapOfClock, to machine: LeapingMachine) async throws {
        let span = Duration.seconds(leap.days * 86_400)
        switch leap.moment {
        case .running: machine.set(by: span)
        case .restart: try await machine.restart(leapingBy: span, isReboot: false)
        case .reboot: try await machine.restart(leapingBy: span, isReboot: true)
        }
    }

    @Test("Nothing is deleted, ended or told silent by a leap, nor by its end", arguments: LeapOfClock.all)
    func nothingChanges(leap: LeapOfClock) async throws {
        let machine = try await LeapingMachine()
        let known = try await fill(machine)
        let service = LivenessService(environment: try await machine.environment())
        var watch = try await service.look(nil)
        machine.pass(.seconds(10))
        let before = try await state(of: machine, known)
        #expect(before.contains("unused token admitted") && before.contains("session admin"), "\(before)")
        try await apply(leap, to: machine)
        func check(_ moment: String) async throws {
            try await machine.look()
            watch = try await service.look(watch)
            #expect(try await state(of: machine, known) == before, "\(moment)")
        }
        try await check("right after it")
        machine.pass(.seconds(15))
        try await check("a look later")
        // Nobody tells: after an hour the new time is believed.
        for _ in 0..<5 {
            machine.pass(.seconds(900))
            _ = machine.now
            try await machine.look()
        }
        let later = try await state(of: machine, known)
        #expect(later.dropLast() == before.dropLast(), "believed")
        // And back again.
        machine.set(by: .seconds(-leap.days * 86_400))
        for _ in 0..<5 {
            machine.pass(.seconds(900))
            _ = machine.now
            try await machine.look()
        }
        #expect(try await state(of: machine, known).dropLast() == before.dropLast(), "back")
        // What has passed counts all the same: the session ends 12 h after the login, the token a day after it was made.
        for _ in 0..<16 {
            machine.pass(.seconds(5_400))
            try await machine.look()
        }
        let ended = try await state(of: machine, known)
        #expect(ended.contains("unused token refused") && ended.contains("session ended"), "\(ended)")
        #expect(ended.contains("api admin") && !ended.contains("case gone"))
    }

    @Test("A leap puts no message off: what is due is due, and what waits waits no longer", arguments: LeapOfClock.all)
    func outbox(leap: LeapOfClock) async throws {
        let machine = try await LeapingMachine()
        _ = try await fill(machine)
        let store = machine.store
        let due = try await store.begin(at: machine.now)
        #expect(!due.isEmpty)
        for delivery in due {
            try await store.record(.failed(after: .seconds(600), because: "down"), to: delivery, at: machine.now)
        }
        try await apply(leap, to: machine)
        for _ in 0..<20 {
            machine.pass(.seconds(15))
            try await machine.look()
        }
        #expect(try await store.begin(at: machine.now).isEmpty, "300 s have passed, 600 were to")
        machine.pass(.seconds(310))
        try await machine.look()
        // Each recipient is probed by one of the messages that it was sent before.
        let probes = try await store.begin(at: machine.now)
        #expect(Set(probes.map(\.recipient)) == Set(due.map(\.recipient)))
        #expect(Set(probes.map(\.id)).isSubset(of: due.map(\.id)))
        let waiting = try await store.recipientStates()
        let alarms = RecipientAlarm.alarms(among: waiting, after: .seconds(3600), at: machine.now)
        #expect(alarms.isEmpty, "no recipient has been down for an hour")
    }

    @Test("A message that a leap of an earlier version put off to another year is due at once")
    func putOff() async throws {
        let machine = try await LeapingMachine()
        _ = try await fill(machine)
        let store = machine.store
        let leapt = machine.now + .seconds(3 * 365 * 86_400)
        let begun = try await store.begin(at: leapt)
        for delivery in begun {
            try await store.record(.failed(after: .seconds(600), because: "down"), to: delivery, at: leapt)
        }
        let due = try await store.begin(at: machine.now)
        #expect(!due.isEmpty && Set(due.map(\.recipient)) == Set(begun.map(\.recipient)))
        #expect(Set(due.map(\.id)).isSubset(of: begun.map(\.id)))
    }

    @Test(
        "Three servers whose clocks go on speak for what passed or against a leap, whatever the collector's clock says")
    func servers() async throws {
        let machine = try await LeapingMachine()
        let store = machine.store
        var agents: [SigningAgent] = []
        for host in ["a", "b", "c"] { agents.append(try await store.enrolled(host, at: machine.now)) }
        func report(_ trueTime: Timestamp) async throws {
            for index in agents.indices {
                var report = agents[index].report(
                    .heartbeat(Heartbeat(interval: 60, coverage: [], patternPack: "1", openFaults: 0)), .telemetry)
                report.time = trueTime
                try await store.accept(agents[index].verified(report), from: agents[index].host, at: machine.now)
            }
        }
        var truth = machine.now
        try await report(truth)
        try await machine.look()
        #expect(machine.clock.state.isConfirmed)
        // A leap that they speak against: for as long as it lasts.
        machine.set(by: .seconds(3 * 365 * 86_400))
        for _ in 0..<10 {
            machine.pass(.seconds(900))
            truth = truth + .seconds(900)
            try await report(truth)
            try await machine.look()
        }
        #expect(machine.now == truth)
        machine.set(by: .seconds(-3 * 365 * 86_400))
        try await report(truth)
        try await machine.look()
        // Off for twenty days, and they say so too.
        let session = AccessToken(
            hash: "h", kind: .session, account: "admin", note: "", createdAt: machine.now,
            expiresAt: machine.now + .seconds(43_200))
        try await store.save(session)
        truth = truth + .seconds(20 * 86_400)
        try await machine.restart(leapingBy: .seconds(20 * 86_400), isReboot: true)
        #expect(machine.now < truth - .seconds(86_400), "nobody has told yet")
        try await report(truth)
        try await machine.look()
        #expect(abs((machine.now - truth).inMilliseconds) < 1_000)
        #expect(try await store.accessToken(hash: "h")?.expiresAt == session.expiresAt, "it passed while it was off")
    }

    @Test("A collector that kept no clock yet begins with its last sign of life: a leap at its update changes nothing")
    func update() async throws {
        let machine = try await LeapingMachine()
        let known = try await fill(machine)
        _ = try await LivenessService(environment: try await machine.environment()).look(nil)
        let before = try await state(of: machine, known)
        // As version 0.1 left it.
        let store = try #require(machine.store as? SQLiteStore)
        try await store.transaction("forgetting the clock") { try $0.set("clock", to: "") }
        machine.set(by: .seconds(3 * 365 * 86_400))
        try await machine.start()
        #expect(try await state(of: machine, known) == before)
    }

    /// Opens and ends 260 cases, of which each is old at the time that it returns.
    private func fillWithOld(_ store: any CollectorStore, _ agent: inout SigningAgent, at time: Timestamp) async throws
        -> Timestamp
    {
        for number in 0..<260 {
            let fault = SampleFault.make("f\(number)", blaming: "d\(number)", urgency: .watch)
            let at = time + .seconds(Int64(number) * 3600)
            try await store.accept(agent.faults(SampleFault.change(.opened, fault)), from: "h1", at: at)
            try await store.accept(agent.faults(SampleFault.change(.cleared, fault)), from: "h1", at: at)
        }
        return time + .seconds(1_000 * 86_400)
    }

    /// A store that notes how many cases each of its transactions deletes, and how long each takes.
    private final class Watched: CollectorStore {
        private let store: any CollectorStore
        let noted = Mutex<[(deleted: Int, took: Duration)]>([])

        init(_ store: any CollectorStore) { self.store = store }

        var policy: CasePolicy { store.policy }

        func transaction<Value: Sendable>(
            _ doing: String, _ body: @escaping @Sendable (any CollectorLedger) throws -> Value
        ) async throws(StoreError) -> Value {
            let (start, all) = (ContinuousClock.now, CaseQuery(states: Set(Case.State.allCases)))
            let before = try await store.countCases(all)
            let value = try await store.transaction(doing, body)
            let after = try await store.countCases(all)
            noted.withLock { $0.append((before - after, ContinuousClock.now - start)) }
            return value
        }

        func read<Value: Sendable>(
            _ doing: String, _ body: @escaping @Sendable (any CollectorLedger) throws -> Value
        ) async throws(StoreError) -> Value { try await store.read(doing, body) }

        func accept(_ batch: VerifiedBatch, at time: Timestamp) async throws(StoreError) -> Receipt {
            try await store.accept(batch, at: time)
        }

        func checkHealth() async throws(StoreError) { try await store.checkHealth() }
        func close() async { await store.close() }
    }

    @Test("No transaction of a tidy deletes more than fifty cases, and after each it rests for as long as that took")
    func smallPortions() async throws {
        let machine = try await LeapingMachine()
        var agent = try await machine.store.enrolled("h1", at: machine.now)
        let late = try await fillWithOld(machine.store, &agent, at: machine.now)
        let watched = Watched(machine.store)
        let start = ContinuousClock.now
        try await watched.tidy(retention, at: late)
        let took = ContinuousClock.now - start
        let noted = watched.noted.withLock { $0 }
        let deleted = noted.map(\.deleted)
        #expect(deleted.reduce(0, +) == 260 && (deleted.max() ?? 0) <= 50, "\(deleted)")
        #expect(took >= noted.reduce(.zero) { $0 + $1.took + min($1.took, .seconds(1)) })
    }

    @Test("A tidy of much deletes in small portions, and what is accepted meanwhile does not wait for its end")
    func portions() async throws {
        let machine = try await LeapingMachine()
        let store = machine.store
        var agent = try await store.enrolled("h1", at: machine.now)
        let late = try await fillWithOld(store, &agent, at: machine.now)
        let tidied = Flag()
        let retention = retention
        let tidying = Task {
            try await store.tidy(retention, at: late)
            tidied.raise()
        }
        var during = 0
        while !tidied.isRaised {
            let report = try agent.heartbeat()
            try await store.accept(report, from: "h1", at: late)
            during += 1
        }
        try await tidying.value
        #expect(during > 3, "intake had to wait for the tidy")
        #expect(try await store.allCases().isEmpty)
    }
}
