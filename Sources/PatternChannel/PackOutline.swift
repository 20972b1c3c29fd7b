public import FoundationEssentials

extension PackContents {
    /// What a pack says of itself, without running or checking a pattern: for whoever hands packs on. Whoever runs them looks at
    /// everything; a pack that brings a pattern engine down must not bring down the mirrors on its way as well.
    public init(outlineOf pack: Data) throws(OutlineProblem) {
        guard pack.count <= ChannelLimits.packBytes else { throw .tooLarge }
        guard PackShape.isBounded(pack) else { throw .tooComplex }
        let outline: Outline
        do { outline = try JSONDecoder().decode(Outline.self, from: pack) } catch { throw .noPack }
        guard outline.patterns.count <= ChannelLimits.patterns else { throw .tooComplex }
        var patterns: [String: Int] = [:]
        for entry in outline.patterns {
            guard entry.id.utf8.count <= ChannelLimits.idBytes else { throw .noPack }
            guard patterns.updateValue(entry.revision.number, forKey: entry.id) == nil else { throw .twice(entry.id) }
        }
        self.init(engineLevel: outline.engineLevel, patterns: patterns)
    }

    private struct Outline: Decodable {
        struct Entry: Decodable {
            var id: String
            var revision: Revision
        }

        /// Packs are written with text only; other writers' numbers are taken as well, as the engine does.
        struct Revision: Decodable {
            var number: Int
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    guard let number = Int(text) else {
                        throw DecodingError.dataCorruptedError(in: container, debugDescription: "no number")
                    }
                    self.number = number
                } else {
                    number = try container.decode(Int.self)
                }
            }
        }

        var engineLevel: Int
        var patterns: [Entry]

        enum CodingKeys: String, CodingKey {
            case engineLevel = "engine_level"
            case patterns
        }
    }
}

/// Why a pack has no outline.
public enum OutlineProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case tooLarge
    case tooComplex
    case noPack
    case twice(String)

    public var description: String {
        switch self {
        case .tooLarge: "it has more than \(ChannelLimits.packBytes) bytes"
        case .tooComplex: "it holds more, or deeper, than a pack can"
        case .noPack: "it is no pack: patterns with ids and revisions, and an engine level, are needed"
        case .twice(let id): "it holds \(id) twice"
        }
    }
}

/// Whether JSON may be decoded: a decoder makes an object of every bracket and comma before anybody looks at them.
enum PackShape {
    /// Brackets within brackets, as many as the engine reads.
    static let depth = 32
    /// Brackets, commas and colons: a pack of 330 patterns with its models has a thirtieth of it.
    static let marks = 4_000_000

    static func isBounded(_ json: Data) -> Bool {
        var (depth, marks) = (0, 0)
        var (isText, isEscaped) = (false, false)
        for byte in json {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                marks += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"): marks += 1
            default: continue
            }
            if depth > PackShape.depth || marks > PackShape.marks { return false }
        }
        return true
    }
}
