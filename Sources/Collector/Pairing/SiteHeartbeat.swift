import Reports

/// A sign of life of a paired site whose signature was checked.
struct SiteHeartbeat: Hashable, Sendable {
    /// `PairedSite.id`.
    var site: String
    /// Seconds.
    var interval: Int
    /// Of the site's store; a number of an earlier one is not compared with those of a later.
    var term: Int64 = 0
    /// Has to be higher than the last of its term; nil where nothing numbers it.
    var number: Int64?
    /// Whether the site numbers them itself; else its clock does.
    var isCounted = false
}
