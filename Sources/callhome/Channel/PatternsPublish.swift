import ArgumentParser
import FoundationEssentials
import PatternChannel
import PatternMirror
import Reports

/// `callhome patterns publish`.
struct PatternsPublish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Sign the next version of a channel of patterns into its folder.",
        discussion: """
            The first time, --root names the signed root, and --pack the pack. Later --pack takes the place of all packs \
            that stood there, and without it they stay: publish so once in a while, for the timestamp says how long it is \
            fresh. Going back to a pack of before is a newer version with that pack.

            --withdraw disables a pattern wherever it runs, at once, until --restore takes that back. --root brings in a new \
            root, signed by enough keys of the one before.

            The folder is what a web server hands out. Its files are written so that a reader finds one version or the other.

            \(ExitStatus.help("published", [
                (.data, "a root, a pack or the key is refused"), (.missing, "no such file"),
                (.cannotWrite, "a file cannot be written"),
            ]))
            """)

    @Argument(help: "The channel's folder.", completion: .directory)
    var folder: String

    @Option(help: "The private key of the machine that publishes.", completion: .file())
    var key: String

    @Option(help: "A pack, as `callhome patterns build` writes it; once for each.", completion: .file())
    var pack: [String] = []

    @Option(help: "The signed root that counts from now on.", completion: .file())
    var root: String?

    @Option(help: "A pattern that is taken back; once for each. It needs --because.")
    var withdraw: [String] = []

    @Option(help: "Why patterns are taken back, for people.")
    var because: String?

    @Option(help: "A pattern that is taken back no more; once for each.")
    var restore: [String] = []

    @Option(help: "Days until targets and snapshot are said to be out of date.")
    var days = 365

    @Option(help: "Days until the timestamp is said to be out of date: within these, publish again.")
    var timestampDays = 7

    @Flag(help: "Print what was published as JSON.")
    var json = false

    func validate() throws {
        guard (1...36_500).contains(days), (1...36_500).contains(timestampDays) else {
            throw ValidationError("--days and --timestamp-days are from 1 to 36500")
        }
        guard withdraw.isEmpty || because?.isEmpty == false else { throw ValidationError("--withdraw needs --because") }
        guard (because ?? "").utf8.count <= ChannelLimits.reasonBytes,
            withdraw.allSatisfy({ $0.utf8.count <= ChannelLimits.idBytes })
        else {
            throw ValidationError(
                "--because has at most \(ChannelLimits.reasonBytes) bytes, an id \(ChannelLimits.idBytes)")
        }
    }

    func run() async throws {
        let signingKey = try ChannelInput.signingKey(key)
        let newRoot = try root.map { try ChannelInput.required($0, atMost: ChannelLimits.rootBytes) }
        let rules = ChannelRules(channel: folder)
        let channel = try await standing(newRoot, rules)
        var release = ChannelPublisher.Release(
            packs: pack.isEmpty ? nil : try pack.map(read), at: .now, lasts: .seconds(Int64(days) * 86_400),
            timestampLasts: .seconds(Int64(timestampDays) * 86_400))
        release.withdrawn = withdraw.map { Withdrawal(pattern: $0, because: because ?? "") }
        release.restored = Set(restore)
        release.root = newRoot
        release.above = ChannelPath.highestVersion(in: ChannelFiles.paths(in: folder))
        var files: [ChannelFile] = []
        do { files = try ChannelPublisher.publish(release, in: channel, keys: [signingKey]) } catch {
            Console.complain("nothing is published: \(error)")
            throw ExitStatus.data.exit
        }
        let first = ChannelFile(
            path: ChannelPath.root(channel.root.content.version), bytes: channel.root.bytes)
        try await ChannelInput.written { () throws(ChannelFileError) in
            try ChannelFiles.write([first] + files, to: folder)
        }
        // What was written is read as any reader will.
        let (trusted, ending) = await ChannelSource.folder(folder).update(
            of: channel, rules, at: .now, inspecting: PackContents.byTheEngine)
        let report = ChannelReport(of: folder, trusted, ending, leftAside: [])
        if json { try Console.print(json: report) } else { report.tell() }
        if ending.refusal != nil { throw ExitStatus.data.exit }
    }

    /// What stands in the folder now, or begins with the root that is named.
    private func standing(_ newRoot: Data?, _ rules: ChannelRules) async throws -> TrustedChannel {
        let first = "\(folder)/\(ChannelPath.root(1))"
        guard FileManager.default.fileExists(atPath: first) else {
            guard let root else {
                Console.complain("\(folder) holds no channel yet: name its signed root with --root")
                throw ExitStatus.missing.exit
            }
            return try ChannelInput.pinned(root)
        }
        let pinned = try ChannelInput.pinned(first)
        let (trusted, ending) = await ChannelSource.folder(folder).update(
            of: pinned, rules, at: .now, inspecting: PackContents.byTheEngine)
        if let refusal = ending.refusal {
            Console.complain(
                "what stands in \(folder) is not taken: \(refusal); its packs and withdrawals begin anew".printable)
        }
        return trusted
    }

    private func read(_ path: String) throws -> ChannelPublisher.Pack {
        let bytes = try ChannelInput.required(path, atMost: ChannelLimits.packBytes)
        let name = String(path.split(separator: "/").last ?? "")
        guard ListedPack.isName(name) else {
            Console.complain(
                "\(path): the file's name has more than \(ChannelLimits.nameBytes) bytes, or others than letters, digits, ., _ and -"
            )
            throw ExitStatus.data.exit
        }
        do { return ChannelPublisher.Pack(name: name, bytes: bytes, contents: try PackContents(of: bytes)) } catch {
            Console.complain("\(path): \(error)")
            throw ExitStatus.data.exit
        }
    }
}
