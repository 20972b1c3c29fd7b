/// Sends HTTP requests through libcurl, HTTP/1.1, connections kept for the next request.
///
/// Redirects are not followed and proxies named by the environment are not used: what is sent where is decided by the
/// configuration alone.
public struct HTTPTransfer: Sendable {
    public struct Options: Sendable {
        public var trust: Trust
        /// `http://[user:password@]server:port`, `socks5h://…`; nil for none.
        public var proxy: String?
        /// Until the connection stands, TLS included.
        public var connectTimeout: Duration
        /// For the whole request.
        public var timeout: Duration
        /// Headers and body together.
        public var maximumResponseBytes: Int
        /// Path of a Unix-domain socket to connect to, whatever server the URL names.
        public var unixSocket: String?

        public init(
            trust: Trust = .system, proxy: String? = nil, connectTimeout: Duration = .seconds(10),
            timeout: Duration = .seconds(60), maximumResponseBytes: Int = 8 << 20, unixSocket: String? = nil
        ) {
            self.trust = trust
            self.proxy = proxy
            self.connectTimeout = connectTimeout
            self.timeout = timeout
            self.maximumResponseBytes = maximumResponseBytes
            self.unixSocket = unixSocket
        }
    }

    private let options: Options

    public init(_ options: Options = Options()) { self.options = options }

    /// Sends `request` and waits for the whole answer. Any status is an answer, not an error.
    public func send(_ request: HTTPRequest) async throws(TransferError) -> HTTPResponse {
        guard let named = HTTPTransfer.server(of: request.url) else {
            throw .badURL(HTTPTransfer.withoutCredentials(request.url))
        }
        let server = options.unixSocket ?? named
        if let problem = HTTPTransfer.problem(of: request) { throw .refused(server, because: problem) }
        let job = CurlJob(
            url: request.url,
            kind: .http(
                method: request.method, headers: request.headers.map { ($0.name, $0.value) }, body: request.body),
            trust: options.trust, proxy: options.proxy, unixSocket: options.unixSocket,
            connectTimeout: options.connectTimeout, timeout: options.timeout,
            maximumResponseBytes: options.maximumResponseBytes)
        let outcome = await CurlLoop.perform(job)
        if let failure = outcome.failure { throw TransferError(failure, server: server, job: job) }
        return HTTPResponse(status: outcome.status, headerLines: outcome.headerLines, body: outcome.body)
    }

    /// `https://server:port` of a URL; nil where it has another form. The rest of the checks is libcurl's.
    static func server(of url: String) -> String? {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let end = url.firstRange(of: "://") else { return nil }
        let scheme = url[..<end.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let authority = url[end.upperBound...].prefix { !"/?#".contains($0) }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return host.isEmpty ? nil : "\(scheme)://\(host)"
    }

    static func withoutCredentials(_ url: String) -> String {
        guard let at = url.lastIndex(of: "@") else { return url }
        let scheme = url.firstRange(of: "://").map { String(url[..<$0.upperBound]) } ?? ""
        return scheme + url[url.index(after: at)...]
    }

    private static func problem(of request: HTTPRequest) -> String? {
        if !isToken(request.method) { return "\(request.method.debugDescription) is no method" }
        for (name, value) in request.headers {
            if !isToken(name) { return "\(name.debugDescription) is no name of a header" }
            if value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
                return "the value of the header \(name) holds a control character"
            }
        }
        return nil
    }

    /// RFC 9110, section 5.6.2.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }
}
