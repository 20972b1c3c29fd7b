/// When a change of devices is reported: after a moment of quiet, and less often where changes do not end.
///
/// One plug is many events, and what is pulled leaves sysfs piece by piece. A device whose link comes and goes all day must
/// not cost a look each time: the pause between two prompts doubles up to a minute, until it has been calm for as long.
struct HotplugDebounce {
    /// Quiet after which a change is reported.
    static let settle = Duration.milliseconds(500)
    /// The pause after the first prompt, and the longest.
    static let pause = Duration.seconds(1)
    static let longestPause = Duration.seconds(60)
    /// Events after which a change is reported without quiet.
    static let restlessEvents = 200

    private var pause = HotplugDebounce.pause
    private var told: Duration?
    private var heard: Duration?
    private var events = 0

    /// An event came at `now`, a time of any steady clock.
    mutating func hear(at now: Duration) {
        heard = now
        events += 1
    }

    /// When to report the events received; nil: there is nothing to report.
    var due: Duration? {
        guard let heard else { return nil }
        let quiet = events >= HotplugDebounce.restlessEvents ? heard : heard + HotplugDebounce.settle
        return told.map { max(quiet, $0 + pause) } ?? quiet
    }

    /// The change was reported at `now`.
    mutating func tell(at now: Duration) {
        if let told {
            let wasCalm = now - told > pause + HotplugDebounce.longestPause
            pause = wasCalm ? HotplugDebounce.pause : min(pause * 2, HotplugDebounce.longestPause)
        }
        told = now
        heard = nil
        events = 0
    }
}
