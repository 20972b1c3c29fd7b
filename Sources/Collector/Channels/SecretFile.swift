import FoundationEssentials
import Glibc
import Transfer

/// A file that the configuration names could not be used.
struct SecretFileError: Error, Hashable, CustomStringConvertible {
    var description: String
}

extension Secret {
    /// The secret itself, without blanks and line ends around it. Read each time, so that a changed file counts at once.
    func read() throws(SecretFileError) -> String {
        switch self {
        case .inline(let text): return text
        case .file(let path): return try SecretFile.secret(at: path)
        case .credential(let name):
            guard let folder = unsafe getenv("CREDENTIALS_DIRECTORY").map({ unsafe String(cString: $0) }) else {
                throw SecretFileError(
                    description: "the credential \(name) cannot be read: CREDENTIALS_DIRECTORY is not set; "
                        + "start the collector by systemd with LoadCredential=\(name):…, or name a file instead")
            }
            return try SecretFile.text(at: "\(folder)/\(name)")
        }
    }
}

enum SecretFile {
    /// A secret: a file that everyone may read holds none any more.
    static func secret(at path: String) throws(SecretFileError) -> String { try text(at: path, isSecret: true) }

    /// - Parameter isSecret: refuses a file that others may read. What is looked at is what is read, whatever becomes of
    ///   the name meanwhile.
    static func text(at path: String, isSecret: Bool = false) throws(SecretFileError) -> String {
        // Without O_NONBLOCK a named pipe would be waited for.
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw refusal(errno, of: path) }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw refusal(errno, of: path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SecretFileError(description: "cannot read \(path): it is no file; check the path")
        }
        if isSecret, status.st_mode & 0o007 != 0 {
            throw SecretFileError(
                description: "everyone may read the secret in \(path): chmod o= \(path), then renew the secret")
        }
        var data = Data()
        var chunk = [UInt8](repeating: 0, count: 8 << 10)
        while data.count <= ChannelLimits.secretBytes {
            let count = unsafe read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw refusal(errno, of: path) }
            if count == 0 { break }
            data.append(contentsOf: chunk[..<count])
        }
        guard data.count <= ChannelLimits.secretBytes, let text = String(data: data, encoding: .utf8) else {
            throw SecretFileError(
                description:
                    "\(path) is no text of at most \(ChannelLimits.secretBytes) bytes; check that it is the right file")
        }
        return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    private static func refusal(_ code: Int32, of path: String) -> SecretFileError {
        let because =
            switch code {
            case ENOENT, ENOTDIR: "there is no such file; check the path"
            case EACCES, EPERM: "the collector's user may not; check owner and mode (root:callhome-collector, 0640)"
            default: "\(unsafe String(cString: strerror(code))); check the path and its rights"
            }
        return SecretFileError(description: "cannot read \(path): \(because)")
    }

    /// Whom a recipient's connection trusts: the CA of its file, else the system's.
    static func trust(caFile: String?) throws(SecretFileError) -> Trust {
        guard let caFile else { return .system }
        return .pinned(caPEM: try text(at: caFile))
    }
}
