import Reports

/// A channel of patterns that a person has to look at: shown in the console, in `/healthz` and in the log. What runs goes on.
struct ChannelAlarm: Hashable, Sendable {
    var channel: String
    /// One word: of a refusal, or `expired`.
    var reason: String
    /// What exactly, as it is in the log.
    var because: String
    var since: Timestamp

    /// How long a source may be away: as long as its maker's newest word is good for, as a rule. Sites without a line are
    /// served by sticks.
    static let awayFor = Duration.seconds(7 * 86_400)
    /// The same where nothing has ever come: then most likely the address is wrong.
    static let neverCameFor = Duration.seconds(3600)

    /// Nil where nobody needs to look.
    init?(_ channel: MirroredChannel, at time: Timestamp) {
        self.channel = channel.name
        if let refusal = channel.refusal, !refusal.isAbsence {
            (reason, because, since) = (refusal.reason, refusal.because, refusal.since)
        } else if let expires = channel.expires, expires <= time, let warning = channel.warnings.first {
            (reason, because, since) = ("expired", warning, expires)
        } else if let refusal = channel.refusal,
            time - refusal.since >= (channel.targets == nil ? ChannelAlarm.neverCameFor : ChannelAlarm.awayFor)
        {
            (reason, because, since) = (refusal.reason, refusal.because, refusal.since)
        } else {
            return nil
        }
    }

    /// What is so, in one sentence.
    func sentence(in language: Language) -> String {
        let name = CleanText.line(channel, limit: 60)
        let why = ChannelAlarm.words(for: reason, in: language)
        return language(
            "The pattern channel \(name) brings nothing new: \(why). What runs goes on.",
            "Der Musterkanal \(name) bringt nichts Neues: \(why). Was läuft, läuft weiter.")
    }

    /// What a refusal means, for whoever does not know the specification.
    static func words(for reason: String, in language: Language) -> String {
        switch reason {
        case "signatures":
            language(
                "its files are not signed by the keys that count",
                "die Dateien sind nicht mit den Schlüsseln unterschrieben, die zählen")
        case "rollback", "behind":
            language(
                "its source shows something older than is known",
                "die Quelle zeigt Älteres, als schon bekannt ist")
        case "other-version", "other-length", "other-hash", "other-contents", "dropped":
            language("its files do not belong together", "die Dateien gehören nicht zusammen")
        case "foreign-pattern":
            language("it speaks of another maker's patterns", "er spricht von Mustern eines anderen Herstellers")
        case "malformed", "unreadable-pack":
            language("its files cannot be read", "die Dateien sind nicht zu lesen")
        case "too-large":
            language("one of its files is larger than any may be", "eine Datei ist größer, als eine sein darf")
        case "too-many-roots":
            language("it has more new roots than one look takes", "er hat mehr neue Wurzeln, als ein Blick nimmt")
        case "root":
            language(
                "its pinned root cannot be used on this machine",
                "die hinterlegte Wurzel ist auf dieser Maschine nicht zu gebrauchen")
        case "mirror":
            language(
                "what this collector holds of it is refused",
                "was dieser Kollektor davon hält, ist abgelehnt")
        case "disk":
            language("its files cannot be written here", "die Dateien sind hier nicht zu schreiben")
        case "missing", "source", "unavailable":
            language("its source does not answer", "die Quelle antwortet nicht")
        case "expired": language("it is out of date", "er ist veraltet")
        default: language("it is refused (\(reason))", "er ist abgelehnt (\(reason))")
        }
    }
}
