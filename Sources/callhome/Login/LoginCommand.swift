import ArgumentParser
import FoundationEssentials
import Glibc
import Reports
import Transfer

/// `callhome login URL`.
struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Log in at a collector, for `cases` and `servers`.",
        discussion: """
            The collector's TLS root is fetched and its fingerprint compared with --ca-fingerprint (the collector logs it at every \
            start, and `callhome-collector fingerprint` prints it on its machine); without it you are asked to compare it \
            yourself. With --password-stdin you are asked on the terminal, and where there is none the login is refused \
            before the password is read. The token that is stored lets its holder see and close cases: the file is \
            readable by you only.

            \(ExitStatus.help("logged in", [
                (.usage, "the address is none, or there is no terminal to ask on"),
                (.data, "what answers is no collector, or no password was given"),
                (.cannotWrite, "the login cannot be stored"), (.unavailable, "the collector does not answer"),
                (.tryAgain, "too many wrong passwords"), (.permission, "name, password or fingerprint are not right"),
            ]))
            """)

    @Argument(help: "The collector: https://name:8443.")
    var url: String

    @Option(help: "SHA-256 of the collector's TLS root, in hexadecimal.")
    var caFingerprint: String?

    @Option(help: "The login's name.")
    var name = "admin"

    @Flag(help: "Read the password as one line from standard input.")
    var passwordStdin = false

    func validate() throws {
        guard let wanted = caFingerprint else { return }
        let digits = LoginCommand.digits(of: wanted)
        guard digits.allSatisfy({ $0.isASCII && $0.isHexDigit }), digits.count == LoginCommand.fingerprintDigits else {
            let what =
                digits.allSatisfy { $0.isASCII && $0.isHexDigit } ? "has \(digits.count)" : "has other characters"
            throw ValidationError(
                "--ca-fingerprint is \(LoginCommand.fingerprintDigits) hexadecimal digits (SHA-256), with colons or without; "
                    + "this one \(what): copy it whole from callhome-collector fingerprint")
        }
    }

    /// Of SHA-256.
    private static let fingerprintDigits = 64

    private static func digits(of fingerprint: String) -> String {
        fingerprint.lowercased().filter { $0 != ":" && !$0.isWhitespace }
    }

    func run() async throws {
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard base.hasPrefix("https://") else {
            Console.complain("\(url) does not begin with https://")
            throw ExitStatus.usage.exit
        }
        guard passwordStdin || isatty(STDIN_FILENO) == 1 else {
            let fingerprint = caFingerprint == nil ? ", and --ca-fingerprint" : ""
            Console.complain(
                "nobody can be asked for the password: standard input is no terminal. Give --password-stdin\(fingerprint), "
                    + "and the password as one line on standard input")
            throw ExitStatus.usage.exit
        }
        let ca = try await root(of: base)
        let password = try LoginCommand.password(fromInput: passwordStdin)
        let client = CollectorClient(login: StoredLogin(url: base, token: "", ca: ca))
        let answer = try await client.ask(
            CollectorAPI.LoginAnswer.self, "/login", method: "POST",
            body: CollectorAPI.Login(name: name, password: password, note: LoginCommand.note))
        do {
            try StoredLogin(url: base, token: answer.token, ca: ca).save()
        } catch {
            Console.complain("\(error)")
            throw ExitStatus.cannotWrite.exit
        }
        print("logged in at \(base) as \(answer.account), until \(answer.expiresAt)")
    }

    /// A certificate in PEM, of whoever answers: it is worth nothing until its fingerprint was compared.
    private func certificate(_ path: String, of base: String) async throws -> String {
        let transfer = HTTPTransfer(HTTPTransfer.Options(trust: .unverified, timeout: CollectorClient.timeout))
        do {
            let response = try await transfer.send(HTTPRequest(url: base + path))
            guard response.status == 200 else {
                Console.complain("\(base) answered \(response.status): is it a collector?")
                throw ExitStatus.data.exit
            }
            return String(decoding: response.body, as: UTF8.self)
        } catch let error as TransferError {
            Console.complain("\(error)")
            throw ExitStatus.unavailable.exit
        }
    }

    /// The TLS root's PEM, once its fingerprint is what the user expects.
    private func root(of base: String) async throws -> String {
        let pem = try await certificate(Routes.ca, of: base)
        guard let found = LoginCommand.fingerprint(ofPEM: pem) else {
            Console.complain("\(base) sent no certificate: is it a collector?")
            throw ExitStatus.data.exit
        }
        if let wanted = caFingerprint {
            guard LoginCommand.digits(of: wanted) == found else {
                let agents = try? await certificate(Routes.agentsCA, of: base)
                let isEarlier = agents.flatMap(LoginCommand.fingerprint(ofPEM:)) == LoginCommand.digits(of: wanted)
                Console.complain(
                    isEarlier
                        ? "\(wanted) is the CA that \(base) had before its TLS root; now it vouches for servers' keys only. "
                            + "The TLS root is \(found): compare it with what `callhome-collector fingerprint` prints there, "
                            + "then give that one"
                        : "the TLS root of \(base) is \(found), not \(wanted): do not log in before you know why")
                throw ExitStatus.permission.exit
            }
        } else {
            let question =
                "TLS root of \(base):\n  \(found)\nCompare it with what `callhome-collector fingerprint` prints there. "
                + "Is it the same? [yes/no] "
            guard try answer(to: question, at: base) == "yes" else {
                Console.complain("not logged in: the fingerprint was not confirmed with yes")
                throw ExitStatus.permission.exit
            }
        }
        // Whoever the CA of 0.1 vouches for could be the collector.
        guard CertificateOutline(pem: pem)?.objectionAsRoot == nil else {
            Console.complain(
                "what \(base) shows is the CA of a collector of version 0.1 (\(found)), and whoever that one vouches for could "
                    + "be it: update the collector, then log in with what `callhome-collector fingerprint` prints there"
            )
            throw ExitStatus.permission.exit
        }
        return pem
    }

    /// What a person answers. Standard input may hold the password: then only the terminal is asked.
    private func answer(to question: String, at base: String) throws -> String? {
        guard passwordStdin else {
            Console.complain(question)
            return readLine()?.lowercased()
        }
        let terminal = unsafe fopen("/dev/tty", "r+e")
        guard let terminal = unsafe terminal else {
            Console.complain(
                "nobody can be asked whether the TLS root of \(base) is the right one: give --ca-fingerprint "
                    + "(`callhome-collector fingerprint` prints it on the collector's machine)")
            throw ExitStatus.usage.exit
        }
        defer { unsafe fclose(terminal) }
        unsafe fputs(question, terminal)
        unsafe fflush(terminal)
        // No answer of a person is longer.
        var line = [CChar](repeating: 0, count: 80)
        guard unsafe fgets(&line, CInt(line.count), terminal) != nil else { return nil }
        let bytes = line.prefix { $0 != 0 && $0 != 0x0A && $0 != 0x0D }.map(UInt8.init(bitPattern:))
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }

    /// SHA-256 of the first certificate's DER (RFC 7468 armour).
    static func fingerprint(ofPEM pem: String) -> String? {
        let lines = pem.split(whereSeparator: \.isNewline)
        guard let begin = lines.firstIndex(of: "-----BEGIN CERTIFICATE-----"),
            let end = lines[begin...].firstIndex(of: "-----END CERTIFICATE-----"),
            let der = Data(base64Encoded: lines[(begin + 1)..<end].joined()), !der.isEmpty
        else { return nil }
        return ContentHash.sha256(der)
    }

    /// How the token is listed: user and host.
    private static var note: String {
        let user = ProcessInfo.processInfo.environment["USER"] ?? "\(getuid())"
        return "callhome of \(user) on \(ProcessInfo.processInfo.hostName)"
    }

    private static func password(fromInput: Bool) throws -> String {
        var hidden: termios?
        if !fromInput, isatty(STDIN_FILENO) == 1 {
            Console.complain("Password: ")
            var settings = termios()
            if unsafe tcgetattr(STDIN_FILENO, &settings) == 0 {
                hidden = settings
                settings.c_lflag &= ~tcflag_t(ECHO)
                _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            }
        }
        let line = readLine()
        if var settings = hidden { _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings) }
        guard let line, !line.isEmpty else {
            Console.complain("no password was given")
            throw ExitStatus.data.exit
        }
        return line
    }
}
