public import Reports

/// That a fault of a class has ended because its part was exchanged or mended.
struct Mend: Hashable, Codable, Sendable {
    var verb: PartDeclaration.Verb
    var time: Timestamp

    /// How long the same class is said to have come back.
    static let remembered = Duration.seconds(90 * 86_400)
    /// Classes remembered of one component.
    static let classes = 64
}

/// What a part says of itself that another one would say otherwise; nil where it says nothing, as fans do.
struct PartIdentity: Hashable, Codable, Sendable {
    var serial: String?
    var model: String?

    init?(_ part: Part) {
        guard part.serial != nil || part.model != nil else { return nil }
        (serial, model) = (part.serial, part.model)
    }
}

/// Why a declaration cannot be applied, in a sentence.
public struct DeclarationRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

extension Diagnosis {
    /// Applies what a person declares of a part.
    ///
    /// *Replaced* and *repaired* clear every fault on the part, those on others that suspect it first, and the signs of them; what
    /// was counted towards them is forgotten, so that they open again only by what comes now. What still holds opens them
    /// again, for a word mends nothing: what was ever read at best and worst stays until the machine shows another part. *Acquitted* clears them and
    /// keeps their patterns quiet on it; their signs go on.
    /// - Returns: the faults that it clears; none where none is open.
    /// - Throws: `DeclarationRefusal` where the part is not known or bears another serial number, or where there is nothing
    ///   to acquit it of.
    public mutating func apply(
        _ declaration: PartDeclaration, at time: Timestamp
    ) throws(DeclarationRefusal) -> [FaultChange] {
        guard let component = topology.known[declaration.component] else {
            throw DeclarationRefusal(description: "There is no part \(declaration.component) in this server now.")
        }
        if let meant = declaration.serial, let there = component.part.serial, meant != there {
            throw DeclarationRefusal(
                description: "\(component.name) bears serial \(there), not \(meant): it was exchanged already.")
        }
        let accused = accused(of: declaration)
        if declaration.verb == .acquitted, accused.isEmpty {
            let which = declaration.faultClass.map { "of class \($0) " } ?? ""
            throw DeclarationRefusal(description: "No fault \(which)is open on \(component.name).")
        }
        let now = advance(to: time)
        let told = clearWithdrawn(at: now)
        var changes: [(key: RootCause.Key, change: FaultChange)] = []
        let because = declaration.sentence(of: component)
        if declaration.verb != .acquitted {
            let keys = accused.map { RootCause.Key(component: memories[$0.number].id, entry: $0.entry) }
            changes += endSigns(of: Set(keys), as: declaration.verb, because: because, at: now)
        }
        if declaration.verb != .acquitted, declaration.faultClass == nil {
            changes += forget(component.id, byWord: true, because: because, at: now)
            if let number = numbers[component.id] {
                memories[number].note(changes.map(\.change), as: declaration.verb, at: now)
                // Whatever number the new part bears, it needs no second report.
                if declaration.verb == .replaced {
                    memories[number].serial = nil
                    memories[number].declaredReplaced = PartIdentity(component.part)
                }
            }
        }
        for (number, entry) in accused {
            guard let fault = memories[number].faults[entry] else { continue }
            let change = cleared(fault, because: because, at: now)
            changes.append((RootCause.Key(component: memories[number].id, entry: entry), change))
            memories[number].end(entry, by: declaration.verb)
            memories[number].note([change], as: declaration.verb, at: now)
            updateTicking(number)
        }
        faultsAreNews = true
        return told + settle(changes, at: now)
    }

    /// Faults on the part, those on others that suspect it first, and those on what turned out to be the same part.
    private func accused(of declaration: PartDeclaration) -> [(number: Int, entry: Int)] {
        let elsewhere = Set(identifiedSigns(of: declaration.component))
        return memories.indices.flatMap { number in
            memories[number].faults.filter { entry, fault in
                (memories[number].id == declaration.component
                    || fault.suspects.first?.component == declaration.component
                    || elsewhere.contains(RootCause.Key(component: memories[number].id, entry: entry)))
                    && (declaration.faultClass.map { $0 == fault.faultClass } ?? true)
            }.keys.sorted().map { (number, $0) }
        }
    }

    /// Ends all that hangs on a part that another has taken the place of: its faults, and what was put down to them.
    mutating func endExchanged(
        _ component: ComponentID, because: String, at now: Timestamp
    ) -> [(key: RootCause.Key, change: FaultChange)] {
        let faults = numbers[component].map { memories[$0].faults.keys } ?? [:].keys
        let keys = Set(faults.map { RootCause.Key(component: component, entry: $0) })
        return endSigns(of: keys, as: .replaced, because: because, at: now)
            + forget(component, because: because, at: now)
    }

    /// Ends what was put down to faults whose part was exchanged or mended: what it rests on is of the part that is gone.
    private mutating func endSigns(
        of faults: Set<RootCause.Key>, as verb: PartDeclaration.Verb, because: String, at now: Timestamp
    ) -> [(key: RootCause.Key, change: FaultChange)] {
        signs(of: faults).compactMap { key in
            guard let number = numbers[key.component], let fault = memories[number].faults[key.entry] else {
                return nil
            }
            memories[number].end(key.entry, by: verb)
            updateTicking(number)
            return (key, cleared(fault, because: because, at: now))
        }
    }
}

extension PartDeclaration {
    /// `Declared replaced by anna: new power supply.`
    fileprivate func sentence(of component: Component) -> String {
        let reason = because.map { ": \($0)" } ?? ""
        var sentence = "\(component.name) declared \(verb == .acquitted ? "well" : verb.rawValue) by \(by)\(reason)"
        while sentence.last == "." { sentence.removeLast() }
        return sentence + "."
    }
}

extension ComponentMemory {
    /// Ends an open fault; what its pattern counted begins anew, or the pattern keeps quiet.
    fileprivate mutating func end(_ entry: Int, by verb: PartDeclaration.Verb) {
        guard let fault = faults.removeValue(forKey: entry) else { return }
        hasNewLatches = true
        hasNewWindows = true
        if verb == .acquitted { acquittals[entry] = fault.urgency } else { forgetCounts(of: entry) }
    }

    /// Notes why faults have ended, for when the same comes back.
    mutating func note(_ changes: [FaultChange], as verb: PartDeclaration.Verb, at now: Timestamp) {
        guard !changes.isEmpty, verb != .acquitted else { return }
        for change in changes { mends[change.fault.faultClass] = Mend(verb: verb, time: now) }
        while mends.count > Mend.classes, let oldest = mends.min(by: { $0.value.time < $1.value.time }) {
            mends[oldest.key] = nil
        }
        hasNewLatches = true
    }

    /// The change, with how long ago the part was mended where it was not long ago.
    func sayAgain(_ change: FaultChange) -> FaultChange {
        guard let mend = mends[change.fault.faultClass], change.time - mend.time < Mend.remembered else {
            return change
        }
        let days = (change.time - mend.time).inMilliseconds / 86_400_000
        let words = "\(change.because) Again, \(Wording.counted(Int(days), "day")) after it was \(mend.verb.rawValue)."
        var again = change
        again.because = words
        again.fault.because = words
        return again
    }

    mutating func endAcquittal(of entry: Int) {
        guard acquittals.removeValue(forKey: entry) != nil else { return }
        hasNewLatches = true
    }
}
