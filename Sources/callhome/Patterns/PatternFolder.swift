import FaultPatterns
import FoundationEssentials
import Reports

/// The pattern files of a folder and its subfolders.
struct PatternFolder {
    static let installed = "/usr/share/callhome/patterns"
    static let installedPack = "/usr/share/callhome/patterns.json"

    /// In the order of their paths.
    private(set) var files: [PatternFile] = []
    /// The tree ensembles of the folder `models` in it, or beside the one file.
    private(set) var models: [PatternModel] = []
    /// The list of signals that no pattern has to judge; nil where the folder has none.
    private(set) var context: ContextSignals?
    /// What is wrong with the files that cannot be used: all of it, so that an author mends in one go.
    private(set) var problems: [String] = []
    /// Of a pack: what the site changed, and what does not run for it.
    private(set) var overlay: [OverlayEntry] = []
    private var disabled: [PatternPack.Skipped] = []
    /// Whether there is nothing of this name.
    private var isMissing = false
    /// Whether these are all patterns of a pack: a folder that is not itself the folder of one part in `patterns`.
    private(set) var isWhole = false

    /// The folder that is meant when none is named: `./patterns` in a checkout, else the installed one.
    static var standard: String {
        var isFolder = false
        let exists = FileManager.default.fileExists(atPath: "patterns", isDirectory: &isFolder)
        return exists && isFolder ? "patterns" : installed
    }

    /// Where `show`, `explain` and `list` look when nothing is named: a packaged server has the pack and no YAML.
    static var standardSource: String {
        standard == installed && !FileManager.default.fileExists(atPath: installed) ? installedPack : standard
    }

    /// What a command reads of what was named: a folder, a pattern file, or a built pack, which has no tests.
    /// Ends the command, and prints why, where it cannot be read.
    /// - Parameter overlayPath: what the site changed of a pack; nil: of the installed one, what the agent reads.
    static func files(of path: String, changedBy overlayPath: String? = nil) throws -> PatternFolder {
        guard path.hasSuffix(".json") || path == installedPack else {
            if overlayPath != nil {
                Console.complain("\(path): an overlay changes a built pack; name one, such as \(installedPack)")
                throw ExitStatus.usage.exit
            }
            let folder = PatternFolder(path: path)
            try folder.refuseProblems()
            return folder
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            Console.complain(
                path == installedPack
                    ? "\(path): the pattern pack is not there: install the package callhome-agent, which brings it, or "
                        + "name a folder of patterns or a pack"
                    : "\(path): the pack cannot be read; make one with `callhome patterns build`")
            throw ExitStatus.missing.exit
        }
        let overlay = try siteOverlay(overlayPath, of: path)
        do {
            let pack: PatternPack
            if let overlay {
                let maker = PatternComposition.Member(name: path, packs: [data])
                pack = try PatternComposition([maker], overlay: overlay).pack
            } else {
                pack = try PatternPack(json: data)
            }
            for skipped in pack.skipped { Console.complain("\(path): \(skipped.id) is skipped: \(skipped.because)") }
            return PatternFolder(pack)
        } catch {
            Console.complain("\(path): \(error)")
            throw ExitStatus.data.exit
        }
    }

    /// What the site changed. Only one that was named has to be there and in order.
    private static func siteOverlay(_ named: String?, of path: String) throws -> PatternOverlay? {
        guard let file = named ?? (path == installedPack ? PatternsOverlay.built : nil) else { return nil }
        guard let data = FileManager.default.contents(atPath: file) else {
            guard named != nil else { return nil }
            Console.complain("\(file): the overlay cannot be read; make one with `callhome patterns overlay`")
            throw ExitStatus.missing.exit
        }
        do throws(PatternProblem) { return try PatternOverlay(json: data) } catch {
            Console.complain("\(file): \(error.message)")
            guard named == nil else { throw ExitStatus.data.exit }
            return nil
        }
    }

    private init(_ pack: PatternPack) {
        files = pack.files
        overlay = pack.overlay
        disabled = pack.disabled
    }

    /// - Parameter path: a folder, or one file.
    init(path: String) {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            isMissing = true
            problems = ["\(path): there is no such folder; name the folder of the patterns, or run in a checkout"]
            return
        }
        var paths = [path]
        let above = URL(filePath: path).standardizedFileURL.deletingLastPathComponent().lastPathComponent
        isWhole = isFolder && above != "patterns"
        if isFolder {
            do {
                paths = try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
                    .filter { $0.hasSuffix(".yaml") }.map { "\(path)/\($0)" }
            } catch {
                problems = ["\(path): the folder cannot be read; look at its permissions"]
                return
            }
        }
        readModels(near: isFolder ? path : String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        if paths.isEmpty { problems = ["\(path): there is no .yaml file in this folder"] }
        var places: [String: String] = [:]
        for file in paths {
            let isContext = file.split(separator: "/").last.map(String.init) == ContextSignals.fileName
            guard let data = FileManager.default.contents(atPath: file) else {
                problems.append("\(file): the file cannot be read; look at its permissions")
                continue
            }
            if PatternPack.isPack(data) {
                problems.append(
                    "\(file): this is a built pack, which has no tests and no lines; name the folder of YAML files that "
                        + "it was built from (`callhome patterns list` and `backtest` take packs)")
                continue
            }
            let (tree, unread) = PatternYAML.readAll(data, file: file)
            problems += unread.map { "\($0)" }
            guard let tree else { continue }
            do throws(PatternProblem) {
                guard !isContext else {
                    context = try ContextSignals(reading: tree)
                    continue
                }
                let read = try PatternFile(reading: tree, models: models)
                guard unread.isEmpty else { continue }
                if let other = places[read.pattern.id] {
                    problems.append("\(file): the id \(read.pattern.id) is that of \(other); give it another")
                    continue
                }
                places[read.pattern.id] = file
                files.append(read)
            } catch {
                let all = isContext ? [] : PatternFile.problems(in: tree, models: models)
                problems += (all.isEmpty ? [error] : all).map { "\($0)" }
            }
        }
    }

    /// In this folder or one above it: a part's folder may be named alone.
    private mutating func readModels(near path: String) {
        var folder = path.isEmpty ? "." : path
        for _ in 0..<3 {
            let models = "\(folder)/models"
            if let names = try? FileManager.default.contentsOfDirectory(atPath: models) {
                for name in names.sorted() where name.hasSuffix(".json") { readModel("\(models)/\(name)") }
                return
            }
            folder += "/.."
        }
    }

    private mutating func readModel(_ file: String) {
        guard let data = FileManager.default.contents(atPath: file) else {
            problems.append("\(file): the file cannot be read; look at its permissions")
            return
        }
        do throws(ModelProblem) { models.append(try PatternModel(try EnsembleFormat(json: data))) } catch {
            problems.append("\(file): \(error)")
        }
    }

    /// What one pattern states of others and they do not bear out; of a part's folder it cannot be known.
    var problemsBetween: [PatternProblem] {
        isWhole
            ? PatternPack.problems(
                between: files.filter { $0.pattern.status == .active || $0.pattern.status == .shadow }) : []
    }

    /// Prints what does not fit between the patterns and ends the command, if anything does not.
    func refuseProblemsBetween() throws {
        let problems = problemsBetween
        guard !problems.isEmpty else { return }
        for problem in problems { Console.complain("\(problem)") }
        throw ExitStatus.data.exit
    }

    /// The pattern of that name; what comes near is named where there is none.
    func file(of id: String) throws -> PatternFile {
        if let file = files.first(where: { $0.pattern.id == id }) { return file }
        if let pattern = disabled.first(where: { $0.id == id }) {
            Console.complain("\(id) does not run here: the site has switched it off: \(pattern.because)")
            throw ExitStatus.missing.exit
        }
        let near = Wording.near(id, among: files.map(\.pattern.id), limit: 12)
        Console.complain(
            near.isEmpty
                ? "no pattern is called \(id); `callhome patterns list` tells their names"
                : "no pattern is called \(id); there are \(near.joined(separator: ", "))")
        throw ExitStatus.missing.exit
    }

    /// Prints what is wrong and ends the command, if anything is.
    func refuseProblems() throws {
        guard !problems.isEmpty else { return }
        for problem in problems { Console.complain(problem) }
        throw (isMissing ? ExitStatus.missing : .data).exit
    }
}
