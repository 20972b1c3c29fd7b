import Reports

/// What was reported and seen in earlier looks; the value of the probe's cursor.
struct RedfishCursor: StoredCursor, Hashable, Sendable {
    /// The newest reported entry of each log, by the log's path: `Created`, then the number of its id.
    var logs: [String: Key] = [:]
    /// See `RedfishResource.seen`; sorted, so that the same is stored alike.
    var seen: [String] = []

    /// Entries are ordered by their time, and at one time by their number.
    struct Key: Hashable, Comparable, Sendable, Codable {
        var created: String
        var number: Int

        static func < (left: Key, right: Key) -> Bool { (left.created, left.number) < (right.created, right.number) }
    }

    init() {}
}

/// Entries of a Redfish log service (DSP0268, LogEntry).
struct RedfishLog: Sendable {
    /// Of a log that is seen for the first time, entries of this age at most are reported.
    static let firstAge = Duration.seconds(Int64(IPMIEventLog.firstAge))
    /// Entries reported in one look; what is older is skipped, which is reported.
    static let entriesPerLook = 200

    let key: RedfishCursor.Key
    let event: IPMIEvent

    /// nil for what is no entry.
    init?(_ tree: JSONTree) {
        guard let message = tree["Message"]?.text ?? tree["MessageId"]?.text else { return nil }
        key = RedfishCursor.Key(
            created: String((tree["Created"]?.text ?? "").prefix(40)),
            number: tree["Id"]?.text.flatMap { Int($0) } ?? tree["RecordId"]?.double.flatMap { Int(exactly: $0) } ?? 0)
        let grade = tree["Severity"]?.text ?? ""
        let code = RedfishLog.word(tree["EntryCode"]) ?? ""
        let type = RedfishLog.word(tree["SensorType"]).flatMap { IPMIStates.type(named: $0) }
        // Where type or state are not said, the words say them; an entry that is graded good tells of none.
        let isGood = grade == "OK" || grade == "Informational"
        let read =
            isGood || type.map({ IPMIStates.offset(of: message, type: $0) != nil }) == true
            ? nil : RedfishMessage(message)
        let known = type.flatMap { own in read.map { $0.type == own } } ?? true
        let meant = known ? read : nil
        let cache = (type ?? meant?.type) == IPMIStates.battery ? RedfishLog.cacheBattery(message) : nil
        var event = IPMIEvent(
            record: UInt16(truncatingIfNeeded: key.number), seconds: LoggedTime.seconds(key.created),
            type: type ?? meant?.type, name: cache ?? meant?.name,
            words: (grade.isEmpty ? "" : "\(grade): ") + String(message.prefix(300)),
            isAssertion: !code.hasPrefix("Deassert"), stated: meant?.state ?? message)
        // What the service itself calls critical is told, whatever it is.
        if grade == "Critical", type == nil, meant == nil, !RedfishMessage.isOfAnEnd(message.lowercased()) {
            event.severity = .critical
        }
        self.event = event
    }

    /// A word, or the first of a list of words or of objects with one: `[{"Member": "Assert"}]` of some services.
    private static func word(_ tree: JSONTree?) -> String? {
        guard let tree else { return nil }
        let first = tree.elements.first ?? tree
        return first["Member"]?.text ?? first.text
    }

    /// `PERC1` of `The PERC1 battery is low.`: no battery of the board.
    private static func cacheBattery(_ message: String) -> String? {
        let signs = ["perc", "raid", "romb", "bbu"]
        return message.split(separator: " ").first { word in signs.contains { word.lowercased().contains($0) } }
            .map { String($0.prefix(40)) }
    }

    /// The entries that are news, oldest first, and what the next look is to go on from.
    static func news(
        _ entries: [RedfishLog], since told: RedfishCursor.Key?, at time: Timestamp
    ) -> (news: [IPMIEvent], key: RedfishCursor.Key?) {
        let sorted = entries.sorted { $0.key < $1.key }
        guard let newest = sorted.last?.key else { return ([], nil) }
        let fresh: [RedfishLog]
        if let told {
            // A log whose newest entry is older than what was reported was cleared, and began again.
            fresh = newest < told ? sorted : sorted.filter { told < $0.key }
        } else {
            let since = (time - firstAge).rfc3339
            fresh = sorted.filter { $0.key.created >= since }
        }
        return (fresh.suffix(entriesPerLook).map(\.event), newest)
    }
}
