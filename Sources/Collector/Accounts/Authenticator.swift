import Crypto
import FoundationEssentials
import Reports

/// Lets people in, and knows them again: for the console by a session, for `callhome` by an API token.
actor Authenticator {
    /// A session that is not renewed by a login ends after this.
    static let sessionLifetime = Duration.seconds(12 * 3600)
    static let tokenLifetime = Duration.seconds(365 * 86_400)

    enum Refusal: Error, Hashable, Sendable {
        case wrong
        case wait(Duration)
        case unavailable(because: String)
    }

    /// The secret is shown once; the store has its hash.
    struct IssuedLogin: Hashable, Sendable {
        var secret: String
        var account: String
        var expiresAt: Timestamp
    }

    private let store: any CollectorStore
    private var limit = LoginLimit()
    private var decoy: String?
    /// Passwords that are being computed or wait for it, and how many ever were.
    private var pending = 0
    private let mostPending: Int
    private var turns = 0

    /// - Parameter mostPending: passwords that wait or are computed at the same time.
    init(store: any CollectorStore, mostPending: Int = PasswordQueue.limit) {
        self.store = store
        self.mostPending = mostPending
    }

    func login(
        name: String, password: String, peer: String, as kind: AccessToken.Kind, note: String, at time: Timestamp
    ) async throws(Refusal) -> IssuedLogin {
        let name = CleanText.line(name, limit: 80)
        if let wait = limit.wait(name: name, peer: peer, at: time) { throw .wait(wait) }
        // Counted before the slow hash, so that a volley of guesses at the same moment is no way around the limit.
        limit.failed(name: name, peer: peer, at: time)
        do {
            let account = try await store.account(name: name)
            // An unknown name takes as long as a wrong password.
            let hash = if let account { account.passwordHash } else { try await decoyHash() }
            let right = try await verify(password, against: hash)
            guard let account, right else { throw Refusal.wrong }
            limit.succeeded(name: name, peer: peer)
            let secret = (kind == .api ? "callhome_" : "") + RandomBytes.make(32).hexadecimal
            let lifetime = kind == .api ? Authenticator.tokenLifetime : Authenticator.sessionLifetime
            // Whose password was changed while this one was being checked has given the old one.
            try await store.save(
                AccessToken(
                    hash: Authenticator.hash(secret), kind: kind, account: account.name,
                    note: CleanText.line(note, limit: 120), createdAt: time, expiresAt: time + lifetime),
                ofLogin: account)
            return IssuedLogin(secret: secret, account: account.name, expiresAt: time + lifetime)
        } catch let error as Refusal {
            throw error
        } catch StoreError.conflict {
            throw .wrong
        } catch {
            throw .unavailable(because: "\(error)")
        }
    }

    /// The account that the secret stands for; nil when it is unknown, run out, or of the other kind.
    func account(secret: String, kind: AccessToken.Kind, at time: Timestamp) async throws(StoreError) -> String? {
        guard (64...100).contains(secret.utf8.count),
            let token = try await store.accessToken(hash: Authenticator.hash(secret)), token.kind == kind,
            token.expiresAt > time, try await store.account(name: token.account) != nil
        else { return nil }
        return token.account
    }

    func logout(secret: String) async throws(StoreError) {
        try await store.deleteAccessToken(hash: Authenticator.hash(secret))
    }

    /// The hash of a password that nobody knows.
    private func decoyHash() async throws -> String {
        if let decoy { return decoy }
        let hash = try await Password.hashed(RandomBytes.make(16).hexadecimal)
        decoy = hash
        return hash
    }

    private func verify(_ password: String, against hash: String) async throws(Refusal) -> Bool {
        guard pending < mostPending else { throw .wait(.seconds(10)) }
        pending += 1
        turns &+= 1
        defer { pending -= 1 }
        return await PasswordQueue.shared.run(turns) { Password.verify(password, against: hash) }
    }

    /// The secret has 256 random bits, so a plain hash is enough.
    static func hash(_ secret: String) -> String { SHA256.hash(data: Data(secret.utf8)).hexadecimal }
}
