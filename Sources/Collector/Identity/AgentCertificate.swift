import Crypto
import FoundationEssentials
import Reports
import SwiftASN1
import X509

/// The statement that a host holds a key: what a certificate for an agent says, and until when.
struct AgentCertificate: Hashable, Sendable {
    /// How long one is good: an agent that reports has it renewed long before.
    static let lifetime = Duration.seconds(Renewal.certificateSeconds)
    /// With less left it is renewed, and with more than its lifetime and this too: the clock was wrong when it was made.
    static let renewal = Duration.seconds(30 * 86_400)
    /// userId (RFC 4519, 2.39): the host. No TLS library takes it for the name of a server.
    static let hostAttribute: ASN1ObjectIdentifier = [0, 9, 2342, 19_200_300, 100, 1, 1]
    /// What 0.1 wrote the host behind.
    private static let hostPrefix = "urn:callhome:host:"

    var host: HostID
    var key: VerifyingKey

    /// Reads a certificate whose issuer was checked; nil where it speaks of no host. Certificates of 0.1 name the host as
    /// an alternative name.
    init?(_ leaf: Certificate) {
        guard let publicKey = Curve25519.Signing.PublicKey(leaf.publicKey) else { return nil }
        key = VerifyingKey(publicKey)
        if let usages = try? leaf.extensions.extendedKeyUsage {
            guard usages.contains(.clientAuth), AgentCertificate.values(.RDNAttributeType.commonName, leaf) == [key.id],
                let name = AgentCertificate.values(AgentCertificate.hostAttribute, leaf).first
            else { return nil }
            host = name
            return
        }
        let names = (try? leaf.extensions.subjectAlternativeNames).map(Array.init) ?? []
        let found = names.compactMap { name in
            if case .uniformResourceIdentifier(let text) = name, text.hasPrefix(AgentCertificate.hostPrefix) {
                return String(text.dropFirst(AgentCertificate.hostPrefix.count))
            }
            return nil
        }
        guard let name = found.first else { return nil }
        host = name
    }

    private static func values(_ type: ASN1ObjectIdentifier, _ leaf: Certificate) -> [String] {
        leaf.subject.flatMap { $0 }.filter { $0.type == type }.compactMap { String($0.value) }
    }

    /// The subject of a new one: the key, and the host beside it.
    static func subject(_ key: VerifyingKey, host: HostID) throws -> DistinguishedName {
        try DistinguishedName([
            RelativeDistinguishedName.Attribute(type: hostAttribute, value: .init(utf8String: host)),
            RelativeDistinguishedName.Attribute(
                type: .RDNAttributeType.commonName, value: .init(utf8String: key.id)),
        ])
    }
}

/// Refuses whatever is for another use than an agent's: a usage that stands anywhere in the chain binds all below it.
struct AgentUsagePolicy: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [.X509ExtensionID.extendedKeyUsage]

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) async -> PolicyEvaluationResult {
        for certificate in chain {
            do {
                guard let usages = try certificate.extensions.extendedKeyUsage else { continue }
                guard usages.contains(.clientAuth) else {
                    return .failsToMeetPolicy(reason: "\(certificate.subject) is not for agents (clientAuth)")
                }
            } catch {
                return .failsToMeetPolicy(reason: "the usage of \(certificate.subject) cannot be read: \(error)")
            }
        }
        return .meetsPolicy
    }
}
