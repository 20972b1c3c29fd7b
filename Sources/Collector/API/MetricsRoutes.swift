import HTTPTypes
import Hummingbird
import Logging
import Reports

/// `/healthz` for whoever restarts programs, `/metrics` for whoever collects figures: open, and without names of servers.
struct MetricsRoutes: RouteProvider {
    let environment: CollectorEnvironment

    func addRoutes(to router: Router<CollectorContext>) {
        router.get(RouterPath(Routes.health)) { _, _ in try await health() }
        router.get(RouterPath(Routes.metrics)) { request, _ in try await metrics(request) }
    }

    private struct Health: Encodable {
        struct Alarm: Encodable {
            var recipient: String
            var since: Timestamp
            var waiting: Int
        }
        /// `ok`; `alarm` while a recipient takes no messages; `unavailable` with status 503 when the database fails.
        var status: String
        var version: String
        var alarms: [Alarm]
    }

    /// An alarm is no reason to restart the collector: its status is 200 as long as reports can be taken.
    private func health() async throws -> Response {
        do {
            try await environment.store.checkHealth()
            let states = try await environment.store.recipientStates()
            let alarms = RecipientAlarm.alarms(
                among: states, after: environment.configuration.outbox.alarmAfter, at: environment.now())
            return try .json(
                Health(
                    status: alarms.isEmpty ? "ok" : "alarm", version: CallhomeVersion.current,
                    alarms: alarms.map { Health.Alarm(recipient: $0.recipient, since: $0.since, waiting: $0.waiting) }))
        } catch {
            environment.logger.error("the health check failed", metadata: ["error": "\(error)"])
            return try .json(
                Health(status: "unavailable", version: CallhomeVersion.current, alarms: []), status: .serviceUnavailable
            )
        }
    }

    private func metrics(_ request: Request) async throws(StoreError) -> Response {
        let format = MetricsPage.Format(accept: request.headers[.accept])
        let time = environment.now()
        let states = try await environment.store.recipientStates()
        let page = MetricsPage(
            servers: try await environment.store.servers(),
            cases: try await environment.store.cases(CaseQuery(limit: 100_000)), recipients: states,
            alarms: RecipientAlarm.alarms(among: states, after: environment.configuration.outbox.alarmAfter, at: time),
            time: time)
        return Response(
            status: .ok,
            headers: [.contentType: format.contentType, .cacheControl: "no-store", .vary: "Accept"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: page.text(as: format))))
    }
}
