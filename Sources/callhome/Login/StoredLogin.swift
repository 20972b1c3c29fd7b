import FoundationEssentials
import Glibc

/// What `callhome login` remembers: `~/.config/callhome/login.json`, readable by its owner only.
struct StoredLogin: Codable {
    var url: String
    var token: String
    /// PEM: the only root that is trusted when speaking to the collector.
    var ca: String

    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    /// `$XDG_CONFIG_HOME/callhome`, else `~/.config/callhome`.
    static var folder: String {
        let environment = ProcessInfo.processInfo.environment
        let base =
            environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            ?? "\(environment["HOME"] ?? "/root")/.config"
        return "\(base)/callhome"
    }

    static var path: String { "\(folder)/login.json" }

    /// Nil when nobody has logged in.
    static func load() throws(Problem) -> StoredLogin? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            return try JSONDecoder().decode(StoredLogin.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw Problem(description: "\(path) cannot be read: log in again with callhome login URL")
        }
    }

    func save() throws(Problem) {
        do {
            try FileManager.default.createDirectory(
                atPath: StoredLogin.folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let data = try JSONEncoder().encode(self)
            let part = StoredLogin.path + ".part"
            // Made with its rights, so that nobody can open it in between.
            _ = unsafe unlink(part)
            let file = unsafe open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw Problem(description: "cannot write \(part): errno \(errno)") }
            defer { close(file) }
            var rest = [UInt8](data)[...]
            while !rest.isEmpty {
                let written = unsafe rest.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
                guard written > 0 else { throw Problem(description: "cannot write \(part): errno \(errno)") }
                rest = rest.dropFirst(written)
            }
            guard unsafe rename(part, StoredLogin.path) == 0 else {
                throw Problem(description: "cannot write \(StoredLogin.path): errno \(errno)")
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(description: "cannot write \(StoredLogin.path): \(error)")
        }
    }
}
