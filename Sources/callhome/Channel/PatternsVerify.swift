import ArgumentParser
import FoundationEssentials
import PatternChannel
import PatternMirror
import Reports

/// `callhome patterns verify`.
struct PatternsVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Say what a channel of patterns holds, from a pinned root on, and what of it is refused and why.",
        discussion: """
            Every signature, version, length and hash is looked at as an update does, and each pack is read. What is out of \
            date is said, and is no refusal: sites without a line would go blind. Nothing is written.

            \(ExitStatus.help("all of it is good", [
                (.negative, "something is refused"), (.data, "the root or the archive cannot be used"),
                (.missing, "no such file or folder"),
            ]))
            """)

    @Argument(help: "The channel: a folder, or one file that ends in .tar.", completion: .file())
    var channel: String

    @OptionGroup var options: ChannelOptions

    @Flag(help: "Print what it holds as JSON.")
    var json = false

    func run() async throws {
        let pinned = try ChannelInput.pinned(options.root)
        guard !channel.hasPrefix("https://") else {
            Console.complain("\(channel) is a server: `callhome patterns fetch` verifies what it takes")
            throw ExitStatus.usage.exit
        }
        let source = try ChannelInput.source(named: channel)
        let (trusted, ending) = await source.update(
            of: pinned, options.rules, floor: options.floor, at: .now, inspecting: PackContents.byTheEngine)
        let roots = (1...trusted.root.content.version).suffix(ChannelLimits.archiveFiles).map(ChannelPath.root)
        let leftAside = Set(source.paths ?? []).subtracting(trusted.paths + roots).sorted()
        let report = ChannelReport(of: channel, trusted, ending, leftAside: ending.refusal == nil ? leftAside : [])
        if json { try Console.print(json: report) } else { report.tell() }
        if ending.refusal != nil { throw ExitStatus.negative.exit }
    }
}
