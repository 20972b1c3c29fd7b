import FoundationEssentials
import Glibc
import Reports

/// A file that a command is to write: whether it can be is known before the work is done.
struct OutputPath {
    let path: String

    /// Why it cannot be written and what to do; nil where nothing speaks against it.
    var problem: String? {
        var information = stat()
        if unsafe stat(path, &information) == 0 {
            if information.st_mode & S_IFMT == S_IFDIR { return "\(path): this is a folder; name a file in it" }
            guard unsafe access(path, W_OK) == 0 else { return words(errno) }
        } else if errno != ENOENT {
            return words(errno)
        }
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard unsafe stat(folder, &information) == 0 else {
            return errno == ENOENT
                ? "\(path): there is no folder \(folder); make it first" : words(errno)
        }
        return unsafe access(folder, W_OK | X_OK) == 0 ? nil : words(errno)
    }

    private func words(_ number: CInt) -> String {
        "\(path): the file cannot be written: \(unsafe String(cString: strerror(number))); "
            + "look at the folder and its permissions"
    }

    /// Ends the command where the file cannot be written.
    func refuseUnwritable() throws {
        guard let problem else { return }
        Console.complain(problem)
        throw ExitStatus.cannotWrite.exit
    }

    /// Writes the file whole or not at all; ends the command where that fails.
    func write(_ data: Data) throws {
        do { try data.write(to: URL(filePath: path), options: .atomic) } catch {
            Console.complain(problem ?? "\(path): the file could not be written whole; look whether the disk is full")
            throw ExitStatus.cannotWrite.exit
        }
    }
}
