import Foundation
import PatternChannel
import Reports
import Testing

@testable import SensorAgent

@Suite("The course of one channel")
struct ChannelCourseTests {
    private typealias Action = ChannelCourse.Action
    private static let spread = Duration.seconds(120)
    private static let start = Timestamp(seconds: 1_790_000_000)

    /// A dialogue: what comes, and what is done next.
    private struct Dialogue {
        var course = ChannelCourse("vendor", heartbeat: .seconds(60))
        var active: ActivePatterns?
        var now = Duration.seconds(100)
        var random = SystemRandomNumberGenerator()

        var next: Action {
            mutating get { course.next(active: active, isSettled: active?.probation == nil, at: now) }
        }

        mutating func offer(_ timestamp: Int64, _ targets: Int64?, _ step: PatternOffer.Step) {
            course.take(
                PatternOffer(channel: "vendor", timestamp: timestamp, targets: targets, step: step), at: now,
                using: &random)
        }

        /// The mirror is at this version, of timestamp and targets.
        mutating func verify(_ version: Int64) throws {
            course.verified(try ChannelFixture.shared(version: version), [])
            course.updated(refused: nil, at: now)
        }

        mutating func run(_ targets: Int64, settled: Bool = true) {
            var next = active ?? ActivePatterns(.package, at: ChannelCourseTests.start)
            next.activate(
                ActivePatterns.Content(targets: targets, packs: []), of: "vendor", at: ChannelCourseTests.start,
                boot: "b0")
            if settled { next.settle() }
            active = next
        }
    }

    private static let proved = PatternTrial.Outcome.report(TrialReport.passing)

    @Test("Nothing is done before a collector offers something, and nothing for a version that it does not offer")
    func quiet() throws {
        var dialogue = Dialogue()
        #expect(dialogue.next == .wait(until: nil))
        try dialogue.verify(3)
        dialogue.offer(3, nil, .prove)
        #expect(dialogue.next == .wait(until: nil))
        #expect(dialogue.course.candidate == nil)
    }

    @Test("A newer timestamp is asked for within two minutes, at a time of this server's own, and is the floor")
    func spread() throws {
        var dialogue = Dialogue()
        dialogue.offer(7, 7, .prove)
        guard case .wait(let time?) = dialogue.next else {
            #expect(dialogue.next == .update(floor: 7))
            return
        }
        #expect(time > dialogue.now && time < dialogue.now + Self.spread)
        dialogue.now = time
        #expect(dialogue.next == .update(floor: 7))
    }

    @Test(
        "What is refused is tried again later and later, at most an hour apart, and at once where the channel goes on")
    func refusals() throws {
        var dialogue = Dialogue()
        dialogue.offer(7, nil, .hold)
        dialogue.now += Self.spread
        var pauses: [Duration] = []
        for _ in 0..<10 {
            #expect(dialogue.next == .update(floor: 7))
            dialogue.course.updated(refused: "held back", at: dialogue.now)
            guard case .wait(let time?) = dialogue.next else { break }
            pauses.append(time - dialogue.now)
            dialogue.now = time
        }
        #expect(pauses.count == 10 && pauses.first == .seconds(60) && pauses.last == .seconds(3600))
        #expect(dialogue.course.status(active: nil).refused == "held back")
        dialogue.course.updated(refused: "held back", at: dialogue.now)
        dialogue.offer(8, nil, .hold)
        dialogue.now += Self.spread
        #expect(dialogue.next == .update(floor: 8))
    }

    @Test("Proved first, whatever is asked; then it waits for its turn, and is activated when that comes")
    func proving() throws {
        for step in [PatternOffer.Step.prove, .activate] {
            var dialogue = Dialogue()
            try dialogue.verify(7)
            dialogue.offer(7, 7, step)
            #expect(dialogue.next == .prove(7))
            #expect(dialogue.course.candidate?.state == "checking")
            dialogue.course.tried(Self.proved, of: 7, at: dialogue.now)
            #expect(dialogue.course.candidate?.state == "proved" && dialogue.course.candidate?.forecast != nil)
            #expect(dialogue.next == (step == .activate ? .activate(7) : .wait(until: nil)))
            dialogue.offer(7, 7, .activate)
            #expect(dialogue.next == .activate(7))
            dialogue.run(7)
            #expect(dialogue.next == .wait(until: nil))
            let status = dialogue.course.status(active: dialogue.active)
            #expect(status.active == 7 && status.candidate == nil)
        }
    }

    @Test("Hold, and a step that this version does not know, change nothing")
    func hold() throws {
        var dialogue = Dialogue()
        try dialogue.verify(7)
        dialogue.run(6)
        dialogue.offer(7, 7, .hold)
        #expect(dialogue.next == .wait(until: nil) && dialogue.course.candidate == nil)
        let unknown = try WireFormat.decode(
            PatternOffer.self, from: Data(#"{"channel":"vendor","timestamp":7,"targets":7,"step":"leap"}"#.utf8))
        dialogue.course.take(unknown, at: dialogue.now, using: &dialogue.random)
        #expect(dialogue.next == .wait(until: nil))
    }

    @Test("Only what is verified is tried: a version that the mirror does not hold waits for it")
    func unverified() throws {
        var dialogue = Dialogue()
        try dialogue.verify(7)
        dialogue.offer(7, 9, .activate)
        #expect(dialogue.next == .wait(until: nil))
        #expect(dialogue.course.candidate == nil)
    }

    @Test("What fails on trial never runs, and a newer version is tried anew")
    func failing() throws {
        var dialogue = Dialogue()
        try dialogue.verify(7)
        dialogue.offer(7, 7, .activate)
        dialogue.course.tried(.failed(because: "the trial crashed (signal 11)"), of: 7, at: dialogue.now)
        #expect(dialogue.next == .wait(until: nil))
        #expect(dialogue.course.candidate?.state == "refused")
        #expect(dialogue.course.candidate?.because == "the trial crashed (signal 11)")
        try dialogue.verify(8)
        dialogue.offer(8, 8, .activate)
        #expect(dialogue.next == .prove(8))
    }

    @Test("A trial that says nothing is repeated, and the third time it is a refusal")
    func inconclusive() throws {
        var dialogue = Dialogue()
        try dialogue.verify(7)
        dialogue.offer(7, 7, .activate)
        for trial in 1...ChannelCourse.trialLimit {
            #expect(dialogue.next == .prove(7), "trial \(trial)")
            #expect(dialogue.course.remembers == (trial == 1), "what the server remembers may be what it ended of")
            dialogue.course.tried(.inconclusive(because: "it was killed"), of: 7, at: dialogue.now)
            guard case .wait(let time?) = dialogue.next else { break }
            #expect(dialogue.course.candidate?.state == "checking")
            dialogue.now = time
        }
        #expect(dialogue.next == .wait(until: nil))
        #expect(dialogue.course.candidate?.because.contains("it was killed") == true)
    }

    @Test("Nothing is swapped while what runs is on probation")
    func probation() throws {
        var dialogue = Dialogue()
        dialogue.run(6, settled: false)
        try dialogue.verify(7)
        dialogue.offer(7, 7, .activate)
        dialogue.course.tried(Self.proved, of: 7, at: dialogue.now)
        #expect(dialogue.next == .wait(until: nil))
        dialogue.active?.settle()
        #expect(dialogue.next == .activate(7))
    }

    @Test("What this server went back from by itself is told as withdrawn and taken no more; the next version is")
    func withdrawn() throws {
        var dialogue = Dialogue()
        dialogue.run(6)
        dialogue.run(7, settled: false)
        _ = dialogue.active?.goBack(because: "it crashed twice")
        try dialogue.verify(7)
        dialogue.offer(7, 7, .activate)
        #expect(dialogue.next == .wait(until: nil))
        let status = dialogue.course.status(active: dialogue.active)
        #expect(status.candidate == PatternCandidate(targets: 7, state: "withdrawn", because: "it crashed twice"))
        #expect(status.active == 6)
        try dialogue.verify(8)
        dialogue.offer(8, 8, .prove)
        #expect(dialogue.next == .prove(8))
    }

    @Test("Back leads back from the version that it names, once, also from probation; it may come again")
    func back() throws {
        var dialogue = Dialogue()
        dialogue.run(6)
        dialogue.run(7, settled: false)
        try dialogue.verify(7)
        dialogue.offer(7, 6, .back)
        #expect(dialogue.next == .wait(until: nil), "of another version")
        dialogue.offer(7, 7, .back)
        #expect(dialogue.next == .goBack)
        dialogue.active?.goBackAsAsked()
        #expect(dialogue.next == .wait(until: nil))
        dialogue.offer(7, 7, .activate)
        #expect(dialogue.next == .prove(7))
    }

    @Test("What was tried on too little is tried again once the server remembers half a day, and not for ever in vain")
    func young() throws {
        var dialogue = Dialogue()
        try dialogue.verify(7)
        dialogue.offer(7, 7, .prove)
        var report = TrialReport.passing
        report.forecast = PatternForecast(span: 600, entries: [])
        dialogue.course.tried(.report(report), of: 7, at: dialogue.now)
        let later = dialogue.now + .seconds(PatternForecast.leastSpan - 600)
        #expect(dialogue.course.candidate?.state == "proved" && dialogue.next == .wait(until: later))
        dialogue.now = later
        #expect(dialogue.next == .prove(7))
        // Its clock went back, or little was told meanwhile: not without a pause.
        report.forecast = PatternForecast(span: PatternForecast.leastSpan - 1, entries: [])
        dialogue.course.tried(.report(report), of: 7, at: dialogue.now)
        #expect(dialogue.next == .wait(until: dialogue.now + ChannelCourse.youngPause))
        dialogue.now += ChannelCourse.youngPause
        #expect(dialogue.next == .prove(7))
        dialogue.course.tried(Self.proved, of: 7, at: dialogue.now)
        #expect(dialogue.next == .wait(until: nil))
        dialogue.offer(7, 7, .activate)
        #expect(dialogue.next == .activate(7))
        // What is too much for a trial is not asked for again.
        var other = Dialogue()
        try other.verify(7)
        other.offer(7, 7, .prove)
        other.course.tried(.inconclusive(because: "too much"), of: 7, at: other.now)
        report.forecast = PatternForecast(span: 0, entries: [])
        other.course.tried(.report(report), of: 7, at: other.now)
        #expect(other.next == .wait(until: nil))
    }

    @Test("A newer version is tried at once, whatever the one before waits for")
    func newerAtOnce() throws {
        var report = TrialReport.passing
        report.forecast = PatternForecast(span: 600, entries: [])
        for outcome in [PatternTrial.Outcome.report(report), .inconclusive(because: "it was killed")] {
            var dialogue = Dialogue()
            try dialogue.verify(7)
            dialogue.offer(7, 7, .prove)
            dialogue.course.tried(outcome, of: 7, at: dialogue.now)
            try dialogue.verify(8)
            dialogue.offer(8, 8, .prove)
            #expect(dialogue.next == .prove(8))
        }
    }

    @Test("A swap that fails is said and tried again after a minute")
    func swapFails() throws {
        var dialogue = Dialogue()
        try dialogue.verify(7)
        dialogue.offer(7, 7, .activate)
        dialogue.course.tried(Self.proved, of: 7, at: dialogue.now)
        dialogue.course.swapped(failed: "the disk is full", at: dialogue.now)
        #expect(dialogue.next == .wait(until: dialogue.now + .seconds(60)))
        #expect(dialogue.course.status(active: nil).refused == "the disk is full")
        dialogue.now += .seconds(60)
        #expect(dialogue.next == .activate(7))
    }
}

extension TrialReport {
    static var passing: TrialReport {
        var report = TrialReport(on: TrialRequest(members: []))
        report.refused = nil
        report.forecast = PatternForecast(span: PatternForecast.leastSpan, entries: [])
        return report
    }
}
