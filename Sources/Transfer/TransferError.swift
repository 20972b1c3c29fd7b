/// Why there is no answer to a request. The first value is the server's address, without path and credentials, as these
/// may be secret; for a Unix-domain socket it is the socket's path.
public enum TransferError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no connection to it.
    case unreachable(String, Obstacle)
    case tls(String, because: String)
    /// It is connected, and silent.
    case timedOut(String, after: Duration)
    /// It closed the connection before the answer was whole.
    case closed(String, because: String)
    /// - Parameter limit: bytes of headers and body that would have been taken.
    case tooLarge(String, limit: Int)
    case badURL(String)
    /// The request holds what HTTP forbids, or the server or proxy spoke something else than HTTP.
    case refused(String, because: String)
    case cancelled(String)

    /// What stands between this machine and a server: each with its own step.
    public enum Obstacle: Sendable, Hashable, CustomStringConvertible {
        case unknownName(ofProxy: Bool)
        /// The machine is there and reports that nobody listens, or a socket's file is not there.
        case nothingListens(atProxy: Bool)
        /// The rights of a socket's file.
        case notAllowed
        /// Nobody answers at all.
        case noConnection(within: Duration)
        /// What listens there answers, and not by TLS.
        case noTLS
        /// What the system or the proxy reports.
        case noWay(because: String)

        public var description: String {
            switch self {
            case .unknownName(false):
                "this machine does not know its name: check the spelling, and name resolution (/etc/resolv.conf)"
            case .unknownName(true): "this machine does not know the name of the proxy: check its address"
            case .nothingListens(false): "nothing listens there: is it started, and is the address right?"
            case .nothingListens(true): "nothing listens at the proxy: check its address"
            case .notAllowed: "this user may not open it: ask as root"
            case .noConnection(let limit):
                "no connection within \(limit): is the machine switched on, and does every firewall let the port through?"
            case .noTLS: "what listens there does not speak TLS: is the port right?"
            case .noWay(let because): "\(because): check the address, the network and the proxy"
            }
        }
    }

    public var description: String {
        switch self {
        case .unreachable(let server, let obstacle): "cannot reach \(server): \(obstacle)"
        case .tls(let server, let because):
            "no trusted connection to \(server): \(because); check its certificate, its name in it, and the pinned CA"
        case .timedOut(let server, let duration):
            "\(server) did not answer within \(duration): it is connected but silent; its log may say why"
        case .closed(let server, let because): "\(server) \(TransferError.closing(because))"
        case .tooLarge(let server, let limit): "the answer of \(server) is larger than \(limit) bytes"
        case .badURL(let url): "\(url) is no address of the form https://server[:port]/path"
        case .refused(let server, let because): "\(server) did not take the request: \(because)"
        case .cancelled(let server): "the request to \(server) was cancelled"
        }
    }

    /// After the name of who did it.
    static func closing(_ because: String) -> String {
        "closed the connection before it had answered (\(because)): it may have been stopped or started anew just then; "
            + "if it stays so, its log says why"
    }

    init(_ failure: CurlFailure, server: String, job: CurlJob) {
        switch failure.kind {
        case .unreachable(let obstacle): self = .unreachable(server, obstacle)
        case .tls, .tlsNotOffered: self = .tls(server, because: failure.because)
        case .timedOut(let after): self = .timedOut(server, after: after)
        case .closed: self = .closed(server, because: failure.because)
        case .tooLarge: self = .tooLarge(server, limit: job.maximumResponseBytes)
        case .badURL: self = .badURL(server)
        case .loginDenied, .brokenOff: self = .refused(server, because: failure.because)
        case .cancelled: self = .cancelled(server)
        }
    }
}
