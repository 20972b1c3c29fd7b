import Foundation
import Reports
import Testing

@testable import Collector

@Suite("Steps of a hostile neighbour")
struct HostileWorkTests {
    private let own = SigningKey()
    private let neighbour = SigningKey()
    private let third = SigningKey()

    private var check: WorkCheck {
        WorkCheck(
            own: "own", ownKey: own.publicKey, collector: "n", key: neighbour.publicKey,
            known: ["n": neighbour.publicKey, "third": third.publicKey])
    }

    private func shared(_ step: WorkStep, by key: SigningKey, as type: PayloadType = .workStep) throws -> SharedStep {
        SharedStep(
            origin: Ticket.Origin(store: "n", number: "CH-1"),
            step: try Envelope.sign(WireFormat.encode(step), as: type, with: key))
    }

    private func exchange(_ steps: [SharedStep], have: Int64 = 0, after: Int64 = 0, through: Int64 = 1) -> WorkExchange
    {
        WorkExchange(have: have, after: after, through: through, more: false, steps: steps)
    }

    @Test(
        "Steps of this collector, of the neighbour and of others that are known need their signature; what lies beyond does not"
    )
    func signatures() throws {
        for (collector, right) in [("own", own), ("n", neighbour), ("third", third)] {
            let step = SampleStep.make(collector, 1, .closed)
            for key in [own, neighbour, third] {
                let work = try check.check(exchange([shared(step, by: key)]))
                let isRight = key.publicKey == right.publicKey
                #expect(work.lines.map(\.step) == (isRight ? [step] : []), "\(collector)")
                #expect(work.refusals.isEmpty == isRight)
            }
        }
        let beyond = SampleStep.make("far", 1, .closed)
        #expect(try check.check(exchange([shared(beyond, by: SigningKey())])).lines.map(\.step) == [beyond])
        // What is signed as something else is no step.
        #expect(try check.check(exchange([shared(beyond, by: neighbour, as: .ticket)])).lines.isEmpty)
    }

    @Test("A message under another collector's name, with senseless places, or of too many steps is refused whole")
    func messages() throws {
        var impostor = check
        for name in ["own", "third", "", String(repeating: "x", count: 65)] {
            impostor.collector = name
            #expect(throws: WorkRefusal.self, "\(name)") { _ = try impostor.check(exchange([])) }
        }
        for (have, after, through): (Int64, Int64, Int64) in [
            (-1, 0, 0), (.max, 0, 0), (0, -1, 0), (0, 2, 1), (0, 0, .max), (0, .min, 0),
        ] {
            #expect(throws: WorkRefusal.self, "\(have) \(after) \(through)") {
                _ = try check.check(exchange([], have: have, after: after, through: through))
            }
        }
        let step = try shared(SampleStep.make("n", 1, .note), by: neighbour)
        #expect(try check.check(exchange(Array(repeating: step, count: 64))).lines.count == 64)
        #expect(throws: WorkRefusal.self) { _ = try check.check(exchange(Array(repeating: step, count: 65))) }
    }

    @Test("Each text and number of a step is taken at its limit and refused one past it")
    func limits() throws {
        func isTaken(_ change: (inout WorkStep) -> Void) throws -> Bool {
            var step = SampleStep.make("n", 5, .note)
            change(&step)
            return try check.check(exchange([shared(step, by: neighbour)])).refusals.isEmpty
        }
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        #expect(try isTaken { $0.who = text(400) })
        #expect(try !isTaken { $0.who = text(401) })
        #expect(try isTaken { $0.place = text(400) })
        #expect(try !isTaken { $0.place = text(401) })
        #expect(try isTaken { $0.why = text(2_000) })
        #expect(try !isTaken { $0.why = text(2_001) })
        #expect(try !isTaken { $0.kind = WorkStep.Kind(rawValue: text(65)) })
        #expect(try isTaken { $0.counter = 1 << 53 })
        for counter: Int64 in [0, -1, (1 << 53) + 1, .max] { #expect(try !isTaken { $0.counter = counter }) }
        #expect(try isTaken { step in for name in 1...32 { step.causes["c\(name)"] = 1 } })
        #expect(try !isTaken { step in for name in 1...33 { step.causes["c\(name)"] = 1 } })
        #expect(try !isTaken { $0.causes["x"] = .min })
        #expect(try !isTaken { $0.causes[text(65)] = 1 })
        #expect(try !isTaken { $0.seen = -1 })
        #expect(try !isTaken { $0.seen = .max })
        var large = try shared(SampleStep.make("n", 1, .note), by: neighbour)
        large.origin.number = text(65)
        #expect(try check.check(exchange([large])).lines.isEmpty)
        large = try shared(SampleStep.make("n", 1, .note), by: neighbour)
        large.step.payload = Data(count: WorkLimits.stepBytes + 1)
        #expect(try check.check(exchange([large])).lines.isEmpty)
    }

    /// A site with one case that it told its partner, and one that it told nobody.
    private func scene() async throws -> (line: PairedFleets, told: String, untold: String) {
        let site = try await TestFleet.site("Nord", partners: ["service"], mailboxes: ["desk"])
        let line = try await PairedFleets(site, try await TestFleet.site("Süd"))
        let server = try await site.enrol("h1", hostname: "srv-1")
        try await server.open(SampleFault.make("f1"))
        let told = try await site.store.theOnlyCase().number
        try await line.deliver()
        try await server.open(SampleFault.make("f2", blaming: "sdb", urgency: .watch))
        let untold = try #require(try await site.store.allCases().first { $0.number != told }).number
        return (line, told, untold)
    }

    private func bring(_ lines: [(number: String, step: WorkStep)], to fleet: TestFleet, through: Int64 = 1)
        async throws
        -> [String]
    {
        let work = VerifiedWork(
            collector: "p", key: neighbour.publicKey, have: 0, after: 0, through: through,
            lines: try lines.map { line in
                VerifiedWork.Line(
                    origin: Ticket.Origin(store: fleet.environment.identity.site, number: line.number), step: line.step,
                    signed: try Envelope.sign(WireFormat.encode(line.step), as: .workStep, with: neighbour))
            }, refusals: [])
        return try await fleet.store.take(
            work, from: .partner(recipient: "service", keyID: "k"), at: fleet.clock.time)
    }

    @Test("A partner brings steps about cases that it was told of, and about no others")
    func sharedCasesOnly() async throws {
        let (line, told, untold) = try await scene()
        let lines = [
            (number: untold, step: SampleStep.make("p", 1, .closed)),
            (number: "CH-NONE", step: SampleStep.make("p", 2, .closed)),
            (number: told, step: SampleStep.make("p", 3, .closed)),
        ]
        _ = try await bring(lines, to: line.site)
        #expect(try await line.site.theCase(untold).state == .open)
        #expect(try await line.site.theCase(untold).work == nil)
        #expect(try await line.site.theCase(told).state == .closed)
        // And a site brings none about the partner's own cases, or those of other sites.
        let other = try await line.partner.enrol("h9", hostname: "own")
        try await other.open(SampleFault.make("f9"))
        let theirs = try #require(try await line.partner.store.cases(CaseQuery(host: "h9")).first).number
        let stranger = VerifiedWork(
            collector: "s", key: neighbour.publicKey, have: 0, after: 0, through: 1,
            lines: [
                VerifiedWork.Line(
                    origin: Ticket.Origin(store: line.partner.environment.identity.site, number: theirs),
                    step: SampleStep.make("s", 1, .closed),
                    signed: try Envelope.sign(Data(), as: .workStep, with: neighbour))
            ], refusals: [])
        _ = try await line.partner.store.take(
            stranger, from: .site(id: line.site.environment.identity.site), at: line.partner.clock.time)
        #expect(try await line.partner.theCase(theirs).state == .open)
    }

    @Test(
        "A counter that is known with other words, or about another case, is refused and said; what was said first stays"
    )
    func otherContent() async throws {
        let (line, told, _) = try await scene()
        let first = SampleStep.make("p", 7, .note, why: "first")
        #expect(try await bring([(told, first)], to: line.site).isEmpty)
        #expect(try await bring([(told, first)], to: line.site).isEmpty, "the same once more is no news")
        let refusals = try await bring([(told, SampleStep.make("p", 7, .closed, why: "second"))], to: line.site)
        #expect(refusals.count == 1)
        #expect(refusals.first?.contains("with other words") == true)
        let found = try await line.site.theCase(told)
        #expect(found.work?.entries.map(\.step) == [first])
        #expect(found.state == .open)
    }

    @Test("A crowd of steps fills no case so that its own people cannot close it, and is refused with a reason")
    func crowd() async throws {
        let (line, told, _) = try await scene()
        for name in 1...5 {
            let steps = (1...65).map { (number: told, step: SampleStep.make("p\(name)", Int64($0), .note)) }
            let refusals = try await bring(steps, to: line.site, through: Int64(name))
            #expect(refusals.count == (name < 5 ? 1 : 65))
        }
        #expect(try await line.site.theCase(told).work?.entries.count == 256)
        try await line.site.decide(.close, "enough", on: told)
        #expect(try await line.site.theCase(told).state == .closed)
    }

    @Test("Hostile work in a heartbeat is refused at the door with words, and the sign of life counts all the same")
    func door() async throws {
        let (line, _, _) = try await scene()
        var heartbeat = try await line.heartbeat()
        heartbeat.work = WorkExchange(have: -5, after: 0, through: 0, more: false, steps: [])
        let message = try line.signed(heartbeat)
        await #expect(throws: RequestProblem.self) { _ = try await line.door.accept(heartbeat: message) }
        #expect(try await line.partner.store.pairedSites().first?.lastHeartbeat != nil)
    }

    @Test("A partner cannot close under a site's name: what bears the site's id has to bear its signature")
    func underOurName() async throws {
        let (line, told, _) = try await scene()
        let site = line.site.environment
        let forged = SampleStep.make(site.identity.site, 9, .closed)
        let door = WorkCheck(
            own: site.identity.site, ownKey: site.signingKey.publicKey, collector: "p", key: neighbour.publicKey,
            known: [:])
        let message = exchange([
            SharedStep(
                origin: Ticket.Origin(store: site.identity.site, number: told),
                step: try Envelope.sign(WireFormat.encode(forged), as: .workStep, with: neighbour))
        ])
        let work = try door.check(message)
        #expect(work.refusals.count == 1)
        _ = try await line.site.store.take(
            work, from: .partner(recipient: "service", keyID: "k"), at: line.site.clock.time)
        #expect(try await line.site.theCase(told).state == .open)
    }
}
