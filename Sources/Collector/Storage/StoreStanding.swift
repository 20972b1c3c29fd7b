import Reports

/// Whether a store may act for its site.
enum StoreStanding: Hashable, Sendable, Codable {
    case serving
    /// Reports are taken and nothing is sent, until somebody says that this store goes on.
    /// - Parameter knownUntil: what happened after it, the store may not know.
    case held(Cause, knownUntil: Timestamp)
    /// A store with the same keys serves in a later epoch, by its own signed receipt: nothing is taken and nothing is sent.
    case fenced(by: StoreEpoch, knownUntil: Timestamp)

    enum Cause: String, Hashable, Sendable, Codable {
        /// Made by `callhome-collector backup`.
        case copy
        /// It served on another machine before.
        case otherMachine
    }

    var maySend: Bool { self == .serving }

    var takesReports: Bool {
        switch self {
        case .serving, .held: true
        case .fenced: false
        }
    }

    /// `serving`, `held`, `fenced`.
    var word: String {
        switch self {
        case .serving: "serving"
        case .held: "held"
        case .fenced: "fenced"
        }
    }

    /// What is so, in one sentence; nil while it serves.
    func sentence(in language: Language) -> String? {
        switch self {
        case .serving: nil
        case .held(.copy, let time):
            language(
                "This is a copy of the collector's data of \(time): reports are taken, and nobody is told of anything.",
                "Dies ist eine Kopie der Daten des Kollektors vom \(time): Berichte werden angenommen, und niemand erfährt davon."
            )
        case .held(.otherMachine, let time):
            language(
                "The collector's data served on another machine until \(time): reports are taken, and nobody is told of anything.",
                "Die Daten des Kollektors dienten bis \(time) auf einer anderen Maschine: Berichte werden angenommen, und niemand erfährt davon."
            )
        case .fenced(let epoch, _):
            language(
                "Another collector with the same keys serves since \(epoch.startTime): this one takes no reports and tells nobody of anything.",
                "Ein anderer Kollektor mit denselben Schlüsseln dient seit \(epoch.startTime): Dieser nimmt keine Berichte an und meldet nichts weiter."
            )
        }
    }

    /// What to do about it.
    static func step(in language: Language) -> String {
        language(
            "If this one is to go on for the site, and no other: callhome-collector takeover",
            "Soll dieser für den Standort weitermachen, und kein anderer: callhome-collector takeover")
    }
}

extension StoreEpoch {
    var startTime: Timestamp { Timestamp(seconds: start) }
}
