import Reports
import TestSupport
import Testing

@testable import Collector

/// Steps that tests change at one place each.
enum SampleStep {
    static func make(
        _ collector: String, _ counter: Int64, _ kind: WorkStep.Kind, after causes: [String: Int64] = [:],
        seen: Int = 1,
        why: String = "why"
    ) -> WorkStep {
        WorkStep(
            collector: collector, counter: counter, causes: causes, time: SampleFault.time, kind: kind,
            who: "anna-\(collector)", place: "place-\(collector)", why: why, seen: seen)
    }
}

@Suite("Work: the same steps lead to the same state everywhere")
struct CaseWorkTests {
    private func fold(_ steps: WorkStep..., worsened: Int = 1) -> WorkFold { WorkFold(steps, worsened: worsened) }

    @Test("An acknowledgement takes the case, a close ends it, and a note changes nothing")
    func states() {
        let taken = SampleStep.make("a", 1, .acknowledged)
        #expect(fold().state == .open)
        #expect(fold(taken).state == .acknowledged)
        #expect(fold(taken, SampleStep.make("a", 2, .note)).state == .acknowledged)
        let closed = SampleStep.make("b", 1, .closed, after: ["a": 1])
        #expect(fold(taken, closed).state == .closed)
        #expect(fold(taken, closed).closing == closed)
    }

    @Test("What comes after a close is kept and not applied, and says who had closed it")
    func late() {
        let closed = SampleStep.make("a", 1, .closed)
        let late = SampleStep.make("b", 1, .acknowledged, after: ["a": 1])
        let again = SampleStep.make("c", 1, .closed, after: ["a": 1])
        let folded = fold(late, again, closed)
        #expect(folded.state == .closed)
        #expect(folded.outcomes.map(\.step) == [closed, late, again])
        let because = WorkFold.NotApplied.closedBefore(who: "anna-a", place: "place-a")
        #expect(folded.outcomes.map(\.notApplied) == [nil, because, because])
        #expect(because.words(in: .english).contains("anna-a at place-a"))
        #expect(because.words(in: .german).contains("anna-a bei place-a"))
    }

    @Test("Of a close and an acknowledgement that know nothing of each other the close wins, whoever has the lower id")
    func concurrent() {
        for (one, other) in [("a", "b"), ("b", "a")] {
            let folded = fold(SampleStep.make(one, 1, .closed), SampleStep.make(other, 1, .acknowledged))
            #expect(folded.state == .closed)
        }
        let twice = fold(SampleStep.make("b", 1, .acknowledged), SampleStep.make("a", 5, .acknowledged))
        #expect(twice.outcomes.map(\.notApplied) == [nil, .acknowledgedBefore(who: "anna-a", place: "place-a")])
    }

    @Test("A close that did not know how bad it had got closes nothing, and one that knew does")
    func worsened() {
        let blind = SampleStep.make("p", 1, .closed, seen: 1)
        #expect(fold(blind, worsened: 1).state == .closed)
        let folded = fold(blind, worsened: 2)
        #expect(folded.state == .open)
        #expect(folded.outcomes.map(\.notApplied) == [.worsened])
        let knowing = SampleStep.make("p", 2, .closed, seen: 2)
        #expect(fold(blind, knowing, worsened: 2).state == .closed)
        #expect(fold(blind, knowing, worsened: 2).closing == knowing)
    }

    @Test("A word that is not known is kept and changes nothing")
    func unknown() {
        let step = SampleStep.make("a", 1, WorkStep.Kind(rawValue: "deferred"))
        #expect(fold(step).state == .open)
        #expect(fold(step).outcomes == [WorkFold.Outcome(step: step, notApplied: .unknownKind)])
    }

    @Test("Causes come before what they caused, however the ids are ordered; clocks order nothing")
    func causality() {
        var first = SampleStep.make("z", 9, .acknowledged)
        first.time = SampleFault.time + .seconds(86_400)
        let second = SampleStep.make("m", 1, .note, after: ["z": 9])
        let third = SampleStep.make("a", 1, .closed, after: ["z": 9, "m": 1])
        for steps in [[first, second, third], [third, second, first], [second, third, first]] {
            #expect(WorkFold.ordered(steps) == [first, second, third])
        }
    }

    @Test("Steps that claim to know each other, as no honest ones can, still come out in one order")
    func circle() {
        let one = SampleStep.make("a", 1, .closed, after: ["b": 9])
        let other = SampleStep.make("b", 1, .acknowledged, after: ["a": 9])
        #expect(WorkFold.ordered([one, other]) == WorkFold.ordered([other, one]))
        #expect(fold(one, other) == fold(other, one))
        #expect(fold(one, other).state == .closed)
    }

    /// Three collectors that act on a case and hear of each other now and then.
    private static func history(_ numbers: inout SplitMix) -> [WorkStep] {
        var known: [String: [WorkStep]] = ["a": [], "b": [], "c": []]
        let names = ["a", "b", "c"]
        var all: [WorkStep] = []
        for _ in 0..<Int.random(in: 2...12, using: &numbers) {
            let at = names[Int.random(in: 0..<3, using: &numbers)]
            if Bool.random(using: &numbers) {
                let from = names[Int.random(in: 0..<3, using: &numbers)]
                for step in known[from] ?? [] where !(known[at] ?? []).contains(step) { known[at]?.append(step) }
            } else {
                let kinds: [WorkStep.Kind] = [.acknowledged, .closed, .note]
                let causes = CaseWork(entries: (known[at] ?? []).map { CaseWork.Entry(step: $0) }).causes
                let step = SampleStep.make(
                    at, (causes[at] ?? 0) + 1, kinds[Int.random(in: 0..<3, using: &numbers)], after: causes,
                    seen: Int.random(in: 1...2, using: &numbers))
                known[at]?.append(step)
                all.append(step)
            }
        }
        return all
    }

    @Test("Over 500 histories of three collectors the order of arrival changes nothing, and no cause comes late")
    func permutations() {
        var (numbers, closed, lost) = (SplitMix(seed: 15), 0, 0)
        for _ in 0..<500 {
            let steps = CaseWorkTests.history(&numbers)
            let worsened = Int.random(in: 1...2, using: &numbers)
            let folded = WorkFold(steps, worsened: worsened)
            for _ in 0..<5 { #expect(WorkFold(steps.shuffled(using: &numbers), worsened: worsened) == folded) }
            let order = folded.outcomes.map(\.step)
            #expect(Set(order) == Set(steps), "nothing is dropped")
            for (place, step) in order.enumerated() {
                #expect(!order[..<place].contains { $0.knows(step) })
            }
            // Independent of any order: it is closed exactly where somebody closed it who knew all there was to know.
            let isClosed = steps.contains { $0.kind == .closed && $0.seen >= worsened }
            #expect((folded.state == .closed) == isClosed)
            closed += isClosed ? 1 : 0
            lost += folded.outcomes.contains { $0.notApplied == .worsened } ? 1 : 0
        }
        #expect(
            closed > 50 && closed < 450 && lost > 50, "\(closed) closed, \(lost) with a blind step: both were tried")
    }

    @Test("More steps never open again what steps closed")
    func monotone() {
        var numbers = SplitMix(seed: 4)
        for _ in 0..<300 {
            let steps = CaseWorkTests.history(&numbers)
            var isClosed = false
            for count in 0...steps.count {
                let state = WorkFold(Array(steps.prefix(count)), worsened: 1).state
                #expect(!isClosed || state == .closed)
                isClosed = state == .closed
            }
        }
    }

    @Test("A case has room for 64 steps of one other collector and 256 of all, and always for its own close")
    func room() {
        var work = CaseWork()
        func add(_ step: WorkStep) -> Bool {
            guard work.isFull(for: step, own: "own") == nil else { return false }
            work.entries.append(CaseWork.Entry(step: step))
            return true
        }
        for counter in 1...64 { #expect(add(SampleStep.make("a", Int64(counter), .note))) }
        #expect(!add(SampleStep.make("a", 65, .note)))
        for name in ["b", "c", "d"] {
            for counter in 1...64 { #expect(add(SampleStep.make(name, Int64(counter), .note))) }
        }
        #expect(!add(SampleStep.make("e", 1, .closed)))
        for counter in 1...64 { #expect(add(SampleStep.make("own", Int64(counter), .note))) }
        #expect(!add(SampleStep.make("own", 65, .acknowledged)))
        #expect(add(SampleStep.make("own", 66, .closed)))
    }

    @Test("A fault that gets worse is counted, and one that is told again is not")
    func counts() {
        let opening = CaseRules.Opening(origin: .faults, host: "h", hostname: "srv", key: "k")
        func raised(_ fault: Fault, _ current: Case?) -> Case? {
            let change = SampleFault.change(.updated, fault)
            switch CaseRules.applying(change, to: current, opening: opening, at: SampleFault.time) {
            case .opened(let found, _), .updated(let found, _, _): return found
            default: return nil
            }
        }
        let opened = raised(SampleFault.make("f1", urgency: .plan), nil)
        #expect(opened?.worsened ?? 1 == 1)
        let same = raised(SampleFault.make("f1", urgency: .plan), opened)
        #expect(same?.worsened ?? 1 == 1)
        let mild = raised(SampleFault.make("f2", urgency: .watch), same)
        #expect(mild?.worsened ?? 1 == 1, "nobody is told of it either")
        let further = raised(SampleFault.make("f3", urgency: .plan), mild)
        #expect(further?.worsened == 2)
        var taken = further
        taken?.state = .acknowledged
        let urgent = raised(SampleFault.make("f1", urgency: .order), taken)
        #expect(urgent?.worsened == 3)
        #expect(urgent?.state == .open)
    }
}
