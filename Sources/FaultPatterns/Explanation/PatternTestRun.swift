import Reports

extension PatternFile {
    /// A test that went otherwise than it states.
    public struct TestFailure: Error, Hashable, Sendable, CustomStringConvertible {
        public var test: String
        public var location: SourceLocation
        public var message: String
        public var description: String { "\(location): \"\(test)\": \(message)" }
    }

    /// Runs the tests of the file; a pattern on trial is tried as if it were active.
    public func runTests() throws(PatternPackError) -> [TestFailure] {
        // What it explains and looks for is another file's: tests set that by hand.
        let pack = try PatternPack(alone: self)
        return tests.compactMap { test in
            test.problem(in: test.run(pack, pattern)).map {
                TestFailure(test: test.name, location: test.location, message: $0)
            }
        }
    }
}

extension PatternTest {
    /// Plays the series to a machine with the components of the test.
    func run(_ pack: PatternPack, _ pattern: Pattern) -> [(sample: Int, change: FaultChange)] {
        // The time of the first sample does not matter; it is that of the wire's first day.
        let start = Timestamp(seconds: 1_767_225_600)
        var diagnosis = Diagnosis(patterns: pack)
        var changes = diagnosis.know(components(for: pattern), at: start).map { (sample: 0, change: $0) }
        for index in 0..<(series.map(\.samples.count).max() ?? 0) {
            let time = start + .milliseconds(Int64(index + 1) * interval)
            var observations: [Observation] = []
            for row in series where index < row.samples.count {
                let (measurement, count): (Measurement, Int)
                switch row.samples[index] {
                case .value(let value): (measurement, count) = (value, 1)
                case .events(let text, let times): (measurement, count) = (.event(text), times)
                case .missing: continue
                }
                let id = row.component.map(PatternTest.id) ?? PatternTest.id(of: pattern)
                switch row.target {
                case .signal(let signal):
                    observations.append(
                        Observation(
                            component: id, signal: signal, measurement: measurement, time: time, count: count))
                case .remote(let key):
                    guard let number = pack.book.tables.signalNumbersByKey[key] else { continue }
                    diagnosis.tellByHand(number, of: id, measurement, at: time)
                }
            }
            // The interval is the series'.
            changes += diagnosis.observe(observations, at: time, interval: .milliseconds(interval)).map {
                (sample: index + 1, change: $0)
            }
        }
        return changes
    }

    private func components(for pattern: Pattern) -> [Component] {
        let kind = pattern.kinds.first ?? .server
        // Where several values will do, the first; a pattern of them stands for itself.
        var attributes = pattern.attributes.compactMapValues { $0.first?.filter { $0 != "*" } }
        var parent: String?
        var others: [Component] = []
        for other in self.others {
            guard other.name != "self" else {
                parent = other.parent
                attributes.merge(other.attributes) { $1 }
                continue
            }
            others.append(
                Component(
                    id: PatternTest.id(other), kind: other.kind, parent: other.parent.flatMap(reference),
                    name: "the \(PatternTest.name(other))",
                    part: PatternTest.part(other.attributes, serial: other.name),
                    attributes: other.attributes))
        }
        attributes.merge(self.attributes) { $1 }
        let own = Component(
            id: PatternTest.id(of: pattern), kind: kind, parent: parent.flatMap(reference), name: "the tested \(kind)",
            part: PatternTest.part(attributes, serial: "TEST"), attributes: attributes)
        // A parent that is `self` is the tested component.
        return [own]
            + others.map { other in
                var other = other
                if self.others.contains(where: { PatternTest.id($0) == other.id && $0.parent == "self" }) {
                    other.parent = own.id
                }
                return other
            }
    }

    private func reference(_ name: String) -> ComponentID? {
        others.first { $0.name == name && name != "self" }.map(PatternTest.id)
    }

    private static func name(_ other: Other) -> String {
        PartName(kind: other.kind.words, rawKind: other.kind, name: other.name, location: nil).what
    }

    private static func id(_ other: Other) -> ComponentID { ComponentID(other.kind, other.name) }
    private static func id(of pattern: Pattern) -> ComponentID { ComponentID(pattern.kinds.first ?? .server, "test") }

    private static func part(_ attributes: [String: String], serial: String) -> Part {
        Part(
            manufacturer: attributes["maker"], model: attributes["model"], serial: serial,
            firmware: attributes["firmware"])
    }

    /// What is otherwise than expected; nil when all is as it states.
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
        if let again = changes.drop(while: { $0.change.kind != .cleared }).first(where: { $0.change.kind == .opened }) {
            return "expected the fault to stay cleared, but it opened again at sample \(again.sample): "
                + again.change.because
        }
        return nil
    }
}
