import Reports

/// The id of this collector and the prefix of its ticket numbers.
struct StoreIdentity: Hashable, Sendable, Codable {
    /// 128 random bits in hexadecimal.
    var site: String
    /// Four letters of Crockford's base 32, random: `7K3Q`.
    var ticketPrefix: String

    static func random() -> StoreIdentity {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        let prefix = (0..<4).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return StoreIdentity(site: bytes.hexadecimal, ticketPrefix: String(prefix))
    }
}
