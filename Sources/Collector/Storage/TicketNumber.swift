/// Makes ticket numbers: `CH-7K3Q-0M9D`, 40 random bits.
///
/// They are drawn and not counted: a database that was put back from a backup would count on from there, and give a second
/// problem the number under which the first was ordered.
enum TicketNumber {
    /// Crockford's base 32, five bits each: neither I, L, O nor U. https://www.crockford.com/base32.html
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    /// How often a number that is in use is drawn anew. With a million cases one in a million is; a generator that gives
    /// nothing else is broken.
    private static let attempts = 100

    /// A number that no case has.
    /// - Throws: `StoreError.unavailable` where the generator gives only numbers that are in use; what `isTaken` throws.
    static func draw(
        using generator: inout some RandomNumberGenerator, isTaken: (String) throws -> Bool
    ) throws -> String {
        for _ in 0..<attempts {
            let number = candidate(using: &generator)
            if try !isTaken(number) { return number }
        }
        throw StoreError.unavailable(
            doing: "drawing a ticket number",
            because: "each of \(attempts) random numbers is in use: the system's generator of random numbers is broken")
    }

    private static func candidate(using generator: inout some RandomNumberGenerator) -> String {
        let bits = generator.next()
        let letters = (0..<8).map { alphabet[Int(bits >> (5 * UInt64($0)) & 31)] }
        return "CH-\(String(letters[..<4]))-\(String(letters[4...]))"
    }
}
