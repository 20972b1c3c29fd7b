import Crypto
import Daemon
import FoundationEssentials
import Reports

/// Who this agent is: the key that it has since its first start, and what its collector gave it on enrolment.
struct Identity: Sendable, Codable, Hashable {
    /// What enrolment gave.
    struct Enrolment: Sendable, Codable, Hashable {
        /// PEM: the site CA's statement that `host` holds the key.
        var certificate: String
        /// PEM of the one CA that is trusted.
        var ca: String
        /// What receipts are signed with.
        var collectorKey: VerifyingKey
        /// The spool epoch to begin with.
        var epoch: Int64
        /// Base addresses, in the order to try them.
        var collectors: [String]
    }

    var host: HostID
    /// 32 secret bytes.
    var keySeed: Data
    var enrolment: Enrolment?

    init(host: HostID, key: SigningKey, enrolment: Enrolment? = nil) {
        self.host = host
        keySeed = key.seed
        self.enrolment = enrolment
    }

    var key: SigningKey { get throws { try SigningKey(seed: keySeed) } }
}

/// The identity on disk: one file that only the agent's user may read, replaced as a whole.
struct IdentityFile: Sendable {
    /// Bytes that are read.
    private static let maximumBytes = 1 << 20
    private let directory: String
    var path: String { "\(directory)/identity.json" }

    init(directory: String) { self.directory = directory }

    /// The identity, or a new one with a new key where there is none yet.
    /// - Parameter host: what a new agent calls itself; a collector may give it another name on enrolment.
    func loadOrMake(host: HostID) throws(IdentityError) -> Identity {
        if let identity = try load() { return identity }
        let identity = Identity(host: host, key: SigningKey())
        try save(identity)
        return identity
    }

    /// Nil where there is no file.
    /// - Throws: for a file that is there and cannot be read: a new key in its place would be a stranger to the collector.
    func load() throws(IdentityError) -> Identity? {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            return nil
        } catch let error as CocoaError where error.code == .fileReadNoPermission {
            throw .forbidden(path: path)
        } catch {
            throw .unreadable(path: path, problem: "\(error)")
        }
        do {
            guard data.count <= IdentityFile.maximumBytes else {
                throw IdentityError.unreadable(path: path, problem: "it has \(data.count) bytes")
            }
            let identity = try JSONDecoder().decode(Identity.self, from: data)
            _ = try identity.key
            return identity
        } catch {
            throw .unreadable(path: path, problem: "\(error)")
        }
    }

    func save(_ identity: Identity) throws(IdentityError) {
        let data: Data
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            data = try encoder.encode(identity)
        } catch {
            throw .notStored(path: path, problem: "\(error)")
        }
        // It must survive a power failure: the token that gave it works once.
        do throws(PrivateFileError) { try PrivateFile.write(data, to: path) } catch {
            throw .notStored(path: path, problem: error.because)
        }
    }
}

enum IdentityError: Error, Hashable, CustomStringConvertible {
    case unreadable(path: String, problem: String)
    /// It is there, and belongs to another user.
    case forbidden(path: String)
    case notStored(path: String, problem: String)

    var description: String {
        switch self {
        case .unreadable(let path, let problem):
            "the agent's identity in \(path) cannot be read: \(problem); restore it, or remove it and enrol with --replace"
        case .forbidden(let path):
            "the agent's identity in \(path) may not be read by this user: start the agent as its owner "
                + "(systemctl start callhome-agent) or as root"
        case .notStored(let path, let problem):
            "the agent's identity cannot be stored in \(path): \(problem); check the directory and its disk"
        }
    }
}
