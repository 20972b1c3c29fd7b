import Reports

/// Names that nobody can guess.
enum RandomIdentifier {
    /// 128 random bits in hexadecimal: whoever knows them may ask the collector how a test is going.
    static func make() -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }.hexadecimal
    }

    /// What `make` makes; nothing else is passed on to a collector.
    static func isOne(_ text: String) -> Bool { text.utf8.count == 32 && text.allSatisfy(\.isHexDigit) }
}
