import Foundation

/// JSON in which tests change one place after the other.
indirect enum JSONTree {
    case object([String: JSONTree])
    case array([JSONTree])
    /// A string as it is, or any other literal as it is written.
    case text(String)
    case literal(String)

    init(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        self.init(any: try JSONSerialization.jsonObject(with: encoder.encode(value), options: .fragmentsAllowed))
    }

    init(any: Any) {
        switch any {
        case let object as [String: Any]: self = .object(object.mapValues { JSONTree(any: $0) })
        case let array as [Any]: self = .array(array.map { JSONTree(any: $0) })
        case let text as String: self = .text(text)
        case let number as NSNumber:
            // Whole numbers of JSON are wider than a flag.
            let isFlag = unsafe ["c", "B"].contains(String(cString: number.objCType))
            self = .literal(isFlag ? (number.boolValue ? "true" : "false") : "\(number)")
        default: self = .literal("null")
        }
    }

    /// As it is sent.
    var json: String {
        var bytes: [UInt8] = []
        write(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(into bytes: inout [UInt8]) {
        switch self {
        case .object(let fields):
            bytes.append(0x7B)
            for (place, name) in fields.keys.sorted().enumerated() {
                if place > 0 { bytes.append(0x2C) }
                JSONTree.write(name, into: &bytes)
                bytes.append(0x3A)
                fields[name]?.write(into: &bytes)
            }
            bytes.append(0x7D)
        case .array(let members):
            bytes.append(0x5B)
            for (place, member) in members.enumerated() {
                if place > 0 { bytes.append(0x2C) }
                member.write(into: &bytes)
            }
            bytes.append(0x5D)
        case .text(let text): JSONTree.write(text, into: &bytes)
        case .literal(let literal): bytes.append(contentsOf: literal.utf8)
        }
    }

    private static func write(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(0x22)
        for byte in text.utf8 {
            if byte < 0x20 {
                bytes.append(contentsOf: (byte < 0x10 ? "\\u000" : "\\u00").utf8)
                bytes.append(contentsOf: String(byte, radix: 16).utf8)
            } else {
                if byte == 0x22 || byte == 0x5C { bytes.append(0x5C) }
                bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }

    /// The same with each leaf that `change` answers for exchanged, one at a time, and where it stood.
    func variants(_ change: (JSONTree) -> JSONTree?, at path: String = "") -> [(path: String, tree: JSONTree)] {
        switch self {
        case .object(let fields):
            return fields.sorted { $0.key < $1.key }.flatMap { name, value in
                value.variants(change, at: "\(path).\(name)").map { variant in
                    var changed = fields
                    changed[name] = variant.tree
                    return (variant.path, JSONTree.object(changed))
                }
            }
        case .array(let members):
            return members.indices.flatMap { index in
                members[index].variants(change, at: "\(path)[\(index)]").map { variant in
                    var changed = members
                    changed[index] = variant.tree
                    return (variant.path, JSONTree.array(changed))
                }
            }
        case .text, .literal: return change(self).map { [(path, $0)] } ?? []
        }
    }

    /// The member that a path of names leads to, exchanged.
    func setting(_ names: [String], to value: JSONTree) -> JSONTree {
        guard case .object(var fields) = self, let name = names.first else { return value }
        fields[name] = (fields[name] ?? .object([:])).setting(Array(names.dropFirst()), to: value)
        return .object(fields)
    }
}
