import Foundation
import TestSupport
import Testing
import Transfer

/// What the server of the tests says it was asked.
private struct Told: Decodable {
    var method: String
    var path: String
    var connection: Int
    var body: String
    var headers: [String: String]
}

@Suite("HTTP through libcurl, against real servers")
struct HTTPTransferTests {
    private static let server = Result { try ServerProgram("web") }
    private let server: ServerProgram

    init() throws { server = try HTTPTransferTests.server.get() }

    private func transfer(_ change: (inout HTTPTransfer.Options) -> Void = { _ in }) -> HTTPTransfer {
        var options = HTTPTransfer.Options(trust: .pinned(caPEM: server["ca"]))
        change(&options)
        return HTTPTransfer(options)
    }

    private func url(_ kind: String, _ path: String = "/") -> String {
        "\(kind == "plain" || kind == "silent" || kind == "closed" ? "http" : "https")://127.0.0.1:\(server[kind])\(path)"
    }

    private func told(_ response: HTTPResponse) throws -> Told {
        try JSONDecoder().decode(Told.self, from: response.body)
    }

    @Test("A request arrives with its method, headers and body, and no header of libcurl's choosing")
    func whatArrives() async throws {
        let body = Data((0..<2_000_000).map { UInt8(truncatingIfNeeded: $0) })
        let request = HTTPRequest(
            method: "POST", url: url("tls", "/reports?x=1"), headers: [("X-One", "1"), ("X-Empty", "")], body: body)
        let got = try told(await transfer().send(request))
        #expect(got.method == "POST")
        #expect(got.path == "/reports?x=1")
        #expect(Data(got.body.unicodeScalars.map { UInt8($0.value) }) == body)
        #expect(got.headers["x-one"] == "1")
        #expect(got.headers["x-empty"] == "")
        #expect(got.headers["content-type"] == nil)
        #expect(got.headers["expect"] == nil)
        #expect(got.headers["content-length"] == "2000000")
    }

    @Test("Every method passes, with and without a body", arguments: ["GET", "PUT", "DELETE", "POST"])
    func methods(_ method: String) async throws {
        let bare = try told(await transfer().send(HTTPRequest(method: method, url: url("plain"))))
        #expect(bare.method == method)
        let empty = try told(await transfer().send(HTTPRequest(method: method, url: url("plain"), body: Data())))
        #expect(empty.method == method)
        #expect(empty.body == "")
    }

    @Test("HEAD ends without waiting for a body")
    func head() async throws {
        let response = try await transfer().send(HTTPRequest(method: "HEAD", url: url("plain", "/bytes/10")))
        #expect(response.status == 200)
        #expect(response.headers["content-length"] == "10")
        #expect(response.body.isEmpty)
    }

    @Test("A status is an answer: its header names are in lower case, repeated ones joined")
    func statusAndHeaders() async throws {
        let response = try await transfer().send(HTTPRequest(url: url("plain", "/busy")))
        #expect(response.status == 429)
        #expect(response.headers["retry-after"] == "7")
        #expect(response.headers["x-twice"] == "a, b")
        #expect(response.body == Data("later".utf8))
    }

    @Test("A redirect is returned, not followed")
    func redirect() async throws {
        let response = try await transfer().send(HTTPRequest(url: url("plain", "/redirect")))
        #expect(response.status == 302)
        #expect(response.headers["location"] == "/elsewhere")
    }

    @Test("The connection is kept for the next request, also by another transfer with the same trust")
    func connectionIsKept() async throws {
        // Other tests use the pool as well, so a connection may be taken by one of them: one of ten pairs suffices.
        for _ in 0..<10 {
            let first = try told(await transfer().send(HTTPRequest(url: url("tls")))).connection
            let second = try told(await transfer().send(HTTPRequest(url: url("tls")))).connection
            if first == second { return }
        }
        Issue.record("no connection was used twice")
    }

    @Test("A connection that an unverified transfer made is not used by one that verifies")
    func connectionsAreNotMixed() async throws {
        for _ in 0..<3 {
            let response = try await transfer { $0.trust = .unverified }.send(HTTPRequest(url: url("wrongName")))
            #expect(response.status == 200)
            await #expect(throws: TransferError.self) { try await transfer().send(HTTPRequest(url: url("wrongName"))) }
        }
    }

    @Test("A pinned CA that did not sign the server's certificate is a TLS error")
    func wrongAuthority() async throws {
        for trust in [Trust.pinned(caPEM: server["otherCA"]), .pinned(caPEM: "garbage"), .pinned(caPEM: ""), .system] {
            let error = await #expect(throws: TransferError.self) {
                try await transfer { $0.trust = trust }.send(HTTPRequest(url: url("tls")))
            }
            guard case .tls = error else {
                Issue.record("\(String(describing: error)) for \(trust)")
                continue
            }
        }
    }

    @Test("A certificate of the pinned CA for another name is a TLS error")
    func wrongName() async throws {
        let error = await #expect(throws: TransferError.self) {
            try await transfer().send(HTTPRequest(url: url("wrongName")))
        }
        guard case .tls(let server, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server == "https://127.0.0.1:\(self.server["wrongName"])")
    }

    @Test("TLS to a port that speaks none is said to be that, not a wrong certificate")
    func mixedUp() async throws {
        let address = "https://127.0.0.1:\(server["plain"])"
        let error = await #expect(throws: TransferError.self) {
            try await transfer().send(HTTPRequest(url: address + "/"))
        }
        #expect(error == .unreachable(address, .noTLS))
        #expect(error?.description.contains("is the port right") == true)
    }

    @Test("A server that is silent, at the handshake or after the request, times out")
    func hang() async throws {
        // Long enough to connect while everything else runs too.
        let limit = Duration.seconds(3)
        let silent = "127.0.0.1:\(server["silent"])"
        let places = [
            ("http://127.0.0.1:\(server["plain"])", "/hang"), ("http://\(silent)", "/"), ("https://\(silent)", "/"),
        ]
        await withTaskGroup(of: Void.self) { group in
            for (name, path) in places {
                group.addTask {
                    await #expect(throws: TransferError.timedOut(name, after: limit)) {
                        try await transfer { $0.timeout = limit }.send(HTTPRequest(url: name + path))
                    }
                }
            }
        }
    }

    @Test("Who is silent in the handshake is waited for as long as a connection may take, and that is said")
    func silentHandshake() async {
        let name = "https://127.0.0.1:\(server["silent"])"
        await #expect(throws: TransferError.timedOut(name, after: .seconds(3))) {
            try await transfer {
                $0.connectTimeout = .seconds(3)
                $0.timeout = .seconds(60)
            }.send(HTTPRequest(url: name + "/"))
        }
    }

    @Test("An answer at the limit is taken, one byte more is not, and an endless one ends")
    func tooLarge() async throws {
        let sized = url("plain", "/bytes/100000")
        let whole = try await transfer { $0.maximumResponseBytes = 101_000 }.send(HTTPRequest(url: sized))
        #expect(whole.body.count == 100_000)
        for address in [sized, url("plain", "/huge")] {
            await #expect(
                throws: TransferError.tooLarge("http://127.0.0.1:\(server["plain"])", limit: 100_000)
            ) {
                try await transfer { $0.maximumResponseBytes = 100_000 }.send(HTTPRequest(url: address))
            }
        }
    }

    @Test("A server that does not speak HTTP refused the request")
    func noHTTP() async throws {
        let error = await #expect(throws: TransferError.self) {
            try await transfer().send(HTTPRequest(url: url("plain", "/garbage")))
        }
        guard case .refused = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "A server that closes the connection, before or in its answer, is told as that: no firewall is blamed",
        arguments: ["/break-off", "/vanish", "/reset"])
    func closed(_ path: String) async throws {
        for method in ["GET", "POST"] {
            let error = await #expect(throws: TransferError.self) {
                try await transfer().send(
                    HTTPRequest(method: method, url: url("plain", path), body: method == "GET" ? nil : Data(count: 10)))
            }
            guard case .closed(let server, _) = error else {
                Issue.record("\(method): \(String(describing: error))")
                continue
            }
            #expect(server == "http://127.0.0.1:\(self.server["plain"])")
            #expect(error?.description.contains("closed the connection") == true)
            #expect(error?.description.contains("firewall") == false)
        }
    }

    @Test("Each thing that stands in the way of a connection has its own words and its own step")
    func unreachable() async throws {
        let places: [(String, TransferError.Obstacle, String)] = [
            (url("closed"), .nothingListens(atProxy: false), "is it started"),
            ("http://no-such-host.invalid/", .unknownName(ofProxy: false), "name resolution"),
        ]
        for (address, obstacle, step) in places {
            let error = await #expect(throws: TransferError.self) {
                try await transfer().send(HTTPRequest(url: address))
            }
            guard case .unreachable(let server, obstacle) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(address.hasPrefix(server))
            #expect(error?.description.contains(step) == true)
            #expect(error?.description.contains("firewall") == false)
        }
        let proxied = await #expect(throws: TransferError.self) {
            try await transfer { $0.proxy = "http://no-such-proxy.invalid:3128" }.send(HTTPRequest(url: url("plain")))
        }
        #expect(
            proxied == .unreachable("http://127.0.0.1:\(server["plain"])", .unknownName(ofProxy: true)))
    }

    @Test("A machine that says nothing at all is one that there is no connection to")
    func noConnection() async throws {
        let full = try FullPort()
        let limit = Duration.milliseconds(300)
        let name = "http://127.0.0.1:\(full.port)"
        await #expect(throws: TransferError.unreachable(name, .noConnection(within: limit))) {
            try await transfer { $0.connectTimeout = limit }.send(HTTPRequest(url: name))
        }
    }

    @Test("A local socket that is not there, or that nobody listens on, is named by its path")
    func noUnixSocket() async throws {
        let missing = "/tmp/callhome-no-such-\(UUID().uuidString).sock"
        await #expect(throws: TransferError.unreachable(missing, .nothingListens(atProxy: false))) {
            try await transfer { $0.unixSocket = missing }.send(HTTPRequest(url: "http://localhost/"))
        }
    }

    @Test(
        "What is no HTTP address is refused before anything is sent",
        arguments: [
            "", "collector", "ftp://host/", "file:///etc/passwd", "http://", "http://a b/", "https://host/\u{0}",
            "https://host/\r\nX: y", "https://host:99999/", "https://[::1/",
        ])
    func badURL(_ address: String) async throws {
        let error = await #expect(throws: TransferError.self) { try await transfer().send(HTTPRequest(url: address)) }
        guard case .badURL = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("Errors do not show the credentials, the path or the query of the address")
    func secretsStayOut() async throws {
        let address = "http://user:secret@127.0.0.1:\(server["closed"])/hooks/secret?key=secret"
        let error = await #expect(throws: TransferError.self) { try await transfer().send(HTTPRequest(url: address)) }
        #expect(error?.description.contains("secret") == false)
        #expect(TransferError.badURL("").description.contains("https://"))
    }

    @Test("A header or method that could begin another line is refused")
    func injection() async throws {
        let requests = [
            HTTPRequest(url: url("plain"), headers: [("X", "a\r\nY: b")]),
            HTTPRequest(url: url("plain"), headers: [("X: a\r\nY", "b")]),
            HTTPRequest(url: url("plain"), headers: [("", "b")]),
            HTTPRequest(url: url("plain"), headers: [("X", "a\u{0}b")]),
            HTTPRequest(method: "GET / HTTP/1.1\r\nX:", url: url("plain")),
        ]
        for request in requests {
            let error = await #expect(throws: TransferError.self) { try await transfer().send(request) }
            guard case .refused = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test("A proxy is asked instead of the server; a proxy that is not there is unreachable")
    func proxy() async throws {
        let proxied = transfer { $0.proxy = "http://127.0.0.1:\(server["plain"])" }
        let got = try told(await proxied.send(HTTPRequest(url: "http://collector.invalid/x")))
        #expect(got.path == "http://collector.invalid/x")
        let gone = transfer { $0.proxy = "http://127.0.0.1:\(server["closed"])" }
        let error = await #expect(throws: TransferError.self) { try await gone.send(HTTPRequest(url: url("plain"))) }
        #expect(error == .unreachable("http://127.0.0.1:\(server["plain"])", .nothingListens(atProxy: true)))
    }

    @Test("A Unix-domain socket is connected to, whatever the address says")
    func unixSocket() async throws {
        let local = transfer { $0.unixSocket = server["unix"] }
        #expect(try told(await local.send(HTTPRequest(url: "http://localhost/x"))).path == "/x")
    }

    @Test("A cancelled task ends at once, before and during its transfer")
    func cancellation() async throws {
        let address = url("plain", "/hang")
        let name = "http://127.0.0.1:\(server["plain"])"
        let transfer = transfer()
        let during = Task { try await transfer.send(HTTPRequest(url: address)) }
        _ = try await transfer.send(HTTPRequest(url: url("plain")))
        during.cancel()
        await #expect(throws: TransferError.cancelled(name)) { try await during.value }
        let before = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await transfer.send(HTTPRequest(url: address))
        }
        before.cancel()
        await #expect(throws: TransferError.cancelled(name)) { try await before.value }
    }

    @Test("Servers that hang do not keep a request to another server waiting")
    func manyHanging() async throws {
        let transfer = transfer()
        let hanging = (0..<40).map { index in
            let address = index < 20 ? url("silent") : "https://127.0.0.1:\(server["silent"])/"
            return Task { try await transfer.send(HTTPRequest(url: address)) }
        }
        for _ in 0..<20 { #expect(try await transfer.send(HTTPRequest(url: url("plain"))).status == 200) }
        for task in hanging { task.cancel() }
        for task in hanging { await #expect(throws: TransferError.self) { try await task.value } }
    }

    @Test("Many requests at once all get their own answer")
    func manyAtOnce() async throws {
        let transfer = transfer()
        let paths = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for number in 0..<200 {
                let address = url(number % 2 == 0 ? "tls" : "plain", "/\(number)")
                group.addTask {
                    let body = try await transfer.send(HTTPRequest(url: address)).body
                    return (number, try JSONDecoder().decode(Told.self, from: body).path)
                }
            }
            return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        #expect(paths == Dictionary(uniqueKeysWithValues: (0..<200).map { ($0, "/\($0)") }))
    }
}

/// A port whose queue of connections is full: the kernel answers no further one (net.ipv4.tcp_abort_on_overflow is off).
private final class FullPort {
    let port: Int
    private var descriptors: [Int32] = []

    init() throws {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        descriptors = [listening]
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        func with(_ call: (UnsafeMutablePointer<sockaddr>) -> Int32) -> Int32 {
            unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe call($0) }
            }
        }
        #expect(unsafe with { unsafe bind(listening, $0, length) } == 0 && listen(listening, 0) == 0)
        #expect(unsafe with { unsafe getsockname(listening, $0, &length) } == 0)
        port = Int(UInt16(bigEndian: address.sin_port))
        // One more than the queue takes; the rest hangs.
        for _ in 0..<4 {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            _ = unsafe with { unsafe connect(client, $0, length) }
            descriptors.append(client)
        }
    }

    deinit { for descriptor in descriptors { close(descriptor) } }
}
