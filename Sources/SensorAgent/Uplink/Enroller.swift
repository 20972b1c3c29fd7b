import FoundationEssentials
import Reports
import Transfer

/// Introduces this agent to a collector, once, with a join token.
struct Enroller: Sendable {
    /// Bytes of an answer.
    private static let maximumResponseBytes = 1 << 20
    private let identities: IdentityFile
    private let hostname: String
    private let proxy: String?

    /// - Parameters:
    ///   - identities: where the identity lies and the new one is stored.
    ///   - hostname: what people call this server.
    init(identities: IdentityFile, hostname: String, proxy: String?) {
        self.identities = identities
        self.hostname = hostname
        self.proxy = proxy
    }

    /// Enrols at the collector `url`; the new identity is on disk when this returns.
    ///
    /// The CA certificate comes over a connection to anyone; it is believed only if its fingerprint is the token's, and only
    /// then is the token's secret sent, to a server whose certificate is by that CA.
    /// - Parameters:
    ///   - spoolEpoch: the epoch of the reports that wait. Under another host id they must be signed again, in a new one.
    ///   - replace: name or id of the server whose history this one takes over.
    func enroll(
        _ current: Identity, spoolEpoch: Int64, url: String, token: String, replace: String?
    ) async throws(EnrolmentError) -> Identity {
        guard let address = CollectorAddress(url) else { throw .badAddress(url) }
        guard let token = JoinToken(parsing: token) else { throw .badToken }
        let ca = try await fetchRoot(from: address, fingerprint: token.caFingerprint)
        let request: EnrolmentRequest
        let body: Data
        do {
            request = try EnrolmentRequest(
                tokenID: token.id, tokenSecret: token.secret, host: current.host, hostname: hostname, replace: replace,
                signedBy: try current.key)
            body = try WireFormat.encode(request)
        } catch {
            throw .unusableKey("\(error)")
        }
        let answer = try await send(
            HTTPRequest(
                method: "POST", url: address.url(Routes.enrol),
                headers: [("Content-Type", "application/json"), ("User-Agent", UserAgent.agent)], body: body),
            trust: .collector(rootPEM: ca.pem))
        let identity = try accept(answer, address: address, ca: ca, current: current, spoolEpoch: spoolEpoch)
        do {
            try identities.save(identity)
        } catch {
            throw .notStored(error)
        }
        return identity
    }

    private func fetchRoot(
        from address: CollectorAddress, fingerprint: String
    ) async throws(EnrolmentError) -> CertificateText {
        let root = try await fetch(Routes.ca, from: address)
        guard root.fingerprint == fingerprint else {
            // Only for the words: who is asked has shown nothing yet.
            if let agents = try? await fetch(Routes.agentsCA, from: address), agents.fingerprint == fingerprint {
                throw .earlierAuthority(address.base, found: root.fingerprint)
            }
            throw .wrongAuthority(address.base, found: root.fingerprint, wanted: fingerprint)
        }
        // A token of 0.1, shown by whoever holds a certificate of the CA that it names.
        guard CertificateOutline(der: root.der)?.objectionAsRoot == nil else { throw .notARoot(address.base) }
        return root
    }

    private func fetch(_ path: String, from address: CollectorAddress) async throws(EnrolmentError) -> CertificateText {
        let request = HTTPRequest(url: address.url(path), headers: [("User-Agent", UserAgent.agent)])
        let answer = try await send(request, trust: .unverified)
        guard let certificate = CertificateText(String(decoding: answer, as: UTF8.self)) else {
            throw .notACollector(address.base, problem: "\(path) is no certificate")
        }
        return certificate
    }

    private func send(_ request: HTTPRequest, trust: Trust) async throws(EnrolmentError) -> Data {
        let transfer = HTTPTransfer(
            HTTPTransfer.Options(trust: trust, proxy: proxy, maximumResponseBytes: Enroller.maximumResponseBytes))
        let response: HTTPResponse
        do {
            response = try await transfer.send(request)
        } catch {
            throw .transfer(error)
        }
        if response.status == 200 { return response.body }
        if response.status == 404, (try? WireFormat.decode(Problem.self, from: response.body))?.code != "not-found" {
            throw .notACollector(
                request.url,
                problem: "there is nothing at this address: give it as https://server:port, without a path")
        }
        if let problem = try? WireFormat.decode(Problem.self, from: response.body) { throw .refused(problem) }
        throw .notACollector(request.url, problem: "it answered \(response.status)")
    }

    private func accept(
        _ answer: Data, address: CollectorAddress, ca: CertificateText, current: Identity, spoolEpoch: Int64
    ) throws(EnrolmentError) -> Identity {
        let response: EnrolmentResponse
        do {
            response = try WireFormat.decode(EnrolmentResponse.self, from: answer)
        } catch {
            throw .notACollector(address.base, problem: "its answer is not understood: \(error)")
        }
        guard let pinned = CertificateText(response.ca), pinned == ca else {
            throw .notACollector(address.base, problem: "it names another CA than the one of the token")
        }
        guard !response.host.isEmpty, CertificateText(response.certificate) != nil, response.epoch >= 1 else {
            throw .notACollector(address.base, problem: "its answer lacks host, certificate or epoch")
        }
        // What just worked is tried last, should the collector not know its own addresses.
        var collectors = response.collectors.compactMap(CollectorAddress.init)
        if !collectors.contains(address) { collectors.append(address) }
        var identity = current
        identity.host = response.host
        identity.enrolment = Identity.Enrolment(
            certificate: response.certificate, ca: ca.pem, collectorKey: response.collectorKey,
            epoch: response.host == current.host ? response.epoch : max(response.epoch, spoolEpoch &+ 1),
            collectors: collectors.map(\.base))
        return identity
    }
}

/// What programs of this package call themselves in requests.
enum UserAgent {
    static let agent = "callhome-agent/\(CallhomeVersion.current)"
}

enum EnrolmentError: Error, CustomStringConvertible {
    case badAddress(String)
    case badToken
    case transfer(TransferError)
    case wrongAuthority(String, found: String, wanted: String)
    /// The token names the CA of before the TLS root.
    case earlierAuthority(String, found: String)
    /// The token names what is no root for collectors.
    case notARoot(String)
    case refused(Problem)
    case notACollector(String, problem: String)
    case unusableKey(String)
    case notStored(IdentityError)

    var description: String {
        switch self {
        case .badAddress(let url): "\(url.prefix(200).debugDescription) is no address of the form https://server:port"
        case .badToken: "the join token is incomplete: copy it whole, it begins with \(JoinToken.prefix)."
        case .transfer(let error): "\(error)"
        case .wrongAuthority(let url, let found, let wanted):
            EnrolmentError.words(of: url, root: found, token: wanted) + "; nothing secret was sent"
        case .earlierAuthority(let url, let found):
            "the token names the CA that \(url) had before its TLS root (SHA-256 \(found)): make a new token there "
                + "(callhome-collector tokens create); nothing secret was sent"
        case .notARoot(let url):
            "the token names a CA of version 0.1, and whoever that one vouches for could be \(url): update the collector, "
                + "and make a new token there (callhome-collector tokens create); nothing secret was sent"
        case .refused(let problem): "the collector refused the enrolment: \(problem)"
        case .notACollector(let url, let problem): "\(url) does not answer as a collector does: \(problem)"
        case .unusableKey(let problem): "the agent's key cannot sign: \(problem)"
        case .notStored(let error): "\(error); the join token is used up: get a new one"
        }
    }

    /// Digits of two fingerprints that differ at most where one is a bad copy of the other: of two roots, 15 of 16 do.
    private static let slips = 8

    /// Shows the fingerprints from where they differ: their beginnings may be the same.
    private static func words(of url: String, root found: String, token wanted: String) -> String {
        let equal = zip(found, wanted).prefix { $0 == $1 }.count
        let differing = zip(found, wanted).count { $0 != $1 } + abs(found.count - wanted.count)
        guard differing > slips else {
            return "the token was not copied whole: its fingerprint and that of \(url)'s TLS root part at digit "
                + "\(equal + 1) of \(found.count) (…\(found.dropFirst(equal).prefix(8)) is right, the token has "
                + "…\(wanted.dropFirst(equal).prefix(8))): copy it again"
        }
        return "\(url) has another TLS root (\(found.prefix(equal + 16))…) than the token "
            + "(\(wanted.prefix(equal + 16))…): the token is for another collector, or someone is between"
    }

    /// For the control socket.
    var problem: Problem {
        switch self {
        case .refused(let problem): problem
        case .badAddress: Problem(code: "bad-address", message: description)
        case .badToken: Problem(code: "bad-token", message: description)
        case .wrongAuthority: Problem(code: "wrong-ca", message: description)
        case .earlierAuthority, .notARoot: Problem(code: "token-outdated", message: description)
        case .transfer: Problem(code: "unreachable", message: description)
        case .notACollector: Problem(code: "not-a-collector", message: description)
        case .unusableKey, .notStored: Problem(code: "identity", message: description)
        }
    }
}
