import Reports

/// The newest of one signal of one component.
struct Slot: Hashable, Sendable {
    enum Content: UInt8, Sendable { case none, reading, counter, state, event, unavailable }

    /// The newest number; not a number where there is none. Kept while the signal is unavailable.
    var value = Double.nan
    /// The newest count, exact.
    var raw: UInt64 = 0
    /// When the newest sample came, of any kind; milliseconds since 1970.
    var time = Int64.min
    /// When the newest number was read, while the signal is unavailable.
    private var lastRead = Int64.min
    /// When the first number was read.
    private(set) var first = Int64.min
    /// The limits between which the value lies, both left out; equal where it is a limit itself.
    var low = Double.nan
    var high = Double.nan
    var content = Content.none
    /// For how long the newest sample stands for what is, in milliseconds: three looks of its probe, say. When it is over,
    /// nobody watches.
    var keep = Int32.max

    /// When the newest number was read.
    var readTime: Int64 { content == .unavailable ? lastRead : time }
    var hasBeenRead: Bool { first != .min }
    var isNumber: Bool { content == .reading || content == .counter }

    mutating func read(_ value: Double, raw: UInt64, _ content: Content, at time: Int64) {
        self.value = value
        self.raw = raw
        self.content = content
        self.time = time
        if first == .min { first = time }
    }

    mutating func becomeUnavailable(at time: Int64) {
        if content != .unavailable { lastRead = self.time }
        content = .unavailable
        self.time = time
    }

    mutating func take(_ content: Content, at time: Int64) {
        self.content = content
        self.time = time
    }

    /// Whether the value is stale at a time, so that it means nothing any more.
    func isStale(at now: Int64) -> Bool {
        let (age, overflow) = now.subtractingReportingOverflow(time)
        return time == .min || (overflow ? now > time : age > PatternLimits.staleAfter)
    }

    // MARK: Storing

    init() {}

    init(_ stored: Latest) {
        time = stored.time.milliseconds
        first = stored.first?.milliseconds ?? .min
        lastRead = stored.read?.milliseconds ?? .min
        let kept = stored.kept ?? stored.measurement
        if let number = kept.number {
            value = number
            if case .counter(let count) = kept { raw = count }
        }
        switch stored.measurement {
        case .reading: content = .reading
        case .counter: content = .counter
        case .state: content = .state
        case .event: content = .event
        case .unavailable: content = .unavailable
        }
        // Of what was stored before that was told: as long as it means anything. Events come when they come.
        keep = stored.keep ?? (content == .event ? .max : Int32(clamping: PatternLimits.staleAfter))
    }

    func stored(text: String?) -> Latest {
        let number: Measurement? = !hasBeenRead ? nil : isCount ? .counter(raw) : .reading(value)
        let measurement: Measurement =
            switch content {
            case .counter: .counter(raw)
            case .reading: .reading(value)
            case .state: .state(text ?? "")
            case .event: .event(text ?? "")
            case .unavailable, .none: .unavailable(Unavailable(rawValue: text ?? ""))
            }
        return Latest(
            measurement: measurement, time: Timestamp(milliseconds: time),
            first: hasBeenRead ? Timestamp(milliseconds: first) : nil,
            read: content == .unavailable && lastRead != .min ? Timestamp(milliseconds: lastRead) : nil,
            kept: content == .unavailable ? number : nil, keep: keep == .max ? nil : keep)
    }

    /// The newest number was a count: its exact form is in `raw`.
    private var isCount: Bool { content == .counter || (content == .unavailable && Double(raw) == value && raw > 0) }

    /// As it was reported, for evidence; nil where nothing was.
    func measurement(text: String?) -> Measurement? {
        switch content {
        case .none: nil
        case .reading: .reading(value)
        case .counter: .counter(raw)
        case .state: .state(text ?? "")
        case .event: .event(text ?? "")
        case .unavailable: .unavailable(Unavailable(rawValue: text ?? ""))
        }
    }
}
