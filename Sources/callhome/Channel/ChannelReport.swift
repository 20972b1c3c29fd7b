import FaultPatterns
import PatternChannel
import Reports

/// What `fetch` and `verify` say of a channel.
struct ChannelReport: Encodable {
    struct Said: Encodable {
        var reason: String
        var because: String
    }

    struct Metadata: Encodable {
        var role: String
        var version: Int64
        var expiresAt: Timestamp
    }

    struct Pack: Encodable {
        var name: String
        var sha256: String
        var bytes: Int
        var engineLevel: Int
        /// Whether patterns of it need an engine that is newer than this program's: those are skipped, and shown as unseen.
        var needsNewerEngine: Bool
        var patterns: Int
        var withdrawn: [Withdrawal]
    }

    var source: String
    /// Whether something is newer than what was there before.
    var isNew: Bool
    /// Nil where all of it is taken.
    var refusal: Said?
    var warnings: [Said]
    /// What is trusted.
    var metadata: [Metadata]
    var packs: [Pack]
    /// Files that no signed metadata names: nobody reads them.
    var leftAside: [String]

    init(of source: String, _ trusted: TrustedChannel, _ ending: ChannelUpdate.Ending, leftAside: [String]) {
        self.source = source
        isNew = ending.isNew
        refusal = ending.refusal.map { Said(reason: $0.reason, because: "\($0)") }
        warnings = ending.warnings.map { Said(reason: $0.reason, because: "\($0)") }
        let contents: [(any MetadataContent)?] = [
            trusted.root.content, trusted.targets?.content, trusted.snapshot?.content, trusted.timestamp?.content,
        ]
        metadata = contents.compactMap(\.self).map { content in
            Metadata(role: type(of: content).role.rawValue, version: content.version, expiresAt: content.expires)
        }
        packs = (trusted.targets?.content.packs ?? []).map { pack in
            Pack(
                name: pack.name, sha256: pack.sha256, bytes: pack.length, engineLevel: pack.engineLevel,
                needsNewerEngine: pack.engineLevel > PatternLimits.engineLevel, patterns: pack.patterns.count,
                withdrawn: pack.withdrawals)
        }
        self.leftAside = leftAside
    }

    /// Files that are named when there are many.
    private static let shown = 10

    func tell() {
        if let refusal { Console.complain("\(source): refused (\(refusal.reason)): \(refusal.because)".printable) }
        for warning in warnings { Console.complain("\(source): \(warning.because)".printable) }
        print(metadata.map { "\($0.role) version \($0.version), until \($0.expiresAt)" }.joined(separator: "\n"))
        for pack in packs {
            let level =
                pack.needsNewerEngine ? "; some need engine level \(pack.engineLevel): this program skips those" : ""
            print(
                "\(pack.name): \(Wording.counted(pack.patterns, "pattern")), \(pack.bytes) bytes, "
                    + "sha256:\(pack.sha256)\(level)")
        }
        // The same list stands beside each pack.
        for withdrawal in packs.first?.withdrawn ?? [] {
            print("withdrawn: \(withdrawal.pattern): \(withdrawal.because)".printable)
        }
        for path in leftAside.prefix(ChannelReport.shown) {
            print("left aside: \(path.prefix(200)), which no signed metadata names".printable)
        }
        if leftAside.count > ChannelReport.shown {
            print("and \(leftAside.count - ChannelReport.shown) more")
        }
    }
}
