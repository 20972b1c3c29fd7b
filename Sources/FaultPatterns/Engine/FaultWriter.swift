import FoundationEssentials
import Reports

/// Writes a fault in full: suspects with their parts, evidence with values, and the sentence why.
struct FaultWriter {
    let pattern: CompiledPattern
    let memory: ComponentMemory
    let known: [ComponentID: Component]
    let book: Rulebook
    /// Milliseconds since 1970.
    let moment: Int64
    var writing = Replay.Writing.full

    private var component: ComponentID { memory.id }

    func fault(urgency: Urgency, timeToFailure: TimeToFailure?, openedAt: Timestamp) -> Fault {
        let source = pattern.pattern
        let isBrief = writing == .brief
        return Fault(
            id: isBrief
                ? FaultID(rawValue: "")
                : FaultWriter.id(pattern: source.id, component: component, openedAt: openedAt),
            pattern: source.id, revision: source.revision, faultClass: source.faultClass, component: component,
            suspects: isBrief ? [] : suspects, urgency: urgency, timeToFailure: timeToFailure, evidence: evidence,
            because: isBrief ? "" : because, texts: isBrief ? source.texts : texts, action: source.action,
            provenance: source.provenance, openedAt: openedAt, updatedAt: openedAt)
    }

    /// The same wherever it is computed: 128 bits of a hash over pattern, component and the opening time.
    static func id(pattern: String, component: ComponentID, openedAt: Timestamp) -> FaultID {
        let text = "\(pattern)\n\(component)\n\(openedAt.milliseconds)"
        return FaultID(rawValue: String(ContentHash.sha256(Data(text.utf8)).prefix(32)))
    }

    /// `24 pending sectors (limit 16) in 2 readings in a row.`
    var because: String {
        let sentence =
            pattern.because.map { memory.words($0, at: moment, book) }
            ?? memory.reasons(pattern.condition, being: true, at: moment, book).joined(separator: "; ")
        return FaultWriter.sentence(sentence, pattern.pattern.persistence)
    }

    static func sentence(_ text: String, _ persistence: Pattern.Persistence) -> String {
        var sentence = text.isEmpty ? "The condition holds" : text
        while sentence.last == "." { sentence.removeLast() }
        if !persistence.words.isEmpty { sentence += ", \(persistence.words)" }
        return sentence.prefix(1).uppercased() + sentence.dropFirst() + "."
    }

    var evidence: [Evidence] {
        pattern.signals.compactMap { number in
            // Faults of others are not evidence by their number: those that are explained are listed by name.
            if case .remote(.faults) = book.tables.sources[number] { return nil }
            guard let place = memory.slot(of: number), memory.slots[place].content != .none else { return nil }
            let signal = book.tables.signals[number]
            return Evidence(
                component: component, signal: signal, value: writing == .brief ? "" : value(ofSlot: place, signal),
                time: Timestamp(milliseconds: memory.slots[place].time))
        }.prefix(WireLimits.evidencePerFault).map { $0 }
    }

    private func value(ofSlot place: Int, _ signal: Signal) -> String {
        guard let measurement = memory.slots[place].measurement(text: memory.text(ofSlot: place)) else { return "" }
        let words = Quantity.words(measurement, of: signal)
        guard let fall = memory.fall(ofSlot: place), !fall.isWrap,
            (0...FaultWriter.fallIsNews).contains(Timestamp(milliseconds: moment).milliseconds(since: fall.time))
        else { return words }
        let day = CalendarDay.text(Int(clamping: fall.time.milliseconds / 86_400_000))
        let mark = Quantity.words(.counter(fall.mark), of: signal)
        return "\(words) (fell from \(mark) on \(day): taken for a reset, which counts nothing)"
    }

    /// Milliseconds for which the fall of a counter is told with its value.
    private static let fallIsNews: Int64 = 30 * 86_400_000

    /// The pattern's, and how a module is found whose place on the board nobody has said.
    private var texts: [String: FaultText] {
        guard let own = known[component], own.kind == .dimm, own.attributes["ambiguous"] != nil,
            own.part.location == nil
        else { return pattern.pattern.texts }
        let label = own.attributes["label"].map { $0 == own.name ? "" : " (\($0.prefix(100)))" } ?? ""
        let name = "\(own.name.prefix(100))\(label)"
        let english =
            "Which module on the board it is, is not known: the system calls it \(name), and no name on the board fits that. "
            + "Find it before a part is pulled: in the log of the server's management controller, by the board's names "
            + "(edac-ctl --register-labels), or by comparing sizes and serial numbers."
        let german =
            "Welches Modul auf der Hauptplatine es ist, ist nicht bekannt: Das System nennt es \(name), und kein Name auf der "
            + "Platine passt dazu. Vor dem Ziehen herausfinden: im Protokoll des Verwaltungschips, mit den Namen der Platine "
            + "(edac-ctl --register-labels) oder durch Vergleich von Größen und Seriennummern."
        return pattern.pattern.texts.reduce(into: [:]) { texts, one in
            var text = one.value
            text.action += (text.action.isEmpty ? "" : " ") + (one.key == "de" ? german : english)
            texts[one.key] = text
        }
    }

    var suspects: [Suspect] {
        pattern.pattern.suspects.map { rule in
            let found = resolve(rule.target)
            let kind: ComponentKind =
                switch rule.target {
                case .own: memory.kind
                case .parent: found?.kind ?? .board
                case .kind(let kind): kind
                }
            let id = found?.id ?? (rule.target == .own ? component : nil)
            let unnamed =
                rule.target == .own ? component.rawValue : kind.rawValue.split(separator: "_").joined(separator: " ")
            return Suspect(
                component: id, kind: kind, name: found?.name ?? unnamed, part: found?.part ?? Part(),
                certainty: rule.certainty)
        }
    }

    /// The nearest component that a suspect rule means: what it hangs under, what hangs under it, or the only one there is.
    private func resolve(_ target: Pattern.SuspectRule.Target) -> Component? {
        let own = known[component]
        switch target {
        case .own: return own
        case .parent: return own?.parent.flatMap { known[$0] }
        case .kind(let kind):
            // A module that spares were used for is the one to blame, not one of the others.
            if let own, own.kind == kind { return own }
            var seen: Set<ComponentID> = [component]
            var above = own?.parent
            while let id = above, seen.insert(id).inserted, let next = known[id] {
                if next.kind == kind { return next }
                above = next.parent
            }
            let all = known.values.filter { $0.kind == kind }
            let below = all.filter { $0.parent == component }
            if below.count == 1 { return below.first }
            // A fan's cable is not the one cable that the machine happens to list.
            return all.count == 1 && !FaultWriter.seldomListed.contains(kind) ? all.first : nil
        }
    }

    /// Kinds of which a machine lists few or none and has many: the only one listed is that of some other part.
    private static let seldomListed: Set<ComponentKind> = [.cable, .slot, .optic]
}
