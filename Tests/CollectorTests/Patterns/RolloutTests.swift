import Foundation
import Reports
import Testing

@testable import Collector

/// Servers that a rollout is told of, and what it says to them.
struct RolloutDialogue {
    var rollout: Rollout
    var servers: [RolloutServer]
    var time: Timestamp
    var rules = RolloutRules()

    static let start = SampleFault.time

    /// - Parameter before: revisions of the version that ran everywhere; nil where none did.
    init(servers count: Int, revisions: [String: Int] = ["a": 2, "b": 1], before: [String: Int]? = ["a": 1, "b": 1]) {
        time = RolloutDialogue.start
        servers = (0..<count).map { number in
            RolloutServer(
                host: "h\(number)", hostname: "srv-\(number)", heard: RolloutDialogue.start,
                status: ChannelStatus(channel: "vendor", timestamp: 1, active: before == nil ? nil : 1))
        }
        var earlier: Rollout?
        if let before {
            var first = Rollout(channel: "vendor", targets: 1, revisions: before, at: time - .seconds(86_400))
            while first.state != .complete {
                for place in servers.indices { servers[place].heard = time }
                _ = first.decide(servers, RolloutRules(), at: time)
                time = time + .seconds(1800)
            }
            earlier = first
        }
        rollout = Rollout(channel: "vendor", targets: 2, revisions: revisions, after: earlier, at: time)
        hear()
    }

    /// All are heard now.
    mutating func hear() { for place in servers.indices { servers[place].heard = time } }

    mutating func look(after seconds: Int64 = 0) {
        time = time + .seconds(seconds)
        _ = rollout.decide(servers, rules, at: time)
    }

    mutating func answer(
        _ places: Range<Int>, _ state: String, _ entries: [PatternForecast.Entry] = [], clears: Int = 0,
        because: String = "", span: Int = 14 * 86_400
    ) {
        for place in places {
            servers[place].status?.candidate = PatternCandidate(
                targets: 2, state: state, because: because,
                forecast: state == "proved"
                    ? PatternForecast(span: span, entries: entries, clears: clears) : nil)
        }
    }

    /// Those that are told to, run it; and all are heard.
    mutating func obey() {
        hear()
        let offers = rollout.offers(to: servers)
        for place in servers.indices where offers.step(of: servers[place].host) == .activate {
            servers[place].status?.active = 2
            servers[place].status?.before = 1
            servers[place].status?.candidate = nil
        }
    }

    func step(_ place: Int) -> PatternOffer.Step { rollout.offers(to: servers).step(of: servers[place].host) }
    var told: [Int] { servers.indices.filter { rollout.activated[servers[$0].host] != nil } }

    /// All that are told to run it do, and are heard for as long as it takes until more are told.
    mutating func live() {
        obey()
        look(after: 60)
        time = time + rules.settles
        hear()
        look()
    }

    /// All that the ring has room for are told and run it.
    mutating func fill() {
        look()
        var count = -1
        while count != told.count {
            count = told.count
            live()
        }
    }

    /// One ring: told, run, soaked.
    mutating func ring() {
        fill()
        hear()
        look(after: 3600)
    }

    static func entry(_ pattern: String, _ urgency: String, _ surely: Int, _ atMost: Int? = nil, faulty: Int? = nil)
        -> PatternForecast.Entry
    {
        PatternForecast.Entry(
            pattern: pattern, urgency: urgency, surely: surely, atMost: atMost ?? surely, faulty: faulty)
    }

    mutating func open(_ pattern: String, on places: some Sequence<Int>, count: Int = 1) {
        for place in places {
            servers[place].openings.append(FaultOpenings.Entry(pattern: pattern, since: time, count: count))
        }
    }
}

@Suite("How a version of patterns comes to the servers")
struct RolloutTests {
    @Test("Nobody runs a version before all that were heard within a day have tried it")
    func provesFirst() {
        var talk = RolloutDialogue(servers: 100)
        talk.look()
        #expect((0..<100).allSatisfy { talk.step($0) == .prove })
        talk.answer(0..<99, "proved")
        talk.look(after: 3600)
        #expect(talk.rollout.state == .proving)
        #expect(talk.rollout.awaited(talk.servers, talk.rules, at: talk.time).map(\.hostname) == ["srv-99"])
        talk.answer(99..<100, "checking")
        talk.look(after: 60)
        #expect(talk.told.isEmpty)
        talk.answer(99..<100, "proved")
        talk.look(after: 60)
        #expect(talk.rollout.state == .rolling)
        #expect(talk.told.count == 1)
    }

    @Test("A server that was not heard for a day is not waited for, and runs it with the last ring")
    func away() {
        var talk = RolloutDialogue(servers: 40)
        talk.servers[7].heard = talk.time - .seconds(90_000)
        talk.answer(0..<7, "proved")
        talk.answer(8..<40, "proved")
        let hidden = talk.servers[7].heard
        for _ in 0..<4 {
            talk.ring()
            talk.servers[7].heard = hidden
        }
        #expect(!talk.told.contains(7))
        talk.hear()
        talk.answer(7..<8, "proved")
        for _ in 0..<4 { talk.ring() }
        #expect(talk.told.contains(7))
        #expect(talk.rollout.state == .complete)
    }

    @Test(
        "One server that is heard and never answers holds a small fleet, and is not waited for in a large one",
        arguments: [5, 200])
    func neverAnswers(count: Int) {
        var talk = RolloutDialogue(servers: count)
        talk.answer(1..<count, "proved")
        talk.look(after: 86_000)
        #expect(talk.rollout.state == .proving)
        talk.hear()
        talk.look(after: 1000)
        #expect(talk.rollout.state == (count == 5 ? .held : .rolling))
    }

    @Test("The rings are one server, less than 1 %, 10 % and 50 %, and all; each soaks")
    func rings() {
        var talk = RolloutDialogue(servers: 1000)
        talk.answer(0..<1000, "proved")
        var counts: [Int] = []
        for _ in 0..<5 {
            talk.fill()
            counts.append(talk.told.count)
            talk.hear()
            talk.look(after: 3599)
            #expect(talk.told.count == counts.last, "before the hour is over")
            talk.look(after: 1)
        }
        #expect(counts == [1, 9, 99, 499, 1000])
        #expect(talk.rollout.state == .complete)
    }

    @Test("A site of two and a site of one get there too")
    func small() {
        for count in [1, 2, 3] {
            var talk = RolloutDialogue(servers: count)
            talk.answer(0..<count, "proved")
            for _ in 0..<5 { talk.ring() }
            #expect(talk.rollout.state == .complete, "\(count)")
            #expect(talk.told.count == count)
        }
    }

    @Test("Servers that the site names are first, and last")
    func pins() {
        var talk = RolloutDialogue(servers: 30)
        talk.servers[4].pin = .first
        talk.servers[5].pin = .last
        talk.answer(0..<30, "proved")
        talk.look()
        #expect(talk.told == [4])
        talk.obey()
        while talk.rollout.ring < RolloutRules.last {
            #expect(!talk.told.contains(5))
            talk.ring()
        }
        talk.ring()
        #expect(talk.told.contains(5))
    }

    @Test("Another server is first with the next version")
    func notAlwaysTheSame() {
        var first: Set<Int> = []
        for version in 2..<12 {
            var talk = RolloutDialogue(servers: 50)
            talk.rollout = Rollout(channel: "vendor", targets: Int64(version), revisions: ["a": version], at: talk.time)
            for place in 0..<50 {
                talk.servers[place].status?.candidate = PatternCandidate(
                    targets: Int64(version), state: "proved",
                    forecast: PatternForecast(span: PatternForecast.leastSpan, entries: []))
            }
            talk.look()
            first.formUnion(talk.told)
        }
        #expect(first.count > 3)
    }

    @Test("A version that foretells orders everywhere waits for a person, who sees the figures and may let it go on")
    func ordersEverywhere() {
        var talk = RolloutDialogue(servers: 100)
        talk.answer(0..<100, "proved", [RolloutDialogue.entry("a", "order", 1)])
        talk.look()
        #expect(talk.rollout.state == .held)
        #expect(talk.rollout.cause == .orders(servers: 100, of: 100, surely: 100, atMost: 100, pattern: "a"))
        #expect((0..<100).allSatisfy { talk.step($0) == .prove })
        let figure = talk.rollout.figures(of: talk.servers, at: talk.time).first
        #expect(figure?.servers == 100 && figure?.surely == 100)
        talk.look(after: 86_400 * 30)
        #expect(talk.told.isEmpty)
        talk.hear()
        #expect(talk.rollout.takes(.rollout))
        talk.rollout.take(.rollout, by: "anna", because: "they are broken", among: talk.servers, at: talk.time)
        talk.look()
        #expect(talk.told.count == 1)
    }

    @Test("Few orders are foretold by the few servers that fail; one more than one in a hundred is too many")
    func fewOrders() {
        for (count, state) in [(10, Rollout.State.rolling), (11, .held)] {
            var talk = RolloutDialogue(servers: 1000)
            talk.answer(0..<1000, "proved")
            talk.answer(0..<count, "proved", [RolloutDialogue.entry("a", "order", 1)])
            talk.look()
            #expect(talk.rollout.state == state, "\(count)")
        }
    }

    @Test("Possible orders, faults that would end, and much to watch hold a version as well")
    func otherObjections() {
        let cases: [([PatternForecast.Entry], Int, Int)] = [
            ([RolloutDialogue.entry("a", "plan", 0, 3)], 0, 51),
            ([RolloutDialogue.entry("a", "unheard-of", 0, 1)], 0, 51), ([], 2, 51),
            ([RolloutDialogue.entry("a", "watch", 0, 1)], 0, 201),
        ]
        for (entries, clears, count) in cases {
            for (extra, state) in [(0, Rollout.State.held), (-1, .rolling)] {
                var talk = RolloutDialogue(servers: 1000)
                talk.answer(0..<1000, "proved")
                talk.answer(0..<count + extra, "proved", entries, clears: clears)
                talk.look()
                #expect(talk.rollout.state == state, "\(entries) \(clears) \(count + extra)")
            }
        }
    }

    @Test("A version that servers refuse waits for a person")
    func refused() {
        var talk = RolloutDialogue(servers: 3)
        talk.answer(0..<2, "proved")
        talk.answer(2..<3, "refused", because: "its own test 2 fails")
        talk.look()
        #expect(
            talk.rollout.cause
                == .refused(servers: 1, of: 3, example: "srv-2", because: "its own test 2 fails"))
        #expect(talk.rollout.cause?.words(in: .german).contains("its own test 2 fails") == true)
    }

    @Test("A server that could not take a version yet is waited for, and holds a small fleet once a day is over")
    func unable() {
        var talk = RolloutDialogue(servers: 3)
        talk.answer(0..<2, "proved")
        talk.servers[2].status?.refused = "metadata/timestamp.json did not come: it took too long"
        talk.look()
        #expect(talk.rollout.state == .proving)
        talk.hear()
        talk.look(after: 87_000)
        talk.hear()
        talk.look()
        #expect(talk.rollout.state == .held)
    }

    @Test("A server that goes back by itself halts it; it goes no further until a person says so")
    func wentBack() {
        var talk = RolloutDialogue(servers: 100)
        talk.answer(0..<100, "proved")
        talk.look()
        let first = talk.told[0]
        talk.obey()
        talk.servers[first].status?.active = 1
        talk.servers[first].status?.candidate = PatternCandidate(
            targets: 2, state: "withdrawn", because: "two crashes in ten minutes")
        talk.look(after: 300)
        #expect(talk.rollout.state == .halted)
        #expect((0..<100).allSatisfy { talk.step($0) == .hold })
        talk.hear()
        talk.look(after: 86_400)
        #expect(talk.told == [first])
    }

    @Test("A server that falls silent after the swap halts it; one that fell silent before it heard of it does not")
    func silent() {
        for isAfter in [true, false] {
            var talk = RolloutDialogue(servers: 100)
            talk.answer(0..<100, "proved")
            let before = talk.time - .seconds(30)
            talk.look()
            let first = talk.told[0]
            talk.obey()
            talk.servers[first].isSilent = true
            talk.servers[first].heard = isAfter ? talk.time : before
            talk.look(after: 300)
            #expect(talk.rollout.state == (isAfter ? .halted : .rolling))
        }
    }

    @Test(
        "A server that goes away in order soon after the swap keeps no other from it, and one that is away is told nothing"
    )
    func goesAway() {
        var talk = RolloutDialogue(servers: 3)
        talk.answer(0..<3, "proved")
        talk.look()
        let first = talk.told[0]
        talk.obey()
        talk.servers[first].isAway = true
        let second = (first + 1) % 3
        talk.servers[second].isAway = true
        talk.look(after: 60)
        talk.look(after: 7200)
        talk.look(after: 60)
        #expect(talk.told.sorted() == [first, (first + 2) % 3].sorted())
        #expect(talk.rollout.state == .rolling)
    }

    @Test("Within a ring no more are told at once than live with it by now")
    func steps() {
        var talk = RolloutDialogue(servers: 1000)
        talk.answer(0..<1000, "proved")
        while talk.rollout.ring < 2 { talk.ring() }
        var counts = [talk.told.count]
        for _ in 0..<4 {
            talk.obey()
            talk.look(after: 600)
            #expect(talk.told.count == counts.last, "before they were heard for long enough")
            talk.live()
            counts.append(talk.told.count)
        }
        #expect(counts == [18, 36, 72, 99, 99])
    }

    @Test("Of two servers the first that falls silent after the swap keeps the other from it, until it is heard again")
    func firstOfTwo() {
        var talk = RolloutDialogue(servers: 2)
        talk.answer(0..<2, "proved")
        talk.look()
        let first = talk.told[0]
        talk.obey()
        // Nothing is known of it yet.
        for _ in 0..<3 {
            talk.servers[1 - first].heard = talk.time
            talk.look(after: 300)
            #expect(talk.told == [first] && talk.rollout.state == .rolling)
        }
        talk.servers[first].isSilent = true
        talk.look(after: 300)
        #expect(talk.rollout.state == .halted)
        guard case .silent(servers: 1, of: 1, expected: 0) = talk.rollout.cause else {
            Issue.record("\(String(describing: talk.rollout.cause))")
            return
        }
        talk.servers[1 - first].heard = talk.time
        talk.look(after: 80_000)
        #expect(talk.told == [first])
        talk.servers[first].isSilent = false
        for _ in 0..<4 {
            talk.hear()
            talk.look(after: 3600)
        }
        #expect(talk.rollout.state == .rolling && talk.told.count == 2)
    }

    @Test("What falls silent together with those that do not run the version is a power cut, and no fault of it")
    func powerCut() {
        for isCut in [true, false] {
            var talk = RolloutDialogue(servers: 1000)
            talk.answer(0..<1000, "proved")
            while talk.rollout.ring < 2 { talk.ring() }
            talk.obey()
            let told = talk.told
            let fallen = told.filter { talk.rollout.settledIn[talk.servers[$0].host] == nil }.prefix(6)
            talk.time = talk.time + .seconds(1800)
            for place in 0..<1000 {
                let isOff = fallen.contains(place) || (isCut && !told.contains(place) && place % 3 == 0)
                talk.servers[place].isSilent = isOff
                if !isOff { talk.servers[place].heard = talk.time }
            }
            talk.look()
            #expect(talk.rollout.state == (isCut ? .rolling : .halted))
        }
    }

    @Test("What was tried on less than half a day proves nothing: it waits while most remember no more, then goes on")
    func unremembered() {
        var talk = RolloutDialogue(servers: 10)
        talk.answer(0..<10, "proved", span: PatternForecast.leastSpan - 1)
        talk.look()
        #expect(talk.rollout.state == .held)
        #expect(talk.rollout.cause == .unremembered(servers: 10, of: 10))
        #expect((0..<10).allSatisfy { talk.step($0) == .prove })
        let text = talk.rollout.sentence(of: talk.servers[0], talk.rules, at: talk.time, in: .english)
        #expect(text.contains("12 hours"))
        talk.answer(0..<4, "proved", span: PatternForecast.leastSpan)
        talk.look(after: 60)
        #expect(talk.rollout.state == .held)
        talk.answer(0..<5, "proved", span: PatternForecast.leastSpan)
        talk.look(after: 60)
        #expect(talk.rollout.state == .rolling)
        #expect(talk.rollout.members == ["h0", "h1", "h2", "h3", "h4"])
        while talk.rollout.ring < RolloutRules.last {
            #expect(talk.told.allSatisfy { $0 < 5 })
            talk.ring()
        }
        for _ in 0..<2 { talk.ring() }
        #expect(talk.told.count == 10 && talk.rollout.state == .complete)
    }

    @Test("A person may let go on what nobody remembers enough for; a forecast that is worse is said instead")
    func unrememberedByAPerson() {
        var talk = RolloutDialogue(servers: 3)
        talk.answer(0..<3, "proved", span: 60)
        talk.look()
        talk.rollout.take(.rollout, by: "anna", because: "a new site", among: talk.servers, at: talk.time)
        talk.look()
        #expect(talk.told.count == 1)
        var other = RolloutDialogue(servers: 3)
        other.answer(0..<3, "proved", span: 60)
        other.look()
        other.answer(0..<1, "proved", [RolloutDialogue.entry("a", "order", 1)])
        other.answer(1..<3, "proved")
        other.look(after: 60)
        guard case .orders = other.rollout.cause else {
            Issue.record("\(String(describing: other.rollout.cause))")
            return
        }
    }

    @Test("In a site of two an order for a part that has a fault already gets through; one for any other part waits")
    func orderOfTwo() {
        for (faulty, surely, places, state) in [
            (1, 1, 1, Rollout.State.rolling), (2, 2, 1, .rolling), (nil, 1, 1, .held), (1, 2, 1, .held),
            (1, 1, 2, .held), (9, 1, 1, .rolling), (-3, 1, 1, .held),
        ] as [(Int?, Int, Int, Rollout.State)] {
            var talk = RolloutDialogue(servers: 2)
            talk.answer(0..<2, "proved")
            talk.answer(0..<places, "proved", [RolloutDialogue.entry("a", "order", surely, faulty: faulty)])
            talk.look()
            #expect(talk.rollout.state == state, "\(String(describing: faulty)) of \(surely) on \(places)")
            guard state == .rolling else { continue }
            for _ in 0..<4 { talk.ring() }
            #expect(talk.rollout.state == .complete && talk.told.count == 2)
        }
    }

    @Test("Orders for parts that have a fault already hold a fleet where more than one server in twenty foretells them")
    func orderOfFaulty() {
        for (count, state) in [(50, Rollout.State.rolling), (51, .held)] {
            var talk = RolloutDialogue(servers: 1000)
            talk.answer(0..<1000, "proved")
            talk.answer(0..<count, "proved", [RolloutDialogue.entry("a", "order", 1, faulty: 1)])
            talk.look()
            #expect(talk.rollout.state == state, "\(count)")
        }
    }

    @Test("Faults that nobody foretold halt it; foretold ones do not")
    func faults() {
        for foretold in [0, 1] {
            var talk = RolloutDialogue(servers: 100)
            talk.answer(0..<100, "proved")
            if foretold > 0 {
                talk.answer(0..<100, "proved", [RolloutDialogue.entry("a", "inform", 0, 1)])
            }
            talk.look()
            talk.obey()
            talk.time = talk.time + .seconds(120)
            talk.open("a", on: talk.told)
            talk.look()
            #expect(talk.rollout.state == (foretold == 0 ? .halted : .rolling))
        }
    }

    @Test(
        "What a server opened before it was told is none of the version's, also in the same minute; what it opens after is"
    )
    func sameMinute() {
        for seconds: Int64 in [-1, 1] {
            var talk = RolloutDialogue(servers: 100)
            talk.answer(0..<100, "proved")
            let minute = FaultOpenings.span.inMilliseconds
            talk.time = Timestamp(milliseconds: (talk.time.milliseconds / minute + 1) * minute + minute / 2)
            talk.look()
            var (openings, fault) = (FaultOpenings(), SampleFault.make("f"))
            fault.pattern = "a"
            openings.note(fault, at: talk.time + .seconds(seconds))
            for place in talk.told { talk.servers[place].openings = openings.entries }
            talk.obey()
            talk.look(after: 2)
            #expect(talk.rollout.state == (seconds < 0 ? .rolling : .halted), "\(seconds) s")
        }
    }

    @Test("A wave of faults that the old revision finds elsewhere as well halts nothing")
    func wave() {
        var talk = RolloutDialogue(servers: 100)
        talk.answer(0..<100, "proved")
        talk.look()
        let first = talk.told[0]
        talk.obey()
        talk.look(after: 1800)
        talk.open("a", on: 0..<60)
        talk.look(after: 120)
        #expect(talk.told == [first])
        talk.open("a", on: [first])
        talk.look()
        #expect(talk.rollout.state == .rolling)
    }

    @Test("A halt by a wave that the others show later ends by itself after an hour, and one by a flood does not")
    func waveLater() {
        for isWave in [true, false] {
            var talk = RolloutDialogue(servers: 100)
            talk.answer(0..<100, "proved")
            talk.look()
            let first = talk.told[0]
            talk.obey()
            talk.time = talk.time + .seconds(1200)
            talk.open("a", on: [first])
            talk.look()
            #expect(talk.rollout.state == .halted)
            if isWave { talk.open("a", on: (0..<100).filter { $0 != first }) }
            talk.hear()
            talk.look(after: 60)
            #expect(talk.rollout.state == .halted)
            talk.hear()
            talk.look(after: 3600)
            #expect(talk.rollout.state == (isWave ? .rolling : .halted))
        }
    }

    @Test(
        "What an unchanged pattern finds on the same server at the same time is a part that fails, and no fault of the version"
    )
    func shared() {
        var talk = RolloutDialogue(servers: 100)
        talk.answer(0..<100, "proved")
        talk.look()
        talk.obey()
        talk.time = talk.time + .seconds(120)
        talk.open("a", on: talk.told)
        talk.open("b", on: talk.told)
        talk.look()
        #expect(talk.rollout.state == .rolling)
    }

    @Test("A flood is seen also where it keeps to a pattern of its own in the last ring")
    func floodInTheLastRing() {
        var talk = RolloutDialogue(servers: 200)
        talk.answer(0..<200, "proved")
        while talk.rollout.ring < RolloutRules.last { talk.ring() }
        talk.fill()
        #expect(talk.told.count == 200)
        talk.open("a", on: 0..<200)
        talk.look(after: 60)
        #expect(talk.rollout.state == .halted)
        // Nobody is left to compare with: it goes on once nothing came for an hour, and the hour after was quiet.
        talk.hear()
        talk.look(after: 3700)
        talk.hear()
        talk.look(after: 3600)
        #expect(talk.rollout.state == .rolling)
    }

    @Test("A person halts it, lets it go on, and takes it back; who runs it returns, and nobody else is told anything")
    func people() {
        var talk = RolloutDialogue(servers: 10)
        talk.answer(0..<10, "proved")
        talk.look()
        talk.obey()
        let first = talk.told[0]
        talk.rollout.take(.halt, by: "anna", because: "wait", among: talk.servers, at: talk.time)
        talk.look(after: 86_400)
        #expect(talk.rollout.state == .halted && talk.told == [first])
        #expect(!talk.rollout.takes(.halt))
        talk.hear()
        talk.rollout.take(.rollout, by: "anna", because: "go on", among: talk.servers, at: talk.time)
        for _ in 0..<2 { talk.ring() }
        #expect(talk.told.count > 1)
        talk.rollout.take(.rollback, by: "anna", because: "no", among: talk.servers, at: talk.time)
        for place in 0..<10 { #expect(talk.step(place) == (talk.told.contains(place) ? .back : .hold)) }
        talk.look(after: 86_400)
        #expect(talk.rollout.state == .back)
        #expect(talk.rollout.said?.by == "anna")
    }

    @Test("What is still being tried cannot be let go on")
    func notUnseen() {
        var talk = RolloutDialogue(servers: 10)
        talk.look()
        #expect(!talk.rollout.takes(.rollout))
    }

    @Test("What a person has seen counts no more; what comes after does")
    func forgiven() {
        var talk = RolloutDialogue(servers: 100)
        talk.answer(0..<100, "proved")
        talk.look()
        let first = talk.told[0]
        talk.obey()
        talk.time = talk.time + .seconds(120)
        talk.open("a", on: [first])
        talk.look()
        #expect(talk.rollout.state == .halted)
        talk.rollout.take(.rollout, by: "anna", because: "it is broken", among: talk.servers, at: talk.time)
        talk.look(after: 60)
        #expect(talk.rollout.state == .rolling)
        talk.open("a", on: [first], count: 2)
        talk.look(after: 60)
        #expect(talk.rollout.state == .halted)
    }

    @Test("Every state and every cause is said in both languages, with its figures")
    func words() {
        let causes: [Rollout.Cause] = [
            .refused(servers: 7, of: 9, example: "e", because: "b"), .unanswered(servers: 7, of: 9),
            .unremembered(servers: 7, of: 9),
            .orders(servers: 7, of: 9, surely: 1, atMost: 2, pattern: "p"), .noise(servers: 7, of: 9, pattern: "p"),
            .clears(servers: 7, of: 9, faults: 3), .wentBack(servers: 7, of: 9, example: "e", because: "b"),
            .silent(servers: 7, of: 9, expected: 1),
            .faults(pattern: "p", found: 7, servers: 9, foretold: 1, others: 2),
        ]
        for cause in causes {
            let (english, german) = (cause.words(in: .english), cause.words(in: .german))
            #expect(english != german)
            for text in [english, german] { #expect(text.contains("7") && text.contains("9"), "\(text)") }
        }
    }

    @Test("A rollout is the same after it was kept and read")
    func kept() throws {
        var talk = RolloutDialogue(servers: 100)
        talk.answer(0..<100, "proved", [RolloutDialogue.entry("a", "watch", 0, 0)])
        talk.ring()
        talk.rollout.take(.halt, by: "anna", because: "wait", among: talk.servers, at: talk.time)
        let kept = try WireFormat.decode(Rollout.self, from: WireFormat.encode(talk.rollout))
        #expect(kept == talk.rollout)
    }
}
