import Foundation
import Glibc

/// Times of repeated work, in nanoseconds of one operation. The machine may do other things meanwhile: the best run is the
/// cost of the work, the median says how quiet it was.
struct Stopwatch {
    var best: Double
    var median: Double

    /// - Parameters:
    ///   - operations: what one run of `work` counts as.
    ///   - runs: how often it is run, after one run that is not counted.
    init(operations: Int, runs: Int = 7, _ work: () -> Void) {
        work()
        var times: [Double] = []
        for _ in 0..<runs {
            let start = Stopwatch.now
            work()
            times.append(Double(Stopwatch.now - start) / Double(operations))
        }
        times.sort()
        best = times[0]
        median = times[times.count / 2]
    }

    /// Nanoseconds since some beginning.
    static var now: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Bytes of this process in memory (proc_pid_statm(5)).
    static var residentBytes: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let pages = text.split(separator: " ")
        return pages.count > 1 ? (Int(pages[1]) ?? 0) * sysconf(CInt(_SC_PAGESIZE)) : 0
    }
}

/// Lines of one table, with what they are held against.
struct Report {
    private(set) var missed: [String] = []

    mutating func line(_ what: String, _ value: String, against: String = "", isMissed: Bool = false) {
        let name = what + String(repeating: " ", count: max(1, 62 - what.count))
        let figure = String(repeating: " ", count: max(0, 16 - value.count)) + value
        say(name + figure + (against.isEmpty ? "" : "   " + against) + (isMissed ? "  MISSED" : ""))
        if isMissed { missed.append(what) }
    }

    func heading(_ text: String) { say("\n\(text)") }

    static func digits(_ value: Double, _ places: Int = 1) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let whole = (value * scale).rounded()
        guard places > 0 else { return String(Int(whole)) }
        let fraction = String(Int(whole) % Int(scale))
        let zeros = String(repeating: "0", count: places - fraction.count)
        return "\(Int(whole) / Int(scale)).\(zeros)\(fraction)"
    }
}
