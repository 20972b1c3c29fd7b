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
        case .file(let path): return try SecretFile.text(at: path)
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
    static func text(at path: String) throws(SecretFileError) -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            let because =
                switch (error as? CocoaError)?.code {
                case .fileReadNoSuchFile, .fileNoSuchFile: "there is no such file; check the path"
                case .fileReadNoPermission:
                    "the collector's user may not; check owner and mode (root:callhome-collector, 0640)"
                default: "\(error); check the path and its rights"
                }
            throw SecretFileError(description: "cannot read \(path): \(because)")
        }
        guard data.count <= ChannelLimits.secretBytes, let text = String(data: data, encoding: .utf8) else {
            throw SecretFileError(
                description:
                    "\(path) is no text of at most \(ChannelLimits.secretBytes) bytes; check that it is the right file")
        }
        return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    /// Whom a recipient's connection trusts: the CA of its file, else the system's.
    static func trust(caFile: String?) throws(SecretFileError) -> Trust {
        guard let caFile else { return .system }
        return .pinned(caPEM: try text(at: caFile))
    }
}
