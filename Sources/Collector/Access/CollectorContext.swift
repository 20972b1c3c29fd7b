import Hummingbird
import NIOCore

/// What one request carries through the routes.
struct CollectorContext: ConnectionContext, RemoteAddressRequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?
    /// True on the collector's Unix-domain socket, whose rights let only root in. The address asked for decides, never
    /// that of the asker, which is unknown once the asker has gone.
    let isLocalSocket: Bool
    let connection: ConnectionLedger.ID?
    /// Who asks. These three are set by `AuthorityMiddleware`, and only where the route needs them (`RouteTable`).
    var account: String?
    var visit: ConsoleRequest?
    var form: ConsoleForm?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
        connection = ObjectIdentifier(source.channel)
        isLocalSocket = source.channel.localAddress.map { $0.protocol == .unix } ?? false
    }

    /// The account that the route was opened to. A route that asks for one and does not state so in the table opens to
    /// nobody.
    var asker: String {
        get throws(RequestProblem) {
            guard let account else { throw CollectorContext.unopened }
            return account
        }
    }

    /// The browser that asks for a page, likewise.
    var page: ConsoleRequest {
        get throws(RequestProblem) {
            guard let visit else { throw CollectorContext.unopened }
            return visit
        }
    }

    /// The form that the browser sent, likewise.
    var sentForm: ConsoleForm {
        get throws(RequestProblem) {
            guard let form else { throw CollectorContext.unopened }
            return form
        }
    }

    private static let unopened = RequestProblem(
        .forbidden, "no-authority", "This collector does not say who may ask for this: report it as a fault.")
}

/// A part of the collector that answers requests. All are listed in `Collector+build.swift`.
protocol RouteProvider: Sendable {
    func addRoutes(to router: Router<CollectorContext>)
}
