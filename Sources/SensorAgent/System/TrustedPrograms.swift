import Glibc

/// Programs in a folder that an administrator put there, and nobody else can have.
///
/// The agent runs with rights of its own, so that whoever could write such a file would get them.
struct TrustedPrograms: Sendable {
    /// Programs taken of one folder.
    static let limit = 64

    struct Program: Hashable, Sendable {
        var name: String
        var path: String
        /// Why it is not run; nil where it may be.
        var problem: String?
    }

    /// - Parameter owner: whom folder and files must belong to.
    /// - Returns: in natural order; nil where there is no such folder. Files that no package or editor meant to leave
    ///   are passed over.
    static func list(in folder: String, owner: UInt32 = 0) -> [Program]? {
        guard let folderProblem = problem(of: folder, kind: S_IFDIR, owner: owner) else { return nil }
        let names = ((try? SysTree().names(in: folder)) ?? []).filter { name in
            name.first != "." && !name.hasSuffix("~") && !name.contains(".dpkg-")
                && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        }
        return names.prefix(limit).compactMap { name in
            let path = "\(folder)/\(name)"
            guard let own = problem(of: path, kind: S_IFREG, owner: owner) else { return nil }
            let first = [folderProblem, own].first { !$0.isEmpty }
            return Program(name: name, path: path, problem: first)
        }
    }

    /// What is wrong with the file; empty where nothing is; nil where there is none.
    private static func problem(of path: String, kind: mode_t, owner: UInt32) -> String? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == kind else {
            return "\(path) is no \(kind == S_IFDIR ? "folder" : "regular file"): put the file itself there, no link"
        }
        guard status.st_uid == owner else { return "\(path) belongs to user \(status.st_uid): chown root \(path)" }
        guard status.st_mode & 0o022 == 0 else { return "\(path) may be written by others: chmod go-w \(path)" }
        guard status.st_mode & 0o111 != 0 else { return "\(path) is not executable: chmod +x \(path)" }
        return ""
    }
}
