import FoundationEssentials
import HTTPTypes
import Reports

/// Checks the envelopes of one request, one after the other. All must be of one host.
struct ReportVerifier {
    let store: any CollectorStore
    /// What each server may bring; nil where there is no limit.
    let budgets: HostBudgets?
    private(set) var host: HostID?
    private(set) var reports: [VerifiedReport] = []
    /// Of all reports, work included.
    private(set) var bytes = 0
    private var keys: [String: AgentKey] = [:]

    init(store: any CollectorStore, budgets: HostBudgets? = nil) {
        self.store = store
        self.budgets = budgets
    }

    /// - Throws: `RequestProblem` for what no receipt can cover; `StoreError`.
    mutating func take(_ line: Data) async throws {
        if let objection = WireShape.objection(to: line, .message) {
            throw RequestProblem(.badRequest, "garbage", "A line is no envelope: \(objection).")
        }
        let envelope: Envelope
        do {
            envelope = try WireFormat.decode(Envelope.self, from: line)
        } catch {
            throw RequestProblem(.badRequest, "garbage", "A line is no envelope: \(DecodingReason.words(error)).")
        }
        let key = try await key(of: envelope)
        let payload: Data
        do {
            payload = try envelope.verified(as: .report, by: key.key)
        } catch .wrongType(let found, _) {
            throw RequestProblem(.unprocessableContent, "wrong-type", "Reports belong here, not \(found.prefix(100)).")
        } catch {
            throw RequestProblem(
                .unauthorized, "bad-signature",
                "The signature is not by the enrolled key of \(key.host): the report was changed on its way, or the key was. "
                    + "If the agent's key is lost: callhome-collector tokens create --replace \(key.host)")
        }
        if let objection = WireShape.objection(to: payload, .payload) {
            throw RequestProblem(
                .unprocessableContent, "malformed", "A signed report cannot be read: \(objection). Update the agent.")
        }
        let report = try verifiedReport(payload, envelope: envelope, key: key)
        guard host == nil || host == key.host else {
            throw RequestProblem(.unprocessableContent, "mixed-hosts", "One request holds reports of one server only.")
        }
        let bytes = line.count + report.work * ReportLimits.workBytes
        try budgets?.take(bytes, of: key.host)
        self.bytes += bytes
        host = key.host
        reports.append(report)
    }

    private mutating func key(of envelope: Envelope) async throws -> AgentKey {
        for id in envelope.keyIDs.prefix(4) {
            if let known = keys[id] { return known }
        }
        let key = try await ReportVerifier.enrolledKey(of: envelope, in: store)
        keys[key.key.id] = key
        return key
    }

    /// The key that an envelope names, if it is enrolled here and was not revoked. Nothing is verified by it yet.
    static func enrolledKey(of envelope: Envelope, in store: any CollectorStore) async throws -> AgentKey {
        for id in envelope.keyIDs.prefix(4) {
            guard id.utf8.count == 64, let key = try await store.agentKey(id: id) else { continue }
            guard key.revokedAt == nil else {
                throw RequestProblem(
                    .forbidden, "revoked-key",
                    "The key of \(key.host) was revoked (\(key.revokedBecause ?? "no reason given")): "
                        + "callhome-collector tokens create --replace \(key.host) makes a token that lets it in again.")
            }
            return key
        }
        throw RequestProblem(
            .unauthorized, "unknown-key",
            "No server is enrolled here with this key: callhome enroll with a token of this collector.")
    }

    /// Only the position is needed to refuse the rest for good.
    private struct Outline: Decodable {
        var host: HostID
        var position: ReportPosition
    }

    private func verifiedReport(_ payload: Data, envelope: Envelope, key: AgentKey) throws -> VerifiedReport {
        let position: ReportPosition
        let host: HostID
        let content: VerifiedReport.Content
        do {
            let report = try WireFormat.decode(Report.self, from: payload)
            (position, host) = (report.position, report.host)
            content = ReportCheck.objection(to: report).map { .malformed(because: $0) } ?? .report(report)
        } catch {
            guard let outline = try? WireFormat.decode(Outline.self, from: payload) else {
                throw RequestProblem(
                    .unprocessableContent, "malformed",
                    "A signed report says neither its server nor its position: \(DecodingReason.words(error)). Update the agent."
                )
            }
            (position, host) = (outline.position, outline.host)
            content = .malformed(because: "the report cannot be read: \(DecodingReason.words(error))")
        }
        guard host == key.host else {
            throw RequestProblem(
                .forbidden, "wrong-host",
                "The key belongs to \(key.host), the report says \(host.prefix(80)): enrol the server anew.")
        }
        return VerifiedReport(position: position, envelope: envelope, certificate: key.certificate, content: content)
    }
}
