import FaultPatterns
import FoundationEssentials
import Reports

/// Makes the fault of `callhome test`: a made-up reading of a made-up component goes through the same pattern pack as
/// every real one, in a diagnosis of its own, so that nothing real can be touched by it.
enum TestFaultInjection {
    /// The shipped pattern that must fire.
    static let pattern = "callhome.test"
    static let signal = Signal("callhome.test")

    /// - Parameter id: names the test, 32 hexadecimal digits.
    /// - Throws: why the engine did not open the fault, and what to do.
    static func fault(id: String, pack: PatternPack, at time: Timestamp) throws(Problem) -> TestFault {
        let component = Component(id: ComponentID(.test, id), kind: .test, name: "Test")
        var diagnosis = Diagnosis(patterns: pack)
        var changes = diagnosis.know([component], at: time)
        let observation = Observation(component: component.id, signal: signal, measurement: .reading(1), time: time)
        changes += diagnosis.observe([observation], at: time)
        guard var fault = changes.first(where: { $0.kind == .opened && $0.fault.pattern == pattern })?.fault else {
            throw Problem(
                code: "pattern-silent",
                message:
                    "the pattern \(pattern) did not fire: the pattern pack \(pack.identity) lacks it or is not the "
                    + "one of this release; install the package's pattern pack and start the agent again")
        }
        fault.test = id
        return TestFault(id: id, fault: fault)
    }
}
