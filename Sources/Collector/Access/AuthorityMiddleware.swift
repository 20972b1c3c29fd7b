import HTTPTypes
import Hummingbird
import Logging
import Reports

/// Draws what a browser sees where a page is refused.
protocol RefusalPages: Sendable {
    func refusal(_ problem: RequestProblem, _ visit: ConsoleRequest) -> Response
}

/// Lets a request through to its route if `RouteTable` allows it, and passes on who asks.
struct AuthorityMiddleware: RouterMiddleware {
    typealias Context = CollectorContext
    let environment: CollectorEnvironment
    let authenticator: Authenticator
    let pages: any RefusalPages

    func handle(
        _ request: Request, context: CollectorContext, next: (Request, CollectorContext) async throws -> Response
    ) async throws -> Response {
        // No route has this path: the answer states so.
        guard let path = context.endpointPath else {
            guard request.method == .get, request.headers[.accept]?.contains("text/html") == true else {
                return try await next(request, context)
            }
            return await page(request, context, needsSession: false, needsForm: false) { _, context in
                let language = context.visit?.language ?? .english
                throw RequestProblem(
                    .notFound, "not-found", language("There is no such page.", "Diese Seite gibt es nicht."))
            }
        }
        switch RouteTable.authority(of: request.method, path) {
        case .anyone, .password, .joinToken, .pairingToken, .agentSignature, .siteSignature:
            return try await next(request, context)
        case .anyoneInShort:
            var context = context
            if context.isLocalSocket || request.headers[.authorization] != nil {
                context.account = try? await account(request, context)
            }
            return try await next(request, context)
        case .account:
            var context = context
            context.account = try await account(request, context)
            var response = try await next(request, context)
            // The answer is good whether this can be read or not.
            if let standing = (try? await environment.store.storeRecord())?.standing.sentence(in: .english),
                let name = HTTPField.Name(Routes.standingHeader)
            {
                response.headers[name] = "\(standing) \(StoreStanding.step(in: .english))"
            }
            return response
        case .visitor: return await page(request, context, needsSession: false, needsForm: false, next)
        case .loginForm: return await page(request, context, needsSession: false, needsForm: true, next)
        case .session: return await page(request, context, needsSession: true, needsForm: false, next)
        case .sessionForm: return await page(request, context, needsSession: true, needsForm: true, next)
        case nil:
            environment.logger.error(
                "a route is refused because the table of routes does not say who may ask for it",
                metadata: ["method": "\(request.method.rawValue)", "path": "\(path)"])
            throw RequestProblem(
                .forbidden, "no-authority", "This collector does not say who may ask for this: report it as a fault.")
        }
    }

    private func account(_ request: Request, _ context: CollectorContext) async throws -> String {
        if context.isLocalSocket { return "root" }
        if let header = request.headers[.authorization], header.lowercased().hasPrefix("bearer "),
            let account = try await authenticator.account(
                secret: String(header.dropFirst(7)), kind: .api, at: environment.now())
        {
            return account
        }
        throw RequestProblem(
            .unauthorized, "not-logged-in",
            "The token is missing, unknown or has run out. Log in again: callhome login URL")
    }

    /// A page of the console. Whatever goes wrong, on the way to its route or in it, is a page as well.
    private func page(
        _ request: Request, _ context: CollectorContext, needsSession: Bool, needsForm: Bool,
        _ next: (Request, CollectorContext) async throws -> Response
    ) async -> Response {
        do {
            let visit = try await ConsoleRequest(request, authenticator: authenticator, at: environment.now())
            do {
                var context = context
                if needsSession, visit.account == nil { return ConsoleResponse.redirect(to: "/login") }
                if needsForm {
                    context.form = try await ConsoleForm(
                        request, of: visit, by: BodyReader(environment), from: context.peer)
                }
                context.visit = visit
                context.account = visit.account
                return try await next(request, context)
            } catch let error as StoreError {
                return pages.refusal(RequestProblem(error), visit)
            } catch let problem as RequestProblem {
                return pages.refusal(problem, visit)
            }
        } catch {
            let problem = RequestProblem(.serviceUnavailable, "no-page", "The page cannot be shown.")
            environment.problems.note(
                problem, route: context.endpointPath, path: request.uri.path, peer: context.peer,
                at: environment.now(), cause: "\(error)")
            return ConsoleResponse.text(
                "The database cannot be read now. Try again later.", status: .serviceUnavailable)
        }
    }
}
