import Foundation
import Reports
import Testing

@Suite("Going away in order")
struct AwayTests {
    private func heartbeat(_ json: String) throws -> Heartbeat {
        try WireFormat.decode(
            Heartbeat.self,
            from: Data(#"{\#(json)"coverage":[],"interval":60,"openFaults":0,"patternPack":"p"}"#.utf8))
    }

    @Test(
        "The last heartbeat reads the same for ever: that it is the last, as agents up to 0.1 say, why, and for how long"
    )
    func golden() throws {
        let last = Heartbeat(
            interval: 60, coverage: [], patternPack: "p", openFaults: 0, away: Heartbeat.Away(why: .reboot, atMost: 900)
        )
        let json =
            #"{"away":{"atMost":900,"why":"reboot"},"coverage":[],"interval":60,"openFaults":0,"patternPack":"p","stopping":true}"#
        #expect(String(decoding: try WireFormat.encode(last), as: UTF8.self) == json)
        #expect(try WireFormat.decode(Heartbeat.self, from: Data(json.utf8)) == last)

        let other = Heartbeat(interval: 60, coverage: [], patternPack: "p", openFaults: 0)
        #expect(other.stopping == nil && other.away == nil)
        #expect(
            String(decoding: try WireFormat.encode(other), as: UTF8.self)
                == #"{"coverage":[],"interval":60,"openFaults":0,"patternPack":"p"}"#)
    }

    @Test("An agent up to 0.1 says that it stops, and neither why nor for how long")
    func earlier() throws {
        let last = try heartbeat(#""stopping":true,"#)
        #expect(last.stopping == true && last.away == nil)
    }

    @Test("Nobody is away for more than an hour by its own word, nor for less than no time")
    func bounded() throws {
        for (written, read) in [(3_600, 3_600), (3_601, 3_600), (Int.max, 3_600), (0, 0), (-1, 0), (Int.min, 0)] {
            let last = try heartbeat(#""away":{"atMost":\#(written),"why":"stop"},"#)
            #expect(last.away?.atMost == read, "\(written)")
            #expect(Heartbeat.Away(why: .stop, atMost: written).atMost == read)
        }
    }

    @Test("A reason of a later version counts as a stop")
    func unknownReason() throws {
        let last = try heartbeat(#""away":{"atMost":60,"because":"new","why":"hibernation"},"#)
        #expect(last.away == Heartbeat.Away(why: .stop, atMost: 60))
    }

    @Test(
        "Every reason has a time within the hour, and words in both languages",
        arguments: Heartbeat.Away.Reason.allCases)
    func reasons(why: Heartbeat.Away.Reason) {
        #expect((60...3_600).contains(Heartbeat.Away(because: why).atMost))
        #expect(!why.clause(in: .english).isEmpty && why.clause(in: .english) != why.clause(in: .german))
    }
}
