import Crypto
import Daemon
import FoundationEssentials
import Reports
import Synchronization
import Transfer

/// Who this agent is: the key that it has since its first start, and what its collector gave it on enrolment.
struct Identity: Sendable, Codable, Hashable {
    /// What enrolment gave.
    struct Enrolment: Sendable, Codable, Hashable {
        /// PEM: the site CA's statement that `host` holds the key.
        var certificate: String
        /// PEM of the one root that is trusted as the collector's.
        var ca: String
        /// What receipts are signed with.
        var collectorKey: VerifyingKey
        /// The spool epoch to begin with.
        var epoch: Int64
        /// Base addresses, in the order to try them.
        var collectors: [String]
    }

    /// How far the collector's clock had come at the least, seconds since 1970: its certificate for this agent, which is not
    /// older, tells. Nil for one of before, which has no end.
    var knownTime: Int64? {
        guard let end = enrolment.flatMap({ CertificateOutline(pem: $0.certificate) })?.endsAt, end < Identity.noEnd
        else {
            return nil
        }
        return end - Renewal.certificateSeconds
    }

    /// 9999-12-31T23:59:59Z, which RFC 5280 (4.1.2.5) gives to certificates without an end.
    private static let noEnd: Int64 = 253_402_300_799

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
    /// Held while the file is looked at and replaced.
    private static let writing = Mutex(())
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
        try IdentityFile.writing.withLock { _ throws(IdentityError) in try write(identity) }
    }

    /// Changes the enrolment on disk, if it is still that of `current`, whatever addresses `current` has.
    /// - Returns: false, and changes nothing, where the file is another identity's by now.
    func change(
        of current: Identity, _ change: (inout Identity.Enrolment) -> Void
    ) throws(IdentityError) -> Bool {
        try IdentityFile.writing.withLock { _ throws(IdentityError) in
            guard var stored = try load(), stored.host == current.host, stored.keySeed == current.keySeed,
                var enrolment = stored.enrolment, enrolment.ca == current.enrolment?.ca,
                enrolment.certificate == current.enrolment?.certificate
            else { return false }
            change(&enrolment)
            stored.enrolment = enrolment
            try write(stored)
            return true
        }
    }

    private func write(_ identity: Identity) throws(IdentityError) {
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
