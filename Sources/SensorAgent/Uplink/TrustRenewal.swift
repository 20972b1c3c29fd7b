import FoundationEssentials
import Reports
import Transfer

/// What an agent does when a signed receipt tells it of the collector's TLS root: it trusts that one alone from then on, and
/// asks for a certificate of its key.
///
/// No clock of the agent decides anything here: the collector says when, by its own, and the key proves who asks.
struct TrustRenewal: Sendable {
    /// For one request.
    private static let timeout = Duration.seconds(20)
    /// Bytes of an answer.
    private static let maximumResponseBytes = 64 << 10
    /// Between two attempts that failed: doubled from one to the other.
    static let pauses = (first: Duration.seconds(60), longest: Duration.seconds(3600))

    let identities: IdentityFile
    let proxy: String?

    /// Trusts `root` alone, if the collector can be reached by it, and takes the certificate that it then gives.
    ///
    /// The root is on disk before the collector is told of it: what the collector knows of is never lost.
    /// - Parameters:
    ///   - current: with the root that is trusted now.
    ///   - root: PEM, out of a receipt whose signature was checked.
    ///   - collector: base address.
    /// - Returns: the identity as it is on disk then, with the collectors of `current`.
    func renewed(_ current: Identity, root: String, at collector: String) async throws(TrustRenewalError) -> Identity {
        guard var enrolment = current.enrolment, let told = CertificateText(root) else {
            throw .unusable("its receipt holds no certificate")
        }
        if let objection = CertificateOutline(der: told.der)?.objectionAsRoot ?? unreadable(told) {
            throw .unusable(objection)
        }
        if CertificateText(enrolment.ca) != told {
            // A root by which nobody is reached would cut this server off for good.
            let answer = try await send(HTTPRequest(url: collector + Routes.ca), trusting: told, by: current)
            guard CertificateText(String(decoding: answer, as: UTF8.self)) == told else {
                throw .unusable("it shows another root than its receipt names")
            }
            enrolment = try change(of: current, enrolment) { $0.ca = told.pem }
        }
        var moved = current
        moved.enrolment = enrolment
        moved.enrolment = try await certified(moved, enrolment, root: told, at: collector)
        return moved
    }

    private func unreadable(_ text: CertificateText) -> String? {
        CertificateOutline(der: text.der) == nil ? "its root cannot be read" : nil
    }

    private func certified(
        _ current: Identity, _ enrolment: Identity.Enrolment, root: CertificateText, at collector: String
    ) async throws(TrustRenewalError) -> Identity.Enrolment {
        let (key, body): (SigningKey, Data)
        do {
            key = try current.key
            let request = RenewalRequest(host: current.host, root: root.fingerprint)
            body = try WireFormat.encode(
                Envelope.sign(WireFormat.encode(request), as: .renewalRequest, with: key))
        } catch {
            throw .unusable("the agent's key cannot sign: \(error)")
        }
        let answer = try await send(
            HTTPRequest(
                method: "POST", url: collector + Routes.renewal, headers: [("Content-Type", "application/json")],
                body: body), trusting: root, by: current)
        let renewal: Renewal
        do {
            let envelope = try WireFormat.decode(Envelope.self, from: answer)
            renewal = try WireFormat.decode(
                Renewal.self, from: envelope.verified(as: .renewal, by: enrolment.collectorKey))
        } catch {
            throw .unusable("its answer is not signed by the collector: \(error)")
        }
        guard renewal.host == current.host, renewal.keyID == key.publicKey.id,
            CertificateText(renewal.certificate) != nil
        else { throw .unusable("its answer is for another server") }
        guard renewal.certificate != enrolment.certificate else { return enrolment }
        return try change(of: current, enrolment) { $0.certificate = renewal.certificate }
    }

    /// Changes what is on disk, unless it is not that of `current` any more: another enrolment goes before.
    private func change(
        of current: Identity, _ enrolment: Identity.Enrolment, _ change: (inout Identity.Enrolment) -> Void
    ) throws(TrustRenewalError) -> Identity.Enrolment {
        let isChanged: Bool
        do throws(IdentityError) { isChanged = try identities.change(of: current, change) } catch {
            throw .notStored(error)
        }
        guard isChanged else { throw .overtaken }
        var changed = enrolment
        change(&changed)
        return changed
    }

    private func send(
        _ request: HTTPRequest, trusting root: CertificateText, by current: Identity
    ) async throws(TrustRenewalError) -> Data {
        let transfer = HTTPTransfer(
            HTTPTransfer.Options(
                trust: .collector(rootPEM: root.pem, knownTime: current.knownTime), proxy: proxy,
                timeout: TrustRenewal.timeout,
                maximumResponseBytes: TrustRenewal.maximumResponseBytes))
        var request = request
        request.headers.append(("User-Agent", UserAgent.agent))
        let response: HTTPResponse
        do {
            response = try await transfer.send(request)
        } catch {
            throw .unreachable("\(error)")
        }
        guard response.status == 200 else {
            let problem = try? WireFormat.decode(Problem.self, from: response.body)
            throw .unreachable(problem?.description ?? "it answered \(response.status)")
        }
        return response.body
    }
}

enum TrustRenewalError: Error, CustomStringConvertible {
    /// What the collector says cannot be used.
    case unusable(String)
    case unreachable(String)
    case notStored(IdentityError)
    /// The server was enrolled anew meanwhile.
    case overtaken

    var description: String {
        switch self {
        case .unusable(let because): because
        case .unreachable(let because): because
        case .notStored(let error): "\(error)"
        case .overtaken: "the server was enrolled anew meanwhile"
        }
    }
}
