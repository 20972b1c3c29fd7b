import Daemon
import FaultPatterns
import FoundationEssentials
import Glibc
import Reports

/// What this site changes of the patterns that the agent runs, as `callhome patterns overlay` wrote it.
struct SiteOverlay: Sendable {
    static let standardPath = "/etc/callhome/patterns.overlay.json"

    /// Nil where there is none, and where it is refused.
    var overlay: PatternOverlay?
    /// Why it is refused, in a sentence: the patterns run without it.
    var problem: String?

    init(path: String) {
        let bytes: [UInt8]
        do throws(SysTreeError) { bytes = try SysTree().bytes(path, limit: PatternLimits.overlayBytes) } catch {
            guard error != .failed(path: path, errno: ENOENT) else { return }
            problem = "the overlay \(path) cannot be read: \(error)"
            return
        }
        do throws(PatternProblem) { overlay = try PatternOverlay(json: Data(bytes)) } catch {
            problem = "the overlay \(path) is refused: \(error.message)"
        }
    }
}
