import Reports
import Testing

@testable import Collector

@Suite("One machine or two in one name")
struct BootWatchTests {
    private let time = Timestamp(seconds: 1_795_000_000)

    private struct Heard {
        var boot: String
        var uptime: Int64
        var stream = ReportStream.telemetry
        /// Seconds.
        var at: Int64
    }

    /// What each report led to.
    private func steps(_ heard: [Heard]) -> [BootWatch.Step] {
        var watch = BootWatch()
        return heard.map {
            let at = time + .seconds($0.at)
            watch.note(boot: $0.boot, uptime: $0.uptime, in: $0.stream, at: at)
            return watch.decide(quietSince: at - BootWatch.quiet)
        }
    }

    @Test("Two that report by turns are two with the second return, and one after a day without")
    func two() {
        let turns = [
            Heard(boot: "a", uptime: 100, at: 0), Heard(boot: "b", uptime: 7, at: 10),
            Heard(boot: "a", uptime: 160, at: 60), Heard(boot: "b", uptime: 67, at: 70),
            Heard(boot: "a", uptime: 220, at: 120),
            Heard(boot: "a", uptime: 900, at: 120 + 86_399), Heard(boot: "a", uptime: 990, at: 120 + 86_400),
            Heard(boot: "a", uptime: 999, at: 120 + 86_500),
        ]
        #expect(
            steps(turns) == [
                .nothing, .nothing, .nothing, .becameTwo, .nothing, .nothing, .becameOne, .nothing,
            ])
    }

    @Test("A machine that starts anew again and again is one, whatever of its boots before still waits")
    func restarts() {
        let one = [
            Heard(boot: "a", uptime: 100, at: 0), Heard(boot: "b", uptime: 5, stream: .faults, at: 10),
            // Telemetry of before the start, which faults overtook, and the rest of it after the next start.
            Heard(boot: "a", uptime: 160, at: 11), Heard(boot: "b", uptime: 6, at: 12),
            Heard(boot: "c", uptime: 5, stream: .faults, at: 20), Heard(boot: "b", uptime: 90, at: 21),
            Heard(boot: "c", uptime: 6, at: 22),
        ]
        #expect(steps(one).allSatisfy { $0 == .nothing })
        // The same reports once more, as after an answer that got lost and a new epoch.
        let twice = [
            Heard(boot: "a", uptime: 100, at: 0), Heard(boot: "b", uptime: 5, at: 1),
            Heard(boot: "a", uptime: 100, at: 2), Heard(boot: "b", uptime: 5, at: 3),
            Heard(boot: "a", uptime: 100, at: 4), Heard(boot: "b", uptime: 5, at: 5),
        ]
        #expect(steps(twice).allSatisfy { $0 == .nothing })
    }

    @Test("A machine that is put back from a snapshot returns once; returns an hour apart are two snapshots")
    func snapshots() {
        let heard = [
            Heard(boot: "a", uptime: 100, at: 0), Heard(boot: "b", uptime: 5, at: 10),
            Heard(boot: "a", uptime: 120, at: 20), Heard(boot: "c", uptime: 5, at: 30),
            Heard(boot: "a", uptime: 3_900, at: 20 + 3_600),
        ]
        #expect(steps(heard).allSatisfy { $0 == .nothing })
        var sooner = heard
        sooner[4].at -= 1
        #expect(steps(sooner).last == .becameTwo)
    }
}
