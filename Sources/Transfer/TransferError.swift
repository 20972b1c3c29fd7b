/// Why there is no answer to a request. The first value is the server's address, without path and credentials, as these
/// may be secret.
public enum TransferError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Its name does not resolve, or nothing listens there.
    case unreachable(String, because: String)
    case tls(String, because: String)
    case timedOut(String, after: Duration)
    /// - Parameter limit: bytes of headers and body that would have been taken.
    case tooLarge(String, limit: Int)
    case badURL(String)
    /// The request holds what HTTP forbids, or the server or proxy broke off or spoke something else than HTTP.
    case refused(String, because: String)
    case cancelled(String)

    public var description: String {
        switch self {
        case .unreachable(let server, let because):
            "cannot reach \(server): \(because); check its address, name resolution, firewall and proxy"
        case .tls(let server, let because):
            "no trusted connection to \(server): \(because); check its certificate, its name in it, and the pinned CA"
        case .timedOut(let server, let duration): "\(server) did not answer within \(duration)"
        case .tooLarge(let server, let limit): "the answer of \(server) is larger than \(limit) bytes"
        case .badURL(let url): "\(url) is no address of the form https://server[:port]/path"
        case .refused(let server, let because): "\(server) did not take the request: \(because)"
        case .cancelled(let server): "the request to \(server) was cancelled"
        }
    }

    init(_ failure: CurlFailure, server: String, job: CurlJob) {
        switch failure.kind {
        case .unreachable: self = .unreachable(server, because: failure.because)
        case .tls: self = .tls(server, because: failure.because)
        case .timedOut: self = .timedOut(server, after: job.timeout)
        case .tooLarge: self = .tooLarge(server, limit: job.maximumResponseBytes)
        case .badURL: self = .badURL(server)
        case .loginDenied, .brokenOff: self = .refused(server, because: failure.because)
        case .cancelled: self = .cancelled(server)
        }
    }
}
