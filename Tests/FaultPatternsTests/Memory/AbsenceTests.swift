import Reports
import Testing

@testable import FaultPatterns

@Suite("Absence")
struct AbsenceTests {
    private typealias F = MemoryFixtures
    private static let hour: Int64 = 3_600_000

    @Test("It is true from one window after the newest reading on, and not before the component was watched that long")
    func absence() {
        let silent = Absence(newest: F.time(100), watchedSince: F.time(0))
        #expect(silent.truth(at: F.time(3_699), window: Self.hour) == .no)
        #expect(silent.truth(at: F.time(3_700), window: Self.hour) == .yes)
        #expect(silent.changesAt(after: F.time(3_650), window: Self.hour) == F.time(3_700))
        let never = Absence(newest: nil, watchedSince: F.time(200))
        #expect(never.truth(at: F.time(3_799), window: Self.hour) == .unknown)
        #expect(never.truth(at: F.time(3_800), window: Self.hour) == .yes)
        #expect(never.changesAt(after: F.time(200), window: Self.hour) == F.time(3_800))
        #expect(never.changesAt(after: F.time(3_800), window: Self.hour) == nil)
        // Watched anew after a break that began with the last reading.
        let back = Absence(newest: F.time(0), watchedSince: F.time(9_000))
        #expect(back.truth(at: F.time(9_060), window: Self.hour) == .unknown)
    }

    @Test("No time or window traps")
    func hostile() {
        for newest in F.hostileTimes {
            for since in F.hostileTimes {
                let absence = Absence(newest: newest, watchedSince: since)
                for window in F.hostileWindows {
                    for now in F.hostileTimes {
                        _ = absence.truth(at: now, window: window)
                        #expect(absence.changesAt(after: now, window: window).map { $0 > now } ?? true)
                    }
                }
            }
        }
    }
}
