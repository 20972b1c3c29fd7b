import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import Reports

/// The console: pages for people, made on the server, without scripts.
struct ConsoleRoutes: RouteProvider {
    let environment: CollectorEnvironment
    let authenticator: Authenticator
    let pages: ConsolePages
    private var store: any CollectorStore { environment.store }

    func addRoutes(to router: Router<CollectorContext>) {
        router.get("/") { _, _ in ConsoleResponse.redirect(to: "/servers") }
        router.get("/login") { _, context in pages.login(try context.page, message: nil) }
        router.post("/login") { _, context in try await login(context) }
        router.post("/logout") { _, context in try await logout(try context.page) }
        router.get("/language/:language") { request, context in language(request, context) }
        router.get("/servers") { _, context in try await fleet(try context.page) }
        router.get("/servers/:host") { _, context in
            try await server(ConsoleRoutes.parameter("host", context), try context.page)
        }
        router.get("/servers/:host/blind-spots") { _, context in
            try await blindSpots(ConsoleRoutes.parameter("host", context), try context.page)
        }
        for (word, isAccepted) in [("accept", true), ("withdraw", false)] {
            router.post("/servers/:host/blind-spots/\(word)") { _, context in
                try await decide(context, isAccepted: isAccepted)
            }
        }
        router.get("/cases") { request, context in try await cases(request, try context.page) }
        router.get("/cases/:number") { _, context in
            try await detail(ConsoleRoutes.parameter("number", context), try context.page)
        }
        for kind in CollectorAPI.Decision.Kind.allCases {
            router.post("/cases/:number/\(kind.rawValue)") { _, context in try await decide(kind, context) }
        }
        router.post("/cases/:number/resend") { _, context in try await resend(context) }
        router.get("/delivery") { _, context in try await delivery(try context.page) }
        for kind in CollectorAPI.RecipientDecision.Kind.allCases {
            router.post("/delivery/:name/\(kind.rawValue)") { _, context in try await decide(kind, context) }
        }
        router.get("/patterns") { _, context in try await patterns(try context.page) }
        router.post("/patterns/update") { _, context in
            _ = try await PatternQuestion(environment).ask(
                by: try context.asker, patience: ConsoleRoutes.patternPatience)
            return ConsoleResponse.redirect(to: "/patterns")
        }
        for kind in CollectorAPI.RolloutDecision.Kind.allCases {
            router.post("/patterns/:name/\(kind.rawValue)") { _, context in
                try await PatternDecision(environment).take(
                    kind, of: ConsoleRoutes.parameter("name", context), by: try context.asker,
                    because: try context.sentForm.because ?? "")
                return ConsoleResponse.redirect(to: "/patterns")
            }
        }
        router.get("/accounts") { _, context in try await accounts(try context.page) }
        router.post("/accounts/:name/end") { _, context in try await endLogins(context, id: nil) }
        router.post("/accounts/:name/logins/:id/end") { _, context in
            try await endLogins(context, id: ConsoleRoutes.parameter("id", context))
        }
        router.post("/accounts/:name/remove") { _, context in
            let name = ConsoleRoutes.parameter("name", context)
            try await Accounts(store: store).remove(name)
            note("a login was removed", of: name, by: try context.asker)
            return ConsoleResponse.redirect(to: "/accounts")
        }
        router.get("/assets/console.css") { _, _ in
            ConsoleResponse.asset(ConsoleStyle.sheet, type: "text/css; charset=utf-8")
        }
        router.get("/assets/icon.svg") { _, _ in ConsoleResponse.asset(ConsoleStyle.icon, type: "image/svg+xml") }
    }

    /// How long a page waits for the sources of patterns: what comes later stands there when it is loaded again.
    private static let patternPatience = Duration.seconds(10)

    private static func parameter(_ name: String, _ context: CollectorContext) -> String {
        let text = context.parameters.get(name) ?? ""
        return text.removingURLPercentEncoding() ?? text
    }

    // MARK: Login

    private func login(_ context: CollectorContext) async throws -> Response {
        let (visit, fields) = (try context.page, try context.sentForm)
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
                return pages.login(
                    visit,
                    message: language(
                        "Name or password is wrong. A new one is made on the collector's machine: callhome-collector password NAME.",
                        "Name oder Passwort ist falsch. Ein neues vergibt auf der Maschine des Sammlers: callhome-collector password NAME."
                    ),
                    status: .unauthorized)
            case .wait(let wait):
                let minutes = Int(wait.inSeconds / 60) + 1
                return pages.login(
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

    // MARK: Accounts

    private func accounts(_ visit: ConsoleRequest) async throws -> Response {
        let frame = try await pages.frame(visit, title: visit.language("Logins", "Anmeldungen"), refresh: false)
        let lines = try await Accounts(store: store).list(at: visit.time)
        return pages.html(AccountsPage(lines, frame: frame, language: visit.language), with: "accounts")
    }

    private func endLogins(_ context: CollectorContext, id: String?) async throws -> Response {
        let name = ConsoleRoutes.parameter("name", context)
        _ = try await Accounts(store: store).endLogins(of: name, id: id)
        note("logins were ended", of: name, by: try context.asker)
        return ConsoleResponse.redirect(to: "/accounts")
    }

    private func note(_ what: Logger.Message, of name: String, by: String) {
        environment.logger.notice(what, metadata: ["of": "\(CleanText.line(name, limit: 80))", "by": "\(by)"])
    }

    // MARK: Pages

    private func fleet(_ visit: ConsoleRequest) async throws -> Response {
        let frame = try await pages.frame(visit, title: visit.language("Servers", "Server"), refresh: true)
        let page = FleetPage(try await store.servers(), frame: frame, language: visit.language, at: visit.time)
        return pages.html(page, with: "fleet")
    }

    private func server(_ host: String, _ visit: ConsoleRequest) async throws -> Response {
        guard let server = try await store.server(host: host) else { return try await redirect(fromName: host) }
        let cases = try await store.cases(CaseQuery(host: host))
        // Of more than a page shows, what is to blame comes first.
        let blamed = Set(cases.flatMap { ($0.openFaults.map(\.component)) + [$0.suspect.component].compactMap(\.self) })
        let all = try await store.readings(host: host)
        let readings =
            all.filter { blamed.contains($0.aggregate.component) }
            + all.filter { !blamed.contains($0.aggregate.component) }
        var histories: [[SparklinePoint]] = []
        for reading in readings.prefix(ServerPage.readingsShown) {
            // Counted back from when it came: the server's own clock may be decades off, ahead or behind.
            histories.append(
                try await store.history(
                    host: host, component: reading.aggregate.component, signal: reading.aggregate.signal,
                    since: reading.receivedAt - ConsoleLimits.sparkline))
        }
        let page = ServerPage(
            server, inventory: try await store.inventory(host: host),
            blindSpots: try await store.blindSpots(host: host), readings: readings,
            histories: histories, cases: cases,
            events: try await store.events(host: host, limit: ServerPage.eventsShown),
            frame: try await pages.frame(visit, title: CleanText.line(server.hostname, limit: 80), refresh: true),
            language: visit.language, at: visit.time)
        return pages.html(page, with: "server")
    }

    /// A person types the name of a server; its pages stand under its id, which stays when the name changes.
    private func redirect(fromName name: String, to page: String = "") async throws -> Response {
        let host = try await store.server(named: name).host
        return ConsoleResponse.redirect(to: "/servers/\(ConsoleLink.segment(host))\(page)")
    }

    private func blindSpots(_ host: String, _ visit: ConsoleRequest) async throws -> Response {
        guard let server = try await store.server(host: host) else {
            return try await redirect(fromName: host, to: "/blind-spots")
        }
        let frame = try await pages.frame(
            visit, title: visit.language("Blind spots", "Blinde Flecken"), refresh: false)
        let page = BlindSpotsPage(
            try await store.blindSpots(host: host), of: server, frame: frame, language: visit.language)
        return pages.html(page, with: "blindSpots")
    }

    private func decide(_ context: CollectorContext, isAccepted: Bool) async throws -> Response {
        let (visit, by, fields) = (try context.page, try context.asker, try context.sentForm)
        let host = ConsoleRoutes.parameter("host", context)
        let reason = try DecisionReason.text(fields.because ?? "")
        // The button for all states what is meant, whatever is ticked.
        let choice = try BlindSpotChoice(names: fields.all ? [] : fields.names, all: fields.all)
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
        let asked = request.uri.queryParameters["page"].flatMap { Int($0) } ?? 1
        let number = min(max(asked, 1), ConsoleLimits.casePages)
        let query = CaseQuery(
            states: filter.states, limit: ConsoleLimits.cases, offset: (number - 1) * ConsoleLimits.cases)
        let cases = try await store.cases(query)
        let count = try await store.countCases(query)
        let frame = try await pages.frame(visit, title: visit.language("Cases", "Fälle"), refresh: true)
        let page = CasesPage(
            cases, filter: filter.word, page: number, of: count, frame: frame, language: visit.language)
        return pages.html(page, with: "cases")
    }

    private func detail(_ number: String, _ visit: ConsoleRequest) async throws -> Response {
        guard let found = try await store.findCase(number: number) else {
            throw StoreError.notFound(what: "case \(CleanText.line(number, limit: 40))")
        }
        let frame = try await pages.frame(visit, title: CleanText.line(found.number, limit: 40), refresh: false)
        let deliveries = try await store.deliveries(caseNumber: found.number)
        let unheard = Unheard(found, deliveries, among: environment.configuration.recipients.map(\.name))
        let page = CasePage(
            found, deliveries: deliveries, unheard: unheard, frame: frame, language: visit.language)
        return pages.html(page, with: "case")
    }

    private func decide(_ kind: CollectorAPI.Decision.Kind, _ context: CollectorContext) async throws -> Response {
        let decision = try CaseDecision(
            kind, by: context.asker, because: context.sentForm.because ?? "", at: context.page.time)
        let found = try await store.decide(decision, onCase: ConsoleRoutes.parameter("number", context))
        return ConsoleResponse.redirect(to: "/cases/\(ConsoleLink.segment(found.number))")
    }

    private func resend(_ context: CollectorContext) async throws -> Response {
        let fields = try context.sentForm
        let found = try await store.resend(
            ConsoleRoutes.parameter("number", context), to: nil, by: try context.asker,
            because: try DecisionReason.text(fields.because ?? ""), at: try context.page.time)
        return ConsoleResponse.redirect(to: "/cases/\(ConsoleLink.segment(found.number))")
    }

    private func decide(
        _ kind: CollectorAPI.RecipientDecision.Kind, _ context: CollectorContext
    ) async throws -> Response {
        let decision = try RecipientDecision(
            kind, by: context.asker, because: context.sentForm.because, at: context.page.time)
        _ = try await store.decide(decision, recipient: ConsoleRoutes.parameter("name", context))
        return ConsoleResponse.redirect(to: "/delivery")
    }

    private func patterns(_ visit: ConsoleRequest) async throws -> Response {
        let frame = try await pages.frame(visit, title: visit.language("Patterns", "Muster"), refresh: false)
        let servers = try await store.patternServers()
        var channels: [PatternsPage.Shown] = []
        for (known, settings) in PatternDecision(environment).channels {
            channels.append(
                PatternsPage.Shown(
                    known: known, rollout: try await store.rollout(of: known.name),
                    rules: RolloutRules(soak: settings.soak),
                    servers: servers.map { RolloutServer($0.server, $0.openings, settings) }))
        }
        let page = PatternsPage(channels, frame: frame, language: visit.language, at: visit.time)
        return pages.html(page, with: "patterns")
    }

    private func delivery(_ visit: ConsoleRequest) async throws -> Response {
        let frame = try await pages.frame(visit, title: visit.language("Messages", "Meldungen"), refresh: false)
        let page = DeliveryPage(try await store.recipientStates(), frame: frame, language: visit.language)
        return pages.html(page, with: "delivery")
    }
}

extension String {
    /// The text with `%41` as `A`; nil where the bytes are no UTF-8.
    fileprivate func removingURLPercentEncoding() -> String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            // `UInt8` would take a sign for a digit.
            let digits = byte == 0x25 ? rest.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue } : []
            if digits.count == 2 {
                bytes.append(UInt8(digits[0] << 4 | digits[1]))
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
