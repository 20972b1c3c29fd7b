import FaultPatterns
import Foundation
import PatternChannel
import Reports
import TestSupport
import Testing

@testable import SensorAgent

@Suite("Trying patterns in a child process", .timeLimit(.minutes(10)))
struct PatternTrialTests {
    private let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private func file(_ name: String, _ bytes: Data) throws -> String {
        let path = "\(directory.path)/\(name)"
        try bytes.write(to: URL(filePath: path))
        return path
    }

    private func member(_ name: String, _ pack: Data, prefix: String? = nil) throws -> TrialRequest.Member {
        TrialRequest.Member(name: name, packs: [try file("\(name).json", pack)], prefix: prefix, withdrawals: [:])
    }

    @Test("What can run is reported with what is inside, a forecast that rests on nothing, and no refusal")
    func good() throws {
        let pack = WatchFixture.packJSON()
        let report = TrialReport(on: TrialRequest(members: [try member("vendor", pack)]))
        #expect(report.refused == nil && report.forecast == PatternForecast(span: 0, entries: []))
        let contents = try #require(report.contents[ContentHash.sha256(pack)])
        #expect(contents.patterns == ["fan.stopped": 1, "callhome.test": 1] && contents.engineLevel == 1)
    }

    @Test(
        "What cannot run is refused in words: no JSON, nothing to read, another maker's ids, a file that is not there")
    func bad() throws {
        let good = WatchFixture.packJSON()
        let unreadable = Data(String(decoding: good, as: UTF8.self).replacing("hw.fan.speed < 100", with: "(").utf8)
        let another = Data(String(decoding: good, as: UTF8.self).replacing("t1", with: "t2").utf8)
        let nothing = TrialRequest.Member(name: "vendor", packs: ["/nonexistent"], withdrawals: [:])
        for members in [
            [try member("a", Data("{".utf8))], [try member("vendor", good), try member("other", another)],
            [try member("acme", good, prefix: "acme")], [nothing], [],
        ] {
            let report = TrialReport(on: TrialRequest(members: members))
            #expect(report.refused?.isEmpty == false && report.forecast == nil, "\(members)")
        }
        // One pattern that this program cannot read is skipped, and said.
        let report = TrialReport(on: TrialRequest(members: [try member("vendor", unreadable)]))
        #expect(report.refused == nil && report.contents.values.first?.unread == ["fan.stopped"])
    }

    @Test(
        "A pack whose own test fails is refused with the test's name; what runs already, and what is only looked into, is not tested"
    )
    func ownTests() throws {
        func pack(expecting limit: Int) -> Data {
            let test = """
                {"name": "stops", "series": {"hw.fan.speed": "\(limit)"}, "expect": {"at": "1"}}
                """
            return Data(
                String(decoding: WatchFixture.packJSON(), as: UTF8.self).replacing(
                    #""version": "t1","#, with: #""version": "t1", "tests": {"fan.stopped": [\#(test)]},"#
                ).utf8)
        }
        let running = [try member("the package", WatchFixture.packJSON())]
        func report(_ bytes: Data, beside running: [TrialRequest.Member]?) throws -> TrialReport {
            var request = TrialRequest(members: [try member("vendor", bytes)])
            request.running = running
            return TrialReport(on: request)
        }
        let good = try report(pack(expecting: 50), beside: running)
        #expect(good.refused == nil && good.tests == 1 && good.forecast != nil)
        let bad = pack(expecting: 500)
        let refused = try report(bad, beside: running)
        #expect(refused.refused?.hasPrefix("the test \"stops\" of fan.stopped fails: ") == true)
        #expect(refused.forecast == nil)
        #expect(try report(bad, beside: nil).refused == nil)
        #expect(try report(bad, beside: [try member("other", bad)]).refused == nil)
    }

    @Test("How the child ends says whether the patterns are to blame")
    func endings() throws {
        func outcome(_ code: Int32, _ text: String) -> PatternTrial.Outcome {
            PatternTrial.outcome(Tool.Output(exitCode: code, bytes: Array(text.utf8)))
        }
        let report = String(decoding: try WireFormat.encode(TrialReport.passing), as: UTF8.self)
        #expect(outcome(0, report) == .report(.passing))
        func isFailure(_ outcome: PatternTrial.Outcome) -> Bool { if case .failed = outcome { true } else { false } }
        for bad in [outcome(0, ""), outcome(0, "{}"), outcome(0, "[[[["), outcome(1, report), outcome(65, "")] {
            #expect(isFailure(bad), "\(bad)")
        }
        for signal in [SIGSEGV, SIGILL, SIGTRAP, SIGABRT, SIGXCPU, SIGBUS] {
            #expect(isFailure(PatternTrial.outcome(.signalled(signal))), "\(signal)")
        }
        #expect(isFailure(PatternTrial.outcome(.tooMuchOutput(limit: 1))))
        for failure in [
            Tool.Failure.missing, .stuck, .timedOut(after: .seconds(1)), .failed("fork"), .signalled(SIGKILL),
        ] {
            #expect(!isFailure(PatternTrial.outcome(failure)), "\(failure)")
        }
    }

    @Test(
        "A child that crashes, floods or stops says so, and leaves nothing behind; what is asked for is in a private file"
    )
    func child() async throws {
        func trial(_ script: String) throws -> PatternTrial {
            let program = "\(directory.path)/program"
            try writeProgram("#!/bin/sh\n\(script)\n", at: program)
            return PatternTrial(program: program, folder: "\(directory.path)/patterns")
        }
        let request = TrialRequest(members: [])
        let mode = "test \"$1\" = try-patterns && test \"$(stat -c %a \"$2\")\" = 600 || exit 9; "
        #expect(
            await (try trial(mode + "kill -SEGV $$")).run(request)
                == .failed(because: "the trial crashed (signal 11)"))
        // With what the server remembers, it may be that which is too much.
        var remembering = request
        remembering.history = TrialRequest.History(path: "/nonexistent", days: 14, order: [])
        #expect(
            await (try trial(mode + "kill -SEGV $$")).run(remembering)
                == .inconclusive(because: "the trial crashed (signal 11)"))
        #expect(
            await (try trial(mode + "exit 3")).run(request) == .failed(because: "the trial ended with 3"))
        #expect(
            await (try trial(mode + "head -c 5000000 /dev/zero")).run(request)
                == .failed(because: "the trial printed more than \(Tool.outputBytes) bytes"))
        let report = String(decoding: try WireFormat.encode(TrialReport.passing), as: UTF8.self)
        #expect(await (try trial(mode + "echo '\(report)'")).run(request) == .report(.passing))
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/patterns").isEmpty)
    }

    @Test("The agent's own child reads the shipped patterns and runs their tests within its limits")
    func ownChild() async throws {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(filePath: tests).deletingLastPathComponent().appending(path: "callhome-agent").path
        let trial = PatternTrial(program: program, folder: "\(directory.path)/patterns")
        let member = TrialRequest.Member(name: "vendor", packs: [try ShippedPackFile.url().path], withdrawals: [:])
        var request = TrialRequest(members: [member])
        // Beside something else, so that its own tests run as well.
        request.running = [try self.member("the package", WatchFixture.packJSON())]
        guard case .report(let report) = await trial.run(request) else {
            Issue.record("there is no report")
            return
        }
        #expect(report.refused == nil && (report.contents.values.first?.patterns.count ?? 0) > 300)
        #expect(report.tests > 1_200)
    }
}
