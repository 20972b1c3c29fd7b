import Foundation
import Reports
import TestSupport
import Testing
import Transfer

@testable import Collector

@Suite("Bad input over TLS")
struct BadInputTests {
    private func outcome(_ live: LiveCollector, _ response: Transfer.HTTPResponse) throws -> String {
        let problem = try live.problem(response)
        #expect(!problem.message.isEmpty)
        return "\(response.status) \(problem.code)"
    }

    @Test("Garbage, truncated and foreign bodies are refused with the status that fits, and the collector goes on")
    func garbage() async throws {
        try await LiveCollector.with { live in
            var (agent, _) = try await live.enrolled("h1")
            let good = try EnvelopeLines.encode([try agent.sign(agent.report(.faults([])))])
            #expect(try await outcome(live, live.post(Data())) == "400 garbage")
            #expect(try await outcome(live, live.post(Data("hello".utf8))) == "400 garbage")
            #expect(try await outcome(live, live.post(good.prefix(good.count / 2))) == "400 garbage")
            #expect(try await outcome(live, live.post(Data([0xFF, 0x00, 0x7B, 0xC0]))) == "400 garbage")
            let type = (name: "content-type", value: "application/x-ndjson")
            let gzip = (name: "content-encoding", value: "gzip")
            #expect(
                try await outcome(live, live.send("POST", Routes.reports, good, headers: [type, gzip])) == "400 garbage"
            )
            let cut = try Gzip.compress(good).dropLast(9)
            #expect(
                try await outcome(live, live.send("POST", Routes.reports, Data(cut), headers: [type, gzip]))
                    == "400 garbage")
            let brotli = (name: "content-encoding", value: "br")
            #expect(
                try await outcome(live, live.send("POST", Routes.reports, good, headers: [type, brotli]))
                    == "415 encoding")
            let image = (name: "content-type", value: "image/png")
            #expect(try await outcome(live, live.send("POST", Routes.reports, good, headers: [image])) == "415 type")
            #expect(try await live.send("GET", Routes.reports).status == 404)
            let nested = Data(String(repeating: "[", count: 100_000).utf8)
            #expect(try await outcome(live, live.post(nested)) == "400 garbage")
            #expect(try await live.post(good).status == 200)
        }
    }

    @Test("Bodies at the limit are read, one byte more is refused; a bomb is refused before it is inflated")
    func tooLarge() async throws {
        try await LiveCollector.with { live in
            let limit = WireLimits.bodyBytes
            let whole = try await live.post(Data(repeating: 0x78, count: limit), compressed: false)
            #expect(try outcome(live, whole) == "400 garbage")
            let larger = try await live.post(Data(repeating: 0x78, count: limit + 1), compressed: false)
            #expect(try outcome(live, larger) == "413 too-large")
            let bomb = Data(repeating: 0x20, count: WireLimits.inflatedBytes + 1)
            #expect(try await outcome(live, live.post(bomb)) == "413 too-large")
            let many = Data(String(repeating: "{}\n", count: WireLimits.envelopesPerRequest + 1).utf8)
            #expect(try await outcome(live, live.post(many)) == "413 too-large")
        }
    }

    @Test("Bad signatures, unknown and revoked keys, foreign hosts and types are refused, each in its own words")
    func signatures() async throws {
        try await LiveCollector.with { live in
            var (agent, _) = try await live.enrolled("h1")
            let (other, _) = try await live.enrolled("h2")
            let report = agent.report(.faults([SampleFault.change(.opened, SampleFault.make("f1"))]))
            var changed = try agent.sign(report)
            changed.payload[changed.payload.count - 2] ^= 1
            #expect(try await outcome(live, live.post([changed])) == "401 bad-signature")
            var claimed = try SigningAgent("h1").sign(report)
            claimed.signatures[0].keyid = agent.key.publicKey.id
            #expect(try await outcome(live, live.post([claimed])) == "401 bad-signature")
            #expect(try await outcome(live, live.post([try SigningAgent("h1").sign(report)])) == "401 unknown-key")
            #expect(
                try await outcome(live, live.post([try SigningAgent("h1", key: other.key).sign(report)]))
                    == "403 wrong-host")
            let receipt = try Envelope.sign(WireFormat.encode(report), as: .receipt, with: agent.key)
            #expect(try await outcome(live, live.post([receipt])) == "422 wrong-type")
            let noPosition = try Envelope.sign(Data(#"{"host":"h1"}"#.utf8), as: .report, with: agent.key)
            #expect(try await outcome(live, live.post([noPosition])) == "422 malformed")
            #expect(try await live.store.allCases().isEmpty)
            try await live.store.revokeKeys(host: "h1", because: "stolen", at: SampleFault.time)
            let refused = try await live.post([try agent.sign(report)])
            #expect(try outcome(live, refused) == "403 revoked-key")
            #expect(try live.problem(refused).message.contains("stolen"))
        }
    }

    @Test("What comes before a bad line is stored; the receipt shows how far")
    func prefix() async throws {
        try await LiveCollector.with { live in
            var (agent, _) = try await live.enrolled("h1")
            var lines = try EnvelopeLines.encode([
                try agent.sign(agent.report(.faults([]))), try agent.sign(agent.report(.faults([]))),
            ])
            lines.append(Data("garbage\n".utf8))
            let response = try await live.post(lines)
            #expect(response.status == 200)
            #expect(try live.receipt(response).through(.faults) == 2)
        }
    }

    @Test("Signed content that breaks the format or a limit is refused for good, and the next report is taken")
    func refused() async throws {
        try await LiveCollector.with { live in
            var (agent, _) = try await live.enrolled("h1")
            let position = #"{"epoch":1,"stream":"faults","first":1,"sequence":1}"#
            let broken = try Envelope.sign(
                Data(#"{"host":"h1","position":\#(position),"content":{"kind":"faults","changes":7}}"#.utf8),
                as: .report,
                with: agent.key)
            _ = agent.report(.faults([]))
            let many = (0...WireLimits.changesPerReport).map { SampleFault.change(.opened, SampleFault.make("f\($0)")) }
            var suspectless = SampleFault.make("f")
            suspectless.suspects = []
            let envelopes = [
                broken, try agent.sign(agent.report(.faults(many))),
                try agent.sign(agent.report(.faults([SampleFault.change(.opened, suspectless)]))),
                try agent.sign(agent.report(.faults([SampleFault.change(.opened, SampleFault.make("good"))]))),
            ]
            let receipt = try await live.receipt(live.post(envelopes))
            #expect(receipt.through(.faults) == 4)
            #expect(receipt.refused.map(\.sequence) == [1, 2, 3])
            #expect(receipt.refused[0].because == "the report cannot be read: the field format is missing")
            #expect(receipt.refused[1].because == "257 changes; the limit is 256")
            #expect(receipt.refused[2].because == "fault f names no suspect")
            #expect(try await live.store.theOnlyCase().members.map(\.fault.id.rawValue) == ["good"])
        }
    }

    @Test(
        "A client that does not go on is cut off or answered in time, and others are served meanwhile",
        arguments: [("silent", ["closed"]), ("headers", ["closed", "400"]), ("half", ["408"])])
    func slowClients(mode: String, ends: [String]) async throws {
        try await LiveCollector.with {
            // Half a request is answered only if its head came in time, on a busy machine as well.
            $0.requestTimeout = .seconds(mode == "half" ? 4 : 1)
        } _: { live in
            async let end = withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    let script = ServerProgram.script("slow_client")
                    let result = try? runProgram("/usr/bin/python3", [script, "\(live.port)", mode])
                    continuation.resume(returning: String(decoding: result?.output ?? Data(), as: UTF8.self))
                }
            }
            let meanwhile = try await live.send("GET", Routes.ca)
            #expect(meanwhile.status == 200)
            let ended = await end.filter { !$0.isNewline }
            #expect(ends.contains(ended), "it ended by \(ended)")
        }
    }
}
