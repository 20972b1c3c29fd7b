import FoundationEssentials
import Glibc

/// What the commands say: results on standard output, problems on standard error.
enum Console {
    /// One JSON value, with sorted keys.
    static func print(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        Swift.print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static func complain(_ message: String) { report("\(message)\n") }

    /// Standard error as it is, without a new line.
    static func report(_ message: String) {
        let bytes = Array(message.utf8)
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
