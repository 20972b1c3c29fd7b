import Reports

/// Why the agent is stopped, as far as the machine tells while it is.
struct Departure: Hashable, Sendable {
    /// Written by the package's script around the restart of an upgrade, `upgrade SECONDS`, with the time since 1970. It lies
    /// where root alone may write: the script is root's and follows no link of the agent's account.
    static let notice = "/run/callhome-agent.stopping"
    /// Of `shutdown +5` and its like (systemd's `shutdownd`): `USEC=`, microseconds since 1970, and `MODE=`.
    static let scheduled = "/run/systemd/shutdown/scheduled"
    /// A notice that is older was left by a script that was killed.
    static let noticeAge = Duration.seconds(600)
    /// A shutdown that is scheduled for later than this is not why the agent is stopped now.
    static let scheduleAhead = Duration.seconds(60)

    let why: Heartbeat.Away.Reason

    var away: Heartbeat.Away { Heartbeat.Away(because: why) }

    /// Asks the machine: some milliseconds, and five seconds where systemd gives no answer on a server that goes down.
    init(_ tree: SysTree, at time: Timestamp) async {
        var jobs: String?
        if tree.isThisMachine, tree.exists("/run/systemd/system") {
            let output = try? await Tool(named: "systemctl").run(
                ["list-jobs", "--no-legend", "--no-pager", "--full"], for: "jobs", deadline: .seconds(5))
            jobs = output.map { String(decoding: $0.bytes, as: UTF8.self) }
        }
        self.init(
            notice: try? tree.text(Departure.notice), jobs: jobs, scheduled: try? tree.text(Departure.scheduled),
            at: time)
    }

    /// - Parameters:
    ///   - notice: the package's file; nil where there is none.
    ///   - jobs: what `systemctl list-jobs` prints: number, unit, type and state in each line; nil where it gave no answer.
    ///   - scheduled: systemd's file; nil where no shutdown is scheduled.
    init(notice: String?, jobs: String?, scheduled: String?, at time: Timestamp) {
        // A server that goes down while a package is upgraded goes down.
        if let reason = Departure.ofServer(jobs ?? "") ?? Departure.ofServer(scheduled: scheduled ?? "", at: time) {
            why = reason
        } else if Departure.isUpgrade(notice ?? "", at: time) {
            why = .upgrade
        } else {
            why =
                Departure.jobs(jobs ?? "").contains { $0.unit == "callhome-agent.service" && $0.type == "restart" }
                ? .restart : .stop
        }
    }

    private static func jobs(_ text: String) -> [(unit: Substring, type: Substring)] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            return words.count >= 3 ? (words[1], words[2]) : nil
        }
    }

    private static func ofServer(_ text: String) -> Heartbeat.Away.Reason? {
        for job in jobs(text) where job.type == "start" {
            switch job.unit {
            case "reboot.target", "kexec.target", "soft-reboot.target": return .reboot
            case "poweroff.target", "halt.target": return .shutdown
            default: break
            }
        }
        return nil
    }

    private static func ofServer(scheduled text: String, at time: Timestamp) -> Heartbeat.Away.Reason? {
        var values: [Substring: Substring] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        guard let microseconds = values["USEC"].flatMap({ Int64($0) }),
            Timestamp(milliseconds: microseconds / 1000) <= time + scheduleAhead
        else { return nil }
        switch values["MODE"] {
        case "reboot", "kexec", "soft-reboot": return .reboot
        case "poweroff", "halt": return .shutdown
        default: return nil
        }
    }

    private static func isUpgrade(_ text: String, at time: Timestamp) -> Bool {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, words[0] == "upgrade", let seconds = Int64(words[1]), (0..<1 << 40).contains(seconds)
        else { return false }
        let written = Timestamp(milliseconds: seconds * 1000)
        // To the second, and so perhaps after `time` for a moment.
        return written <= time + .seconds(1) && time <= written + noticeAge
    }
}
