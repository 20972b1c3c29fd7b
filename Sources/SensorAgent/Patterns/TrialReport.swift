import FaultPatterns
import FoundationEssentials
import Glibc
import PatternChannel
import Reports

/// Patterns that a child process is to try, in a file.
struct TrialRequest: Hashable, Sendable, Codable {
    /// What one maker brings.
    struct Member: Hashable, Sendable, Codable {
        var name: String
        /// Where its packs lie.
        var packs: [String]
        var prefix: String?
        /// Why it has taken back patterns of its own, by their ids.
        var withdrawals: [String: String]
    }

    /// All that would run together.
    var members: [Member]
    /// Where lies what the site changes of it.
    var overlay: String?

    /// Bytes of the file: eight channels of sixteen packs with all their withdrawals.
    static let bytes = 8 << 20
}

/// What came of it, as the child prints it.
struct TrialReport: Hashable, Sendable, Codable {
    /// What is inside a pack.
    struct Contents: Hashable, Sendable, Codable {
        var engineLevel: Int
        /// Revisions by the patterns' ids.
        var patterns: [String: Int]
        /// Patterns that this program cannot read.
        var unread: [String]
    }

    /// Why the patterns cannot run; nil where they can.
    var refused: String?
    /// By SHA-256.
    var contents: [String: Contents] = [:]
    /// What they would have said here; nil where they are refused. A span of 0: nothing was remembered to try them on.
    var forecast: PatternForecast?

    /// Reads and composes what is asked for, in this process: whoever calls it is ready to lose it.
    init(on request: TrialRequest) {
        var members: [PatternComposition.Member] = []
        do {
            for member in request.members {
                var packs: [Data] = []
                for path in member.packs {
                    let bytes = try TrialReport.read(path)
                    let pack = try PatternPack(json: bytes)
                    contents[ContentHash.sha256(bytes)] = Contents(
                        engineLevel: pack.engineLevel,
                        patterns: Dictionary(
                            pack.patterns.map { ($0.id, $0.revision) }, uniquingKeysWith: { first, _ in first }),
                        unread: pack.skipped.map(\.id))
                    packs.append(bytes)
                }
                members.append(
                    PatternComposition.Member(
                        name: member.name, packs: packs, prefix: member.prefix, withdrawals: member.withdrawals))
            }
            let overlay = request.overlay.flatMap { SiteOverlay(path: $0).overlay }
            let composed = try PatternComposition(members, overlay: overlay)
            if let refusal = composed.refused.first {
                refused = "\(refusal)"
                return
            }
        } catch {
            refused = "\(error)"
            return
        }
        forecast = PatternForecast(span: 0, entries: [])
    }

    private static func read(_ path: String) throws(PatternStoreProblem) -> Data {
        do throws(SysTreeError) { return Data(try SysTree().bytes(path, limit: PatternLimits.packBytes)) } catch {
            throw PatternStoreProblem("\(path) cannot be read: \(error)")
        }
    }
}

extension PackContents {
    init(_ contents: TrialReport.Contents) {
        self.init(
            engineLevel: contents.engineLevel, patterns: contents.patterns, unread: Set(contents.unread))
    }
}
