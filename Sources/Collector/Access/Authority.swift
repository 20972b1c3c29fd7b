/// Who may ask for a route, and what shows it.
///
/// What stands in the head of a request, a token or a cookie, is checked by `AuthorityMiddleware` before the route sees
/// the request. What stands in the body, a signature or a one-time token, is checked by whatever reads that body, which is
/// named here: nothing else makes what such a route works with.
enum Authority: String, Hashable, Sendable, CaseIterable {
    /// Anybody. The answer holds nothing of servers and their parts, or only to who knows 128 random bits of its path.
    case anyone
    /// Anybody, in short; in full whoever shows an API token, or asks on the local socket.
    case anyoneInShort
    /// Whoever knows name and password, in the body: `Authenticator.login`.
    case password
    /// An API token, or the local socket, which only root can open.
    case account
    /// A browser that is not logged in: it gets the cookie that its forms must match.
    case visitor
    /// A form of this console with name and password: the browser's own form, and `Authenticator.login`.
    case loginForm
    /// A browser that is logged in.
    case session
    /// A browser that is logged in, and a form that this console made for it.
    case sessionForm
    /// A server's one-time token, and proof that it has the key it brings: `OneTimeTokens.admitted`.
    case joinToken
    /// Another collector's one-time token, and proof likewise: `OneTimeTokens.admitted`.
    case pairingToken
    /// The signature of an enrolled agent on each report: `ReportVerifier`.
    case agentSignature
    /// The signature of a paired collector on the message: `PairingRoute`.
    case siteSignature
}
