import Reports

/// Whether nothing of a signal came throughout a window in which its component was watched.
struct Absence {
    /// The signal's newest reading; nil where there never was one.
    let newest: Timestamp?
    /// Since when the component has been watched without a break.
    let watchedSince: Timestamp

    /// A reading exactly as old as the window has left it.
    func truth(at now: Timestamp, window: Int64) -> Truth {
        let horizon = now.minus(window)
        if let newest, newest > horizon { return .no }
        return watchedSince <= horizon ? .yes : .unknown
    }

    func changesAt(after now: Timestamp, window: Int64) -> Timestamp? {
        var next = NextChange(after: now)
        next.offer(newest?.plus(window))
        next.offer(watchedSince.plus(window))
        return next.time
    }
}
