import Testing

@testable import Collector

@Suite("Who may be connected")
struct ConnectionLedgerTests {
    /// Objects whose identities stand for connections.
    private final class Wire {}
    private let wires = (0..<50).map { _ in Wire() }
    private func id(_ number: Int) -> ConnectionLedger.ID { ObjectIdentifier(wires[number]) }

    private func ledger(total: Int = 4, perPeer: Int = 3) -> ConnectionLedger {
        ConnectionLedger(
            ConnectionLedger.Limits(
                total: total, perPeer: perPeer, head: .seconds(15), idle: .seconds(60), answer: .seconds(180)))
    }

    @Test("When all places are taken, who never asked goes first, then who has waited longest; who is served stays")
    func oldestIdle() {
        var ledger = ledger(total: 3)
        for number in 0..<3 {
            #expect(ledger.admit(id(number), peer: "p\(number)", at: .seconds(number)) == .admitted)
        }
        ledger.enter(.busy, id(0), at: .seconds(3))
        ledger.enter(.busy, id(1), at: .seconds(3))
        ledger.enter(.waiting, id(1), at: .seconds(4))
        #expect(ledger.admit(id(3), peer: "p3", at: .seconds(5)) == .instead(of: id(2)))
        ledger.enter(.busy, id(3), at: .seconds(5))
        #expect(ledger.admit(id(4), peer: "p4", at: .seconds(6)) == .instead(of: id(1)))
        ledger.enter(.busy, id(4), at: .seconds(6))
        #expect(ledger.admit(id(5), peer: "p5", at: .seconds(7)) == .refused)
        #expect(ledger.count == 3)
        ledger.remove(id(0))
        #expect(ledger.admit(id(6), peer: "p6", at: .seconds(8)) == .admitted)
    }

    @Test("One address has no more places than are its share, and takes none of another's")
    func perPeer() {
        var ledger = ledger(total: 40, perPeer: 3)
        for number in 0..<3 { #expect(ledger.admit(id(number), peer: "a", at: .seconds(number)) == .admitted) }
        #expect(ledger.admit(id(10), peer: "b", at: .seconds(3)) == .admitted)
        #expect(ledger.admit(id(3), peer: "a", at: .seconds(4)) == .instead(of: id(0)))
        for number in 1...3 { ledger.enter(.busy, id(number), at: .seconds(5)) }
        #expect(ledger.admit(id(4), peer: "a", at: .seconds(6)) == .refused)
        #expect(ledger.admit(id(11), peer: "b", at: .seconds(6)) == .admitted)
        ledger.remove(id(1))
        ledger.remove(id(1))
        #expect(ledger.admit(id(5), peer: "a", at: .seconds(7)) == .admitted)
        #expect(ledger.admit(id(6), peer: "a", at: .seconds(7)) == .instead(of: id(5)))
    }

    @Test("Whoever does not ask, does not go on or does not take its answer is overdue, each after its own time")
    func overdue() {
        var ledger = ledger(total: 9, perPeer: 9)
        for number in 0..<3 { _ = ledger.admit(id(number), peer: "a", at: .zero) }
        ledger.enter(.busy, id(1), at: .seconds(1))
        ledger.enter(.busy, id(2), at: .seconds(1))
        ledger.enter(.waiting, id(2), at: .seconds(2))
        #expect(ledger.overdue(at: .seconds(15)).isEmpty)
        #expect(ledger.overdue(at: .seconds(16)) == [id(0)])
        #expect(ledger.overdue(at: .seconds(62)).isEmpty)
        #expect(ledger.overdue(at: .seconds(63)) == [id(2)])
        #expect(ledger.overdue(at: .seconds(181)).isEmpty)
        #expect(ledger.overdue(at: .seconds(182)) == [id(1)])
        #expect(ledger.count == 0)
    }

    @Test("An IPv6 address counts by its network, an IPv4 address as it is, also where it is written as IPv6")
    func networks() {
        #expect(PeerAddress.network("192.0.2.7") == "192.0.2.7")
        #expect(PeerAddress.network("::ffff:192.0.2.7") == "::ffff:192.0.2.7")
        #expect(PeerAddress.network("2001:db8:1:2::1") == PeerAddress.network("2001:db8:1:2:ffff::9"))
        #expect(PeerAddress.network("2001:db8:1:2::1") != PeerAddress.network("2001:db8:1:3::1"))
        #expect(PeerAddress.network(of: nil) == "local socket")
    }

    @Test("There are never more places than files left over")
    func files() {
        let places = PeerAddress.connections(atMost: 4_096, keeping: 400)
        #expect((16...4_096).contains(places))
        #expect(PeerAddress.connections(atMost: 5, keeping: 0) == 16)
        #expect(PeerAddress.connections(atMost: 4_096, keeping: .max / 2) == 16)
    }
}
