import Reports

/// When a signal was read: since when, until when, and its newest gap.
///
/// A gap is a span of more than one step of the window in which the source reported it unreadable, or one of more
/// than `staleAfter` in which it reported nothing. A shorter one is below the window's resolution.
struct SignalAvailability: Hashable, Codable, Sendable {
    private(set) var since: Timestamp
    private(set) var newest: Timestamp
    private var isBlind = false
    private var gapFrom: Timestamp?
    private var gapUntil: Timestamp?

    init(since time: Timestamp) {
        since = time
        newest = time
    }

    mutating func see(at time: Timestamp, window: Int64) {
        let silence = time.milliseconds(since: newest)
        if silence > PatternLimits.staleAfter || (isBlind && silence > window / PatternLimits.windowSteps) {
            gapFrom = newest
            gapUntil = time
        }
        isBlind = false
        newest = time
    }

    mutating func becomeBlind() { isBlind = true }

    /// Whether the signal was read throughout the window and can be read now.
    func isWhole(at now: Timestamp, window: Int64) -> Bool {
        let horizon = now.minus(window)
        if since > horizon || isBlind || isStale(at: now) { return false }
        guard let gapUntil else { return true }
        return gapUntil <= horizon
    }

    /// Whether the window began after the first reading and at most half of it went unread.
    func isMostlyWhole(at now: Timestamp, window: Int64) -> Bool {
        let horizon = now.minus(window)
        if since > horizon || isStale(at: now) { return false }
        var unread: Int64 = isBlind ? now.milliseconds(since: newest) : 0
        if let gapFrom, let gapUntil, gapUntil > horizon {
            unread = unread.addingReportingOverflow(gapUntil.milliseconds(since: max(gapFrom, horizon))).partialValue
        }
        return unread >= 0 && unread <= window / 2
    }

    private func isStale(at now: Timestamp) -> Bool { now.milliseconds(since: newest) > PatternLimits.staleAfter }

    /// Offers the times at which one of the answers above may change.
    func offerChanges(to next: inout NextChange, window: Int64) {
        next.offer(since.plus(window))
        next.offer(newest.plus(PatternLimits.staleAfter).plus(1))
        if isBlind { next.offer(newest.plus(window / 2).plus(1)) }
        guard let gapFrom, let gapUntil, gapUntil > next.now.minus(window) else { return }
        next.offer(gapFrom.plus(window))
        next.offer(gapUntil.plus(window))
        // When the rest of the gap is no more than half of the window, and when blindness and gap together are more.
        next.offer(gapUntil.plus(window).minus(window / 2))
        if isBlind {
            next.offer(newest.plus(window / 2).minus(gapUntil.milliseconds(since: gapFrom)).plus(1))
            next.offer(gapUntil.plus(window).plus(1))
        }
    }
}
