import FoundationEssentials

/// `smtp://host:port`, `smtps://host`, `host:port`.
struct MailServerAddress: Hashable, Sendable {
    var host: String
    var port: Int?

    init?(_ text: String) {
        var rest = text[...]
        if let scheme = text.firstRange(of: "://") {
            guard ["smtp", "smtps"].contains(text[..<scheme.lowerBound].lowercased()) else { return nil }
            rest = text[scheme.upperBound...]
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
        } else {
            host = String(rest.prefix { $0 != ":" })
            rest = rest.drop { $0 != ":" }
        }
        guard !host.isEmpty, !host.contains("/"), !host.contains("@") else { return nil }
        if rest.isEmpty { return }
        guard rest.hasPrefix(":"), let number = Int(rest.dropFirst()), (1...65_535).contains(number) else { return nil }
        port = number
    }
}

/// `https://server:port/path`.
enum WebAddress {
    /// The address as it may stand in a log: what is before `@` and behind the server is often a secret.
    static func shown(_ text: String) -> String {
        var shown = ""
        var rest = text[...]
        if let end = text.firstRange(of: "://") {
            shown = String(text[..<end.upperBound].suffix(20))
            rest = text[end.upperBound...]
        }
        var server = rest.prefix { !"/?#".contains($0) }
        let path = rest.dropFirst(server.count)
        if let at = server.lastIndex(of: "@") {
            shown += "…@"
            server = server[server.index(after: at)...]
        }
        return CleanText.line(shown + server.prefix(100) + (path.count > 1 ? "/…" : path), limit: 130)
    }

    static func isValid(_ text: String, schemes: [String]) -> Bool {
        guard let end = text.firstRange(of: "://"), schemes.contains(String(text[..<end.lowerBound])),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let parts = URLComponents(string: text),
            let host = parts.host, !host.isEmpty
        else { return false }
        // What is no number is no port, and would be taken for part of the host.
        let authority = text[end.upperBound...].prefix { !"/?#".contains($0) }
        return !authority.hasSuffix(":") && (1...65_535).contains(parts.port ?? 443)
    }
}
