import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Why the agent is stopped")
struct DepartureTests {
    private static let now = Timestamp(seconds: 1_795_000_000)

    private func why(_ notice: String? = nil, jobs: String? = nil, scheduled: String? = nil) -> Heartbeat.Away.Reason {
        Departure(notice: notice, jobs: jobs, scheduled: scheduled, at: Self.now).why
    }

    private static let restart = "812 callhome-agent.service restart running"
    private static let goingDown = """
        1187 callhome-agent.service      stop    running
        1102 systemd-reboot.service      start   waiting
        1101 REBOOT                      start   waiting
        1190 systemd-journald.service    stop    waiting
        """

    private static func down(to target: String) -> String { goingDown.replacing("REBOOT", with: target) }

    @Test("A plain stop is one, also where nobody can be asked")
    func plain() {
        #expect(why() == .stop)
        #expect(why(jobs: "") == .stop)
        #expect(why(jobs: "812 callhome-agent.service stop running") == .stop)
        #expect(why("", jobs: "No jobs running.", scheduled: "nonsense") == .stop)
    }

    @Test("systemd's jobs tell a restart of the service, and what becomes of the server")
    func jobs() {
        #expect(why(jobs: Self.restart) == .restart)
        #expect(why(jobs: "812 callhome-collector.service restart running") == .stop)
        for target in ["reboot.target", "kexec.target", "soft-reboot.target"] {
            #expect(why(jobs: Self.down(to: target)) == .reboot, "\(target)")
        }
        for target in ["poweroff.target", "halt.target"] {
            #expect(why(jobs: Self.down(to: target)) == .shutdown, "\(target)")
        }
        // A target that is stopped, or another's that sounds alike, takes nobody down.
        #expect(why(jobs: "7 reboot.target stop waiting") == .stop)
        #expect(why(jobs: "7 my-reboot.target start waiting") == .stop)
    }

    @Test("An upgrade says so by its file for ten minutes; what a script that was killed left counts no longer")
    func upgrade() {
        let now = Self.now.milliseconds / 1000
        #expect(why("upgrade \(now)") == .upgrade)
        #expect(why("upgrade \(now)", jobs: Self.restart) == .upgrade)
        #expect(why("upgrade \(now - 600)") == .upgrade)
        #expect(why("upgrade \(now - 601)") == .stop)
        #expect(why("upgrade \(now + 2)") == .stop)
        for text in ["upgrade", "upgrade x", "upgrade \(now) x", "upgrade -1", "upgrade \(Int64.max)", "\(now)"] {
            #expect(why(text) == .stop, "\(text)")
        }
    }

    @Test("A server that goes down while a package is upgraded goes down")
    func downWhileUpgraded() {
        #expect(why("upgrade \(Self.now.milliseconds / 1000)", jobs: Self.down(to: "reboot.target")) == .reboot)
    }

    @Test("A scheduled shutdown counts when its time has come, where systemd gives no answer")
    func scheduled() {
        func file(_ mode: String, in seconds: Int64) -> String {
            "USEC=\((Self.now.milliseconds / 1000 + seconds) * 1_000_000)\nWARN_WALL=1\nMODE=\(mode)\n"
        }
        #expect(why(scheduled: file("reboot", in: 0)) == .reboot)
        #expect(why(scheduled: file("reboot", in: 60)) == .reboot)
        #expect(why(scheduled: file("reboot", in: 61)) == .stop)
        #expect(why(scheduled: file("poweroff", in: -5)) == .shutdown)
        #expect(why(scheduled: file("dry-run", in: 0)) == .stop)
        #expect(why(scheduled: "USEC=x\nMODE=reboot") == .stop)
    }

    @Test("A recorded tree is read, and this machine's systemd is not asked for it")
    func tree() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("run/systemd/system/x", "")
        try scratch.write("run/callhome-agent.stopping", "upgrade \(Self.now.milliseconds / 1000)\n")
        let tree = SysTree(root: scratch.url.path)
        #expect(await Departure(tree, at: Self.now).away == Heartbeat.Away(why: .upgrade, atMost: 600))
    }
}
