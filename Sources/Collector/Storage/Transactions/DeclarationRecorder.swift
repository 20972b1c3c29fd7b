import Reports

/// Keeps what people declare of parts until the agent has answered, each inside one transaction.
struct DeclarationRecorder {
    let transaction: any CollectorLedger
    let time: Timestamp

    /// Declarations of one receipt; the rest goes with the next.
    static let asked = 16
    /// Declarations of one server that may wait.
    static let waiting = 256

    /// What the agent is still to be asked; nil where there is nothing.
    func asks(of host: HostID) throws -> [PartDeclaration]? {
        let open = try transaction.unansweredDeclarations(host: host).prefix(Self.asked).map(\.declaration)
        return open.isEmpty ? nil : open
    }

    /// A part that somebody named, of a server's newest inventory.
    func declare(
        _ verb: PartDeclaration.Verb, part words: String, faultClass: String?, host: HostID, by: String, because: String
    ) throws -> DeclaredPart {
        guard let server = try transaction.serverRecord(host: host)?.server else {
            throw StoreError.notFound(what: "server \(host)")
        }
        let components = try transaction.inventory(host: host)?.components ?? []
        let found = Component.meant(by: words, among: components)
        guard let part = found.first, found.count == 1 else {
            let shown = CleanText.line(words, limit: 100)
            if found.isEmpty {
                let names = components.flatMap { [$0.id.rawValue, $0.name] }
                let hint = Wording.near(words, among: names).joined(separator: " or ")
                throw StoreError.notFound(
                    what: "part \(shown) of \(server.hostname)" + (hint.isEmpty ? "" : "; perhaps \(hint)"))
            }
            throw StoreError.conflict(
                because: "\(shown) may be \(Wording.names(found.map(\.id.rawValue))): name it by its id")
        }
        let declaration = new(
            verb, of: part.id, serial: part.part.serial, faultClass: faultClass, by: by, because: because)
        return try keep(declaration, of: host, on: nil)
    }

    /// Notes on a case that its part was replaced, repaired or is well. What the agent then reports closes it.
    func declare(_ verb: PartDeclaration.Verb, on found: Case, by: String, because: String) throws -> Case {
        guard found.origin == .faults || found.origin == .storm else {
            throw StoreError.conflict(
                because: found.origin == .relayed
                    ? "case \(found.number) came from another site's collector, which alone speaks to the server: "
                        + "decide there"
                    : "case \(found.number) is about no part: close it instead")
        }
        guard !found.isClosed else { throw StoreError.conflict(because: "case \(found.number) is closed") }
        var found = found
        for declaration in declarations(verb, of: found, by: by, because: because) {
            let kept = try keep(declaration, of: found.host, on: found.number)
            found.declarations = (found.declarations ?? []) + [kept]
        }
        found.updatedAt = time
        found.note(.declared, by: by, because: "\(DeclarationRecorder.words(verb)): \(because)", at: time)
        try transaction.save(found, senderNumber: nil)
        return found
    }

    /// The part where the server shows it; else what its faults were found on, of which only these faults are meant: a
    /// cable was replaced, and not the disk at its end.
    private func declarations(
        _ verb: PartDeclaration.Verb, of found: Case, by: String, because: String
    ) -> [PartDeclaration] {
        if let component = found.suspect.component {
            return [new(verb, of: component, serial: found.suspect.part.serial, by: by, because: because)]
        }
        let verb = verb == .replaced ? .repaired : verb
        return found.openFaults.map { fault in
            new(verb, of: fault.component, faultClass: fault.faultClass, by: by, because: because)
        }
    }

    private func new(
        _ verb: PartDeclaration.Verb, of component: ComponentID, serial: String? = nil, faultClass: String? = nil,
        by: String, because: String
    ) -> PartDeclaration {
        PartDeclaration(
            id: RandomBytes.make(16).hexadecimal, verb: verb, component: component, serial: serial,
            faultClass: faultClass, because: because, by: by, at: time)
    }

    private func keep(
        _ declaration: PartDeclaration, of host: HostID, on caseNumber: String?
    ) throws -> DeclaredPart {
        guard try transaction.unansweredDeclarations(host: host).count < Self.waiting else {
            throw StoreError.conflict(
                because: "\(Self.waiting) declarations already wait for this server: it has to report first")
        }
        let kept = DeclaredPart(declaration: declaration, caseNumber: caseNumber)
        try transaction.save(kept, host: host)
        return kept
    }

    /// Takes the agent's answer: the first one counts.
    func take(_ answer: DeclarationAnswer, from host: HostID) throws {
        let open = try transaction.unansweredDeclarations(host: host)
        guard var declared = open.first(where: { $0.declaration.id == answer.id }) else { return }
        declared.answer = answer
        try transaction.save(declared, host: host)
        let because = CleanText.line(answer.because, limit: CaseLimits.reasonBytes / 4)
        let declaration = declared.declaration
        let words = "\(declaration.verb.rawValue) \(declaration.component): \(answer.state.rawValue). "
        try transaction.note(ServerEvent(time: time, kind: .declared, because: words + because), host: host)
        guard let number = declared.caseNumber, var found = try transaction.findCase(number: number) else { return }
        if let index = found.declarations?.firstIndex(where: { $0.declaration.id == answer.id }) {
            found.declarations?[index].answer = answer
        }
        found.note(.declared, by: host, because: "\(answer.state.rawValue): \(because)", at: time)
        try transaction.save(found, senderNumber: nil)
    }

    static func words(_ verb: PartDeclaration.Verb) -> String {
        switch verb {
        case .replaced: "Declared replaced"
        case .repaired: "Declared repaired"
        case .acquitted: "Declared well"
        }
    }
}
