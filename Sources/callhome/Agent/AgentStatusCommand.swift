import ArgumentParser
import Reports

/// `callhome status`.
struct AgentStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say how the agent of this server is doing: what it sees, what it found, whether it gets through.",
        discussion: """
            Exit codes: 0 all is well; 1 a fault needs a visit, a probe cannot see, or reports do not get through; \
            3 no agent answers.
            """)

    @OptionGroup var agent: AgentOptions

    func run() throws {
        guard let status = try agent.ask(ControlRequest(verb: .status)).status else {
            Console.complain("agent: it answered without a status; is it of another version?")
            throw Exit.unreachable
        }
        if agent.json { try Console.print(json: status) } else { print(status.words) }
        if !status.isWell { throw Exit.notWell }
    }
}

extension AgentStatus {
    /// Words of `Heartbeat.Coverage.state` that a person should look into.
    private static let blind: Set<String> = ["denied", "failing", "hanging"]

    var isWell: Bool {
        uplink.state == "connected" && !openFaults.contains { $0.urgency.makesTicket }
            && !coverage.contains { AgentStatus.blind.contains($0.state) } && measures
    }

    /// Whether any probe reads how parts are, not only which there are.
    private var measures: Bool {
        coverage.contains { $0.probe != "inventory" && $0.state == "ok" && $0.signals > 0 }
    }

    /// For people: one thing a line.
    var words: String {
        var lines = [
            "callhome-agent \(version) on \(hostname) (\(host)), since \(startedAt)",
            "patterns  \(patternPack)",
            "spool     \((Double(spoolBytes) / Double(1 << 20)).shortened) MiB",
            "uplink    \(uplink.state)\(uplink.collector.map { " to \($0)" } ?? "")",
        ]
        if !uplink.because.isEmpty { lines.append("          \(uplink.because)") }
        if let receipt = uplink.lastReceipt { lines.append("          last receipt \(receipt)") }
        if let attempt = uplink.nextAttempt { lines.append("          next attempt \(attempt)") }
        lines.append(
            "          waiting: \(uplink.waitingFaultReports) fault reports, \(uplink.waitingTelemetryReports) others")
        lines.append("probes")
        let width = coverage.map(\.probe.count).max() ?? 0
        for probe in coverage {
            let name = probe.probe + String(repeating: " ", count: width - probe.probe.count)
            let sees = "\(probe.signals) signals of \(probe.components) components"
            lines.append("  \(name)  \(probe.state == "ok" ? sees : "\(probe.state.uppercased()): \(probe.because)")")
        }
        lines.append(openFaults.isEmpty ? "no open faults" : "open faults")
        for fault in openFaults {
            lines.append("  \(fault.urgency.rawValue)  \(fault.text(in: "en").title)")
            for suspect in fault.suspects.prefix(3) {
                let part = [suspect.part.location, suspect.part.partNumber, suspect.part.serial.map { "serial \($0)" }]
                let details = part.compactMap { $0 }.joined(separator: ", ")
                lines.append("        \(suspect.name)\(details.isEmpty ? "" : " (\(details))")")
            }
            lines.append("        \(fault.because)")
        }
        return lines.joined(separator: "\n")
    }
}

extension Double {
    /// With one digit after the point.
    fileprivate var shortened: String {
        let tenths = Int64((self * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
