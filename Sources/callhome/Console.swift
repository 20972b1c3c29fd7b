import Glibc
import Reports

/// What the commands print: results on standard output, problems on standard error.
enum Console {
    static func print(json value: some Encodable) throws { Swift.print(try PrintedJSON.text(of: value)) }

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
