import Foundation
import Reports
import Testing

@testable import SensorAgent

enum BMC {
    static let now = Timestamp(seconds: 1_763_712_000)

    /// What of a result is not in the catalogue, or belongs to no component.
    static func objections(to result: ProbeResult) -> [String] {
        let kinds = Dictionary(result.components.map { ($0.id, $0.kind) }, uniquingKeysWith: { first, _ in first })
        return result.observations.compactMap { observation in
            guard let kind = kinds[observation.component] else {
                return "\(observation.signal) of \(observation.component), which is no component"
            }
            return SignalCatalogue.objection(to: observation.signal, of: kind, measurement: observation.measurement)
        }
    }

    static func measurement(_ result: ProbeResult, _ component: String, _ signal: String) -> Reports.Measurement? {
        result.observations.last { $0.component.rawValue == component && $0.signal.description == signal }?.measurement
    }

    /// A program that acts by its arguments: `cases` of a shell's `case "$*" in`.
    static func program(_ name: String, _ cases: String, in scratch: ScratchFolder) throws -> String {
        try scratch.program(name, "#!/bin/sh\ncase \"$*\" in\n\(cases)\nesac\n")
    }
}
