import ArgumentParser
import FoundationEssentials
import PatternChannel
import Reports

/// `callhome patterns root`.
struct PatternsRoot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "root",
        abstract: "Make the root of a channel of patterns, or the one that follows it: who may sign what.",
        discussion: """
            The root names the public keys of the people who keep it and of the machine that publishes. It is written \
            unsigned; `sign` adds one signature after the other. Without --after it is the first; with it, it follows that \
            one, and enough keys of both must sign it: so keys are exchanged, and a stolen one is revoked by leaving it out.

            \(ExitStatus.help("the root is written, unsigned", [
                (.data, "a key or the root before is refused"), (.missing, "no such file"),
                (.cannotWrite, "the root cannot be written"),
            ]))
            """)

    @Option(name: [.short, .long], help: "Where to write it: N.root.json.", completion: .file())
    var output: String

    @Option(help: "The public key of one who keeps the root; once for each.", completion: .file())
    var rootKey: [String]

    @Option(help: "How many of them must sign a root.")
    var threshold = 2

    @Option(help: "The public key of the machine that publishes; once for each.", completion: .file())
    var onlineKey: [String]

    @Option(help: "The root that it follows; without it, it is the first.", completion: .file())
    var after: String?

    @Option(help: "Days until it is said to be out of date, which stops nothing.")
    var days = 1_825

    @Flag(help: "Print what was written as JSON.")
    var json = false

    private struct Outcome: Encodable {
        /// The file that was written.
        var path: String
        var version: Int64
        var rootKeyIDs: [String]
        var onlineKeyIDs: [String]
        var neededSignatures: String
    }

    func validate() throws {
        guard (1...36_500).contains(days) else { throw ValidationError("--days is from 1 to 36500") }
    }

    func run() throws {
        let target = OutputPath(path: output)
        try target.refuseUnwritable()
        let before = try after.map { try ChannelInput.required($0, atMost: ChannelLimits.rootBytes) }
        let (rootKeys, onlineKeys) = (
            try rootKey.map(ChannelInput.verifyingKey), try onlineKey.map(ChannelInput.verifyingKey)
        )
        let bytes: Data
        var version: Int64 = 1
        do {
            bytes = try ChannelPublisher.root(
                after: before, rootKeys: rootKeys, threshold: threshold, onlineKeys: onlineKeys,
                expires: Timestamp.now + .seconds(Int64(days) * 86_400))
            if let before { version = try TrustedChannel(pinned: before).root.content.version + 1 }
        } catch {
            Console.complain("\(error)")
            throw ExitStatus.data.exit
        }
        try target.write(bytes)
        let outcome = Outcome(
            path: output, version: version, rootKeyIDs: rootKeys.map { ChannelKey($0).id },
            onlineKeyIDs: onlineKeys.map { ChannelKey($0).id },
            neededSignatures: "\(threshold) of \(rootKeys.count)")
        guard !json else { return try Console.print(json: outcome) }
        print(
            "\(output): version \(version) of the root, unsigned; \(outcome.neededSignatures) keys must sign it"
                + (before == nil ? "" : ", and as many of those before it as that one asks for"))
    }
}
