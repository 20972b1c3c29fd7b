public import FoundationEssentials

/// What a certificate may be used for, as it says itself (RFC 5280, 4.2): enough to tell a server from a client and an
/// authority. Signatures and dates are the TLS library's to check.
public struct CertificateOutline: Hashable, Sendable {
    /// Basic constraints: it may sign other certificates.
    public private(set) var isAuthority = false
    /// How many authorities may stand between it and a server; nil: any number.
    public private(set) var pathLength: Int?
    /// Extended key usage as dotted-free DER bytes of each object identifier; nil where there is none.
    private var usages: [[UInt8]]?
    /// Whether an alternative name is the name or address of a server.
    public private(set) var namesServer = false
    /// The end of its validity, seconds since 1970.
    public private(set) var endsAt: Int64 = 0

    /// id-kp-serverAuth, 1.3.6.1.5.5.7.3.1.
    private static let serverAuth: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01]
    private static let basicConstraints: [UInt8] = [0x55, 0x1D, 0x13]
    private static let alternativeNames: [UInt8] = [0x55, 0x1D, 0x11]
    private static let extendedKeyUsage: [UInt8] = [0x55, 0x1D, 0x25]

    /// That it is for servers in so many words: a certificate without usages is for none, `anyExtendedKeyUsage` neither.
    public var isForServers: Bool { usages?.contains(CertificateOutline.serverAuth) ?? false }

    /// Why a server with this certificate is no collector; nil where it may be one. Libraries take a certificate without
    /// usages for any use, and the common name for a server's name: whoever holds any certificate would be a server.
    public var objectionAsServer: String? {
        if isAuthority { return "its certificate is that of an authority, not of a server" }
        if !isForServers { return "its certificate is not for servers (extended key usage serverAuth)" }
        if !namesServer { return "its certificate names no server (subject alternative name)" }
        return nil
    }

    /// Why this is not the root of a collector's TLS; nil where it is one: an authority for servers only, directly above
    /// them. An authority that vouches for other things as well would let whoever it vouches for be the collector.
    public var objectionAsRoot: String? {
        isAuthority && isForServers && pathLength == 0
            ? nil : "it is no root for collectors' TLS (serverAuth, path length 0)"
    }

    /// - Parameter pem: its first certificate counts.
    /// - Returns: nil for what is none, or bears an extension twice.
    public init?(pem: String) {
        guard let start = pem.firstRange(of: "-----BEGIN CERTIFICATE-----"),
            let end = pem[start.upperBound...].firstRange(of: "-----END CERTIFICATE-----"),
            let der = Data(base64Encoded: pem[start.upperBound..<end.lowerBound].filter { !$0.isWhitespace })
        else { return nil }
        self.init(der: der)
    }

    public init?(der: Data) {
        var outer = DERReader([UInt8](der)[...])
        guard var certificate = outer.enter(0x30), outer.isAtEnd, var body = certificate.enter(0x30) else { return nil }
        // Version, serial number, algorithm, issuer, validity, subject, key; then what is optional.
        for tag: UInt8 in [0xA0, 0x02, 0x30, 0x30] where body.enter(tag) == nil { return nil }
        guard var validity = body.enter(0x30), validity.next() != nil, let (kind, end) = validity.next(),
            let seconds = CertificateOutline.seconds(kind, Array(end)), body.enter(0x30) != nil, body.enter(0x30) != nil
        else { return nil }
        endsAt = seconds
        var seen: Set<[UInt8]> = []
        while let (tag, content) = body.next() {
            guard tag == 0xA3 else { continue }
            var wrapper = DERReader(content)
            guard var list = wrapper.enter(0x30) else { return nil }
            while !list.isAtEnd {
                guard var fields = list.enter(0x30), case (0x06, let name)? = fields.next(),
                    seen.insert(Array(name)).inserted, var (kind, value) = fields.next()
                else { return nil }
                // Whether it is critical; left out where not.
                if kind == 0x01, let next = fields.next() { (kind, value) = next }
                guard kind == 0x04, read(Array(name), DERReader(value)) else { return nil }
            }
        }
        guard body.isAtEnd else { return nil }
    }

    /// `YYMMDDHHMMSSZ` of the years 1950 to 2049, or `YYYYMMDDHHMMSSZ` (RFC 5280, 4.1.2.5).
    private static func seconds(_ tag: UInt8, _ text: [UInt8]) -> Int64? {
        let yearDigits = tag == 0x17 ? 2 : tag == 0x18 ? 4 : 0
        guard yearDigits > 0, text.count == yearDigits + 11, text.last == UInt8(ascii: "Z"),
            text.dropLast().allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        func number(_ place: Int, _ count: Int = 2) -> Int64 {
            text[place..<(place + count)].reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }
        var year = number(0, yearDigits)
        if yearDigits == 2 { year += year < 50 ? 2000 : 1900 }
        let (month, day) = (number(yearDigits), number(yearDigits + 2))
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        // Days since 1970 in a calendar whose years begin in March.
        let shifted = month > 2 ? year : year - 1
        let yearDay = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + yearDay - 719_468
        let clock = yearDigits + 4
        return days * 86_400 + number(clock) * 3600 + number(clock + 2) * 60 + number(clock + 4)
    }

    /// - Returns: false for an extension that cannot be read.
    private mutating func read(_ name: [UInt8], _ value: DERReader) -> Bool {
        var value = value
        switch name {
        case CertificateOutline.basicConstraints:
            guard var fields = value.enter(0x30) else { return false }
            while let (tag, content) = fields.next() {
                if tag == 0x01 { isAuthority = content.first == 0xFF }
                if tag == 0x02, content.count == 1 { pathLength = content.first.map(Int.init) }
            }
            return fields.isAtEnd
        case CertificateOutline.extendedKeyUsage:
            guard var fields = value.enter(0x30) else { return false }
            var found: [[UInt8]] = []
            while let (tag, content) = fields.next() {
                guard tag == 0x06 else { return false }
                found.append(Array(content))
            }
            usages = found
            return fields.isAtEnd
        case CertificateOutline.alternativeNames:
            guard var fields = value.enter(0x30) else { return false }
            // dNSName [2] and iPAddress [7].
            while let (tag, content) = fields.next() {
                if (tag == 0x82 || tag == 0x87) && !content.isEmpty { namesServer = true }
            }
            return fields.isAtEnd
        default: return true
        }
    }
}

/// Reads tags, lengths and contents (X.690, definite lengths only), never past the end.
private struct DERReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next element; nil at the end, and for what is cut short.
    mutating func next() -> (tag: UInt8, content: ArraySlice<UInt8>)? {
        guard rest.count >= 2 else { return nil }
        let tag = rest[rest.startIndex]
        let first = Int(rest[rest.startIndex + 1])
        var (length, header) = (first, 2)
        if first >= 0x80 {
            let count = first - 0x80
            // Longer than any certificate that TLS carries.
            guard (1...3).contains(count), rest.count >= 2 + count else { return nil }
            length = rest[(rest.startIndex + 2)..<(rest.startIndex + 2 + count)].reduce(0) { $0 << 8 | Int($1) }
            header += count
        }
        guard tag & 0x1F != 0x1F, rest.count - header >= length else { return nil }
        let start = rest.startIndex + header
        defer { rest = rest[(start + length)...] }
        return (tag, rest[start..<(start + length)])
    }

    /// What is in the next element, if it bears this tag; it is passed then.
    mutating func enter(_ tag: UInt8) -> DERReader? {
        let before = self
        guard let (found, content) = next(), found == tag else {
            self = before
            return nil
        }
        return DERReader(content)
    }
}
