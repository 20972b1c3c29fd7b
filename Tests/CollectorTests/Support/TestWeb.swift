import Foundation
import Hummingbird
import ServiceLifecycle
import Transfer

@testable import Collector

/// The routes of a collector on a port of their own, without TLS.
/// - Parameter more: what answers requests besides.
func withWeb(
    _ fleet: TestFleet, more: [any RouteProvider] = [], _ work: (TestWeb) async throws -> Void
) async throws {
    let pages = try ConsolePages(fleet.environment)
    let access = AuthorityMiddleware(
        environment: fleet.environment, authenticator: Authenticator(store: fleet.store), pages: pages)
    let routes = CollectorProgram.routes(access, pages, try CertificateAuthority(site: "s1"), BoundAddress())
    let router = CollectorProgram.router(access, routes + more)
    let (ports, bound) = AsyncStream.makeStream(of: Int.self)
    let application = Application(
        router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { channel in bound.yield(channel.localAddress?.port ?? 0) },
        logger: fleet.environment.logger)
    let group = ServiceGroup(configuration: .init(services: [application], logger: fleet.environment.logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        for await port in ports {
            try await work(TestWeb(base: "http://127.0.0.1:\(port)"))
            break
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

/// A browser without eyes: keeps cookies, fills in forms.
final class TestWeb {
    let base: String
    var cookies: [String: String] = [:]
    var language = "en"
    private let transfer = HTTPTransfer()

    init(base: String) { self.base = base }

    func get(_ path: String, headers: [(name: String, value: String)] = []) async throws -> Transfer.HTTPResponse {
        try await send(Transfer.HTTPRequest(url: base + path, headers: headers))
    }

    func post(_ path: String, _ fields: [String: String]) async throws -> Transfer.HTTPResponse {
        let body = fields.map { "\($0.key)=\(ConsoleLink.segment($0.value))" }.joined(separator: "&")
        return try await send(
            Transfer.HTTPRequest(
                method: "POST", url: base + path, headers: [("content-type", "application/x-www-form-urlencoded")],
                body: Data(body.utf8)))
    }

    func send(_ request: Transfer.HTTPRequest) async throws -> Transfer.HTTPResponse {
        var request = request
        request.headers.append(("accept-language", language))
        if !cookies.isEmpty {
            request.headers.append(("cookie", cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")))
        }
        let response = try await transfer.send(request)
        for cookie in (response.headers["set-cookie"] ?? "").components(separatedBy: ", ") {
            let pair = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { cookies[String(pair[0])] = String(pair[1]) }
        }
        return response
    }

    /// The value of the page's hidden field.
    static func csrf(_ page: Transfer.HTTPResponse) -> String {
        let text = String(decoding: page.body, as: UTF8.self)
        return String(
            text.components(separatedBy: "name=\"csrf\" value=\"").dropFirst().first?.prefix { $0 != "\"" } ?? "")
    }

    func login(_ name: String = "admin", _ password: String = "correct horse battery") async throws
        -> Transfer.HTTPResponse
    {
        let page = try await get("/login")
        return try await post("/login", ["name": name, "password": password, "csrf": TestWeb.csrf(page)])
    }
}

extension Transfer.HTTPResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}

extension TestFleet {
    func addAdmin() async throws {
        try await store.save(
            Account(
                name: "admin", passwordHash: try Password.hash("correct horse battery"), createdAt: clock.time))
    }
}
