import Daemon
import FoundationEssentials
import Glibc
import Logging
import PatternChannel
import PatternMirror
public import Reports
import ServiceLifecycle
import UnixSignals

/// What the commands of `callhome-collector` do. Texts are for the terminal; errors state what to do.
public enum CollectorCommands {
    /// What a token lets in.
    public enum TokenPurpose: Sendable { case server, site }

    public static var version: String { CallhomeVersion.current }

    /// The keys of the configuration with their defaults and meanings.
    public static var configurationHelp: String { ConfigurationKey.help(CollectorConfiguration.keys) }

    /// The same as JSON, for whoever writes configurations or their manual page.
    public static var configurationKeys: String { get throws { try json(CollectorConfiguration.keys) } }

    /// - Parameter path: nil for the usual place, where the file may be missing.
    static func configuration(_ path: String?) throws -> CollectorConfiguration {
        let (configuration, reader) = read(path)
        if let errors = ConfigurationErrors(reader.errors) { throw errors }
        return configuration
    }

    private static func read(_ path: String?) -> (CollectorConfiguration, ConfigurationReader) {
        CollectorConfiguration.read(path: path ?? CollectorConfiguration.defaultPath, mustExist: path != nil)
    }

    @Sendable static func systemTime() -> Timestamp { Timestamp(Date()) }

    /// What the program exits with where this ends it.
    public static func exitStatus(of error: any Error) -> ExitStatus {
        switch error {
        case is ConfigurationErrors: .configuration
        case let error as DataDirectoryError: error.status
        case let error as LocalSocketError: error.because.code == EACCES ? .permission : .failure
        case let error as ListenError: error.status
        case StoreError.notFound: .missing
        case StoreError.conflict: .data
        default: .failure
        }
    }

    /// One line on standard error.
    public static func complain(_ text: String) {
        let line = "\(text)\n"
        _ = unsafe write(STDERR_FILENO, line, line.utf8.count)
    }

    // MARK: Serving

    /// Runs the collector until SIGTERM or SIGINT.
    public static func serve(config: String?) async throws {
        // What this program makes, nobody else may read.
        umask(0o077)
        let (configuration, reader) = read(config)
        if let errors = ConfigurationErrors(reader.errors) { throw errors }
        LoggingSetup.start(level: configuration.logLevel)
        let logger = Logger(label: "callhome-collector")
        let program = try await CollectorProgram.build(configuration, logger: logger, now: systemTime)
        let paired = try await paired(configuration, program.environment.store)
        for warning in reader.warnings {
            logger.warning("hardly meant in the configuration", metadata: ["problem": "\(warning)"])
        }
        for error in ConfigurationCheck(configuration, reader.file, paired: paired).errors {
            logger.error("wrong in the configuration", metadata: ["problem": "\(error)"])
        }
        let readiness = ReadinessNotifier(program: program)
        try await ServiceGroup(
            configuration: .init(
                services: [program, readiness], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        ).run()
    }

    /// Reports that all is well.
    /// - Throws: `ConfigurationErrors` with everything that is wrong: in the text, in the files that it names, and what
    ///   recipients lack. Files are read as the collector's user would read them, where root asks.
    public static func checkConfiguration(config: String?) async throws -> String {
        let (configuration, reader) = read(config)
        try DataDirectory.becomeOwner(of: configuration.dataDirectory)
        let check = ConfigurationCheck(configuration, reader.file, paired: await paired(configuration))
        if let errors = ConfigurationErrors(reader.file.sorted(reader.errors + check.errors)) { throw errors }
        // Another user's collector may have the same configuration, and use it well.
        let rights = DataDirectory.refusal(of: configuration.dataDirectory).map { "Not as this user: \($0)." }
        let verdict =
            configuration.recipients.isEmpty
            ? "The configuration can be used, but nobody is told of faults: set recipient.NAME.kind and its fields."
            : "The configuration is in order."
        let warnings = reader.warnings.map { "warning: \($0)" }
        let channels = await channelNotes(configuration)
        return (warnings + check.notes + channels + [rights, verdict].compactMap(\.self)).joined(separator: "\n")
    }

    /// What the mirrors of channels hold, and what of it is out of date: said, and no error.
    private static func channelNotes(_ configuration: CollectorConfiguration) async -> [String] {
        var notes: [String] = []
        let time = systemTime()
        for settings in configuration.channels {
            guard let pinned = try? settings.pinned() else { continue }
            let mirror = settings.mirror(in: configuration.dataDirectory, pinned: pinned)
            let (trusted, refusal) = await mirror.standing(at: time)
            let held = trusted.targets.map { "version \($0.content.version)" } ?? "nothing yet"
            let said = (refusal.map { ["refused: \($0)"] } ?? []) + trusted.expired(at: time).map { "\($0)" }
            notes.append("channel \(settings.name): \(([held] + said).joined(separator: "; "))")
        }
        return notes
    }

    /// The partners that the collector of this configuration is paired with; nil where its database cannot be asked.
    private static func paired(_ configuration: CollectorConfiguration) async -> Set<String>? {
        do throws(FileStatus.Failure) { _ = try FileStatus(of: "\(configuration.dataDirectory)/ca.key") } catch {
            // Without a collector there is no pairing.
            return error.code == ENOENT ? [] : nil
        }
        guard let administration = try? CollectorAdministration(configuration) else { return nil }
        let paired = try? await paired(configuration, administration.store)
        await administration.store.close()
        return paired
    }

    private static func paired(
        _ configuration: CollectorConfiguration, _ store: any CollectorStore
    ) async throws -> Set<String> {
        var names: Set<String> = []
        for recipient in configuration.recipients where recipient.kind == .partner {
            if try await store.partnerTrust(recipient: recipient.name) != nil { names.insert(recipient.name) }
        }
        return names
    }

    // MARK: Tokens

    /// Makes a one-time token. It is shown once: only its hash is kept.
    /// - Parameters:
    ///   - replace: name or id of the server whose place it gives away; nil where it lets in a new one.
    ///   - lifetime: nil for the configured one.
    public static func createToken(
        for purpose: TokenPurpose, replace: String? = nil, note: String, lifetime: Duration?, asJSON: Bool,
        config: String?
    ) async throws -> String {
        try await administrating(config) { administration in
            let replaced: Server? =
                if let replace { try await administration.store.server(named: replace) } else { nil }
            let token = try await administration.createToken(
                for: word(purpose), replacing: replaced?.host, note: note, lifetime: lifetime,
                at: try await administration.time(wall: systemTime))
            if asJSON {
                var fields = ["token": "\(token)", "url": administration.address()]
                fields["replaces"] = replaced?.host
                return try json(fields)
            }
            switch purpose {
            case .server:
                let command = administration.enrolCommand(token, replacing: replaced?.host)
                guard let replaced else { return command }
                // The command is alone on its line, for whoever pastes it.
                complain(
                    "Whoever runs this takes the place of \(CleanText.line(replaced.hostname, limit: 80)) "
                        + "(\(replaced.host)): its cases and history go on, and its present key is refused from then on."
                )
                return command
            case .site:
                return """
                    Put this into collector.conf of the other site, and restart its collector:
                    recipient.partner.kind = partner
                    recipient.partner.url = \(administration.address())
                    recipient.partner.pairing = \(token)
                    """
            }
        }
    }

    /// One line a token, newest first.
    public static func listTokens(for purpose: TokenPurpose, asJSON: Bool, config: String?) async throws -> String {
        try await administrating(config) { administration in
            let tokens = try await administration.tokens(
                for: word(purpose), at: try await administration.time(wall: systemTime))
            if asJSON { return try json(tokens) }
            return tokens.map { token in
                let user = token.usedBy.map { " by \($0)" } ?? ""
                let place = token.replaces.map { "  in the place of \($0)" } ?? ""
                return "\(token.id)  \(token.state)\(user)  until \(token.expiresAt)\(place)  \(token.note)"
            }.joined(separator: "\n")
        }
    }

    /// A span of time as the configuration takes it: `90`, `12h`, `7d`.
    /// - Throws: `ConfigurationError`, whose problem names the units.
    public static func tokenLifetime(_ text: String) throws -> Duration {
        let key = "token.lifetime"
        let line = ConfigurationFile.Source(path: "", text: "\(key) = \(CleanText.line(text, limit: 60))")
        do {
            let span = try ConfigurationFile(parsing: [line], allowing: [key])
                .duration(key, in: CollectorConfiguration.tokenLifetimes)
            if let span { return span }
        } catch {
            throw ConfigurationError(path: "--lifetime", line: nil, problem: error.problem)
        }
        throw ConfigurationError(path: "--lifetime", line: nil, problem: "it is a time span such as 90min, 12h or 7d")
    }

    public static func revokeToken(id: String, config: String?) async throws -> String {
        try await administrating(config) { administration in
            try await administration.revokeToken(
                id: id, at: try await administration.time(wall: systemTime))
            return "Token \(id) is revoked."
        }
    }

    /// From now on every report of the server is refused.
    /// - Parameter name: its host id or its host name.
    public static func revokeKeys(of name: String, because: String, config: String?) async throws -> String {
        try await administrating(config) { administration in
            let host = try await administration.store.server(named: name).host
            try await administration.store.revokeKeys(
                host: host, because: because, at: try await administration.time(wall: systemTime))
            return
                "The keys of \(host) are revoked. To let it in again: callhome-collector tokens create --replace \(host)"
        }
    }

    /// Gives a login a new random password.
    /// - Parameter creating: makes the login, which must not be there; without it, it must be.
    public static func resetPassword(of account: String, creating: Bool, config: String?) async throws -> String {
        try await administrating(config) { administration in
            try await Accounts(store: administration.store).reset(
                account, creating: creating, at: try await administration.time(wall: systemTime))
        }
    }

    /// One line an account, and one for each of its logins.
    public static func listAccounts(asJSON: Bool, config: String?) async throws -> String {
        try await administrating(config) { administration in
            let time = try await administration.time(wall: systemTime)
            let lines = try await Accounts(store: administration.store).list(at: time)
            if asJSON { return try json(lines.map(CollectorAdministration.AccountLine.init)) }
            return lines.flatMap { line in
                [
                    "\(line.account.name)  since \(line.account.createdAt)  \(Wording.counted(line.logins.count, "login"))"
                ]
                    + line.logins.map { login in
                        "  \(login.id)  \(login.kind.rawValue)  since \(login.createdAt)  until \(login.expiresAt)  "
                            + login.note
                    }
            }.joined(separator: "\n")
        }
    }

    /// Ends one login of an account, or all of them; the password stays.
    public static func endLogins(of account: String, id: String?, config: String?) async throws -> String {
        try await administrating(config) { administration in
            let count = try await Accounts(store: administration.store).endLogins(of: account, id: id)
            return "\(Wording.counted(count, "login")) of \(account) ended."
        }
    }

    public static func removeAccount(_ account: String, config: String?) async throws -> String {
        try await administrating(config) { administration in
            try await Accounts(store: administration.store).remove(account)
            return "\(account) is removed, and every login of it has ended."
        }
    }

    /// SHA-256 of the collector's TLS root: what `callhome login` asks to compare.
    public static func fingerprint(config: String?) async throws -> String {
        try await administrating(config) { $0.fingerprint }
    }

    private static func word(_ purpose: TokenPurpose) -> IssuedToken.Purpose {
        switch purpose {
        case .server: .server
        case .site: .site
        }
    }

    private static func json(_ value: some Encodable) throws -> String {
        try PrintedJSON.text(of: value, isOneLine: true)
    }

    static func administrating(
        _ config: String?, _ work: (CollectorAdministration) async throws -> String
    ) async throws -> String {
        let administration = try CollectorAdministration(try configuration(config))
        do {
            let text = try await work(administration)
            await administration.store.close()
            return text
        } catch {
            await administration.store.close()
            throw error
        }
    }
}

/// Reports to systemd, the log, and at the first start the user, that the collector is up.
struct ReadinessNotifier: Service {
    let program: CollectorProgram
    var systemd = ServiceNotification()

    func run() async throws {
        guard let port = try? await program.port else {
            // The collector ends with a message of its own; this service must not report before it.
            try? await Task.sleep(for: .seconds(60))
            return
        }
        let fingerprint = program.environment.tlsRoot.fingerprint
        program.environment.logger.notice(
            "the collector listens",
            metadata: [
                "url": "\(program.administration.address(port: port))",
                "ca-fingerprint": "\(fingerprint)",
            ])
        do {
            try await welcome(port: port)
        } catch {
            if error.isCancellation { return }
            program.environment.logger.error("the first login cannot be told", metadata: ["error": "\(error)"])
        }
        systemd.ready(status: "Listening at \(program.administration.address(port: port))")
        let pause = systemd.watchdogInterval.map { $0 / 2 } ?? .seconds(3600)
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                // Whether the program goes on, and nothing else: a disk that is full, slow or dead is not mended by a new
                // start, which would begin the same work again.
                group.addTask {
                    while !Task.isCancelled {
                        systemd.watchdog()
                        try? await Task.sleep(for: pause)
                    }
                }
                group.addTask { await tellOfStore(systemd) }
            }
        }
        systemd.stopping()
    }

    /// Says in `systemctl status` while the database does not take writes, or may not act.
    private func tellOfStore(_ systemd: ServiceNotification) async {
        var told: String?
        while !Task.isCancelled {
            let problem = await program.storeProblem
            if problem != told, let port = try? await program.port {
                let listening = "Listening at \(program.administration.address(port: port))"
                systemd.status(problem ?? listening)
                told = problem
            }
            try? await Task.sleep(for: ReadinessNotifier.storePause)
        }
    }

    /// Between two looks at whether the database takes writes.
    private static let storePause = Duration.seconds(60)

    private func welcome(port: Int) async throws {
        guard let login = program.firstLogin else { return }
        let administration = program.administration
        guard !JournalStream.isStandardOutput() else {
            // Many may read the journal, and it is kept for long: no password and no token stands there.
            print(
                """
                Console:  \(administration.address(port: port))
                Login:    \(login.name), whose password stands in \(login.file) (delete the file once it is noted)
                TLS root: \(administration.fingerprint)
                To enrol a server: callhome-collector tokens create
                """)
            fflush(nil)
            return
        }
        let token = try await administration.createToken(
            for: .server, note: "made at the first start", lifetime: nil, at: program.environment.now())
        print(
            """

            Console:  \(administration.address(port: port))
            Login:    \(login.name)
            Password: \(login.password)   (also in \(login.file); delete the file once it is noted)
            TLS root: \(administration.fingerprint)
                      (SHA-256; callhome login asks to compare it, callhome-collector fingerprint prints it again)

            To enrol a server, run on it within a day:
              \(administration.enrolCommand(token, port: port))
            Each token is good for one server: callhome-collector tokens create makes more.

            """)
        // A pipe or the journal shows it now, not when the collector ends.
        fflush(nil)
    }
}
