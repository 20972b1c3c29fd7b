import Crypto
import FoundationEssentials
import Hummingbird
import Reports

/// Who looks at a page, and how.
struct ConsoleRequest: Sendable {
    /// `__Host-` makes browsers insist on HTTPS, this host and path `/`.
    static let sessionCookie = "__Host-callhome"
    /// Binds the login form to the browser that asked for it.
    static let formCookie = "__Host-callhome-form"
    static let languageCookie = "callhome-language"

    var account: String?
    /// The session's secret; before the login that of the form.
    var secret: String
    /// True where `secret` was just made and the browser must receive it.
    var isNew: Bool
    var language: Language
    /// Path and query of this page.
    var path: String
    var time: Timestamp

    /// What a form must send back: only pages of this console can know it, as no other site can read the cookie.
    var csrf: String { ConsoleRequest.csrf(for: secret) }

    static func csrf(for secret: String) -> String {
        Data(
            HMAC<SHA256>.authenticationCode(
                for: Data("callhome-form".utf8), using: SymmetricKey(data: Data(secret.utf8)))
        )
        .hexadecimal
    }

    func isOwn(_ csrf: String) -> Bool { ConstantTime.equal(Data(csrf.utf8), Data(self.csrf.utf8)) }

    init(_ request: Request, authenticator: Authenticator, at time: Timestamp) async throws(StoreError) {
        self.time = time
        path = request.uri.description
        let cookies = request.cookies
        language =
            cookies[ConsoleRequest.languageCookie].flatMap { Language(rawValue: $0.value) }
            ?? Language.preferred(byHeader: request.headers[.acceptLanguage])
        if let session = cookies[ConsoleRequest.sessionCookie]?.value,
            let name = try await authenticator.account(secret: session, kind: .session, at: time)
        {
            (account, secret, isNew) = (name, session, false)
        } else if let form = cookies[ConsoleRequest.formCookie]?.value, form.utf8.count == 64 {
            (account, secret, isNew) = (nil, form, false)
        } else {
            (account, secret, isNew) = (nil, RandomBytes.make(32).hexadecimal, true)
        }
    }

    /// A path on this console to go back to; anything else leads home.
    static func localPath(_ text: String?) -> String {
        guard let text, text.hasPrefix("/"), !text.hasPrefix("//"), text.utf8.count <= 500,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5C })
        else { return "/" }
        return text
    }
}

/// A form of the console, sent from a page that this console made for this browser.
struct ConsoleForm: Sendable {
    private static let maximumBytes = 64 << 10

    private struct Fields: Decodable {
        var csrf: String?
        var because: String?
        var name: String?
        var password: String?
        var names: [String]?
        var all: Bool?
    }

    var because: String?
    var name: String?
    var password: String?
    /// What is ticked, and whether all is meant.
    var names: [String]
    var all: Bool

    /// - Throws: `RequestProblem` where the form cannot be read or comes from elsewhere.
    init(_ request: Request, of visit: ConsoleRequest, by reader: BodyReader, from peer: String) async throws {
        let share = reader.budget.share(of: peer)
        defer { share.end() }
        let body = try await reader.read(request, limit: ConsoleForm.maximumBytes, in: share)
        let fields: Fields
        do {
            fields = try URLEncodedFormDecoder().decode(Fields.self, from: String(decoding: body, as: UTF8.self))
        } catch {
            throw RequestProblem(.badRequest, "bad-request", "The form cannot be read. Go back and try again.")
        }
        guard visit.isOwn(fields.csrf ?? "") else {
            throw RequestProblem(
                .forbidden, "foreign-form",
                "This form is too old, or was not made by this console. Go back and try again.")
        }
        (because, name, password) = (fields.because, fields.name, fields.password)
        (names, all) = (fields.names ?? [], fields.all ?? false)
    }
}
