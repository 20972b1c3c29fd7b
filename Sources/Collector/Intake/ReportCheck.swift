import Reports

/// Whether a signed report keeps to the limits. What it refuses is refused for good, so the reason must be right.
enum ReportCheck {
    /// Why the report is refused; nil when it is in order.
    static func objection(to report: Report) -> String? {
        if report.position.first != report.position.sequence, !isDropped(report.content) {
            return "only a report of dropped reports stands for more than one position"
        }
        if report.hostname.utf8.count > ReportLimits.nameBytes { return "the host name is longer than a name can be" }
        switch report.content {
        case .faults(let changes): return objection(toChanges: changes)
        case .test(let test):
            if test.id.isEmpty || test.id.utf8.count > ReportLimits.nameBytes { return "the test has no usable id" }
            return objection(toFault: test.fault)
        case .inventory(let inventory):
            let count = inventory.components.count
            if count > WireLimits.componentsPerInventory {
                return "\(count) components; the limit is \(WireLimits.componentsPerInventory)"
            }
            let modes = inventory.failureModes?.count ?? 0
            return modes > ReportLimits.failureModes
                ? "\(modes) failure modes; the limit is \(ReportLimits.failureModes)" : nil
        case .samples(let samples):
            return samples.count > WireLimits.samplesPerReport
                ? "\(samples.count) samples; the limit is \(WireLimits.samplesPerReport)" : nil
        case .heartbeat(let heartbeat):
            return heartbeat.coverage.count > ReportLimits.probes
                ? "\(heartbeat.coverage.count) probes; the limit is \(ReportLimits.probes)" : nil
        case .declaration(let answer):
            let isLong = answer.because.utf8.count > ReportLimits.textBytes
            return isLong || answer.cleared.count > WireLimits.changesPerReport
                ? "the answer to a declaration is longer than one can be" : nil
        case .dropped, .unknown: return nil
        }
    }

    private static func isDropped(_ content: ReportContent) -> Bool {
        if case .dropped = content { true } else { false }
    }

    private static func objection(toChanges changes: [FaultChange]) -> String? {
        if changes.count > WireLimits.changesPerReport {
            return "\(changes.count) changes; the limit is \(WireLimits.changesPerReport)"
        }
        return changes.lazy.compactMap { objection(toFault: $0.fault, because: $0.because) }.first
    }

    private static func objection(toFault fault: Fault, because: String = "") -> String? {
        let name = "fault \(fault.id.rawValue.prefix(80))"
        if fault.id.rawValue.isEmpty || fault.id.rawValue.utf8.count > ReportLimits.nameBytes {
            return "\(name): no usable id"
        }
        if fault.suspects.isEmpty { return "\(name) names no suspect" }
        if fault.suspects.count > ReportLimits.suspects { return "\(name) names \(fault.suspects.count) suspects" }
        if fault.evidence.count > WireLimits.evidencePerFault {
            return "\(name) has \(fault.evidence.count) pieces of evidence"
        }
        let sentences =
            [fault.because, because] + fault.texts.values.flatMap { [$0.title, $0.description, $0.impact, $0.action] }
        if fault.texts.count > ReportLimits.languages
            || sentences.contains(where: { $0.utf8.count > ReportLimits.textBytes })
        {
            return
                "\(name) has a text longer than \(ReportLimits.textBytes) bytes, or more than \(ReportLimits.languages) languages"
        }
        return nil
    }
}

/// Limits of one report's content, each with its unit, beside those of the wire.
enum ReportLimits {
    /// Bytes of an id or a name.
    static let nameBytes = 400
    /// Bytes of one sentence or text.
    static let textBytes = 8_000
    static let languages = 16
    static let suspects = 16
    /// Probes in one heartbeat.
    static let probes = 1_000
    /// As many as patterns in a pack.
    static let failureModes = 20_000
}
