import FaultPatterns
import FoundationEssentials
import Logging
import Reports

/// Answers what people ask over the control socket: how the agent is doing, whether a fault would get through, and to
/// join a collector.
actor AgentControl {
    /// One test fault and how long its first hops took.
    private struct Test {
        var firedIn: Duration
        var storedIn: Duration
        var storedAt: Duration
        /// Until a receipt covered it; nil while it waits.
        var deliveredIn: Duration?
    }

    /// Tests that are remembered; the oldest is forgotten for the next.
    static let tests = 16

    private let watch: WatchService
    private let spool: Spool
    private let uplink: UplinkService
    private let enroller: Enroller
    private let query: TestProgressQuery
    private let clock: any AgentClock
    private let log: Logger
    private var identity: Identity
    private var isEnrolling = false
    private var tests: [String: Test] = [:]
    private var order: [String] = []

    init(
        watch: WatchService, spool: Spool, uplink: UplinkService, enroller: Enroller,
        query: TestProgressQuery, identity: Identity, clock: any AgentClock, log: Logger
    ) {
        self.watch = watch
        self.spool = spool
        self.uplink = uplink
        self.enroller = enroller
        self.query = query
        self.identity = identity
        self.clock = clock
        self.log = log
    }

    func answer(_ request: ControlRequest) async -> ControlResponse {
        do throws(Problem) {
            switch request.verb {
            case .status: return ControlResponse(status: try await status())
            case .coverage:
                let (modes, questions) = await watch.failureModes()
                return ControlResponse(failureModes: modes, questions: questions)
            case .test: return ControlResponse(test: try await startTest())
            case .testProgress: return ControlResponse(test: try await progress(of: request.test ?? ""))
            case .declare: return ControlResponse(declaration: try await declare(request))
            case .enroll: return ControlResponse(host: try await enroll(request))
            }
        } catch {
            return ControlResponse(problem: error)
        }
    }

    // MARK: Status

    func status() async throws(Problem) -> AgentStatus {
        let standing = await watch.standing()
        let author = await spool.author
        let bytes: Int64
        do throws(SpoolError) { bytes = try await spool.usedBytes() } catch {
            throw Problem(code: "spool", message: "\(error)")
        }
        return AgentStatus(
            agentVersion: CallhomeVersion.current, host: author.host, hostname: author.hostname,
            startedAt: standing.startedAt, time: clock.now().time, coverage: standing.coverage,
            openFaults: standing.openFaults, patternPack: standing.patternPack, channels: standing.channels,
            skippedPatterns: await watch.pack.skipped.map {
                AgentStatus.SkippedPattern(pattern: $0.id, because: $0.because)
            },
            uplink: await uplink.status(), spoolBytes: bytes)
    }

    /// One line for `systemctl status`.
    func summary() async -> String {
        let standing = await watch.standing()
        let link = await uplink.status()
        let signals = standing.coverage.reduce(0) { $0 + $1.signals }
        return "\(Wording.counted(signals, "signal")), \(Wording.counted(standing.openFaults.count, "open fault")); "
            + (link.because.isEmpty ? "uplink \(link.state)" : link.because)
    }

    // MARK: Test

    private func startTest() async throws(Problem) -> TestProgress {
        let id = RandomIdentifier.make()
        let began = clock.now()
        let pack = await watch.pack
        let test = try TestFaultInjection.fault(id: id, pack: pack, at: began.time)
        let fired = clock.now()
        do throws(SpoolError) {
            try await spool.append(.test(test), at: fired)
        } catch {
            log.error("the test fault cannot be stored", metadata: ["because": "\(error)"])
            return TestProgress(
                id: id,
                hops: [
                    AgentControl.patternHop(fired.uptime - began.uptime, pack),
                    TestProgress.Hop(name: "spool", state: .failed, detail: "\(error)"),
                ])
        }
        let stored = clock.now()
        tests[id] = Test(
            firedIn: fired.uptime - began.uptime, storedIn: stored.uptime - fired.uptime, storedAt: stored.uptime)
        order.append(id)
        if order.count > AgentControl.tests { tests[order.removeFirst()] = nil }
        log.notice("test fault", metadata: ["test": "\(id)"])
        uplink.newsWasStored()
        return try await progress(of: id)
    }

    /// The agent's own hops, then the collector's.
    private func progress(of id: String) async throws(Problem) -> TestProgress {
        guard RandomIdentifier.isOne(id) else {
            throw Problem(code: "bad-test", message: "\(id.prefix(64).debugDescription) is no id of a test")
        }
        let isWaiting: Bool
        do throws(SpoolError) { isWaiting = try await spool.isWaiting(test: id) } catch {
            throw Problem(code: "spool", message: "\(error)")
        }
        if !isWaiting, var test = tests[id], test.deliveredIn == nil {
            test.deliveredIn = clock.now().uptime - test.storedAt
            tests[id] = test
        }
        let test = tests[id]
        guard isWaiting || test != nil else {
            // A test of the process before this one, perhaps: the collector knows.
            return try await collectorProgress(of: id)
        }
        var hops = [
            AgentControl.patternHop(test?.firedIn, await watch.pack),
            TestProgress.Hop(
                name: "spool", state: .confirmed, milliseconds: test?.storedIn.inMilliseconds,
                detail: await spool.isInMemory
                    ? "kept in memory as a signed report" : "stored on disk as a signed report"),
            await uplinkHop(isWaiting: isWaiting, test),
        ]
        if !isWaiting {
            do throws(Problem) {
                hops += try await collectorProgress(of: id).hops
            } catch {
                hops.append(TestProgress.Hop(name: "collector", state: .waiting, detail: "\(error)"))
            }
        }
        return TestProgress(id: id, hops: hops)
    }

    private func collectorProgress(of id: String) async throws(Problem) -> TestProgress {
        guard var enrolment = identity.enrolment else {
            throw Problem(code: "not-found", message: "this agent knows no test \(id); start one with callhome test")
        }
        // The uplink may have taken the collector's new root since.
        enrolment.ca = await uplink.enrolment?.ca ?? enrolment.ca
        return try await query.progress(of: id, by: enrolment)
    }

    private static func patternHop(_ duration: Duration?, _ pack: PatternPack) -> TestProgress.Hop {
        TestProgress.Hop(
            name: "pattern", state: .confirmed, milliseconds: duration?.inMilliseconds,
            detail: "\(TestFaultInjection.pattern) of pack \(pack.identity) fired")
    }

    private func uplinkHop(isWaiting: Bool, _ test: Test?) async -> TestProgress.Hop {
        let link = await uplink.status()
        guard isWaiting else {
            return TestProgress.Hop(
                name: "uplink", state: .confirmed, milliseconds: test?.deliveredIn?.inMilliseconds,
                detail: "taken by \(link.collector ?? "the collector"), with a signed receipt"
                    + (link.because.isEmpty ? "" : "; \(link.because)"))
        }
        // Only a person can mend these two; everything else may come right by itself.
        let isBroken = link.state == "not-enrolled" || link.state == "refused"
        return TestProgress.Hop(
            name: "uplink", state: isBroken ? .failed : .waiting,
            detail: link.because.isEmpty ? "on its way to \(link.collector ?? "the collector")" : link.because)
    }

    // MARK: What people declare

    private func declare(_ request: ControlRequest) async throws(Problem) -> DeclarationAnswer {
        guard let said = request.declaration else {
            throw Problem(code: "malformed", message: "A declaration takes a verb and a part.")
        }
        let part = try await watch.part(meant: said.part)
        let answer = await watch.apply(
            PartDeclaration(
                id: RandomIdentifier.make(), verb: said.verb, component: part.id, faultClass: said.faultClass,
                because: said.because.map { String($0.prefix(AgentControl.reasonCharacters)) },
                by: String(said.by.prefix(AgentControl.reasonCharacters)), at: clock.now().time))
        guard answer.state == .applied else { throw Problem(code: "refused", message: answer.because) }
        return answer
    }

    /// Characters of a person's reason, or name.
    private static let reasonCharacters = 500

    // MARK: Enrolment

    private func enroll(_ request: ControlRequest) async throws(Problem) -> HostID {
        guard let url = request.url, let token = request.token else {
            throw Problem(code: "malformed", message: "Enrolling takes the collector's address and a join token.")
        }
        guard !isEnrolling else {
            throw Problem(
                code: "busy", message: "Another enrolment is under way: wait for its end, then look at status.")
        }
        isEnrolling = true
        defer { isEnrolling = false }
        do throws(EnrolmentError) {
            identity = try await enroller.enroll(
                identity, spoolEpoch: await spool.epoch, url: url, token: token, replace: request.replace)
        } catch {
            log.error("enrolment failed", metadata: ["because": "\(error)"])
            throw error.problem
        }
        await uplink.enrolled(identity)
        log.notice("enrolled", metadata: ["collector": "\(url)", "host": "\(identity.host)"])
        // The collector is waiting for this server's inventory.
        await watch.rouse()
        return identity.host
    }
}
