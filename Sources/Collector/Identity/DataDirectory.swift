import Crypto
import Daemon
import FoundationEssentials
import Glibc
import Reports

/// The collector's directory: database, authority, keys. Only the collector's user may enter it.
struct DataDirectory: Sendable {
    let path: String

    var database: String { "\(path)/collector.db" }
    var adminPassword: String { "\(path)/admin-password" }
    private var authorityCertificate: String { "\(path)/ca.pem" }
    private var authorityKey: String { "\(path)/ca.key" }
    private var signingKeyFile: String { "\(path)/signing.key" }
    var serverCertificate: String { "\(path)/tls.pem" }
    var serverKey: String { "\(path)/tls.key" }
    var lockFile: String { "\(path)/lock" }

    /// For the collector itself: makes the directory if it is not there, and closes it to everybody else.
    ///
    /// A command that root gives works as the directory's owner: files that root owned would lock the collector out.
    init(path: String) throws(DataDirectoryError) {
        self.path = path
        try DataDirectory.becomeOwner(of: path)
        do throws(PrivateFileError) {
            try PrivateFile.makeFolder(path)
            // The database makes its other files with this one's mode.
            try PrivateFile.reserve(database)
        } catch {
            throw DataDirectoryError(doing: "preparing the data directory", path: path, because: error.because)
        }
        guard unsafe chmod(path, 0o700) == 0 else {
            throw DataDirectoryError(doing: "closing the data directory", path: path, because: DataDirectory.words())
        }
    }

    /// For commands: the directory of a collector that ran before. Nothing is made: an authority that no collector
    /// shows would be trusted by servers that could then never report.
    init(existing path: String) throws(DataDirectoryError) {
        self.path = path
        try DataDirectory.becomeOwner(of: path)
        for file in [database, authorityKey] {
            do throws(FileStatus.Failure) { _ = try FileStatus(of: file) } catch {
                let because =
                    error.code == ENOENT || error.code == ENOTDIR
                    ? "no collector has run with this data directory yet: start it once (systemctl start "
                        + "callhome-collector), or name the configuration of the one that is meant with --config FILE"
                    : "\(error): ask as root"
                throw DataDirectoryError(doing: "looking for a collector in", path: path, because: because)
            }
        }
    }

    /// Works as the owner of the directory, where root gave the command; as before, where there is none.
    static func becomeOwner(of path: String) throws(DataDirectoryError) {
        guard geteuid() == 0, let status = try? FileStatus(of: path), status.owner != 0 else { return }
        guard setegid(status.group) == 0, seteuid(status.owner) == 0 else {
            throw DataDirectoryError(doing: "working as the owner of", path: path, because: words())
        }
    }

    private static func words() -> String { unsafe String(cString: strerror(errno)) }

    /// The site's authority; made on first use.
    func authority(site: String) throws(DataDirectoryError) -> CertificateAuthority {
        if let stored = try storedAuthority() { return stored }
        do {
            let new = try CertificateAuthority(site: site)
            // The certificate first: a key without one is the mark of a loss.
            try write(try new.certificatePEM, to: authorityCertificate)
            try write(new.keyPEM, to: authorityKey)
            return new
        } catch let error as DataDirectoryError {
            throw error
        } catch {
            throw DataDirectoryError(doing: "preparing the CA", path: authorityKey, because: "\(error)")
        }
    }

    /// The site's authority; nil where none was made yet.
    func storedAuthority() throws(DataDirectoryError) -> CertificateAuthority? {
        guard let key = try text(at: authorityKey) else { return nil }
        guard let certificate = try text(at: authorityCertificate) else {
            throw DataDirectoryError(
                doing: "reading the CA", path: authorityCertificate,
                because: "it is missing while its key is there; restore it from a backup")
        }
        do {
            return try CertificateAuthority(certificatePEM: certificate, keyPEM: key)
        } catch {
            throw DataDirectoryError(
                doing: "reading the CA", path: authorityKey, because: "\(error); restore it from a backup")
        }
    }

    /// What receipts and tickets are signed with; made on first use.
    func signingKey() throws(DataDirectoryError) -> SigningKey {
        do {
            if let text = try text(at: signingKeyFile) {
                guard let seed = Data(base64Encoded: text.filter { !$0.isWhitespace }) else {
                    throw DataDirectoryError(
                        doing: "reading the signing key", path: signingKeyFile,
                        because: "it is not base64; restore it from a backup")
                }
                return try SigningKey(seed: seed)
            }
            let new = SigningKey()
            try write(new.seed.base64EncodedString() + "\n", to: signingKeyFile)
            return new
        } catch let error as DataDirectoryError {
            throw error
        } catch {
            throw DataDirectoryError(doing: "preparing the signing key", path: signingKeyFile, because: "\(error)")
        }
    }

    /// The text of a file; nil where there is none.
    func text(at path: String) throws(DataDirectoryError) -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            return String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        } catch {
            throw DataDirectoryError(doing: "reading", path: path, because: "\(error)")
        }
    }

    /// Writes a secret file, whole or not at all.
    func write(_ text: String, to path: String) throws(DataDirectoryError) {
        do throws(PrivateFileError) { try PrivateFile.write(Data(text.utf8), to: path) } catch {
            throw DataDirectoryError(doing: "writing", path: path, because: error.because)
        }
    }
}

struct DataDirectoryError: Error, Hashable, CustomStringConvertible {
    var doing: String
    var path: String
    var because: String
    var description: String { "\(doing) \(path) failed: \(because)" }
}
