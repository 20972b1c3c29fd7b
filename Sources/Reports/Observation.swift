/// One fact that a probe saw, or could not see: component, signal, measurement, time.
public struct Observation: Hashable, Sendable, Codable {
    public var component: ComponentID
    public var signal: Signal
    public var measurement: Measurement
    public var time: Timestamp
    /// How many equal events this one stands for, 1 to `WireLimits.eventsPerObservation`: `50 Corrected` of one log line.
    /// All of them happened at `time`. What is no event is told once: 1.
    public let count: Int

    /// - Parameter count: how many equal events it stands for; what is outside the limits counts as the limit.
    public init(
        component: ComponentID, signal: Signal, measurement: Measurement, time: Timestamp, count: Int = 1
    ) {
        self.component = component
        self.signal = signal
        self.measurement = measurement
        self.time = time
        self.count = min(max(count, 1), WireLimits.eventsPerObservation)
    }
}

extension Observation {
    private enum Key: String, CodingKey { case component, signal, measurement, time, count }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let count = try container.decodeIfPresent(Int.self, forKey: .count) ?? 1
        guard (1...WireLimits.eventsPerObservation).contains(count) else {
            throw DecodingError.dataCorruptedError(
                forKey: .count, in: container,
                debugDescription:
                    "an observation stands for 1 to \(WireLimits.eventsPerObservation) events, not \(count)")
        }
        self.init(
            component: try container.decode(ComponentID.self, forKey: .component),
            signal: try container.decode(Signal.self, forKey: .signal),
            measurement: try container.decode(Measurement.self, forKey: .measurement),
            time: try container.decode(Timestamp.self, forKey: .time), count: count)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(component, forKey: .component)
        try container.encode(signal, forKey: .signal)
        try container.encode(measurement, forKey: .measurement)
        try container.encode(time, forKey: .time)
        // Absent is one: as it was before there were counts.
        if count != 1 { try container.encode(count, forKey: .count) }
    }
}

/// What was measured. The unit stands in the signal catalogue, once.
public enum Measurement: Hashable, Sendable {
    /// A gauge: always finite. A probe that reads NaN or infinity reports `unavailable(.notFinite)`.
    case reading(Double)
    /// A total that only grows until it wraps or is reset.
    case counter(UInt64)
    /// One of a few words: `ok`, `failed`, `asserted`.
    case state(String)
    /// Something happened; the text is what the source reported, cut to 400 characters.
    case event(String)
    /// Not read, and why. Absence is data: it fires nothing and clears nothing.
    case unavailable(Unavailable)

    /// A gauge from a number that may not be finite.
    public static func gauge(_ value: Double) -> Measurement {
        value.isFinite ? .reading(value) : .unavailable(.notFinite)
    }

    /// The value as a number, where it is one.
    public var number: Double? {
        switch self {
        case .reading(let value): value
        case .counter(let value): Double(value)
        case .state, .event, .unavailable: nil
        }
    }
}

/// Why a value was not read. The words are stable; a newer agent may send others.
public struct Unavailable: RawRepresentable, Hashable, Sendable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public static let notFinite = Unavailable(rawValue: "notFinite")
    /// The device itself reports that the sensor is faulty (`temp1_fault`, `fan1_fault`).
    public static let sensorFault = Unavailable(rawValue: "sensorFault")
    public static let asleep = Unavailable(rawValue: "asleep")
    public static let denied = Unavailable(rawValue: "denied")
    public static let readError = Unavailable(rawValue: "readError")
    public static let malformed = Unavailable(rawValue: "malformed")
    public static let timedOut = Unavailable(rawValue: "timedOut")
    public static let notSupported = Unavailable(rawValue: "notSupported")
    /// A Super-I/O limit at the register's end, or min >= max: never set by anyone.
    public static let unset = Unavailable(rawValue: "unset")
    /// No sensor of its kind can show the value, or the device contradicts it by what else it reports: a placeholder.
    public static let notPlausible = Unavailable(rawValue: "notPlausible")
    /// The driver starts the device to be asked, and counts from then on: the count says nothing.
    public static let notPersistent = Unavailable(rawValue: "notPersistent")
}

extension Measurement: Codable {
    private enum Key: String, CodingKey { case reading, counter, state, event, unavailable }

    /// Counters above 2^53 travel as strings, because JSON numbers are doubles in most readers (RFC 8259 section 6).
    static let largestExactInteger: UInt64 = 1 << 53

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        if let value = try container.decodeIfPresent(Double.self, forKey: .reading) {
            self = .gauge(value)
        } else if container.contains(.counter) {
            if let text = try? container.decode(String.self, forKey: .counter) {
                guard let value = UInt64(text) else {
                    throw DecodingError.dataCorruptedError(
                        forKey: .counter, in: container,
                        debugDescription: "a counter that is no number: \(text.prefix(40))")
                }
                self = .counter(value)
            } else {
                self = .counter(try container.decode(UInt64.self, forKey: .counter))
            }
        } else if let text = try container.decodeIfPresent(String.self, forKey: .state) {
            self = .state(text)
        } else if let text = try container.decodeIfPresent(String.self, forKey: .event) {
            self = .event(text)
        } else if let reason = try container.decodeIfPresent(String.self, forKey: .unavailable) {
            self = .unavailable(Unavailable(rawValue: reason))
        } else {
            // A kind of measurement from a newer agent: present, and not understood.
            self = .unavailable(Unavailable(rawValue: "unknownMeasurement"))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .reading(let value): try container.encode(value, forKey: .reading)
        case .counter(let value) where value > Measurement.largestExactInteger:
            try container.encode(String(value), forKey: .counter)
        case .counter(let value): try container.encode(value, forKey: .counter)
        case .state(let text): try container.encode(text, forKey: .state)
        case .event(let text): try container.encode(text, forKey: .event)
        case .unavailable(let reason): try container.encode(reason.rawValue, forKey: .unavailable)
        }
    }
}
