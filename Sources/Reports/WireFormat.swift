public import FoundationEssentials

/// The wire: its version and its coders.
///
/// What is signed is the bytes, so nothing is canonicalised; keys are sorted only to make golden files readable.
public enum WireFormat {
    /// Counts breaking changes. A reader accepts every version up to its own, and newer ones as far as it understands them.
    public static let version = 1

    public static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    public static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        try JSONDecoder().decode(type, from: data)
    }
}

/// Limits on what crosses the wire, each with its unit. At the limit is accepted, one past it is refused.
public enum WireLimits {
    /// Bytes of a request body as it arrives (gzip).
    public static let bodyBytes = 4 << 20
    /// Bytes of a request body after inflating.
    public static let inflatedBytes = 32 << 20
    /// Bytes of `Routes.receiptHeader`: agents keep no receipt that would be longer. The head of a request may have 80 KiB.
    public static let shownReceiptBytes = 32 << 10
    /// Channels of patterns in one receipt or heartbeat.
    public static let channels = 8
    /// Patterns in one forecast.
    public static let forecastEntries = 32
    /// Envelopes in one request.
    public static let envelopesPerRequest = 256
    /// Bytes of one envelope line.
    public static let envelopeBytes = 8 << 20
    /// Changes in one report.
    public static let changesPerReport = 256
    /// Pieces of evidence in one fault.
    public static let evidencePerFault = 16
    /// Samples in one report.
    public static let samplesPerReport = 5_000
    /// Equal events that one observation stands for.
    public static let eventsPerObservation = 1_000_000
    /// Components in one inventory.
    public static let componentsPerInventory = 10_000
}
