import Crypto
import CryptoExtras
import FoundationEssentials
import Reports

/// Passwords of people, kept as scrypt hashes (RFC 7914): `scrypt$N$r$p$salt$hash`, salt and hash in base64.
enum Password {
    /// Cost: 32 MiB and about 60 ms a try.
    private static let rounds = 1 << 15
    private static let blockSize = 8
    private static let parallelism = 1
    private static let saltBytes = 16
    private static let hashBytes = 32
    /// Bytes of a password that is looked at at all.
    static let longest = 1_000

    static func hash(_ password: String) throws -> String {
        let salt = RandomBytes.make(saltBytes)
        let hash = try derive(password, salt: salt, rounds: rounds, blockSize: blockSize, parallelism: parallelism)
        return
            "scrypt$\(rounds)$\(blockSize)$\(parallelism)$\(salt.base64EncodedString())$\(hash.base64EncodedString())"
    }

    /// The same on a thread of its own.
    static func hashed(_ password: String) async throws -> String {
        try await PasswordQueue.shared.run(0) { Result { try hash(password) } }.get()
    }

    static func verify(_ password: String, against stored: String) -> Bool {
        let fields = stored.split(separator: "$").map(String.init)
        guard password.utf8.count <= longest, fields.count == 6, fields[0] == "scrypt", let rounds = Int(fields[1]),
            let blockSize = Int(fields[2]), let parallelism = Int(fields[3]), let salt = Data(base64Encoded: fields[4]),
            let hash = Data(base64Encoded: fields[5]),
            let tried = try? derive(
                password, salt: salt, rounds: rounds, blockSize: blockSize, parallelism: parallelism)
        else { return false }
        return ConstantTime.equal(tried, hash)
    }

    private static func derive(
        _ password: String, salt: Data, rounds: Int, blockSize: Int, parallelism: Int
    ) throws -> Data {
        let key = try KDF.Scrypt.deriveKey(
            from: Data(password.utf8), salt: salt, outputByteCount: hashBytes, rounds: rounds, blockSize: blockSize,
            parallelism: parallelism, maxMemory: 256 << 20)
        return unsafe key.withUnsafeBytes { unsafe Data($0) }
    }
}

/// Secrets out of the system's random number generator.
enum RandomBytes {
    static func make(_ count: Int) -> Data {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}

enum ConstantTime {
    /// Takes as long for the first difference as for the last.
    static func equal(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
        left.count == right.count && zip(left, right).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
