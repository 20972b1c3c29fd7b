import Reports

/// Decides what a fault change does to a case. Pure: same input, same output.
enum CaseRules {
    /// What a case is opened as, if one is. Its number is drawn then, and is empty until then.
    struct Opening: Hashable, Sendable {
        var origin: Case.Origin
        var host: HostID
        var hostname: String
        var key: String
    }

    /// What a fault is about within its host. Faults of the same part have the same key.
    static func key(of fault: Fault) -> String {
        if let test = fault.test { return "test:\(test)" }
        if fault.pattern == CollectorFaults.silencePattern { return "silence" }
        if fault.pattern == CollectorFaults.twofoldPattern { return twofoldKey }
        guard let suspect = fault.suspects.first else { return "class:\(fault.faultClass)" }
        if let component = suspect.component { return "part:\(component)" }
        // The cable of a network card is not that of a power supply, though neither has a name; and each shelf has a Bay 3.
        if manyInAServer.contains(suspect.kind) { return "part:\(suspect.kind) of \(fault.component)" }
        if let location = suspect.part.location { return "part:\(suspect.kind)/\(location)" }
        return "part:\(suspect.kind)/\(suspect.name)"
    }

    /// The key of the same part's case from before it was sure which part it is; nil where it always was, and where the
    /// fault blames another part than the one that it is about.
    static func earlierKey(of fault: Fault) -> String? {
        guard let earlier = fault.alsoSeenAs, earlier != fault.component,
            fault.suspects.first?.component == fault.component
        else { return nil }
        return "part:\(earlier)"
    }

    /// A case whose part is known better now: it goes by that part's name from here on.
    static func naming(_ found: Case, by fault: Fault) -> Case {
        var named = found
        named.key = key(of: fault)
        return named
    }

    /// What is said with a fault that tells for the first time which part a case is about.
    static func identification(of fault: Fault, before: Suspect) -> String {
        let part = fault.suspects.first.map { [$0.name, $0.part.location].compactMap(\.self) } ?? []
        let place = part.count == 2 && part[0] != part[1] ? "\(part[0]) at \(part[1])" : part.first ?? ""
        let called = place == before.name ? "" : ", which was called \(before.name) until now"
        return "It is known now which part it is: \(place)\(called)."
    }

    static let twofoldKey = "twofold"

    /// Whether a fault that stands in an open case is put down to another part by now. A part that is not named is none: it may
    /// just not be found in the inventory.
    static func isAboutAnother(_ found: Case, than fault: Fault) -> Bool {
        found.origin == .faults && !found.isClosed && fault.suspects.first?.component != nil
            && key(of: fault) != found.key
    }

    /// Kinds of which a server has many: two that nobody could name are two, and those of one component are one.
    private static let manyInAServer: Set<ComponentKind> = [.cable, .slot, .optic, .disk, .dimm, .fan]

    /// - Parameters:
    ///   - current: the case that holds the fault; else the open case with the same key; else nil.
    ///   - opening: how a case is named if one is opened.
    ///   - unlisted: how many faults of the case stand beside those that it lists.
    ///   - time: by the collector's clock.
    static func applying(
        _ change: FaultChange, to current: Case?, opening: Opening, unlisted: Int = 0, at time: Timestamp
    ) -> CaseChange {
        switch change.kind {
        case .cleared: clearing(change, in: current, unlisted: unlisted, at: time)
        case .opened, .updated: raising(change, in: current, opening: opening, at: time)
        }
    }

    private static func clearing(
        _ change: FaultChange, in current: Case?, unlisted: Int, at time: Timestamp
    ) -> CaseChange {
        guard var found = current else { return .unchanged(reason: .neverOpened(change.fault.id)) }
        guard !found.isClosed else { return .unchanged(reason: .caseClosed(number: found.number)) }
        if let index = found.members.firstIndex(where: { $0.fault.id == change.fault.id }) {
            guard found.members[index].isOpen else { return .unchanged(reason: .alreadyCleared(change.fault.id)) }
            found.members[index] = Case.Member(fault: change.fault, isOpen: false, because: change.because)
        } else if !found.openFaults.isEmpty || unlisted > 0 {
            // One of those that the case had no room to list.
            return .unchanged(reason: .neverOpened(change.fault.id))
        }
        found.updatedAt = time
        if found.openFaults.isEmpty, unlisted == 0 {
            let because =
                found.goesOnIn.map { "\(change.because) It goes on in case \($0): both are one part, to be sent once." }
                ?? change.because
            return .closed(closing(found, by: found.host, because: because, at: time), because: because)
        }
        found.note(.updated, by: found.host, because: change.because, at: time)
        let before = found
        weigh(&found)
        return .updated(
            found, notice: notice(before: before, after: found, joined: false, fault: change.fault),
            because: change.because)
    }

    private static func raising(
        _ change: FaultChange, in current: Case?, opening: Opening, at time: Timestamp
    ) -> CaseChange {
        guard var found = current else { return opened(by: change, opening: opening, at: time) }
        let index = found.members.firstIndex { $0.fault.id == change.fault.id }
        if found.isClosed {
            // Closed by a person or by an exchange, and the agent still sees the fault: only getting worse speaks
            // against whoever closed it, and so does a new sign that it explains, which nothing else would tell.
            // Where the fault itself had ended, nobody spoke of it: it is there again.
            if let index, found.members[index].isOpen, found.members[index].fault.urgency >= change.fault.urgency,
                !explainsMore(change.fault, than: found.members[index].fault)
            {
                return .unchanged(reason: .caseClosed(number: found.number))
            }
            return opened(by: change, opening: opening, at: time)
        }
        let before = found
        let member = Case.Member(fault: change.fault, isOpen: true, because: change.because)
        if let index { found.members[index] = member } else { found.members.append(member) }
        forgetOldest(&found)
        weigh(&found)
        if isWorse(found, than: before, by: change.fault) {
            worsen(&found)
            // Whoever looks after it knew of less.
            if found.state == .acknowledged { found.state = .open }
        }
        found.updatedAt = time
        found.note(.updated, by: found.host, because: change.because, at: time)
        return .updated(
            found, notice: notice(before: before, after: found, joined: index == nil, fault: change.fault),
            because: change.because)
    }

    /// It is more than anybody knew who did something about it. Also where they knew of more than this store remembers, which was
    /// put back since: the count goes on above theirs.
    static func worsen(_ found: inout Case) {
        let seen = (found.work?.entries ?? []).map(\.step.seen).max() ?? 1
        found.worsened = min(max(found.worsened ?? 1, seen) + 1, CountBounds.range.upperBound)
    }

    /// Whether it is more than people knew who looked after it or closed it: more urgent, a further fault that matters, or the
    /// cause of something new. A fault that they knew of, and that went and came again, is not.
    private static func isWorse(_ after: Case, than before: Case, by fault: Fault) -> Bool {
        if after.urgency > before.urgency { return true }
        guard let known = before.members.first(where: { $0.fault.id == fault.id }) else {
            // The failure that they knew of, by the part's better name, is no further one.
            let isKnown = fault.alsoSeenAs.map { earlier in before.openFaults.contains { $0.component == earlier } }
            return fault.urgency.makesTicket && isKnown != true
        }
        return explainsMore(fault, than: known.fault)
    }

    /// Whether a fault is the cause of another that it was not before, of any other part: the same failure under the name that
    /// the part had before is no further one.
    private static func explainsMore(_ new: Fault, than old: Fault) -> Bool {
        new.evidence.contains { sign in
            sign.isExplained && sign.component != new.alsoSeenAs
                && !old.evidence.contains {
                    $0.isExplained && $0.component == sign.component && $0.signal == sign.signal
                }
        }
    }

    private static func opened(by change: FaultChange, opening: Opening, at time: Timestamp) -> CaseChange {
        var new = Case(
            number: "", origin: opening.origin, host: opening.host, hostname: opening.hostname,
            key: opening.key, suspect: suspect(of: change.fault, opening),
            members: [Case.Member(fault: change.fault, isOpen: true, because: change.because)], state: .open,
            urgency: change.fault.urgency, test: change.fault.test, revision: 0, history: [], openedAt: time,
            updatedAt: time, problem: Ticket.problem(host: opening.host, fault: change.fault.id))
        new.note(.opened, by: opening.host, because: change.because, at: time)
        return .opened(new, because: change.because)
    }

    private static func suspect(of fault: Fault, _ opening: Opening) -> Suspect {
        let server = Suspect(component: nil, kind: .server, name: opening.hostname, part: Part(), certainty: 0)
        return opening.origin == .storm ? server : fault.suspects.first ?? server
    }

    /// Notifies recipients when the case first matters, is more or less urgent, grows by a fault that matters, or names
    /// another part, or is more than whoever looks after it knew of; never for new evidence alone. Whoever holds an order has to know
    /// when it is none any more.
    private static func notice(before: Case, after: Case, joined: Bool, fault: Fault) -> CaseChange.Notice {
        guard after.revision > 0 else { return after.urgency.makesTicket ? .send : .keepQuiet }
        if after.urgency != before.urgency { return .send }
        // Nobody looks after all of it any more, and whoever did, wherever that was, has to hear of it.
        if before.state == .acknowledged, after.state == .open { return .send }
        guard after.urgency.makesTicket else { return .keepQuiet }
        if after.origin == .storm { return .keepQuiet }
        if joined, fault.urgency.makesTicket { return .send }
        let (old, new) = (before.suspect, after.suspect)
        return old.component != new.component || old.part != new.part ? .send : .keepQuiet
    }

    /// Urgency and suspect follow from the open faults.
    private static func weigh(_ found: inout Case) {
        let open = found.openFaults
        if let highest = open.map(\.urgency).max() { found.urgency = highest }
        if found.origin != .storm, let suspect = open.first?.suspects.first { found.suspect = suspect }
    }

    private static func forgetOldest(_ found: inout Case) {
        while found.members.count > CaseLimits.members {
            // Of those that stand, the mildest: what orders a part is never forgotten for what came later.
            let mildest = found.members.map(\.fault.urgency).min()
            found.members.remove(
                at: found.members.firstIndex { !$0.isOpen } ?? found.members.firstIndex { $0.fault.urgency == mildest }
                    ?? 0)
        }
    }

    /// For how long after its end a case goes on where its fault is stated again; later that is a new case.
    static let goesOn = Duration.seconds(7 * 86_400)

    /// The closed case as it goes on, where it closed because `fault` and all others of it had ended; nil for one that a person
    /// or an exchange closed while the fault stood, and for one that ended too long ago.
    static func reopening(_ found: Case, by fault: FaultID, at time: Timestamp) -> Case? {
        // What stood when a person closed it ends unheard: with it the case would be open for ever.
        guard found.isClosed, found.openFaults.isEmpty, found.members.contains(where: { $0.fault.id == fault }),
            found.closedAt.map({ time - $0 <= goesOn }) ?? false
        else { return nil }
        var again = found
        again.state = .open
        // It had ended for whoever looked after it or closed it.
        worsen(&again)
        (again.closedAt, again.closedBecause) = (nil, nil)
        return again
    }

    /// Whether a closed case may be open again at a store that went on from the same one: by a fault that had ended, by a storm, or
    /// by what another collector tells.
    static func mayGoOn(_ found: Case) -> Bool {
        found.origin == .storm || found.sender != nil || found.members.contains { !$0.isOpen }
    }

    static func perhapsTold(_ found: Case, at time: Timestamp) -> Case {
        var known = found
        known.perhapsToldUntil = time + goesOn
        return known
    }

    static func acknowledging(_ found: Case, by: String, because: String, at time: Timestamp) -> Case {
        var acknowledged = found
        acknowledged.state = .acknowledged
        acknowledged.updatedAt = time
        acknowledged.note(.acknowledged, by: by, because: because, at: time)
        return acknowledged
    }

    static func closing(_ found: Case, by: String, because: String, at time: Timestamp) -> Case {
        var closed = found
        closed.state = .closed
        closed.closedAt = time
        closed.updatedAt = time
        closed.closedBecause = because
        closed.note(.closed, by: by, because: because, at: time)
        return closed
    }

    /// Why the part of `found` is no longer in the machine, as its inventory shows; nil while it may be.
    ///
    /// A part that is not listed may just be unreadable: only another part that came after it, and sits in its place,
    /// speaks for an exchange. One that was listed beside it is its neighbour, though its bay bears the same name.
    /// - Parameter seen: what the inventories before this one listed.
    static func exchange(of found: Case, in inventory: Inventory, after seen: PartsSeen = PartsSeen()) -> String? {
        guard found.origin == .faults, let written = found.suspect.part.serial, let serial = PartSerial(written) else {
            return nil
        }
        let kind = found.suspect.kind
        let alike = inventory.components.filter { $0.kind == kind }
        let isThere = alike.contains { PartSerial($0.part.serial)?.isSame(as: serial) ?? false }
        guard !isThere else { return nil }
        let gone = PartsSeen.Part(kind: kind, serial: serial)
        // Of a part that no inventory listed, only what its fault says of its place is known.
        let place =
            seen.sightings[gone].map(\.place)
            ?? found.suspect.part.location.flatMap { $0.isEmpty ? nil : PartPlace(location: $0) }
        let components = inventory.componentsByID
        let newcomers = alike.filter { component in
            PartsSeen.Part(component).map { !seen.wasBeside($0, gone) } ?? false
        }
        let heirs = alike.filter { place != nil && PartPlace(of: $0, among: components) == place }
        // A place in which two sit is the name of several.
        let successor =
            newcomers.first { $0.id == found.suspect.component }
            ?? (heirs.count == 1 ? newcomers.first { $0.id == heirs[0].id } : nil)
        guard let successor, let new = successor.part.serial else { return nil }
        let spot = successor.part.location ?? successor.name
        return "The part at \(spot) was exchanged: serial \(written) is out, \(new) is in."
    }
}
