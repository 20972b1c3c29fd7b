import Crypto
import FoundationEssentials
import Reports

/// What tells this machine from others.
enum MachineIdentity {
    /// Of machine-id(5), hashed, because it asks not to be shown to others; nil where there is none, as in many containers:
    /// then a copy on another machine is not known by it.
    static func read(from path: String = "/etc/machine-id") -> String? {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        let text = String(decoding: data.prefix(64), as: UTF8.self).trimmedLine
        guard text.utf8.count == 32, text.allSatisfy(\.isHexDigit) else { return nil }
        return Array(SHA256.hash(data: Array("callhome-collector \(text)".utf8)).prefix(16)).hexadecimal
    }
}

extension String {
    fileprivate var trimmedLine: String { String(prefix { !$0.isWhitespace }) }
}
