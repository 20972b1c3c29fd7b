import Crypto
import Foundation
import Reports
import Testing

/// The wire: what an old agent sends must be understood for ever, and what a newer one adds must do no harm.
@Suite("The wire")
struct WireTests {
    static let disk = Component(
        id: ComponentID(.disk, "wwn-0x5000c500a1b2c3d4"), kind: .disk, parent: ComponentID(.board, "main"),
        name: "/dev/sda", part: Part(manufacturer: "Seagate", model: "ST4000DM000", serial: "Z300ABCD"),
        attributes: ["bus": "ata"])

    static let fault = Fault(
        id: FaultID(rawValue: "f1"), pattern: "disk.ata.media-failing", revision: 3,
        faultClass: "disk.ata.media-failing",
        component: disk.id,
        suspects: [
            Suspect(component: disk.id, kind: .disk, name: disk.name, part: disk.part, certainty: 0.9)
        ],
        urgency: .plan, timeToFailure: TimeToFailure(earliest: 0, latest: 30, hazard: ["30": 0.52]),
        evidence: [
            Evidence(
                component: disk.id, signal: Signal("hw.physical_disk.smart", ["attribute": "197.raw"]),
                value: "24 sectors", time: Timestamp(seconds: 1_700_000_000))
        ],
        because: "24 pending sectors (limit 16).",
        texts: ["en": FaultText(title: "Disk failing", description: "d", impact: "i", action: "a")],
        action: "replace-planned", provenance: "measured on 812 failures",
        openedAt: Timestamp(seconds: 1_700_000_000), updatedAt: Timestamp(seconds: 1_700_000_000))

    static func report(_ content: ReportContent) -> Report {
        Report(
            host: "host-1", hostname: "srv-1", position: ReportPosition(epoch: 1, stream: .faults, sequence: 7),
            time: Timestamp(seconds: 1_700_000_000), boot: "b", uptime: 5, agentVersion: "0.1.0", content: content)
    }

    @Test("Every kind of report comes back from the wire as it was sent")
    func roundTrip() throws {
        let contents: [ReportContent] = [
            .faults([
                FaultChange(kind: .opened, fault: Self.fault, because: "it began", time: Timestamp(seconds: 1))
            ]),
            .inventory(Inventory(components: [Self.disk])),
            .heartbeat(
                Heartbeat(
                    interval: 60,
                    coverage: [
                        Heartbeat.Coverage(
                            probe: "chip-sensors", state: "absent", because: "no chips", components: 0, signals: 0,
                            lastSuccess: nil)
                    ], patternPack: "p", openFaults: 1)),
            .samples([
                SampleAggregate(
                    component: Self.disk.id, signal: Signal("hw.temperature"), from: Timestamp(seconds: 0),
                    through: Timestamp(seconds: 300), count: 30, minimum: 1, maximum: 3, mean: 2, last: 2)
            ]),
            .test(TestFault(id: "t", fault: Self.fault)), .dropped(Dropped(reason: "spool-full")),
        ]
        for content in contents {
            let report = Self.report(content)
            let again = try WireFormat.decode(Report.self, from: WireFormat.encode(report))
            #expect(again == report, "\(content.kind)")
        }
    }

    @Test("Format 1 reads the same for ever: a report written by the first release")
    func goldenReport() throws {
        let json = """
            {"agentVersion":"0.1.0","boot":"b","content":{"changes":[{"because":"it began","fault":{"action":"replace-planned",\
            "because":"24 pending sectors (limit 16).","class":"disk.ata.media-failing",\
            "component":"disk:wwn-0x5000c500a1b2c3d4","evidence":[{"component":"disk:wwn-0x5000c500a1b2c3d4",\
            "signal":"hw.physical_disk.smart{attribute=\\"197.raw\\"}","time":1700000000000,"value":"24 sectors"}],"id":"f1",\
            "openedAt":1700000000000,"pattern":"disk.ata.media-failing","provenance":"measured on 812 failures","revision":3,\
            "suspects":[{"certainty":0.9,"component":"disk:wwn-0x5000c500a1b2c3d4","kind":"disk","name":"/dev/sda",\
            "part":{"manufacturer":"Seagate","model":"ST4000DM000","serial":"Z300ABCD"}}],\
            "texts":{"en":{"action":"a","description":"d","impact":"i","title":"Disk failing"}},\
            "timeToFailure":{"earliest":0,"hazard":{"30":0.52},"latest":30},"updatedAt":1700000000000,"urgency":"plan"},\
            "kind":"opened","time":1000}],"kind":"faults"},"format":1,"host":"host-1","hostname":"srv-1",\
            "position":{"epoch":1,"first":7,"sequence":7,"stream":"faults"},"time":1700000000000,"uptime":5}
            """
        let expected = Self.report(
            .faults([
                FaultChange(kind: .opened, fault: Self.fault, because: "it began", time: Timestamp(seconds: 1))
            ]))
        #expect(try WireFormat.decode(Report.self, from: Data(json.utf8)) == expected)
        #expect(String(decoding: try WireFormat.encode(expected), as: UTF8.self) == json)
    }

    @Test("A fault of a part that had another name before says so, and one that never had says nothing")
    func goldenEarlierName() throws {
        var fault = Self.fault
        fault.alsoSeenAs = ComponentID(.dimm, "mc0/dimm0")
        let json = String(decoding: try WireFormat.encode(fault), as: UTF8.self)
        #expect(json.hasPrefix(#"{"action":"replace-planned","alsoSeenAs":"dimm:mc0/dimm0","because":"#))
        #expect(try WireFormat.decode(Fault.self, from: Data(json.utf8)) == fault)
    }

    @Test(
        "A collector's sign of life reads as in the first release; one with work, and its answer, are kept from here on"
    )
    func goldenHeartbeat() throws {
        let old = #"{"format":1,"interval":60,"openCases":2,"site":"a","time":1000,"version":"0.1.0","waiting":3}"#
        var heartbeat = CollectorHeartbeat(
            site: "a", version: "0.1.0", time: Timestamp(seconds: 1), interval: 60, openCases: 2, waiting: 3)
        #expect(try WireFormat.decode(CollectorHeartbeat.self, from: Data(old.utf8)) == heartbeat)
        #expect(String(decoding: try WireFormat.encode(heartbeat), as: UTF8.self) == old)

        let step = WorkStep(
            collector: "b", counter: 7, causes: ["a": 5], time: Timestamp(seconds: 1), kind: .closed, who: "anna",
            place: "Service", why: "swapped", seen: 1)
        let signed = Envelope(
            payload: try WireFormat.encode(step), payloadType: PayloadType.workStep.rawValue, signatures: [])
        let body = #"{"causes":{"a":5},"collector":"b","counter":7,"kind":"closed","place":"Service","seen":1,"#
        #expect(
            String(decoding: signed.payload, as: UTF8.self) == body + #""time":1000,"who":"anna","why":"swapped"}"#)
        let base64 = signed.payload.base64EncodedString()
        let envelope =
            #"{"payload":"\#(base64)","payloadType":"application/vnd.callhome.work-step+json","signatures":[]}"#
        let work =
            #""work":{"after":3,"have":9,"more":true,"steps":[{"origin":{"number":"CH-1","store":"a"},"step":\#(envelope)}],"through":4}"#
        heartbeat.counter = 8
        heartbeat.work = WorkExchange(
            have: 9, after: 3, through: 4, more: true,
            steps: [SharedStep(origin: Ticket.Origin(store: "a", number: "CH-1"), step: signed)])
        let ticket = HeldTicket(number: "CH-1", epoch: StoreEpoch(term: 1, start: 9), revision: 2)
        heartbeat.told = ToldTickets([ticket], after: "CH-0")
        let told = #"{"after":"CH-0","count":1,"digest":"DIGEST"}"#
            .replacing("DIGEST", with: SHA256.hash(data: Data("CH-1 1 9 2\n".utf8)).prefix(16).hexadecimal)
        let new =
            #"{"counter":8,"format":1,"interval":60,"openCases":2,"site":"a","time":1000,"told":\#(told),"#
            + #""version":"0.1.0","waiting":3,\#(work)}"#
        #expect(String(decoding: try WireFormat.encode(heartbeat), as: UTF8.self) == new)
        #expect(try WireFormat.decode(CollectorHeartbeat.self, from: Data(new.utf8)) == heartbeat)

        let answer = HeartbeatAnswer(
            collector: "b", site: "a", counter: 8, root: "PEM", work: try #require(heartbeat.work),
            held: HeldTickets([ticket], after: nil))
        let all = told.replacing(#""after":"CH-0","#, with: "")
        let json =
            #"{"collector":"b","counter":8,"format":1,"held":{"all":\#(all),"more":false,"tickets":[{"#
            + #""epoch":{"start":9,"term":1},"number":"CH-1","revision":2}]},"root":"PEM","site":"a",\#(work)}"#
        #expect(String(decoding: try WireFormat.encode(answer), as: UTF8.self) == json)
        #expect(try WireFormat.decode(HeartbeatAnswer.self, from: Data(json.utf8)) == answer)
    }

    @Test("What is held comes in pages of 100, by number, and its digest does not depend on the order")
    func heldPages() {
        let tickets = (0..<250).map { HeldTicket(number: "CH-\($0)", epoch: .unbegun, revision: $0) }
        #expect(ToldTickets(tickets).isSame(as: ToldTickets(tickets.reversed(), after: "x")))
        #expect(!ToldTickets(tickets).isSame(as: ToldTickets(Array(tickets.dropLast()))))
        var (read, after): ([HeldTicket], String?) = ([], nil)
        for number in 1...3 {
            let page = HeldTickets(tickets.reversed(), after: after)
            #expect(page.tickets.count == (number < 3 ? 100 : 50))
            #expect(page.more == (number < 3))
            (read, after) = (read + page.tickets, page.tickets.last?.number)
        }
        #expect(read == tickets.sorted { $0.number < $1.number })
    }

    @Test("An observation of one event reads and is written as before there were counts; one of several says so")
    func goldenObservation() throws {
        let head = #"{"component":"dimm:A1","#
        let tail = #""measurement":{"event":"50 CE"},"signal":"hw.memory.page_error{page=\"1f\"}","time":1000}"#
        for (json, count) in [(head + tail, 1), (head + #""count":50,"# + tail, 50)] {
            let expected = Observation(
                component: ComponentID(.dimm, "A1"), signal: Signal("hw.memory.page_error", ["page": "1f"]),
                measurement: .event("50 CE"), time: Timestamp(seconds: 1), count: count)
            #expect(expected.count == count)
            #expect(try WireFormat.decode(Observation.self, from: Data(json.utf8)) == expected)
            #expect(String(decoding: try WireFormat.encode(expected), as: UTF8.self) == json)
        }
    }

    @Test("A ticket of 0.1 reads and is written as it was; what two recipients have to agree on is named beside")
    func goldenTicket() throws {
        let old = """
            {"because":"a new fault","event":"opened","faults":[],"format":1,"number":"CH-7K3Q-000012",\
            "openedAt":1700000000000,"revision":2,"server":{"host":"h1","hostname":"srv-1","part":{}},\
            "site":{"address":"","contact":"","name":""},"suspect":{"certainty":0.5,"kind":"disk","name":"sda","part":{}},\
            "test":false,"urgency":"order"}
            """
        var expected = Ticket(
            number: "CH-7K3Q-000012", event: .opened, revision: 2, test: false, urgency: .order,
            openedAt: Timestamp(seconds: 1_700_000_000), closedAt: nil,
            site: Ticket.Site(name: "", address: "", contact: ""),
            server: Ticket.Server(host: "h1", hostname: "srv-1", part: Part()),
            suspect: Suspect(component: nil, kind: .disk, name: "sda", part: Part(), certainty: 0.5), faults: [],
            because: "a new fault")
        func check(_ json: String) throws {
            #expect(try WireFormat.decode(Ticket.self, from: Data(json.utf8)) == expected)
            #expect(String(decoding: try WireFormat.encode(expected), as: UTF8.self) == json)
        }
        try check(old)
        (expected.insteadOf, expected.standIn, expected.repeated) = ("desk", "spare", true)
        try check(
            old.replacing(#""number":"#, with: #""insteadOf":"desk","number":"#)
                .replacing(#""revision":2,"#, with: #""repeated":true,"revision":2,"#)
                .replacing(#""suspect":"#, with: #""standIn":"spare","suspect":"#))
    }

    @Test("An observation stands for one event to a million, and for none and more is refused")
    func observationCount() throws {
        func read(_ count: String) throws -> Int {
            let json =
                #"{"component":"dimm:A1","count":\#(count),"measurement":{"event":"e"},"signal":"hw.nmi","time":0}"#
            return try WireFormat.decode(Observation.self, from: Data(json.utf8)).count
        }
        #expect(try read("1") == 1)
        #expect(try read("1000000") == 1_000_000)
        for count in ["0", "-1", "1000001", "1e30", "1.5", "\"5\""] {
            #expect(throws: DecodingError.self, "\(count)") { _ = try read(count) }
        }
        for (asked, given) in [(Int.min, 1), (0, 1), (1_000_001, 1_000_000), (.max, 1_000_000)] {
            let observation = Observation(
                component: ComponentID(.dimm, "A1"), signal: Signal("hw.nmi"), measurement: .event("e"),
                time: Timestamp(seconds: 0), count: asked)
            #expect(observation.count == given)
        }
    }

    @Test("A report of a kind from the future is kept by its name, and its unknown fields do no harm")
    func unknownKind() throws {
        let json = """
            {"agentVersion":"9","boot":"b","content":{"kind":"hologram","x":[1]},"format":9,"host":"h","hostname":"n",\
            "new":{"a":1},"position":{"epoch":1,"first":1,"sequence":1,"stream":"telemetry"},"time":0,"uptime":1}
            """
        let report = try WireFormat.decode(Report.self, from: Data(json.utf8))
        #expect(report.content == .unknown(kind: "hologram"))
    }

    @Test("An unknown measurement is unavailable, an unknown urgency is looked at by a person")
    func unknownCases() throws {
        #expect(
            try WireFormat.decode(Measurement.self, from: Data(#"{"quaternion":[1,2,3,4]}"#.utf8))
                == .unavailable(Unavailable(rawValue: "unknownMeasurement")))
        #expect(try WireFormat.decode([Urgency].self, from: Data(#"["yesterday","order"]"#.utf8)) == [.plan, .order])
    }

    @Test(
        "Counters are exact on the wire up to 2^64-1; above 2^53 they are strings",
        arguments: [0, 1, 1 << 53, (1 << 53) + 1, UInt64.max] as [UInt64])
    func counters(value: UInt64) throws {
        let data = try WireFormat.encode(Measurement.counter(value))
        #expect(String(decoding: data, as: UTF8.self).contains("\"\(value)\"") == (value > 1 << 53))
        #expect(try WireFormat.decode(Measurement.self, from: data) == .counter(value))
    }

    @Test("A reading that is no number is unavailable, never a number")
    func notFinite() {
        for value in [Double.nan, .infinity, -.infinity] {
            #expect(Measurement.gauge(value) == .unavailable(.notFinite))
        }
    }

    @Test(
        "A signal reads back as it is written, whatever stands in its labels",
        arguments: ["197.raw", "a\"b", "back\\slash", "", "{x=\"1\"}", "Temperatur, °C"])
    func signals(value: String) throws {
        let signal = Signal("hw.physical_disk.smart", ["attribute": value, "other": "1"])
        #expect(Signal(parsing: signal.description) == signal)
        #expect(try WireFormat.decode(Signal.self, from: WireFormat.encode(signal)) == signal)
    }

    @Test(
        "What is no signal is refused",
        arguments: [
            "", "{}", "hw.x{", "hw.x{a}", "hw.x{a=1}", "hw.x{a=\"1\"", "hw x", "hw.x{a=\"1\"}y", "hw.x{=\"1\"}",
        ])
    func badSignals(text: String) { #expect(Signal(parsing: text) == nil) }
}

@Suite("Envelopes")
struct EnvelopeTests {
    let key = SigningKey()

    @Test("The signed bytes are DSSE's pre-authentication encoding (the protocol's own example)")
    func preAuthenticationEncoding() {
        let bytes = Envelope.preAuthenticationEncoding(
            type: "http://example.com/HelloWorld", payload: Data("hello world".utf8))
        #expect(String(decoding: bytes, as: UTF8.self) == "DSSEv1 29 http://example.com/HelloWorld 11 hello world")
    }

    @Test("What was signed verifies, also after the wire")
    func verifies() throws {
        let envelope = try Envelope.sign(Data("x".utf8), as: .report, with: key)
        let again = try WireFormat.decode(Envelope.self, from: WireFormat.encode(envelope))
        #expect(try again.verified(as: .report, by: key.publicKey) == Data("x".utf8))
        #expect(again.keyIDs == [key.publicKey.id])
    }

    @Test("A changed payload, another key and another type are refused")
    func refuses() throws {
        var envelope = try Envelope.sign(Data("x".utf8), as: .report, with: key)
        #expect(throws: EnvelopeError.self) {
            try envelope.verified(as: .report, by: SigningKey().publicKey)
        }
        #expect(throws: EnvelopeError.self) { try envelope.verified(as: .receipt, by: key.publicKey) }
        envelope.payload = Data("y".utf8)
        #expect(throws: EnvelopeError.badSignature(keyID: key.publicKey.id)) {
            try envelope.verified(as: .report, by: key.publicKey)
        }
        envelope.signatures = []
        #expect(throws: EnvelopeError.self) { try envelope.verified(as: .report, by: key.publicKey) }
    }

    @Test("A signature for one type does not pass for another with the same bytes")
    func typeIsSigned() throws {
        var envelope = try Envelope.sign(Data("x".utf8), as: .report, with: key)
        envelope.payloadType = PayloadType.receipt.rawValue
        #expect(throws: EnvelopeError.badSignature(keyID: key.publicKey.id)) {
            try envelope.verified(as: .receipt, by: key.publicKey)
        }
    }

    @Test("A body has at most 256 envelopes, and one line at most 8 MiB")
    func bodyLimits() throws {
        let line = Data("{}\n".utf8)
        let full = Data(repeatElement(line, count: WireLimits.envelopesPerRequest).joined())
        #expect(try EnvelopeLines.split(full).count == WireLimits.envelopesPerRequest)
        #expect(throws: EnvelopeLinesError.tooMany) { try EnvelopeLines.split(full + line) }
        #expect(try EnvelopeLines.split(Data(count: WireLimits.envelopeBytes)).count == 1)
        #expect(throws: EnvelopeLinesError.lineTooLong(bytes: WireLimits.envelopeBytes + 1)) {
            try EnvelopeLines.split(Data(repeating: 0x41, count: WireLimits.envelopeBytes + 1))
        }
    }
}

@Suite("Enrolment")
struct EnrolmentTests {
    @Test("A join token reads back; anything else is none")
    func tokens() {
        let token = JoinToken(id: "a1", secret: "0123456789abcdef", caFingerprint: String(repeating: "ab", count: 32))
        #expect(JoinToken(parsing: token.description) == token)
        for text in ["", "callhome1", "callhome1.a.b.c", token.description + ".x", "x" + token.description] {
            #expect(JoinToken(parsing: text) == nil, "\(text)")
        }
    }

    @Test("A request proves that its sender holds the key, for this token and host only")
    func proof() throws {
        let key = SigningKey()
        var request = try EnrolmentRequest(
            tokenID: "t", tokenSecret: "s", host: "h", hostname: "n", replace: nil, signedBy: key)
        #expect(request.isProven)
        request.host = "other"
        #expect(!request.isProven)
    }
}

@Suite("Time")
struct TimestampTests {
    @Test("Sums and differences saturate: a clock may say anything")
    func saturates() {
        let last = Timestamp(milliseconds: .max)
        let first = Timestamp(milliseconds: .min)
        #expect(last + .seconds(1) == last)
        #expect(first - .seconds(1) == first)
        #expect((last - first).inMilliseconds == .max)
        #expect(last.rfc3339.hasSuffix(" ms"))
        #expect(Timestamp(seconds: 0).rfc3339 == "1970-01-01T00:00:00Z")
    }
}

@Suite("The signal catalogue")
struct SignalCatalogueTests {
    @Test("Every entry is named once")
    func unique() {
        let names = SignalCatalogue.entries.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test("What is not in the catalogue is refused, with the reason")
    func refuses() {
        let smart = Signal("hw.physical_disk.smart", ["attribute": "5.raw"])
        #expect(SignalCatalogue.objection(to: smart, of: .disk, measurement: .counter(1)) == nil)
        #expect(SignalCatalogue.objection(to: smart, of: .fan, measurement: .counter(1)) != nil)
        #expect(SignalCatalogue.objection(to: smart, of: .disk, measurement: .state("x")) != nil)
        #expect(SignalCatalogue.objection(to: smart, of: .disk, measurement: .unavailable(.asleep)) == nil)
        #expect(SignalCatalogue.objection(to: Signal("hw.physical_disk.smart")) != nil)
        #expect(SignalCatalogue.objection(to: Signal("hw.errors", ["error.type": "imaginary"])) != nil)
        #expect(SignalCatalogue.objection(to: Signal("hw.temperature", ["x": "1"])) != nil)
        #expect(SignalCatalogue.objection(to: Signal("hw.unheard.of")) != nil)
    }
}
