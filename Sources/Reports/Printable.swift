extension String {
    /// For a terminal: what devices report and files hold may contain control characters, which would steer it.
    public var printable: String {
        guard unicodeScalars.contains(where: String.steers) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { String.steers($0) ? "\u{FFFD}" : $0 }))
    }

    /// C0 without tab, DEL and C1 (ECMA-48).
    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        (scalar.value < 0x20 && scalar != "\t") || (0x7F...0x9F).contains(scalar.value)
    }
}
