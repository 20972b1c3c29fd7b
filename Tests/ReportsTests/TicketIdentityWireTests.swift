import Foundation
import Reports
import Testing

@Suite("What a ticket is known by, on the wire")
struct TicketIdentityWireTests {
    private static func ticket() -> Ticket {
        Ticket(
            number: "CH-7K3Q-0M9D", event: .opened, revision: 2, test: false, urgency: .order,
            openedAt: Timestamp(seconds: 1), closedAt: nil, site: Ticket.Site(name: "n", address: "a", contact: "c"),
            server: Ticket.Server(host: "h", hostname: "s", part: Part()), suspect: WireTests.fault.suspects[0],
            faults: [], because: "b")
    }

    private static let suspect = """
        "suspect":{"certainty":0.9,"component":"disk:wwn-0x5000c500a1b2c3d4","kind":"disk","name":"/dev/sda",\
        "part":{"manufacturer":"Seagate","model":"ST4000DM000","serial":"Z300ABCD"}}
        """

    @Test("A ticket of the first release reads the same for ever, and is older than any that says its epoch")
    func goldenOfBefore() throws {
        let json = """
            {"because":"b","event":"opened","faults":[],"format":1,"number":"CH-7K3Q-0M9D","openedAt":1000,"revision":2,\
            "server":{"host":"h","hostname":"s","part":{}},"site":{"address":"a","contact":"c","name":"n"},\
            \(Self.suspect),"test":false,"urgency":"order"}
            """
        let expected = Self.ticket()
        #expect(try WireFormat.decode(Ticket.self, from: Data(json.utf8)) == expected)
        #expect(String(decoding: try WireFormat.encode(expected), as: UTF8.self) == json)
        var later = expected
        (later.epoch, later.revision) = (StoreEpoch(term: 0, start: 1), 1)
        #expect(later.isNewer(than: expected) && !expected.isNewer(than: later) && !expected.isNewer(than: expected))
    }

    @Test("A ticket of today says where its number was made, when, and which problem it is")
    func golden() throws {
        let json = """
            {"because":"b","epoch":{"start":1795000000,"term":1},"event":"opened","faults":[],"format":1,\
            "number":"CH-7K3Q-0M9D","openedAt":1000,"origin":{"number":"CH-7K3Q-0M9D","store":"s0"},\
            "perhapsOrderedSince":2000,"problem":"cd539016197b8950affc9af06f52f5f0","revision":2,\
            "server":{"host":"h","hostname":"s","part":{}},"site":{"address":"a","contact":"c","name":"n"},\
            \(Self.suspect),"test":false,"urgency":"order"}
            """
        var expected = Self.ticket()
        expected.origin = Ticket.Origin(store: "s0", number: "CH-7K3Q-0M9D")
        expected.epoch = StoreEpoch(term: 1, start: 1_795_000_000)
        // printf 'h\nf1\n' | sha256sum
        expected.problem = Ticket.problem(host: "h", fault: FaultID(rawValue: "f1"))
        expected.perhapsOrderedSince = Timestamp(seconds: 2)
        #expect(try WireFormat.decode(Ticket.self, from: Data(json.utf8)) == expected)
        #expect(String(decoding: try WireFormat.encode(expected), as: UTF8.self) == json)
    }

    @Test("Epochs are compared by their term, then by their start, and each start is higher than the last")
    func epochs() {
        let epochs = [(0, 5), (0, 9), (1, 0), (1, 4)].map { StoreEpoch(term: $0.0, start: $0.1) }
        #expect(epochs.shuffled().sorted() == epochs)
        let first = StoreEpoch.unbegun.begun(at: Timestamp(seconds: 100))
        #expect(first == StoreEpoch(term: 0, start: 100))
        // The clock was set back, or did not move.
        #expect(first.begun(at: Timestamp(seconds: 50)) == StoreEpoch(term: 0, start: 101))
        #expect(first.takenOver(at: Timestamp(seconds: 300)) == StoreEpoch(term: 1, start: 300))
    }
}
