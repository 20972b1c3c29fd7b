import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Agent", .timeLimit(.minutes(1)))
struct AgentTests {
    let directory: ScratchDirectory
    let configuration: AgentConfiguration

    init() throws {
        directory = try ScratchDirectory()
        var configuration = AgentConfiguration()
        configuration.stateDirectory = "\(directory.path)/state"
        configuration.controlSocket = "\(directory.path)/agent.sock"
        configuration.patternPack = "\(directory.path)/patterns.json"
        configuration.hostname = "alpha"
        try WatchFixture.packJSON().write(to: URL(filePath: configuration.patternPack))
        self.configuration = configuration
    }

    @Test("Put together as the program does it: a fault is seen in the status, and the agent stops when it is told to")
    func wholeAgent() async throws {
        let agent = try await Agent(
            configuration, probes: [WatchFixture.fanProbe(Dial(0))], clock: ManualClock(), log: SpoolFixture.log)
        let task = Task { try await agent.run() }
        try await WatchFixture.eventually("the fault is there") {
            await agent.answer(ControlRequest(verb: .status)).status?.openFaults.count == 1
        }
        let status = try #require(await agent.answer(ControlRequest(verb: .status)).status)
        #expect(status.hostname == "alpha" && status.coverage.map(\.state) == ["ok"])
        #expect(status.uplink.state == "not-enrolled" && status.uplink.because.contains("callhome enroll"))
        #expect(status.uplink.waitingFaultReports == 1 && status.spoolBytes > 0)
        task.cancel()
        try? await task.value
    }

    @Test(
        "The log begins with version, patterns, probes, and at which collector the server is enrolled, or how to enrol it"
    )
    func firstLine() async throws {
        var configuration = configuration
        configuration.disabledProbes = ["fixture"]
        func start() async throws -> String {
            let lines = LogLines()
            let probes: [any Probe] = [
                WatchFixture.fanProbe(Dial(0)), FixtureProbe(name: "other", look: { _, _ in ProbeResult() }),
            ]
            _ = try await Agent(configuration, probes: probes, clock: ManualClock(), log: lines.log)
            return try #require(lines.all.first { $0.contains("the agent starts") })
        }
        let first = try await start()
        #expect(first.contains("version=\(CallhomeVersion.current)"))
        #expect(first.contains("t1 sha256:") && first.contains("2 patterns"))
        #expect(first.contains("probes=\"1, and 1 switched off\""))
        #expect(first.contains("enrolled=\"no: ") && first.contains("callhome enroll URL --token TOKEN"))

        let file = IdentityFile(directory: configuration.stateDirectory)
        var identity = try #require(try file.load())
        identity.enrolment = Identity.Enrolment(
            certificate: "c", ca: "a", collectorKey: SigningKey().publicKey, epoch: 1,
            collectors: ["https://one.example:8443", "https://two.example:8443"])
        try file.save(identity)
        #expect(try await start().contains("enrolled=\"at https://one.example:8443, https://two.example:8443\""))
    }

    @Test("A test fault names the broken hop: pattern and spool have confirmed, the uplink says what to do")
    func brokenHop() async throws {
        let agent = try await Agent(configuration, probes: [], clock: ManualClock(), log: SpoolFixture.log)
        let progress = try #require(await agent.answer(ControlRequest(verb: .test)).test)
        #expect(progress.hops.map(\.name) == ["pattern", "spool", "uplink"])
        #expect(progress.hops.map(\.state) == [.confirmed, .confirmed, .failed])
        #expect(progress.hops.last?.detail.contains("callhome enroll") == true)
        let later = await agent.answer(ControlRequest(verb: .testProgress, test: progress.id)).test
        #expect(later == progress)
    }

    @Test("A pack without the test pattern breaks the first hop, in words")
    func brokenPattern() async throws {
        try WatchFixture.packJSON(withTest: false).write(to: URL(filePath: configuration.patternPack))
        let agent = try await Agent(configuration, probes: [], clock: ManualClock(), log: SpoolFixture.log)
        let problem = await agent.answer(ControlRequest(verb: .test)).problem
        #expect(problem?.code == "pattern-silent")
    }

    @Test("Tests that nobody started, and ids that are none, are refused in words")
    func unknownTest() async throws {
        let agent = try await Agent(configuration, probes: [], clock: ManualClock(), log: SpoolFixture.log)
        for (id, code) in [(RandomIdentifier.make(), "not-found"), ("../../etc", "bad-test"), ("", "bad-test")] {
            #expect(await agent.answer(ControlRequest(verb: .testProgress, test: id)).problem?.code == code)
        }
    }

    @Test("An enrolment that cannot work is refused in words and changes nothing")
    func badEnrolment() async throws {
        let agent = try await Agent(configuration, probes: [], clock: ManualClock(), log: SpoolFixture.log)
        let request = ControlRequest(verb: .enroll, url: "https://127.0.0.1:1", token: "callhome1.x")
        #expect(await agent.answer(request).problem?.code == "bad-token")
        #expect(await agent.answer(ControlRequest(verb: .enroll)).problem?.code == "malformed")
        #expect(await agent.answer(ControlRequest(verb: .status)).status?.uplink.state == "not-enrolled")
    }

    @Test("The key and the name made at the first start stay")
    func identity() async throws {
        var hosts: Set<String> = []
        for _ in 0..<2 {
            let agent = try await Agent(configuration, probes: [], clock: ManualClock(), log: SpoolFixture.log)
            hosts.insert(try #require(await agent.answer(ControlRequest(verb: .status)).status).host)
        }
        #expect(hosts.count == 1)
    }

    @Test("An agent without its pattern pack does not start, and says what to do")
    func noPack() async throws {
        try FileManager.default.removeItem(atPath: configuration.patternPack)
        let error = await #expect(throws: AgentError.self) {
            _ = try await Agent(configuration, probes: [], clock: ManualClock(), log: SpoolFixture.log)
        }
        #expect(error?.description.contains("patterns.pack") == true)
    }

    @Test(
        "A spool of a newer agent ends the start with what to do, and with a code after which the unit starts nothing again"
    )
    func laterSpool() async throws {
        do { _ = try await Agent(configuration, probes: [], clock: ManualClock(), log: SpoolFixture.log) }
        do {
            let database = try SQLite(path: "\(configuration.stateDirectory)/spool.sqlite")
            try database.script("PRAGMA user_version=99;")
        }
        let error = await #expect(throws: AgentError.self) {
            _ = try await Agent(configuration, probes: [], clock: ManualClock(), log: SpoolFixture.log)
        }
        #expect(error?.description.contains("Install the newer agent again") == true)
        #expect(error?.status == .data && error.map { Reports.ExitStatus.lasting.contains($0.status) } == true)
    }

    @Test("A second agent on the same state directory does not start")
    func secondAgent() async throws {
        let first = try await Agent(configuration, probes: [], clock: ManualClock(), log: SpoolFixture.log)
        let error = await #expect(throws: AgentError.self) {
            _ = try await Agent(configuration, probes: [], clock: ManualClock(), log: SpoolFixture.log)
        }
        #expect(error?.description.contains("an agent runs already") == true)
        withExtendedLifetime(first) {}
    }
}
