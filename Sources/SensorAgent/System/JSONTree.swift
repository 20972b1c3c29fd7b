import FoundationEssentials

/// A JSON text of unknown make (a tool's output): every lookup may fail, and none traps.
enum JSONTree: Sendable, Decodable {
    case null
    case bool(Bool)
    /// Whole numbers keep all 64 bits, which a double would not.
    case unsigned(UInt64)
    case number(Double)
    case string(String)
    case array([JSONTree])
    case object([String: JSONTree])

    /// Why `bytes` are no JSON, in a few words; the decoder's own words state where.
    struct Malformed: Error { var problem: String }

    /// Bytes that are no UTF-8 (some drives put them into their model) become U+FFFD.
    init(parsing bytes: [UInt8]) throws(Malformed) {
        do {
            self = try JSONDecoder().decode(JSONTree.self, from: Data(String(decoding: bytes, as: UTF8.self).utf8))
        } catch {
            throw Malformed(problem: bytes.isEmpty ? "nothing was printed" : "no JSON: \(JSONTree.words(for: error))")
        }
    }

    private static func words(for error: any Error) -> String {
        if case DecodingError.dataCorrupted(let context) = error {
            return String((context.underlyingError.map { "\($0)" } ?? context.debugDescription).prefix(160))
        }
        return "damaged"
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Key.self) {
            var object: [String: JSONTree] = [:]
            for key in container.allKeys { object[key.stringValue] = try container.decode(JSONTree.self, forKey: key) }
            self = .object(object)
        } else if var container = try? decoder.unkeyedContainer() {
            var array: [JSONTree] = []
            while !container.isAtEnd { array.append(try container.decode(JSONTree.self)) }
            self = .array(array)
        } else {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let text = try? container.decode(String.self) {
                self = .string(text)
            } else if let flag = try? container.decode(Bool.self) {
                self = .bool(flag)
            } else if let number = try? container.decode(UInt64.self) {
                self = .unsigned(number)
            } else {
                self = .number(try container.decode(Double.self))
            }
        }
    }

    subscript(_ keys: String...) -> JSONTree? {
        var tree = self
        for key in keys {
            guard case .object(let object) = tree, let next = object[key] else { return nil }
            tree = next
        }
        if case .null = tree { return nil }
        return tree
    }

    var elements: [JSONTree] {
        if case .array(let array) = self { array } else { [] }
    }

    var keys: [String] {
        if case .object(let object) = self { object.keys.sorted() } else { [] }
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var flag: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    /// A number, or a string that is one.
    var double: Double? {
        switch self {
        case .unsigned(let number): Double(number)
        case .number(let number): number
        case .string(let text): Double(text)
        case .null, .bool, .array, .object: nil
        }
    }

    /// A whole number from 0 to 2^64-1, or a string that is one.
    var unsigned: UInt64? {
        switch self {
        case .unsigned(let number): number
        case .string(let text): UInt64(text)
        case .number(let number): UInt64(exactly: number)
        case .null, .bool, .array, .object: nil
        }
    }
}
