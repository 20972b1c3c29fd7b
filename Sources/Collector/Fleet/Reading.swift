import Reports

/// The latest aggregate of one signal of one component.
struct Reading: Hashable, Sendable, Codable {
    var aggregate: SampleAggregate
    /// When the collector got it.
    var receivedAt: Timestamp
}

/// One point of a sparkline.
struct SparklinePoint: Hashable, Sendable, Codable {
    /// End of the span, by the server's clock.
    var through: Timestamp
    var minimum: Double?
    var maximum: Double?
    var mean: Double?
}
