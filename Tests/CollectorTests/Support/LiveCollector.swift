import Foundation
import Logging
import Reports
import ServiceLifecycle
import Synchronization
import Transfer

@testable import Collector

/// A whole collector behind TLS on a port of its own, in a folder of its own.
struct LiveCollector {
    let program: CollectorProgram
    let port: Int
    var url: String { "https://localhost:\(port)" }
    var store: any CollectorStore { program.environment.store }

    /// Runs a collector while `work` works with it.
    static func with(
        _ change: (inout CollectorConfiguration) -> Void = { _ in }, _ work: (LiveCollector) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "callhome-live-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = CollectorConfiguration()
        configuration.dataDirectory = folder
        configuration.listenAddress = "127.0.0.1"
        configuration.listenPort = 0
        configuration.names = ["localhost"]
        configuration.socket = nil
        configuration.site = Ticket.Site(name: "Praxis", address: "Deich 1", contact: "x")
        change(&configuration)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let program = try await CollectorProgram.build(configuration, logger: logger, now: { Timestamp(Date()) })
        let group = ServiceGroup(configuration: .init(services: [program], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let live = LiveCollector(program: program, port: try await program.port)
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await work(live))
            } catch {
                outcome = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try outcome.get()
        }
    }

    private func transfer(_ trust: Trust) -> HTTPTransfer {
        HTTPTransfer(HTTPTransfer.Options(trust: trust, timeout: .seconds(30)))
    }

    func send(
        _ method: String, _ path: String, _ body: Data? = nil, headers: [(name: String, value: String)] = [],
        trust: Trust? = nil
    ) async throws -> Transfer.HTTPResponse {
        try await transfer(trust ?? .collector(rootPEM: program.environment.tlsRoot.pem)).send(
            HTTPRequest(method: method, url: url + path, headers: headers, body: body))
    }

    /// As an agent posts: gzip, NDJSON.
    func post(_ lines: Data, compressed: Bool = true) async throws -> Transfer.HTTPResponse {
        var headers = [(name: "content-type", value: "application/x-ndjson")]
        if compressed { headers.append((name: "content-encoding", value: "gzip")) }
        return try await send("POST", Routes.reports, compressed ? try Gzip.compress(lines) : lines, headers: headers)
    }

    func post(_ envelopes: [Envelope]) async throws -> Transfer.HTTPResponse {
        try await post(EnvelopeLines.encode(envelopes))
    }

    /// The verified receipt in an answer.
    func receipt(_ response: Transfer.HTTPResponse) throws -> Receipt {
        let envelope = try WireFormat.decode(Envelope.self, from: response.body)
        return try WireFormat.decode(
            Receipt.self, from: try envelope.verified(as: .receipt, by: program.environment.signingKey.publicKey))
    }

    func problem(_ response: Transfer.HTTPResponse) throws -> Problem {
        try WireFormat.decode(Problem.self, from: response.body)
    }

    func token(
        _ purpose: IssuedToken.Purpose = .server, replacing host: HostID? = nil, lifetime: Duration = .seconds(3600)
    ) async throws -> JoinToken {
        try await program.administration.createToken(
            for: purpose, replacing: host, note: "", lifetime: lifetime, at: Timestamp(Date()))
    }

    func enrol(_ request: EnrolmentRequest) async throws -> Transfer.HTTPResponse {
        try await send(
            "POST", Routes.enrol, try WireFormat.encode(request),
            headers: [(name: "content-type", value: "application/json")])
    }

    /// Enrols over the wire.
    func enrolled(_ host: HostID, replace: String? = nil) async throws -> (SigningAgent, EnrolmentResponse) {
        let replaced: HostID? = if let replace { try await store.server(named: replace).host } else { nil }
        let token = try await token(replacing: replaced)
        let key = SigningKey()
        let answer = try await enrol(
            EnrolmentRequest(
                tokenID: token.id, tokenSecret: token.secret, host: host, hostname: "srv-\(host)", replace: replace,
                signedBy: key))
        let response = try WireFormat.decode(EnrolmentResponse.self, from: answer.body)
        var agent = SigningAgent(response.host, key: key)
        agent.epoch = response.epoch
        return (agent, response)
    }
}
