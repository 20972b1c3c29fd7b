import Testing

@testable import SensorAgent

@Suite("What judging costs")
struct EvaluationLoadTests {
    @Test("One look may take ten seconds of the processor, and not one millisecond more")
    func look() {
        var load = EvaluationLoad()
        #expect(load.add(.seconds(10), at: .seconds(1)) == nil)
        #expect(load.add(.seconds(10) + .milliseconds(1), at: .seconds(2))?.contains("10 s") == true)
    }

    @Test("All looks of ten minutes may take thirty seconds; the next ten begin anew")
    func span() {
        var load = EvaluationLoad()
        for number in 0..<30 { #expect(load.add(.seconds(1), at: .seconds(number)) == nil) }
        #expect(load.add(.milliseconds(1), at: .seconds(599)) != nil)
        var patient = EvaluationLoad()
        for number in 0..<30 { #expect(patient.add(.seconds(1), at: .seconds(number)) == nil) }
        for number in 600..<630 { #expect(patient.add(.seconds(1), at: .seconds(number)) == nil) }
    }
}
