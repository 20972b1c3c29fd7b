import Foundation
import TestSupport

/// A system clock that leaps for one real program and for nobody else: `Servers/leap.c`, preloaded into it.
struct LeapingClock {
    /// What `env` sets for the program.
    let environment: [String]
    private let file: URL

    /// nil: no C compiler is here.
    static let compiler = ["/usr/bin/cc", "/usr/bin/clang", "/opt/swift/usr/bin/clang"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    init(in folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let library = folder.appending(path: "leap.so").path
        let source = Site.packageRoot.appending(path: "Tests/EndToEndTests/Servers/leap.c").path
        let built = try Program.run(LeapingClock.compiler ?? "cc", ["-shared", "-fPIC", "-O1", "-o", library, source])
        guard built.status == 0 else { throw ProgramError(what: built.output) }
        file = folder.appending(path: "leap")
        environment = ["LD_PRELOAD=\(library)", "CALLHOME_LEAP=\(file.path)"]
        try set(wall: 0)
    }

    /// How many seconds the system's clock is ahead, and the machine's count of the time since it was switched on.
    func set(wall: Int64, uptime: Int64 = 0) throws { try Site.write("\(wall) \(uptime)", to: file) }

    /// Seconds since this machine was switched on, in truth (proc_uptime(5)).
    static func uptime() throws -> Int64 {
        let text = try String(contentsOfFile: "/proc/uptime", encoding: .utf8)
        guard let seconds = text.split(separator: " ").first.flatMap({ Double($0) }) else {
            throw ProgramError(what: "no uptime in \(text)")
        }
        return Int64(seconds)
    }
}
