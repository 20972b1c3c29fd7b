import HTTPTypes
import Hummingbird

/// Answers with the headers that keep a page from doing what it should not.
///
/// No Strict-Transport-Security: with a CA of its own, a browser could then never be let past a changed certificate.
enum ConsoleResponse {
    /// No script at all, styles and pictures from here only, forms to here only, in nobody's frame.
    private static let policy =
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    private static func headers(type: String, cache: String) -> HTTPFields {
        var fields: HTTPFields = [
            .contentType: type, .cacheControl: cache, .xContentTypeOptions: "nosniff", .contentSecurityPolicy: policy,
        ]
        for (name, value) in [
            ("x-frame-options", "DENY"), ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
        ] {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return fields
    }

    static func html(_ text: String, status: HTTPTypes.HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: headers(type: "text/html; charset=utf-8", cache: "no-store"),
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func text(_ text: String, status: HTTPTypes.HTTPResponse.Status) -> Response {
        Response(
            status: status, headers: headers(type: "text/plain; charset=utf-8", cache: "no-store"),
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// One hour: a new version of the program may bring another.
    static func asset(_ text: String, type: String) -> Response {
        Response(
            status: .ok, headers: headers(type: type, cache: "public, max-age=3600"),
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// 303: the next request is a GET, whatever this one was.
    static func redirect(to path: String) -> Response {
        var fields = headers(type: "text/plain; charset=utf-8", cache: "no-store")
        fields[.location] = path
        return Response(status: .seeOther, headers: fields)
    }

    static func cookie(_ name: String, _ value: String, seconds: Int) -> Cookie {
        Cookie(name: name, value: value, maxAge: seconds, path: "/", secure: true, httpOnly: true, sameSite: .lax)
    }
}
