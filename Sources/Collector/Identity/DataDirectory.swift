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
    private var tlsRootCertificate: String { "\(path)/tls-root.pem" }
    private var tlsRootKey: String { "\(path)/tls-root.key" }
    private var tlsRootCross: String { "\(path)/tls-root-by-ca.pem" }
    private var signingKeyFile: String { "\(path)/signing.key" }
    var serverCertificate: String { "\(path)/tls.pem" }
    var serverKey: String { "\(path)/tls.key" }
    var lockFile: String { "\(path)/lock" }
    /// What a collector needs beside its database to be the same one to everybody.
    var keyFiles: [String] {
        [
            authorityCertificate, authorityKey, tlsRootCertificate, tlsRootKey, tlsRootCross, signingKeyFile,
            serverCertificate, serverKey,
        ]
    }

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
            throw DataDirectoryError(doing: "preparing the data directory", path: path, code: error.code)
        }
        guard unsafe chmod(path, 0o700) == 0 else {
            throw DataDirectoryError(doing: "closing the data directory", path: path, code: errno)
        }
        try checkRights()
    }

    /// For commands: the directory of a collector that ran before. Nothing is made: an authority that no collector
    /// shows would be trusted by servers that could then never report.
    init(existing path: String) throws(DataDirectoryError) {
        self.path = path
        try DataDirectory.becomeOwner(of: path)
        for file in [database, authorityKey] {
            do throws(FileStatus.Failure) { _ = try FileStatus(of: file) } catch {
                guard error.code == ENOENT || error.code == ENOTDIR else {
                    throw DataDirectoryError(doing: "looking for a collector in", path: path, code: error.code)
                }
                throw DataDirectoryError(
                    doing: "looking for a collector in", path: path,
                    because: "no collector has run with this data directory yet: start it once (systemctl start "
                        + "callhome-collector), or name the configuration of the one that is meant with --config FILE",
                    status: .unavailable)
            }
        }
        try checkRights()
    }

    /// That this process may use what is in the directory: a file that another user left there would end it later,
    /// with words that name no way out.
    func checkRights() throws(DataDirectoryError) {
        for file in [path, database, authorityKey, tlsRootKey, signingKeyFile, serverKey, lockFile] {
            // As the effective user: root works as the owner.
            guard unsafe faccessat(AT_FDCWD, file, R_OK | W_OK, AT_EACCESS) != 0, errno != ENOENT else { continue }
            throw DataDirectoryError(doing: "using", path: file, code: errno)
        }
    }

    /// Why this process may not use the directory; nil where it may, or where there is none yet.
    static func refusal(of path: String) -> DataDirectoryError? {
        do throws(DataDirectoryError) { try DataDirectory(unchecked: path).checkRights() } catch { return error }
        return nil
    }

    private init(unchecked path: String) { self.path = path }

    /// A folder that was made for a copy.
    init(copy path: String) { self.path = path }

    /// Works as the owner of the directory, where root gave the command; as before, where there is none.
    static func becomeOwner(of path: String) throws(DataDirectoryError) {
        guard geteuid() == 0, let status = try? FileStatus(of: path), status.owner != 0 else { return }
        guard setegid(status.group) == 0, seteuid(status.owner) == 0 else {
            throw DataDirectoryError(doing: "working as the owner of", path: path, code: errno)
        }
    }

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

    /// What the TLS certificate comes from, and its certificate by the authority of before, if there was one.
    ///
    /// Made on first use. Up to 0.1 the site's authority was the root of TLS as well: where one is there already,
    /// it certifies the new root, so that whoever trusts it goes on.
    /// - Parameter earlier: the site's authority, where it is older than the root.
    func tlsRoot(
        site: String, earlier: CertificateAuthority?
    ) throws(DataDirectoryError) -> (root: TLSRoot, cross: String?) {
        if let stored = try storedTLSRoot() { return (stored, try text(at: tlsRootCross)) }
        do {
            let new = try TLSRoot(site: site)
            let cross = try earlier.map { try $0.crossSign(new) }
            // The key last: with it the root is there.
            if let cross { try write(cross, to: tlsRootCross) }
            try write(try new.certificatePEM, to: tlsRootCertificate)
            try write(new.keyPEM, to: tlsRootKey)
            return (new, cross)
        } catch let error as DataDirectoryError {
            throw error
        } catch {
            throw DataDirectoryError(doing: "preparing the TLS root", path: tlsRootKey, because: "\(error)")
        }
    }

    /// A new root would cut off every server and site that trusts the lost one alone.
    var lostTLSRoot: DataDirectoryError {
        DataDirectoryError(
            doing: "reading the TLS root", path: tlsRootKey,
            because: "it is missing, and there are servers that trust it alone; restore tls-root.key and tls-root.pem "
                + "from a backup")
    }

    /// What the TLS certificate comes from; nil where it was not made yet.
    func storedTLSRoot() throws(DataDirectoryError) -> TLSRoot? {
        guard let key = try text(at: tlsRootKey) else { return nil }
        guard let certificate = try text(at: tlsRootCertificate) else {
            throw DataDirectoryError(
                doing: "reading the TLS root", path: tlsRootCertificate,
                because: "it is missing while its key is there; restore it from a backup")
        }
        do {
            return try TLSRoot(certificatePEM: certificate, keyPEM: key)
        } catch {
            throw DataDirectoryError(
                doing: "reading the TLS root", path: tlsRootKey, because: "\(error); restore it from a backup")
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
            throw DataDirectoryError(doing: "writing", path: path, code: error.code)
        }
    }
}

struct DataDirectoryError: Error, Hashable, CustomStringConvertible {
    var doing: String
    var path: String
    var because: String
    /// What a program exits with that this ends.
    var status = ExitStatus.failure
    var description: String { "\(doing) \(path) failed: \(because)" }

    init(doing: String, path: String, because: String, status: ExitStatus = .failure) {
        self.doing = doing
        self.path = path
        self.because = because
        self.status = status
    }

    /// What the system refused, with what to do about it.
    /// - Parameter code: errno(3).
    init(doing: String, path: String, code: Int32) {
        let words = unsafe String(cString: strerror(code))
        let other = "name another folder as `data` in collector.conf"
        let (advice, status): (String, ExitStatus) =
            switch code {
            case EACCES, EPERM: (DataDirectoryError.whoMay(path), .permission)
            case ENOTDIR, EEXIST: ("it, or what it stands in, is no folder: \(other)", .cannotWrite)
            case ENOSPC, EDQUOT: ("free some space, or \(other)", .cannotWrite)
            default: ("mend that, or \(other)", .cannotWrite)
            }
        self.init(doing: doing, path: path, because: "\(words); \(advice)", status: status)
    }

    /// Who may use the path, or what it would be made in, and what to do.
    private static func whoMay(_ path: String) -> String {
        var shown = path[...]
        var status = try? FileStatus(of: path)
        while status == nil, let slash = shown.lastIndex(of: "/"), slash > shown.startIndex {
            shown = shown[..<slash]
            status = try? FileStatus(of: String(shown))
        }
        let own = "name a folder of \(user(geteuid()))'s own as `data` in collector.conf"
        guard let status else { return "ask as root (sudo), or \(own)" }
        let owner = user(status.owner)
        let belongs = "\(shown) belongs to \(owner), and this runs as \(user(geteuid()))"
        if status.owner == geteuid() { return "\(belongs) too: look at its rights (ls -ld), or \(own)" }
        return "\(belongs): ask as root (sudo)\(status.owner == 0 ? "" : " or as \(owner)"), or \(own)"
    }

    /// What the user is called, by number where it has no name.
    private static func user(_ id: UInt32) -> String {
        guard let entry = unsafe getpwuid(id) else { return "user \(id)" }
        return unsafe String(cString: entry.pointee.pw_name)
    }
}
