import FoundationEssentials
import HTTPTypes
import Hummingbird
import Reports

/// `GET /v1/tests/{id}`: how far a test has come, hop by hop.
struct TestRoute: RouteProvider {
    let environment: CollectorEnvironment

    func addRoutes(to router: Router<CollectorContext>) {
        router.get(RouterPath(Routes.test("{id}"))) { _, context in
            try Response.json(try await progress(of: try context.parameters.require("id")))
        }
    }

    func progress(of id: String) async throws -> TestProgress {
        guard id.utf8.count <= ReportLimits.nameBytes, let record = try await environment.store.testRecord(id: id)
        else {
            throw RequestProblem(
                .notFound, "not-found", "The test has not arrived here yet: ask again in a moment.", isUsual: true)
        }
        var hops = [
            // No time of its own: the agent's receipt, the hop before, comes after it.
            TestProgress.Hop(
                name: "intake", state: .confirmed, milliseconds: 0, detail: "stored at \(record.acceptedAt)"),
            TestProgress.Hop(
                name: "case", state: .confirmed,
                milliseconds: max(0, (record.caseOpenedAt - record.acceptedAt).inMilliseconds),
                detail: "case \(record.caseNumber)"),
        ]
        let deliveries = try await environment.store.deliveries(caseNumber: record.caseNumber)
        for delivery in deliveries where delivery.state != .superseded {
            hops.append(TestRoute.hop(delivery))
            if delivery.channel == .partner, delivery.state == .delivered {
                hops += await partnerHops(of: id, recipient: delivery.recipient)
            }
        }
        if let nobody = Unheard(deliveries, among: environment.configuration.recipients.map(\.name)) {
            hops.append(
                TestProgress.Hop(name: TestRoute.noRecipients, state: .failed, detail: nobody.words(in: .english)))
        }
        return TestProgress(id: id, hops: hops)
    }

    private static let noRecipients = "recipients"

    static func hop(_ delivery: DeliveryRecord) -> TestProgress.Hop {
        let name = "\(delivery.channel.rawValue):\(delivery.recipient)"
        let time = delivery.deliveredAt.map { max(0, ($0 - delivery.createdAt).inMilliseconds) }
        switch delivery.state {
        case .delivered:
            let reference = delivery.reference.map { "taken as \($0)" } ?? "taken"
            guard let missing = delivery.lastError else {
                return TestProgress.Hop(name: name, state: .confirmed, milliseconds: time, detail: reference)
            }
            return TestProgress.Hop(
                name: name, state: .failed, milliseconds: time, detail: "\(reference), but \(missing)")
        case .queued, .claimed, .retrying, .refused, .superseded, .dropped:
            guard let error = delivery.lastError else {
                return TestProgress.Hop(name: name, state: .waiting, detail: "under way")
            }
            return TestProgress.Hop(
                name: name, state: .failed,
                detail:
                    "\(error) (\(Wording.counted(delivery.attempts, "attempt")); the next at \(delivery.nextAttempt))")
        }
    }

    /// What the partner itself reports of the test; it may not have got further than taking it.
    private func partnerHops(of id: String, recipient: String) async -> [TestProgress.Hop] {
        let prefix = "\(ChannelKind.partner.rawValue):\(recipient)/"
        do {
            guard let trust = try await environment.store.partnerTrust(recipient: recipient) else { return [] }
            let answer = try await PartnerClient(
                url: trust.url, ca: trust.ca, time: environment.now(), timeout: .seconds(5)
            )
            .send("GET", Routes.test(id), nil)
            // A partner may be the end of the way: that it notifies nobody further is no fault of this site.
            return try WireFormat.decode(TestProgress.self, from: answer).hops
                .filter { $0.name != TestRoute.noRecipients }
                .map { hop in
                    var hop = hop
                    hop.name = prefix + hop.name
                    return hop
                }
        } catch {
            return [
                TestProgress.Hop(
                    name: prefix + "intake", state: .waiting, detail: "the partner cannot be asked: \(error)")
            ]
        }
    }
}
