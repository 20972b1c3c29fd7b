import Reports

/// The collector's memory of one problem of one part: opened by a fault, joined by further faults that blame the same
/// part, closed when all of them are cleared, when the part was exchanged, or by a person.
struct Case: Hashable, Sendable, Codable {
    enum State: String, Sendable, Codable, CaseIterable { case open, acknowledged, closed }

    /// Where the case came from.
    enum Origin: String, Sendable, Codable {
        /// Faults that an agent reported.
        case faults
        /// An agent, or a paired site's collector, that does not report.
        case silence
        /// Two machines report in the name of one server.
        case identity
        /// More cases of one server than the limit in an hour: one case stands for the rest.
        case storm
        /// `callhome test`.
        case test
        /// A ticket that another collector handed on.
        case relayed
    }

    /// One fault of the case, open or not.
    struct Member: Hashable, Sendable, Codable {
        var fault: Fault
        var isOpen: Bool
        /// The last step of this fault, in one sentence.
        var because: String
    }

    /// One line of the case's history.
    struct Event: Hashable, Sendable, Codable {
        enum Kind: String, Sendable, Codable {
            case opened, updated, acknowledged, closed, delivered, deliveryFailed, diverted, declared
            /// A message that nobody confirmed gave way to a newer one; what nobody is told any more; what is told once more.
            case replaced, notTold, resent
        }
        var time: Timestamp
        var kind: Kind
        /// Who or what did it: a host id, a login, a recipient.
        var by: String
        var because: String
    }

    /// The ticket number, the same on all channels: `CH-7K3Q-0M9D`, up to 0.1 `CH-7K3Q-000012`. It is also the name of the case.
    var number: String
    var origin: Origin
    var host: HostID
    var hostname: String
    /// What the case is about within its host: faults with the same key join one open case.
    var key: String
    /// The part to bring. Of the first open fault.
    var suspect: Suspect
    /// In the order in which they came.
    var members: [Member]
    var state: State
    /// The highest of the open faults; of the last one when all are cleared.
    var urgency: Urgency
    /// The name of the test, where the case is one.
    var test: String?
    /// Rises with each step that recipients are to know of: the `revision` of the newest ticket.
    var revision: Int
    /// The newest `CaseLimits.historyEvents`, oldest first.
    var history: [Event]
    var openedAt: Timestamp
    var updatedAt: Timestamp
    var closedAt: Timestamp?
    /// Why it was closed, in one sentence.
    var closedBecause: String?
    /// What people declared of its part, and what the agent answered; nil where nobody did.
    var declarations: [DeclaredPart]?
    /// Relayed cases: the id of the paired site that handed it on.
    var sender: String?
    /// Relayed cases: the newest ticket as the sender wrote it.
    var relayed: Ticket?
    /// `Ticket.problem`; nil for cases of before and for those that have no fault.
    var problem: String?
    /// `Ticket.perhapsOrderedSince`.
    var perhapsOrderedSince: Timestamp?
    /// Until when its next step is told to everybody, whatever it is: a store in whose place this one goes on may have told of the case,
    /// of which nobody was told here. nil: nobody can have.
    var perhapsToldUntil: Timestamp?
    /// A store in whose place this one goes on may have told a fallback of it, of which nothing is known here: whoever stands in for
    /// another is told its end. nil: none can have.
    var perhapsDiverted: Bool?
    /// What people did about it, here and at collectors that share it; nil where nobody did, or only a version up to 0.1.
    var work: CaseWork?
    /// The number of the case in which it goes on, where its part turned out to be one that had a case already.
    var goesOnIn: String?
    /// How often it got worse, its opening counted; nil counts as once. Of a relayed case, as its ticket says.
    var worsened: Int?

    var isClosed: Bool { state == .closed }
    func isPerhapsTold(at time: Timestamp) -> Bool { perhapsToldUntil.map { time <= $0 } ?? false }
    /// Faults that stand, as `membersByWeight`: the first one heads ticket and page.
    var openFaults: [Fault] { membersByWeight.filter(\.isOpen).map(\.fault) }
    /// The most urgent first, then the more certain, then the older: what is ordered is explained by the fault that
    /// orders it. What was told before it was sure which part it is comes after what names the part.
    var membersByWeight: [Member] {
        let identified = Set(members.filter(\.isOpen).compactMap(\.fault.alsoSeenAs))
        return members.enumerated().sorted { left, right in
            let (one, other) = (left.element, right.element)
            if one.isOpen != other.isOpen { return one.isOpen }
            let isEarlier = (identified.contains(one.fault.component), identified.contains(other.fault.component))
            if isEarlier.0 != isEarlier.1 { return isEarlier.1 }
            if one.fault.urgency != other.fault.urgency { return one.fault.urgency > other.fault.urgency }
            let certainty = (one.fault.suspects.first?.certainty ?? 0, other.fault.suspects.first?.certainty ?? 0)
            return certainty.0 == certainty.1 ? left.offset < right.offset : certainty.0 > certainty.1
        }.map(\.element)
    }

    mutating func note(_ kind: Event.Kind, by: String, because: String, at time: Timestamp) {
        history.append(Event(time: time, kind: kind, by: by, because: because))
        if history.count > CaseLimits.historyEvents {
            // The opening stays: without it the rest is hard to understand.
            history.removeSubrange(1...(history.count - CaseLimits.historyEvents))
        }
    }
}

/// Limits of cases, each with its unit.
enum CaseLimits {
    /// Cases that one host may open in any hour; beyond it one storm case stands for the rest.
    static let perHostPerHour = 20
    /// Events kept of one case.
    static let historyEvents = 200
    /// Faults kept of one case; the oldest cleared ones go first, then the mildest.
    static let members = 64
    /// Signed reports kept with one case and relayed with its tickets: the newest.
    static let reports = 8
    /// Bytes of a person's reason.
    static let reasonBytes = 2_000
    /// A test that was not confirmed on every channel is closed after this.
    static let testLifetime = Duration.seconds(24 * 3600)
}
