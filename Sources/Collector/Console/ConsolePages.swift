import HTTPTypes
import Hummingbird
import Reports

/// Draws the console's pages: the templates with what stands around every page.
struct ConsolePages: RefusalPages {
    private let environment: CollectorEnvironment
    private let templates: ConsoleTemplates

    /// - Throws: what Mustache reports of a broken template.
    init(_ environment: CollectorEnvironment) throws {
        self.environment = environment
        templates = try ConsoleTemplates()
    }

    func html(_ page: some Any, with template: String, status: HTTPTypes.HTTPResponse.Status = .ok) -> Response {
        ConsoleResponse.html(templates.render(page, with: template), status: status)
    }

    func login(_ visit: ConsoleRequest, message: String?, status: HTTPTypes.HTTPResponse.Status = .ok)
        -> Response
    {
        let frame = frame(visit, title: visit.language("Log in", "Anmelden"), alarms: [])
        let page = MessagePage(message: message, link: nil, frame: frame, language: visit.language)
        var response = html(page, with: "login", status: status)
        if visit.isNew {
            response.setCookie(ConsoleResponse.cookie(ConsoleRequest.formCookie, visit.secret, seconds: 86_400))
        }
        return response
    }

    /// What went wrong, as a page.
    func refusal(_ problem: RequestProblem, _ visit: ConsoleRequest) -> Response {
        let frame = frame(visit, title: visit.language("That did not work", "Das ging nicht"), alarms: [])
        let page = MessagePage(message: problem.problem.message, link: "/", frame: frame, language: visit.language)
        return html(page, with: "message", status: problem.status)
    }

    /// What stands around a page, with the alarms that stand now.
    func frame(_ visit: ConsoleRequest, title: String, refresh: Bool) async throws(StoreError) -> PageLayout {
        let alarms = RecipientAlarm.alarms(
            among: try await environment.store.recipientStates(), after: environment.configuration.outbox.alarmAfter,
            at: visit.time
        )
        var result = frame(visit, title: title, alarms: alarms)
        // The page itself says it, where it can be decided.
        if !result.onPatterns { result.alarms += try await patternAlarms(visit) }
        if let sentence = try await environment.store.storeRecord().standing.sentence(in: visit.language) {
            let step = StoreStanding.step(in: visit.language)
            result.alarms.insert(PageLayout.Alarm(text: sentence, detail: step), at: 0)
        }
        result.refresh = refresh ? ConsoleLimits.refresh : nil
        return result
    }

    /// What a person has to look at on the page of patterns.
    private func patternAlarms(_ visit: ConsoleRequest) async throws(StoreError) -> [PageLayout.Alarm] {
        var result: [PageLayout.Alarm] = []
        for channel in environment.patterns.channels {
            guard let alarm = channel.alarm(at: visit.time) else { continue }
            result.append(
                PageLayout.Alarm(
                    text: alarm.sentence(in: visit.language), detail: CleanText.line(alarm.because, limit: 300)))
        }
        for channel in environment.patterns.channels {
            guard let rollout = try await environment.store.rollout(of: channel.name), rollout.waitsForPerson else {
                continue
            }
            let name = CleanText.line(channel.name, limit: 60)
            result.append(
                PageLayout.Alarm(
                    text: visit.language(
                        "Version \(rollout.targets) of the pattern channel \(name) waits for a decision on the page Patterns.",
                        "Version \(rollout.targets) des Musterkanals \(name) wartet auf eine Entscheidung auf der Seite Muster."
                    ),
                    detail: rollout.cause?.words(in: visit.language) ?? ""))
        }
        return result
    }

    private func frame(_ visit: ConsoleRequest, title: String, alarms: [RecipientAlarm]) -> PageLayout {
        let language = visit.language
        let words = TicketStrings(language: language)
        let back = ConsoleLink.segment(ConsoleRequest.localPath(visit.path))
        return PageLayout(
            lang: language.rawValue, title: title, account: visit.account, csrf: visit.csrf,
            german: "/language/de?to=\(back)", english: "/language/en?to=\(back)", isGerman: language == .german,
            onServers: visit.path.hasPrefix("/servers"), onCases: visit.path.hasPrefix("/cases"),
            onDelivery: visit.path.hasPrefix("/delivery"), onPatterns: visit.path.hasPrefix("/patterns"),
            refresh: nil,
            alarms: alarms.map { alarm in
                let name = CleanText.line(alarm.recipient, limit: 60)
                let since = words.span(visit.time - alarm.since)
                let addresses = CleanText.line(alarm.addresses.joined(separator: ", "))
                return PageLayout.Alarm(
                    text: alarm.addresses.isEmpty
                        ? language(
                            "\(name) has taken no messages for \(since).",
                            "\(name) nimmt seit \(since) keine Meldungen an.")
                        : language(
                            "\(name) has taken no messages at \(addresses) for \(since).",
                            "\(name) nimmt unter \(addresses) seit \(since) keine Meldungen an."),
                    detail: language(
                        "Waiting: \(alarm.waiting). Last error:", "Wartend: \(alarm.waiting). Letzter Fehler:")
                        + " \(alarm.lastError)")
            })
    }
}
