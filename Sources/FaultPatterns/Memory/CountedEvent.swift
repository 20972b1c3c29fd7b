import Reports

/// One event as it is remembered: the same time and text are the same event.
struct CountedEvent: Hashable, Codable, Sendable {
    var time: Timestamp
    /// Of its text.
    var mark: UInt64
    /// How many it stands for; nil: one, as all did before there were counts.
    private var several: Int?

    var count: Int {
        get { EventCount.bounded(several ?? 1) }
        set { several = newValue > 1 ? newValue : nil }
    }

    init(_ text: String, at time: Timestamp, count: Int) {
        self.time = time
        mark = Fingerprint.of(text)
        several = count > 1 ? count : nil
    }

    private enum CodingKeys: String, CodingKey {
        case time, mark
        case several = "count"
    }
}
