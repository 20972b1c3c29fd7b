public import FoundationEssentials
public import Reports

/// A public key as it stands in a root. Keys of other kinds than Ed25519 may stand there; none of their signatures counts.
public struct ChannelKey: Hashable, Sendable {
    /// As it is written.
    let value: MetadataValue
    /// Nil for a key of another kind.
    public let verifying: VerifyingKey?

    /// - Throws: for what is no key.
    init(_ value: MetadataValue, at place: String) throws(MetadataProblem) {
        let fields = try MetadataFields(value, at: place)
        self.value = value
        let (kind, scheme) = (try fields.text("keytype"), try fields.text("scheme"))
        let keyval = try fields.object("keyval")
        guard kind == ChannelKey.ed25519, scheme == ChannelKey.ed25519 else {
            verifying = nil
            return
        }
        guard let bytes = HexDigits.bytes(of: try keyval.text("public"), count: 32),
            let key = try? VerifyingKey(bytes: bytes)
        else { throw MetadataProblem("\(place): it is no Ed25519 key") }
        verifying = key
    }

    public init(_ key: VerifyingKey) {
        verifying = key
        value = .object([
            "keytype": .text(ChannelKey.ed25519), "scheme": .text(ChannelKey.ed25519),
            "keyval": .object(["public": .text(key.bytes.hexadecimal)]),
        ])
    }

    /// SHA-256 over the canonical form of kind, scheme and value, as securesystemslib names keys: 64 hexadecimal digits. A
    /// root made elsewhere may call its keys otherwise.
    public var id: String { ContentHash.sha256(value.canonical) }

    private static let ed25519 = "ed25519"
}

/// Keys in files: PKCS #8 and SubjectPublicKeyInfo (RFC 8410) in PEM, as openssl and python-cryptography write them.
public enum KeyFile {
    /// Bytes of a key's file that are read.
    public static let maximumBytes = 4_096

    /// The private key; whoever writes it lets nobody else read it.
    public static func pem(of key: SigningKey) -> Data { pem("PRIVATE KEY", privateHead + key.seed) }
    public static func pem(of key: VerifyingKey) -> Data { pem("PUBLIC KEY", publicHead + key.bytes) }

    public static func signingKey(pem: Data) throws(KeyFileError) -> SigningKey {
        guard let seed = content(of: pem, "PRIVATE KEY", after: privateHead), let key = try? SigningKey(seed: seed)
        else { throw .notPrivate }
        return key
    }

    public static func verifyingKey(pem: Data) throws(KeyFileError) -> VerifyingKey {
        guard let bytes = content(of: pem, "PUBLIC KEY", after: publicHead), let key = try? VerifyingKey(bytes: bytes)
        else { throw .notPublic }
        return key
    }

    /// DER before the 32 bytes: version 0, id-Ed25519 (1.3.101.112), an octet string in an octet string.
    private static let privateHead = Data([0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20])
    /// DER before the 32 bytes: id-Ed25519, a bit string.
    private static let publicHead = Data([0x30, 0x2A, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 3, 0x21, 0])

    private static func pem(_ label: String, _ der: Data) -> Data {
        Data("-----BEGIN \(label)-----\n\(der.base64EncodedString())\n-----END \(label)-----\n".utf8)
    }

    private static func content(of pem: Data, _ label: String, after head: Data) -> Data? {
        guard pem.count <= maximumBytes else { return nil }
        let lines = String(decoding: pem, as: UTF8.self).split(whereSeparator: \.isNewline)
        guard let first = lines.firstIndex(of: "-----BEGIN \(label)-----"),
            let last = lines.firstIndex(of: "-----END \(label)-----"), first < last,
            let der = Data(base64Encoded: lines[(first + 1)..<last].joined()), der.count == head.count + 32,
            der.starts(with: head)
        else { return nil }
        return Data(der.dropFirst(head.count))
    }
}

/// Why a file is no key.
public enum KeyFileError: Error, Hashable, Sendable, CustomStringConvertible {
    case notPrivate, notPublic

    public var description: String {
        switch self {
        case .notPrivate: "it is no Ed25519 private key in PEM (PKCS #8); make one with `callhome patterns keygen`"
        case .notPublic:
            "it is no Ed25519 public key in PEM; `callhome patterns keygen` writes it beside the private one"
        }
    }
}
