import Reports

extension PatternFile {
    /// A test that went otherwise than it says.
    public struct TestFailure: Error, Hashable, Sendable, CustomStringConvertible {
        public var test: String
        public var location: SourceLocation
        public var message: String
        public var description: String { "\(location): \"\(test)\": \(message)" }
    }

    /// Runs the tests of the file; a shadow pattern is tried as if it were active.
    public func runTests() throws(PatternPackError) -> [TestFailure] {
        var status = tree
        if case .mapping(var entries) = tree.content, let index = entries.firstIndex(where: { $0.key == "status" }) {
            entries[index].value = SourceNode(.scalar("active"), at: entries[index].value.location)
            // On trial for want of evidence; the test is of the condition.
            if let grade = entries.firstIndex(where: { $0.key == "evidence" }) {
                entries[grade].value = SourceNode(.scalar("B"), at: entries[grade].value.location)
            }
            status = SourceNode(.mapping(entries), at: tree.location)
        }
        let pack: PatternPack
        do { pack = try PatternPack(building: [try PatternFile(reading: status)], version: "test") } catch let problem
            as PatternProblem
        {
            throw .pattern(problem)
        } catch let problem as PatternPackError { throw problem } catch { throw .unreadable(because: "\(error)") }
        return tests.compactMap { test in
            test.problem(in: test.run(pack, pattern)).map {
                TestFailure(test: test.name, location: test.location, message: $0)
            }
        }
    }
}

extension PatternTest {
    /// Plays the series to a machine with one component that the pattern is for.
    func run(_ pack: PatternPack, _ pattern: Pattern) -> [(sample: Int, change: FaultChange)] {
        // The time of the first sample does not matter; it is that of the wire's first day.
        let start = Timestamp(seconds: 1_767_225_600)
        let kind = pattern.kinds.first ?? .server
        let component = Component(
            id: ComponentID(kind, "test"), kind: kind, name: "the tested \(kind)", part: Part(serial: "TEST"),
            attributes: pattern.attributes.compactMapValues(\.first))
        var diagnosis = Diagnosis(patterns: pack)
        var changes = diagnosis.know([component], at: start).map { (sample: 0, change: $0) }
        for index in 0..<(series.map(\.samples.count).max() ?? 0) {
            let time = start + .milliseconds(Int64(index + 1) * interval)
            let observations: [Observation] = series.compactMap { row in
                guard index < row.samples.count, case .value(let measurement) = row.samples[index] else { return nil }
                return Observation(component: component.id, signal: row.signal, measurement: measurement, time: time)
            }
            changes += diagnosis.observe(observations, at: time).map { (sample: index + 1, change: $0) }
        }
        return changes
    }

    /// What is otherwise than expected; nil when all is as it says.
    func problem(in changes: [(sample: Int, change: FaultChange)]) -> String? {
        let first = changes.first { $0.change.kind == .opened }
        guard expectation.fires else {
            return first.map {
                "expected no fault, but sample \($0.sample) opened one of urgency \($0.change.fault.urgency.rawValue): "
                    + $0.change.because
            }
        }
        guard let first else { return "expected a fault at sample \(expectation.at ?? 0), but none opened" }
        let fault = first.change.fault
        if first.sample != expectation.at {
            return
                "expected the fault at sample \(expectation.at ?? 0), but it opened at \(first.sample): \(first.change.because)"
        }
        if let wanted = expectation.urgency, wanted != fault.urgency {
            return "expected urgency \(wanted.rawValue), but it is \(fault.urgency.rawValue): \(fault.because)"
        }
        if let wanted = expectation.because, !fault.because.contains(wanted) {
            return "expected a sentence with \"\(wanted)\", but it is: \(fault.because)"
        }
        let highest = changes.map(\.change.fault.urgency).max() ?? fault.urgency
        if highest != (expectation.finalUrgency ?? fault.urgency) {
            return "expected the urgency to end at \((expectation.finalUrgency ?? fault.urgency).rawValue), but it is "
                + highest.rawValue
        }
        let cleared = changes.first { $0.change.kind == .cleared }
        if cleared?.sample != expectation.clearedAt {
            let found = cleared.map { "cleared at \($0.sample): \($0.change.because)" } ?? "stayed open"
            return
                "expected the fault to \(expectation.clearedAt.map { "clear at sample \($0)" } ?? "stay open"), but it \(found)"
        }
        return nil
    }
}
