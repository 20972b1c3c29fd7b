import Reports

/// The id of this collector and what it is called where nobody gave it a name.
struct StoreIdentity: Hashable, Sendable, Codable {
    /// 128 random bits in hexadecimal.
    var site: String
    /// Four letters of Crockford's base 32, random: `7K3Q`. Up to 0.1 ticket numbers began with it.
    var shortName: String

    enum CodingKeys: String, CodingKey {
        case site
        case shortName = "ticketPrefix"
    }

    static func random() -> StoreIdentity {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        let name = (0..<4).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return StoreIdentity(site: bytes.hexadecimal, shortName: String(name))
    }
}
