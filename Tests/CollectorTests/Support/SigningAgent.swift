import Foundation
import Reports

@testable import Collector

/// An agent as the collector sees it: numbers and signs reports.
struct SigningAgent {
    let host: HostID
    let key: SigningKey
    var epoch: Int64 = 1
    var next: [ReportStream: Int64] = [:]
    var time = SampleFault.time
    var boot = "b"
    var uptime: Int64 = 1

    init(_ host: HostID, key: SigningKey = SigningKey()) {
        self.host = host
        self.key = key
    }

    mutating func report(_ content: ReportContent, _ stream: ReportStream = .faults) -> Report {
        let sequence = next[stream, default: 0] + 1
        next[stream] = sequence
        return report(content, at: ReportPosition(epoch: epoch, stream: stream, sequence: sequence))
    }

    func report(_ content: ReportContent, at position: ReportPosition) -> Report {
        Report(
            host: host, hostname: "srv-\(host)", position: position, time: time, boot: boot, uptime: uptime,
            agentVersion: "1",
            content: content)
    }

    func sign(_ report: Report) throws -> Envelope {
        try Envelope.sign(WireFormat.encode(report), as: .report, with: key)
    }

    /// As it is after the intake has checked it.
    func verified(_ report: Report) throws -> VerifiedReport {
        VerifiedReport(
            position: report.position, envelope: try sign(report), certificate: "PEM", content: .report(report))
    }

    mutating func faults(_ changes: FaultChange...) throws -> VerifiedReport { try verified(report(.faults(changes))) }

    mutating func heartbeat(interval: Int = 60) throws -> VerifiedReport {
        try verified(
            report(.heartbeat(Heartbeat(interval: interval, coverage: [], patternPack: "p", openFaults: 0)), .telemetry)
        )
    }
}
