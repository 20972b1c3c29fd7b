import ArgumentParser
import FoundationEssentials
import Reports
import Synchronization
import Transfer

/// Which collector a command asks, and how.
struct CollectorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The collector's own socket, for root on its machine, instead of the login.", valueName: "path"))
    var collectorSocket: String?

    @Flag(help: "Print JSON.")
    var json = false

    /// The client, or the exit that states how to log in.
    /// - Parameter timeout: of each answer.
    func client(within timeout: Duration = CollectorClient.timeout) throws -> CollectorClient {
        if let collectorSocket { return CollectorClient(socket: collectorSocket, within: timeout) }
        let login: StoredLogin?
        do { login = try StoredLogin.load() } catch {
            Console.complain("\(error)")
            throw ExitStatus.permission.exit
        }
        guard let login else {
            let local = CollectorClient.localSocket
            if FileManager.default.isWritableFile(atPath: local) {
                return CollectorClient(socket: local, within: timeout)
            }
            Console.complain("nobody is logged in: callhome login https://COLLECTOR:8443 (or, on its machine, as root)")
            throw ExitStatus.permission.exit
        }
        return CollectorClient(login: login, within: timeout)
    }
}

/// Speaks to a collector's API. What goes wrong is printed on standard error, and ends the command.
struct CollectorClient {
    static let timeout = Duration.seconds(30)
    static let localSocket = "/run/callhome-collector/collector.sock"

    private let base: String
    private let token: String
    /// What is trusted is the CA of 0.1, which the collector shows no more once every server has moved.
    private let isOld: Bool
    private let transfer: HTTPTransfer
    private let standing = ToldStanding()

    init(login: StoredLogin, within timeout: Duration = CollectorClient.timeout) {
        base = login.url
        token = login.token
        isOld = CertificateOutline(pem: login.ca)?.objectionAsRoot != nil
        transfer = HTTPTransfer(
            HTTPTransfer.Options(
                trust: .collector(rootPEM: login.ca), timeout: timeout, maximumResponseBytes: 64 << 20))
    }

    init(socket: String, within timeout: Duration = CollectorClient.timeout) {
        base = "http://localhost"
        token = ""
        isOld = false
        transfer = HTTPTransfer(
            HTTPTransfer.Options(timeout: timeout, maximumResponseBytes: 64 << 20, unixSocket: socket))
    }

    func ask<Answer: Decodable>(
        _ type: Answer.Type, _ path: String, method: String = "GET", body: (any Encodable)? = nil
    ) async throws -> Answer {
        var headers: [(name: String, value: String)] = [("content-type", "application/json")]
        if !token.isEmpty { headers.append(("authorization", "Bearer \(token)")) }
        let response: HTTPResponse
        do {
            response = try await transfer.send(
                HTTPRequest(
                    method: method, url: base + Routes.api + path, headers: headers,
                    body: try body.map { try WireFormat.encode($0) }))
        } catch {
            Console.complain("collector: \(error)\(step(after: error))")
            throw ExitStatus.unavailable.exit
        }
        standing.tell(response.headers[Routes.standingHeader])
        guard (200..<300).contains(response.status) else {
            let problem = try? WireFormat.decode(Problem.self, from: response.body)
            Console.complain("collector: \(problem?.description ?? "it answered \(response.status)")")
            throw ExitStatus(ofAnswer: response.status).exit
        }
        do {
            return try WireFormat.decode(type, from: response.body)
        } catch {
            Console.complain(
                "collector: its answer is not understood; is it newer than this command (\(CallhomeVersion.current))?")
            throw ExitStatus.data.exit
        }
    }

    /// What to do where nobody listens: on the collector's machine.
    private func step(after error: any Error) -> String {
        if case TransferError.tls = error, isOld {
            return ". The login is from before the collector's TLS root: callhome login \(base)"
        }
        guard case TransferError.unreachable(_, .nothingListens(false)) = error else { return "" }
        return " On its machine: systemctl status callhome-collector"
    }

    /// One segment of a path, percent-encoded (RFC 3986 section 2.1).
    static func segment(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-_~.".utf8.contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + [byte].hexadecimal.uppercased()
        }.joined()
    }
}

/// Says once in a command that its collector may not act for its site.
private final class ToldStanding: Sendable {
    private let isTold = Atomic(false)

    /// - Parameter words: the collector's; nil where it serves.
    func tell(_ words: String?) {
        guard let words, !isTold.exchange(true, ordering: .relaxed) else { return }
        Console.complain("collector: \(String(words.prefix(500)).printable)")
    }
}

extension ExitStatus {
    /// What a collector's refusal means.
    /// - Parameter status: of HTTP (RFC 9110 section 15), none of 200 to 299.
    init(ofAnswer status: Int) {
        self =
            switch status {
            case 401, 403: .permission
            case 404: .missing
            case 429: .tryAgain
            case 500...: .unavailable
            default: .data
            }
    }

    /// `Exit codes: …` of a command that asks a collector.
    /// - Parameter missing: what may not be there, such as `no such case`; nil where nothing is named.
    static func collectorHelp(_ done: String, missing: String? = nil) -> String {
        let permission = "nobody is logged in, or the login is refused"
        let unavailable = "the collector does not answer"
        return help(
            done,
            [(.data, "refused"), (.unavailable, unavailable), (.permission, permission)]
                + [(.tryAgain, "it is asked too often")] + (missing.map { [(.missing, $0)] } ?? []))
    }
}
