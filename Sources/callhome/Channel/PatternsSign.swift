import ArgumentParser
import FoundationEssentials
import PatternChannel
import Reports

/// `callhome patterns sign`.
struct PatternsSign: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Add one signature to the root of a channel of patterns.",
        discussion: """
            The file goes from one who keeps a key to the next, on a stick or by mail: what is in it is no secret. Look at \
            it before you sign: it says who may publish patterns. A second signature by the same key replaces the first.

            \(ExitStatus.help("signed", [
                (.data, "the file or the key is refused"), (.missing, "no such file"),
                (.cannotWrite, "the file cannot be written"),
            ]))
            """)

    @Argument(help: "The root, N.root.json, which is changed in place.", completion: .file())
    var file: String

    @Option(help: "The private key.", completion: .file())
    var key: String

    @Flag(help: "Print how far it is signed as JSON.")
    var json = false

    private struct Outcome: Encodable {
        var path: String
        var keyID: String
        /// By keys of this root.
        var signatures: String
        var isSigned: Bool
    }

    func run() throws {
        let target = OutputPath(path: file)
        let signingKey = try ChannelInput.signingKey(key)
        let bytes = try ChannelInput.required(file, atMost: ChannelLimits.rootBytes)
        let signed: Data
        let (found, needed): (Int, Int)
        do {
            signed = try ChannelPublisher.sign(bytes, with: signingKey)
            (found, needed) = try ChannelPublisher.signatures(of: signed)
        } catch {
            Console.complain("\(file): \(error)")
            throw ExitStatus.data.exit
        }
        try target.refuseUnwritable()
        try target.write(signed)
        let outcome = Outcome(
            path: file, keyID: ChannelKey(signingKey.publicKey).id, signatures: "\(found) of \(needed)",
            isSigned: found >= needed)
        guard !json else { return try Console.print(json: outcome) }
        print("\(file): signed by \(outcome.keyID); \(outcome.signatures) signatures of its own keys that it needs")
    }
}
