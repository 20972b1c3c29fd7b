import FoundationEssentials
import Reports

/// What administrators do, on the same database, whether the collector runs or not.
struct CollectorAdministration: Sendable {
    /// One token in a list.
    struct TokenLine: Hashable, Sendable, Encodable {
        var id: String
        var note: String
        var createdAt: Timestamp
        var expiresAt: Timestamp
        /// `unused`, `used`, `expired`, `revoked`, or `outdated`: it names the CA of before.
        var state: String
        var usedBy: String?
        /// Id of the server whose place it gives away.
        var replaces: String?
    }

    /// One account in a list.
    struct AccountLine: Hashable, Sendable, Encodable {
        struct Login: Hashable, Sendable, Encodable {
            var id: String
            /// `session` or `api`.
            var kind: String
            var note: String
            var createdAt: Timestamp
            var expiresAt: Timestamp
        }
        var name: String
        var createdAt: Timestamp
        var logins: [Login]

        init(_ line: Accounts.Line) {
            name = line.account.name
            createdAt = line.account.createdAt
            logins = line.logins.map {
                Login(
                    id: $0.id, kind: $0.kind.rawValue, note: $0.note, createdAt: $0.createdAt, expiresAt: $0.expiresAt)
            }
        }
    }

    let store: any CollectorStore
    private let tlsRoot: ShownRoot
    private let configuration: CollectorConfiguration

    /// Opens the data directory of a collector that ran before.
    /// - Throws: `DataDirectoryError` where none ran yet; nothing is made then.
    init(_ configuration: CollectorConfiguration) throws {
        let directory = try DataDirectory(existing: configuration.dataDirectory)
        guard let root = try directory.storedTLSRoot() else {
            throw DataDirectoryError(
                doing: "looking for a collector in", path: directory.path,
                because: "the collector that ran here is older than this program: start it once with this one "
                    + "(systemctl restart callhome-collector)", status: .unavailable)
        }
        tlsRoot = try root.shown
        self.configuration = configuration
        store = try SQLiteStore(path: directory.database, policy: CasePolicy(configuration))
    }

    /// The time as a collector on this store reckons it: what is made now has to run out by the same clock.
    /// - Parameter wall: the system's clock.
    func time(wall: @escaping @Sendable () -> Timestamp) async throws -> Timestamp {
        guard let known = try await store.clock() else { return wall() }
        return TrustedClock(resuming: known, wall: wall).now
    }

    init(_ program: CollectorProgram) {
        store = program.environment.store
        tlsRoot = program.environment.tlsRoot
        configuration = program.environment.configuration
    }

    /// A new one-time token. It is shown once: only its hash is kept.
    /// - Parameter lifetime: nil for the configured one.
    /// - Parameter replaces: id of the server whose place it gives away; nil where it lets in a new one.
    func createToken(
        for purpose: IssuedToken.Purpose, replacing replaces: HostID? = nil, note: String, lifetime: Duration?,
        at time: Timestamp
    ) async throws -> JoinToken {
        try await OneTimeTokens(store: store, root: tlsRoot.fingerprint).create(
            purpose, replacing: replaces, note: note, lifetime: lifetime ?? configuration.tokenLifetime, at: time)
    }

    func tokens(for purpose: IssuedToken.Purpose, at time: Timestamp) async throws -> [TokenLine] {
        try await store.tokens(purpose).map { token in
            let state =
                token.usedAt != nil
                ? "used"
                : token.revokedAt != nil
                    ? "revoked"
                    : token.expiresAt < time
                        ? "expired" : token.ca == tlsRoot.fingerprint ? "unused" : "outdated"
            return TokenLine(
                id: token.id, note: token.note, createdAt: token.createdAt, expiresAt: token.expiresAt, state: state,
                usedBy: token.usedBy, replaces: token.replaces)
        }
    }

    /// - Throws: `notFound` with the tokens that may be meant.
    func revokeToken(id: String, at time: Timestamp) async throws {
        do throws(StoreError) {
            try await store.revokeToken(id: id, at: time)
        } catch {
            guard case .notFound(let what) = error else { throw error }
            let known = try await (store.tokens(.server) + store.tokens(.site)).map(\.id)
            throw StoreError.notFound(
                what: known.isEmpty ? "\(what), and none at all" : "\(what); \(Wording.hint(id, among: known))")
        }
    }

    /// SHA-256 of the TLS root, in hexadecimal: what `callhome login` asks to compare.
    var fingerprint: String { tlsRoot.fingerprint }

    /// The base address that servers and partners use first.
    func address(port: Int? = nil) -> String {
        configuration.addresses(port: port ?? configuration.listenPort).first ?? ""
    }

    /// How a server joins, as a command to paste.
    /// - Parameter replaces: id of the server whose place it takes.
    func enrolCommand(_ token: JoinToken, replacing replaces: HostID? = nil, port: Int? = nil) -> String {
        "callhome enroll \(address(port: port)) --token \(token)" + (replaces.map { " --replace \($0)" } ?? "")
    }
}

extension CollectorProgram {
    var administration: CollectorAdministration { CollectorAdministration(self) }
}
