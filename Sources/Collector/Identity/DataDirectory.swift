import Crypto
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

    /// Makes the directory if it is not there.
    ///
    /// A command that root gives works as the directory's owner: files that root owned would lock the collector out.
    init(path: String) throws(DataDirectoryError) {
        self.path = path
        let files = FileManager.default
        do {
            if !files.fileExists(atPath: path) {
                try files.createDirectory(
                    atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } else if geteuid() == 0 {
                try DataDirectory.becomeOwner(of: path)
            }
            try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        } catch {
            throw DataDirectoryError(doing: "preparing the data directory", path: path, because: "\(error)")
        }
    }

    private static func becomeOwner(of path: String) throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        guard let owner = attributes[.ownerAccountID] as? UInt, owner != 0,
            let group = attributes[.groupOwnerAccountID] as? UInt
        else { return }
        guard setegid(gid_t(group)) == 0, seteuid(uid_t(owner)) == 0 else {
            throw DataDirectoryError(doing: "working as the owner of", path: path, because: "errno \(errno)")
        }
    }

    /// The site's authority; made on first use.
    func authority(site: String) throws(DataDirectoryError) -> CertificateAuthority {
        do {
            if let key = try text(at: authorityKey) {
                guard let certificate = try text(at: authorityCertificate) else {
                    throw DataDirectoryError(
                        doing: "reading the CA", path: authorityCertificate,
                        because: "it is missing while its key is there; restore it from a backup")
                }
                return try CertificateAuthority(certificatePEM: certificate, keyPEM: key)
            }
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

    /// Writes a secret file whole or not at all. (The directory's own rights guard it from the first moment.)
    func write(_ text: String, to path: String) throws(DataDirectoryError) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        } catch {
            throw DataDirectoryError(doing: "writing", path: path, because: "\(error)")
        }
        // A key that certificates rest on must not be lost with the power.
        sync()
    }
}

struct DataDirectoryError: Error, Hashable, CustomStringConvertible {
    var doing: String
    var path: String
    var because: String
    var description: String { "\(doing) \(path) failed: \(because)" }
}
