import Foundation
import Reports
import TestSupport
import Testing
import Transfer

@testable import SensorAgent

/// A real collector program, a real spool and the uplink between them.
private final class Rig: Sendable {
    struct Taken: Decodable, Hashable {
        var epoch: Int64
        var stream: ReportStream
        var first: Int64
        var sequence: Int64
        var kind: String
        var faults: [String]
    }
    struct State: Decodable {
        var reports: [Taken]
        var epoch: Int64
        var through: [String: Int64]
        var requests: Int
        var renewals: [String]
        /// Starts of the epochs of the receipts that it was shown; 0: a request without one.
        var shown: [Int64]
    }

    let program: ServerProgram
    let directory: ScratchDirectory
    let identities: IdentityFile
    let spool: Spool

    /// - Parameter spool: another folder for the spool.
    init(spool folder: String? = nil) async throws {
        program = try ServerProgram("collector")
        directory = try ScratchDirectory()
        identities = IdentityFile(directory: directory.path)
        spool = try await SpoolFixture.open(folder ?? directory.path)
        // The spool's fixture signs with this key.
        try identities.save(Identity(host: "h1", key: try SpoolFixture.author().key))
    }

    var enroller: Enroller { Enroller(identities: identities, hostname: "alpha", proxy: nil) }
    var url: String { program["url"] }

    func enrol() async throws -> Identity {
        let current = try identities.loadOrMake(host: "h1")
        return try await enroller.enroll(
            current, spoolEpoch: await spool.epoch, url: url, token: program["token"], replace: nil)
    }

    func service(_ identity: Identity) -> UplinkService {
        UplinkService(
            source: spool, identity: identity, hostname: "alpha", proxy: nil, log: SpoolFixture.log,
            now: { SpoolFixture.start }, lastWait: .seconds(60))
    }

    /// Enrolled with a collector of before that moves to a root of its own, and trusting the CA of before.
    func enrolBefore() async throws -> Identity {
        var identity = try await enrol()
        identity.enrolment?.ca = program["earlier"]
        identity.enrolment?.collectors = [program["movingURL"]]
        try identities.save(identity)
        return identity
    }

    /// An uplink that takes what receipts tell of the root.
    func moving(_ identity: Identity) -> UplinkService {
        UplinkService(
            source: spool, identity: identity, hostname: "alpha", proxy: nil, log: SpoolFixture.log,
            now: { SpoolFixture.start }, renewal: TrustRenewal(identities: identities, proxy: nil))
    }

    func get(_ path: String) async throws -> Data {
        let transfer = HTTPTransfer(HTTPTransfer.Options(trust: .pinned(caPEM: program["ca"])))
        return try await transfer.send(HTTPRequest(url: url + path)).body
    }

    func state() async throws -> State { try JSONDecoder().decode(State.self, from: try await get("/state")) }
    /// Those that were taken, without the statements that epochs begin with.
    func faultReports() async throws -> [Taken] { try await state().reports.filter { $0.kind == "faults" } }
    func tell(_ setting: String) async throws { _ = try await get("/control/?" + setting) }

    func addFaults(_ count: Int, from first: Int = 0, at seconds: Int64 = 0) async throws {
        for number in first..<(first + count) {
            try await spool.commit(
                [SpoolFixture.change("fan\(number)")], states: [], cursors: [], at: SpoolFixture.moment(seconds))
        }
    }

    /// Asks until `condition` holds; a failure of the uplink is this test's failure by its time limit.
    func until(_ service: UplinkService, _ condition: (AgentStatus.Uplink) -> Bool) async throws -> AgentStatus.Uplink {
        while true {
            let status = await service.status()
            if condition(status) { return status }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

@Suite("The uplink against a real collector over TLS", .timeLimit(.minutes(2)))
struct UplinkServiceTests {
    private func running<Result>(_ service: UplinkService, _ body: () async throws -> Result) async throws -> Result {
        let task = Task { try await service.run() }
        defer { task.cancel() }
        return try await body()
    }

    @Test("Enrolment pins the CA, takes the name that the collector gives, and is on disk")
    func enrolment() async throws {
        let rig = try await Rig()
        let identity = try await rig.enrol()
        #expect(identity.host == "assigned-host")
        #expect(identity.enrolment?.ca.contains("BEGIN") == true)
        #expect(identity.enrolment.flatMap { CertificateText($0.ca) } == CertificateText(rig.program["ca"]))
        // Addresses without https are left out; the one that worked is kept at the end.
        #expect(identity.enrolment?.collectors == ["https://127.0.0.1:1", rig.url])
        // Reports that wait carry another name: they need a new epoch.
        #expect(identity.enrolment?.epoch == 2)
        #expect(try rig.identities.load() == identity)
        await #expect(throws: EnrolmentError.self) { try await rig.enrol() }
    }

    @Test("A token with a slip in its fingerprint was not copied whole; another root is shown from where it differs")
    func fingerprints() {
        let root = String(repeating: "7257e32ba09f77b1", count: 4)
        let slip = EnrolmentError.wrongAuthority("https://a", found: root, wanted: root.dropLast() + "0")
        #expect(slip.description.contains("not copied whole") && slip.description.contains("digit 64 of 64"))
        let other = EnrolmentError.wrongAuthority(
            "https://a", found: root, wanted: root.prefix(20) + String(repeating: "0", count: 44))
        let shown = other.description.matches(of: #/\(([0-9a-f]+)…\)/#).map(\.output.1)
        #expect(shown.count == 2 && shown.first != shown.last, "\(other)")
        for error in [slip, other] {
            #expect(error.description.contains("TLS root") && !error.description.contains("CA"), "\(error)")
        }
    }

    @Test("A collector with another CA than the token's gets no secret")
    func wrongAuthority() async throws {
        let rig = try await Rig()
        let current = try rig.identities.loadOrMake(host: "h1")
        for (token, mode) in [(rig.program["otherToken"], ""), (rig.program["token"], "other-ca")] {
            try await rig.tell("mode=\"\(mode)\"")
            let error = await #expect(throws: EnrolmentError.self) {
                try await rig.enroller.enroll(current, spoolEpoch: 1, url: rig.url, token: token, replace: nil)
            }
            guard case .wrongAuthority = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(error?.problem.code == "wrong-ca")
        }
        try await rig.tell("mode=\"swaps-ca\"")
        let error = await #expect(throws: EnrolmentError.self) { try await rig.enrol() }
        guard case .notACollector = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try rig.identities.load() == current)
    }

    @Test("A token that was used, is cut short, or an address that is none, is said to be so")
    func badEnrolment() async throws {
        let rig = try await Rig()
        let current = try rig.identities.loadOrMake(host: "h1")
        func code(_ url: String, _ token: String) async -> String? {
            do throws(EnrolmentError) {
                _ = try await rig.enroller.enroll(current, spoolEpoch: 1, url: url, token: token, replace: nil)
                return nil
            } catch {
                return error.problem.code
            }
        }
        let token = rig.program["token"]
        #expect(await code(rig.url, String(token.dropLast())) == "bad-token")
        #expect(await code(rig.url.replacing("https", with: "http"), token) == "bad-address")
        #expect(await code("https://127.0.0.1:1", token) == "unreachable")
        #expect(await code(rig.url + "/elsewhere", token) == "not-found")
        #expect(await code(rig.url, token) == nil)
        #expect(await code(rig.url, token) == "token-used")
    }

    @Test("Reports reach the collector, faults first, and are discarded by its signed receipt")
    func delivery() async throws {
        let rig = try await Rig()
        try await rig.spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment())
        try await rig.addFaults(3)
        let service = rig.service(try await rig.enrol())
        try await running(service) {
            let status = try await rig.until(service) { $0.waitingFaultReports + $0.waitingTelemetryReports == 0 }
            #expect(status.state == "connected" && status.because == "")
            #expect(status.lastReceipt == SpoolFixture.start)
            // The first of the two addresses has nobody; the other one is kept.
            #expect(status.collector == rig.url)
        }
        let reports = try await rig.state().reports
        #expect(reports.map(\.kind) == ["faults", "faults", "faults", "statement", "heartbeat"])
        #expect(reports.map(\.epoch) == [2, 2, 2, 2, 2])
    }

    @Test("New faults are sent at once, not at the next full minute")
    func signal() async throws {
        let rig = try await Rig()
        let service = rig.service(try await rig.enrol())
        try await running(service) {
            for number in 1...3 {
                try await rig.addFaults(1)
                service.newsWasStored()
                _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
                #expect(try await rig.faultReports().count == number)
            }
        }
    }

    @Test("What was stored last is sent when the agent stops")
    func stop() async throws {
        let rig = try await Rig()
        let service = rig.service(try await rig.enrol())
        try await rig.addFaults(1)
        let task = Task { try await service.run() }
        _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
        // It waits for its minute now; nothing wakes it but the stop.
        try await rig.spool.append(SpoolFixture.heartbeat(), at: SpoolFixture.moment())
        task.cancel()
        try await task.value
        #expect(try await rig.state().reports.last?.kind == "heartbeat")
        #expect(try await rig.faultReports().count == 1)
    }

    @Test("Each request shows the receipt of the newest epoch that was answered in, also after a restart")
    func showsReceipts() async throws {
        let rig = try await Rig()
        let identity = try await rig.enrol()
        var sent = 0
        func send(by service: UplinkService, start: Int64) async throws -> Int64? {
            try await rig.tell("start=\(start)")
            try await rig.addFaults(1, from: sent)
            sent += 1
            try await running(service) {
                _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
            }
            return try await rig.state().shown.last
        }
        let first = rig.service(identity)
        _ = try await send(by: first, start: 0)
        #expect(try await rig.state().shown.allSatisfy { $0 == 0 })
        _ = try await send(by: first, start: 70)
        #expect(try await send(by: first, start: 50) == 70, "a store that is behind is shown the newer one")
        #expect(try await send(by: rig.service(identity), start: 90) == 70)
        #expect(try await send(by: rig.service(identity), start: 90) == 90)
    }

    @Test("An agent that is enrolled while it runs sends what it kept, in its new name")
    func enrolledLater() async throws {
        let rig = try await Rig()
        try await rig.addFaults(2)
        let service = rig.service(try rig.identities.loadOrMake(host: "h1"))
        try await running(service) {
            #expect(await service.status().state == "not-enrolled")
            await service.enrolled(try await rig.enrol())
            _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
        }
        #expect(try await rig.faultReports().count == 2)
    }

    @Test("Busy, broken and overwhelmed collectors get every report in the end, once")
    func badDays() async throws {
        let rig = try await Rig()
        try await rig.addFaults(5)
        let service = rig.service(try await rig.enrol())
        try await rig.tell("mode=\"small\"&answers=[[500,{}],[429,{\"Retry-After\":\"1\"}],[404,{}]]")
        try await running(service) {
            _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
        }
        let state = try await rig.state()
        #expect(try await rig.faultReports().map(\.sequence) == [1, 2, 3, 4, 5])
        #expect(state.requests > 8)
    }

    @Test("A refused report is left behind, and said; the ones after it arrive")
    func refusal() async throws {
        let rig = try await Rig()
        try await rig.addFaults(3)
        let service = rig.service(try await rig.enrol())
        try await rig.tell("refuse=[2]")
        try await running(service) {
            let status = try await rig.until(service) { $0.waitingFaultReports == 0 }
            #expect(status.because.contains("refused report 2 of faults for good: not taken"))
        }
        #expect(try await rig.faultReports().map(\.sequence) == [1, 3])
    }

    @Test("A collector restored from a backup is told what was lost, and goes on")
    func collectorRestored() async throws {
        let rig = try await Rig()
        let identity = try await rig.enrol()
        // Before anything stands: an epoch that begins later begins with a statement.
        try await rig.spool.startEpoch(try #require(identity.enrolment).epoch)
        let service = rig.service(identity)
        try await running(service) {
            try await rig.addFaults(4)
            service.newsWasStored()
            _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
            try await rig.tell("through={\"faults\":1,\"telemetry\":0}")
            try await rig.addFaults(1)
            service.newsWasStored()
            _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
        }
        let last = try await rig.state().reports.suffix(2)
        #expect(last.map(\.kind) == ["dropped", "faults"])
        #expect(last.map(\.first) == [2, 5] && last.map(\.sequence) == [4, 5])
    }

    @Test("A spool that is an old copy begins a new epoch, and nothing it holds is taken for a repeat")
    func spoolRestored() async throws {
        let rig = try await Rig()
        try await rig.addFaults(2)
        let service = rig.service(try await rig.enrol())
        try await rig.tell("epoch=7&through={\"faults\":50,\"telemetry\":50}")
        try await running(service) {
            _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
        }
        let reports = try await rig.faultReports()
        #expect(reports.map(\.epoch) == [8, 8] && reports.map(\.sequence) == [1, 2])
    }

    @Test(
        "A disk that fails while reports are sent, and again: each fault reaches the collector once and in order, in a new epoch each time",
        .enabled(if: FailingDisk.isPossible, Comment(rawValue: FailingDisk.obstacle)))
    func failingDisk() async throws {
        let disk = try FailingDisk(.fuse)
        let rig = try await Rig(spool: disk.path)
        let service = rig.service(try await rig.enrol())
        var count = 0
        try await running(service) {
            for round in 0..<4 {
                // Every other time the disk fails between two commits of which the first may be on its way.
                try await rig.addFaults(3, from: count, at: Int64(round) * 4_000)
                service.newsWasStored()
                if round % 2 == 1 { _ = try await rig.until(service) { $0.waitingFaultReports == 0 } }
                try await disk.behave("eio-write")
                try await rig.addFaults(3, from: count + 3, at: Int64(round) * 4_000)
                service.newsWasStored()
                _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
                #expect(await rig.spool.isInMemory)
                try await disk.behave("ok")
                count += 6
                // The clock goes on past the wait, and whoever sends comes by.
                try await rig.addFaults(1, from: count, at: Int64(round) * 4_000 + 3_000)
                count += 1
                service.newsWasStored()
                _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
                while await rig.spool.isInMemory {
                    service.newsWasStored()
                    await Task.yield()
                }
            }
        }
        let taken = try await rig.state().reports.filter { $0.stream == .faults }
        #expect(taken.flatMap(\.faults) == (0..<count).map { "f-fan\($0)" })
        #expect(taken.map(\.epoch) == taken.map(\.epoch).sorted() && Set(taken.map(\.epoch)).count >= 5)
        for (_, reports) in Dictionary(grouping: taken, by: \.epoch) {
            #expect(reports.map(\.sequence) == Array(1...Int64(reports.count)))
        }
    }

    @Test("Reports that were signed in an earlier name do not block the ones after them")
    func earlierName() async throws {
        let rig = try await Rig()
        try await rig.addFaults(2)
        var identity = try await rig.enrol()
        // As if the agent had been killed between storing its new name and signing anew.
        identity.enrolment?.epoch = 1
        try await rig.tell("answers=[[403,{}]]&code=\"wrong-host\"")
        let service = rig.service(identity)
        try await running(service) {
            _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
        }
        #expect(try await rig.faultReports().map(\.epoch) == [2, 2])
    }

    @Test("A revoked key, and an answer that is no signed receipt, discard nothing")
    func nothingIsDiscarded() async throws {
        let rig = try await Rig()
        try await rig.addFaults(2)
        let identity = try await rig.enrol()
        try await rig.tell("answers=[[403,{}]]")
        let revoked = rig.service(identity)
        try await running(revoked) {
            let status = try await rig.until(revoked) { $0.state == "refused" }
            #expect(status.because.contains("the test wants it [told-so]"))
            #expect(status.waitingFaultReports == 3 && status.nextAttempt != nil)
        }
        try await rig.tell("mode=\"garbage\"")
        let deceived = rig.service(identity)
        try await running(deceived) {
            let status = try await rig.until(deceived) { $0.because.contains("without a valid receipt") }
            #expect(status.waitingFaultReports == 3)
        }
        var stranger = identity
        stranger.enrolment?.collectorKey = SigningKey().publicKey
        try await rig.tell("mode=\"\"")
        let misled = rig.service(stranger)
        try await running(misled) {
            let status = try await rig.until(misled) { $0.because.contains("no signature of the envelope") }
            #expect(status.waitingFaultReports == 3)
        }
    }

    @Test("A root that a signed receipt names is trusted alone from then on, and kept; the certificate is renewed")
    func takesTheRoot() async throws {
        let rig = try await Rig()
        let before = try await rig.enrolBefore()
        try await rig.tell("root=\"moved\"")
        try await rig.addFaults(1)
        let service = rig.moving(before)
        try await running(service) {
            while try await rig.state().renewals.isEmpty { await Task.yield() }
            while await service.enrolment?.certificate == before.enrolment?.certificate { await Task.yield() }
            // What was kept of the old connection would not do for the new root.
            try await rig.addFaults(1, from: 1)
            service.newsWasStored()
            _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
        }
        #expect(try await rig.state().renewals == [rig.program["movedFingerprint"]])
        let kept = try #require(try rig.identities.load()?.enrolment)
        #expect(CertificateText(kept.ca) == CertificateText(rig.program["moved"]))
        #expect(kept.certificate != before.enrolment?.certificate)
        #expect(kept.collectors == before.enrolment?.collectors && kept.collectorKey == before.enrolment?.collectorKey)
    }

    @Test(
        "A root that nobody reached the collector by, is no root for servers, or stands in a receipt for another server, is not taken: reports go on",
        arguments: ["unreachable", "no-root", "garbage", ""])
    func refusesARoot(_ root: String) async throws {
        let rig = try await Rig()
        let before = try await rig.enrolBefore()
        try await rig.tell(
            "root=\"\(root.isEmpty ? "moved" : root)\"&mode=\"\(root.isEmpty ? "receipt-of-other" : "")\"")
        let service = rig.moving(before)
        try await running(service) {
            for number in 1...3 {
                try await rig.addFaults(1, from: number - 1)
                service.newsWasStored()
                if root.isEmpty {
                    while try await rig.state().requests < 1 { await Task.yield() }
                } else {
                    _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
                }
            }
        }
        #expect(try await rig.state().renewals.isEmpty)
        #expect(try rig.identities.load()?.enrolment?.ca == before.enrolment?.ca)
        #expect(await service.enrolment?.ca == before.enrolment?.ca)
    }

    @Test(
        "A certificate that the collector did not sign, or that is another server's, is not taken",
        arguments: ["renewal-forged", "renewal-of-other"])
    func refusesACertificate(_ mode: String) async throws {
        let rig = try await Rig()
        let before = try await rig.enrolBefore()
        try await rig.tell("root=\"moved\"&mode=\"\(mode)\"")
        try await rig.addFaults(1)
        let service = rig.moving(before)
        try await running(service) {
            while try await rig.state().renewals.isEmpty { await Task.yield() }
            _ = try await rig.until(service) { $0.waitingFaultReports == 0 }
        }
        #expect(try rig.identities.load()?.enrolment?.certificate == before.enrolment?.certificate)
    }

    @Test("An enrolment that came meanwhile is not undone by the root of the one before")
    func enrolledMeanwhile() async throws {
        let rig = try await Rig()
        let before = try await rig.enrolBefore()
        var anew = before
        anew.enrolment?.certificate = rig.program["ca"] + "\n"
        anew.enrolment?.epoch = 9
        try rig.identities.save(anew)
        let renewal = TrustRenewal(identities: rig.identities, proxy: nil)
        let error = await #expect(throws: TrustRenewalError.self) {
            try await renewal.renewed(before, root: rig.program["moved"], at: rig.program["movingURL"])
        }
        guard case .overtaken = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try rig.identities.load() == anew)
    }

    @Test("A test's progress is asked of the collectors in their order")
    func testProgress() async throws {
        let rig = try await Rig()
        let enrolment = try #require(try await rig.enrol().enrolment)
        let query = TestProgressQuery(proxy: nil)
        #expect(try await query.progress(of: "00ff", by: enrolment).hops.map(\.name) == ["intake"])
        for (id, code) in [("00fe", "not-found"), ("../state", "bad-test"), ("", "bad-test")] {
            let problem = await #expect(throws: Problem.self) { try await query.progress(of: id, by: enrolment) }
            #expect(problem?.code == code)
        }
    }
}

@Suite("The signal that wakes the uplink")
struct WakeSignalTests {
    @Test("A signal before the wait is not lost, and many are one")
    func pending() async {
        let signal = WakeSignal()
        signal.fire()
        signal.fire()
        #expect(await signal.wait(atMost: .seconds(60)))
        #expect(await signal.wait(atMost: .zero) == false)
    }

    @Test("A signal during the wait ends it, and so does cancellation")
    func during() async {
        let signal = WakeSignal()
        let waiter = Task { await signal.wait(atMost: .seconds(3600)) }
        signal.fire()
        #expect(await waiter.value)
        let cancelled = Task { await signal.wait(atMost: .seconds(3600)) }
        cancelled.cancel()
        #expect(await cancelled.value == false)
        #expect(await signal.wait(atMost: .milliseconds(1)) == false)
    }
}
