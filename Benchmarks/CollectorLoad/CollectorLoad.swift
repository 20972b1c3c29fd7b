import Foundation
import Reports
import Transfer

/// How many signed reports a collector accepts durably in a second, beside the limit that verification alone sets.
///
///     callhome-load URL TOKENS SECONDS
///
/// TOKENS is a file of join tokens, one a line: each becomes an agent that sends as fast as its receipts come. An agent's
/// next request goes out when the signed receipt for the last one came back, so every report counted was on disk.
@main
struct CollectorLoad {
    static func main() async throws {
        var words = CommandLine.arguments
        let mode = words.count > 1 && ["latency", "hostile"].contains(words[1]) ? words.remove(at: 1) : nil
        let login = mode == "latency" && words.count == 6 ? (name: words[4], password: words[5]) : nil
        if login != nil { words.removeLast(2) }
        guard words.count == 4, let seconds = Int(words[3]) else {
            print("usage: callhome-load [hostile|latency] URL TOKENS SECONDS [NAME PASSWORD]")
            exit(2)
        }
        let tokens = try String(contentsOfFile: words[2], encoding: .utf8).split(separator: "\n")
            .compactMap { JoinToken(parsing: String($0)) }
        guard !tokens.isEmpty else {
            print("no join token in \(words[2])")
            exit(2)
        }
        if let login {
            return try await CollectorLatency.run(
                url: words[1], tokens: tokens, seconds: seconds, name: login.name, password: login.password)
        }
        if mode == "hostile" { return try await HostileLoad.run(url: words[1], tokens: tokens, seconds: seconds) }
        let url = words[1]
        let limit = try await verifyOnly(seconds: 3)
        print("verify only (Ed25519 + JSON, all cores): \(Int(limit)) reports/s")

        let agents = try await withThrowingTaskGroup(of: LoadAgent.self) { group in
            for (index, token) in tokens.enumerated() {
                group.addTask { try await LoadAgent(index: index, url: url, token: token) }
            }
            var made: [LoadAgent] = []
            for try await agent in group { made.append(agent) }
            return made
        }
        for batch in [1, 16, 128] {
            let accepted = try await load(agents, batch: batch, seconds: seconds)
            let share = accepted / limit * 100
            print(
                "accepted durably, \(agents.count) agents, \(batch) a request: \(Int(accepted)) reports/s "
                    + "(\(Int(share)) % of verify only)")
        }
    }

    /// Reports a second that all cores can verify and decode, with nothing else to do.
    static func verifyOnly(seconds: Int) async throws -> Double {
        let key = SigningKey()
        let line = try WireFormat.encode(LoadAgent.envelope(number: 1, epoch: 1, host: "limit", key: key))
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<cores {
                group.addTask {
                    var done = 0
                    while ContinuousClock.now < end {
                        let envelope = try WireFormat.decode(Envelope.self, from: line)
                        let payload = try envelope.verified(as: .report, by: key.publicKey)
                        _ = try WireFormat.decode(Report.self, from: payload)
                        done += 1
                    }
                    return done
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(count) / (ContinuousClock.now - start).inSeconds
    }

    static func load(_ agents: [LoadAgent], batch: Int, seconds: Int) async throws -> Double {
        // What is sent is signed beforehand: the collector is measured, not the sender.
        for agent in agents { try await agent.prepare(batch: batch, seconds: seconds) }
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
            for agent in agents { group.addTask { try await agent.send(until: end) } }
            return try await group.reduce(0, +)
        }
        return Double(accepted) / (ContinuousClock.now - start).inSeconds
    }
}

/// One made-up agent: enrolled, and sending one request after the other.
actor LoadAgent {
    private let http: HTTPTransfer
    private let url: String
    private let key = SigningKey()
    private let identity: EnrolmentResponse
    private var sequence: Int64 = 0
    /// Of what `post` sends.
    private var sequences: [ReportStream: Int64] = [:]
    private var requests: [(body: Data, through: Int64)] = []
    private var batch = 1

    init(index: Int, url: String, token: JoinToken) async throws {
        self.url = url
        let first = HTTPTransfer(HTTPTransfer.Options(trust: .unverified))
        let ca = try await first.send(HTTPRequest(method: "GET", url: url + Routes.ca))
        http = HTTPTransfer(HTTPTransfer.Options(trust: .pinned(caPEM: String(decoding: ca.body, as: UTF8.self))))
        let request = try EnrolmentRequest(
            tokenID: token.id, tokenSecret: token.secret, host: "load-\(index)-\(UUID().uuidString)",
            hostname: "load-\(index)", replace: nil, signedBy: key)
        let answer = try await http.send(
            HTTPRequest(
                method: "POST", url: url + Routes.enrol, headers: [("Content-Type", "application/json")],
                body: WireFormat.encode(request)))
        guard answer.status == 200 || answer.status == 201 else {
            throw Problem(code: "enrolment", message: String(decoding: answer.body.prefix(400), as: UTF8.self))
        }
        identity = try WireFormat.decode(EnrolmentResponse.self, from: answer.body)
    }

    static func envelope(number: Int64, epoch: Int64, host: HostID, key: SigningKey) throws -> Envelope {
        let report = Report(
            host: host, hostname: "load", position: ReportPosition(epoch: epoch, stream: .telemetry, sequence: number),
            time: Timestamp(Date()), boot: "load", uptime: number * 1000, agentVersion: CallhomeVersion.current,
            content: .heartbeat(
                Heartbeat(
                    interval: 60,
                    coverage: ["chip-sensors", "memory-errors", "disk-health", "inventory"].map {
                        Heartbeat.Coverage(
                            probe: $0, state: "ok", because: "", components: 24, signals: 300,
                            lastSuccess: Timestamp(Date()))
                    }, patternPack: "\(CallhomeVersion.current) sha256:0123456789ab", openFaults: 0)))
        return try Envelope.sign(WireFormat.encode(report), as: .report, with: key)
    }

    /// Enough requests for `seconds` at 200 a second, or 1,500 reports a second where these are fewer.
    func prepare(batch: Int, seconds: Int) throws {
        try prepare(batch: batch, count: max(1, min(200 * seconds, 1_500 * seconds / batch)))
    }

    func prepare(batch: Int, count: Int) throws {
        requests = []
        self.batch = batch
        for _ in 0..<count {
            let envelopes = try (0..<batch).map { _ in
                sequence += 1
                return try LoadAgent.envelope(number: sequence, epoch: identity.epoch, host: identity.host, key: key)
            }
            requests.append((try Gzip.compress(EnvelopeLines.encode(envelopes)), sequence))
        }
    }

    /// One request with these contents, whatever becomes of them.
    func post(_ contents: [ReportContent]) async throws {
        let envelopes = try contents.map { content in
            let stream = content.stream
            sequences[stream, default: 0] += 1
            let report = Report(
                host: identity.host, hostname: "load",
                position: ReportPosition(
                    epoch: identity.epoch, stream: stream, sequence: sequences[stream, default: 1]),
                time: Timestamp(Date()), boot: "load", uptime: 1, agentVersion: CallhomeVersion.current,
                content: content)
            return try Envelope.sign(WireFormat.encode(report), as: .report, with: key)
        }
        _ = try await http.send(
            HTTPRequest(
                method: "POST", url: url + Routes.reports,
                headers: [("Content-Type", "application/x-ndjson"), ("Content-Encoding", "gzip")],
                body: Gzip.compress(EnvelopeLines.encode(envelopes))))
    }

    /// Reports that receipts covered before `end`.
    func send(until end: ContinuousClock.Instant) async throws -> Int {
        var accepted = 0
        for request in requests {
            guard ContinuousClock.now < end else {
                // What was not sent must not leave a gap for the next round.
                sequence = request.through - Int64(batch)
                break
            }
            let answer = try await http.send(
                HTTPRequest(
                    method: "POST", url: url + Routes.reports,
                    headers: [("Content-Type", "application/x-ndjson"), ("Content-Encoding", "gzip")],
                    body: request.body))
            guard answer.status == 200 else {
                throw Problem(code: "reports", message: String(decoding: answer.body.prefix(400), as: UTF8.self))
            }
            let envelope = try WireFormat.decode(Envelope.self, from: answer.body)
            let payload = try envelope.verified(as: .receipt, by: identity.collectorKey)
            let receipt = try WireFormat.decode(Receipt.self, from: payload)
            guard receipt.through(.telemetry) == request.through else {
                throw Problem(code: "reports", message: "receipt through \(receipt.through(.telemetry))")
            }
            accepted += batch
        }
        return accepted
    }
}
