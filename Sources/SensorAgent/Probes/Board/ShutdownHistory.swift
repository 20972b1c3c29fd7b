import Reports

/// Counts starts of the server that no orderly shutdown preceded.
///
/// When the agent's unit is stopped it leaves a file; the next start finds it, or finds that nothing had the time to write it.
struct ShutdownHistory: Hashable, Sendable {
    private(set) var boot: String
    private(set) var unclean: UInt64

    /// - Parameter cursor: `BOOT COUNT` as `cursorValue` gave it; nil at the first look ever.
    init(cursor: String?, boot: String) {
        let words = (cursor ?? "").split(separator: " ")
        self.boot = words.count == 2 ? String(words[0]) : boot
        unclean = words.count == 2 ? UInt64(words[1]) ?? 0 : 0
    }

    var cursorValue: String { "\(boot) \(unclean)" }

    /// What the unit writes at its start where nothing was left by its last stop.
    static let nothingLeft = "none"

    /// Goes on to the boot that runs now.
    /// - Parameter lastStop: what the unit left when it was last stopped, or `none`; nil where no unit does so, and nothing can
    ///   be known. What it left is of an orderly shutdown or of a stop by hand, after which nobody saw how it ended.
    mutating func resume(boot now: String, lastStop: String?) {
        guard now != boot else { return }
        if lastStop == ShutdownHistory.nothingLeft { unclean += 1 }
        boot = now
    }
}
