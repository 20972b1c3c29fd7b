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
        var problem: Problem?
    }

    /// What is wrong with a file or its folder.
    struct Problem: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            /// It was listed, and is not there any more or cannot be looked at.
            case missing
            case notRegular, notFolder, writableByOthers, notExecutable
            case foreignOwner(UInt32)
        }

        var kind: Kind
        var path: String
    }

    /// - Parameter owner: whom folder and files must belong to.
    /// - Returns: in natural order; nil where there is no such folder. Files that no package or editor meant to leave
    ///   are passed over.
    static func list(in folder: String, owner: UInt32 = 0) -> [Program]? {
        let folderProblem = problem(of: folder, isFolder: true, owner: owner)
        guard folderProblem?.kind != .missing else { return nil }
        let names = ((try? SysTree().names(in: folder)) ?? []).filter { name in
            name.first != "." && !name.hasSuffix("~") && !name.contains(".dpkg-")
                && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        }
        return names.prefix(limit).map { program($0, in: folder, folderProblem, owner: owner) }
    }

    static func program(_ name: String, in folder: String, _ folderProblem: Problem?, owner: UInt32) -> Program {
        let path = "\(folder)/\(name)"
        return Program(
            name: name, path: path, problem: folderProblem ?? problem(of: path, isFolder: false, owner: owner))
    }

    private static func problem(of path: String, isFolder: Bool, owner: UInt32) -> Problem? {
        var status = stat()
        func problem(_ kind: Problem.Kind) -> Problem { Problem(kind: kind, path: path) }
        guard unsafe lstat(path, &status) == 0 else { return problem(.missing) }
        guard status.st_mode & S_IFMT == (isFolder ? S_IFDIR : S_IFREG) else {
            return problem(isFolder ? .notFolder : .notRegular)
        }
        guard status.st_uid == owner else { return problem(.foreignOwner(status.st_uid)) }
        guard status.st_mode & 0o022 == 0 else { return problem(.writableByOthers) }
        return status.st_mode & 0o111 == 0 ? problem(.notExecutable) : nil
    }
}
