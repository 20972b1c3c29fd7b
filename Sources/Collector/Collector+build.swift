import Daemon
import FoundationEssentials
import Glibc
import Hummingbird
import HummingbirdTLS
public import Logging
import NIOCore
public import Reports
public import ServiceLifecycle

/// One collector, wired and ready to run: the same for the program, the tests and the demo.
public struct CollectorProgram: Service {
    let environment: CollectorEnvironment
    let authority: CertificateAuthority
    let address: BoundAddress
    let connections: ConnectionGuard
    private let lock: DataDirectoryLock
    /// In the order of dependency: each may use those before it, and is stopped before them.
    let services: [any Service]
    /// At the first start only.
    public let firstLogin: FirstLogin?

    /// Prepares data directory, authority, keys and database, and wires everything.
    /// - Throws: `DataDirectoryError`, `StoreError` and what the certificates throw; each states what to do.
    public static func build(
        _ configuration: CollectorConfiguration, logger: Logger, now: @escaping @Sendable () -> Timestamp
    ) async throws -> CollectorProgram {
        let directory = try DataDirectory(path: configuration.dataDirectory)
        let lock = try DataDirectoryLock(directory)
        let store = try SQLiteStore(
            path: directory.database, policy: CasePolicy(configuration), logger: logger)
        let lastAlive = try await store.clock()
        let wasOff = lastAlive.map { !$0.isSameStart(wall: now(), uptime: TrustedClock.systemUptime()) } ?? false
        let clock = try await store.startClock(wall: now)
        let identity = try await store.identity()
        let earlier = try directory.storedAuthority()
        let authority = try directory.authority(site: identity.site)
        if try directory.storedTLSRoot() == nil, try await store.isAnyRootTrusted() { throw directory.lostTLSRoot }
        let (root, cross) = try directory.tlsRoot(site: identity.site, earlier: earlier)
        let environment = CollectorEnvironment(
            configuration: configuration, store: store, signingKey: try directory.signingKey(),
            ca: try authority.certificatePEM, tlsRoot: try root.shown, identity: identity, logger: logger,
            now: { clock.now })
        let standing = try await store.beginServing(
            on: MachineIdentity.read(), knownUntil: lastAlive?.time ?? clock.now, at: clock.now, wall: now(),
            wasOff: wasOff
        ).standing
        if let sentence = standing.sentence(in: .english) {
            logger.critical("\(sentence)", metadata: ["do": "\(StoreStanding.step(in: .english))"])
        }
        let names = CollectorProgram.names(configuration)
        // While the system's clock is in doubt either may be right; a certificate that ended by one of them shuts agents out.
        let calendar: @Sendable () -> Timestamp = { max(now(), clock.now) }
        let tls = try ServerTLS(directory: directory, root: root, cross: cross, names: names, at: calendar())
        let move = TrustMove(environment: environment, authority: authority, tls: tls, calendar: calendar)
        if cross != nil { try await move.begin() }
        try await move.update()
        let address = BoundAddress()
        if configuration.recipients.isEmpty {
            logger.warning("nobody is told of faults: set recipient.NAME.kind and its fields in collector.conf")
        }
        let pages = try ConsolePages(environment)
        let access = AuthorityMiddleware(
            environment: environment, authenticator: Authenticator(store: store), pages: pages)
        // Before the first receipt: it names the version that was verified.
        let patterns = PatternService(environment)
        await patterns.resume()
        var services: [any Service] = [
            StoreService(store: store),
            ClockService(environment: environment, clock: clock),
            HousekeepingService(environment: environment, move: move),
            LivenessService(environment: environment),
            PairingService(environment: environment),
            HeartbeatService(environment),
            OutboxService(environment),
            patterns,
        ]
        if let path = try CollectorProgram.freeSocket(configuration.socket) {
            services.append(localServer(access, path: path))
        }
        let connections = ConnectionGuard(ServerLimits.connections(configuration.requestTimeout))
        services.append(connections)
        services.append(
            try server(
                access, routes(access, pages, authority, address, move), tls: tls, address: address,
                connections: connections)
        )
        return CollectorProgram(
            environment: environment, authority: authority, address: address, connections: connections, lock: lock,
            services: services,
            firstLogin: try await firstLogin(environment, directory))
    }

    /// Runs until the service group that it is part of stops it.
    public func run() async throws {
        defer {
            address.close()
            lock.release()
        }
        do {
            try await ServiceGroup(configuration: .init(services: services, logger: environment.logger)).run()
        } catch let error as IOError where ListenError.codes.contains(error.errnoCode) {
            let configuration = environment.configuration
            throw ListenError(address: configuration.listenAddress, port: configuration.listenPort, because: error)
        }
    }

    /// The port that the server listens on; waits until it does.
    public var port: Int { get async throws { try await address.port } }

    /// What keeps the store from its work, in words: that it takes no writes, or may not act; nil where nothing does.
    var storeProblem: String? {
        get async {
            do throws(StoreError) {
                try await environment.store.checkHealth()
                return try await environment.store.storeRecord().standing.sentence(in: .english)
            } catch {
                return "No report is taken: \(error)"
            }
        }
    }

    /// All that answers requests over HTTPS.
    static func routes(
        _ access: AuthorityMiddleware, _ pages: ConsolePages, _ authority: CertificateAuthority,
        _ address: BoundAddress, _ move: TrustMove? = nil
    ) -> [any RouteProvider] {
        let environment = access.environment
        return [
            IntakeRoute(environment),
            ChannelRoute(environment: environment),
            EnrolmentRoute(environment, authority: authority, address: address),
            RenewalRoute(environment, authority: authority, move: move),
            PairingRoute(environment, authority: authority, move: move),
            TestRoute(environment: environment),
            MetricsRoutes(environment: environment),
            APIRoutes(environment: environment, authenticator: access.authenticator),
            ConsoleRoutes(environment: environment, authenticator: access.authenticator, pages: pages),
        ]
    }

    /// All that answers requests on the local socket.
    static func localRoutes(_ access: AuthorityMiddleware) -> [any RouteProvider] {
        [
            TestRoute(environment: access.environment),
            APIRoutes(environment: access.environment, authenticator: access.authenticator),
        ]
    }

    private static func server(
        _ access: AuthorityMiddleware, _ routes: [any RouteProvider], tls: ServerTLS, address: BoundAddress,
        connections: ConnectionGuard
    ) throws -> some Service {
        let environment = access.environment
        let configuration = environment.configuration
        // Longer than a request may take, so that who is too slow gets an answer before the line is cut.
        let idle = TimeAmount.milliseconds((configuration.requestTimeout + ServerLimits.idleMargin).inMilliseconds)
        let logger = quiet(environment.logger)
        return Application(
            router: router(access, routes, connections),
            server: try .tls(
                .http1(configuration: .init(additionalChannelHandlers: [connections.handler()], idleTimeout: idle)),
                tlsConfiguration: tls.configuration),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.listenAddress, port: configuration.listenPort),
                serverName: "callhome-collector/\(CallhomeVersion.current)"),
            onServerRunning: { channel in address.bound(to: channel.localAddress?.port ?? configuration.listenPort) },
            logger: logger)
    }

    /// The path, cleared of what a dead process left; nil where there is no directory to put it in.
    /// - Throws: `LocalSocketError` where somebody answers there: it is not taken away.
    private static func freeSocket(_ path: String?) throws(LocalSocketError) -> String? {
        guard let path, let slash = path.lastIndex(of: "/") else { return nil }
        guard FileManager.default.fileExists(atPath: String(path[..<slash])) else { return nil }
        do throws(SocketError) {
            try SocketName.takeOver(path)
            let folder = String(path[...slash])
            guard unsafe faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0 else {
                throw SocketError(doing: "listening on", path: path, code: errno)
            }
        } catch { throw LocalSocketError(because: error) }
        return path
    }

    /// For root on this machine: in clear, guarded by the rights of the socket.
    private static func localServer(_ access: AuthorityMiddleware, path: String) -> some Service {
        Application(
            router: router(access, localRoutes(access)), server: .http1(),
            configuration: ApplicationConfiguration(address: .unixDomainSocket(path: path)),
            logger: quiet(access.environment.logger))
    }

    static func router(
        _ access: AuthorityMiddleware, _ routes: [any RouteProvider], _ connections: ConnectionGuard? = nil
    ) -> Router<CollectorContext> {
        let environment = access.environment
        let router = Router(context: CollectorContext.self)
        if let connections { router.add(middleware: ConnectionMiddleware(connections: connections)) }
        router.add(middleware: ProblemMiddleware(log: environment.problems, now: environment.now))
        router.add(middleware: access)
        for route in routes { route.addRoutes(to: router) }
        return router
    }

    /// Hummingbird logs each connection; what matters is logged by the routes.
    private static func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }

    /// DNS names and addresses of the TLS certificate.
    static func names(_ configuration: CollectorConfiguration) -> [String] {
        let known = configuration.names + [ProcessInfo.processInfo.hostName, "localhost", "127.0.0.1", "::1"]
        return known.reduce(into: []) { names, name in
            if !name.isEmpty, !names.contains(name) { names.append(name) }
        }
    }

    /// At the first start there is no login yet: makes one, and writes it down for whoever may read the directory.
    private static func firstLogin(_ environment: CollectorEnvironment, _ directory: DataDirectory) async throws
        -> FirstLogin?
    {
        guard let (name, password) = try await Accounts(store: environment.store).makeFirst(at: environment.now())
        else {
            return nil
        }
        try directory.write("\(password)\n", to: directory.adminPassword)
        return FirstLogin(name: name, password: password, file: directory.adminPassword)
    }
}

/// The address that agents are to reach cannot be taken.
struct ListenError: Error, CustomStringConvertible {
    var address: String
    var port: Int
    var because: IOError

    /// What the system refuses an address with.
    static let codes = [EADDRINUSE, EADDRNOTAVAIL, EACCES]

    /// What the program exits with.
    var status: ExitStatus { because.errnoCode == EACCES ? .permission : .failure }

    var description: String {
        let step =
            switch because.errnoCode {
            case EADDRINUSE:
                "another program does already (ss -ltnp shows which); stop it, or set another port as listen in "
                    + "collector.conf"
            case EACCES:
                "only root may take a port below 1024; set another port as listen in collector.conf, or give the unit "
                    + "AmbientCapabilities=CAP_NET_BIND_SERVICE"
            default: "this machine has no such address; mend listen in collector.conf"
            }
        return "cannot listen on \(address):\(port): \(step)"
    }
}

/// The socket for root on this machine cannot be taken.
struct LocalSocketError: Error, CustomStringConvertible {
    var because: SocketError

    var description: String {
        let step = "set another path as `socket` in collector.conf, or `socket = no`"
        return switch because.code {
        case EADDRINUSE: "cannot listen on \(because.path): another collector answers there; stop it, or \(step)"
        case EEXIST: "cannot listen on \(because.path): it is the name of something else than a socket; \(step)"
        default: "\(because); \(step)"
        }
    }
}

/// The login that the first start made.
public struct FirstLogin: Hashable, Sendable {
    public var name: String
    public var password: String
    /// Where the password was written down, readable by the collector's user only.
    public var file: String
}

enum ServerLimits {
    /// How much longer than `request.timeout` a connection may send nothing.
    static let idleMargin = Duration.seconds(2)
    /// Connections at the same time, where the limit of open files allows as many.
    static let connections = 4_096
    /// Of these, of one address.
    static let peerShare = 4
    /// Files that database, log and deliveries may need beside the connections.
    static let filesKept = 400
    /// For the head of a request, from the connection on.
    static let headDeadline = Duration.seconds(15)
    /// For an answer to be made once its request is here.
    static let answerDeadline = Duration.seconds(120)

    /// What may connect, and for how long.
    /// - Parameter timeout: `request.timeout`.
    static func connections(_ timeout: Duration) -> ConnectionLedger.Limits {
        let total = PeerAddress.connections(atMost: connections, keeping: filesKept)
        return ConnectionLedger.Limits(
            total: total, perPeer: max(16, total / peerShare), head: min(headDeadline, timeout + idleMargin),
            idle: timeout + idleMargin, answer: timeout + answerDeadline)
    }
}

extension CollectorProgram: CustomDebugStringConvertible {
    public var debugDescription: String { environment.debugDescription }
}
