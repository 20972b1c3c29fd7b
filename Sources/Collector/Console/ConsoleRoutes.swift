import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import Reports

/// The console: pages for people, made on the server, without scripts.
struct ConsoleRoutes: RouteProvider {
    let environment: CollectorEnvironment
    let authenticator: Authenticator
    let templates: ConsoleTemplates
    private var store: any CollectorStore { environment.store }

    /// - Throws: what Mustache says of a broken template.
    init(environment: CollectorEnvironment, authenticator: Authenticator) throws {
        self.environment = environment
        self.authenticator = authenticator
        templates = try ConsoleTemplates()
    }

    func addRoutes(to router: Router<CollectorContext>) {
        router.get("/") { request, _ in await page(request) { _ in ConsoleResponse.redirect(to: "/servers") } }
        router.get("/login") { request, _ in await visiting(request) { visit in loginPage(visit, message: nil) } }
        router.post("/login") { request, context in await visiting(request) { try await login(request, context, $0) } }
        router.post("/logout") { request, _ in await form(request) { _, visit in try await logout(visit) } }
        router.get("/language/:language") { request, context in language(request, context) }
        router.get("/servers") { request, _ in await page(request) { try await fleet($0) } }
        router.get("/servers/:host") { request, context in
            await page(request) { try await server(ConsoleRoutes.parameter("host", context), $0) }
        }
        router.get("/servers/:host/blind-spots") { request, context in
            await page(request) { try await blindSpots(ConsoleRoutes.parameter("host", context), $0) }
        }
        for (word, isAccepted) in [("accept", true), ("withdraw", false)] {
            router.post("/servers/:host/blind-spots/\(word)") { request, context in
                await form(request) { fields, visit in
                    try await decide(ConsoleRoutes.parameter("host", context), fields, visit, isAccepted: isAccepted)
                }
            }
        }
        router.get("/cases") { request, _ in await page(request) { try await cases(request, $0) } }
        router.get("/cases/:number") { request, context in
            await page(request) { try await detail(ConsoleRoutes.parameter("number", context), $0) }
        }
        router.post("/cases/:number/acknowledge") { request, context in
            await form(request) { fields, visit in
                try await decide(ConsoleRoutes.parameter("number", context), fields, visit, close: false)
            }
        }
        router.post("/cases/:number/close") { request, context in
            await form(request) { fields, visit in
                try await decide(ConsoleRoutes.parameter("number", context), fields, visit, close: true)
            }
        }
        router.get("/delivery") { request, _ in await page(request) { try await delivery($0) } }
        router.get("/assets/console.css") { _, _ in
            ConsoleResponse.asset(ConsoleStyle.sheet, type: "text/css; charset=utf-8")
        }
        router.get("/assets/icon.svg") { _, _ in ConsoleResponse.asset(ConsoleStyle.icon, type: "image/svg+xml") }
    }

    private static func parameter(_ name: String, _ context: CollectorContext) -> String {
        let text = context.parameters.get(name) ?? ""
        return text.removingURLPercentEncoding() ?? text
    }

    // MARK: Who visits

    private func visiting(_ request: Request, _ work: (ConsoleRequest) async throws -> Response) async -> Response {
        do {
            let visit = try await ConsoleRequest(request, authenticator: authenticator, at: environment.now())
            do {
                return try await work(visit)
            } catch let error as StoreError {
                return refusal(RequestProblem(error), visit)
            } catch let problem as RequestProblem {
                return refusal(problem, visit)
            }
        } catch {
            environment.logger.error(
                "a page cannot be shown", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return ConsoleResponse.text(
                "The database cannot be read now. Try again later.", status: .serviceUnavailable)
        }
    }

    private func page(_ request: Request, _ work: (ConsoleRequest) async throws -> Response) async -> Response {
        await visiting(request) { visit in
            guard visit.account != nil else { return ConsoleResponse.redirect(to: "/login") }
            return try await work(visit)
        }
    }

    private struct Form: Decodable {
        var csrf: String?
        var because: String?
        var name: String?
        var password: String?
        var names: [String]?
        var all: Bool?
    }

    /// A form that someone who is logged in sent from a page of this console.
    private func form(_ request: Request, _ work: (Form, ConsoleRequest) async throws -> Response) async -> Response {
        await page(request) { visit in
            let fields = try await fields(request)
            guard visit.isOwn(fields.csrf ?? "") else { throw ConsoleRoutes.foreignForm }
            return try await work(fields, visit)
        }
    }

    private static let foreignForm = RequestProblem(
        .forbidden, "foreign-form", "This form is too old, or was not made by this console. Go back and try again.")

    private func fields(_ request: Request) async throws -> Form {
        do {
            let body = try await request.body.collect(upTo: ConsoleLimits.formBytes)
            return try URLEncodedFormDecoder().decode(Form.self, from: String(buffer: body))
        } catch {
            throw RequestProblem(.badRequest, "bad-request", "The form cannot be read. Go back and try again.")
        }
    }

    // MARK: Login

    private func loginPage(_ visit: ConsoleRequest, message: String?, status: HTTPTypes.HTTPResponse.Status = .ok)
        -> Response
    {
        let frame = frame(visit, title: visit.language("Log in", "Anmelden"), alarms: [])
        let page = MessagePage(message: message, link: nil, frame: frame, language: visit.language)
        var response = ConsoleResponse.html(templates.render(page, with: "login"), status: status)
        if visit.isNew {
            response.setCookie(ConsoleResponse.cookie(ConsoleRequest.formCookie, visit.secret, seconds: 86_400))
        }
        return response
    }

    private func login(_ request: Request, _ context: CollectorContext, _ visit: ConsoleRequest) async throws
        -> Response
    {
        let fields = try await fields(request)
        guard visit.isOwn(fields.csrf ?? "") else { throw ConsoleRoutes.foreignForm }
        do {
            let admission = try await authenticator.login(
                name: fields.name ?? "", password: fields.password ?? "", peer: context.peer, as: .session,
                note: "console",
                at: visit.time)
            var response = ConsoleResponse.redirect(to: "/servers")
            response.setCookie(
                ConsoleResponse.cookie(
                    ConsoleRequest.sessionCookie, admission.secret,
                    seconds: Int(Authenticator.sessionLifetime.inSeconds)))
            return response
        } catch {
            let language = visit.language
            switch error {
            case .wrong:
                return loginPage(
                    visit, message: language("Name or password is wrong.", "Name oder Passwort ist falsch."),
                    status: .unauthorized)
            case .wait(let wait):
                let minutes = Int(wait.inSeconds / 60) + 1
                return loginPage(
                    visit,
                    message: language(
                        "Too many wrong passwords. Try again in \(minutes) minutes.",
                        "Zu viele falsche Passwörter. In \(minutes) Minuten noch einmal versuchen."),
                    status: .tooManyRequests)
            case .unavailable:
                throw StoreError.unavailable(doing: "logging in", because: "the database cannot be read")
            }
        }
    }

    private func logout(_ visit: ConsoleRequest) async throws -> Response {
        try await authenticator.logout(secret: visit.secret)
        var response = ConsoleResponse.redirect(to: "/login")
        response.setCookie(ConsoleResponse.cookie(ConsoleRequest.sessionCookie, "", seconds: 0))
        return response
    }

    private func language(_ request: Request, _ context: CollectorContext) -> Response {
        var response = ConsoleResponse.redirect(
            to: ConsoleRequest.localPath(request.uri.queryParameters["to"].map(String.init)))
        if let language = Language(rawValue: context.parameters.get("language") ?? "") {
            response.setCookie(
                ConsoleResponse.cookie(ConsoleRequest.languageCookie, language.rawValue, seconds: 365 * 86_400))
        }
        return response
    }

    // MARK: Pages

    private func fleet(_ visit: ConsoleRequest) async throws -> Response {
        let frame = try await frame(visit, title: visit.language("Servers", "Server"), refresh: true)
        let page = FleetPage(try await store.servers(), frame: frame, language: visit.language, at: visit.time)
        return ConsoleResponse.html(templates.render(page, with: "fleet"))
    }

    private func server(_ host: String, _ visit: ConsoleRequest) async throws -> Response {
        guard let server = try await store.server(host: host) else {
            throw StoreError.notFound(what: "server \(CleanText.line(host, limit: 80))")
        }
        let readings = try await store.readings(host: host)
        var histories: [[HistoryPoint]] = []
        for reading in readings.prefix(ServerPage.readingsShown) {
            // Counted back from the server's own clock, which may be decades off.
            histories.append(
                try await store.history(
                    host: host, component: reading.aggregate.component, signal: reading.aggregate.signal,
                    since: reading.aggregate.through - ConsoleLimits.sparkline))
        }
        let page = ServerPage(
            server, inventory: try await store.inventory(host: host),
            blindSpots: try await store.blindSpots(host: host), readings: readings,
            histories: histories, cases: try await store.cases(CaseQuery(host: host)),
            events: try await store.events(host: host, limit: ServerPage.eventsShown),
            frame: try await frame(visit, title: CleanText.line(server.hostname, limit: 80), refresh: true),
            language: visit.language, at: visit.time)
        return ConsoleResponse.html(templates.render(page, with: "server"))
    }

    private func blindSpots(_ host: String, _ visit: ConsoleRequest) async throws -> Response {
        guard let server = try await store.server(host: host) else {
            throw StoreError.notFound(what: "server \(CleanText.line(host, limit: 80))")
        }
        let frame = try await frame(
            visit, title: visit.language("Blind spots", "Blinde Flecken"), refresh: false)
        let page = BlindSpotsPage(
            try await store.blindSpots(host: host), of: server, frame: frame, language: visit.language)
        return ConsoleResponse.html(templates.render(page, with: "blindSpots"))
    }

    private func decide(
        _ host: String, _ fields: Form, _ visit: ConsoleRequest, isAccepted: Bool
    ) async throws -> Response {
        let reason = try CaseReason(fields.because ?? "").text
        let isAll = fields.all ?? false
        // The button for all says what is meant, whatever is ticked.
        let choice = try BlindSpotChoice(names: isAll ? [] : fields.names ?? [], all: isAll)
        let by = visit.account ?? ""
        if isAccepted {
            _ = try await store.acceptBlindSpots(choice, host: host, by: by, because: reason, at: visit.time)
        } else {
            _ = try await store.withdrawBlindSpots(choice, host: host, by: by, because: reason, at: visit.time)
        }
        return ConsoleResponse.redirect(to: "/servers/\(ConsoleLink.segment(host))/blind-spots")
    }

    private func cases(_ request: Request, _ visit: ConsoleRequest) async throws -> Response {
        let wanted = request.uri.queryParameters["state"].map(String.init)
        let filter = CasesPage.filters.first { $0.word == wanted } ?? CasesPage.filters[0]
        let cases = try await store.cases(CaseQuery(states: filter.states, limit: ConsoleLimits.cases))
        let frame = try await frame(visit, title: visit.language("Cases", "Fälle"), refresh: true)
        let page = CasesPage(cases, filter: filter.word, frame: frame, language: visit.language)
        return ConsoleResponse.html(templates.render(page, with: "cases"))
    }

    private func detail(_ number: String, _ visit: ConsoleRequest) async throws -> Response {
        guard let found = try await store.findCase(number: number) else {
            throw StoreError.notFound(what: "case \(CleanText.line(number, limit: 40))")
        }
        let frame = try await frame(visit, title: CleanText.line(found.number, limit: 40), refresh: false)
        let page = CasePage(
            found, deliveries: try await store.deliveries(caseNumber: found.number), frame: frame,
            language: visit.language)
        return ConsoleResponse.html(templates.render(page, with: "case"))
    }

    private func decide(_ number: String, _ fields: Form, _ visit: ConsoleRequest, close: Bool) async throws -> Response
    {
        let reason = try CaseReason(fields.because ?? "").text
        let by = visit.account ?? ""
        let found =
            close
            ? try await store.closeCase(number: number, by: by, because: reason, at: visit.time)
            : try await store.acknowledge(number: number, by: by, because: reason, at: visit.time)
        return ConsoleResponse.redirect(to: "/cases/\(ConsoleLink.segment(found.number))")
    }

    private func delivery(_ visit: ConsoleRequest) async throws -> Response {
        let frame = try await frame(visit, title: visit.language("Messages", "Meldungen"), refresh: true)
        let page = DeliveryPage(try await store.recipientStates(), frame: frame, language: visit.language)
        return ConsoleResponse.html(templates.render(page, with: "delivery"))
    }

    private func refusal(_ problem: RequestProblem, _ visit: ConsoleRequest) -> Response {
        let frame = frame(visit, title: visit.language("That did not work", "Das ging nicht"), alarms: [])
        let page = MessagePage(message: problem.problem.message, link: "/", frame: frame, language: visit.language)
        return ConsoleResponse.html(templates.render(page, with: "message"), status: problem.status)
    }

    // MARK: Frame

    private func frame(_ visit: ConsoleRequest, title: String, refresh: Bool) async throws(StoreError) -> PageLayout {
        let alarms = RecipientAlarm.alarms(
            among: try await store.recipientStates(), after: environment.configuration.outbox.alarmAfter, at: visit.time
        )
        var result = frame(visit, title: title, alarms: alarms)
        result.refresh = refresh ? ConsoleLimits.refresh : nil
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
            onDelivery: visit.path.hasPrefix("/delivery"), refresh: nil,
            alarms: alarms.map { alarm in
                let name = CleanText.line(alarm.recipient, limit: 60)
                let since = words.span(visit.time - alarm.since)
                return PageLayout.Alarm(
                    text: language(
                        "\(name) has taken no messages for \(since).", "\(name) nimmt seit \(since) keine Meldungen an."
                    ),
                    detail: language(
                        "Waiting: \(alarm.waiting). Last error:", "Wartend: \(alarm.waiting). Letzter Fehler:")
                        + " \(alarm.lastError)")
            })
    }
}

extension String {
    /// The text with `%41` as `A`; nil where the bytes are no UTF-8.
    fileprivate func removingURLPercentEncoding() -> String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
