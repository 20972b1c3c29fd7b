import Reports

/// `/servers/{host}/blind-spots`: what is not seen on a server, to be accepted or taken back. A page of its own, for the
/// server's page loads itself again and would forget what was ticked.
struct BlindSpotsPage: Sendable {
    struct Row: Sendable {
        var name: String
        var title: String
        var badge: Badge
        var reasons: [String]
        /// Who accepted it, when and why; nil while nobody did.
        var accepted: String?
        var because: String?
    }

    /// Rows that are drawn: a form has its limit.
    static let rowsShown = 200

    let frame: PageLayout
    let w: [String: String]
    let hostname: String
    let link: String
    /// What may be accepted, and what is.
    let open: [Row]
    let accepted: [Row]
    let leftOut: String?

    init(_ spots: [BlindSpot], of server: Server, frame: PageLayout, language: Language) {
        let words = TicketStrings(language: language)
        self.frame = frame
        w = ConsoleStrings.all(in: language)
        hostname = CleanText.line(server.hostname, limit: 80)
        link = "/servers/\(ConsoleLink.segment(server.host))"
        let unaccepted = spots.filter { $0.acceptance == nil }
        open = unaccepted.prefix(BlindSpotsPage.rowsShown).map { Row($0, words) }
        accepted = spots.filter { $0.acceptance != nil }.prefix(BlindSpotsPage.rowsShown).map { Row($0, words) }
        let left = spots.count - open.count - accepted.count
        leftOut =
            left > 0
            ? language(
                "and \(left) more: callhome servers blind-spots list",
                "und \(left) weitere: callhome servers blind-spots list")
            : nil
    }
}

extension BlindSpotsPage.Row {
    init(_ spot: BlindSpot, _ words: TicketStrings) {
        let language = words.language
        name = CleanText.line(spot.name, limit: 100)
        switch spot.subject {
        case .mode(let mode):
            title = CleanText.line(mode.title(in: language.rawValue), limit: 160)
            badge = Badge(coverage: mode.state, in: language)
            reasons = mode.reasons.prefix(FailureMode.reasonsShown).flatMap {
                Self.lines($0.because(in: language), $0.advice, language)
            }
        case .probe(let probe):
            title = language("The probe ", "Die Sonde ") + CleanText.line(probe.probe, limit: 60)
            badge = Badge(coverage: probe.state, in: language)
            let advice = Advice(probe)
            reasons = Self.lines(advice?.because(in: language) ?? probe.because, advice, language)
        }
        accepted = spot.acceptance.map { acceptance in
            let by = CleanText.line(acceptance.by, limit: 80)
            return "\(by), \(words.time(acceptance.acceptedAt))"
        }
        because = spot.acceptance.map { CleanText.line($0.because, limit: 600) }
    }
    /// Why, and below it what a person can do about it.
    private static func lines(_ because: String, _ advice: Advice?, _ language: Language) -> [String] {
        let step = advice?.step(in: language).map { language("Can be mended: ", "Zu beheben: ") + $0 }
        return [because, step].compactMap { $0.map { CleanText.line($0) } }
    }
}
