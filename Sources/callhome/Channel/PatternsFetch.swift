import ArgumentParser
import FoundationEssentials
import PatternChannel
import PatternMirror
import Reports

/// `callhome patterns fetch`.
struct PatternsFetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Bring a mirror of a channel of patterns up to date, byte for byte, verifying all of it.",
        discussion: """
            From a folder, a file that ends in .tar, or a server; into a folder, which any web server can hand on, or into \
            one file that ends in .tar, to carry. Whoever fetches from the mirror verifies it the same way: no hop \
            needs a key. A mirror holds the roots from the pinned one on, so pin the first.

            What was there stays as it is where anything is refused, does not come or comes too slowly; new roots are kept \
            also then, in a folder. A mirror keeps the files of the version before, for those who are reading it.

            \(ExitStatus.help("the mirror is up to date", [
                (.data, "something is refused"), (.missing, "no such file or folder"),
                (.unavailable, "the server did not answer"), (.cannotWrite, "a file cannot be written"),
            ]))
            """)

    @Argument(
        help: "Where it comes from: a folder, a file that ends in .tar, or an address with https://.",
        completion: .file())
    var source: String

    @Argument(help: "The mirror: a folder, or a file that ends in .tar.", completion: .file())
    var mirror: String

    @OptionGroup var options: ChannelOptions

    @Option(
        help: "PEM of the only authority that the server's certificate may come from; without it those of the system.",
        completion: .file())
    var ca: String?

    @Flag(help: "Print what is there as JSON.")
    var json = false

    func run() async throws {
        let pinned = try ChannelInput.pinned(options.root)
        let from = try ChannelInput.source(named: source, ca: ca)
        let held = FileManager.default.fileExists(atPath: mirror) ? try ChannelInput.source(named: mirror) : nil
        let before = try await known(in: held, from: pinned)
        let outcome: (trusted: TrustedChannel, ending: ChannelUpdate.Ending)
        if mirror.hasSuffix(".tar") {
            outcome = await from.update(
                of: before, options.rules, floor: options.floor, at: .now, held: held,
                inspecting: PackContents.byTheEngine)
            if outcome.ending.refusal == nil, held == nil || !outcome.ending.files.isEmpty {
                let pin = ChannelFile(path: ChannelPath.root(pinned.root.content.version), bytes: pinned.root.bytes)
                try write([pin] + outcome.ending.files, and: held, of: outcome.trusted)
            }
        } else {
            let folder = ChannelMirror(mirror, pinned: pinned, options.rules, inspecting: PackContents.byTheEngine)
            outcome = try await ChannelInput.written { () async throws(ChannelFileError) in
                try await folder.update(of: before, from: from, floor: options.floor, at: .now)
            }
        }
        let (trusted, ending) = outcome
        let report = ChannelReport(of: source, trusted, ending, leftAside: [])
        if json { try Console.print(json: report) } else { report.tell() }
        switch ending.refusal {
        case nil: return
        case .unavailable: throw ExitStatus.unavailable.exit
        default: throw ExitStatus.data.exit
        }
    }

    /// What the mirror holds already. Ends the command where that is refused.
    private func known(in held: ChannelSource?, from pinned: TrustedChannel) async throws -> TrustedChannel {
        guard let held else { return pinned }
        let (trusted, refusal) = await held.standing(
            on: pinned, options.rules, at: .now, inspecting: PackContents.byTheEngine)
        guard let refusal else { return trusted }
        Console.complain("\(mirror) holds what is refused: \(refusal); move it away and fetch anew".printable)
        throw ExitStatus.data.exit
    }

    /// The archive anew: all roots, and the newest of everything else.
    private func write(_ new: [ChannelFile], and held: ChannelSource?, of trusted: TrustedChannel) throws {
        var files: [String: Data] = [:]
        if case .archive(let archive) = held { files = archive.files }
        for file in new { files[file.path] = file.bytes }
        let paths = Set(trusted.paths)
        let kept = files.filter { paths.contains($0.key) || $0.key.hasSuffix(".root.json") }
        let tar = ChannelArchive(kept.map { ChannelFile(path: $0.key, bytes: $0.value) }).tar
        let target = OutputPath(path: mirror)
        try target.refuseUnwritable()
        try target.write(tar)
    }
}
