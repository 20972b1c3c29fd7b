import Glibc
import Hummingbird
import NIOCore
import NIOSSL
import Reports
import ServiceLifecycle
import Synchronization

/// Acts by `ConnectionLedger`: closes whoever may not come, and whoever has to go.
final class ConnectionGuard: Service, Sendable {
    /// Between two looks at who is overdue.
    static let pace = Duration.seconds(1)

    private struct State {
        var ledger: ConnectionLedger
        var channels: [ConnectionLedger.ID: any NIOCore.Channel] = [:]
    }

    private let state: Mutex<State>
    private let start = ContinuousClock.now

    init(_ limits: ConnectionLedger.Limits) { state = Mutex(State(ledger: ConnectionLedger(limits))) }

    var count: Int { state.withLock { $0.ledger.count } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                self.closeOverdue()
                try? await Task.sleep(for: ConnectionGuard.pace)
            }
        }
    }

    private var now: Duration { ContinuousClock.now - start }

    private func closeOverdue() {
        let time = now
        let gone = state.withLock { state in
            state.ledger.overdue(at: time).compactMap { state.channels.removeValue(forKey: $0) }
        }
        for channel in gone { ConnectionGuard.cut(channel) }
    }

    /// - Returns: false where it may not come.
    fileprivate func admit(_ channel: any NIOCore.Channel) -> Bool {
        let time = now
        let id = ObjectIdentifier(channel)
        let peer = PeerAddress.network(of: channel.remoteAddress)
        let (isAdmitted, gone) = state.withLock { state -> (Bool, (any NIOCore.Channel)?) in
            switch state.ledger.admit(id, peer: peer, at: time) {
            case .refused: return (false, nil)
            case .admitted:
                state.channels[id] = channel
                return (true, nil)
            case .instead(let idle):
                state.channels[id] = channel
                return (true, state.channels.removeValue(forKey: idle))
            }
        }
        if let gone { ConnectionGuard.cut(gone) }
        return isAdmitted
    }

    /// Closes at once. The farewell of TLS would wait for one who does not speak, and hold a file meanwhile.
    private static func cut(_ channel: any NIOCore.Channel) {
        channel.eventLoop.execute {
            let operations = channel.pipeline.syncOperations
            if let context = try? operations.context(handlerType: NIOSSLServerHandler.self) {
                context.close(promise: nil)
            } else {
                channel.close(promise: nil)
            }
        }
    }

    func enter(_ phase: ConnectionLedger.Phase, _ id: ConnectionLedger.ID) {
        let time = now
        state.withLock { $0.ledger.enter(phase, id, at: time) }
    }

    fileprivate func remove(_ channel: any NIOCore.Channel) {
        state.withLock { state in
            state.ledger.remove(ObjectIdentifier(channel))
            state.channels[ObjectIdentifier(channel)] = nil
        }
    }

    /// For one connection, before whoever answers.
    func handler() -> any RemovableChannelHandler { ConnectionHandler(self) }
}

/// Tells the guard when one connection comes and goes.
private final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
    /// What is read is passed on unseen.
    typealias InboundIn = Never

    private let connections: ConnectionGuard
    private var hasBegun = false

    init(_ connections: ConnectionGuard) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { begin(context) } }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard !hasBegun else { return }
        hasBegun = true
        if !connections.admit(context.channel) { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        connections.remove(context.channel)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { connections.remove(context.channel) }
}

/// Tells the guard when a request is under way.
struct ConnectionMiddleware<Context: ConnectionContext>: RouterMiddleware {
    let connections: ConnectionGuard

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let id = context.connection else { return try await next(request, context) }
        connections.enter(.busy, id)
        defer { connections.enter(.waiting, id) }
        return try await next(request, context)
    }
}

/// What knows which connection a request came on.
protocol ConnectionContext: RequestContext {
    var connection: ConnectionLedger.ID? { get }
}

/// Addresses as limits count them.
enum PeerAddress {
    /// An IPv4 address whole; of an IPv6 address the first 64 bits, as a customer of a provider has all the others.
    static func network(of address: SocketAddress?) -> String {
        address?.ipAddress.map { network($0) } ?? "local socket"
    }

    /// - Parameter text: an IP address as it is written.
    static func network(_ text: String) -> String {
        guard text.contains(":"), let bytes = IPAddressBytes.parse(text), bytes.count == 16 else { return text }
        return bytes.prefix(8).hexadecimal + "/64"
    }

    /// How many connections fit below the limit of open files, with what database, log and deliveries need left over.
    static func connections(atMost most: Int, keeping kept: Int) -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return most }
        let files = Int(clamping: limit.rlim_cur)
        return max(16, min(most, files - kept))
    }
}
