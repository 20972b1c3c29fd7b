import HTTPTypes
import Hummingbird
import Reports

/// Every route of the collector and who may ask for it: the one place that states it.
///
/// A route that does not stand here is refused whoever asks, so that none can be forgotten.
enum RouteTable {
    struct Row: Hashable, Sendable {
        var method: HTTPRequest.Method
        /// As it is registered, with `{name}` for a part that varies.
        var path: String
        var authority: Authority

        init(_ method: HTTPRequest.Method, _ path: String, _ authority: Authority) {
            self.method = method
            self.path = path
            self.authority = authority
        }
    }

    static let rows: [Row] = [
        // Agents and servers that join.
        Row(.get, Routes.ca, .anyone),
        Row(.get, Routes.agentsCA, .anyone),
        Row(.post, Routes.renewal, .agentSignature),
        Row(.post, Routes.enrol, .joinToken),
        Row(.post, Routes.reports, .agentSignature),
        // A test's name is 128 random bits, which only whoever began the test knows.
        Row(.get, Routes.test("{id}"), .anyone),
        // The mirrors of channels of patterns: signed by their makers, and the same for everybody.
        Row(.get, "\(Routes.channel("{name}"))/metadata/{file}", .anyone),
        Row(.get, "\(Routes.channel("{name}"))/targets/{file}", .anyone),
        // Other collectors.
        Row(.post, PairingRequest.path, .pairingToken),
        Row(.post, Routes.tickets, .siteSignature),
        Row(.post, Routes.heartbeats, .siteSignature),
        // Whoever restarts programs, and whoever collects figures.
        Row(.get, Routes.health, .anyoneInShort),
        Row(.get, Routes.metrics, .anyoneInShort),
        // `callhome` and scripts.
        Row(.post, "\(Routes.api)/login", .password),
        Row(.post, "\(Routes.api)/logout", .account),
        Row(.get, "\(Routes.api)/servers", .account),
        Row(.get, "\(Routes.api)/servers/{host}", .account),
        Row(.get, "\(Routes.api)/servers/{host}/blind-spots", .account),
        Row(.post, "\(Routes.api)/servers/{host}/blind-spots/accept", .account),
        Row(.post, "\(Routes.api)/servers/{host}/blind-spots/withdraw", .account),
        Row(.post, "\(Routes.api)/servers/{host}/parts/replaced", .account),
        Row(.post, "\(Routes.api)/servers/{host}/parts/repaired", .account),
        Row(.post, "\(Routes.api)/servers/{host}/parts/acquitted", .account),
        Row(.get, "\(Routes.api)/cases", .account),
        Row(.get, "\(Routes.api)/cases/{number}", .account),
        Row(.post, "\(Routes.api)/cases/{number}/acknowledge", .account),
        Row(.post, "\(Routes.api)/cases/{number}/close", .account),
        Row(.post, "\(Routes.api)/cases/{number}/replaced", .account),
        Row(.post, "\(Routes.api)/cases/{number}/repaired", .account),
        Row(.post, "\(Routes.api)/cases/{number}/acquitted", .account),
        Row(.post, "\(Routes.api)/cases/{number}/resend", .account),
        Row(.get, "\(Routes.api)/recipients", .account),
        Row(.post, "\(Routes.api)/recipients/{name}/catch-up", .account),
        Row(.post, "\(Routes.api)/recipients/{name}/drop", .account),
        Row(.post, "\(Routes.api)/recipients/{name}/try", .account),
        Row(.get, "\(Routes.api)/patterns", .account),
        Row(.post, "\(Routes.api)/patterns/update", .account),
        Row(.post, "\(Routes.api)/patterns/{name}/rollout", .account),
        Row(.post, "\(Routes.api)/patterns/{name}/halt", .account),
        Row(.post, "\(Routes.api)/patterns/{name}/rollback", .account),
        Row(.get, "\(Routes.api)/tokens", .account),
        Row(.delete, "\(Routes.api)/tokens/{id}", .account),
        // The console.
        Row(.get, "/login", .visitor),
        Row(.post, "/login", .loginForm),
        Row(.post, "/logout", .sessionForm),
        Row(.get, "/language/{language}", .anyone),
        Row(.get, "/assets/console.css", .anyone),
        Row(.get, "/assets/icon.svg", .anyone),
        Row(.get, "/", .session),
        Row(.get, "/servers", .session),
        Row(.get, "/servers/{host}", .session),
        Row(.get, "/servers/{host}/blind-spots", .session),
        Row(.post, "/servers/{host}/blind-spots/accept", .sessionForm),
        Row(.post, "/servers/{host}/blind-spots/withdraw", .sessionForm),
        Row(.get, "/cases", .session),
        Row(.get, "/cases/{number}", .session),
        Row(.post, "/cases/{number}/acknowledge", .sessionForm),
        Row(.post, "/cases/{number}/close", .sessionForm),
        Row(.post, "/cases/{number}/replaced", .sessionForm),
        Row(.post, "/cases/{number}/repaired", .sessionForm),
        Row(.post, "/cases/{number}/acquitted", .sessionForm),
        Row(.post, "/cases/{number}/resend", .sessionForm),
        Row(.get, "/delivery", .session),
        Row(.post, "/delivery/{name}/catch-up", .sessionForm),
        Row(.post, "/delivery/{name}/drop", .sessionForm),
        Row(.post, "/delivery/{name}/try", .sessionForm),
        Row(.get, "/patterns", .session),
        Row(.post, "/patterns/update", .sessionForm),
        Row(.post, "/patterns/{name}/rollout", .sessionForm),
        Row(.post, "/patterns/{name}/halt", .sessionForm),
        Row(.post, "/patterns/{name}/rollback", .sessionForm),
        Row(.get, "/accounts", .session),
        Row(.post, "/accounts/{name}/end", .sessionForm),
        Row(.post, "/accounts/{name}/logins/{id}/end", .sessionForm),
        Row(.post, "/accounts/{name}/remove", .sessionForm),
    ]

    private static let authorities = Dictionary(
        rows.map { (key($0.method, RouterPath($0.path).description), $0.authority) },
        uniquingKeysWith: { first, _ in first })

    private static func key(_ method: HTTPRequest.Method, _ path: String) -> String { "\(method.rawValue) \(path)" }

    /// - Parameter path: as the router describes it.
    /// - Returns: nil where the route does not stand in the table.
    static func authority(of method: HTTPRequest.Method, _ path: String) -> Authority? {
        authorities[key(method, path)]
    }
}
