/// The bytes of a written IP address, as certificates hold them (RFC 5280, 4.2.1.6).
enum IPAddressBytes {
    /// 4 bytes of an IPv4 address, 16 of an IPv6 address; nil where `text` is neither.
    static func parse(_ text: String) -> [UInt8]? { text.contains(":") ? version6(text) : version4(text) }

    private static func version4(_ text: String) -> [UInt8]? {
        let fields = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = fields.compactMap { $0.allSatisfy(\.isNumber) ? UInt8($0) : nil }
        return fields.count == 4 && bytes.count == 4 ? bytes : nil
    }

    private static func version6(_ text: String) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            let bytes = groups(text[...])
            return bytes?.count == 16 ? bytes : nil
        }
        guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]),
            head.count + tail.count <= 14
        else { return nil }
        return head + Array(repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: Substring) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        let fields = text.split(separator: ":", omittingEmptySubsequences: false)
        let values = fields.compactMap { field in
            field.count <= 4 && field.allSatisfy(\.isHexDigit) ? UInt16(field, radix: 16) : nil
        }
        guard values.count == fields.count else { return nil }
        return values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }
}
