import Foundation
import GRDB
import Reports
import Testing

@testable import Collector

/// Databases of 0.1 had a table of messages. `fill` writes it as that version did.
@Suite("The outbox of 0.1 goes on")
struct OutboxMigrationTests {
    private let time = SampleFault.time

    /// One message as 0.1 stored it.
    private struct Old {
        var revision: Int
        var event: Ticket.Event
        var state: String
        var attempts = 0
        var recipient = "desk"
        var reference: String?
        var insteadOf: String?
        var id: String { "\(recipient)-\(revision)" }
    }

    private func store(_ folder: TemporaryFolder, _ policy: CasePolicy = StoreUnderTest.policy) throws -> SQLiteStore {
        try SQLiteStore(path: "\(folder.path)/collector.db", policy: policy)
    }

    /// A database with one open case, whose outbox is as `messages` say.
    private func database(_ messages: [Old], in folder: TemporaryFolder) async throws -> String {
        let recent = try store(folder)
        var agent = try await recent.enrolled("h1")
        try await recent.accept(agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        let number = try await recent.theOnlyCase().number
        let revision = messages.map(\.revision).max() ?? 1
        try await recent.pool.write { [time] db in
            let transaction = SQLiteTransaction(db: db, setAside: SetAside(nil))
            var found = try #require(try transaction.findCase(number: number))
            found.revision = revision
            try transaction.save(found, senderNumber: nil)
            try transaction.writeCases()
            for table in ["told", "message", "recipient", "work_log", "work_neighbour", "held_ticket"] {
                try transaction.run("DROP TABLE \(table)")
            }
            try transaction.run("DELETE FROM grdb_migrations WHERE identifier IN ('told', 'work')")
            try transaction.run(
                """
                CREATE TABLE delivery (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, number TEXT NOT NULL,
                    recipient TEXT NOT NULL, channel TEXT NOT NULL, event TEXT NOT NULL, state TEXT NOT NULL,
                    attempts INTEGER NOT NULL, created INTEGER NOT NULL, next INTEGER NOT NULL, failing INTEGER, error TEXT,
                    delivered INTEGER, reference TEXT, instead_of TEXT, ticket TEXT NOT NULL) STRICT
                """)
            for old in messages {
                let ticket = SampleTicket.make {
                    ($0.number, $0.revision, $0.event, $0.because) = (number, old.revision, old.event, "as it was")
                }
                let isFailing = old.state == "retrying"
                try transaction.run(
                    "INSERT INTO delivery VALUES (NULL, ?, ?, ?, 'email', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [
                        old.id, number, old.recipient, old.event.rawValue, old.state, old.attempts, time.milliseconds,
                        (time + .seconds(3600)).milliseconds, isFailing ? time.milliseconds : nil,
                        isFailing ? "down" : nil, old.state == "delivered" ? time.milliseconds : nil, old.reference,
                        old.insteadOf, try transaction.encode(ticket),
                    ])
            }
        }
        await recent.close()
        return number
    }

    @Test("What was tried is sent under the id that it had, with the ticket that it had; what was not is made anew")
    func waiting() async throws {
        let folder = try TemporaryFolder()
        _ = try await database(
            [
                Old(revision: 1, event: .opened, state: "retrying", attempts: 3),
                Old(revision: 1, event: .opened, state: "queued", recipient: "hook"),
            ], in: folder)
        let store = try store(folder)
        let begun = try await store.begin(at: time)
        #expect(begun.map(\.recipient) == ["desk", "hook"])
        #expect(begun[0].id == "desk-1" && begun[0].attempts == 3 && begun[0].ticket.because == "as it was")
        #expect(begun[1].id != "hook-1" && begun[1].ticket.event == .opened)
        for delivery in begun { try await store.record(.taken(TicketReference(text: nil)), to: delivery) }
        #expect(try await store.begin(at: time).isEmpty, "each exactly once")
    }

    @Test("What was taken is told: only the newest that was not is owed, and a claim that was cut off counts as tried")
    func told() async throws {
        let folder = try TemporaryFolder()
        let number = try await database(
            [
                Old(revision: 1, event: .opened, state: "delivered", attempts: 1, reference: "INC-1"),
                Old(revision: 2, event: .updated, state: "superseded"),
                Old(revision: 3, event: .updated, state: "claimed"),
                Old(revision: 1, event: .opened, state: "delivered", attempts: 1, recipient: "hook"),
                Old(revision: 3, event: .updated, state: "delivered", attempts: 1, recipient: "hook"),
            ], in: folder)
        let store = try store(folder)
        let states = try await store.recipientStates()
        #expect(states.map(\.delivered) == [1, 2] && states.map(\.waiting) == [1, 0])
        for (recipient, revision) in [("desk", 1), ("hook", 3)] {
            let told = try await store.toldTickets(recipient: recipient)
            #expect(told == [HeldTicket(number: number, epoch: .unbegun, revision: revision)])
        }
        let records = try await store.deliveries(caseNumber: number)
        #expect(records.first?.reference == "INC-1" && records.first?.state == .delivered)
        let begun = try await store.begin(at: time)
        #expect(begun.map(\.id) == ["desk-3"])
    }

    @Test("A message that waits behind one that was tried replaces it, and a fallback that was told stays one")
    func behind() async throws {
        let folder = try TemporaryFolder()
        _ = try await database(
            [
                Old(revision: 1, event: .opened, state: "retrying", attempts: 9),
                Old(revision: 1, event: .opened, state: "delivered", recipient: "hook", insteadOf: "desk"),
                Old(revision: 2, event: .updated, state: "queued"),
            ], in: folder)
        let store = try store(folder)
        let begun = try await store.begin(at: time)
        #expect(begun.map(\.recipient) == ["desk"] && begun[0].ticket.revision == 2)
        #expect(begun[0].ticket.event == .opened && begun[0].ticket.standIn == "hook")
        #expect(try await store.recipientStates().map(\.failingSince) == [time, nil])
    }
}
