import Daemon
import FaultPatterns
import FoundationEssentials
import Glibc
import Reports

/// Where the patterns of channels lie that run on this server: `STATE/patterns/`.
///
/// Packs lie under their SHA-256 and are never changed; `active.json` says which run. Both are written whole, so that a process
/// that is killed at any moment leaves the patterns of before or those of after.
struct PatternStore: Sendable {
    /// What a start runs.
    struct Chosen: Sendable {
        var pack: PatternPack
        /// Nil where none of a channel ever ran here: then nothing is written.
        var active: ActivePatterns?
        /// What was otherwise than written down, for the log and for who asks.
        var sentences: [String] = []
    }

    /// One thing that is done on disk for a swap. Whatever is done of them in this order, one whole composition is there.
    enum Step: Hashable, Sendable {
        case write(pack: String)
        case swap
        case remove(pack: String)
    }

    /// Bytes of `active.json`: eight channels with a thousand withdrawals each have two thirds of it.
    static let activeBytes = 8 << 20

    let folder: String
    /// Where the pack of the package lies.
    private let packagePath: String
    /// Where lies what the site changes of the patterns.
    private let overlayPath: String?

    /// - Parameters:
    ///   - packagePath: where the pack of the package lies.
    ///   - overlayPath: where lies what the site changes of the patterns; nil: nowhere.
    init(stateDirectory: String, packagePath: String, overlayPath: String? = nil) {
        folder = "\(stateDirectory)/patterns"
        self.packagePath = packagePath
        self.overlayPath = overlayPath
    }

    private var activePath: String { "\(folder)/active.json" }
    private func path(of pack: String) -> String { "\(folder)/\(pack).json" }

    // MARK: At a start

    /// Chooses what runs, and notes that a process does.
    /// - Parameters:
    ///   - pinned: channels whose root is pinned here.
    ///   - package: reads the pack of the package, which is done only where it is needed.
    /// - Throws: where that fails, and nothing else can run.
    func begin<Failure: Error>(
        at moment: Moment, pinned: Set<String>, package: () throws(Failure) -> PatternPack
    ) throws(Failure) -> Chosen {
        var sentences: [String] = []
        guard var active = load(&sentences) else { return Chosen(pack: try package(), sentences: sentences) }
        let left = active.keep(pinned: pinned)
        if !left.isEmpty {
            sentences.append("the roots of \(left) are pinned no more: their patterns run no more")
        }
        if active.probation != nil || !left.isEmpty {
            if let because = active.start(boot: moment.boot) {
                sentences.append("back to the patterns of before: \(because)")
            }
            // Before any pack is read: reading one may be what ends the process.
            do throws(PrivateFileError) { try save(active) } catch { sentences.append("\(error)") }
        }
        for (composition, words) in [(active.now, "that ran"), (active.before, "of before")] {
            guard let composition else { continue }
            var chosen = active
            if composition != active.now { chosen.fallBack(to: composition) }
            let found: (pack: PatternPack, left: [String])?
            do throws(PatternStoreProblem) { found = try pack(of: chosen) } catch {
                sentences.append("the patterns \(words) cannot be taken: \(error)")
                continue
            }
            guard let found else { return Chosen(pack: try package(), active: chosen, sentences: sentences) }
            return Chosen(pack: found.pack, active: chosen, sentences: sentences + found.left)
        }
        if active.now != .package {
            active.fallBack(to: .package)
            sentences.append("the pack of the package is taken instead")
        }
        return Chosen(pack: try package(), active: active, sentences: sentences)
    }

    private func load(_ sentences: inout [String]) -> ActivePatterns? {
        do {
            let bytes = try SysTree().bytes(activePath, limit: PatternStore.activeBytes)
            return try WireFormat.decode(ActivePatterns.self, from: Data(bytes))
        } catch SysTreeError.failed(_, ENOENT) {
            return nil
        } catch {
            sentences.append(
                "\(activePath) cannot be read, and the pack of the package is taken instead: "
                    + String(describing: error).prefix(200))
            return nil
        }
    }

    /// What runs, as one pack, and whose patterns are left out of it; nil where it is the pack of the package as it is.
    func pack(of active: ActivePatterns) throws(PatternStoreProblem) -> (pack: PatternPack, left: [String])? {
        if active.now == .package, active.withdrawals.isEmpty { return nil }
        var members: [PatternComposition.Member] = []
        for member in request(for: active).members {
            var packs: [Data] = []
            for path in member.packs { packs.append(try read(path, named: member.name)) }
            members.append(
                PatternComposition.Member(
                    name: member.name, packs: packs, prefix: member.prefix, withdrawals: member.withdrawals))
        }
        do throws(PatternPackError) {
            let composed = try PatternComposition(
                members, overlay: overlayPath.flatMap { SiteOverlay(path: $0).overlay })
            return (composed.pack, composed.refused.map(\.description))
        } catch {
            throw PatternStoreProblem("\(error)")
        }
    }

    /// What makes up what runs.
    /// - Parameter places: where packs lie that are not kept here yet, by SHA-256.
    func request(for active: ActivePatterns, places: [String: String] = [:]) -> TrialRequest {
        var members: [TrialRequest.Member] = []
        let channels = active.now.channels.sorted { $0.key < $1.key }
        if active.now.needsPackage {
            // What runs of no channel is the package's, and whoever has no prefix may take patterns of it back.
            let unbound = active.withdrawals.filter { active.now.channels[$0.key] == nil }
            members.append(
                TrialRequest.Member(
                    name: PatternStore.packageName, packs: [packagePath],
                    withdrawals: unbound.values.reduce(into: [:]) { $0.merge($1) { first, _ in first } }))
        }
        for (name, content) in channels {
            members.append(
                TrialRequest.Member(
                    name: name, packs: content.packs.map { places[$0] ?? path(of: $0) }, prefix: content.prefix,
                    withdrawals: active.withdrawals[name] ?? [:]))
        }
        return TrialRequest(members: members, overlay: overlayPath)
    }

    /// No channel can be called so.
    private static let packageName = "the package"

    private func read(_ path: String, named member: String) throws(PatternStoreProblem) -> Data {
        let bytes: Data
        do throws(SysTreeError) { bytes = Data(try SysTree().bytes(path, limit: PatternLimits.packBytes)) } catch {
            guard case .failed(let path, let code) = error else { throw PatternStoreProblem("\(error)") }
            throw PatternStoreProblem("\(path) cannot be read: \(unsafe String(cString: strerror(code)))")
        }
        // What is kept here bears its hash as its name.
        guard member == PatternStore.packageName || path == self.path(of: ContentHash.sha256(bytes)) else {
            throw PatternStoreProblem("\(path) is damaged")
        }
        return bytes
    }

    // MARK: Swaps

    /// What there is to do so that `active` is what runs at the next start.
    func steps(to active: ActivePatterns) -> [Step] {
        let held = held()
        let kept = Set(active.now.packs + (active.before?.packs ?? []))
        // One that is damaged is written again.
        let lacking = Set(active.now.packs).filter { pack in
            guard held.contains(pack),
                let bytes = try? SysTree().bytes(path(of: pack), limit: PatternLimits.packBytes)
            else { return true }
            return ContentHash.sha256(Data(bytes)) != pack
        }
        return lacking.sorted().map { .write(pack: $0) } + [.swap]
            + held.subtracting(kept).sorted().map { .remove(pack: $0) }
    }

    /// - Parameter packs: bytes by SHA-256, at least those that are to be written.
    func perform(_ step: Step, to active: ActivePatterns, packs: [String: Data]) throws(PatternStoreProblem) {
        switch step {
        case .write(let pack):
            guard let bytes = packs[pack], ContentHash.sha256(bytes) == pack else {
                throw PatternStoreProblem("the pack \(pack.prefix(100)) is not there to be kept")
            }
            do throws(PrivateFileError) {
                try PrivateFile.makeFolder(folder)
                try PrivateFile.write(bytes, to: path(of: pack))
            } catch {
                throw PatternStoreProblem("\(error)")
            }
        case .swap:
            do throws(PrivateFileError) { try save(active) } catch { throw PatternStoreProblem("\(error)") }
        // One that stays is taken out by the next swap.
        case .remove(let pack):
            for path in [path(of: pack), path(of: pack) + PrivateFile.partSuffix] {
                try? FileManager.default.removeItem(atPath: path)
            }
        }
    }

    /// Nothing of a channel runs: as if none ever had.
    func forget() { try? FileManager.default.removeItem(atPath: activePath) }

    func save(_ active: ActivePatterns) throws(PrivateFileError) {
        // Only a number that is not finite cannot be written; there is none.
        guard let bytes = try? WireFormat.encode(active) else { return }
        try PrivateFile.makeFolder(folder)
        try PrivateFile.write(bytes, to: activePath)
    }

    /// Packs that lie there, whole or not, also those whose writing a kill broke off.
    private func held() -> Set<String> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return Set(
            names.compactMap { name in
                let part = name.hasSuffix(PrivateFile.partSuffix) ? PrivateFile.partSuffix.count : 0
                let name = name.dropLast(part)
                guard name.hasSuffix(".json") else { return nil }
                let hash = String(name.dropLast(".json".count))
                return PatternStore.isHash(hash) ? hash : nil
            })
    }

    /// A name that leads to no other folder.
    private static func isHash(_ text: String) -> Bool { text.utf8.count == 64 && text.allSatisfy(\.isHexDigit) }
}

/// Why patterns cannot be taken or kept.
struct PatternStoreProblem: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
