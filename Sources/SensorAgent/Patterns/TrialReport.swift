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
    /// What runs now, beside which a forecast is made; nil: none is.
    var running: [Member]?
    var history: History?

    /// What this server remembers.
    struct History: Hashable, Sendable, Codable {
        /// Of the file that `HistoryKeeper` writes.
        var path: String
        /// How far back.
        var days: Int
        /// Names of the probes, of which the first decides what a part is.
        var order: [String]
    }

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
    /// How many of the patterns' own tests passed: those of packs that do not run yet.
    var tests = 0
    /// What they would have said here; nil where they are refused. A span of 0: nothing was remembered to try them on.
    var forecast: PatternForecast?

    /// Reads and composes what is asked for, in this process: whoever calls it is ready to lose it.
    init(on request: TrialRequest) {
        let overlay = request.overlay.flatMap { SiteOverlay(path: $0).overlay }
        let candidate: PatternPack
        var packs: [Data] = []
        do {
            var members: [PatternComposition.Member] = []
            for member in request.members {
                var own: [Data] = []
                for path in member.packs {
                    let bytes = try TrialReport.read(path)
                    let pack = try PatternPack(json: bytes)
                    contents[ContentHash.sha256(bytes)] = Contents(
                        engineLevel: pack.engineLevel,
                        patterns: Dictionary(
                            pack.patterns.map { ($0.id, $0.revision) }, uniquingKeysWith: { first, _ in first }),
                        unread: pack.skipped.map(\.id))
                    own.append(bytes)
                }
                packs += own
                members.append(
                    PatternComposition.Member(
                        name: member.name, packs: own, prefix: member.prefix, withdrawals: member.withdrawals))
            }
            let composed = try PatternComposition(members, overlay: overlay)
            if let refusal = composed.refused.first {
                refused = "\(refusal)"
                return
            }
            candidate = composed.pack
        } catch {
            refused = "\(error)"
            return
        }
        // What is only looked into is not going to run.
        guard let running = request.running else {
            forecast = PatternForecast(span: 0, entries: [])
            return
        }
        do {
            try runTests(of: packs, beside: running, except: Set(candidate.disabled.map(\.id)))
        } catch {
            refused = "\(error)"
            return
        }
        forecast = TrialReport.forecast(of: candidate, request, overlay) ?? PatternForecast(span: 0, entries: [])
    }

    /// Runs the own tests of the packs that do not run yet: those that do have passed theirs.
    /// - Throws: which one fails.
    private mutating func runTests(
        of packs: [Data], beside running: [TrialRequest.Member], except disabled: Set<String>
    ) throws {
        let known = Set(running.flatMap(\.packs).compactMap { try? TrialReport.read($0) }.map(ContentHash.sha256))
        for pack in packs where !known.contains(ContentHash.sha256(pack)) {
            let outcome = try PackTests(of: pack, except: disabled)
            tests += outcome.passed
            guard let failure = outcome.failures.first else { continue }
            let more = outcome.failures.count - 1
            throw PatternStoreProblem(more > 0 ? "\(failure) (and \(more) more)" : "\(failure)")
        }
    }

    /// Nil where nothing is remembered, or it cannot be read.
    private static func forecast(
        of candidate: PatternPack, _ request: TrialRequest, _ overlay: PatternOverlay?
    ) -> PatternForecast? {
        guard let history = request.history, let running = request.running else { return nil }
        do {
            let members = try running.map { member in
                PatternComposition.Member(
                    name: member.name, packs: try member.packs.map { try read($0) }, prefix: member.prefix,
                    withdrawals: member.withdrawals)
            }
            return try HistoryReplay.forecast(
                candidate: candidate, running: try PatternComposition(members, overlay: overlay).pack,
                path: history.path, days: history.days, order: history.order)
        } catch {
            return nil
        }
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
