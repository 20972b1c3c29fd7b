import Foundation
import Reports
import Testing

@testable import Collector

/// The stores that the contract is held against.
enum StoreKind: String, CaseIterable, Sendable { case sqlite, memory }

/// Runs a test, or each one of a suite, against every kind of store, each time with a new one, which `openStore` opens.
struct EveryStore: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        for kind in StoreKind.allCases {
            try await StoreUnderTest.$current.withValue(try StoreUnderTest(kind), operation: function)
        }
    }
}

extension Trait where Self == EveryStore {
    static var everyStore: Self { Self() }
}

/// Opens the store of this test, again if need be.
func openStore(_ policy: CasePolicy = StoreUnderTest.policy) throws -> any CollectorStore {
    try #require(StoreUnderTest.current, "the test lacks .everyStore").open(policy)
}

/// A store in a folder of its own, which can be lost and found as after a crash.
final class StoreUnderTest: Sendable {
    static let policy = CasePolicy(
        site: Ticket.Site(name: "Praxis", address: "Deich 1", contact: "Frau Jensen"),
        recipients: [.init(name: "desk", kind: .email), .init(name: "hook", kind: .webhook)], casesPerHostPerHour: 4)

    /// The one of the test that is running.
    @TaskLocal static var current: StoreUnderTest?

    let kind: StoreKind
    private let folder: String
    private let disk: MemoryDisk

    init(_ kind: StoreKind, _ disk: MemoryDisk = MemoryDisk()) throws {
        self.kind = kind
        self.disk = disk
        folder = FileManager.default.temporaryDirectory.appending(path: "callhome-store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func open(_ policy: CasePolicy = policy) throws -> any CollectorStore {
        switch kind {
        case .sqlite: try SQLiteStore(path: "\(folder)/collector.db", policy: policy)
        case .memory: MemoryStore(disk, policy: policy)
        }
    }

    /// What the next process would find if this one were killed now.
    func afterCrash() throws -> StoreUnderTest {
        let copy = try StoreUnderTest(kind, MemoryDisk(disk.ledger))
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where !name.hasSuffix("-shm") {
            try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: "\(copy.folder)/\(name)")
        }
        return copy
    }
}

extension CollectorStore {
    /// A server that may report.
    func enrolled(_ host: HostID, replaces: Bool = false, at time: Timestamp = SampleFault.time) async throws
        -> SigningAgent
    {
        let agent = SigningAgent(host)
        let token = "token-\(agent.key.publicKey.id.prefix(8))"
        try await save(
            IssuedToken(
                id: token, purpose: .server, secretHash: "", note: "", createdAt: time, expiresAt: time + .seconds(60)))
        let epoch = try await enrol(
            AcceptedEnrolment(
                tokenID: token, host: host, hostname: "srv-\(host)", key: agent.key.publicKey, certificate: "PEM",
                replaces: replaces), at: time)
        var enrolled = agent
        enrolled.epoch = epoch
        return enrolled
    }

    /// Messages whose turn it is.
    func begin(at time: Timestamp = SampleFault.time) async throws -> [Delivery] {
        try await beginDeliveries(at: time, newID: { UUID().uuidString.lowercased() })
    }

    func record(
        _ answer: DeliveryAnswer, to delivery: Delivery, at time: Timestamp = SampleFault.time
    ) async throws {
        try await record(answer, to: delivery, at: time, jitter: 0)
    }

    /// Every message that is due, each taken at once.
    @discardableResult
    func deliverAll(at time: Timestamp = SampleFault.time) async throws -> [Delivery] {
        var taken: [Delivery] = []
        while true {
            let begun = try await begin(at: time)
            if begun.isEmpty { return taken }
            for delivery in begun { try await record(.taken(TicketReference(text: nil)), to: delivery, at: time) }
            taken += begun
        }
    }

    @discardableResult
    func accept(_ reports: VerifiedReport..., from host: HostID, at time: Timestamp = SampleFault.time) async throws
        -> Receipt
    {
        try await accept(VerifiedBatch(host: host, reports: reports), at: time)
    }

    func allCases() async throws -> [Case] {
        try await cases(CaseQuery(states: Set(Case.State.allCases), host: nil, limit: 1_000))
    }

    func theOnlyCase() async throws -> Case {
        let cases = try await allCases()
        try #require(cases.count == 1)
        return cases[0]
    }
}
