import Foundation
import Reports

@testable import Collector

/// Recipients that tests change at one place each, and files that they name.
enum SampleRecipient {
    static func email(
        _ url: String, name: String = "desk", _ change: (inout EmailSettings) -> Void = { _ in }
    ) -> Recipient {
        var settings = EmailSettings(
            url: url, to: ["desk@partner.example"], from: "Callhome <callhome@site.example>", security: .none)
        change(&settings)
        return Recipient(name: name, channel: .email(settings))
    }

    static func webhook(
        _ url: String, name: String = "desk", secret: String? = nil, fallback: String? = nil
    ) -> Recipient {
        let settings = WebhookSettings(url: url, secret: secret.map(Secret.inline))
        return Recipient(name: name, fallback: fallback, channel: .webhook(settings))
    }

    static func partner(_ url: String, name: String = "partner", token: JoinToken? = nil) -> Recipient {
        Recipient(
            name: name, channel: .partner(PartnerSettings(url: url, pairing: token.map { .inline("\($0)") })))
    }
}

extension Recipient {
    /// What a test changes of it, where it is one by e-mail.
    func email(_ change: (inout EmailSettings) -> Void) -> Recipient {
        guard case .email(var settings) = channel else { return self }
        change(&settings)
        var recipient = self
        recipient.channel = .email(settings)
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
        // It may hold a secret, and one that everyone may read is refused.
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        return file
    }
}

extension PairingService {
    func pair(_ recipient: Recipient) async throws {
        guard case .partner(let settings) = recipient.channel else { throw CancellationError() }
        try await pair(recipient.name, with: settings)
    }
}
