/// What a kernel message looks like: literal text with places in braces, matched at the start of the line.
///
/// `ata{ata}: hard resetting link` has one place, of the class and name `ata`; `{from:pci}` has the name `from`. `{}` is
/// anything, as short as may be, and not kept. Text behind the pattern does not matter.
struct LinePattern: Sendable {
    /// What may stand in a place: at least one byte of its class, as many as fit.
    private enum PlaceClass: String {
        /// libata's port, or port and device: `3`, `3.00`.
        case ata
        /// Host, channel, target, LUN: `2:0:0:0`.
        case scsi
        /// A name of a device: `sda1`, `nvme0n1`, `enp3s0f0np0`, `1-4.2`, `cciss!c0d0`.
        case dev
        /// A PCI address: `0000:03:00.0`, `PCI:0000:3b:00`.
        case pci
        /// A decimal number.
        case n
        /// A hexadecimal number.
        case x
        /// Anything without a blank.
        case word
        /// All that is left of the line; may be empty.
        case rest

        func holds(_ byte: UInt8) -> Bool {
            let isDigit = (0x30...0x39).contains(byte)
            let isHexLetter = (0x61...0x66).contains(byte | 0x20)
            switch self {
            case .ata: return isDigit || byte == UInt8(ascii: ".")
            case .scsi: return isDigit || byte == UInt8(ascii: ":")
            case .dev:
                return isDigit || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "!")
                    || byte == UInt8(ascii: "/")
            case .pci: return isDigit || isHexLetter || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
            case .n: return isDigit
            case .x: return isDigit || isHexLetter || byte | 0x20 == UInt8(ascii: "x")
            case .word: return byte > 0x20
            case .rest: return true
            }
        }
    }

    private enum Step {
        case text([UInt8])
        case place(PlaceClass, name: String)
        case anything
    }

    private let steps: [Step]
    /// The first four bytes of the longest literal: no line without them can match.
    let anchor: UInt32

    init(_ text: String) {
        var steps: [Step] = []
        var rest = Array(text.utf8)[...]
        while let first = rest.first {
            if first == UInt8(ascii: "{"), let end = rest.firstIndex(of: UInt8(ascii: "}")) {
                let inside = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
                let parts = inside.split(separator: ":", maxSplits: 1).map(String.init)
                let kind = PlaceClass(rawValue: parts.last ?? "")
                steps.append(kind.map { .place($0, name: parts[0]) } ?? .anything)
                rest = rest[(end + 1)...]
            } else {
                let end = rest.firstIndex(of: UInt8(ascii: "{")) ?? rest.endIndex
                steps.append(.text(Array(rest[..<end])))
                rest = rest[end...]
            }
        }
        self.steps = steps
        let literals = steps.compactMap { step -> [UInt8]? in
            if case .text(let bytes) = step { bytes } else { nil }
        }
        anchor = LinePattern.word((literals.max { $0.count < $1.count } ?? []).prefix(4))
    }

    /// Four bytes as one number, the first the highest.
    static func word(_ bytes: some Sequence<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    /// What stood in the places, by name; nil where the line looks otherwise.
    func match(_ line: [UInt8]) -> Captures? {
        var ranges: [(String, Range<Int>)] = []
        guard match(line, from: 0, step: 0, &ranges) else { return nil }
        return Captures(
            Dictionary(
                ranges.map { ($0.0, String(decoding: line[$0.1], as: UTF8.self)) },
                uniquingKeysWith: { first, _ in first }))
    }

    /// The values of a match.
    struct Captures: Sendable {
        private let values: [String: String]
        init(_ values: [String: String]) { self.values = values }
        subscript(name: String) -> String { values[name] ?? "" }
    }

    private func match(_ line: [UInt8], from start: Int, step: Int, _ ranges: inout [(String, Range<Int>)]) -> Bool {
        guard step < steps.count else { return true }
        switch steps[step] {
        case .text(let bytes):
            guard line.count - start >= bytes.count, line[start..<(start + bytes.count)].elementsEqual(bytes) else {
                return false
            }
            return match(line, from: start + bytes.count, step: step + 1, &ranges)
        case .anything:
            var at = start
            while at <= line.count {
                if match(line, from: at, step: step + 1, &ranges) { return true }
                at += 1
            }
            return false
        case .place(let kind, let name):
            var end = start
            while end < line.count, kind.holds(line[end]) { end += 1 }
            let least = kind == .rest ? start : start + 1
            while end >= least {
                ranges.append((name, start..<end))
                if match(line, from: end, step: step + 1, &ranges) { return true }
                ranges.removeLast()
                end -= 1
            }
            return false
        }
    }
}
