import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import Reports

/// `POST /v1/reports`: verifies, stores, then answers with a signed receipt.
struct IntakeRoute: RouteProvider {
    let environment: CollectorEnvironment
    let body: BodyReader

    /// Bytes held for each byte of a signed line: the line, its payload, and what is decoded of it.
    private static let lineFactor = 3

    init(_ environment: CollectorEnvironment) {
        self.environment = environment
        body = BodyReader(environment)
    }

    func addRoutes(to router: Router<CollectorContext>) {
        router.post(RouterPath(Routes.reports)) { request, context in try await accept(request, of: context.peer) }
    }

    private func accept(_ request: Request, of peer: String) async throws -> Response {
        try checkType(of: request)
        let share = environment.budget.share(of: peer)
        defer { share.end() }
        let isGzip = try body.isGzip(request)
        let data = try await body.read(request, limit: WireLimits.bodyBytes, in: share)
        var receipt = try await accept(
            body: data, isGzip: isGzip, shown: HTTPField.Name(Routes.receiptHeader).flatMap { request.headers[$0] },
            in: share)
        receipt.patterns = environment.patterns.offers(to: receipt.host)
        let envelope = try Envelope.sign(WireFormat.encode(receipt), as: .receipt, with: environment.signingKey)
        return try Response.json(envelope)
    }

    /// Takes a body that has arrived.
    /// - Parameter shown: the newest receipt that the agent holds, as `Routes.receiptHeader` bears it.
    func accept(
        body data: Data, isGzip: Bool, shown: String? = nil, in share: ByteBudget.Share
    ) async throws -> Receipt {
        func lines() -> BodyLines {
            BodyLines(
                BodyPieces(data, isGzip: isGzip, limit: WireLimits.inflatedBytes), lineBytes: WireLimits.envelopeBytes)
        }
        // Limits are checked before anything is taken, and nothing of what is inflated for it is kept.
        var counted = lines()
        let count = try counted.count(upTo: WireLimits.envelopesPerRequest)
        guard count > 0 else { throw RequestProblem(.badRequest, "garbage", "The request holds no envelope.") }
        guard count <= WireLimits.envelopesPerRequest else {
            throw RequestProblem(
                .contentTooLarge, "too-large",
                "\(EnvelopeLinesError.tooMany): send it in smaller parts.")
        }
        return try await accept(lines: lines(), shown: shown, in: share)
    }

    /// A receipt of ours in a later epoch than this store's: another copy of it serves, and this one stands back. What is no
    /// receipt, or none that our key signed, says nothing.
    private func take(shown header: String) async throws {
        guard header.utf8.count <= WireLimits.shownReceiptBytes, let data = Data(base64Encoded: header),
            WireShape.objection(to: data, .message) == nil,
            let envelope = try? WireFormat.decode(Envelope.self, from: data),
            let receipt = try? WireFormat.decode(Receipt.self, from: envelope.payload), let shown = receipt.collector,
            shown.store == environment.identity.site
        else { return }
        // Nearly always it is of this very epoch: then no signature has to be checked.
        let before = try await environment.store.storeRecord()
        guard shown.epoch > before.epoch,
            (try? envelope.verified(as: .receipt, by: environment.signingKey.publicKey)) != nil
        else { return }
        let after = try await environment.store.learn(of: shown.epoch)
        guard after != before.standing, let sentence = after.sentence(in: .english) else { return }
        environment.logger.critical(
            "this collector stands back",
            metadata: ["because": "\(sentence)", "do": "\(StoreStanding.step(in: .english))"])
    }

    private func checkType(of request: Request) throws(RequestProblem) {
        let type = request.headers[.contentType]?.prefix { $0 != ";" }.lowercased() ?? "application/x-ndjson"
        guard type == "application/x-ndjson" || type == "application/json" else {
            throw RequestProblem(
                .unsupportedMediaType, "type", "Reports come as application/x-ndjson, not as \(type.prefix(60)).")
        }
    }

    /// Takes the lines in order up to the first that is wrong. What stands before it is stored, and the receipt shows
    /// how far; sent again, the wrong one comes first and gets its own answer.
    ///
    /// Each line is checked before the next one is inflated: what nobody signed costs one line.
    private func accept(lines: BodyLines, shown: String?, in share: ByteBudget.Share) async throws -> Receipt {
        var lines = lines
        var verifier = ReportVerifier(store: environment.store, budgets: environment.hostBudgets)
        while verifier.bytes < ReportLimits.bytesPerRequest, let line = try lines.next() {
            do {
                try share.take(IntakeRoute.lineFactor * line.count)
                try await verifier.take(line)
            } catch let problem as RequestProblem {
                if verifier.reports.isEmpty { throw problem }
                break
            }
        }
        guard let host = verifier.host else {
            throw RequestProblem(.badRequest, "garbage", "The request holds no envelope.")
        }
        if let shown { try await take(shown: shown) }
        return try await environment.store.accept(
            VerifiedBatch(host: host, reports: verifier.reports, root: environment.tlsRoot), at: environment.now())
    }
}
