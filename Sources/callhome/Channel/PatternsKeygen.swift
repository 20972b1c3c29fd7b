import ArgumentParser
import FoundationEssentials
import PatternChannel
import Reports

/// `callhome patterns keygen`.
struct PatternsKeygen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make a key pair for a channel of patterns.",
        discussion: """
            Writes NAME.pem, the private key, which only its owner may read (0600), and NAME.pub, the public one: Ed25519 \
            in PEM, as openssl has it. A channel needs three keys for its root, each with another person and away from any \
            network, and one for the machine that publishes. No key is written over another.

            \(ExitStatus.help("the keys are written", [(.cannotWrite, "a file cannot be written, or is there already")]))
            """)

    @Argument(help: "The files' name without its ending.", completion: .file())
    var name: String

    @Flag(help: "Print what was made as JSON.")
    var json = false

    private struct Outcome: Encodable {
        var privateKey: String
        var publicKey: String
        /// As it stands in a root.
        var keyID: String
    }

    func run() throws {
        let key = SigningKey()
        let outcome = Outcome(
            privateKey: "\(name).pem", publicKey: "\(name).pub", keyID: ChannelKey(key.publicKey).id)
        try OutputPath(path: outcome.publicKey).refuseUnwritable()
        try ChannelInput.writePrivate(KeyFile.pem(of: key), to: outcome.privateKey)
        try OutputPath(path: outcome.publicKey).write(KeyFile.pem(of: key.publicKey))
        guard !json else { return try Console.print(json: outcome) }
        print("\(outcome.privateKey) (secret) and \(outcome.publicKey): key \(outcome.keyID)")
    }
}
