import Reports

/// The words of tickets and pages for what the machine reports in codes.
struct TicketStrings: Sendable {
    var language: Language

    /// What a kind of component is called; a kind from a newer agent is shown as it is.
    func kind(_ kind: ComponentKind) -> String {
        guard let words = TicketStrings.kinds[kind] else {
            return CleanText.line(kind.words, limit: 40)
        }
        return language(words.english, words.german)
    }

    /// Kind, name and place, each named once; whatever the machine reports is taken as hostile.
    func name(of suspect: Suspect, calling name: String? = nil) -> PartName {
        PartName(
            kind: kind(suspect.kind), rawKind: suspect.kind, name: CleanText.line(name ?? suspect.name, limit: 160),
            location: suspect.part.location.map { CleanText.line($0, limit: 80) })
    }

    func name(of component: Component) -> PartName {
        PartName(
            kind: kind(component.kind), rawKind: component.kind, name: CleanText.line(component.name, limit: 80),
            location: component.part.location.map { CleanText.line($0, limit: 80) })
    }

    func urgency(_ urgency: Urgency) -> String {
        switch urgency {
        case .inform: language("Information", "Hinweis")
        case .watch: language("Watch", "Beobachten")
        case .plan: language("Plan", "Einplanen")
        case .order: language("Order", "Bestellen")
        }
    }

    /// - Parameter namesPart: a part is known that may be at fault.
    func meaning(of urgency: Urgency, namesPart: Bool = true) -> String {
        switch urgency {
        case .watch where !namesPart:
            language("It is being watched. Nothing is to be done yet.", "Es wird beobachtet. Noch ist nichts zu tun.")
        case .plan where !namesPart:
            language(
                "Somebody is to look into it soon; whether a part is needed is not known yet.",
                "Jemand soll bald nachsehen; ob ein Teil gebraucht wird, ist noch nicht bekannt.")
        case .order where !namesPart:
            language(
                "Somebody is to look into it now; whether a part is needed is not known yet.",
                "Jemand soll jetzt nachsehen; ob ein Teil gebraucht wird, ist noch nicht bekannt.")
        case .inform:
            language("Only for information. Nothing is to be done.", "Nur zur Information. Es ist nichts zu tun.")
        case .watch:
            language(
                "The part is being watched. Nothing is to be sent yet.",
                "Das Teil wird beobachtet. Es ist noch nichts zu schicken.")
        case .plan:
            language(
                "The part is to be replaced at the next visit.",
                "Das Teil soll beim nächsten Besuch getauscht werden.")
        case .order:
            language(
                "The part is to be sent now and replaced as soon as it arrives.",
                "Das Teil ist jetzt zu schicken und zu tauschen, sobald es da ist.")
        }
    }

    /// Of a collector that was put back from a copy.
    func perhapsOrdered(since time: Timestamp) -> String {
        language(
            "This may have been ordered under another number since \(self.time(time)): look before you send a second part.",
            "Das kann seit \(self.time(time)) schon unter einer anderen Nummer bestellt sein: vor dem Schicken eines zweiten Teils nachsehen."
        )
    }

    /// Days as people say them: hours below two days, whole days after.
    func days(_ days: Double) -> String {
        guard days.isFinite, days < 36_500 else { return language("many years", "vielen Jahren") }
        if days < 2 {
            let hours = max(1, Int((max(0, days) * 24).rounded()))
            return hours == 1 ? language("1 hour", "1 Stunde") : "\(hours) " + language("hours", "Stunden")
        }
        return "\(Int(days.rounded())) " + language("days", "Tagen")
    }

    func timeLeft(_ time: TimeToFailure?) -> String {
        guard let time else {
            return language("Cannot be predicted.", "Lässt sich nicht vorhersagen.")
        }
        var text: String
        switch (time.earliest > 0, time.latest) {
        case (true, let latest?):
            text = language(
                "Probably fails between \(days(time.earliest)) and \(days(latest)) from now.",
                "Fällt vermutlich in \(days(time.earliest)) bis \(days(latest)) aus.")
        case (false, let latest?):
            text = language(
                "May fail at any time, probably within \(days(latest)).",
                "Kann jederzeit ausfallen, vermutlich innerhalb von \(days(latest)).")
        case (true, nil):
            text = language(
                "Probably lasts at least \(days(time.earliest)); how much longer is not known.",
                "Hält vermutlich noch mindestens \(daysInAccusative(time.earliest)); wie viel länger, ist nicht bekannt."
            )
        case (false, nil):
            text = language("May fail at any time.", "Kann jederzeit ausfallen.")
        }
        for (within, share) in (time.hazard ?? [:]).sorted(by: { (Double($0.key) ?? 0) < (Double($1.key) ?? 0) })
            .prefix(4)
        {
            guard let limit = Double(within), share.isFinite, (0...1).contains(share) else { continue }
            let percent = Int((share * 100).rounded())
            text += language(
                " Of 100 such parts, \(percent) failed within \(days(limit)).",
                " Von 100 solchen Teilen sind \(percent) innerhalb von \(days(limit)) ausgefallen.")
        }
        return text
    }

    /// `seit 3 Tagen` but `mindestens 3 Tage`.
    private func daysInAccusative(_ count: Double) -> String {
        let text = days(count)
        return text.hasSuffix("Tagen") || text.hasSuffix("Jahren") ? String(text.dropLast()) : text
    }

    func certainty(_ certainty: Double) -> String {
        guard certainty.isFinite else { return "–" }
        return "\(Int((min(1, max(0, certainty)) * 100).rounded())) %"
    }

    /// `21.11.2026 07:15 UTC`, `2026-11-21 07:15 UTC`.
    func time(_ time: Timestamp) -> String {
        let text = time.rfc3339
        guard text.count == 20 else { return text }
        let date = text.prefix(10).split(separator: "-")
        let clock = text.dropFirst(11).prefix(5)
        guard date.count == 3 else { return text }
        return language(
            "\(date[0])-\(date[1])-\(date[2]) \(clock) UTC", "\(date[2]).\(date[1]).\(date[0]) \(clock) UTC")
    }

    /// A length of time, to its two largest units: `3 d 4 h`, `12 min`.
    func span(_ duration: Duration) -> String {
        let seconds = max(0, duration.inMilliseconds / 1000)
        let day = language("d", "Tg")
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3600: return "\(seconds / 60) min"
        case ..<86_400:
            let minutes = seconds % 3600 / 60
            return "\(seconds / 3600) h" + (minutes == 0 ? "" : " \(minutes) min")
        default:
            let hours = seconds % 86_400 / 3600
            return "\(seconds / 86_400) \(day)" + (hours == 0 ? "" : " \(hours) h")
        }
    }

    private static let kinds: [ComponentKind: (english: String, german: String)] = [
        .disk: ("disk", "Festplatte"),
        .dimm: ("memory module", "Speicherriegel"),
        .memoryRow: ("memory row", "Speicherreihe"),
        .memoryController: ("memory controller", "Speicher-Controller"),
        .memoryChannel: ("memory channel", "Speicherkanal"),
        .fan: ("fan", "Lüfter"),
        .psu: ("power supply", "Netzteil"),
        .cpu: ("processor", "Prozessor"),
        .nic: ("network card", "Netzwerkkarte"),
        .bond: ("network connection", "Netzwerkverbindung"),
        .optic: ("optical network module", "optisches Netzwerkmodul"),
        .board: ("main board", "Hauptplatine"),
        .boardBattery: ("main board battery", "Batterie der Hauptplatine"),
        .chassis: ("chassis", "Gehäuse"),
        .controller: ("disk controller", "Festplatten-Controller"),
        .cable: ("cable", "Kabel"),
        .backplane: ("disk backplane", "Festplatten-Rückwand"),
        .slot: ("slot", "Steckplatz"),
        .cooling: ("cooling", "Kühlung"),
        .ups: ("uninterruptible power supply", "unterbrechungsfreie Stromversorgung"),
        .upsBattery: (
            "battery of the uninterruptible power supply", "Batterie der unterbrechungsfreien Stromversorgung"
        ),
        .raidArray: ("disk array", "Festplattenverbund"),
        .pool: ("storage pool", "Speicherpool"),
        .gpu: ("graphics card", "Grafikkarte"),
        .check: ("check of your own", "eigene Prüfung"),
        .pcieDevice: ("plug-in card", "Steckkarte"),
        .chip: ("sensor chip", "Sensorchip"),
        .temperature: ("temperature sensor", "Temperaturfühler"),
        .voltage: ("voltage", "Spannung"),
        .current: ("current", "Strom"),
        .power: ("power", "Leistung"),
        .energy: ("energy", "Energie"),
        .humidity: ("humidity", "Luftfeuchte"),
        .intrusion: ("chassis intrusion switch", "Gehäuseöffnungs-Kontakt"),
        .server: ("whole server", "ganzer Server"),
        .test: ("test (no part)", "Test (kein Teil)"),
    ]
}
