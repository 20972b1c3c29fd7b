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

    /// Bytes of `active.json`: eight channels of sixteen packs, twice, have a quarter of it.
    static let activeBytes = 64 << 10

    let folder: String

    init(stateDirectory: String) { folder = "\(stateDirectory)/patterns" }

    private var activePath: String { "\(folder)/active.json" }
    private func path(of pack: String) -> String { "\(folder)/\(pack).json" }

    // MARK: At a start

    /// Chooses what runs, and notes that a process does.
    /// - Parameter package: reads the pack of the package, which is done only where it is needed.
    /// - Throws: where that fails, and nothing else can run.
    func begin<Failure: Error>(
        at moment: Moment, package: () throws(Failure) -> PatternPack
    ) throws(Failure) -> Chosen {
        var sentences: [String] = []
        guard var active = load(&sentences) else { return Chosen(pack: try package(), sentences: sentences) }
        if active.probation != nil {
            if let because = active.start(boot: moment.boot) {
                sentences.append("back to the patterns of before: \(because)")
            }
            // Before any pack is read: reading one may be what ends the process.
            do throws(PrivateFileError) { try save(active) } catch { sentences.append("\(error)") }
        }
        for (composition, words) in [(active.now, "that ran"), (active.before, "of before")] {
            guard let composition else { continue }
            do {
                let pack = try self.pack(of: composition, package: package)
                if composition != active.now { active.fallBack(to: composition) }
                return Chosen(pack: pack, active: active, sentences: sentences)
            } catch let problem as PatternStoreProblem {
                sentences.append("the patterns \(words) cannot be taken: \(problem)")
            } catch let failure as Failure {
                throw failure
            } catch {}
        }
        active.fallBack(to: .package)
        sentences.append("the pack of the package is taken instead")
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

    /// The pack that a composition makes.
    /// - Throws: `PatternStoreProblem`, or what reading the package's pack throws.
    func pack<Failure: Error>(
        of composition: ActivePatterns.Composition, package: () throws(Failure) -> PatternPack
    ) throws -> PatternPack {
        if composition == .package { return try package() }
        let packs = composition.packs
        guard packs.count == 1, !composition.needsPackage else {
            throw PatternStoreProblem(
                "they are of \(packs.count) packs beside that of the package, which is not known to go")
        }
        return try read(packs[0])
    }

    private func read(_ pack: String) throws(PatternStoreProblem) -> PatternPack {
        guard PatternStore.isHash(pack) else { throw PatternStoreProblem("\(pack.prefix(100)) is no SHA-256") }
        let bytes: Data
        do throws(SysTreeError) {
            bytes = Data(try SysTree().bytes(path(of: pack), limit: PatternLimits.packBytes))
        } catch {
            guard case .failed(let path, let code) = error else { throw PatternStoreProblem("\(error)") }
            throw PatternStoreProblem("\(path) cannot be read: \(unsafe String(cString: strerror(code)))")
        }
        guard ContentHash.sha256(bytes) == pack else { throw PatternStoreProblem("\(path(of: pack)) is damaged") }
        do throws(PatternPackError) { return try PatternPack(json: bytes) } catch {
            throw PatternStoreProblem("\(path(of: pack)) is refused: \(error)")
        }
    }

    // MARK: Swaps

    /// What there is to do so that `active` is what runs at the next start.
    func steps(to active: ActivePatterns) -> [Step] {
        let held = held()
        let wanted = Set(active.now.packs + (active.before?.packs ?? []))
        return wanted.subtracting(held).sorted().map { .write(pack: $0) } + [.swap]
            + held.subtracting(wanted).sorted().map { .remove(pack: $0) }
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
        case .remove(let pack): try? FileManager.default.removeItem(atPath: path(of: pack))
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

    /// Packs that lie there, whole or not.
    private func held() -> Set<String> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return Set(
            names.compactMap { name in
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
