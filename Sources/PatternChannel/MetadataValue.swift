public import FoundationEssentials
import Reports

/// What a metadata file is made of: JSON without fractions, which canonical JSON has no form for.
public indirect enum MetadataValue: Hashable, Sendable {
    case object([String: MetadataValue])
    case array([MetadataValue])
    case text(String)
    case number(Int64)
    case flag(Bool)
    case null

    /// Canonical JSON, of which signatures are made: names sorted by their code points, no white space, of all characters
    /// only quote and backslash escaped (http://wiki.laptop.org/go/Canonical_JSON, as securesystemslib writes it).
    public var canonical: Data { data(escapingControls: false) }

    /// The same as JSON, which a file holds: control characters are escaped too.
    public var json: Data { data(escapingControls: true) }

    private func data(escapingControls: Bool) -> Data {
        var bytes: [UInt8] = []
        write(to: &bytes, escapingControls)
        return Data(bytes)
    }

    private func write(to bytes: inout [UInt8], _ escapingControls: Bool) {
        switch self {
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            // Bytes of UTF-8 stand in the order of the code points.
            let names = members.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            for (index, name) in names.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                MetadataValue.write(name, to: &bytes, escapingControls)
                bytes.append(UInt8(ascii: ":"))
                members[name]?.write(to: &bytes, escapingControls)
            }
            bytes.append(UInt8(ascii: "}"))
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                item.write(to: &bytes, escapingControls)
            }
            bytes.append(UInt8(ascii: "]"))
        case .text(let text): MetadataValue.write(text, to: &bytes, escapingControls)
        case .number(let number): bytes += "\(number)".utf8
        case .flag(let flag): bytes += (flag ? "true" : "false").utf8
        case .null: bytes += "null".utf8
        }
    }

    private static func write(_ text: String, to bytes: inout [UInt8], _ escapingControls: Bool) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes += [UInt8(ascii: "\\"), byte]
            } else if escapingControls, byte < 0x20 {
                bytes += "\\u00\([byte].hexadecimal)".utf8
            } else {
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension MetadataValue {
    /// Reads one file.
    /// - Throws: what is wrong with it, also what is too deep or too much.
    public init(json: Data) throws(MetadataProblem) {
        var reader = MetadataReader(json)
        self = try reader.whole()
    }
}

/// Why a file is no metadata: `signed.version: a whole number is needed`.
public struct MetadataProblem: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    init(_ description: String) { self.description = description }
}

/// JSON (RFC 8259) by hand: a name that stands twice is refused, as readers differ in which of the two they take; depth and
/// number of values are bounded before they are built.
private struct MetadataReader {
    private let bytes: [UInt8]
    private var place = 0
    private var values = 0

    init(_ data: Data) { bytes = Array(data) }

    mutating func whole() throws(MetadataProblem) -> MetadataValue {
        let value = try value(depth: 0)
        skipSpace()
        guard place == bytes.count else { throw problem("something follows the JSON value") }
        return value
    }

    private func problem(_ because: String) -> MetadataProblem { MetadataProblem("byte \(place): \(because)") }

    private mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    private mutating func value(depth: Int) throws(MetadataProblem) -> MetadataValue {
        guard depth <= ChannelLimits.depth else { throw problem("it nests more than \(ChannelLimits.depth) levels") }
        values += 1
        guard values <= ChannelLimits.values else { throw problem("it has more than \(ChannelLimits.values) values") }
        skipSpace()
        guard place < bytes.count else { throw problem("it ends too early") }
        switch bytes[place] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .flag(true))
        case UInt8(ascii: "f"): return try word("false", .flag(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ word: String, _ value: MetadataValue) throws(MetadataProblem) -> MetadataValue {
        guard bytes[place...].starts(with: word.utf8) else { throw problem("it is not JSON") }
        place += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(MetadataProblem) -> MetadataValue {
        place += 1
        var members: [String: MetadataValue] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw problem("a name is needed") }
            let name = try text()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw problem("a colon is needed") }
            guard members.updateValue(try value(depth: depth + 1), forKey: name) == nil else {
                throw problem("the name \(name.prefix(40).debugDescription) stands twice")
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw problem("a comma or } is needed") }
        }
    }

    private mutating func array(depth: Int) throws(MetadataProblem) -> MetadataValue {
        place += 1
        var items: [MetadataValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(items) }
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(items) }
            guard take(UInt8(ascii: ",")) else { throw problem("a comma or ] is needed") }
        }
    }

    /// A whole number: a fraction or an exponent has no canonical form.
    private mutating func number() throws(MetadataProblem) -> Int64 {
        let start = place
        _ = take(UInt8(ascii: "-"))
        while place < bytes.count, (0x30...0x39).contains(bytes[place]) { place += 1 }
        let digits = String(decoding: bytes[start..<place], as: UTF8.self)
        // Of each number there is one way to write it, which also leaves out -0 and 007.
        guard let number = Int64(digits), "\(number)" == digits else { throw problem("it is no whole number") }
        if place < bytes.count, [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[place]) {
            throw problem("a fraction cannot be signed")
        }
        return number
    }

    private mutating func text() throws(MetadataProblem) -> String {
        place += 1
        var content: [UInt8] = []
        while true {
            guard place < bytes.count else { throw problem("a text has no end") }
            let byte = bytes[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw problem("it is not UTF-8") }
                return text
            case UInt8(ascii: "\\"): content += try escaped()
            case 0..<0x20: throw problem("a control character stands in a text")
            default: content.append(byte)
            }
        }
    }

    private mutating func escaped() throws(MetadataProblem) -> [UInt8] {
        guard place < bytes.count else { throw problem("a text has no end") }
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var units = [try unit()]
            if UTF16.isLeadSurrogate(units[0]), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
                units.append(try unit())
            }
            guard let text = String(validating: units, as: UTF16.self) else { throw problem("half a character") }
            return Array(text.utf8)
        default: throw problem("no such escape")
        }
    }

    private mutating func unit() throws(MetadataProblem) -> UInt16 {
        guard place + 4 <= bytes.count, bytes[place..<place + 4].allSatisfy({ HexDigits.value(of: $0) != nil }),
            let unit = UInt16(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
        else { throw problem("four hexadecimal digits are needed") }
        place += 4
        return unit
    }
}

/// Hexadecimal digits as TUF writes keys and signatures.
enum HexDigits {
    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// - Returns: nil for what is no text of so many bytes.
    static func bytes(of text: some StringProtocol, count: Int) -> Data? {
        let digits = text.utf8.map(value)
        guard digits.count == 2 * count else { return nil }
        var bytes = Data(capacity: count)
        for index in 0..<count {
            guard let high = digits[2 * index], let low = digits[2 * index + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
