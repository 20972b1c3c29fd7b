import Reports
import Testing

@testable import Collector

@Suite("Case rules")
struct CaseRulesTests {
    private let time = SampleFault.time

    private func opening(_ fault: Fault) -> CaseRules.Opening {
        CaseRules.Opening(
            origin: .faults, host: "h1", hostname: "srv-1", key: CaseRules.key(of: fault))
    }

    private func apply(_ kind: FaultChange.Kind, _ fault: Fault, to current: Case?, because: String = "it was seen")
        -> CaseChange
    {
        CaseRules.applying(
            SampleFault.change(kind, fault, because: because), to: current, opening: opening(fault), at: time)
    }

    private func opened(_ fault: Fault) throws -> Case {
        guard case .opened(let found, _) = apply(.opened, fault, to: nil) else { throw Unexpected() }
        return found
    }

    private struct Unexpected: Error {}

    @Test("A new fault opens a case about its first suspect, and says why")
    func opens() throws {
        let fault = SampleFault.make("f1")
        guard case .opened(let found, let because) = apply(.opened, fault, to: nil, because: "24 pending sectors")
        else {
            throw Unexpected()
        }
        #expect(because == "24 pending sectors")
        #expect(found.suspect == fault.suspects[0])
        #expect(found.key == "part:disk:sda")
        #expect(found.history.map(\.because) == ["24 pending sectors"])
    }

    @Test("A fault that was only seen updated opens a case all the same: its opening was lost")
    func opensByUpdate() throws {
        guard case .opened = apply(.updated, SampleFault.make("f1"), to: nil) else { throw Unexpected() }
    }

    @Test(
        "The most urgent fault heads the ticket, whichever came first: what is ordered is explained by what orders it")
    func headline() throws {
        let first = try opened(SampleFault.make("watched", urgency: .watch))
        guard
            case .updated(let found, .send, _) = apply(
                .opened, SampleFault.make("ordering", urgency: .order), to: first)
        else { throw Unexpected() }
        #expect(found.urgency == .order)
        #expect(found.openFaults.map(\.id.rawValue) == ["ordering", "watched"])
        let row = ToldRow(
            caseNumber: found.number, recipient: "desk", because: "it rose", urgency: found.urgency, isTest: false,
            owedSince: found.openedAt)
        let ticket = TicketWriter(site: Ticket.Site(name: "", address: "", contact: ""), store: "s", epoch: .unbegun)
            .ticket(for: found, event: .opened, chassis: Part(), to: row, isRepeated: false)
        #expect(ticket.faults.first?.id.rawValue == "ordering")
    }

    @Test("New evidence alone tells nobody")
    func quiet() throws {
        var found = try opened(SampleFault.make("f1"))
        found.revision = 1
        guard case .updated(_, .keepQuiet, _) = apply(.updated, SampleFault.make("f1"), to: found) else {
            throw Unexpected()
        }
    }

    @Test(
        "What somebody looks after and is more than they knew is open again, and told; further growth of a storm is not"
    )
    func moreThanKnown() throws {
        var storm = try opened(SampleFault.make("f1"))
        (storm.origin, storm.revision, storm.state) = (.storm, 1, .acknowledged)
        guard case .updated(let grown, .send, _) = apply(.opened, SampleFault.make("f2"), to: storm) else {
            throw Unexpected()
        }
        #expect(grown.state == .open && grown.worsened == 2)
        guard case .updated(_, .keepQuiet, _) = apply(.opened, SampleFault.make("f3"), to: grown) else {
            throw Unexpected()
        }
    }

    @Test(
        "A case that goes on is for nobody as they left it: who looked after it, or closed it, thought that it was over"
    )
    func goesOn() throws {
        var found = try opened(SampleFault.make("f1"))
        for kind in [WorkStep.Kind.acknowledged, .closed] {
            let step = WorkStep(
                collector: "s", counter: Int64(found.work?.entries.count ?? 0) + 1, causes: found.work?.causes ?? [:],
                time: time, kind: kind, who: "anna", place: "", why: "", seen: 1)
            found.work = CaseWork(entries: (found.work?.entries ?? []) + [CaseWork.Entry(step: step)])
            guard case .closed(let over, _) = apply(.cleared, SampleFault.make("f1"), to: found) else {
                throw Unexpected()
            }
            let again = try #require(
                CaseRules.reopening(over, by: FaultID(rawValue: "f1"), at: time + CaseRules.goesOn))
            #expect(again.state == .open && again.folded.state == .open)
            #expect(
                CaseRules.reopening(over, by: FaultID(rawValue: "f1"), at: time + CaseRules.goesOn + .milliseconds(1))
                    == nil)
        }
    }

    @Test("A case that gets urgent enough for a ticket tells recipients")
    func rises() throws {
        let found = try opened(SampleFault.make("f1", urgency: .watch))
        guard case .updated(let risen, .send, _) = apply(.updated, SampleFault.make("f1", urgency: .plan), to: found)
        else {
            throw Unexpected()
        }
        #expect(risen.urgency == .plan)
    }

    @Test(
        "Whoever was told of an order is told when it is none any more, by an update or by the end of what ordered it")
    func falls() throws {
        var found = try opened(SampleFault.make("f1", urgency: .order))
        found.revision = 1
        for urgency in [Urgency.plan, .watch] {
            guard
                case .updated(let fallen, .send, _) = apply(
                    .updated, SampleFault.make("f1", urgency: urgency), to: found)
            else { throw Unexpected() }
            #expect(fallen.urgency == urgency)
        }
        guard case .updated(let both, .send, _) = apply(.opened, SampleFault.make("f2", urgency: .plan), to: found),
            case .updated(let one, .send, _) = apply(.cleared, SampleFault.make("f1", urgency: .order), to: both)
        else { throw Unexpected() }
        #expect(one.urgency == .plan)
    }

    @Test("An acknowledged case is open again when it gets more urgent")
    func reopens() throws {
        var found = try opened(SampleFault.make("f1", urgency: .plan))
        found.state = .acknowledged
        guard case .updated(let risen, _, _) = apply(.updated, SampleFault.make("f1", urgency: .order), to: found)
        else {
            throw Unexpected()
        }
        #expect(risen.state == .open)
    }

    @Test("A second fault of the same part joins, and the case closes when both are cleared, not before")
    func joins() throws {
        let found = try opened(SampleFault.make("f1", urgency: .plan))
        guard case .updated(let both, .send, _) = apply(.opened, SampleFault.make("f2", urgency: .order), to: found),
            case .updated(let one, .send, _) = apply(.cleared, SampleFault.make("f2", urgency: .order), to: both)
        else { throw Unexpected() }
        #expect(both.urgency == .order)
        #expect(one.urgency == .plan)
        guard
            case .closed(let closed, let because) = apply(
                .cleared, SampleFault.make("f1"), to: one, because: "all sectors read")
        else { throw Unexpected() }
        #expect(because == "all sectors read")
        #expect(closed.closedBecause == "all sectors read")
    }

    @Test("Cables that nobody could name are as many as what they lead to; one unnamed power supply is one")
    func unnamed() {
        func key(_ kind: ComponentKind, of component: ComponentID) -> String {
            var fault = SampleFault.make("f1")
            fault.component = component
            fault.suspects = [Suspect(component: nil, kind: kind, name: kind.rawValue, part: Part(), certainty: 0.5)]
            return CaseRules.key(of: fault)
        }
        let (card, supply) = (ComponentID(.nic, "eth0"), ComponentID(.psu, "2"))
        #expect(key(.cable, of: card) != key(.cable, of: supply))
        #expect(key(.cable, of: card) == key(.cable, of: card))
        #expect(key(.psu, of: ComponentID(.voltage, "in3")) == key(.psu, of: ComponentID(.voltage, "in4")))
    }

    @Test("Clearing what is unknown or cleared changes nothing, and says so")
    func clearsNothing() throws {
        let fault = SampleFault.make("f1")
        #expect(apply(.cleared, fault, to: nil) == .unchanged(reason: .neverOpened(fault.id)))
        guard case .updated(let both, _, _) = apply(.opened, SampleFault.make("f2"), to: try opened(fault)),
            case .updated(let one, _, _) = apply(.cleared, fault, to: both)
        else { throw Unexpected() }
        #expect(apply(.cleared, fault, to: one) == .unchanged(reason: .alreadyCleared(fault.id)))
    }

    @Test("A case that a person closed stays closed, unless the fault gets worse")
    func staysClosed() throws {
        let closed = CaseRules.closing(
            try opened(SampleFault.make("f1", urgency: .plan)), by: "admin", because: "mended", at: time)
        #expect(
            apply(.updated, SampleFault.make("f1", urgency: .plan), to: closed)
                == .unchanged(reason: .caseClosed(number: closed.number)))
        guard case .opened = apply(.updated, SampleFault.make("f1", urgency: .order), to: closed) else {
            throw Unexpected()
        }
    }

    @Test(
        "A case goes on by a fault that is stated again where all of it had ended, and never with what stood when a person closed it"
    )
    func endsUnheard() throws {
        let (one, other) = (SampleFault.make("f1", urgency: .plan), SampleFault.make("f2", urgency: .plan))
        guard case .updated(let both, _, _) = apply(.opened, other, to: try opened(one)),
            case .updated(let left, _, _) = apply(.cleared, one, to: both),
            case .closed(let ended, _) = apply(.cleared, other, to: left)
        else { throw Unexpected() }
        #expect(CaseRules.reopening(ended, by: one.id, at: time)?.state == .open)
        #expect(CaseRules.reopening(ended, by: FaultID(rawValue: "f3"), at: time) == nil)
        #expect(CaseRules.reopening(ended, by: one.id, at: time + CaseRules.goesOn + .seconds(1)) == nil)
        let closed = CaseRules.closing(left, by: "admin", because: "mended", at: time)
        #expect(CaseRules.reopening(closed, by: one.id, at: time) == nil)
        guard case .opened(let new, _) = apply(.opened, one, to: closed) else { throw Unexpected() }
        #expect(new.members.map(\.fault.id) == [one.id])
    }

    @Test("A fault of a closed case that turns out to be the cause of another is told anew, once")
    func explainsMore() throws {
        let rail = ComponentID(.voltage, "in3")
        func cause(_ signs: ComponentID...) -> Fault {
            var fault = SampleFault.make("f1", urgency: .order)
            fault.evidence += signs.map {
                Evidence.explained($0, Signal("hw.voltage"), because: "The rail is at 4.3 V.", at: time)
            }
            return fault
        }
        let closed = CaseRules.closing(try opened(cause()), by: "admin", because: "exchanged", at: time)
        guard case .opened(let again, _) = apply(.updated, cause(rail), to: closed) else { throw Unexpected() }
        #expect(again.members.count == 1)
        let closedAgain = CaseRules.closing(again, by: "admin", because: "exchanged", at: time)
        #expect(
            apply(.updated, cause(rail), to: closedAgain) == .unchanged(reason: .caseClosed(number: closed.number)))
        guard case .opened = apply(.updated, cause(rail, ComponentID(.voltage, "in4")), to: closedAgain) else {
            throw Unexpected()
        }
    }

    @Test("Another serial in the place of the part is an exchange")
    func exchanged() throws {
        let found = try opened(SampleFault.make("f1", blaming: "sda", part: SampleFault.part(serial: "S1")))
        let sameID = Inventory(components: [SampleFault.disk("sda", serial: "S2", location: nil)])
        #expect(
            CaseRules.exchange(of: found, in: sameID)
                == "The part at /dev/sda was exchanged: serial S1 is out, S2 is in.")
        let samePlace = Inventory(components: [SampleFault.disk("sdz", serial: "S2")])
        #expect(
            CaseRules.exchange(of: found, in: samePlace)
                == "The part at Bay 3 was exchanged: serial S1 is out, S2 is in.")
    }

    @Test("A part that is not listed, that moved, or whose successor has no serial is not exchanged")
    func notExchanged() throws {
        let found = try opened(SampleFault.make("f1", part: SampleFault.part(serial: "S1")))
        #expect(CaseRules.exchange(of: found, in: Inventory(components: [])) == nil)
        let moved = [SampleFault.disk("sda", serial: "S2"), SampleFault.disk("sdb", serial: "S1", location: "Bay 9")]
        #expect(CaseRules.exchange(of: found, in: Inventory(components: moved)) == nil)
        var nameless = SampleFault.disk("sda", serial: "")
        nameless.part.serial = nil
        #expect(CaseRules.exchange(of: found, in: Inventory(components: [nameless])) == nil)
    }

    private func shelf(_ name: String) -> [Component] {
        let backplane = Component(id: ComponentID(.backplane, name), kind: .backplane, name: "shelf \(name)")
        let bay = Component(
            id: ComponentID(.slot, "\(name)/3"), kind: .slot, parent: backplane.id, name: "Bay 3",
            part: Part(location: "Bay 3"))
        return [backplane, bay]
    }

    private func disk(_ serial: String, in shelf: String, location: String = "Bay 3") -> Component {
        var disk = SampleFault.disk("wwn-\(serial)", serial: serial, location: location)
        disk.parent = ComponentID(.slot, "\(shelf)/3")
        return disk
    }

    @Test("The disk that sits in another shelf's bay of the same name is nobody's successor")
    func otherShelf() throws {
        let found = try opened(SampleFault.make("f1", blaming: "wwn-S1", part: SampleFault.part(serial: "S1")))
        let shelves = shelf("a") + shelf("b")
        let both = Inventory(components: shelves + [disk("S1", in: "a"), disk("S2", in: "b")])
        let without = Inventory(components: shelves + [disk("S2", in: "b")])
        var seen = PartsSeen()
        seen.note(both)
        #expect(CaseRules.exchange(of: found, in: without, after: seen) == nil)
        // Nor is one that came to the other shelf since.
        let newcomer = Inventory(components: shelves + [disk("S9", in: "b")])
        #expect(CaseRules.exchange(of: found, in: newcomer, after: seen) == nil)
        // In its own bay it is, though inventories without either lie between.
        seen.note(without)
        seen.note(Inventory(components: shelves))
        let exchanged = Inventory(components: shelves + [disk("S9", in: "a"), disk("S2", in: "b")])
        #expect(
            CaseRules.exchange(of: found, in: exchanged, after: seen)
                == "The part at Bay 3 was exchanged: serial S1 is out, S9 is in.")
        // Where nothing was listed before, the place of its fault has no shelf: what sits in one may be another's.
        #expect(CaseRules.exchange(of: found, in: exchanged) == nil)
    }

    @Test("Whoever was listed beside a part is not its successor: not in its place, not under its id, not after a gap")
    func neighbours() throws {
        let found = try opened(SampleFault.make("f1", blaming: "sda", part: SampleFault.part(serial: "S1")))
        let (own, other) = (SampleFault.disk("sda", serial: "S1"), SampleFault.disk("sdb", serial: "S2"))
        var seen = PartsSeen()
        seen.note(Inventory(components: [own, other]))
        #expect(CaseRules.exchange(of: found, in: Inventory(components: [other]), after: seen) == nil)
        // After a restart the names of devices are dealt anew.
        let renamed = SampleFault.disk("sda", serial: "S2", location: "Bay 7")
        #expect(CaseRules.exchange(of: found, in: Inventory(components: [renamed]), after: seen) == nil)
        // The neighbour was away as well, and comes back alone.
        seen.note(Inventory(components: []))
        #expect(CaseRules.exchange(of: found, in: Inventory(components: [other]), after: seen) == nil)
        // Two in places of one name: neither can be told to be the one.
        let two = ["S8", "S9"].map { SampleFault.disk("wwn-\($0)", serial: $0) }
        #expect(CaseRules.exchange(of: found, in: Inventory(components: two), after: seen) == nil)
    }

    @Test("A serial number in other capitals, with blanks or cut short is the same part, and no exchange")
    func serialsAlike() throws {
        let found = try opened(
            SampleFault.make("f1", blaming: "sda", part: SampleFault.part(serial: "WD-WCC4N1234567")))
        for spelled in ["wd-wcc4n1234567", "  WD-WCC4N1234567 ", "WD-WCC4N12"] {
            let inventory = Inventory(components: [SampleFault.disk("sda", serial: spelled)])
            #expect(CaseRules.exchange(of: found, in: inventory) == nil, "\(spelled)")
        }
        let other = Inventory(components: [SampleFault.disk("sda", serial: "WD-WCC4N7654321")])
        #expect(CaseRules.exchange(of: found, in: other) != nil)
    }

    @Test("What inventories listed is remembered up to the limit: those that were seen least lately go first")
    func seenLimit() throws {
        var seen = PartsSeen()
        seen.note(Inventory(components: [SampleFault.disk("old", serial: "OLD")]))
        let many = (0..<PartsSeen.limit).map { SampleFault.disk("d\($0)", serial: "N\($0)", location: nil) }
        seen.note(Inventory(components: Array(many.dropLast())))
        #expect(seen.sightings.count == PartsSeen.limit)
        seen.note(Inventory(components: many))
        #expect(seen.sightings.count == PartsSeen.limit)
        let old = PartsSeen.Part(kind: .disk, serial: try #require(PartSerial("OLD")))
        #expect(seen.sightings[old] == nil)
    }

    @Test("A case with more faults than it keeps forgets the mildest, never the one that orders the part")
    func keepsTheGravest() throws {
        var found = try opened(SampleFault.make("first", urgency: .order))
        for number in 0...CaseLimits.members {
            guard
                case .updated(let next, _, _) = apply(
                    .opened, SampleFault.make("f\(number)", urgency: .plan), to: found)
            else { throw Unexpected() }
            found = next
        }
        #expect(found.members.count == CaseLimits.members)
        #expect(found.members.contains { $0.fault.id.rawValue == "first" })
        #expect(found.urgency == .order)
    }

    @Test("Unlisted parts in bays of the same name of two shelves are two cases")
    func keysOfBays() {
        func key(of component: String) -> String {
            var fault = SampleFault.make("f1")
            fault.component = ComponentID(.backplane, component)
            fault.suspects = [
                Suspect(component: nil, kind: .slot, name: "Bay 3", part: Part(location: "Bay 3"), certainty: 0.5)
            ]
            return CaseRules.key(of: fault)
        }
        #expect(key(of: "a") != key(of: "b"))
        #expect(key(of: "a") == key(of: "a"))
    }

    @Test("A case keeps its opening and the newest events, at most as many as the limit")
    func history() throws {
        var found = try opened(SampleFault.make("f1"))
        for number in 1...CaseLimits.historyEvents { found.note(.updated, by: "h1", because: "\(number)", at: time) }
        #expect(found.history.count == CaseLimits.historyEvents)
        #expect(found.history.first?.kind == .opened)
        #expect(found.history.last?.because == "\(CaseLimits.historyEvents)")
    }

    @Test("A test can never order a part, whatever it says")
    func testsAreHarmless() {
        let defused = CollectorFaults.defused(SampleFault.make("f1", urgency: .order), test: "t1")
        #expect(defused.urgency == .plan)
        #expect(defused.suspects.map(\.kind) == [.test])
        #expect(defused.suspects[0].part == Part())
    }
}
