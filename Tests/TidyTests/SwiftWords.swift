/// The names of types in a Swift file, without what stands in comments and strings.
struct SwiftWords {
    /// Types declared at the beginning of a line: those that other files see.
    private(set) var declared: Set<String> = []
    /// Names that begin with a capital and do not follow a point: types of this file and of others.
    private(set) var named: Set<String> = []

    private static let declaring: Set<String> = ["struct", "class", "enum", "actor", "protocol", "typealias"]

    init(_ text: String) {
        let bytes = Array(text.utf8)
        var at = 0
        var last = ""
        var isIndented = false
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\n") {
                isIndented = at + 1 < bytes.count && bytes[at + 1] == UInt8(ascii: " ")
                at += 1
            } else if bytes[at...].starts(with: "//".utf8) {
                at = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            } else if bytes[at...].starts(with: "\"\"\"".utf8) {
                at = SwiftWords.end(of: "\"\"\"", in: bytes, from: at + 3)
            } else if byte == UInt8(ascii: "\"") {
                at = SwiftWords.end(of: "\"", in: bytes, from: at + 1)
            } else if SwiftWords.isWord(byte) {
                let end = bytes[at...].firstIndex { !SwiftWords.isWord($0) } ?? bytes.count
                let word = String(decoding: bytes[at..<end], as: UTF8.self)
                let isMember = at > 0 && bytes[at - 1] == UInt8(ascii: ".")
                if SwiftWords.declaring.contains(last), !isIndented { declared.insert(word) }
                if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte), !isMember { named.insert(word) }
                last = word
                at = end
            } else {
                at += 1
            }
        }
    }

    /// Behind the next `mark` that no backslash precedes.
    private static func end(of mark: String, in bytes: [UInt8], from start: Int) -> Int {
        var at = start
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "\\") {
                at += 2
            } else if bytes[at...].starts(with: mark.utf8) {
                return at + mark.utf8.count
            } else {
                at += 1
            }
        }
        return bytes.count
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
