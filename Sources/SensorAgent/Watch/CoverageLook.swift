import FaultPatterns
import FoundationEssentials
import Reports

/// One look with all probes, and what of the rule base would be seen: what `callhome-agent coverage` prints.
struct CoverageLook: Encodable {
    let version = 1
    let patternPack: String
    let modes: [FailureMode]

    private enum Key: String, CodingKey { case version, patternPack, modes }

    init(_ document: ProbeDocument, _ pack: PatternPack) {
        var catalogue = ComponentCatalogue(order: document.probes.map(\.probe))
        var observations: [Observation] = []
        var coverage: [Heartbeat.Coverage] = []
        for entry in document.probes {
            switch entry.outcome {
            case .success(let result):
                _ = catalogue.update(entry.probe, result.components)
                observations += result.observations
                coverage.append(
                    Heartbeat.Coverage(
                        probe: entry.probe, state: "ok", because: "", components: result.components.count,
                        signals: result.observations.count, lastSuccess: document.time))
            case .failure(let error):
                coverage.append(
                    Heartbeat.Coverage(
                        probe: entry.probe, state: error.coverageState, because: error.description, components: 0,
                        signals: 0, lastSuccess: nil))
            }
        }
        let components = catalogue.components
        var diagnosis = Diagnosis(patterns: pack)
        _ = diagnosis.know(components, at: document.time)
        _ = diagnosis.observe(observations, at: document.time)
        patternPack = pack.identity
        modes = FailureModes(pack, coverage: coverage, components: components)
            .modes(of: diagnosis.sights(hears: FailureModes.hears(coverage)))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(version, forKey: .version)
        try container.encode(patternPack, forKey: .patternPack)
        try container.encode(modes, forKey: .modes)
    }

    var json: String {
        get throws { String(decoding: try WireFormat.encode(self), as: UTF8.self) }
    }

    /// For people: what is not seen and why, then the sums.
    var text: String {
        var lines: [String] = []
        for mode in modes where mode.isBlind {
            let share = mode.parts > 0 ? " (\(mode.seen) of \(mode.parts))" : ""
            lines.append("\(mode.state)\(share)  \(mode.title(in: "en"))  [\(mode.pattern)]")
            for reason in mode.reasons {
                let parts = reason.parts.isEmpty ? "" : "  \(reason.parts.joined(separator: ", "))"
                let more = reason.count > reason.parts.count ? " and \(reason.count - reason.parts.count) more" : ""
                lines.append("      \(reason.because)")
                if !parts.isEmpty { lines.append("    \(parts)\(more)") }
            }
        }
        func count(_ state: String) -> Int { modes.count { $0.state == state } }
        lines.append(
            "\(modes.count) failure modes of \(patternPack): \(count("seen")) seen, \(count("partly")) on some parts, "
                + "\(count("unseen")) not seen, \(count("absent")) of parts that this machine has not")
        return lines.joined(separator: "\n")
    }
}
