public import FoundationEssentials

/// One HTTP request: RFC 9110.
public struct HTTPRequest: Sendable {
    public var method: String
    /// `http:` or `https:`; any other scheme is refused.
    public var url: String
    public var headers: [(name: String, value: String)]
    public var body: Data?

    public init(method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: Data? = nil) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// The answer to an `HTTPRequest`, whatever its status.
public struct HTTPResponse: Sendable {
    public var status: Int
    /// Names in lower case; values of a repeated header are joined by `, `.
    public var headers: [String: String]
    public var body: Data

    public init(status: Int, headers: [String: String] = [:], body: Data = Data()) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

extension HTTPResponse {
    /// The last response among the lines that a server sent: interim responses (1xx) come before it.
    init(status: Int, headerLines: [String], body: Data) {
        var headers: [String: String] = [:]
        for line in headerLines {
            if line.hasPrefix("HTTP/") {
                headers = [:]
            } else if let colon = line.firstIndex(of: ":") {
                let name = line[..<colon].lowercased()
                let value = line[line.index(after: colon)...].trimmingASCIISpace()
                headers[name] = headers[name].map { $0 + ", " + value } ?? value
            }
        }
        self.init(status: status, headers: headers, body: body)
    }
}

extension StringProtocol {
    func trimmingASCIISpace() -> String {
        let isSpace = { (character: Character) in character.isASCII && character.isWhitespace }
        let start = drop(while: isSpace)
        return String(start.reversed().drop(while: isSpace).reversed())
    }
}
