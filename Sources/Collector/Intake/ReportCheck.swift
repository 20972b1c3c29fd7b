import Reports

/// Whether a signed report keeps to the limits. What it refuses is refused for good, so the reason must be right.
enum ReportCheck {
    /// Why the report is refused; nil when it is in order.
    static func objection(to report: Report) -> String? {
        if report.position.first != report.position.sequence, !isDropped(report.content) {
            return "only a report of dropped reports stands for more than one position"
        }
        if report.hostname.utf8.count > ReportLimits.nameBytes { return "the host name is longer than a name can be" }
        var texts = TextCheck()
        texts.names(["boot": report.boot, "agentVersion": report.agentVersion])
        return texts.objection ?? objection(to: report.content)
    }

    private static func objection(to content: ReportContent) -> String? {
        switch content {
        case .faults(let changes): return objection(toChanges: changes)
        case .test(let test):
            if test.id.isEmpty || test.id.utf8.count > ReportLimits.nameBytes { return "the test has no usable id" }
            return objection(toFault: test.fault)
        case .inventory(let inventory): return objection(to: inventory)
        case .samples(let samples):
            if samples.count > WireLimits.samplesPerReport {
                return "\(samples.count) samples; the limit is \(WireLimits.samplesPerReport)"
            }
            return samples.lazy.compactMap { sample in
                var texts = TextCheck()
                texts.names([
                    "component": sample.component.rawValue, "signal": sample.signal.description, "state": sample.state,
                    "unavailable": sample.unavailable,
                ])
                return texts.objection
            }.first
        case .heartbeat(let heartbeat): return objection(to: heartbeat)
        case .declaration(let answer):
            var texts = TextCheck()
            texts.names(["id": answer.id])
            for fault in answer.cleared.prefix(WireLimits.changesPerReport) { texts.names(["cleared": fault.rawValue]) }
            if let objection = texts.objection { return objection }
            let isLong = answer.because.utf8.count > ReportLimits.textBytes
            return isLong || answer.cleared.count > WireLimits.changesPerReport
                ? "the answer to a declaration is longer than one can be" : nil
        case .statement(let statement):
            // Its faults are judged one by one: what is refused of one must not keep the others from being known.
            if statement.faults.count > WireLimits.changesPerReport {
                return "\(statement.faults.count) faults; the limit is \(WireLimits.changesPerReport)"
            }
            if statement.part < 1 || statement.part > statement.of || statement.of > ReportLimits.statementParts {
                return "part \(statement.part) of \(statement.of) is none of a statement"
            }
            var texts = TextCheck()
            texts.names(["answers": statement.answers], ReportLimits.nameBytes)
            // Under its id it is kept account of, also where it is refused.
            for standing in statement.faults { texts.names(["id": standing.fault.id.rawValue], ReportLimits.nameBytes) }
            return texts.objection
        case .dropped(let dropped):
            var texts = TextCheck()
            texts.names(["reason": dropped.reason])
            return texts.objection
        case .unknown(let kind):
            var texts = TextCheck()
            texts.names(["kind": kind], ReportLimits.kindBytes)
            return texts.objection
        }
    }

    private static func isDropped(_ content: ReportContent) -> Bool {
        if case .dropped = content { true } else { false }
    }

    // MARK: Inventory and heartbeat

    private static func objection(to inventory: Inventory) -> String? {
        let count = inventory.components.count
        if count > WireLimits.componentsPerInventory {
            return "\(count) components; the limit is \(WireLimits.componentsPerInventory)"
        }
        let modes = inventory.failureModes ?? []
        if modes.count > ReportLimits.failureModes {
            return "\(modes.count) failure modes; the limit is \(ReportLimits.failureModes)"
        }
        var texts = TextCheck()
        for component in inventory.components {
            texts.names([
                "id": component.id.rawValue, "kind": component.kind.rawValue, "parent": component.parent?.rawValue,
                "name": component.name,
            ])
            texts.part(component.part)
            texts.list(component.attributes.count, ReportLimits.attributes, "attributes")
            for (name, value) in component.attributes { texts.names(["attribute": name, "value": value]) }
            if let objection = texts.objection {
                return "component \(component.id.rawValue.prefix(80)): \(objection)"
            }
        }
        for mode in modes {
            texts.names(["pattern": mode.pattern, "kind": mode.kind.rawValue, "state": mode.state])
            texts.list(mode.titles.count, ReportLimits.languages, "titles")
            for (language, title) in mode.titles { texts.names(["language": language, "title": title]) }
            texts.list(mode.reasons.count, ReportLimits.reasons, "reasons")
            for reason in mode.reasons {
                texts.text(reason.because, "because")
                texts.list(reason.parts.count, ReportLimits.reasons, "parts")
                for part in reason.parts { texts.names(["part": part]) }
                texts.names(["code": reason.advice?.code])
                texts.list(reason.advice?.values.count ?? 0, ReportLimits.reasons, "values")
                for value in reason.advice?.values ?? [] { texts.text(value, "value") }
            }
            if let objection = texts.objection { return "failure mode \(mode.pattern.prefix(80)): \(objection)" }
        }
        return nil
    }

    private static func objection(to heartbeat: Heartbeat) -> String? {
        if heartbeat.coverage.count > ReportLimits.probes {
            return "\(heartbeat.coverage.count) probes; the limit is \(ReportLimits.probes)"
        }
        var texts = TextCheck()
        texts.names(["patternPack": heartbeat.patternPack])
        for probe in heartbeat.coverage {
            texts.names(["probe": probe.probe, "state": probe.state])
            texts.text(probe.because, "because")
        }
        let channels = heartbeat.channels ?? []
        texts.list(channels.count, WireLimits.channels, "channels of patterns")
        for channel in channels { texts.channel(channel) }
        texts.all(ReportLimits.heartbeatBytes, "heartbeat")
        return texts.objection
    }

    // MARK: Faults

    private static func objection(toChanges changes: [FaultChange]) -> String? {
        if changes.count > WireLimits.changesPerReport {
            return "\(changes.count) changes; the limit is \(WireLimits.changesPerReport)"
        }
        return changes.lazy.compactMap { objection(toFault: $0.fault, because: $0.because) }.first
    }

    static func objection(toFault fault: Fault, because: String = "") -> String? {
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
        return restObjection(to: fault, sentences).map { "\(name): \($0)" }
    }

    private static func restObjection(to fault: Fault, _ sentences: [String]) -> String? {
        var texts = TextCheck()
        for sentence in sentences { texts.text(sentence, "text") }
        texts.names([
            "pattern": fault.pattern, "class": fault.faultClass, "component": fault.component.rawValue,
            "alsoSeenAs": fault.alsoSeenAs?.rawValue,
            "action": fault.action, "provenance": fault.provenance, "test": fault.test,
        ])
        for language in fault.texts.keys { texts.names(["language": language]) }
        texts.list(fault.timeToFailure?.hazard?.count ?? 0, ReportLimits.hazards, "shares of failures")
        for days in fault.timeToFailure?.hazard?.keys ?? [:].keys { texts.names(["days": days]) }
        for suspect in fault.suspects {
            texts.names([
                "component": suspect.component?.rawValue, "kind": suspect.kind.rawValue, "name": suspect.name,
            ])
            texts.part(suspect.part)
        }
        for evidence in fault.evidence {
            texts.names([
                "component": evidence.component.rawValue, "signal": evidence.signal.description,
                "value": evidence.value,
            ])
        }
        texts.all(ReportLimits.faultBytes, "fault")
        return texts.objection
    }
}

/// Measures the texts of one noun: the first that is too long is the objection.
struct TextCheck {
    private(set) var objection: String?
    private var bytes = 0

    /// Short ones, by the names of their fields.
    mutating func names(_ fields: KeyValuePairs<String, String?>, _ limit: Int = ReportLimits.valueBytes) {
        for (field, text) in fields { self.text(text ?? "", field, limit) }
    }

    mutating func text(_ text: String, _ field: String, _ limit: Int = ReportLimits.textBytes) {
        let count = text.utf8.count
        bytes += count
        if objection == nil, count > limit { objection = "\(field) has \(count) bytes; the limit is \(limit)" }
    }

    mutating func part(_ part: Part) {
        names([
            "manufacturer": part.manufacturer, "model": part.model, "partNumber": part.partNumber,
            "serial": part.serial, "firmware": part.firmware, "location": part.location,
        ])
    }

    mutating func channel(_ status: ChannelStatus) {
        names(["channel": status.channel], ReportLimits.nameBytes)
        text(status.refused ?? "", "refused", ReportLimits.channelTextBytes)
        list(status.warnings.count, ReportLimits.channelWarnings, "warnings of one channel")
        for warning in status.warnings { text(warning, "warning", ReportLimits.channelTextBytes) }
        guard let candidate = status.candidate else { return }
        names(["state": candidate.state], ReportLimits.nameBytes)
        text(candidate.because, "because", ReportLimits.channelTextBytes)
        let entries = candidate.forecast?.entries ?? []
        list(entries.count, WireLimits.forecastEntries, "patterns of one forecast")
        for entry in entries { names(["pattern": entry.pattern, "urgency": entry.urgency], ReportLimits.nameBytes) }
    }

    mutating func list(_ count: Int, _ limit: Int, _ what: String) {
        if objection == nil, count > limit { objection = "\(count) \(what); the limit is \(limit)" }
    }

    /// All texts so far, together.
    mutating func all(_ limit: Int, _ noun: String) {
        if objection == nil, bytes > limit {
            objection = "the texts of the \(noun) have \(bytes) bytes; the limit is \(limit)"
        }
    }
}

/// Limits of one report's content, each with its unit, beside those of the wire.
enum ReportLimits {
    /// Bytes of an id or a name.
    static let nameBytes = 400
    /// Bytes of what names a part or its value: a path may stand in it (PATH_MAX, 4096).
    static let valueBytes = 4_200
    /// Bytes of one sentence or text.
    static let textBytes = 8_000
    /// Bytes of the name of a kind of report that is not known here.
    static let kindBytes = 100
    /// Bytes of all texts of one fault, which stand in its case, in each ticket and in each copy of these.
    static let faultBytes = 64 << 10
    /// Bytes of all texts of one heartbeat, which is read with every page.
    static let heartbeatBytes = 64 << 10
    /// Bytes of one sentence about a channel of patterns, and how many warnings one may have.
    static let channelTextBytes = 2_000
    static let channelWarnings = 16
    static let languages = 16
    /// Parts of one statement of faults: as many as `StandingFaults.limit` of the largest faults take.
    static let statementParts = 64
    static let suspects = 16
    static let attributes = 64
    static let hazards = 32
    /// Reasons of one failure mode, parts of one reason, values of one advice.
    static let reasons = 32
    /// Probes in one heartbeat.
    static let probes = 1_000
    /// As many as patterns in a pack.
    static let failureModes = 20_000
    /// Bytes of signed reports that one server may bring at once: twice what its spool holds.
    static let bytesAtOnce = 128 << 20
    /// Bytes of signed reports that one server may bring in an hour after that.
    static let bytesPerHour = 32 << 20
    /// Bytes that each unit of `VerifiedReport.work` counts as.
    static let workBytes = 64 << 10
    /// Work of one batch above which it has a transaction of its own, after those that wait with less.
    static let heavyWork = 16
    /// Bytes, work included, after which no more of a request is taken: the receipt shows how far, and the rest is sent
    /// again. Others have their turn meanwhile.
    static let bytesPerRequest = 8 << 20
    /// Tests that one server may begin in an hour.
    static let testsPerHour = 12
    /// Bytes of signed reports kept of one server: the newest.
    static let archiveBytes = 64 << 20
}
