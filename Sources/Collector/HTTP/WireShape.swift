import FoundationEssentials
import Reports

/// Whether JSON is of a shape that may be decoded at all: not too deep, not too many values, no string too long.
///
/// A decoder makes objects of every bracket and comma before anybody looks at them: 32 KiB of gzip once cost 868 MB. This
/// looks at the bytes alone, allocates nothing, and needs not know what they mean.
enum WireShape {
    struct Limits: Hashable, Sendable {
        /// Brackets within brackets.
        var depth: Int
        /// Members of objects and of arrays, together.
        var values: Int
        /// Bytes of one string as it is written.
        var stringBytes: Int

        /// What is signed and enclosed: payloads are one long string, certificates are longer than texts.
        static let message = Limits(depth: 8, values: 4_096, stringBytes: WireLimits.inflatedBytes)
        /// One report, ticket or heartbeat: as many parts and failure modes as their own limits allow.
        static let payload = Limits(depth: 16, values: 2_000_000, stringBytes: WireLimits.envelopeBytes)
    }

    /// What is wrong; nil where nothing is. What is no JSON is left to the decoder.
    static func objection(to data: Data, _ limits: Limits) -> String? {
        var scan = Scan(limits)
        for byte in data {
            if let objection = scan.take(byte) { return objection }
        }
        return nil
    }

    private struct Scan {
        let limits: Limits
        var depth = 0
        var values = 0
        /// Bytes of the string that is being read; nil outside.
        var string: Int?
        var isEscaped = false

        init(_ limits: Limits) { self.limits = limits }

        mutating func take(_ byte: UInt8) -> String? {
            if let length = string {
                if isEscaped {
                    isEscaped = false
                } else if byte == 0x5C {
                    isEscaped = true
                } else if byte == 0x22 {
                    string = nil
                    return nil
                }
                string = length + 1
                return length < limits.stringBytes ? nil : "a text is longer than \(limits.stringBytes) bytes"
            }
            switch byte {
            case 0x22: string = 0
            case 0x5B, 0x7B:
                depth += 1
                values += 1
                if depth > limits.depth { return "it is nested more than \(limits.depth) deep" }
            case 0x5D, 0x7D: depth -= 1
            case 0x2C, 0x3A: values += 1
            default: break
            }
            return values > limits.values ? "it holds more than \(limits.values) values" : nil
        }
    }
}
