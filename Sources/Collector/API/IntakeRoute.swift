import FoundationEssentials
import HTTPTypes
import Hummingbird
import Reports

/// `POST /v1/reports`: verifies, stores, then answers with a signed receipt.
struct IntakeRoute: RouteProvider {
    let environment: CollectorEnvironment
    let body: BodyReader
    let budget: ByteBudget

    init(_ environment: CollectorEnvironment) {
        self.environment = environment
        body = BodyReader(deadline: environment.configuration.requestTimeout)
        budget = ByteBudget(capacity: IntakeLimits.bytesInFlight)
    }

    func addRoutes(to router: Router<CollectorContext>) {
        router.post(RouterPath(Routes.reports)) { request, _ in try await accept(request) }
    }

    private func accept(_ request: Request) async throws -> Response {
        try checkType(of: request)
        let expected = request.headers[.contentLength].flatMap { Int($0) } ?? WireLimits.bodyBytes
        guard let arriving = budget.reserve(min(max(expected, 0), WireLimits.bodyBytes)) else { throw IntakeRoute.busy }
        defer { budget.release(arriving) }
        let data = try await body.readInflated(request, limit: WireLimits.bodyBytes, inflated: WireLimits.inflatedBytes)
        guard let inflated = budget.reserve(data.count) else { throw IntakeRoute.busy }
        defer { budget.release(inflated) }
        let receipt = try await accept(lines: try split(data))
        let envelope = try Envelope.sign(WireFormat.encode(receipt), as: .receipt, with: environment.signingKey)
        return try Response.json(envelope)
    }

    private func checkType(of request: Request) throws(RequestProblem) {
        let type = request.headers[.contentType]?.prefix { $0 != ";" }.lowercased() ?? "application/x-ndjson"
        guard type == "application/x-ndjson" || type == "application/json" else {
            throw RequestProblem(
                .unsupportedMediaType, "type", "Reports come as application/x-ndjson, not as \(type.prefix(60)).")
        }
    }

    private func split(_ data: Data) throws(RequestProblem) -> [Data] {
        do {
            let lines = try EnvelopeLines.split(data)
            guard !lines.isEmpty else { throw RequestProblem(.badRequest, "garbage", "The request holds no envelope.") }
            return lines
        } catch let problem as RequestProblem {
            throw problem
        } catch {
            throw RequestProblem(.contentTooLarge, "too-large", "\(error): send it in smaller parts.")
        }
    }

    /// Takes the lines in order up to the first that is wrong. What stands before it is stored, and the receipt shows
    /// how far; sent again, the wrong one comes first and gets its own answer.
    func accept(lines: [Data]) async throws -> Receipt {
        var verifier = ReportVerifier(store: environment.store)
        for line in lines {
            do {
                try await verifier.take(line)
            } catch let problem as RequestProblem {
                if verifier.reports.isEmpty { throw problem }
                break
            }
        }
        guard let host = verifier.host else {
            throw RequestProblem(.badRequest, "garbage", "The request holds no envelope.")
        }
        return try await environment.store.accept(
            VerifiedBatch(host: host, reports: verifier.reports), at: environment.now())
    }

    private static let busy = RequestProblem(
        .tooManyRequests, "busy", "Too much arrives at once: send it again in \(IntakeLimits.retryAfter) s.",
        retryAfter: IntakeLimits.retryAfter)
}
