import FaultPatterns
import FoundationEssentials

/// The pattern files of a folder and its subfolders.
struct PatternFolder {
    static let installed = "/usr/share/callhome/patterns"
    static let installedPack = "/usr/share/callhome/patterns.json"

    /// In the order of their paths.
    private(set) var files: [PatternFile] = []
    /// What is wrong with the files that cannot be used: all of it, so that an author mends in one go.
    private(set) var problems: [String] = []

    /// The folder that is meant when none is named: `./patterns` in a checkout, else the installed one.
    static var standard: String {
        var isFolder = false
        let exists = FileManager.default.fileExists(atPath: "patterns", isDirectory: &isFolder)
        return exists && isFolder ? "patterns" : installed
    }

    /// - Parameters:
    ///   - path: a folder, or one file.
    ///   - isTrial: patterns on trial (shadow) are taken as if they were active.
    init(path: String, isTrial: Bool = false) {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            problems = ["\(path): there is no such folder; name the folder of the patterns, or run in a checkout"]
            return
        }
        var paths = [path]
        if isFolder {
            do {
                paths = try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
                    .filter { $0.hasSuffix(".yaml") }.map { "\(path)/\($0)" }
            } catch {
                problems = ["\(path): the folder cannot be read: \(error)"]
                return
            }
        }
        if paths.isEmpty { problems = ["\(path): there is no .yaml file in this folder"] }
        var places: [String: String] = [:]
        for file in paths {
            guard let data = FileManager.default.contents(atPath: file) else {
                problems.append("\(file): the file cannot be read; look at its permissions")
                continue
            }
            do throws(PatternProblem) {
                let tree = try PatternYAML.read(data, file: file)
                let read = try PatternFile(reading: isTrial ? PatternFolder.activated(tree) : tree)
                if let other = places[read.pattern.id] {
                    problems.append("\(file): the id \(read.pattern.id) is that of \(other); give it another")
                    continue
                }
                places[read.pattern.id] = file
                files.append(read)
            } catch { problems.append("\(error)") }
        }
    }

    /// A pattern on trial as it would be if it were active.
    private static func activated(_ tree: SourceNode) -> SourceNode {
        guard case .mapping(var entries) = tree.content,
            let status = entries.firstIndex(where: { $0.key == "status" }),
            case .scalar("shadow") = entries[status].value.content
        else { return tree }
        entries[status].value = SourceNode(.scalar("active"), at: entries[status].value.location)
        // A mere estimate must be on trial; here it is asked what it is worth.
        if let grade = entries.firstIndex(where: { $0.key == "evidence" }) {
            entries[grade].value = SourceNode(.scalar("B"), at: entries[grade].value.location)
        }
        return SourceNode(.mapping(entries), at: tree.location)
    }

    /// Says what is wrong and ends the command, if anything is.
    func refuseProblems() throws {
        guard !problems.isEmpty else { return }
        for problem in problems { Console.complain(problem) }
        throw Exit.refused
    }
}
