import Reports

/// A sign of life of a paired site whose signature was checked.
struct SiteHeartbeat: Hashable, Sendable {
    /// `PairedSite.id`.
    var site: String
    /// Seconds.
    var interval: Int
    /// Has to be higher than the last; nil where nothing numbers it.
    var number: Int64?
    /// Whether the site numbers them itself; else its clock does.
    var isCounted = false
}
