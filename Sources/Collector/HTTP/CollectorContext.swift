import Hummingbird
import NIOCore

/// What one request carries through the routes.
struct CollectorContext: RequestContext, RemoteAddressRequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?
    /// True on the collector's Unix-domain socket, whose rights let only root in. The address asked for decides, never
    /// that of the asker, which is unknown once the asker has gone.
    let isLocalSocket: Bool
    /// Who asks: set by the middleware of the console and the API, nil until then.
    var account: String?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
        isLocalSocket = source.channel.localAddress.map { $0.protocol == .unix } ?? false
    }

    /// The peer without its port, for the log and for limits.
    var peer: String { remoteAddress?.ipAddress ?? "local socket" }
}

/// A part of the collector that answers requests. All are listed in `Collector+build.swift`.
protocol RouteProvider: Sendable {
    func addRoutes(to router: Router<CollectorContext>)
}
