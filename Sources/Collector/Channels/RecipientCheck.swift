import Daemon
import FoundationEssentials
import Reports

/// What is looked at beyond the text of one recipient's lines: files that they name, and what it lacks.
struct RecipientCheck {
    private let recipient: Recipient
    private let file: ConfigurationFile
    /// For a partner: whether this collector is paired with it; nil where that is not known.
    let isPaired: Bool?
    /// The directory of systemd's credentials; nil outside the service.
    private let credentials: String?

    private(set) var errors: [ConfigurationError] = []
    /// What could not be looked at, in words.
    private(set) var notes: [String] = []

    init(_ recipient: Recipient, _ file: ConfigurationFile, isPaired: Bool?, _ credentials: String?) {
        self.recipient = recipient
        self.file = file
        self.isPaired = isPaired
        self.credentials = credentials
    }

    func key(_ name: String) -> String { recipient.key(name) }
    mutating func note(_ words: String) { notes.append(words) }

    /// - Parameter name: of the key, without `recipient.NAME.`.
    mutating func refuse(_ name: String, _ problem: String) { errors.append(file.error(key(name), problem)) }

    /// Whether credentials are out of sight: only the service has them.
    var isServiceOnly: Bool { credentials == nil }

    /// The secret's text; nil, and reported, where it cannot be used.
    mutating func text(of secret: Secret, _ name: String) -> String? {
        let path: String
        var isSecret = true
        switch secret {
        case .inline(let text): return text
        case .credential(let word):
            guard !word.contains("/"), word != ".." else {
                refuse(name, "\(word) is neither a path from / nor the name of a credential")
                return nil
            }
            guard let credentials else {
                note("\(key(name)): the credential \(word) is there for the service only, and was not checked")
                return nil
            }
            path = "\(credentials)/\(word)"
            // systemd alone lets anybody into its folder.
            isSecret = false
        case .file(let named): path = named
        }
        do throws(SecretFileError) {
            let text = try SecretFile.text(at: path, isSecret: isSecret)
            if text.isEmpty { refuse(name, "\(path) is empty") }
            return text.isEmpty ? nil : text
        } catch {
            refuse(name, error.description)
            return nil
        }
    }

    /// The file with the CA that is trusted instead of the system's.
    mutating func authority(_ path: String?) {
        guard let path else { return }
        do throws(SecretFileError) {
            let text = try SecretFile.text(at: path)
            let found = try? CertificateAuthority.certificates(in: [text])
            if found?.isEmpty ?? true {
                refuse("ca", "\(path) holds no certificate in PEM (-----BEGIN CERTIFICATE-----)")
            }
        } catch {
            refuse("ca", error.description)
        }
    }
}
