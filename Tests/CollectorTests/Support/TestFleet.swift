import Foundation
import Logging
import Reports

@testable import Collector

/// A collector's store in a folder of its own, with servers that report what a test wants.
struct TestFleet {
    static let start = SampleTicket.time

    let folder: TemporaryFolder
    let environment: CollectorEnvironment
    let clock: TestClock
    var store: any CollectorStore { environment.store }

    /// - Parameter change: of the configuration, before the store is opened.
    init(
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ change: (inout CollectorConfiguration) -> Void = { _ in }
    ) async throws {
        folder = try TemporaryFolder()
        clock = TestClock(TestFleet.start)
        var configuration = CollectorConfiguration()
        configuration.dataDirectory = folder.path
        configuration.site = Ticket.Site(name: "Praxis Nord", address: "Deich 1, Husum", contact: "Frau Jensen, 123")
        change(&configuration)
        let store = try SQLiteStore(path: "\(folder.path)/collector.sqlite", policy: CasePolicy(configuration))
        let clock = clock
        environment = CollectorEnvironment(
            configuration: configuration, store: store, signingKey: SigningKey(), ca: "",
            tlsRoot: ShownRoot(pem: "", fingerprint: String(repeating: "0", count: 64)),
            identity: try await store.identity(), logger: logger,
            now: { clock.time })
    }

    /// Enrols a server whose reports `send` then writes.
    func enrol(_ host: HostID, hostname: String) async throws -> TestServer {
        let time = clock.time
        let token = "token-\(host)"
        try await store.save(
            IssuedToken(
                id: token, purpose: .server, secretHash: "", note: "", createdAt: time, expiresAt: time + .seconds(3600)
            ))
        let key = SigningKey()
        let epoch = try await store.enrol(
            AcceptedEnrolment(
                tokenID: token, host: host, hostname: hostname, key: key.publicKey, certificate: "PEM", replaces: false),
            at: time)
        return TestServer(host: host, hostname: hostname, key: key, epoch: epoch, fleet: self)
    }
}

final class TestClock: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Timestamp

    init(_ time: Timestamp) { value = time }
    var time: Timestamp { lock.withLock { value } }
    func advance(_ duration: Duration) { lock.withLock { value = value + duration } }
}

/// One enrolled server of a test.
final class TestServer {
    let host: HostID
    let hostname: String
    let key: SigningKey
    let epoch: Int64
    private let fleet: TestFleet
    private var sequences: [ReportStream: Int64] = [:]

    init(host: HostID, hostname: String, key: SigningKey, epoch: Int64, fleet: TestFleet) {
        self.host = host
        self.hostname = hostname
        self.key = key
        self.epoch = epoch
        self.fleet = fleet
    }

    /// The same server at a collector that was put back: it counts on from what that one knows.
    func reporting(to fleet: TestFleet) async throws -> TestServer {
        let server = TestServer(host: host, hostname: hostname, key: key, epoch: epoch, fleet: fleet)
        let host = host
        let known = try await fleet.store.read("reading positions") { try $0.serverRecord(host: host)?.positions }
        for stream in ReportStream.allCases { server.sequences[stream] = known?.through(stream) }
        return server
    }

    func send(_ content: ReportContent) async throws {
        let stream = content.stream
        let sequence = (sequences[stream] ?? 0) + 1
        sequences[stream] = sequence
        let position = ReportPosition(epoch: epoch, stream: stream, sequence: sequence)
        let report = Report(
            host: host, hostname: hostname, position: position, time: fleet.clock.time, boot: "boot", uptime: 1000,
            agentVersion: "0.1.0", content: content)
        let verified = VerifiedReport(
            position: position, envelope: try Envelope.sign(WireFormat.encode(report), as: .report, with: key),
            certificate: "PEM", content: .report(report))
        _ = try await fleet.store.accept(VerifiedBatch(host: host, reports: [verified]), at: fleet.clock.time)
    }

    func heartbeat(_ coverage: [(probe: String, state: String, because: String)]) async throws {
        try await send(
            .heartbeat(
                Heartbeat(
                    interval: 60,
                    coverage: coverage.map {
                        Heartbeat.Coverage(
                            probe: $0.probe, state: $0.state, because: $0.because, components: 8, signals: 40,
                            lastSuccess: fleet.clock.time)
                    }, patternPack: "1", openFaults: 0)))
    }

    func open(_ fault: Fault) async throws {
        try await send(
            .faults([FaultChange(kind: .opened, fault: fault, because: fault.because, time: fleet.clock.time)]))
    }

    func clear(_ fault: Fault, because: String) async throws {
        try await send(.faults([FaultChange(kind: .cleared, fault: fault, because: because, time: fleet.clock.time)]))
    }
}
