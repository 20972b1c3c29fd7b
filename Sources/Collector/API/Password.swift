import Crypto
import CryptoExtras
import FoundationEssentials

/// Passwords of the console: only a slow, salted hash is kept.
///
/// scrypt (RFC 7914) with 16 MiB and 5 passes, as OWASP's Password Storage Cheat Sheet has it:
/// `scrypt$16384$8$5$<salt, base64>$<key, base64>`.
enum Password {
    /// Characters: NIST SP 800-63B asks for at least 8 of a password chosen by a person.
    static let shortest = 10
    /// Bytes; more is refused before it is hashed.
    static let longestBytes = 1_000

    private static let rounds = 16_384
    private static let blockSize = 8
    private static let parallelism = 5
    private static let keyBytes = 32

    /// - Throws: only what the key derivation throws when memory is missing.
    static func hash(_ password: String) async throws -> String {
        let salt = randomBytes(16)
        let key = try await derive(password, salt: salt)
        return "scrypt$\(rounds)$\(blockSize)$\(parallelism)$\(salt.base64EncodedString())$\(key.base64EncodedString())"
    }

    /// False also for what is no hash. Takes as long for a wrong password as for a right one.
    static func verify(_ password: String, against hash: String) async -> Bool {
        let fields = hash.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 6, fields[0] == "scrypt", fields[1] == "\(rounds)", fields[2] == "\(blockSize)",
            fields[3] == "\(parallelism)", let salt = Data(base64Encoded: fields[4]),
            let wanted = Data(base64Encoded: fields[5]), wanted.count == keyBytes,
            password.utf8.count <= longestBytes, let key = try? await derive(password, salt: salt)
        else { return false }
        return isEqual(key, wanted)
    }

    /// A hash of nothing that anyone knows: what an unknown name's password is compared with.
    static let decoy = "scrypt$\(rounds)$\(blockSize)$\(parallelism)$\(Data(count: 16).base64EncodedString())$"
        + Data(count: keyBytes).base64EncodedString()

    /// Compares in a time that does not depend on where the bytes differ.
    static func isEqual(_ left: Data, _ right: Data) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    static func randomBytes(_ count: Int) -> Data {
        SymmetricKey(size: SymmetricKeySize(bitCount: count * 8)).withUnsafeBytes { unsafe Data($0) }
    }

    /// On a thread of its own choosing: it computes for a tenth of a second.
    private static func derive(_ password: String, salt: Data) async throws -> Data {
        try await Task.detached {
            let key = try KDF.Scrypt.deriveKey(
                from: Data(password.utf8), salt: salt, outputByteCount: keyBytes, rounds: rounds, blockSize: blockSize,
                parallelism: parallelism)
            return key.withUnsafeBytes { unsafe Data($0) }
        }.value
    }
}
