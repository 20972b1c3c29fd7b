import FaultPatterns
import Foundation
import Reports
import TestSupport

/// This package's own patterns, as they are shipped.
enum ShippedPack {
    /// The pack that `callhome patterns build`, which lies beside these tests, makes of them; read once for all tests.
    static func built() throws -> PatternPack { try once.get() }

    private static let once = Result {
        try PatternPack(json: try Data(contentsOf: ShippedPackFile.url()))
    }
}

/// What one look at a recorded machine gave, told to a diagnosis again and again.
struct RepeatedReading: Sendable {
    var components: [Component]
    var observations: [Observation]

    /// Every fault that ever opened, or rose to another urgency, when the reading comes at each of `times`.
    func faults(_ pack: PatternPack, at times: [Timestamp]) -> [Fault] {
        guard let first = times.first else { return [] }
        var diagnosis = Diagnosis(patterns: pack)
        var faults = diagnosis.know(components, at: first).filter { $0.kind != .cleared }.map(\.fault)
        for time in times {
            let readings = observations.map { reading in
                Observation(
                    component: reading.component, signal: reading.signal, measurement: reading.measurement, time: time)
            }
            faults += diagnosis.observe(readings, at: time).filter { $0.kind != .cleared }.map(\.fault)
        }
        return faults
    }
}
