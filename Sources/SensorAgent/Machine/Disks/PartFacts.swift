/// What a probe has asked a device for under its own deadline, and what all others may then know of the part.
struct PartFacts: Hashable, Sendable {
    /// Where it sits, as a shelf or a controller says: `Bay 3`; nil where none says so.
    var location: String?
}
