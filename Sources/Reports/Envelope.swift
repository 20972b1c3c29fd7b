public import Crypto
public import FoundationEssentials

/// What a signed payload is, so that a receipt can never pass for a report (DSSE's payloadType).
public enum PayloadType: String, Sendable {
    case report = "application/vnd.callhome.report+json"
    case receipt = "application/vnd.callhome.receipt+json"
    case ticket = "application/vnd.callhome.ticket+json"
    case heartbeat = "application/vnd.callhome.heartbeat+json"
    case heartbeatAnswer = "application/vnd.callhome.heartbeat-answer+json"
    case workStep = "application/vnd.callhome.work-step+json"
    case pairing = "application/vnd.callhome.pairing+json"
    case renewalRequest = "application/vnd.callhome.renewal-request+json"
    case renewal = "application/vnd.callhome.renewal+json"
    case rootNotice = "application/vnd.callhome.root-notice+json"
    case patternPack = "application/vnd.callhome.pattern-pack+json"
}

/// A DSSE v1 envelope: payload, its type and one or more signatures over both.
///
/// https://github.com/secure-systems-lab/dsse/blob/master/protocol.md. One line of JSON; binary fields are base64.
public struct Envelope: Hashable, Sendable, Codable {
    public struct Signature: Hashable, Sendable, Codable {
        /// SHA-256 of the public key, in hexadecimal: a hint where to look, never trusted.
        public var keyid: String
        /// Ed25519, 64 bytes.
        public var sig: Data
        public init(keyid: String, sig: Data) {
            self.keyid = keyid
            self.sig = sig
        }
    }

    public var payload: Data
    public var payloadType: String
    public var signatures: [Signature]

    public init(payload: Data, payloadType: String, signatures: [Signature]) {
        self.payload = payload
        self.payloadType = payloadType
        self.signatures = signatures
    }

    /// Signs `payload` as `type`.
    /// - Throws: what the system's random number generator throws; nothing depends on the payload.
    public static func sign(_ payload: Data, as type: PayloadType, with key: SigningKey) throws -> Envelope {
        let signature = try key.privateKey.signature(
            for: preAuthenticationEncoding(type: type.rawValue, payload: payload))
        return Envelope(
            payload: payload, payloadType: type.rawValue,
            signatures: [Signature(keyid: key.publicKey.id, sig: signature)])
    }

    /// The payload, if it is of `type` and `key` signed it.
    public func verified(as type: PayloadType, by key: VerifyingKey) throws(EnvelopeError) -> Data {
        guard payloadType == type.rawValue else { throw .wrongType(found: payloadType, wanted: type.rawValue) }
        let signed = Envelope.preAuthenticationEncoding(type: payloadType, payload: payload)
        guard signatures.contains(where: { key.key.isValidSignature($0.sig, for: signed) }) else {
            throw .badSignature(keyID: key.id)
        }
        return payload
    }

    /// Key ids named by the envelope: where to look for the key that must then verify.
    public var keyIDs: [String] { signatures.map(\.keyid) }

    /// DSSE's PAE: `"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`, lengths in decimal bytes.
    public static func preAuthenticationEncoding(type: String, payload: Data) -> Data {
        var bytes = Data("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8)
        bytes.append(payload)
        return bytes
    }
}

public enum EnvelopeError: Error, Hashable, CustomStringConvertible {
    case wrongType(found: String, wanted: String)
    case badSignature(keyID: String)

    public var description: String {
        switch self {
        case .wrongType(let found, let wanted): "the envelope holds \(found.prefix(100)), not \(wanted)"
        case .badSignature(let keyID): "no signature of the envelope is by key \(keyID.prefix(16))…"
        }
    }
}

/// An Ed25519 key pair that signs.
public struct SigningKey: Sendable {
    let privateKey: Curve25519.Signing.PrivateKey

    public init() { privateKey = Curve25519.Signing.PrivateKey() }

    /// - Parameter seed: the 32 bytes of `seed`.
    public init(seed: Data) throws { privateKey = try Curve25519.Signing.PrivateKey(rawRepresentation: seed) }

    /// 32 secret bytes.
    public var seed: Data { privateKey.rawRepresentation }
    public var publicKey: VerifyingKey { VerifyingKey(privateKey.publicKey) }

    /// A bare signature, for proofs of possession.
    public func signature(for data: Data) throws -> Data { try privateKey.signature(for: data) }
}

/// An Ed25519 public key that verifies. On the wire: base64 of its 32 bytes.
public struct VerifyingKey: Sendable, Hashable {
    public let key: Curve25519.Signing.PublicKey
    /// SHA-256 of the 32 bytes, in hexadecimal.
    public let id: String

    public init(_ key: Curve25519.Signing.PublicKey) {
        self.key = key
        id = SHA256.hash(data: key.rawRepresentation).hexadecimal
    }

    public init(bytes: Data) throws { self.init(try Curve25519.Signing.PublicKey(rawRepresentation: bytes)) }

    public var bytes: Data { key.rawRepresentation }
    public func verifies(_ signature: Data, for data: Data) -> Bool { key.isValidSignature(signature, for: data) }

    public static func == (left: VerifyingKey, right: VerifyingKey) -> Bool { left.id == right.id }
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

extension VerifyingKey: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(bytes: try decoder.singleValueContainer().decode(Data.self))
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes)
    }
}

extension Sequence<UInt8> {
    /// Lower-case hexadecimal, two digits a byte.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The bytes of an envelope list as it travels: one envelope a line (NDJSON).
public enum EnvelopeLines {
    public static func encode(_ envelopes: [Envelope]) throws -> Data {
        var data = Data()
        for envelope in envelopes {
            data.append(try WireFormat.encode(envelope))
            data.append(0x0A)
        }
        return data
    }

    /// The lines of a body, bounded; each is decoded by itself, so that one bad line refuses one envelope.
    public static func split(_ body: Data) throws(EnvelopeLinesError) -> [Data] {
        var lines: [Data] = []
        for line in body.split(separator: 0x0A) where !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) {
            guard line.count <= WireLimits.envelopeBytes else { throw .lineTooLong(bytes: line.count) }
            guard lines.count < WireLimits.envelopesPerRequest else { throw .tooMany }
            lines.append(Data(line))
        }
        return lines
    }
}

public enum EnvelopeLinesError: Error, Hashable, CustomStringConvertible {
    case lineTooLong(bytes: Int), tooMany

    public var description: String {
        switch self {
        case .lineTooLong(let bytes): "one envelope has \(bytes) bytes; the limit is \(WireLimits.envelopeBytes)"
        case .tooMany: "more than \(WireLimits.envelopesPerRequest) envelopes in one request"
        }
    }
}
