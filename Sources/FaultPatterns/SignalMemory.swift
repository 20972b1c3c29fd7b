import Reports

/// What is remembered of one signal of one component for one function, events apart.
enum SignalMemory: Hashable, Codable {
    case increase(IncreaseWindow)
    case extreme(ExtremeWindow)
    case lifetimeMaximum(Double)
    case firstSeen(Timestamp)

    /// The memory after a first value.
    init?(_ rule: MemoryRule, first measurement: Measurement, at time: Timestamp) {
        switch (rule, measurement) {
        case (.increase, .counter(let value)): self = .increase(IncreaseWindow(baseline: value, at: time))
        case (.maximum(let window), _), (.minimum(let window), _):
            guard let value = measurement.number else { return nil }
            var isMaximum = false
            if case .maximum = rule { isMaximum = true }
            var extreme = ExtremeWindow(isMaximum: isMaximum, since: time)
            extreme.take(value, at: time, window: window)
            self = .extreme(extreme)
        case (.lifetimeMaximum, _):
            guard let value = measurement.number else { return nil }
            self = .lifetimeMaximum(value)
        case (.knownFor, .reading), (.knownFor, .counter): self = .firstSeen(time)
        default: return nil
        }
    }

    mutating func take(_ measurement: Measurement, for rule: MemoryRule, at time: Timestamp) {
        switch (self, rule, measurement) {
        case (.increase(var window), .increase(let length), .counter(let value)):
            window.take(value, at: time, window: length)
            self = .increase(window)
        case (.increase(var window), _, .unavailable):
            window.becomeBlind()
            self = .increase(window)
        case (.extreme(var window), .maximum(let length), _), (.extreme(var window), .minimum(let length), _):
            if let value = measurement.number {
                window.take(value, at: time, window: length)
            } else {
                window.becomeBlind()
            }
            self = .extreme(window)
        case (.lifetimeMaximum(let highest), _, _):
            if let value = measurement.number, value > highest { self = .lifetimeMaximum(value) }
        default: break
        }
    }

    func bounds(for rule: MemoryRule, at now: Timestamp) -> Bounds {
        switch (self, rule) {
        case (.increase(let window), .increase(let length)): window.bounds(at: now, window: length)
        case (.extreme(let window), .maximum(let length)), (.extreme(let window), .minimum(let length)):
            window.bounds(at: now, window: length)
        case (.lifetimeMaximum(let value), .lifetimeMaximum): Bounds(value)
        case (.firstSeen(let time), .knownFor): Bounds((now - time).inSeconds)
        default: .unknown
        }
    }

    mutating func shift(by step: Duration) {
        switch self {
        case .increase(var window):
            window.shift(by: step)
            self = .increase(window)
        case .extreme(var window):
            window.shift(by: step)
            self = .extreme(window)
        case .lifetimeMaximum: break
        case .firstSeen(let time): self = .firstSeen(time + step)
        }
    }
}
