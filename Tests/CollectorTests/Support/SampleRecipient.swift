import Foundation

@testable import Collector

/// Recipients that tests change at one place each, and files that they name.
enum SampleRecipient {
    static func make(
        _ kind: ChannelKind, url: String, name: String = "desk", _ change: (inout Recipient) -> Void = { _ in }
    ) -> Recipient {
        var recipient = Recipient(
            name: name, kind: kind, url: url, language: "en", fallback: nil, to: ["desk@partner.example"],
            from: "Callhome <callhome@site.example>", username: nil, secret: nil, security: .none, caFile: nil,
            pairing: nil)
        change(&recipient)
        return recipient
    }
}

/// A folder of its own that goes with the object.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "callhome-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// - Returns: the file's path.
    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: file))
        return file
    }
}
