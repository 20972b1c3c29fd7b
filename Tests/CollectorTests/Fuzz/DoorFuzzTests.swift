import Foundation
import Hummingbird
import Reports
import Testing
import Transfer

@testable import Collector

/// Each door behind its signature: what is sent is validly signed, and hostile in every field.
///
/// `make fuzz-doors` runs CALLHOME_FUZZ_INPUTS=1000000 inputs a door and CALLHOME_FUZZ_HTTP=20000 of them over HTTP; both, and
/// CALLHOME_FUZZ_SEED, may be set, and CALLHOME_FUZZ_DOORS names the doors (all). A crash ends the run; the last seed
/// printed begins a round that finds it again.
@Suite("Fuzz that knows the formats", .serialized)
struct DoorFuzzTests {
    private static func setting(_ name: String, _ usual: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? usual
    }
    private static let inputs = setting("CALLHOME_FUZZ_INPUTS", 60)
    private static let httpInputs = setting("CALLHOME_FUZZ_HTTP", 30)
    private static let seed = UInt64(setting("CALLHOME_FUZZ_SEED", 20_261_129))
    /// Inputs that one collector takes before it is looked at, and another one begun.
    private static let round = 1_000
    /// Kilobytes that this process may ever have used, all other tests of it included.
    private static let memoryBound = 1_500_000

    enum Door: String, CaseIterable, Sendable {
        case intake, enrolment, pairing, tickets, heartbeats, api

        /// Those that are asked for.
        static let chosen: [Door] = {
            let names = ProcessInfo.processInfo.environment["CALLHOME_FUZZ_DOORS"]?.split(separator: ",").map(
                String.init)
            return allCases.filter { names?.contains($0.rawValue) ?? true }
        }()
    }

    /// What is one collector in a round, and what came of its inputs.
    private final class Round {
        let fleet: TestFleet
        let server: TestServer
        private(set) var site = SigningKey()
        private var pairings = 0
        private(set) var heartbeats: Int64 = 0
        var outcomes: [String: Int] = [:]
        /// Of the newest report that was made, and that was taken.
        var sequences: [ReportStream: Int64] = [:]
        private var taken: [ReportStream: Int64] = [:]
        var token: JoinToken?
        let authority: CertificateAuthority
        let bearer: String

        init() async throws {
            fleet = try await TestFleet { $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:1")] }
            try await fleet.addAdmin()
            server = try await fleet.enrol("h1", hostname: "srv-1")
            authority = try CertificateAuthority(site: "s1")
            let time = fleet.clock.time
            bearer = "callhome_" + RandomBytes.make(32).hexadecimal
            try await pairAnew()
            try await fleet.store.save(
                AccessToken(
                    hash: Authenticator.hash(bearer), kind: .api, account: "admin", note: "", createdAt: time,
                    expiresAt: time + .seconds(86_400)))
            try await server.send(
                .inventory(Inventory(components: [SampleReports.disk], failureModes: SampleReports.modes)))
            try await server.send(.heartbeat(SampleReports.heartbeat))
            try await server.open(SampleTicket.fault)
            taken = [.faults: 1, .telemetry: 2]
            sequences = taken
        }

        /// The next reports follow on what was taken: behind a gap nothing is applied.
        func settle(_ receipt: Receipt?) {
            for stream in ReportStream.allCases {
                taken[stream] = max(taken[stream] ?? 0, receipt?.through(stream) ?? 0)
            }
            sequences = taken
        }

        /// The site with another key: what it signed by the one of before, its last number included, counts no more.
        func pairAnew() async throws {
            let time = fleet.clock.time
            pairings += 1
            site = SigningKey()
            try await fleet.store.save(
                IssuedToken(
                    id: "t\(pairings)", purpose: .site, secretHash: "", note: "", createdAt: time,
                    expiresAt: time + .seconds(60)))
            try await fleet.store.pair(
                PairedSite(
                    id: "s2", name: "Süd", ca: authority.certificatePEM, crossCertificate: authority.certificatePEM,
                    key: site.publicKey, pairedAt: time, isSilent: false), token: "t\(pairings)", at: time)
        }

        func nextHeartbeat() -> Int64 {
            heartbeats += 1
            return heartbeats
        }

        private var authorities: [String: String] = [:]

        /// The CA that a site of this name would bring, in PEM.
        func authority(of site: String) throws -> String {
            if let known = authorities[site] { return known }
            let made = try CertificateAuthority(site: site).certificatePEM
            authorities[site] = made
            return made
        }

        func note(_ outcome: String, _ count: Int = 1) { outcomes[outcome, default: 0] += count }

        /// A report of each kind, whose place is exchanged for the next one.
        private(set) lazy var reports: [(stream: ReportStream, tree: JSONTree)] = SampleReports.contents.compactMap {
            let position = ReportPosition(epoch: 1, stream: $0.stream, sequence: 1)
            let tree = try? JSONTree(
                Report(
                    host: "h1", hostname: "srv-1", position: position, time: SampleTicket.time, boot: "b", uptime: 1,
                    agentVersion: "1", content: $0))
            return tree.map { (position.stream, $0) }
        }
        private(set) lazy var ticket = try? JSONTree(SampleTicket.make { $0.closedAt = SampleTicket.time })

        func join(_ purpose: IssuedToken.Purpose) async throws -> JoinToken {
            if let token { return token }
            let made = try await OneTimeTokens(store: fleet.store, root: fleet.environment.tlsRoot.fingerprint).create(
                purpose, note: "", lifetime: .seconds(3600), at: fleet.clock.time)
            token = made
            return made
        }
    }

    /// One request to a door: as it travels.
    private struct Sent {
        /// Signed messages in it.
        var inputs = 1
        var method = "POST"
        var path: String
        var body: Data
        var headers: [(name: String, value: String)] = [("content-type", "application/json")]
    }

    // MARK: What is sent

    private func make(_ door: Door, _ fuzzer: inout FormatFuzzer, _ round: Round) async throws -> Sent {
        switch door {
        case .intake: return try intake(&fuzzer, round)
        case .enrolment:
            let token = try await round.join(.server)
            let key = SigningKey()
            let host = fuzzer.pick(["h1", "h2", "h3", "h\(fuzzer.below(1_000))", "x/y", fuzzer.word()])
            // What is hostile behind the proof of possession, which a later change makes void.
            let request = try EnrolmentRequest(
                tokenID: token.id, tokenSecret: token.secret, host: host,
                hostname: fuzzer.once(in: 3) ? fuzzer.word() : "srv",
                replace: fuzzer.once(in: 4) ? fuzzer.pick(["h1", "srv-1", "nobody", fuzzer.word()]) : nil,
                signedBy: key)
            if fuzzer.once(in: 8) { round.token = nil }
            return Sent(path: Routes.enrol, body: Data(try changed(JSONTree(request), &fuzzer).utf8))
        case .pairing:
            let token = try await round.join(.site)
            let site = fuzzer.pick(["s2", "s3", "s\(fuzzer.below(1_000))", "x/y"])
            let request = try PairingRequest(
                token: token, site: site, name: fuzzer.once(in: 3) ? fuzzer.word() : "Süd",
                ca: fuzzer.once(in: 5) ? fuzzer.pick(["PEM", ""]) : try round.authority(of: site),
                signedBy: SigningKey())
            if fuzzer.once(in: 8) { round.token = nil }
            return Sent(path: PairingRequest.path, body: Data(try changed(JSONTree(request), &fuzzer).utf8))
        case .tickets:
            let ticket = try #require(round.ticket)
                .setting(["number"], to: .text("CH-\(fuzzer.below(50))"))
                .setting(["revision"], to: .literal("\(fuzzer.below(100))"))
            let json = fuzzer.changed(ticket)
            let message = RelayedTicket(
                id: "m\(fuzzer.below(1 << 30))",
                ticket: try Envelope.sign(Data(json.utf8), as: .ticket, with: round.site), reports: [], certificates: []
            )
            let body =
                fuzzer.once(in: 5) ? Data(fuzzer.changed(try JSONTree(message)).utf8) : try WireFormat.encode(message)
            return Sent(path: Routes.tickets, body: body)
        case .heartbeats:
            // One of a wild number is the last that is taken of its key.
            if fuzzer.once(in: 8) { try await round.pairAnew() }
            let json = fuzzer.changed(
                try JSONTree(
                    CollectorHeartbeat(
                        site: "s2", version: "1", time: SampleTicket.time, interval: 60, openCases: 1, waiting: 1,
                        counter: round.nextHeartbeat())))
            return Sent(
                path: Routes.heartbeats,
                body: try WireFormat.encode(Envelope.sign(Data(json.utf8), as: .heartbeat, with: round.site)))
        case .api: return try api(&fuzzer, round)
        }
    }

    private func changed(_ tree: JSONTree, _ fuzzer: inout FormatFuzzer) throws -> String {
        fuzzer.once(in: 2) ? tree.json : fuzzer.changed(tree)
    }

    private func intake(_ fuzzer: inout FormatFuzzer, _ round: Round) throws -> Sent {
        var envelopes: [Envelope] = []
        for _ in 0..<fuzzer.pick([1, 1, 4, 16]) {
            let (stream, tree) = fuzzer.pick(round.reports)
            let sequence = (round.sequences[stream] ?? 0) + 1
            round.sequences[stream] = sequence
            let place = JSONTree.object([
                "epoch": .literal("1"), "stream": .text(stream.rawValue), "first": .literal("\(sequence)"),
                "sequence": .literal("\(sequence)"),
            ])
            // Mostly with the right place, so that what is wrong is reached.
            let isPlaced = !fuzzer.once(in: 20)
            let json = fuzzer.changed(tree.setting(["position"], to: place)) { changed in
                isPlaced ? changed.setting(["position"], to: place).setting(["host"], to: .text("h1")) : changed
            }
            envelopes.append(try Envelope.sign(Data(json.utf8), as: .report, with: round.server.key))
        }
        return Sent(inputs: envelopes.count, path: Routes.reports, body: try EnvelopeLines.encode(envelopes))
    }

    private func api(_ fuzzer: inout FormatFuzzer, _ round: Round) throws -> Sent {
        let bodies: [(String, JSONTree)] = [
            ("login", try JSONTree(CollectorAPI.Login(name: "admin", password: "guess", note: "n"))),
            ("cases/CH-1/close", .object(["because": .text("x")])),
            ("cases/CH-1/replaced", .object(["because": .text("x")])),
            (
                "servers/h1/blind-spots/accept",
                .object(["because": .text("x"), "names": .array([.text("psu.failed")])])
            ),
            ("servers/h1/blind-spots/withdraw", .object(["because": .text("x"), "all": .literal("true")])),
            ("servers/h1/parts/replaced", .object(["because": .text("x"), "part": .text("/dev/sda")])),
            (
                "servers/h1/parts/acquitted",
                .object(["because": .text("x"), "part": .text("Bay 3"), "faultClass": .text("a")])
            ),
        ]
        let segment = ConsoleLink.segment(
            fuzzer.pick(["h1", "srv-1", "CH-1", "..", "%00", "a/b", "ü", String(repeating: "x", count: 500)]))
        if fuzzer.once(in: 3) {
            let path = fuzzer.pick([
                "servers/\(segment)", "servers", "cases?state=\(segment)", "cases?server=\(segment)",
                "cases/\(segment)",
                "servers/\(segment)/blind-spots", "tokens",
            ])
            return Sent(
                method: "GET", path: "\(Routes.api)/\(path)", body: Data(),
                headers: [("authorization", "Bearer \(round.bearer)")])
        }
        let (path, tree) = fuzzer.pick(bodies)
        return Sent(
            path: "\(Routes.api)/\(path.replacing("h1", with: fuzzer.once(in: 4) ? segment : "h1"))",
            body: Data(try changed(tree, &fuzzer).utf8),
            headers: [("content-type", "application/json"), ("authorization", "Bearer \(round.bearer)")])
    }

    // MARK: What takes it

    /// Decodes and applies as the route does, without a wire.
    private func apply(_ sent: Sent, _ door: Door, _ round: Round) async throws -> String {
        let environment = round.fleet.environment
        let address = BoundAddress()
        do {
            switch door {
            case .intake:
                let share = environment.budget.share(of: "fuzz")
                defer { share.end() }
                defer { round.settle(nil) }
                let receipt = try await IntakeRoute(environment).accept(body: sent.body, isGzip: false, in: share)
                let isWhole = ReportStream.allCases.allSatisfy { receipt.through($0) == round.sequences[$0] }
                round.settle(receipt)
                return !receipt.refused.isEmpty ? "refused in the receipt" : isWhole ? "taken" : "taken in part"
            case .enrolment:
                let request = try BodyReader.noun(EnrolmentRequest.self, from: sent.body)
                _ = try await EnrolmentRoute(environment, authority: round.authority, address: address).enrol(request)
            case .pairing:
                let request = try BodyReader.noun(PairingRequest.self, from: sent.body)
                _ = try await PairingRoute(environment, authority: round.authority).pair(request)
            case .tickets:
                let message = try BodyReader.noun(RelayedTicket.self, from: sent.body)
                _ = try await PairingRoute(environment, authority: round.authority).accept(message)
            case .heartbeats:
                let envelope = try BodyReader.noun(Envelope.self, from: sent.body)
                _ = try await PairingRoute(environment, authority: round.authority).accept(heartbeat: envelope)
            case .api: return "over HTTP only"
            }
            return "taken"
        } catch let problem as RequestProblem {
            #expect(problem.status.code < 500, "\(problem)")
            return "\(problem.status.code) \(problem.problem.code)"
        } catch let error as StoreError {
            // What the database refuses would be tried again for ever.
            if case .unavailable = error { Issue.record("\(door): \(error)") }
            return "\(RequestProblem(error).problem.code)"
        }
    }

    /// Every page and list opens, whatever was taken.
    private func look(_ round: Round) async throws {
        try await withWeb(round.fleet) { web in
            _ = try await web.login()
            for path in [
                "/metrics", "/healthz", "/servers", "/servers/h1", "/servers/h1/blind-spots", "/cases", "/delivery",
            ] {
                let answer = try await web.get(path)
                #expect(answer.status == 200, "\(path): \(answer.status) \(answer.text.prefix(300))")
            }
            for found in try await round.fleet.store.allCases().prefix(5) {
                let answer = try await web.get("/cases/\(ConsoleLink.segment(found.number))")
                #expect(answer.status == 200, "\(found.number): \(answer.text.prefix(300))")
            }
        }
        _ = try await round.fleet.store.silenceSubjects()
        _ = try await round.fleet.store.begin(at: round.fleet.clock.time)
        // Others are untouched: a second server is enrolled and heard.
        let other = try await round.fleet.enrol("other", hostname: "other")
        try await other.heartbeat([("disks", "ok", "")])
        #expect(try await round.fleet.store.server(host: "other")?.lastHeartbeat != nil)
    }

    /// The most memory that this process has used, in kilobytes (proc_pid_status(5), VmHWM).
    private static var peakMemory: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return Int(line.filter(\.isNumber)) ?? 0
    }

    private func report(_ door: Door, _ way: String, _ count: Int, _ outcomes: [String: Int]) {
        let words = outcomes.sorted { $0.value > $1.value }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        print(
            "fuzz \(door.rawValue) \(way): \(count) inputs, seed \(Self.seed), peak \(Self.peakMemory / 1024) MiB; \(words)"
        )
        #expect(Self.peakMemory < Self.memoryBound)
    }

    @Test(
        "No input behind the signature crashes decoding and applying, and all goes on after it",
        arguments: Door.chosen.filter { $0 != .api })
    func direct(door: Door) async throws {
        var outcomes: [String: Int] = [:]
        var (done, said) = (0, 0)
        while done < Self.inputs {
            var fuzzer = FormatFuzzer(seed: Self.seed &+ UInt64(done) &* 0x2545_F491)
            if done >= said {
                print("fuzz \(door.rawValue): from \(done), seed \(Self.seed)")
                said += 100_000
            }
            let round = try await Round()
            let end = min(done + Self.round, Self.inputs)
            while done < end {
                let sent = try await make(door, &fuzzer, round)
                round.note(try await apply(sent, door, round), sent.inputs)
                done += sent.inputs
            }
            try await look(round)
            outcomes.merge(round.outcomes) { $0 + $1 }
        }
        report(door, "direct", done, outcomes)
        #expect(outcomes["taken", default: 0] > done / 100, "\(outcomes)")
        #expect(outcomes.count > 1)
    }

    @Test("No signed request over HTTP gets an answer of 500 and more, or none", arguments: Door.chosen)
    func overHTTP(door: Door) async throws {
        var outcomes: [String: Int] = [:]
        var done = 0
        while done < Self.httpInputs {
            var fuzzer = FormatFuzzer(seed: Self.seed &+ 7 &+ UInt64(done) &* 0x2545_F491)
            let round = try await Round()
            try await withWeb(round.fleet) { web in
                func send(_ sent: Sent) async throws -> Transfer.HTTPResponse {
                    try await web.send(
                        Transfer.HTTPRequest(
                            method: sent.method, url: web.base + sent.path, headers: sent.headers,
                            body: sent.method == "GET" ? nil : sent.body))
                }
                // What is refused is refused for what was changed: without a change it is taken.
                var plain = FormatFuzzer(seed: Self.seed &+ UInt64(done), changes: false)
                var isTaken = false
                for _ in 0..<100 where !isTaken {
                    isTaken = try await (200..<300).contains(send(make(door, &plain, round)).status)
                }
                round.settle(nil)
                #expect(isTaken, "\(door) takes nothing")
                for _ in 0..<min(Self.round, Self.httpInputs - done) {
                    let sent = try await make(door, &fuzzer, round)
                    let answer = try await send(sent)
                    #expect(answer.status < 500, "\(sent.path): \(answer.status) \(answer.text.prefix(300))")
                    if door == .intake {
                        let receipt = try? WireFormat.decode(Envelope.self, from: answer.body)
                        round.settle(try receipt.map { try WireFormat.decode(Receipt.self, from: $0.payload) })
                    }
                    round.note("\(answer.status)")
                    done += 1
                }
            }
            try await look(round)
            outcomes.merge(round.outcomes) { $0 + $1 }
        }
        report(door, "over HTTP", done, outcomes)
    }
}
