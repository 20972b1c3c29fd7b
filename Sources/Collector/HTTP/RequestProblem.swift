import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Reports

/// An answer other than 2xx: the status and a `Problem` that states what to do.
struct RequestProblem: Error, HTTPResponseError, Hashable {
    var status: HTTPTypes.HTTPResponse.Status
    var problem: Problem
    /// Seconds until it is worth trying again.
    var retryAfter: Int?
    /// Whether whoever asks in order hears it again and again: then it is no refusal, and no line of the log.
    var isUsual: Bool

    init(
        _ status: HTTPTypes.HTTPResponse.Status, _ code: String, _ message: String, retryAfter: Int? = nil,
        isUsual: Bool = false
    ) {
        self.status = status
        problem = Problem(code: code, message: message)
        self.retryAfter = retryAfter
        self.isUsual = isUsual
    }

    init(_ error: StoreError) {
        switch error {
        case .unavailable:
            self.init(
                .serviceUnavailable, "storage-failed", "\(error). Nothing was lost: send it again.",
                retryAfter: IntakeLimits.retryAfter)
        case .cancelled: self = .stopping
        case .notFound: self.init(.notFound, "not-found", "\(error)")
        case .conflict: self.init(.conflict, "conflict", "\(error)")
        case .notCurrent: self.init(.conflict, "not-current", "\(error)")
        }
    }

    static let stopping = RequestProblem(
        .serviceUnavailable, "stopping", "The collector is stopping: try again in a moment.", retryAfter: 5)

    /// There is no such path: what people typed was an address with one too many.
    static func noSuchPath(_ request: Request) -> RequestProblem {
        RequestProblem(
            .notFound, "bad-request",
            "There is nothing at \(request.method.rawValue) \(request.uri.path.prefix(200)): a collector's address is "
                + "https://server:port, without a path.")
    }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let retryAfter { headers[.retryAfter] = "\(retryAfter)" }
        // What was not read of the body is not waited for.
        if status == .contentTooLarge || status == .requestTimeout { headers[.connection] = "close" }
        return Response(
            status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: try WireFormat.encode(problem)))
        )
    }
}

/// Gives every error the same shape, and logs each cause once an hour.
struct ProblemMiddleware<Context: RemoteAddressRequestContext>: RouterMiddleware {
    let log: ProblemLog
    let now: @Sendable () -> Timestamp

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as RequestProblem {
            note(problem, request, context)
            throw problem
        } catch let error as StoreError {
            let problem = RequestProblem(error)
            guard !error.isCancellation else { throw problem }
            note(problem, request, context)
            throw problem
        } catch let error as HTTPError where error.status == .notFound && error.body == nil {
            throw RequestProblem.noSuchPath(request)
        } catch let error as HTTPError {
            throw RequestProblem(
                error.status, error.status.kind == .clientError ? "bad-request" : "internal",
                error.body ?? "\(error.status.reasonPhrase): \(request.method.rawValue) \(request.uri.path.prefix(200))"
            )
        } catch is CancellationError {
            throw RequestProblem.stopping
        } catch {
            let problem = RequestProblem(
                .internalServerError, "internal", "The collector could not answer; its log says why. Try again later.")
            note(problem, request, context, cause: "\(error)")
            throw problem
        }
    }

    private func note(_ problem: RequestProblem, _ request: Request, _ context: Context, cause: String? = nil) {
        guard !problem.isUsual else { return }
        log.note(
            problem, route: context.endpointPath, path: request.uri.path, peer: context.peer, at: now(), cause: cause)
    }
}

extension RemoteAddressRequestContext {
    /// The peer without its port, for the log and for limits: an IPv6 address stands for its network.
    var peer: String { PeerAddress.network(of: remoteAddress) }
}
