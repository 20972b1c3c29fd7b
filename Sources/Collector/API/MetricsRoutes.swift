import HTTPTypes
import Hummingbird
import Reports

/// `/healthz` for whoever restarts programs, `/metrics` for whoever collects figures: in words for who may, in figures
/// without a name for everybody, and made once for all who ask within some seconds.
struct MetricsRoutes: RouteProvider {
    let environment: CollectorEnvironment
    private let checks = Remembered<Result<Look, StoreError>>(for: MetricsRoutes.lifetime)
    private let texts = Remembered<[String]>(for: MetricsRoutes.lifetime)

    /// How old an answer may be.
    static let lifetime = Duration.seconds(5)

    init(environment: CollectorEnvironment) { self.environment = environment }

    func addRoutes(to router: Router<CollectorContext>) {
        router.get(RouterPath(Routes.health)) { _, context in try await health(isKnown: context.account != nil) }
        router.get(RouterPath(Routes.metrics)) { request, context in
            try await metrics(request, isKnown: context.account != nil)
        }
    }

    private struct Health: Encodable {
        struct Alarm: Encodable {
            var recipient: String
            var since: Timestamp
            var waiting: Int
        }
        struct PatternAlarm: Encodable {
            var channel: String
            var reason: String
            var because: String
            var since: Timestamp
        }
        /// `ok`; `alarm` while a recipient takes no messages, or a channel of patterns needs a person; `held` while nobody is told of anything; with status 503
        /// `fenced` where another copy of this collector serves, and `unavailable` when the database fails.
        var status: String
        var version: String
        /// nil for whoever shows no token.
        var alarms: [Alarm]?
        /// The same of channels of patterns.
        var patterns: [PatternAlarm]?
        /// Why it is held or fenced, and what to do; nil while it is neither.
        var because: String?
    }

    private struct Look: Sendable {
        var alarms: [RecipientAlarm]
        var standing: StoreStanding
    }

    /// An alarm is no reason to restart the collector: its status is 200 as long as reports can be taken.
    private func health(isKnown: Bool) async throws -> Response {
        let environment = environment
        let outcome = try await checks.value { await MetricsRoutes.look(environment) }
        switch outcome {
        case .success(let look):
            let alarms = look.alarms
            let time = environment.now()
            let channels = environment.patterns.channels.compactMap { $0.alarm(at: time) }
            let standing = look.standing
            return try .json(
                Health(
                    status: standing.maySend ? alarms.isEmpty && channels.isEmpty ? "ok" : "alarm" : standing.word,
                    version: CallhomeVersion.current,
                    alarms: isKnown
                        ? alarms.map { Health.Alarm(recipient: $0.recipient, since: $0.since, waiting: $0.waiting) }
                        : nil,
                    patterns: isKnown
                        ? channels.map {
                            Health.PatternAlarm(
                                channel: $0.channel, reason: $0.reason,
                                because: CleanText.line($0.because, limit: 300), since: $0.since)
                        } : nil,
                    because: standing.sentence(in: .english).map { "\($0) \(StoreStanding.step(in: .english))" }),
                status: standing.takesReports ? .ok : .serviceUnavailable)
        case .failure(let error):
            environment.problems.note(
                RequestProblem(error), route: Routes.health, path: Routes.health, peer: "the health check",
                at: environment.now())
            return try .json(
                Health(status: "unavailable", version: CallhomeVersion.current), status: .serviceUnavailable)
        }
    }

    /// Whether the database takes writes, and who takes no messages.
    private static func look(_ environment: CollectorEnvironment) async -> Result<Look, StoreError> {
        do throws(StoreError) {
            try await environment.store.checkHealth()
            let states = try await environment.store.recipientStates()
            let alarms = RecipientAlarm.alarms(
                among: states, after: environment.configuration.outbox.alarmAfter, at: environment.now())
            return .success(Look(alarms: alarms, standing: try await environment.store.storeRecord().standing))
        } catch {
            return .failure(error)
        }
    }

    private func metrics(_ request: Request, isKnown: Bool) async throws -> Response {
        let format = MetricsPage.Format(accept: request.headers[.accept])
        let environment = environment
        let made = try await texts.value {
            let page = try await MetricsPage(of: environment)
            return MetricsPage.Format.allCases.flatMap { format in
                [false, true].map { page.text(as: format, withNames: $0) }
            }
        }
        let place = 2 * (MetricsPage.Format.allCases.firstIndex(of: format) ?? 0) + (isKnown ? 1 : 0)
        return Response(
            status: .ok,
            headers: [.contentType: format.contentType, .cacheControl: "no-store", .vary: "Accept, Authorization"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: made[place])))
    }
}

extension MetricsPage {
    init(of environment: CollectorEnvironment) async throws(StoreError) {
        let time = environment.now()
        let states = try await environment.store.recipientStates()
        self.init(
            servers: try await environment.store.servers(),
            cases: try await environment.store.cases(CaseQuery(limit: 100_000)), recipients: states,
            alarms: RecipientAlarm.alarms(among: states, after: environment.configuration.outbox.alarmAfter, at: time),
            channels: environment.patterns.channels, time: time)
    }
}
