import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("What the spool remembers of answers")
struct SpoolReceiptTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private func commit(_ spool: Spool, _ name: String) async throws {
        try await spool.commit([SpoolFixture.change(name)], states: [], cursors: [], at: SpoolFixture.moment())
    }

    @Test("The receipt that is shown outlasts the process")
    func kept() async throws {
        do {
            let spool = try await SpoolFixture.open(directory.path)
            #expect(try await spool.shownReceipt() == nil)
            try await spool.keep(receipt: "one")
            try await spool.keep(receipt: "two")
        }
        #expect(try await SpoolFixture.open(directory.path).shownReceipt() == "two")
    }

    private func hash(_ spool: Spool, _ sequence: Int64) async throws -> String? {
        try await spool.contentHash(at: sequence, of: .faults)
    }

    @Test("The hash of a report is known while it waits, and that of the last after it was discarded")
    func hashes() async throws {
        var waiting: [String] = []
        do {
            let spool = try await SpoolFixture.open(directory.path)
            try await spool.startEpoch(1)
            for name in ["a", "b", "c"] { try await commit(spool, name) }
            waiting = try await spool.nextBatch(of: .faults, limit: 9, bytes: .max).map { stored in
                try Receipt.contentHash(of: WireFormat.decode(Envelope.self, from: stored.bytes).payload)
            }
            #expect(try await hash(spool, 1) == waiting[0])
            try await spool.discard(through: 2, of: .faults)
            #expect(try await hash(spool, 1) == nil)
            #expect(try await hash(spool, 2) == waiting[1])
            #expect(try await hash(spool, 3) == waiting[2])
            #expect(try await hash(spool, 4) == nil)
            #expect(try await spool.contentHash(at: 2, of: .telemetry) == nil)
            // A receipt that covers more than there is speaks of the last.
            try await spool.discard(through: 90, of: .faults)
            #expect(try await hash(spool, 3) == waiting[2])
        }
        let spool = try await SpoolFixture.open(directory.path)
        #expect(try await hash(spool, 3) == waiting[2])
        // The numbers of another epoch are of other reports.
        try await spool.startEpoch(2)
        #expect(try await hash(spool, 3) == nil)
    }

    @Test("Telemetry, which lies packed, has the hash of what was signed")
    func packed() async throws {
        let spool = try await SpoolFixture.open(directory.path)
        try await spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment())
        let sent = try #require(try await spool.nextBatch(of: .telemetry, limit: 1, bytes: .max).first)
        let signed = try WireFormat.decode(Envelope.self, from: sent.bytes).payload
        #expect(try await spool.contentHash(at: sent.sequence, of: .telemetry) == Receipt.contentHash(of: signed))
    }
}
