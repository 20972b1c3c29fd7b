import Reports

/// `/servers/{host}`: one server with its latest readings, parts, coverage and cases.
struct ServerPage: Sendable {
    struct ReadingRow: Sendable {
        var signal: String
        var value: String
        var stale: Bool
        var path: String?
        var range: String
    }

    struct Group: Sendable {
        var name: String
        var kind: String
        var rows: [ReadingRow]
    }

    struct CoverageRow: Sendable {
        var probe: String
        var badge: Badge
        /// nil where there is nothing to remark.
        var remark: String?
        /// How many parts it sees.
        var tally: String
    }

    struct PartRow: Sendable {
        /// Its kind, and which one it is.
        var name: String
        var model: String
        var serial: String
        var location: String
    }

    struct EventRow: Sendable {
        var time: String
        var because: String
    }

    /// Readings drawn on one page, and parts listed; a server may have tens of thousands.
    static let readingsShown = 300
    static let partsShown = 300
    static let eventsShown = 20

    let frame: PageLayout
    let w: [String: String]
    let hostname: String
    let link: String
    let host: String
    let badge: Badge
    let because: String
    let chassis: String
    let agent: String
    let lastHeard: String
    let clock: String?
    let groups: [Group]
    let more: String?
    /// Probes that do not read though they should, and the others.
    let troubles: [CoverageRow]
    let coverage: [CoverageRow]
    let probes: String
    /// Whether the agent has reported what it sees.
    let heard: Bool
    /// nil where its agent does not report it.
    let failureModes: FailureModeSection?
    let parts: [PartRow]
    let moreParts: String?
    let cases: [CaseRow]
    /// Channels of patterns, as the agent tells of them.
    let channels: [ChannelStatusText]
    let events: [EventRow]

    /// - Parameter histories: of the first `readingsShown` readings, in their order.
    init(
        _ server: Server, inventory whole: Inventory?, blindSpots: [BlindSpot], readings: [Reading],
        histories: [[SparklinePoint]], cases: [Case],
        events: [ServerEvent], frame: PageLayout, language: Language, at time: Timestamp
    ) {
        let words = TicketStrings(language: language)
        let status = ServerStatus(server)
        let inventory = whole?.components ?? []
        self.frame = frame
        w = ConsoleStrings.all(in: language)
        hostname = CleanText.line(server.hostname, limit: 80)
        host = CleanText.line(server.host, limit: 80)
        link = "/servers/\(ConsoleLink.segment(server.host))"
        badge = Badge(status, in: language)
        because = status.because(in: language)
        let machine = [server.chassis.manufacturer, server.chassis.model, server.chassis.serial].compactMap(\.self)
        chassis = machine.isEmpty ? "–" : CleanText.line(machine.joined(separator: " · "))
        agent = CleanText.line(server.agentVersion ?? "–", limit: 40)
        lastHeard = server.lastContact.map { words.span(time - $0) }.map { language("\($0) ago", "vor \($0)") } ?? "–"
        clock = server.clockSymptom
        groups = ServerPage.groups(
            Array(zip(readings.prefix(ServerPage.readingsShown), histories)), inventory: inventory, words: words,
            at: time)
        let left = readings.count - ServerPage.readingsShown
        more = left > 0 ? language("and \(left) more", "und \(left) weitere") : nil
        let all = server.heartbeat?.coverage ?? []
        func row(_ probe: Heartbeat.Coverage) -> CoverageRow {
            let because = CleanText.line(Advice(probe)?.because(in: language) ?? probe.because)
            return CoverageRow(
                probe: CleanText.line(probe.probe, limit: 60), badge: Badge(coverage: probe.state, in: language),
                remark: because.isEmpty ? nil : because,
                tally: language(
                    Wording.counted(probe.components, "part"), Wording.counted(probe.components, "Teil", "Teile")))
        }
        let isTrouble = { (probe: Heartbeat.Coverage) in !["ok", "absent", "disabled"].contains(probe.state) }
        troubles = all.filter(isTrouble).map(row)
        let (reading, resting) = (all.filter { $0.state == "ok" }, all.filter { $0.state != "ok" && !isTrouble($0) })
        coverage = (reading + resting).map(row)
        heard = !all.isEmpty
        probes = language(
            "\(Wording.counted(reading.count, "probe reads", "probes read")), \(resting.count) "
                + "\(resting.count == 1 ? "has" : "have") nothing to read here",
            "\(Wording.counted(reading.count, "Sonde liest", "Sonden lesen")), \(resting.count) "
                + "\(resting.count == 1 ? "hat" : "haben") hier nichts zu lesen")
        failureModes = whole?.failureModes.map { FailureModeSection($0, blindSpots, words) }
        let listed = inventory.filter { $0.part != Part() }
        // Of more than a page shows, what is to blame comes first.
        let blamed = Set(cases.compactMap(\.suspect.component))
        let ordered = listed.filter { blamed.contains($0.id) } + listed.filter { !blamed.contains($0.id) }
        let hidden = listed.count - ServerPage.partsShown
        moreParts = hidden > 0 ? language("and \(hidden) more", "und \(hidden) weitere") : nil
        parts = ordered.prefix(ServerPage.partsShown).map { component in
            func line(_ text: String?) -> String {
                let text = CleanText.line(text ?? "", limit: 80)
                return text.isEmpty ? "–" : text
            }
            return PartRow(
                name: words.name(of: component).what,
                model: line(
                    [component.part.manufacturer, component.part.model].compactMap(\.self).joined(separator: " ")),
                serial: line(component.part.serial), location: line(component.part.location))
        }
        self.cases = cases.map { CaseRow($0, in: language) }
        channels = (server.heartbeat?.channels ?? []).prefix(WireLimits.channels).map {
            ChannelStatusText($0, in: language)
        }
        self.events = events.prefix(ServerPage.eventsShown).map {
            EventRow(time: words.time($0.time), because: CleanText.line($0.because))
        }
    }

    private static func groups(
        _ readings: [(Reading, [SparklinePoint])], inventory: [Component], words: TicketStrings, at time: Timestamp
    ) -> [Group] {
        let components = Dictionary(inventory.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var groups: [Group] = []
        var places: [ComponentID: Int] = [:]
        for (reading, history) in readings {
            let id = reading.aggregate.component
            let place = places[id] ?? groups.count
            if place == groups.count {
                places[id] = place
                let component = components[id]
                groups.append(Group(name: CleanText.line(id.rawValue, limit: 80), kind: "", rows: []))
                if let component {
                    let name = words.name(of: component)
                    groups[place].name = name.which ?? name.what
                    groups[place].kind = name.which == nil || name.which == name.what ? "" : words.kind(component.kind)
                }
            }
            groups[place].rows.append(row(reading, history, words: words, at: time))
        }
        return groups
    }

    private static func row(
        _ reading: Reading, _ history: [SparklinePoint], words: TicketStrings, at time: Timestamp
    ) -> ReadingRow {
        let unit = ReadingText.unit(of: reading.aggregate.signal)
        let end = history.last?.through ?? reading.aggregate.through
        let line = Sparkline(history, from: end - ConsoleLimits.sparkline, through: end)
        return ReadingRow(
            signal: CleanText.line("\(reading.aggregate.signal)", limit: 120),
            value: ReadingText.value(reading.aggregate, unit: unit, language: words.language),
            stale: reading.aggregate.count == 0, path: line?.path,
            range: line.map { "\(ReadingText.number($0.minimum, unit)) – \(ReadingText.number($0.maximum, unit))" }
                ?? "")
    }
}

extension ReadingText {
    /// Without the unit where there is no number.
    static func value(_ aggregate: SampleAggregate, unit: String, language: Language) -> String {
        if let state = aggregate.state { return CleanText.line(state, limit: 60) }
        if let last = aggregate.last ?? aggregate.mean { return number(last, unit) }
        let reason = aggregate.unavailable.map { CleanText.line($0, limit: 60) }
        return language("unknown", "unbekannt") + (reason.map { " (\($0))" } ?? "")
    }
}
