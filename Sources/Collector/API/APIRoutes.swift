import FoundationEssentials
import HTTPTypes
import Hummingbird
import Reports

/// `Routes.api`: JSON for `callhome` and for scripts.
struct APIRoutes: RouteProvider {
    /// Bytes of a request's body.
    private static let bodyBytes = 64 << 10
    /// Cases in one answer.
    private static let caseLimit = 1_000

    let environment: CollectorEnvironment
    let authenticator: Authenticator
    private var store: any CollectorStore { environment.store }

    func addRoutes(to router: Router<CollectorContext>) {
        let base = Routes.api
        router.post("\(base)/login") { request, context in try await login(request, context) }
        router.post("\(base)/logout") { request, _ in try await logout(request) }
        router.get("\(base)/servers") { _, _ in try await servers() }
        router.get("\(base)/servers/:host") { _, context in
            try await detail(ofServer: context.parameters.get("host") ?? "")
        }
        router.get("\(base)/servers/:host/blind-spots") { _, context in
            try await blindSpots(context.parameters.get("host") ?? "")
        }
        for (word, isAccepted) in [("accept", true), ("withdraw", false)] {
            router.post("\(base)/servers/:host/blind-spots/\(word)") { request, context in
                try await decide(request, context, isAccepted: isAccepted)
            }
        }
        for verb in PartDeclaration.Verb.allCases {
            router.post("\(base)/servers/:host/parts/\(verb.rawValue)") { request, context in
                try await declare(verb, request, context)
            }
        }
        router.get("\(base)/cases") { request, _ in try await cases(request) }
        router.get("\(base)/cases/:number") { _, context in try await detail(context.parameters.get("number") ?? "") }
        for kind in CollectorAPI.Decision.Kind.allCases {
            router.post("\(base)/cases/:number/\(kind.rawValue)") { request, context in
                try await decide(kind, request, context)
            }
        }
        router.post("\(base)/cases/:number/resend") { request, context in try await resend(request, context) }
        router.get("\(base)/recipients") { _, _ in try await recipients() }
        for kind in CollectorAPI.RecipientDecision.Kind.allCases {
            router.post("\(base)/recipients/:name/\(kind.rawValue)") { request, context in
                try await decide(kind, request, context)
            }
        }
        router.get("\(base)/patterns") { _, _ in try await patterns() }
        router.post("\(base)/patterns/update") { _, context in try await updatePatterns(by: try context.asker) }
        for kind in CollectorAPI.RolloutDecision.Kind.allCases {
            router.post("\(base)/patterns/:name/\(kind.rawValue)") { request, context in
                let sent = try await body(CollectorAPI.RolloutDecision.self, of: request, context)
                try await PatternDecision(environment).take(
                    kind, of: context.parameters.get("name") ?? "", by: try context.asker, because: sent.because)
                return try await patterns()
            }
        }
        router.get("\(base)/tokens") { _, context in try await tokens(of: try context.asker) }
        router.delete("\(base)/tokens/:id") { _, context in
            try await deleteToken(context.parameters.get("id") ?? "", of: try context.asker)
        }
    }

    // MARK: Login

    private func login(_ request: Request, _ context: CollectorContext) async throws -> Response {
        let given = try await body(CollectorAPI.Login.self, of: request, context)
        let admission: Authenticator.IssuedLogin
        do {
            admission = try await authenticator.login(
                name: given.name, password: given.password, peer: context.peer, as: .api, note: given.note,
                at: environment.now())
        } catch {
            throw RequestProblem(error)
        }
        return try .json(
            CollectorAPI.LoginAnswer(
                token: admission.secret, account: admission.account, expiresAt: admission.expiresAt))
    }

    private func logout(_ request: Request) async throws -> Response {
        let header = request.headers[.authorization] ?? ""
        try await authenticator.logout(secret: String(header.dropFirst(7)))
        return Response(status: .noContent)
    }

    private func tokens(of account: String) async throws -> Response {
        let tokens = try await store.accessTokens(account: account).map { token in
            CollectorAPI.TokenLine(
                id: String(token.hash.prefix(12)), note: token.note, createdAt: token.createdAt,
                expiresAt: token.expiresAt)
        }
        return try .json(tokens)
    }

    private func deleteToken(_ id: String, of account: String) async throws -> Response {
        let tokens = try await store.accessTokens(account: account)
        guard id.count >= 12, let token = tokens.first(where: { $0.hash.hasPrefix(id) }) else {
            throw StoreError.notFound(what: "token \(CleanText.line(id, limit: 40)) of \(account)")
        }
        try await store.deleteAccessToken(hash: token.hash)
        return Response(status: .noContent)
    }

    // MARK: Fleet

    private func servers() async throws -> Response {
        try .json(try await store.servers().map(CollectorAPI.ServerLine.init))
    }

    private func detail(ofServer name: String) async throws -> Response {
        let server = try await store.server(named: name)
        let cases = try await store.cases(CaseQuery(host: server.host))
        return try .json(
            CollectorAPI.ServerDetail(
                server: CollectorAPI.ServerLine(server), coverage: server.heartbeat?.coverage ?? [],
                components: try await store.inventory(host: server.host)?.components ?? [],
                readings: try await store.readings(host: server.host).map(\.aggregate),
                cases: cases.map(CollectorAPI.CaseLine.init)))
    }

    private func blindSpots(_ name: String) async throws -> Response {
        let server = try await store.server(named: name)
        return try .json(try await store.blindSpots(host: server.host).map(CollectorAPI.BlindSpot.init))
    }

    private func decide(_ request: Request, _ context: CollectorContext, isAccepted: Bool) async throws -> Response {
        let account = try context.asker
        let decision = try await body(CollectorAPI.BlindSpotDecision.self, of: request, context)
        let reason = try DecisionReason.text(decision.because)
        let choice = try BlindSpotChoice(names: decision.names ?? [], all: decision.all ?? false)
        let host = try await store.server(named: context.parameters.get("host") ?? "").host
        let time = environment.now()
        let spots =
            isAccepted
            ? try await store.acceptBlindSpots(choice, host: host, by: account, because: reason, at: time)
            : try await store.withdrawBlindSpots(choice, host: host, by: account, because: reason, at: time)
        return try .json(spots.map(CollectorAPI.BlindSpot.init))
    }

    private func declare(
        _ verb: PartDeclaration.Verb, _ request: Request, _ context: CollectorContext
    ) async throws -> Response {
        let said = try await body(CollectorAPI.Declaration.self, of: request, context)
        let reason = try DecisionReason.text(said.because)
        let host = try await store.server(named: context.parameters.get("host") ?? "").host
        let declared = try await store.declare(
            verb, part: said.part, faultClass: said.faultClass, host: host, by: try context.asker, because: reason,
            at: environment.now())
        return try .json(declared.declaration)
    }

    // MARK: Cases

    private func cases(_ request: Request) async throws -> Response {
        let parameters = request.uri.queryParameters
        var query = CaseQuery(limit: APIRoutes.caseLimit)
        query.limit =
            try APIRoutes.number(parameters["limit"].map(String.init), "limit", in: 1...APIRoutes.caseLimit)
            ?? query.limit
        query.offset = try APIRoutes.number(parameters["offset"].map(String.init), "offset", in: 0...1_000_000_000) ?? 0
        switch parameters["state"].map(String.init) {
        case nil, "open": break
        case "all": query.states = Set(Case.State.allCases)
        case let word?:
            guard let state = Case.State(rawValue: word) else {
                throw RequestProblem(
                    .badRequest, "bad-request",
                    "There is no state \(CleanText.line(word, limit: 40)): use open, acknowledged, closed or all")
            }
            query.states = [state]
        }
        if let host = parameters["server"].map(String.init) {
            // A case that another site's collector handed on is of a server that is none of this collector's.
            let isRelayed = try await !store.cases(CaseQuery(states: Set(Case.State.allCases), host: host, limit: 1))
                .isEmpty
            query.host = isRelayed ? host : try await store.server(named: host).host
        }
        return try .json(try await store.cases(query).map(CollectorAPI.CaseLine.init))
    }

    private static func number(_ text: String?, _ name: String, in range: ClosedRange<Int>) throws(RequestProblem)
        -> Int?
    {
        guard let text else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw RequestProblem(
                .badRequest, "bad-request",
                "\(name) is a number from \(range.lowerBound) to \(range.upperBound), not \(CleanText.line(text, limit: 40))"
            )
        }
        return number
    }

    private func detail(_ number: String) async throws -> Response {
        guard let found = try await store.findCase(number: number) else {
            throw StoreError.noCase(number)
        }
        return try .json(
            CollectorAPI.CaseDetail(
                found, deliveries: try await store.deliveries(caseNumber: found.number),
                among: environment.configuration.recipients.map(\.name)))
    }

    private func decide(
        _ kind: CollectorAPI.Decision.Kind, _ request: Request, _ context: CollectorContext
    ) async throws -> Response {
        let sent = try await body(CollectorAPI.Decision.self, of: request, context)
        let decision = try CaseDecision(kind, by: context.asker, because: sent.because, at: environment.now())
        let changed = try await store.decide(decision, onCase: context.parameters.get("number") ?? "")
        return try .json(CollectorAPI.CaseLine(changed))
    }

    private func resend(_ request: Request, _ context: CollectorContext) async throws -> Response {
        let sent = try await body(CollectorAPI.Resend.self, of: request, context)
        let found = try await store.resend(
            context.parameters.get("number") ?? "", to: sent.to, by: try context.asker,
            because: try DecisionReason.text(sent.because), at: environment.now())
        return try .json(CollectorAPI.CaseLine(found))
    }

    // MARK: Recipients

    private func recipients() async throws -> Response {
        try .json(try await store.recipientStates().map { CollectorAPI.RecipientLine($0) })
    }

    private func decide(
        _ kind: CollectorAPI.RecipientDecision.Kind, _ request: Request, _ context: CollectorContext
    ) async throws -> Response {
        let sent = try await body(CollectorAPI.RecipientDecision.self, of: request, context)
        let decision = try RecipientDecision(kind, by: context.asker, because: sent.because, at: environment.now())
        let count = try await store.decide(decision, recipient: context.parameters.get("name") ?? "")
        return try .json(CollectorAPI.RecipientAnswer(cases: count))
    }

    // MARK: Patterns

    private func patterns() async throws -> Response {
        let time = environment.now()
        let servers = try await store.patternServers()
        var channels: [CollectorAPI.ChannelAnswer] = []
        for (known, settings) in PatternDecision(environment).channels {
            let seen = servers.map { RolloutServer($0.server, $0.openings, settings) }
            let rollout = try await store.rollout(of: known.name).map {
                CollectorAPI.RolloutAnswer($0, of: seen, RolloutRules(soak: settings.soak), at: time)
            }
            channels.append(CollectorAPI.ChannelAnswer(known, rollout))
        }
        return try .json(channels)
    }

    private func updatePatterns(by asker: String) async throws -> Response {
        try .json(try await PatternQuestion(environment).ask(by: asker))
    }

    private func body<Value: Decodable>(
        _ type: Value.Type, of request: Request, _ context: CollectorContext
    ) async throws -> Value {
        let reader = BodyReader(environment)
        let share = environment.budget.share(of: context.peer)
        defer { share.end() }
        let data = try await reader.read(request, limit: APIRoutes.bodyBytes, in: share)
        if let objection = WireShape.objection(to: data, .message) {
            throw RequestProblem(
                .badRequest, "bad-request", "The body is not the JSON that is expected here: \(objection)")
        }
        do {
            return try WireFormat.decode(type, from: data)
        } catch {
            throw RequestProblem(
                .badRequest, "bad-request",
                "The body is not the JSON that is expected here")
        }
    }
}

/// Why a person decided something.
enum DecisionReason {
    /// - Throws: `RequestProblem` where none is given; a long one is cut.
    static func text(_ words: String) throws(RequestProblem) -> String {
        let reason = CleanText.line(words, limit: CaseLimits.reasonBytes / 4)
        guard !reason.isEmpty else {
            throw RequestProblem(
                .badRequest, "reason-missing",
                "Say why, in a few words: it is kept with the decision")
        }
        return reason
    }
}

extension CaseDecision {
    /// - Throws: `RequestProblem` where no reason is given; a long one is cut.
    init(
        _ kind: CollectorAPI.Decision.Kind, by: String, because text: String, at time: Timestamp
    ) throws(RequestProblem) {
        self.init(kind: kind, by: by, because: try DecisionReason.text(text), time: time)
    }
}

extension RecipientDecision {
    /// - Throws: `RequestProblem` where no reason is given; `try` needs none, as it stands in no case.
    init(
        _ kind: CollectorAPI.RecipientDecision.Kind, by: String, because text: String?, at time: Timestamp
    ) throws(RequestProblem) {
        let because = kind == .tryNow ? "" : try DecisionReason.text(text ?? "")
        self.init(kind: kind, by: by, because: because, time: time)
    }
}

extension BlindSpotChoice {
    init(names: [String], all: Bool) throws(RequestProblem) {
        guard all != !names.isEmpty else {
            throw RequestProblem(
                .badRequest, "names-or-all", "Name the blind spots that are meant, or say all; not both and not neither"
            )
        }
        self = all ? .all : .named(names)
    }
}

extension RequestProblem {
    init(_ refusal: Authenticator.Refusal) {
        switch refusal {
        case .wrong:
            self.init(
                .unauthorized, "wrong-password",
                "Name or password is wrong. A new one is made on the collector's machine: callhome-collector password NAME."
            )
        case .wait(let wait):
            self.init(
                .tooManyRequests, "too-many-failures",
                "Too many wrong passwords: try again in \(Int(wait.inSeconds / 60) + 1) minutes.",
                retryAfter: Int(wait.inSeconds) + 1)
        case .unavailable(let because): self.init(.serviceUnavailable, "storage-failed", because)
        }
    }
}
