public import FoundationEssentials
import Reports

/// One metadata file: what was signed, and by whom. It is kept byte for byte as it came, so that it can go on.
public struct SignedMetadata<Content: MetadataContent>: Sendable {
    public let content: Content
    /// The file.
    public let bytes: Data
    /// What signatures are over: the canonical form of `signed`.
    let signedBytes: Data
    let signatures: [MetadataSignature]

    /// - Parameter name: of the file, for the refusal.
    init(_ bytes: Data, named name: String) throws(ChannelRefusal) {
        do throws(MetadataProblem) {
            let file = try MetadataFile(bytes)
            content = try Content(signed: file.signed)
            self.bytes = bytes
            signedBytes = file.signed.canonical
            signatures = file.signatures
        } catch {
            throw .malformed(file: name, because: error.description)
        }
    }

    /// Keys of the root for this role whose signatures are good; one key under two names is still one key.
    func signers(of root: RootMetadata) -> Set<VerifyingKey> {
        let keys = root.keys(of: Content.role)
        return Set(
            signatures.compactMap { signature in
                guard let key = keys[signature.keyID], let bytes = signature.bytes,
                    key.verifies(bytes, for: signedBytes)
                else { return nil }
                return key
            })
    }

    /// - Parameter root: says which keys are needed; for a root also the one before it.
    func check(by root: RootMetadata, named name: String) throws(ChannelRefusal) {
        let found = signers(of: root).count
        let needed = root.roles[Content.role]?.threshold ?? .max
        guard found >= needed else {
            throw .signatures(
                file: name, role: Content.role, byRootVersion: root.version, found: found, needed: needed)
        }
    }
}

extension SignedMetadata<RootMetadata> {
    /// The root that follows this one: enough keys of both have signed it.
    func followed(by bytes: Data, named name: String) throws(ChannelRefusal) -> SignedMetadata {
        let next = try SignedMetadata(bytes, named: name)
        try next.check(by: content, named: name)
        try next.check(by: next.content, named: name)
        let wanted = content.version + 1
        guard next.content.version == wanted else {
            throw .otherVersion(file: name, found: next.content.version, wanted: wanted)
        }
        return next
    }
}

/// One signature of a file.
struct MetadataSignature {
    var keyID: String
    /// Nil where it is none of Ed25519.
    var bytes: Data?
}

/// A file of any kind: what is signed, and the signatures.
struct MetadataFile {
    var signed: MetadataValue
    var signatures: [MetadataSignature]
    private let signatureValues: [MetadataValue]

    init(_ bytes: Data) throws(MetadataProblem) {
        let fields = try MetadataFields(try MetadataValue(json: bytes), at: "")
        signed = try fields.value("signed")
        signatureValues = try fields.array("signatures", atMost: ChannelLimits.signatures)
        signatures = []
        for value in signatureValues {
            let fields = try MetadataFields(value, at: "signatures")
            let id = try fields.text("keyid")
            guard !signatures.contains(where: { $0.keyID == id }) else {
                throw MetadataProblem("signatures: the key \(id.prefix(64).debugDescription) stands twice")
            }
            let bytes = HexDigits.bytes(of: try fields.text("sig", bytes: 20_000), count: 64)
            signatures.append(MetadataSignature(keyID: id, bytes: bytes))
        }
    }

    /// A file that nobody has signed yet.
    static func unsigned(_ signed: MetadataValue) -> Data { file(signed, []) }

    /// The file with one more signature; one of the same key is replaced.
    func signed(with signature: Data, as id: String) -> Data {
        var values = signatureValues
        let value = MetadataValue.object(["keyid": .text(id), "sig": .text(signature.hexadecimal)])
        if let place = signatures.firstIndex(where: { $0.keyID == id }) {
            values[place] = value
        } else {
            values.append(value)
        }
        return MetadataFile.file(signed, values)
    }

    private static func file(_ signed: MetadataValue, _ signatures: [MetadataValue]) -> Data {
        MetadataValue.object(["signed": signed, "signatures": .array(signatures)]).json + Data([0x0A])
    }
}
